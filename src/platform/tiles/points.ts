import { ALL_DIGITS } from "../read/drawing.js";
import { conditionSql, digitsSql, framed, inReach, levelSql, numberColumn, placeSql, propertiesOf, rankOf, unitsSql, type Making, type Property } from "./rows.js";

/** Units around a tile that single points are drawn in as well, so that a symbol is not cut at the edge. */
export const POINT_MARGIN = 128;
/** Side of the cells points are gathered in. A ring of whole cells around the tile is looked at: a neighbour draws the same. */
export const CELL = 256;
const CELL_BITS = Math.log2(CELL);
/** Single features of a layer in a tile; beyond it the lowest are gathered first. */
export const MOST_FEATURES = 5_000;

/** Rows of features: `id`, `x`, `y` (or `geom`), `rank`, then properties. */
export interface Features {
  rows: string;
  properties: readonly Pick<Property, "name" | "type">[];
}

/** The point that is laid on the square; shifted once and not wherever it is named. */
const placedSql = (making: Making, alias: string) => (making.shifted ? `select gcj02_point(${placeSql(making, alias)}) as place offset 0` : `select ${placeSql(making, alias)} as place`);

/** Every row as a feature of its own: one more than may be, so that it shows when there are too many. */
export function singles(making: Making): Features {
  const { layer, read } = making;
  const entity = layer.entity();
  const [row, at] = [read.alias(), read.alias()];
  const source = read.source(entity, row);
  read.forget();
  const properties = propertiesOf(making);
  const { x, y } = unitsSql(making, "p.place");
  // The box of degrees is that of the tile with its margin; only where positions are shifted or made coarse it is wider.
  const within = inReach(`${at}.x`, `${at}.y`, POINT_MARGIN);
  const reached = making.shifted ? ` and ${within}` : ` and (${digitsSql(read)} >= ${ALL_DIGITS} or (${within}))`;
  // What ranks a row may take several looks elsewhere: they are made once, and the rank is read off what they found.
  const ranking = properties.find(({ name }) => name === layer.level?.field);
  const rows = `select f.*, ${rankOf(making, "f.ranked")} as rank${ranking ? `, f.ranked as "${ranking.name}"` : ""} from (
    select ${row}.${numberColumn(entity)} as id, ${at}.x::integer as x, ${at}.y::integer as y, ${levelSql(making, row)} as ranked${properties.filter((property) => property !== ranking).map((property) => `, ${property.sql(row)} as "${property.name}"`).join("")}
    from ${source} cross join lateral (select ${x} as x, ${y} as y from (${placedSql(making, row)}) p) ${at}
    where ${conditionSql(making, row)}${reached} limit ${MOST_FEATURES + 1}) f`;
  return { rows, properties };
}

/** The count of members of a level. */
export const countOf = (value: string) => `count_${value}`;

/** What is told of rows gathered by their `rank`: how many there are, the highest level, and the count of each. */
export const tallyOf = (levels: readonly string[]) => [
  { name: "count", type: "integer", sql: "count(*)::integer" },
  { name: "highestLevel", type: "text", sql: levels.length > 0 ? `case min(rank) ${levels.map((value, place) => `when ${place} then '${value}'`).join(" ")} end` : "null::text" },
  ...levels.map((value, place) => ({ name: countOf(value), type: "integer", sql: `nullif(count(*) filter (where rank = ${place}), 0)::integer` }) as const),
] as const satisfies readonly (Pick<Property, "name" | "type"> & { sql: string })[];

/**
 * Rows gathered by cells that divide the tile; those of the levels never gathered, the first `room` by level, and such
 * as are alone in their cell stay features of their own. Every row is in exactly one feature of exactly one tile, copies aside.
 */
export function gathered(making: Making, room: number): Features {
  const { layer, read } = making;
  const entity = layer.entity();
  const levels = layer.level?.values ?? [];
  const alone = levels.flatMap((value, at) => (layer.level!.alone.includes(value) ? [at] : []));
  const [row, at, shown] = [read.alias(), read.alias(), read.alias()];
  // The rows' own table is looked at a second time, by key: that depends on no more than the first look does.
  const [source, again] = [read.source(entity, row), read.source(entity, shown)];
  read.forget();
  const { x, y } = unitsSql(making, "p.place");
  const properties = propertiesOf(making);
  // Not flattened: each row's place and level are computed once, however often they are looked at.
  const found = `select *, ${rankOf(making, "ranked")} as rank from (
    select ${row}.id as key, ${row}.${numberColumn(entity)} as id, ${at}.x::integer as x, ${at}.y::integer as y, ${levelSql(making, row)} as ranked
    from ${source} cross join lateral (select ${x} as x, ${y} as y from (${placedSql(making, row)}) p) ${at}
    where ${conditionSql(making, row)} offset 0) f where ${inReach("x", "y", CELL)}`;
  const kept = alone.length > 0 ? `rank in (${alone.join(", ")})` : "false";
  const single = room > 0 ? `${kept} or row_number() over (order by rank, id) <= ${room}` : kept;
  const ofCells = tallyOf(levels);
  const columns = (list: readonly string[]) => list.map((sql) => `, ${sql}`).join("");
  const rows = `with found as materialized (${found}), numbered as materialized (select *, ${single} as single from found),
    cells as (
      select x >> ${CELL_BITS} as i, y >> ${CELL_BITS} as j, min(id) as first, floor(sum(x)::double precision / count(*))::integer as x, floor(sum(y)::double precision / count(*))::integer as y, min(rank) as rank${columns(ofCells.map(({ name, sql }) => `${sql} as "${name}"`))}
      from numbered where not single group by 1, 2),
    lone as (select * from numbered where single union all select n.* from cells c join numbered n on n.id = c.first where c.count = 1)
    select l.id, l.x, l.y, l.rank${columns(properties.map(({ name, sql }) => `${name === layer.level?.field ? "l.ranked" : sql(shown)} as "${name}"`))}${columns(ofCells.map(({ name, type }) => `null::${type} as "${name}"`))}
    from lone l join ${again} on ${shown}.id = l.key where ${inReach("l.x", "l.y", POINT_MARGIN)}
    union all
    select ${cellNumber(making)}, c.x, c.y, c.rank${columns(properties.map(({ type }) => `null::${type}`))}${columns(ofCells.map(({ name }) => `c."${name}"`))}
    from cells c where c.count > 1`;
  return { rows, properties: [...properties, ...ofCells] };
}

/** The number of a cell: the same in every tile that draws it, above those of rows and below 2^53. */
function cellNumber({ read }: Making): string {
  const part = (from: string, cell: string) => `mod((${from} / ${CELL})::bigint + ${cell}, ${2 ** 23})`;
  return `${2 ** 52} + ${framed("zoom", read)}::bigint * ${2 ** 46} + ${part(framed("left", read), "c.i")} * ${2 ** 23} + ${part(framed("top", read), "c.j")}`;
}
