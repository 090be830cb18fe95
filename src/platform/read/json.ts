import { type Field } from "../entity/entity.js";
import { fieldSql } from "./filter.js";
import type { ReadSql } from "./read-sql.js";

/** A constant of the schema as SQL text; never a client's. */
export const literal = (text: string) => `'${text.replace(/'/g, "''")}'`;

/** A response key: schema constants stand as text, aliases of clients are bound as values. */
export const keySql = (item: { key: string; aliased: boolean }, read: ReadSql) =>
  item.aliased ? read.param("text", () => item.key, `alias:${item.key}`) : literal(item.key);

/** Builds a JSON object; json_build_object takes a hundred arguments, wider ones go through a row. */
export function objectSql(pairs: readonly (readonly [key: string, value: string])[]): string {
  if (pairs.length <= 50) return `json_build_object(${pairs.map(([key, value]) => `${key}, ${value}`).join(", ")})`;
  const keys = pairs.map(([key]) => `to_json(${key})::text`);
  const values = pairs.map(([, value]) => `coalesce(to_json(${value})::text, 'null')`);
  return `('{' || ${keys.map((key, index) => `${key} || ':' || ${values[index]}`).join(" || ',' || ")} || '}')::json`;
}

/** A field's value as it leaves in an answer: the one definition of its format, for both ways of answering. */
export function valueSql(name: string, field: Field, alias: string, read: ReadSql): string {
  const raw = fieldSql(name, field, alias, read);
  const shown = field.kind === "decimal" ? `${raw}::text` : field.kind === "geometry" ? `st_asgeojson(${raw}, 7, 0)::json` : raw;
  return field.mask && !field.mask(read.actor) ? "null" : shown;
}
