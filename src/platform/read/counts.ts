import { Fault } from "../fault.js";
import { fieldsOf } from "../entity/entity.js";
import { fieldSql, filterSql, mayUse } from "./filter.js";
import { rowObject, type Show } from "./json.js";
import { ancestorSql } from "./place.js";
import type { ReadSql } from "./read-sql.js";
import type { Part } from "./tree.js";

/** More groups than this are refused by the limit of the answer; the largest come first. */
const MAX_GROUPS = 2_000;

/** The enum value a field is named by: `currentLevel` -> `CURRENT_LEVEL`. */
export const snakeUpper = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** Grouping fields of an entity by the enum value clients name them with. */
export const dimensionsOf = (entity: Parameters<typeof fieldsOf>[0]) =>
  Object.entries(fieldsOf(entity)).flatMap(([name, field]) => (field.group ? [{ value: snakeUpper(name), name, field }] : []));

/** Counts of the visible, filtered rows by the dimensions asked for; a group is made only where rows are. */
export function countsSql(part: Extract<Part, { kind: "counts" }>, show: Show, read: ReadSql): string {
  const { entity, site } = part;
  const args = read.shape[site] as { by: readonly string[]; filter?: unknown };
  const inner = read.alias();
  const dimensions = new Map(dimensionsOf(entity).map((dimension) => [dimension.value, dimension]));
  const keys: { name: string; sql: string }[] = [];
  for (const value of new Set(args.by)) {
    const dimension = dimensions.get(value);
    if (dimension) {
      mayUse(dimension.name, dimension.field, read);
      keys.push({ name: dimension.name, sql: fieldSql(dimension.name, dimension.field, inner, read) });
    } else {
      if (keys.some((key) => key.name === "region")) throw new Fault("INVALID_INPUT", { field: "by", rule: "one region level at a time" });
      keys.push({ name: "region", sql: ancestorSql(entity, value, inner, read) });
    }
  }
  const conditions = [read.scope(entity, inner), filterSql(entity, args.filter, (values) => values.args[site]!["filter"], inner, read)].filter((condition) => condition !== "true");
  const where = conditions.length > 0 ? ` where ${conditions.join(" and ")}` : "";
  // Place first: the order of the index that counting reads, so that groups need no hashing.
  keys.sort((a, b) => Number(b.name === "region") - Number(a.name === "region"));
  const selected = keys.map((key) => `${key.sql} as "${key.name}"`);
  const positions = keys.map((_, index) => index + 1);
  const grouped =
    `select ${[...selected, "count(*) as counted"].join(", ")} from ${read.source(entity, inner, "set")}${where}` +
    (keys.length > 0 ? ` group by ${positions.join(", ")} order by counted desc, ${positions.join(", ")} limit ${MAX_GROUPS}` : "");
  const group = read.alias();
  const { value, joins } = rowObject(part.items.map(({ key, aliased, part: wanted }) => ({ key, aliased, value: valueOf(wanted) })), read);
  function valueOf(wanted: (typeof part.items)[number]["part"]): string {
    switch (wanted.kind) {
      case "typename":
        return `'${wanted.value}'::text`;
      case "count":
        return `${group}.counted`;
      case "dimension":
        return keys.some((key) => key.name === wanted.name) ? `${group}."${wanted.name}"` : "null";
      case "region": {
        if (!keys.some((key) => key.name === "region")) return "null";
        const region = read.alias();
        return show.one(wanted.selection, region, `${region}.id = ${group}."region"`, read);
      }
    }
  }
  return `(select coalesce(json_agg(${value}), '[]'::json) from (${grouped}) ${group}${joins})`;
}
