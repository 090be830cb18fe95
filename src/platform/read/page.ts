import { createHash } from "node:crypto";
import { Fault } from "../fault.js";
import { fieldsOf, type Entity } from "../entity/entity.js";
import { momentText } from "./intervals.js";
import { castOf } from "./casts.js";
import { fieldSql } from "./field-sql.js";
import { mayUse } from "./filter.js";
import type { Instant, ReadSql, RequestValues } from "./read-sql.js";

export const MAX_PAGE = 100;
/** Keys an order may have: a page is sought by comparing all of them with all before them. */
const MAX_KEYS = 12;

export interface PageArguments {
  first?: number | null;
  last?: number | null;
  after?: string | null;
  before?: string | null;
  filter?: unknown;
  orderBy?: readonly { field: string; direction: "ASC" | "DESC" }[] | null;
}

/** The number of rows asked for and the end they are counted from. Page size is always stated. */
export function pageOf(args: PageArguments): { size: number; backward: boolean } {
  const first = args.first ?? undefined;
  const last = args.last ?? undefined;
  if ((first === undefined) === (last === undefined)) throw new Fault("PAGE_SIZE_REQUIRED", { maximum: MAX_PAGE });
  const size = (first ?? last)!;
  if (size < 1 || size > MAX_PAGE) throw new Fault("LIMIT_EXCEEDED", { limit: "pageSize", minimum: 1, maximum: MAX_PAGE, actual: size });
  if (first !== undefined && args.before) throw new Fault("INVALID_INPUT", { field: "before", rule: "first goes with after, last with before" });
  if (last !== undefined && args.after) throw new Fault("INVALID_INPUT", { field: "after", rule: "first goes with after, last with before" });
  return { size, backward: last !== undefined };
}

/** Literal limits get good plans; a few sizes keep the number of prepared statements small. */
export const bucketOf = (size: number) => [1, 2, 3, 5, 10, 20, 25, 50].find((bucket) => bucket >= size) ?? MAX_PAGE;

interface Term {
  sql: string;
  cast: string;
  descending: boolean;
}

/** Order terms of a list: those asked for, else the natural order; the id always breaks ties. */
export function orderTerms(entity: Entity, args: PageArguments, alias: string, read: ReadSql): Term[] {
  const fields = fieldsOf(entity);
  if ((args.orderBy?.length ?? 0) > MAX_KEYS) throw new Fault("LIMIT_EXCEEDED", { limit: "orderBy", maximum: MAX_KEYS, actual: args.orderBy!.length });
  const asked = args.orderBy?.length ? args.orderBy.map(({ field, direction }) => [field, direction.toLowerCase()] as const) : entity.order;
  const terms: Term[] = [];
  for (const [name, direction] of asked) {
    const field = fields[name];
    if (!field) throw new Fault("INVALID_INPUT", { field: name });
    mayUse(name, field, read);
    const sql = fieldSql(name, field, alias, read);
    if (field.nullable) terms.push({ sql: `(${sql} is null)`, cast: "boolean", descending: false });
    terms.push({ sql, cast: castOf(field), descending: direction === "desc" });
  }
  // The tie goes the way of the last key, so that one index serves both.
  terms.push({ sql: `${alias}.id`, cast: "uuid", descending: terms.at(-1)?.descending ?? false });
  return terms;
}

/** Whether tables and their histories are indexed in the order of a list: that of the last change, which is the natural one where people work. */
export const inIndexOrder = (entity: Entity, { orderBy }: PageArguments): boolean => (orderBy?.length ? orderBy.length === 1 && orderBy[0]!.field === "updatedAt" : entity.order[0]?.[0] === "updatedAt");

export const orderBySql = (terms: readonly Term[], backward: boolean) =>
  terms.map((term) => `${term.sql} ${term.descending !== backward ? "desc" : "asc"}`).join(", ");

/** Cursor: version, hash of entity, order and filter, recorded instant in microseconds, sort values. */
const SEPARATOR = "~";

const specs = new WeakMap<object, string>();

function specOf(entity: Entity, args: PageArguments): string {
  const known = specs.get(args);
  if (known) return known;
  const text = JSON.stringify([entity.name, args.orderBy ?? null, args.filter ?? null]);
  const spec = createHash("sha256").update(text).digest("base64url").slice(0, 10);
  specs.set(args, spec);
  return spec;
}

export interface Cursor {
  spec: string;
  /** Of the first page, in microseconds, with the numbers of the transactions under way then. */
  instant: string;
  values: unknown[];
}

/** Reads a cursor; anything that is not one of ours is INVALID_INPUT. */
export function readCursor(text: string): Cursor {
  const [version, spec, instant, body, ...rest] = text.split(SEPARATOR);
  try {
    if (version !== "1" || rest.length > 0 || !/^\d{1,17}(\.\d{1,20}){0,300}$/.test(instant ?? "") || text.length > 6000) throw new Error("shape");
    const values = JSON.parse(Buffer.from(body!, "base64").toString("utf8")) as unknown[];
    if (!Array.isArray(values) || values.some((value) => typeof value === "object" && value !== null)) throw new Error("shape");
    return { spec: spec!, instant: instant!, values };
  } catch {
    throw new Fault("INVALID_INPUT", { field: "cursor", rule: "use a cursor this service gave" });
  }
}

/** The recorded instant a cursor's first page was read at, and the transactions under way then. */
export const cursorInstant = ({ instant }: Cursor): Required<Pick<Instant, "inFlight">> & { recorded: string } => {
  const [digits, ...inFlight] = instant.split(".");
  return { recorded: momentText(BigInt(digits!)), inFlight };
};

const cursors = new WeakMap<object, Cursor>();

const reachCursor = (entity: Entity, site: number, terms: number) => (values: RequestValues): Cursor => {
  const args = values.args[site] as PageArguments;
  const known = cursors.get(args);
  if (known) return known;
  const cursor = readCursor((args.after ?? args.before)!);
  if (cursor.spec !== specOf(entity, args) || cursor.values.length !== terms) throw new Fault("CURSOR_MISMATCH", {});
  cursors.set(args, cursor);
  return cursor;
};

/** Rows beyond the cursor: the row-value form where one index can serve it, else the lexicographic one. */
export function keysetSql(entity: Entity, terms: readonly Term[], site: number, backward: boolean, read: ReadSql): string {
  const reach = reachCursor(entity, site, terms.length);
  const values = terms.map((term, index) => read.param(term.cast, (request) => reach(request).values[index]));
  const sameWay = terms.every((term) => term.descending === terms[0]!.descending);
  const sign = (term: Term) => (term.descending !== backward ? "<" : ">");
  if (sameWay) return read.letters.whole(`(${terms.map((term) => term.sql).join(", ")}) ${sign(terms[0]!)} (${values.join(", ")})`);
  const branches = terms.map((term, index) => {
    const equal = terms.slice(0, index).map((before, at) => `${before.sql} is not distinct from ${values[at]}`);
    return `(${[...equal, `${term.sql} ${sign(term)} ${values[index]}`].join(" and ")})`;
  });
  return read.letters.whole(`(${branches.join(" or ")})`);
}

/** SQL of a row's cursor from the SQL of its sort values. */
export function cursorSql(entity: Entity, sortValues: readonly string[], site: number, read: ReadSql): string {
  const spec = read.param("text", (values) => `1${SEPARATOR}${specOf(entity, values.args[site] as PageArguments)}${SEPARATOR}`, `spec${site}`);
  // Of the first page: as of what it shows. Made once a statement, not once a row.
  const instant = read.asOf ? `(date_part('epoch', ${read.recorded()}) * 1000000)::bigint${read.time === "unsettled" ? ` || '.' || array_to_string(${read.inFlight()}, '.')` : ""}` : "(select page_instant())";
  const body = `json_build_array(${sortValues.join(", ")})::text`;
  return `${spec} || ${instant} || '${SEPARATOR}' || translate(encode(convert_to(${body}, 'UTF8'), 'base64'), E'\\n', '')`;
}
