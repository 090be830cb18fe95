import { fieldsOf, parseId, relationsOf, type Entity } from "../entity/entity.js";
import { countsSql } from "./counts.js";
import { featuresSql } from "./features.js";
import { filterSql } from "./filter.js";
import { uuidOf } from "./identity.js";
import { keySql, literal, objectSql, valueSql } from "./json.js";
import { bucketOf, cursorSql, keysetSql, orderBySql, orderTerms, pageOf, type PageArguments } from "./page.js";
import type { ReadSql } from "./read-sql.js";
import { NeedsCode, type ConnectionItem, type Item, type Part, type Selection } from "./tree.js";

/** An upper bound of an exact count; beyond it the count says that it is one. */
export const COUNT_BOUND = 10_000;

/** JSON of a row of an entity on an alias. */
export function rowSql(selection: Selection, alias: string, read: ReadSql): string {
  if (read.carries) return carrierSql(selection.entity, alias, read, []);
  if (selection.items) return itemsSql(selection.items, alias, read);
  const { variants } = selection;
  const column = selection.entity.variants!.column;
  const branches = [...variants!].map(([value, items]) => `when ${literal(value)} then ${itemsSql(items, alias, read)}`);
  return `case ${alias}.${column} ${branches.join(" ")} end`;
}

const itemsSql = (items: readonly Item[], alias: string, read: ReadSql) =>
  objectSql(items.map((item) => [keySql(item, read), partSql(item.part, alias, read)] as const));

/** The whole statement: one row, one column, the text of `data`. */
export const statementSql = (items: readonly Item[], read: ReadSql) => `select ${itemsSql(items, "", read)}::text as data`;

function partSql(part: Part, alias: string, read: ReadSql): string {
  switch (part.kind) {
    case "typename":
      return literal(part.value!);
    case "id":
      return `${literal(part.entity.prefix)} || ${alias}.id`;
    case "column":
      return valueSql(part.name, fieldsOf(part.entity)[part.name]!, alias, read);
    case "one": {
      const { relation } = part;
      const target = relation.target();
      const inner = read.alias();
      const scope = relation.owned ? "" : ` and ${read.scope(target, inner)}`;
      return `(select ${rowSql(part.selection, inner, read)} from ${read.source(target, inner)} where ${inner}.id = ${alias}.${relation.key}${scope})`;
    }
    case "single": {
      const inner = read.alias();
      const id = read.param("uuid", (values) => uuidOf(values.args[part.site]!["id"], part.entity));
      return `(select ${rowSql(part.selection, inner, read)} from ${read.source(part.entity, inner)} where ${inner}.id = ${id} and ${read.scope(part.entity, inner)})`;
    }
    case "list":
      return listSql(part, part.relation ? (inner) => `${inner}.${part.relation!.key} = ${alias}.id` : null, read);
    case "counts":
      return countsSql(part, read, rowSql);
    case "features":
      return featuresSql(part, read);
    case "node": {
      const target = parseId(String(read.shape[part.site]!["id"]))?.entity;
      const selection = target && part.selections.get(target);
      if (!selection) return "null::json";
      if (selection === "code") throw new NeedsCode(target.name);
      return partSql({ kind: "single", entity: target, site: part.site, selection }, alias, read);
    }
  }
}

/** Rows a list may hold, before paging: link, relation condition, scope, filter. */
export function listWhere(entity: Entity, part: Extract<Part, { kind: "list" }>, site: number, args: PageArguments, link: ((alias: string) => string) | null, inner: string, read: ReadSql): string {
  const { relation } = part;
  const conditions = [
    ...(link ? [link(inner)] : []),
    ...(relation?.where ? [relation.where(inner, read)] : []),
    ...(relation?.owned ? [] : [read.scope(entity, inner)]),
    filterSql(entity, args.filter, (values) => values.args[site]!["filter"], inner, read),
  ].filter((condition) => condition !== "true");
  return conditions.length > 0 ? ` where ${conditions.join(" and ")}` : "";
}

/** A connection: a limited, ordered subquery aggregated once; the row past the page only tells that there is more. */
export function listSql(part: Extract<Part, { kind: "list" }>, link: ((alias: string) => string) | null, read: ReadSql): string {
  const { entity, site } = part;
  const args = read.shape[site] as PageArguments;
  const { size, backward } = pageOf(args);
  // Bound only where it is used: PostgreSQL cannot type a parameter its statement does not name.
  const page = () => read.param("integer", (values) => pageOf(values.args[site] as PageArguments).size, `size${site}`);
  const inner = read.alias();
  const outer = read.alias();
  const terms = orderTerms(entity, args, inner, read);
  const where = listWhere(entity, part, site, args, link, inner, read);
  const seek = args.after || args.before ? `${where ? " and" : " where"} ${keysetSql(entity, terms, site, backward, read)}` : "";
  const totals = part.connection.some((item) => item.part.kind === "totalCount" || item.part.kind === "totalCountIsExact");
  const rows = `(select ${inner}.*, row_number() over (${`order by ${orderBySql(terms, backward)}`}) as page_row from ${read.source(entity, inner, link ? "key" : "list")}${where}${seek} order by ${orderBySql(terms, backward)} limit ${bucketOf(size) + 1})`;
  const counted = part.connection.some((item) => item.part.kind === "pageInfo");
  const from = counted ? `(select p.*, count(*) over () as page_rows from ${rows} p) ${outer}` : `${rows} ${outer}`;
  const outerTerms = orderTerms(entity, args, outer, read);
  const context = { part, outer, page, backward, cursor: () => cursorSql(entity, outerTerms, site, read) };
  const total = totals ? `(select count(*) from (select 1 from ${read.source(entity, inner, link ? "key" : "list")}${where} limit ${COUNT_BOUND + 1}) counted)` : "";
  const pairs = part.connection.map((item) => [keySql(item, read), connectionSql(item, context, total, read)] as const);
  const wantsRows = part.connection.some((item) => item.part.kind === "edges" || item.part.kind === "nodes" || item.part.kind === "pageInfo");
  // "having true" makes one row of it even where no aggregate is asked for.
  return wantsRows ? `(select ${objectSql(pairs)} from ${from} having true)` : `(select ${objectSql(pairs)})`;
}

interface ListContext {
  part: Extract<Part, { kind: "list" }>;
  outer: string;
  page: () => string;
  backward: boolean;
  cursor: () => string;
}

function connectionSql(item: ConnectionItem, context: ListContext, total: string, read: ReadSql): string {
  const { outer, page, backward } = context;
  const aggregate = (value: string) =>
    `coalesce(json_agg(${value} order by ${outer}.page_row ${backward ? "desc" : "asc"}) filter (where ${outer}.page_row <= ${page()}), '[]'::json)`;
  const { part } = item;
  switch (part.kind) {
    case "typename":
      return literal(part.value);
    case "totalCount":
      return `least(${total}, ${COUNT_BOUND})`;
    case "totalCountIsExact":
      return `${total} <= ${COUNT_BOUND}`;
    case "nodes":
      return aggregate(rowSql(part.selection, outer, read));
    case "edges":
      return aggregate(
        objectSql(
          part.items.map((inner) => {
            const value = inner.part.kind === "typename" ? literal(inner.part.value) : inner.part.kind === "cursor" ? context.cursor() : rowSql(inner.part.selection, outer, read);
            return [keySql(inner, read), value] as const;
          }),
        ),
      );
    case "pageInfo":
      return objectSql(part.items.map((inner) => [keySql(inner, read), pageInfoSql(inner.name, context, read)] as const));
  }
}

function pageInfoSql(name: string, { part, outer, page, backward, cursor }: ListContext, read: ReadSql): string {
  const args = read.shape[part.site] as PageArguments;
  const more = () => `coalesce(bool_or(${outer}.page_rows > ${page()}), false)`;
  const at = (row: string) => `max(case when ${outer}.page_row = ${row} then ${cursor()} end)`;
  const last = () => `least(${page()}, ${outer}.page_rows)`;
  switch (name) {
    case "__typename":
      return "'PageInfo'";
    case "hasNextPage":
      return backward ? `${args.before ? "true" : "false"}` : more();
    case "hasPreviousPage":
      return backward ? more() : `${args.after ? "true" : "false"}`;
    case "startCursor":
      return at(backward ? last() : "1");
    default:
      return at(backward ? "1" : last());
  }
}

/** Columns of a row that ordinary execution carries: every unmasked stored field, keys of links, and the UUID. */
export function carrierSql(entity: Entity, alias: string, read: ReadSql, computedFields: readonly string[]): string {
  const fields = fieldsOf(entity);
  const pairs: [string, string][] = [["'uuid'", `${alias}.id`]];
  if (entity.variants) pairs.push(["'variant'", `${alias}.${entity.variants.column}`]);
  for (const [name, field] of Object.entries(fields)) {
    // Versions share the id of their row, so nothing can be loaded for them afterwards.
    if (field.from === "column" || (field.from === "sql" && (entity.versionsOf || computedFields.includes(name)))) pairs.push([literal(name), valueSql(name, field, alias, read)]);
  }
  for (const [name, key] of keysOf(entity)) pairs.push([literal(`key:${name}`), `${alias}.${key}`]);
  return objectSql(pairs);
}

const keysOf = (entity: Entity) => Object.entries(relationsOf(entity)).flatMap(([name, relation]) => (relation.cardinality === "one" ? [[name, relation.key] as const] : []));
