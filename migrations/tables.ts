/** Columns every tracked table begins with; stamp() fills them. */
export const KEPT = `
  id uuid primary key,
  version integer not null default 1,
  recorded_from timestamptz not null,
  created_at timestamptz not null,
  created_by uuid,
  updated_at timestamptz not null,
  updated_by uuid,
  county_code text not null default '000000',
  source_system text,
  external_id text,
  unique (source_system, external_id)`;

/** Columns of rows that lie somewhere; place() fills path and town. */
export const PLACED = `
  region_id uuid not null references regions(id),
  region_path ltree not null,
  town_id uuid references regions(id)`;

/** List indexes of a table and its history: the live query's own key serves as-of reads too. */
export const listed = (table: string, ...keys: string[]) =>
  keys
    .flatMap((key) => [table, `${table}_history`].map((on) => `create index on ${on} (${key ? `${key}, ` : ""}updated_at desc, id desc);`))
    .join("\n");

/** PL/pgSQL that refuses what is being written, under the name of the rule. */
export const refuse = (constraint: string, zh: string, en: string) => `raise exception '${zh} / ${en}' using errcode = '23514', constraint = '${constraint}'`;
