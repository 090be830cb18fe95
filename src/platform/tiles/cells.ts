import { AREA_MARGIN } from "./areas.js";
import type { CellShape } from "./map-layer.js";
import { frameOf, type Address } from "./matrix.js";
import { tallyOf, type Features } from "./points.js";
import { boxSql, conditionSql, framed, inReach, placeSql, rankSql, unitsSql, type Making } from "./rows.js";

/**
 * Grids are cut on one plane for the whole earth: the cylinder of equal area that is true at 30 degrees (radius of the
 * sphere of the same surface). A cell has the same area on the ground wherever it lies, to within half a percent, though
 * Mercator draws it larger in the north; its sides are true at 30 degrees, and at 45 a square is a fifth wider and lower.
 */
const RADIUS = 6_371_007.181;
const TRUE = Math.sqrt(3) / 2;
const METRES_A_DEGREE = (RADIUS * Math.PI) / 180;

const planeX = (lon: string) => `(${lon}) * ${METRES_A_DEGREE * TRUE}`;
const planeY = (lat: string) => `sin(radians(${lat})) * ${RADIUS / TRUE}`;
const lonOf = (x: string) => `(${x}) / ${METRES_A_DEGREE * TRUE}`;
const latOf = (y: string, most: number) => `greatest(-${most}, least(${most}, degrees(asin(greatest(-1, least(1, (${y}) * ${TRUE / RADIUS}))))))`;

/** Zoom at which a square is a hundred metres wide; it halves with every zoom, so that four make the one above. */
const HUNDRED_AT = 14;
/** Side of a square, in metres of the plane; a hexagon has the same area. About 21 to the width of a tile, at every zoom. */
export const sideAt = (zoom: number): number => 100 * 2 ** (HUNDRED_AT - zoom);
/** Greatest zoom with cells of its own: fifty metres. */
export const DEEPEST_CELLS = 15;

/** Edge of a hexagon in sides of the square of its area. */
const EDGE = Math.sqrt(2 / (3 * Math.sqrt(3)));

interface Shape {
  /** Columns `i` and `j` of the cell each row of a source with `x` and `y` lies in, beside `rank`. */
  cellsOf: (source: string, side: string) => string;
  /** The middle of cell `i`, `j`. */
  middle: (side: string) => readonly [x: string, y: string];
  /** Corners from the middle, in sides. */
  corners: readonly (readonly [x: number, y: number])[];
}

const SHAPES: Readonly<Record<CellShape, Shape>> = {
  SQUARE: {
    cellsOf: (source, side) => `select floor(x / ${side})::integer as i, floor(y / ${side})::integer as j, rank from ${source}`,
    middle: (side) => [`(i + 0.5) * ${side}`, `(j + 0.5) * ${side}`],
    corners: [[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]],
  },
  // Of three axes, what is furthest from a whole number is made to fit the other two: the hexagon of the nearest middle.
  HEXAGON: {
    cellsOf: (source, side) => `select q as i, r + (q - (q & 1)) / 2 as j, rank from (
      select (case when dq > dr and dq > ds then -rr - rs else rq end)::integer as q, (case when (dq <= dr or dq <= ds) and dr > ds then -rq - rs else rr end)::integer as r, rank from (
        select rq, rr, rs, abs(rq - q) as dq, abs(rr - r) as dr, abs(rs + q + r) as ds, rank from (
          select q, r, round(q) as rq, round(r) as rr, round(-q - r) as rs, rank from (
            select x * 2 / 3 / (${EDGE} * ${side}) as q, (y * ${Math.sqrt(3) / 3} - x / 3) / (${EDGE} * ${side}) as r, rank from ${source} offset 0) a offset 0) b offset 0) c offset 0) d`,
    middle: (side) => [`i * ${1.5 * EDGE} * ${side}`, `(j + (i & 1) / 2.0) * ${Math.sqrt(3) * EDGE} * ${side}`],
    corners: [0, 1, 2, 3, 4, 5].map((at) => [Math.cos((at * Math.PI) / 3) * EDGE, Math.sin((at * Math.PI) / 3) * EDGE] as const),
  },
};

/** Degrees beyond a tile within which rows of the cells that reach into it can lie. */
export function reachOfCells(address: Address): number {
  const { north, south } = frameOf(address, AREA_MARGIN);
  const furthest = (Math.min(84, Math.max(Math.abs(north), Math.abs(south))) * Math.PI) / 180;
  return (1.5 * sideAt(address.z)) / METRES_A_DEGREE / Math.cos(furthest);
}

/** Properties of a cell beside its counts. */
export const CELL_FIELDS = {
  cell: "格号:边长(等积方格,米)、列、行,各瓦片、各坐标系相同 / the cell: side of the square of its area in metres, column, row; the same in every tile and system",
  areaKm2: "面积,平方千米,处处相等(误差半个百分点) / area in km2, the same everywhere to within half a percent",
} as const;

/**
 * Rows gathered by the cells of a grid that reach into the tile, whole: how many of each level, and the highest. A cell is
 * told of by the tile its middle lies in and marked a copy elsewhere, so that sums over tiles are those of the rows. Cells are
 * cut of places as the caller is given them, before any shift: the same rows in the same cell in every system.
 */
export function cells(making: Making, shape: CellShape): Features {
  const { layer, matrix, shifted, read } = making;
  const entity = layer.entity();
  const row = read.alias();
  const source = read.source(entity, row, "set");
  read.forget();
  const { cellsOf, middle, corners } = SHAPES[shape];
  const side = `(100 * 2::double precision ^ (${HUNDRED_AT} - ${framed("zoom", read)}))`;
  // Mercator has no place for the poles.
  const most = matrix.mercator ? 85.05 : 90;
  const [x, y] = middle(side);
  const point = (dx: number, dy: number) => `st_makepoint(${lonOf(`mx + ${dx} * ${side}`)}, ${latOf(`my + ${dy} * ${side}`, most)})`;
  const ring = [...corners, corners[0]!].map(([dx, dy]) => point(dx, dy));
  const laid = (geometry: string) => (shifted ? `gcj02(st_setsrid(${geometry}, 4490))` : `st_setsrid(${geometry}, 4490)`);
  const at = unitsSql(making, "middle");
  const tally = tallyOf(layer.level?.values ?? []);
  const rows = `with found as materialized (
      select ${planeX("st_x(place)")} as x, ${planeY("st_y(place)")} as y, rank from (select ${placeSql(making, row)} as place, ${rankSql(making, row)} as rank from ${source} where ${conditionSql(making, row)} offset 0) p),
    counted as (select i, j, min(rank) as rank, ${tally.map(({ name, sql }) => `${sql} as "${name}"`).join(", ")} from (${cellsOf("found", side)}) c group by i, j),
    drawn as (select *, ${laid(`st_makepolygon(st_makeline(array[${ring.join(", ")}]))`)} as shape, ${laid(point(0, 0))} as middle from (select *, ${x} as mx, ${y} as my from counted offset 0) m)
    select * from (
      select ${framed("zoom", read)}::bigint * ${2 ** 44} + (i + ${2 ** 21})::bigint * ${2 ** 22} + (j + ${2 ** 21}) as id, tile_area(shape, false, ${matrix.mercator}, ${framed("scale", read)}, ${framed("left", read)}, ${framed("top", read)}, ${boxSql(read)}, ${AREA_MARGIN}) as geom, rank,
        concat(${side}, ':', i, ':', j) as cell, ${side} ^ 2 / 1e6 as "areaKm2", ${tally.map(({ name }) => `"${name}"`).join(", ")}, case when not (${inReach(at.x, at.y, 0)}) then true end as copy
      from drawn) cut where geom is not null`;
  return {
    rows,
    properties: [{ name: "cell", type: "text" }, { name: "areaKm2", type: "double precision" }, ...tally, { name: "copy", type: "boolean" }],
  };
}
