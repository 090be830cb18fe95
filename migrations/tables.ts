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

/** List indexes of a table and its history: the live query's own key serves as-of reads too, which pass over what had ended by its end in the index. */
export const listed = (table: string, ...keys: string[]) =>
  keys
    .flatMap((key) => {
      const columns = `${key ? `${key}, ` : ""}updated_at desc, id desc`;
      return [`create index on ${table} (${columns});`, `create index on ${table}_history (${columns}, recorded_to);`];
    })
    .join("\n");

/** Adds columns to a tracked table and its history. */
export const add = (table: string, ...definitions: string[]) => definitions.map((definition) => `select add_tracked_column('${table}', $column$${definition}$column$);`).join("\n");
/** PL/pgSQL that refuses what is being written, under the name of the rule. */
export const refuse = (constraint: string, zh: string, en: string) => `raise exception '${zh} / ${en}' using errcode = '23514', constraint = '${constraint}'`;
