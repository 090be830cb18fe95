import type { Pool } from "pg";
import type { Actor } from "../actor.js";
import { conditionSql, type ToStored } from "../cql2/sql.js";
import { printText } from "../cql2/print.js";
import type { Shape } from "../cql2/tree.js";
import { sendRead } from "../db/prepared.js";
import type { Field } from "../entity/entity.js";
import { Fault } from "../fault.js";
import { coarsened, digitsGiven, layerOf } from "../read/drawing.js";
import { withinPositions } from "../read/answer-size.js";
import { fieldSql } from "../read/filter.js";
import type { Hints } from "../read/hints.js";
import { uuidOf } from "../read/identity.js";
import { cursorInstant, cursorSql, keysetSql, orderBySql, orderTerms, readCursor } from "../read/page.js";
import { recordedAt } from "../read/instant.js";
import { KnownPlace } from "../read/known-place.js";
import { inTurns } from "../read/weave.js";
import { literal, rowObject, valueSql, type Pair } from "../read/json.js";
import { ReadSql, timeShape, type Instant } from "../read/read-sql.js";
import { shownSql } from "../tiles/map-layer.js";
import { boxSql } from "./box.js";
import type { Shown } from "./collection.js";
import { geoJsonSql, shifted, type Crs } from "./crs.js";
import type { ItemsAsked, Span } from "./parameters.js";
import { storedShapes } from "./shapes.js";

/** An upper bound of an exact count; beyond it no count is given, since none but the exact one may stand under its name. */
const COUNT_BOUND = 10_000;

export interface Door {
  pool: Pool;
  hints: Hints;
  now: () => string;
  /** When recorded history begins; null while there is none. */
  began: () => Promise<string | null>;
}

export interface ItemsPage {
  /** GeoJSON features as text. */
  features: string[];
  /** Cursor of the next page; null at the end. */
  next: string | null;
  /** Of all pages; absent on later pages and where there are more than are counted. */
  matched: number | undefined;
}

/** The instant of a read: stated, else that of page one, else now. */
async function instantOf(door: Door, asOf: string | null, cursor: string | null): Promise<Instant> {
  const recorded = recordedAt("asOf", asOf, await door.began());
  if (recorded !== null || cursor === null) return { recorded, effective: recorded ?? door.now() };
  const first = cursorInstant(readCursor(cursor));
  return { ...first, effective: first.recorded };
}

/** One statement in the making, over the rows of a collection that the caller may see at the instant. */
class CollectionSql {
  readonly alias: string;
  private readonly given: Record<string, unknown>;
  readonly read: ReadSql;

  constructor(
    private readonly shown: Shown,
    private readonly actor: Actor,
    private readonly instant: Instant,
    hints: Hints,
    order: Pick<ItemsAsked, "sortby" | "cursor"> & { filter: unknown },
  ) {
    this.given = { orderBy: order.sortby.length > 0 ? order.sortby : null, filter: order.filter, after: order.cursor };
    this.read = new ReadSql(actor, timeShape(instant, hints), [this.given], hints);
    // Boxes, patterns and page sizes decide the best plan.
    this.read.replan = true;
    this.alias = this.read.alias();
  }

  geometry(alias: string): string {
    return fieldSql(this.shown.collection.geometry, this.shown.geometry, alias, this.read);
  }

  /** Decimals of a degree the caller is given; refuses a system the policy does not give. */
  digits(crs: Crs): string {
    return digitsGiven(layerOf(this.shown.geometry), crs.name, this.read);
  }

  /** The geometry as the caller is given it. */
  place(alias: string, crs: Crs): string {
    return coarsened(this.geometry(alias), this.digits(crs));
  }

  base(): string[] {
    return [`${this.geometry(this.alias)} is not null`, shownSql(this.shown.collection, this.alias, this.read)];
  }

  conditions(asked: ItemsAsked, toStored: ToStored): string[] {
    const { box, time, filter } = asked;
    return [
      ...this.base(),
      ...(box ? [boxSql("bbox", box, KnownPlace.of(this.shown.entity, this.shown.collection.geometry, this.alias, this.read), this.read)] : []),
      ...(time && this.shown.time ? [timeSql(time, this.shown, this.alias, this.read)] : []),
      ...(filter ? [conditionSql(filter, this.shown.queryables, this.alias, this.read, toStored)] : []),
    ].filter((condition) => condition !== "true");
  }

  from(): string {
    return this.read.source(this.shown.entity, this.alias, "list");
  }

  orderBy(): string {
    return orderBySql(orderTerms(this.shown.entity, this.given, this.alias, this.read), false);
  }

  seek(): string[] {
    return this.given["after"] === null ? [] : [keysetSql(this.shown.entity, orderTerms(this.shown.entity, this.given, this.alias, this.read), 0, false, this.read)];
  }

  cursor(alias: string): string {
    return cursorSql(this.shown.entity, orderTerms(this.shown.entity, this.given, alias, this.read).map((term) => term.sql), 0, this.read);
  }

  /** The feature of a row, and the joins that make it. */
  feature(alias: string, names: readonly string[], crs: Crs): { value: string; joins: string } {
    const pair = (key: string, value: string): Pair => ({ key, aliased: false, value });
    const properties = rowObject(this.shown.properties.filter(([name]) => names.includes(name)).map(([name, field]) => pair(name, valueSql(name, field, alias, this.read))), this.read);
    const made = rowObject([pair("type", "'Feature'::text"), pair("id", `${literal(this.shown.entity.prefix)} || ${alias}.id`), pair("geometry", geoJsonSql(this.place(alias, crs), crs, this.digits(crs))), pair("properties", properties.record ?? properties.value)], this.read);
    return { value: `${made.value}::text`, joins: properties.joins + made.joins };
  }

  async send(pool: Pool, written: string): Promise<Record<string, unknown>[]> {
    const { text, bind, replan } = this.read.finished(written);
    return (await sendRead(pool, { text, values: bind({ actor: this.actor, instant: this.instant, args: [this.given] }), replan })).rows;
  }
}

/** What a cursor is bound to beside the order: a page of another question is none of this one. */
const questionOf = ({ filter, filterCrs, box, time, asOf }: ItemsAsked, { collection }: Shown) => [collection.id, filter ? printText(filter) : null, filter ? filterCrs.uri : null, box ? { ...box, crs: box.crs.uri } : null, time ?? null, asOf];

/** A page of features in their natural order or the one asked for, walked by keyset at the instant of page one. */
export async function itemsPage(door: Door, actor: Actor, shown: Shown, asked: ItemsAsked): Promise<ItemsPage> {
  const sql = new CollectionSql(shown, actor, await instantOf(door, asked.asOf, asked.cursor), door.hints, { ...asked, filter: questionOf(asked, shown) });
  const { read, alias } = sql;
  const conditions = sql.conditions(asked, await storedShapes(door.pool, asked.filter, asked.filterCrs));
  const outer = read.alias();
  const limit = read.param("integer", () => asked.limit);
  const counted = asked.cursor === null ? `(select count(*) from (select 1 from ${sql.from()} where ${conditions.join(" and ")} limit ${COUNT_BOUND + 1}) counted)` : "null::bigint";
  const found = `(select ${alias}.* from ${sql.from()} where ${[...conditions, ...sql.seek()].join(" and ")} order by ${sql.orderBy()} limit ${limit} + 1) ${outer}`;
  const page = shown.geometry.spread ? withinPositions(found, outer, sql.geometry(outer)) : found;
  const feature = sql.feature(outer, asked.properties, asked.crs);
  const rows = await sql.send(door.pool, `select ${feature.value} as feature, least(7, ${sql.digits(asked.crs)}) as digits, case when row_number() over () = ${limit} then ${sql.cursor(outer)} end as next, ${counted} as matched from ${page}${feature.joins}`);
  const more = rows.length > asked.limit;
  const matched = rows.length === 0 ? (asked.cursor === null ? 0 : null) : rows[0]!["matched"];
  return {
    features: await inTurns(rows.slice(0, asked.limit), (row) => inDatum(row, asked.crs)),
    next: more ? (rows[asked.limit - 1]!["next"] as string) : null,
    matched: matched === null || Number(matched) > COUNT_BOUND ? undefined : Number(matched),
  };
}

/** One feature by its global id. Fault: NOT_FOUND where there is none the caller may see. */
export async function itemOf(door: Door, actor: Actor, shown: Shown, id: string, { crs, asOf }: Pick<ItemsAsked, "crs" | "asOf">): Promise<string> {
  const uuid = uuidOf(id, shown.entity);
  if (!uuid) throw new Fault("NOT_FOUND", { id: id.slice(0, 80) });
  const sql = new CollectionSql(shown, actor, await instantOf(door, asOf, null), door.hints, { sortby: [], cursor: null, filter: null });
  const key = sql.read.param("uuid", () => uuid);
  const feature = sql.feature(sql.alias, shown.properties.map(([name]) => name), crs);
  const [row] = await sql.send(door.pool, `select ${feature.value} as feature, least(7, ${sql.digits(crs)}) as digits from ${sql.read.source(shown.entity, sql.alias)}${feature.joins} where ${[`${sql.alias}.id = ${key}`, ...sql.base()].join(" and ")}`);
  if (!row) throw new Fault("NOT_FOUND", { id });
  return inDatum(row, crs);
}

/** A page as FlatGeobuf, made by the database; columns of lists and of decimals become text and numbers. */
export async function flatGeobufPage(door: Door, actor: Actor, shown: Shown, asked: ItemsAsked): Promise<{ bytes: Buffer | null; count: number; next: string | null }> {
  if (asked.crs.flipped || asked.crs.datum) throw new Fault("INVALID_INPUT", { field: "crs", rule: "FlatGeobuf: CRS84, EPSG:3857" });
  const sql = new CollectionSql(shown, actor, await instantOf(door, asked.asOf, asked.cursor), door.hints, { ...asked, filter: questionOf(asked, shown) });
  const { read, alias } = sql;
  const conditions = sql.conditions(asked, await storedShapes(door.pool, asked.filter, asked.filterCrs));
  const limit = read.param("integer", () => asked.limit);
  const columns = shown.properties.filter(([name]) => asked.properties.includes(name)).map(([name, field]) => `${columnSql(name, field, "page", read)} as "${name}"`);
  const given = sql.place("page", asked.crs);
  // One kind of geometry a file: areas are all of several parts, and one that the digits make a point is the square they leave open.
  const alike = shown.collection.kinds.includes("Point") ? given : `st_multi(case when st_dimension(${given}) = 2 then ${given} else st_expand(${given}, power(10::float8, -${sql.digits(asked.crs)}) / 2) end)`;
  const moved = asked.crs.plane ? `st_transform(${alike}, ${asked.crs.srid})` : `st_setsrid(${alike}, 4326)`;
  const [row] = await sql.send(
    door.pool,
    `with page as materialized (select ${alias}.* from ${sql.from()} where ${[...conditions, ...sql.seek()].join(" and ")} order by ${sql.orderBy()} limit ${limit} + 1),
     numbered as (select ${[`${literal(shown.entity.prefix)} || page.id as id`, ...columns].join(", ")}, ${moved} as geometry, ${sql.cursor("page")} as next, row_number() over () as n from page)
     select (select st_asflatgeobuf(kept, false, 'geometry') from (select ${['"id"', ...shown.properties.filter(([name]) => asked.properties.includes(name)).map(([name]) => `"${name}"`), "geometry"].join(", ")} from numbered where n <= ${limit}) kept) as bytes,
       (select count(*) from numbered where n <= ${limit}) as count, (select next from numbered where n = ${limit} and exists (select from numbered where n > ${limit})) as next`,
  );
  return { bytes: row!["bytes"] as Buffer | null, count: Number(row!["count"]), next: row!["next"] as string | null };
}

function columnSql(name: string, field: Field, alias: string, read: ReadSql): string {
  const sql = fieldSql(name, field, alias, read);
  return field.kind === "textList" ? `array_to_string(${sql}, ',')` : field.kind === "decimal" ? `${sql}::double precision` : field.kind === "date" ? `${sql}::text` : sql;
}

function inDatum(row: Record<string, unknown>, { datum }: Crs): string {
  const feature = row["feature"] as string;
  if (!datum) return feature;
  const parsed = JSON.parse(feature) as { geometry: Shape };
  return JSON.stringify({ ...parsed, geometry: shifted(parsed.geometry, datum, Number(row["digits"])) });
}

/** Rows that are at some time of a span; those of no known time are of any. Ends are half-open. */
function timeSql({ from, to }: Span, { entity, time }: Shown, alias: string, read: ReadSql): string {
  const bound = (instant: string) => read.param("timestamptz", () => instant);
  const at = (name: string) => {
    const field = entity.fields[name]!;
    const sql = fieldSql(name, field, alias, read);
    return { field, sql: field.kind === "date" ? `(${sql}::timestamp at time zone 'Asia/Shanghai')` : sql };
  };
  const [first, last] = time!;
  const begins = at(first);
  if (last === undefined) {
    const parts = to === null ? [] : [`${begins.sql} <= ${bound(to)}`];
    // A day lasts until the next begins.
    if (from !== null) parts.push(begins.field.kind === "date" ? `${begins.sql} + interval '1 day' > ${bound(from)}` : `${begins.sql} >= ${bound(from)}`);
    return begins.field.nullable ? `(${begins.sql} is null or (${parts.join(" and ")}))` : parts.join(" and ");
  }
  const ends = at(last);
  return [
    ...(to !== null ? [`(${begins.sql} is null or ${begins.sql} <= ${bound(to)})`] : []),
    ...(from !== null ? [`(${ends.sql} is null or ${ends.sql} > ${bound(from)})`] : []),
  ].join(" and ");
}
