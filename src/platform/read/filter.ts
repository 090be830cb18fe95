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
/** Values a list of a condition may name: each row is compared with all of them. */
export const MAX_VALUES = 500;

/** What all conditions of one filter share. */
interface Filtering {
  read: ReadSql;
  /** Conditions it may still have. */
  left: number;
}

/** A row of a filter, and what is computed of it once for all conditions on it. */
interface FilteredRow {
  target: Entity;
  alias: string;
  /** Computed fields several conditions look at. */
  repeated: ReadonlySet<string>;
  /** The row of values computed once, from when one is needed. */
  once: string | undefined;
  computed: Map<string, string>;
}

/** Turns a filter's shape into a predicate; every value becomes a parameter read from the request. */
export function filterSql(target: Entity, filter: unknown, reach: Reach, alias: string, read: ReadSql): string {
  return rowSql(target, filter, reach, alias, { read, left: MAX_PREDICATES }, 0);
}

/**
 * The conditions on one row. What several of them compute of it, however they are nested, is computed once and has a name;
 * conditions that do not look at it stay outside, where an index may serve them.
 */
function rowSql(target: Entity, filter: unknown, reach: Reach, alias: string, filtering: Filtering, depth: number): string {
  const row: FilteredRow = { target, alias, repeated: repeatedIn(target, filter), once: undefined, computed: new Map() };
  const plain: string[] = [];
  const named: string[] = [];
  for (const part of partsSql(row, filter, reach, filtering, depth)) (row.once && part.includes(`${row.once}.v`) ? named : plain).push(part);
  if (row.computed.size > 0) plain.push(`(select ${named.join(" and ")} from (select ${[...row.computed.values()].join(", ")} offset 0) ${row.once})`);
  return filtering.read.letters.whole(plain.length === 0 ? "true" : plain.join(" and "));
}

const operatorsOf = (wanted: unknown) => Object.entries((wanted ?? {}) as Record<string, unknown>).filter(([operator, value]) => value !== undefined && (value !== null || operator === "eq" || operator === "ne"));

/** Computed fields on which more than one condition stands, through all links of one row. */
function repeatedIn(target: Entity, filter: unknown): ReadonlySet<string> {
  const fields = fieldsOf(target);
  const times = new Map<string, number>();
  const count = (part: unknown, depth: number): void => {
    if (typeof part !== "object" || part === null || depth > MAX_DEPTH) return;
    for (const [key, value] of Object.entries(part)) {
      if (key === "and" || key === "or") for (const member of (value ?? []) as unknown[]) count(member, depth + 1);
      else if (key === "not") count(value, depth + 1);
      else if (fields[key]?.from === "sql") times.set(key, (times.get(key) ?? 0) + operatorsOf(value).length);
    }
  };
  count(filter, 0);
  return new Set([...times].flatMap(([key, n]) => (n > 1 ? [key] : [])));
}

/** The value of a field of a row: named where it is computed once for several conditions. */
function valueOf(row: FilteredRow, name: string, field: Field, read: ReadSql): string {
  if (!row.repeated.has(name)) return fieldSql(name, field, row.alias, read);
  row.once ??= read.alias();
  const known = [...row.computed.keys()].indexOf(name);
  if (known >= 0) return `${row.once}.v${known + 1}`;
  row.computed.set(name, `${fieldSql(name, field, row.alias, read)} as v${row.computed.size + 1}`);
  return `${row.once}.v${row.computed.size}`;
}

function partsSql(row: FilteredRow, filter: unknown, reach: Reach, filtering: Filtering, depth: number): string[] {
  if (filter === null || filter === undefined) return [];
  if (depth > MAX_DEPTH) throw new Fault("LIMIT_EXCEEDED", { limit: "filterDepth", maximum: MAX_DEPTH });
  const { target, alias } = row;
  const { read } = filtering;
  const parts: string[] = [];
  const fields = fieldsOf(target);
  const relations = relationsOf(target);
  const linked = (member: unknown, at: Reach) => {
    const conditions = partsSql(row, member, at, filtering, depth + 1);
    return conditions.length === 0 ? "true" : conditions.join(" and ");
  };
  for (const [key, value] of Object.entries(filter as Record<string, unknown>)) {
    if (value === null || value === undefined) continue;
    const inner = step(reach, key);
    const field = fields[key];
    const relation = relations[key];
    if (key === "and" || key === "or") {
      const members = (value as unknown[]).map((member, index) => linked(member, step(inner, index)));
      if (members.length > 0) parts.push(`(${members.join(` ${key} `)})`);
      else if (key === "or") parts.push("false");
    } else if (key === "not") {
      parts.push(`(${linked(value, inner)}) is not true`);
    } else if (key === "id") {
      parts.push(idOperators(target, value as Record<string, unknown>, inner, `${alias}.id`, read));
    } else if (key === "within") {
      parts.push(withinSql(target, value, inner, alias, read));
    } else if (isSpatial(key)) {
      parts.push(spatialSql(key, inner, KnownPlace.of(target, placeFieldOf(target)[0], alias, read), read));
    } else if (field) {
      mayUse(key, field, read);
      const conditions = operators(field, value, inner, () => valueOf(row, key, field, read), filtering);
      if (conditions.length > 0) parts.push(conditions.join(" and "));
    } else if (relation) {
      const other = relation.target();
      const joined = read.alias();
      const conditions = (nested: unknown, at: Reach) => rowSql(other, nested, at, joined, filtering, depth + 1);
      const from = () => `select 1 from ${read.source(other, joined)} where`;
      const scope = () => (relation.owned ? "" : ` and ${read.scope(other, joined)}`);
      const where = () => (relation.where ? ` and ${relation.where(joined, read)}` : "");
      if (relation.cardinality === "one") {
        parts.push(`exists (${from()} ${joined}.id = ${keySql(relation, alias)}${scope()} and ${conditions(value, inner)})`);
      } else {
        const exists = (condition: string) =>
          relation.match ? matchedSql(target, relation, alias, joined, `${condition}${where()}${scope()}`, read) : `exists (${from()} ${linkSql(relation, alias, joined, read)}${where()}${scope()} and ${condition})`;
        for (const [quantifier, nested] of Object.entries(value as Record<string, unknown>)) {
          if (nested === null || nested === undefined) continue;
          const condition = conditions(nested, step(inner, quantifier));
          if (quantifier === "some") parts.push(exists(condition));
          else if (quantifier === "none") parts.push(`not ${exists(condition)}`);
          else parts.push(`not ${exists(`(${condition}) is not true`)}`);
        }
      }
    }
  }
  return parts;
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

/** A list of a request; bounded when its values are bound, since how many there are shapes no statement. Fault: LIMIT_EXCEEDED. */
const listAt = (at: Reach): Reach => (values) => {
  const told = at(values) as unknown[];
  if (told.length > MAX_VALUES) throw new Fault("LIMIT_EXCEEDED", { limit: "listValues", maximum: MAX_VALUES, actual: told.length });
  return told;
};

function operators(field: Field, wanted: unknown, reach: Reach, made: () => string, filtering: Filtering): string[] {
  const { read } = filtering;
  const cast = castOf(field);
  const parts: string[] = [];
  for (const [operator, value] of operatorsOf(wanted)) {
    filtering.left -= 1;
    if (filtering.left < 0) throw new Fault("LIMIT_EXCEEDED", { limit: "filterPredicates", maximum: MAX_PREDICATES });
    const at = step(reach, operator);
    const sql = made();
    switch (operator) {
      case "eq":
        parts.push(value === null ? `${sql} is null` : `${sql} = ${read.param(cast, at)}`);
        break;
      case "ne":
        parts.push(value === null ? `${sql} is not null` : `${sql} is distinct from ${read.param(cast, at)}`);
        break;
      case "in":
        // One value keeps the index's order usable; several are one array.
        parts.push((value as unknown[]).length === 1 ? `${sql} = ${read.param(cast, (values) => (at(values) as unknown[])[0])}` : `${sql} = any(${read.param(`${cast}[]`, listAt(at))})`);
        break;
      case "notIn":
        parts.push(`(${sql} = any(${read.param(`${cast}[]`, listAt(at))})) is not true`);
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
  return parts;
}

function idOperators(target: Entity, wanted: Record<string, unknown>, reach: Reach, sql: string, read: ReadSql): string {
  const parts: string[] = [];
  if (wanted["eq"] !== undefined) parts.push(`${sql} = ${read.param("uuid", (values) => uuidOf((reach(values) as { eq: string }).eq, target))}`);
  if (wanted["in"] != null) parts.push(`${sql} = any(${read.param("uuid[]", (values) => (listAt(step(reach, "in"))(values) as string[]).map((id) => uuidOf(id, target)))})`);
  return parts.length === 0 ? "true" : parts.join(" and ");
}
