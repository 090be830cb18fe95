/** GeoJSON geometries as they come in (RFC 7946, without heights): checked here, once, with the place of what is wrong. */
export const geometryTypes = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"] as const;
export type GeometryType = (typeof geometryTypes)[number];

/** A geometry that was checked. */
export interface CheckedGeometry {
  readonly type: GeometryType;
  readonly coordinates: unknown;
}

/** What is wrong with a geometry, and where in it; the rule says what would be right. */
export class GeometryFault extends Error {
  override readonly name = "GeometryFault";
  constructor(
    readonly rule: string,
    readonly at: string,
  ) {
    super(`${at}: ${rule}`);
  }
}

/** Vertices of one geometry; a detailed county has four thousand. */
export const MAX_VERTICES = 50_000;

/** How deep positions lie in the coordinates of a type. */
const DEPTH: Readonly<Record<GeometryType, number>> = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 };

/** Positions of a ring: four by RFC 7946. Files hold closed rings of three, out and back, which a boundary is mended of. */
type RingLength = 3 | 4;

interface Count {
  vertices: number;
  ring: RingLength;
}

/** Checks type, positions, range, closure and number of vertices; further members are dropped. Throws {@link GeometryFault}. */
export function checkGeometry(told: unknown, allowed: readonly GeometryType[] = geometryTypes, ring: RingLength = 4): CheckedGeometry {
  const refuse = (rule: string, at = "geometry"): never => {
    throw new GeometryFault(rule, at);
  };
  if (typeof told === "string") return refuse("须为对象而非文本 / an object, not text");
  if (typeof told !== "object" || told === null || Array.isArray(told)) return refuse("须为 GeoJSON 几何对象 / a GeoJSON geometry object");
  const { type, coordinates, crs } = told as { type?: unknown; coordinates?: unknown; crs?: unknown };
  if (type === "Feature" || type === "FeatureCollection") return refuse("须为几何;要素请取其 geometry / a geometry; of a Feature send its geometry", "type");
  if (type === "GeometryCollection") return refuse("不接受 GeometryCollection / no GeometryCollection", "type");
  if (!(allowed as readonly unknown[]).includes(type)) return refuse(`类型须为 ${allowed.join("、")} / type is one of ${allowed.join(", ")}`, "type");
  if (crs !== undefined && crs !== null) return refuse("RFC 7946 无 crs 成员;坐标基准以参数声明 / RFC 7946 has no crs member; state the datum by its argument", "crs");
  const kind = type as GeometryType;
  const count: Count = { vertices: 0, ring };
  return { type: kind, coordinates: nested(coordinates, DEPTH[kind], kind, "coordinates", count) };
}

function nested(told: unknown, depth: number, type: GeometryType, at: string, count: Count): unknown {
  if (depth === 0) return position(told, at, count);
  if (!Array.isArray(told) || told.length === 0) throw new GeometryFault("须为非空数组 / an array that is not empty", at);
  const parts = told.map((part, index) => nested(part, depth - 1, type, `${at}[${index}]`, count));
  if (depth === 1) checkLine(parts as number[][], type, at, count.ring);
  return parts;
}

/** A line has two positions at least; a ring four, and ends where it began. */
function checkLine(positions: readonly number[][], type: GeometryType, at: string, ring: RingLength): void {
  if (type === "LineString" || type === "MultiLineString") {
    if (positions.length < 2) throw new GeometryFault("线至少两个点 / a line has at least two positions", at);
  } else if (type === "Polygon" || type === "MultiPolygon") {
    if (positions.length < ring) throw new GeometryFault("环至少四个点(首尾相同) / a ring has at least four positions, the last the same as the first", at);
    const [first, last] = [positions[0]!, positions.at(-1)!];
    if (first[0] !== last[0] || first[1] !== last[1]) throw new GeometryFault("环须闭合:末点同首点 / a ring is closed: its last position is its first", at);
  }
}

function position(told: unknown, at: string, count: Count): [number, number] {
  if (!Array.isArray(told) || told.length !== 2 || !told.every((part) => typeof part === "number" && Number.isFinite(part))) throw new GeometryFault("须为 [经度, 纬度] 两个有限数 / [lon, lat], two finite numbers", at);
  const [lon, lat] = told as [number, number];
  if (Math.abs(lon) > 180 || Math.abs(lat) > 90) {
    const swapped = Math.abs(lat) <= 180 && Math.abs(lon) <= 90;
    throw new GeometryFault(swapped ? "经纬度似颠倒:经度在前 / longitude and latitude look exchanged: longitude comes first" : "经度 -180 至 180,纬度 -90 至 90 / lon within 180, lat within 90", at);
  }
  count.vertices += 1;
  if (count.vertices > MAX_VERTICES) throw new GeometryFault(`至多 ${MAX_VERTICES} 个点 / at most ${MAX_VERTICES} positions`, at);
  return [lon, lat];
}

/** Number of positions of a checked geometry. */
export const verticesOf = ({ type, coordinates }: CheckedGeometry): number => (DEPTH[type] === 0 ? 1 : (coordinates as unknown[]).flat(DEPTH[type] - 1).length);
