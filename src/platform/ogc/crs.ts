import { fromCgcs2000, toCgcs2000, type Datum } from "../coordinates.js";
import type { Position, Shape } from "../cql2/tree.js";
import type { Description } from "../entity/entity.js";
import { Fault } from "../fault.js";

/** A coordinate reference system one may ask in and be answered in. */
export interface Crs extends Description {
  uri: string;
  /** The value of Crs that policies on coordinates name it by. */
  name: string;
  /** As PostGIS knows it: x before y, longitude before latitude. */
  srid: number;
  /** The authority puts y before x: coordinates enter and leave in that order. */
  flipped: boolean;
  /** Degrees shifted by a rule no authority publishes; converted vertex by vertex in code. */
  datum?: Datum;
  /** Metres on a plane. Positions outside these bounds (x, y) are refused. */
  plane?: readonly [west: number, south: number, east: number, north: number];
}

const epsg = (code: number) => `http://www.opengis.net/def/crs/EPSG/0/${code}`;
const MERCATOR = 20_037_508.342789244;

export const CRS84: Crs = { uri: "http://www.opengis.net/def/crs/OGC/1.3/CRS84", name: "CRS84", srid: 4490, flipped: false, zh: "WGS 84,经度在前", en: "WGS 84, longitude first" };
/** How rows are stored; asked for by this name, latitude comes first. */
export const STORED: Crs = { uri: epsg(4490), name: "EPSG4490", srid: 4490, flipped: true, zh: "CGCS2000,纬度在前", en: "CGCS2000, latitude first" };

/** CGCS2000 / Gauss-Krueger of three degrees: 4513-4533 with the zone (25-45) before the easting, 4534-4554 without, by central meridian 75-135. Northing comes first. */
function gaussKrueger(): Crs[] {
  return Array.from({ length: 21 }, (_, index) => index).flatMap((index): Crs[] => {
    const meridian = 75 + 3 * index;
    const zone = 25 + index;
    const text = (more: string) => ({ zh: `CGCS2000 三度带高斯-克吕格,中央经线 ${meridian}°${more && `,带号 ${zone}`},北坐标在前`, en: `CGCS2000 / 3-degree Gauss-Kruger, central meridian ${meridian}E${more}, northing first` });
    return [
      { uri: epsg(4534 + index), name: `GK_${meridian}E`, srid: 4534 + index, flipped: true, plane: [0, 0, 1_000_000, 7_000_000], ...text("") },
      { uri: epsg(4513 + index), name: `GK_${meridian}E`, srid: 4513 + index, flipped: true, plane: [zone * 1_000_000, 0, (zone + 1) * 1_000_000, 7_000_000], ...text(`, zone ${zone}`) },
    ];
  });
}

export const systems: readonly Crs[] = [
  CRS84,
  STORED,
  // CGCS2000 and WGS 84 differ by at most 0.11 mm as figures of the earth; PROJ changes no digit between them.
  { uri: epsg(4326), name: "WGS84", srid: 4490, flipped: true, zh: "WGS 84,纬度在前", en: "WGS 84, latitude first" },
  { uri: epsg(3857), name: "WEB_MERCATOR", srid: 3857, flipped: false, plane: [-MERCATOR, -MERCATOR, MERCATOR, MERCATOR], zh: "Web 墨卡托", en: "web Mercator" },
  ...gaussKrueger(),
  { uri: "urn:x-yitu:def:crs:GCJ02", name: "GCJ02", srid: 4490, flipped: false, datum: "GCJ02", zh: "GCJ-02(高德、腾讯),经度在前", en: "GCJ-02 (AMap, Tencent), longitude first" },
  { uri: "urn:x-yitu:def:crs:BD09", name: "BD09", srid: 4490, flipped: false, datum: "BD09", zh: "BD-09(百度),经度在前", en: "BD-09 (Baidu), longitude first" },
];

const byUri = new Map(systems.map((crs) => [crs.uri, crs]));

/** The system a parameter names; CRS84 where it is absent. Fault: INVALID_INPUT for any not offered. */
export function crsNamed(field: string, uri: string | null): Crs {
  if (uri === null) return CRS84;
  const found = byUri.get(uri);
  if (!found) throw new Fault("INVALID_INPUT", { field, rule: "one of the collection's crs / 须为集合 crs 列表之一", actual: uri.slice(0, 100) });
  return found;
}

/** A position as x, y, in range. */
export function ordered(field: string, [first, second]: Position, crs: Crs): [x: number, y: number] {
  const [x, y] = crs.flipped ? [second!, first!] : [first!, second!];
  const [west, south, east, north] = crs.plane ?? [-180, -90, 180, 90];
  // Clients round the edge of the world outwards.
  const slack = crs.plane ? 1 : 0;
  if (!(x >= west - slack && x <= east + slack && y >= south - slack && y <= north + slack)) {
    const swapped = y >= west && y <= east && x >= south && x <= north;
    throw new Fault("INVALID_INPUT", { field, rule: `${crs.flipped ? `${south}..${north}, ${west}..${east}` : `${west}..${east}, ${south}..${north}`} (${crs.zh} / ${crs.en})${swapped ? ";坐标顺序颠倒? / is the order exchanged?" : ""}`, actual: [first, second] });
  }
  return [x, y];
}

/** Every position of a shape through a function. */
export function mapPositions(shape: Shape, convert: (position: Position) => Position): Shape {
  if (shape.type === "GeometryCollection") return { type: shape.type, geometries: shape.geometries.map((part) => mapPositions(part, convert)) };
  const nested = (value: unknown): unknown => (typeof (value as unknown[])[0] === "number" ? convert(value as Position) : (value as unknown[]).map(nested));
  return { type: shape.type, coordinates: nested(shape.coordinates) } as Shape;
}

/** A position in degrees of any datum as stored: longitude, latitude of CGCS2000. Only for systems of degrees. */
export const toDegrees = (field: string, position: Position, crs: Crs): [number, number] => {
  const lonLat = ordered(field, position, crs);
  return crs.datum ? toCgcs2000(lonLat, crs.datum) : lonLat;
};

/** SQL of a geometry as the caller is given it, as GeoJSON in a system; a datum's shift is put on by `shifted`. */
export function geoJsonSql(sql: string, crs: Crs, digits: string): string {
  const moved = crs.plane ? `st_transform(${sql}, ${crs.srid})` : sql;
  return `st_asgeojson(${crs.flipped ? `st_flipcoordinates(${moved})` : moved}, ${crs.plane ? 3 : `least(7, ${digits})`}, 0)::json`;
}

/** A shape read from a row, in a datum: what SQL cannot convert. */
export const shifted = (shape: Shape, datum: Datum, digits: number): Shape =>
  mapPositions(shape, ([lon, lat, ...rest]) => [...fromCgcs2000([lon!, lat!], datum).map((part) => Math.round(part * 10 ** digits) / 10 ** digits), ...rest]);
