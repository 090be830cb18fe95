import { Fault } from "../fault.js";
import { fieldsOf, keySql, linkSql, placeFieldOf, relationsOf, type Entity, type Field, type MatchRelation } from "../entity/entity.js";
import { castOf } from "./casts.js";
import { fieldSql, mayBeTold } from "./field-sql.js";
import { uuidOf } from "./identity.js";
import { KnownPlace } from "./known-place.js";
import { withinSql } from "./place.js";
import type { ReadSql, RequestValues } from "./read-sql.js";
import { isSpatial, spatialSql } from "./spatial.js";

export { fieldSql };

/** Reads one value of a filter out of a request; made once when the statement is built. */
export type Reach = (values: RequestValues) => unknown;

const step = (reach: Reach, key: string | number): Reach => (values) => (reach(values) as Record<string | number, unknown>)[key];

const escapeLike = (value: unknown) => String(value).replace(/[\\%_]/g, (character) => `\\${character}`);

/** Refuses a filter or order by a value that is told to the caller of no row. */
export function mayUse(name: string, field: Field, read: ReadSql): void {
  if (!mayBeTold(field, read.actor)) throw new Fault("FORBIDDEN", { field: name, reason: "masked" });
}

const MAX_DEPTH = 6;
const MAX_PREDICATES = 200;

/** Turns a filter's shape into a predicate; every value becomes a parameter read from the request. */
export function filterSql(target: Entity, filter: unknown, reach: Reach, alias: string, read: ReadSql, budget = { left: MAX_PREDICATES }, depth = 0): string {
  if (filter === null || filter === undefined) return "true";
  if (depth > MAX_DEPTH) throw new Fault("LIMIT_EXCEEDED", { limit: "filterDepth", maximum: MAX_DEPTH });
  const parts: string[] = [];
  const fields = fieldsOf(target);
  const relations = relationsOf(target);
  for (const [key, value] of Object.entries(filter as Record<string, unknown>)) {
    if (value === null || value === undefined) continue;
    const inner = step(reach, key);
    const field = fields[key];
    const relation = relations[key];
    if (key === "and" || key === "or") {
      const members = (value as unknown[]).map((member, index) => filterSql(target, member, step(inner, index), alias, read, budget, depth + 1));
      if (members.length > 0) parts.push(`(${members.join(` ${key} `)})`);
      else if (key === "or") parts.push("false");
    } else if (key === "not") {
      parts.push(`(${filterSql(target, value, inner, alias, read, budget, depth + 1)}) is not true`);
    } else if (key === "id") {
      parts.push(idOperators(target, value as Record<string, unknown>, inner, `${alias}.id`, read));
    } else if (key === "within") {
      parts.push(withinSql(target, value, inner, alias, read));
    } else if (isSpatial(key)) {
      parts.push(spatialSql(key, inner, KnownPlace.of(target, placeFieldOf(target)[0], alias, read), read));
    } else if (field) {
      mayUse(key, field, read);
      parts.push(operators(field, value as Record<string, unknown>, inner, () => fieldSql(key, field, alias, read), read, budget));
    } else if (relation) {
      const other = relation.target();
      const joined = read.alias();
      const from = () => `select 1 from ${read.source(other, joined)} where`;
      const scope = () => (relation.owned ? "" : ` and ${read.scope(other, joined)}`);
      const where = () => (relation.where ? ` and ${relation.where(joined, read)}` : "");
      if (relation.cardinality === "one") {
        parts.push(`exists (${from()} ${joined}.id = ${keySql(relation, alias)}${scope()} and ${filterSql(other, value, inner, joined, read, budget, depth + 1)})`);
      } else {
        const exists = (condition: string) =>
          relation.match ? matchedSql(target, relation, alias, joined, `${condition}${where()}${scope()}`, read) : `exists (${from()} ${linkSql(relation, alias, joined, read)}${where()}${scope()} and ${condition})`;
        for (const [quantifier, nested] of Object.entries(value as Record<string, unknown>)) {
          if (nested === null || nested === undefined) continue;
          const condition = filterSql(other, nested, step(inner, quantifier), joined, read, budget, depth + 1);
          if (quantifier === "some") parts.push(exists(condition));
          else if (quantifier === "none") parts.push(`not ${exists(condition)}`);
          else parts.push(`not ${exists(`(${condition}) is not true`)}`);
        }
      }
    }
  }
  return parts.length === 0 ? "true" : parts.join(" and ");
}

/**
 * Whether rows match a row. They are found from the other end, by its index, and met with the row by its id: a condition
 * between the two ends alone would be tried on every row. Of the past too little is known to choose a join by: there the ids
 * found are kept in a hash, so that no guess of the planner's can set every row against every match.
 */
function matchedSql(target: Entity, relation: MatchRelation, alias: string, joined: string, condition: string, read: ReadSql): string {
  const twin = read.alias();
  const found = `from ${read.source(target, twin)}, ${read.source(relation.target(), joined)} where ${linkSql(relation, twin, joined, read)} and ${condition}`;
  return read.asOf ? `((${alias}.id in (select ${twin}.id ${found})) is true)` : `exists (select 1 ${found} and ${twin}.id = ${alias}.id)`;
}

function operators(field: Field, wanted: Record<string, unknown>, reach: Reach, made: () => string, read: ReadSql, budget: { left: number }): string {
  let known: string | undefined;
  // What is computed is computed once, however many conditions there are on it.
  const many = field.from === "sql" && Object.values(wanted).filter((value) => value !== undefined).length > 1;
  const once = many ? read.alias() : "";
  const cast = castOf(field);
  const parts: string[] = [];
  for (const [operator, value] of Object.entries(wanted)) {
    if (value === undefined || (value === null && operator !== "eq" && operator !== "ne")) continue;
    budget.left -= 1;
    if (budget.left < 0) throw new Fault("LIMIT_EXCEEDED", { limit: "filterPredicates", maximum: MAX_PREDICATES });
    const at = step(reach, operator);
    known ??= made();
    const sql = many ? `${once}.value` : known;
    switch (operator) {
      case "eq":
        parts.push(value === null ? `${sql} is null` : `${sql} = ${read.param(cast, at)}`);
        break;
      case "ne":
        parts.push(value === null ? `${sql} is not null` : `${sql} is distinct from ${read.param(cast, at)}`);
        break;
      case "in":
        // One value keeps the index's order usable; several are one array.
        parts.push((value as unknown[]).length === 1 ? `${sql} = ${read.param(cast, (values) => (at(values) as unknown[])[0])}` : `${sql} = any(${read.param(`${cast}[]`, at)})`);
        break;
      case "notIn":
        parts.push(`(${sql} = any(${read.param(`${cast}[]`, at)})) is not true`);
        break;
      case "isNull":
        parts.push(value ? `${sql} is null` : `${sql} is not null`);
        break;
      case "lt":
      case "lte":
      case "gt":
      case "gte":
        read.replan = true;
        parts.push(`${sql} ${{ lt: "<", lte: "<=", gt: ">", gte: ">=" }[operator]} ${read.param(cast, at)}`);
        break;
      case "contains":
        read.replan = true;
        parts.push(`${sql} ilike ${read.param("text", (values) => `%${escapeLike(at(values))}%`)}`);
        break;
      case "startsWith":
        read.replan = true;
        parts.push(`${sql} like ${read.param("text", (values) => `${escapeLike(at(values))}%`)}`);
        break;
      case "has":
        parts.push(`${sql} @> array[${read.param("text", at)}]`);
        break;
      case "isEmpty":
        parts.push(value ? `cardinality(${sql}) = 0` : `cardinality(${sql}) > 0`);
        break;
      default:
        throw new Fault("INVALID_INPUT", { operator });
    }
  }
  if (parts.length === 0) return "true";
  return many ? `(select ${parts.join(" and ")} from (select ${known} as value offset 0) ${once})` : parts.join(" and ");
}

function idOperators(target: Entity, wanted: Record<string, unknown>, reach: Reach, sql: string, read: ReadSql): string {
  const parts: string[] = [];
  if (wanted["eq"] !== undefined) parts.push(`${sql} = ${read.param("uuid", (values) => uuidOf((reach(values) as { eq: string }).eq, target))}`);
  if (wanted["in"] != null) parts.push(`${sql} = any(${read.param("uuid[]", (values) => (reach(values) as { in: string[] }).in.map((id) => uuidOf(id, target)))})`);
  return parts.length === 0 ? "true" : parts.join(" and ");
}
