import { type Entity } from "../entity/entity.js";
import { filterSql } from "./filter.js";
import { literal, objectOfSql, objectSql, rowObject, textOfSql, textSql, type Pair, type RowObject, type Show } from "./json.js";
import { bucketOf, cursorSql, inIndexOrder, keysetSql, orderBySql, orderTerms, pageOf, type PageArguments } from "./page.js";
import type { ReadSql } from "./read-sql.js";
import type { ConnectionItem, Part } from "./tree.js";

/** An upper bound of an exact count; beyond it the count says that it is one. */
export const COUNT_BOUND = 10_000;

type ListPart = Extract<Part, { kind: "list" }>;
type EdgeItem = Extract<ConnectionItem["part"], { kind: "edges" }>["items"][number];

/** Rows a list may hold, before paging: link, relation condition, scope, filter. */
function whereSql(entity: Entity, part: ListPart, args: PageArguments, link: ((alias: string) => string) | null, inner: string, read: ReadSql): string {
  const { relation, site } = part;
  const conditions = [
    ...(link ? [link(inner)] : []),
    ...(relation?.where ? [relation.where(inner, read)] : []),
    ...(relation?.owned ? [] : [read.scope(entity, inner)]),
    filterSql(entity, args.filter, (values) => values.args[site]!["filter"], inner, read),
  ].filter((condition) => condition !== "true");
  return conditions.length > 0 ? ` where ${conditions.join(" and ")}` : "";
}

/** Of the conditions of a list those on place: what lies elsewhere need not be looked at. */
function placeSql(entity: Entity, { filter }: PageArguments, site: number, alias: string, read: ReadSql): string {
  if (entity.scope.kind !== "placed") return "true";
  const within = (filter as { within?: unknown } | null | undefined)?.within;
  return `${read.scope(entity, alias)} and ${filterSql(entity, within ? { within } : null, (values) => values.args[site]!["filter"], alias, read)}`;
}

/**
 * A connection. The page is fetched once, with one row beyond it, and gathered into arrays: one for each kind of object
 * asked for and one for each sort value; what the client asked for is cut out of them.
 */
export function listSql(part: ListPart, link: ((alias: string) => string) | null, show: Show, read: ReadSql, as: "json" | "text" = "json"): string {
  const { entity, site } = part;
  const args = read.shape[site] as PageArguments;
  const { size, backward } = pageOf(args);
  const inner = read.alias();
  const terms = orderTerms(entity, args, inner, read);
  const where = whereSql(entity, part, args, link, inner, read);
  const total = () => `(select count(*) from (select 1 from ${read.source(entity, inner, link ? "key" : "set")}${where} limit ${COUNT_BOUND + 1}) counted)`;
  const page = new PageSql(part, args, backward, show, read);
  const pairs = part.connection.map((item): Pair => ({ key: item.key, aliased: item.aliased, value: page.itemSql(item, total), quoted: item.part.kind === "typename", sure: ["nodes", "edges", "pageInfo"].includes(item.part.kind) }));
  const counted = part.connection.some(({ part: { kind } }) => kind === "totalCount" || kind === "totalCountIsExact");
  if (!page.wanted && counted && !args.after && !args.before) return as === "text" ? textSql(pairs, read) : objectSql(pairs, read);
  // Only where the page is fetched: PostgreSQL cannot type what a statement binds and does not name.
  const source = read.source(entity, inner, link ? "key" : inIndexOrder(entity, args) ? "list" : "set", (alias) => placeSql(entity, args, site, alias, read));
  const seek = args.after || args.before ? `${where ? " and" : " where"} ${keysetSql(entity, terms, site, backward, read)}` : "";
  const rows = `(select ${inner}.* from ${source}${where}${seek} order by ${orderBySql(terms, backward)} limit ${bucketOf(size) + 1}) ${page.rows}`;
  return (as === "text" ? textOfSql : objectOfSql)(pairs, `from (${page.gather(rows)}) ${page.alias}`, read);
}

/** The arrays of one page and what is cut out of them. */
class PageSql {
  readonly alias: string;
  readonly rows: string;
  wanted = false;
  private readonly arrays: string[] = [];
  private joins = "";
  private keys: string[] | undefined;

  constructor(
    private readonly part: ListPart,
    private readonly args: PageArguments,
    private readonly backward: boolean,
    private readonly show: Show,
    private readonly read: ReadSql,
  ) {
    this.alias = read.alias();
    this.rows = read.alias();
  }

  /** The rows of the page gathered into one row of arrays. They arrive in order, and an aggregate takes them as they come. */
  gather(rows: string): string {
    const terms = orderTerms(this.part.entity, this.args, this.rows, this.read);
    const ordered = this.backward ? `(select * from ${rows} order by ${orderBySql(terms, false)}) ${this.rows}` : rows;
    return `select ${["count(*)::integer as fetched", ...this.arrays].join(", ")} from ${ordered}${this.joins}`;
  }

  itemSql({ part }: ConnectionItem, total: () => string): string {
    switch (part.kind) {
      case "typename":
        return `${literal(part.value)}::text`;
      case "totalCount":
        return `least(${total()}, ${COUNT_BOUND})`;
      case "totalCountIsExact":
        return `${total()} <= ${COUNT_BOUND}`;
      case "nodes":
        return this.slice(this.show.rows(part.selection, this.rows, this.read));
      case "edges":
        return this.slice(this.edge(part.items));
      case "pageInfo":
        this.wanted = true;
        return objectSql(part.items.map(({ key, aliased, name }) => ({ key, aliased, value: this.info(name) })), this.read);
    }
  }

  private edge(items: readonly EdgeItem[]): RowObject {
    let joins = "";
    const pairs = items.map(({ key, aliased, part }): Pair => {
      if (part.kind === "typename") return { key, aliased, value: `${literal(part.value)}::text` };
      if (part.kind === "cursor") return { key, aliased, value: cursorSql(this.part.entity, orderTerms(this.part.entity, this.args, this.rows, this.read).map((term) => term.sql), this.part.site, this.read) };
      const node = this.show.rows(part.selection, this.rows, this.read);
      joins += node.joins;
      return { key, aliased, value: node.value };
    });
    const edge = rowObject(pairs, this.read);
    return { value: edge.value, joins: joins + edge.joins };
  }

  private slice({ value, record, joins }: RowObject): string {
    // Rows become JSON all at once, as an array of records.
    const name = this.array(record ?? value);
    this.joins += joins;
    return `coalesce(array_to_json(${this.alias}.${name}[${this.first()}:${this.last()}]), '[]'::json)`;
  }

  private array(value: string): string {
    this.wanted = true;
    this.arrays.push(`array_agg(${value}) as a${this.arrays.length + 1}`);
    return `a${this.arrays.length}`;
  }

  /** Bound only where it is used: PostgreSQL cannot type a parameter its statement does not name. */
  private size(): string {
    return this.read.param("integer", (values) => pageOf(values.args[this.part.site] as PageArguments).size, `size${this.part.site}`);
  }

  private first = () => (this.backward ? `greatest(1, ${this.alias}.fetched - ${this.size()} + 1)` : "1");
  private last = () => (this.backward ? `${this.alias}.fetched` : `least(${this.size()}, ${this.alias}.fetched)`);

  private info(name: string): string {
    const more = () => `${this.alias}.fetched > ${this.size()}`;
    switch (name) {
      case "__typename":
        return "'PageInfo'::text";
      case "hasNextPage":
        return this.backward ? `${Boolean(this.args.before)}` : more();
      case "hasPreviousPage":
        return this.backward ? more() : `${Boolean(this.args.after)}`;
      case "startCursor":
        return this.cursorAt(this.first());
      default:
        return this.cursorAt(this.last());
    }
  }

  private cursorAt(position: string): string {
    this.keys ??= orderTerms(this.part.entity, this.args, this.rows, this.read).map((term) => this.array(term.sql));
    const values = this.keys.map((key) => `${this.alias}.${key}[${position}]`);
    return `case when ${this.alias}.fetched > 0 then ${cursorSql(this.part.entity, values, this.part.site, this.read)} end`;
  }
}
