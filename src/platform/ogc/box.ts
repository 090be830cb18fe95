import type { Position, Shape } from "../cql2/tree.js";
import { Fault } from "../fault.js";
import type { ReadSql } from "../read/read-sql.js";
import { ordered, toDegrees, type Crs } from "./crs.js";

/** A box by its edges (x, y) in a system. West beyond east crosses the antimeridian. */
export interface Box {
  crs: Crs;
  west: number;
  south: number;
  east: number;
  north: number;
}

/** Four edges, or six with heights, which no row has; in the axis order of the system. */
export function boxOf(field: string, numbers: readonly number[], crs: Crs): Box {
  const rule = "四个数,或含高程的六个数,按坐标系的轴序;南不大于北 / four numbers, or six with heights, in the axis order of the system; south at most north";
  const wrong = () => new Fault("INVALID_INPUT", { field, rule });
  if ((numbers.length !== 4 && numbers.length !== 6) || !numbers.every(Number.isFinite)) throw wrong();
  const half = numbers.length / 2;
  if (half === 3 && numbers[2]! > numbers[5]!) throw wrong();
  const [west, south] = ordered(field, numbers.slice(0, 2), crs);
  const [east, north] = ordered(field, numbers.slice(half, half + 2), crs);
  if (south > north || (crs.plane && west > east)) throw wrong();
  return { crs, west, south, east, north };
}

/** Steps along an edge: enough that a straight edge follows the curve it is in degrees. */
const STEPS = 64;

/** The rim of a box, in many steps. */
function rim({ west, south, east, north }: Box): number[][] {
  const corners = [[west, south], [east, south], [east, north], [west, north], [west, south]] as const;
  const positions = corners.slice(0, 4).flatMap(([x, y], index) => {
    const [nextX, nextY] = corners[index + 1]!;
    return Array.from({ length: STEPS }, (_, step) => [x + ((nextX - x) * step) / STEPS, y + ((nextY - y) * step) / STEPS]);
  });
  return [...positions, positions[0]!];
}

const ring = ({ west, south, east, north }: Omit<Box, "crs">) => [[west, south], [east, south], [east, north], [west, north], [west, south]];

/** A box as a shape in stored degrees; in the plane's own metres, x before y, where the system is a plane. */
export function boxShape(field: string, box: Box): Shape {
  const { crs, west, east } = box;
  if (crs.plane) return { type: "Polygon", coordinates: [rim(box)] };
  if (west > east) {
    return { type: "MultiPolygon", coordinates: [{ ...box, east: 180 }, { ...box, west: -180 }].map((half) => [degreeRing(field, half)]) };
  }
  return { type: "Polygon", coordinates: [degreeRing(field, box)] };
}

const degreeRing = (field: string, box: Box): Position[] => (box.crs.datum ? rim(box).map((position) => toDegrees(field, position, box.crs)) : ring(box));

/** Rows whose geometry meets a box. */
export function boxSql(field: string, box: Box, geometry: string, read: ReadSql): string {
  const { crs, west, south, east, north } = box;
  const edges = (of: Omit<Box, "crs">) => [of.west, of.south, of.east, of.north].map((edge) => read.param("double precision", () => edge)).join(", ");
  if (crs.plane) {
    const envelope = `st_makeenvelope(${edges(box)}, ${crs.srid})`;
    // The index knows degrees; which rows of those near are inside, the plane knows.
    return `(${geometry} && st_expand(st_transform(st_segmentize(${envelope}, greatest(1, ${read.param("double precision", () => Math.max(east - west, north - south) / STEPS)})), 4490), 0.001) and st_intersects(st_transform(${geometry}, ${crs.srid}), ${envelope}))`;
  }
  if (crs.datum) return `st_intersects(${geometry}, st_setsrid(st_geomfromgeojson(${read.param("text", () => JSON.stringify(boxShape(field, box)))}), 4490))`;
  if (west <= east) return `st_intersects(${geometry}, st_makeenvelope(${edges(box)}, 4490))`;
  const halves = [{ west, south, east: 180, north }, { west: -180, south, east, north }];
  return `(${halves.map((half) => `st_intersects(${geometry}, st_makeenvelope(${edges(half)}, 4490))`).join(" or ")})`;
}
