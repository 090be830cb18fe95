import type { Position, Shape } from "../cql2/tree.js";
import { Fault } from "../fault.js";
import type { KnownPlace } from "../read/known-place.js";
import { intersectingSql } from "../read/spatial.js";
import type { ReadSql } from "../read/read-sql.js";
import { mapPositions, ordered, toDegrees, type Crs } from "./crs.js";

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

type Edges = Omit<Box, "crs">;
/** What a box is drawn as: one without width or height is a line, one without either a point. */
type Part = { type: "Point"; coordinates: Position } | { type: "LineString"; coordinates: Position[] } | { type: "Polygon"; coordinates: Position[][] };

const dimensionOf = ({ west, south, east, north }: Edges) => (west < east ? 1 : 0) + (south < north ? 1 : 0);

/** The way along corners, each leg in steps. */
const along = (corners: readonly Position[], steps: number): Position[] => [
  ...corners.slice(1).flatMap(([x, y], index) => {
    const [fromX, fromY] = corners[index] as [number, number];
    return Array.from({ length: steps }, (_, step) => [fromX + ((x! - fromX) * step) / steps, fromY + ((y! - fromY) * step) / steps]);
  }),
  corners.at(-1)!,
];

function drawn(edges: Edges, steps: number): Part {
  const { west, south, east, north } = edges;
  switch (dimensionOf(edges)) {
    case 0:
      return { type: "Point", coordinates: [west, south] };
    case 1:
      return { type: "LineString", coordinates: along([[west, south], [east, north]], steps) };
    default:
      return { type: "Polygon", coordinates: [along([[west, south], [east, south], [east, north], [west, north], [west, south]], steps)] };
  }
}

/** The two halves of a box over the antimeridian as one; a half that is but the edge of the other goes with it. */
function joined(parts: readonly Part[]): Shape {
  const of = <T extends Part["type"]>(type: T) => parts.flatMap((part) => (part.type === type ? [part.coordinates as Extract<Part, { type: T }>["coordinates"]] : []));
  const [polygons, lines] = [of("Polygon"), of("LineString")];
  return polygons.length > 0 ? { type: "MultiPolygon", coordinates: polygons } : lines.length > 0 ? { type: "MultiLineString", coordinates: lines } : { type: "MultiPoint", coordinates: of("Point") };
}

const halves = ({ west, south, east, north }: Edges): Edges[] => [{ west, south, east: 180, north }, { west: -180, south, east, north }];

/** A box as a shape in stored degrees; in the plane's own metres, x before y, where the system is a plane. */
export function boxShape(field: string, box: Box): Shape {
  const { crs, west, east } = box;
  const steps = crs.plane || crs.datum ? STEPS : 1;
  const shape = west > east ? joined(halves(box).map((half) => drawn(half, steps))) : drawn(box, steps);
  return crs.datum ? mapPositions(shape, (position) => toDegrees(field, position, crs)) : shape;
}

/** Rows whose place meets a box. */
export function boxSql(field: string, box: Box, place: KnownPlace, read: ReadSql): string {
  const { crs, west, south, east, north } = box;
  const value = (edge: number) => read.param("double precision", () => edge);
  /** An envelope without width or height is no sound polygon. */
  const envelope = (edges: Edges): string => {
    const corner = (x: number, y: number) => `st_makepoint(${value(x)}, ${value(y)})`;
    const dimension = dimensionOf(edges);
    if (dimension === 2) return `st_makeenvelope(${[edges.west, edges.south, edges.east, edges.north].map(value).join(", ")}, ${crs.srid})`;
    return `st_setsrid(${dimension === 0 ? corner(edges.west, edges.south) : `st_makeline(${corner(edges.west, edges.south)}, ${corner(edges.east, edges.north)})`}, ${crs.srid})`;
  };
  if (crs.plane) {
    // The index knows degrees; which rows of those near are inside, the plane knows.
    const around = `st_expand(st_transform(st_segmentize(${envelope(box)}, greatest(1, ${value(Math.max(east - west, north - south) / STEPS)})), 4490), 0.001)`;
    return `(${place.near(around)} and st_intersects(st_transform(${place.sql}, ${crs.srid}), ${envelope(box)}))`;
  }
  if (crs.datum) return intersectingSql(place, `st_setsrid(st_geomfromgeojson(${read.param("text", () => JSON.stringify(boxShape(field, box)))}), 4490)`);
  const parts = west <= east ? [{ west, south, east, north }] : halves(box);
  return `(${parts.map((part) => intersectingSql(place, envelope(part))).join(" or ")})`;
}
