import type { Unit } from "../../src/platform/write/unit.js";

/** Columns of a bulk insert with their SQL types; a value that is text beginning with "=" is computed by SQL from the row `w`. */
export type BulkColumns = Readonly<Record<string, string>>;

/** Inserts many rows by one statement: the table's triggers stamp, place and record each of them as they do a single one. */
export async function insertRows(unit: Unit, table: string, columns: BulkColumns, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return;
  const names = Object.keys(columns);
  const given = names.filter((name) => !columns[name]!.startsWith("="));
  const values = names.map((name) => (columns[name]!.startsWith("=") ? columns[name]!.slice(1) : `w.${name}`));
  const extra = [...new Set(names.flatMap((name) => (columns[name]!.startsWith("=") ? [...columns[name]!.matchAll(/\bw\.(\w+)(?:::(\w+))?/g)].map(([, column, type]) => `${column} ${type ?? "text"}`) : [])))];
  const known = new Set(given);
  const record = [...given.map((name) => `${name} ${columns[name]}`), ...extra.filter((definition) => !known.has(definition.split(" ")[0]!))];
  await unit.query(`insert into ${table} (${names.join(", ")}) select ${values.join(", ")} from json_to_recordset($1) as w(${record.join(", ")})`, [JSON.stringify(rows)]);
}

/** Takes rows on by one statement, by id. */
export async function updateRows(unit: Unit, table: string, set: string, ids: readonly string[], ...values: readonly unknown[]): Promise<void> {
  if (ids.length > 0) await unit.query(`update ${table} set ${set} where id = any($1)`, [ids, ...values]);
}
