import gcoordModule from "gcoord";

// The package's types describe its ES build; Node loads the CommonJS one.
const gcoord = gcoordModule as unknown as { transform(point: number[], from: string, to: string): number[]; WGS84: string; GCJ02: string; BD09: string };

/**
 * Where a pair of degrees is measured from. Everything is stored as CGCS2000 (EPSG:4490), longitude before latitude.
 * CGCS2000 and WGS84 differ by at most 0.11 mm as figures of the earth and are treated as one.
 * GCJ02 (高德、腾讯) and BD09 (百度) are shifted by 19-680 m inside a rough box around China.
 */
export const datums = ["CGCS2000", "WGS84", "GCJ02", "BD09"] as const;
export type Datum = (typeof datums)[number];

/** Longitude, latitude, in degrees. */
export type LonLat = readonly [lon: number, lat: number];

export type CoordinateFaultCode = "COORDINATE_INVALID" | "COORDINATE_SWAPPED" | "DATUM_UNKNOWN";

/** A position that cannot be taken as it is; the message says what to do. */
export class CoordinateFault extends Error {
  override readonly name = "CoordinateFault";
  constructor(
    readonly code: CoordinateFaultCode,
    readonly zh: string,
    readonly en: string,
    readonly suggestion: { zh: string; en: string },
  ) {
    super(`${zh} / ${en}`);
  }
}

type Shift = (position: LonLat) => LonLat;

const INVERSE_STEPS = 30;
/** Degrees; about 0.1 mm. */
const CLOSE_ENOUGH = 1e-9;
/** The box of the GCJ-02 algorithm; outside it the shift is zero. */
const box = { west: 72.004, east: 137.8347, south: 0.8293, north: 55.8271 };
/** Mainland, islands and seas, roughly; only used to tell a swapped pair from a foreign place. */
const china = { west: 73, east: 136, south: 3, north: 54 };

function inside(area: typeof box, [lon, lat]: LonLat): boolean {
  return lon >= area.west && lon <= area.east && lat >= area.south && lat <= area.north;
}

/** gcoord changes arrays it is given in place, so it only ever sees a copy. */
function forward(to: "GCJ02" | "BD09"): Shift {
  return ([lon, lat]) => {
    const [x, y] = gcoord.transform([lon, lat], gcoord.WGS84, to === "GCJ02" ? gcoord.GCJ02 : gcoord.BD09) as [number, number];
    return [x, y];
  };
}

/**
 * Undoes a shift by stepping back by the remaining error. The library's own inverse never ends for some positions at
 * the edge of the box, where no position maps to the one given; here the steps are bounded and the nearest one is taken.
 */
function inverse(shift: Shift): Shift {
  return (target) => {
    if (!inside(box, target)) {
      return target;
    }
    let guess: LonLat = target;
    let best: LonLat = target;
    let bestError = Infinity;
    for (let step = 0; step < INVERSE_STEPS; step += 1) {
      const reached = shift(guess);
      const dx = reached[0] - target[0];
      const dy = reached[1] - target[1];
      const error = Math.max(Math.abs(dx), Math.abs(dy));
      if (error < bestError) {
        best = guess;
        bestError = error;
      }
      if (error < CLOSE_ENOUGH) {
        break;
      }
      guess = [guess[0] - dx, guess[1] - dy];
    }
    return best;
  };
}

const same: Shift = (position) => position;
const gcj = forward("GCJ02");
const bd = forward("BD09");
const outOf: Record<Datum, Shift> = { CGCS2000: same, WGS84: same, GCJ02: inverse(gcj), BD09: inverse(bd) };
const into: Record<Datum, Shift> = { CGCS2000: same, WGS84: same, GCJ02: gcj, BD09: bd };

function shiftOf(table: Record<Datum, Shift>, datum: Datum): Shift {
  const shift = Object.hasOwn(table, datum) ? table[datum] : undefined;
  if (!shift) {
    throw new CoordinateFault(
      "DATUM_UNKNOWN",
      `不认识的坐标系“${String(datum)}”`,
      `unknown datum "${String(datum)}"`,
      { zh: `请用 ${datums.join("、")} 之一`, en: `use one of ${datums.join(", ")}` },
    );
  }
  return shift;
}

/** Whether a text names a datum this service knows. */
export function isDatum(text: unknown): text is Datum {
  return typeof text === "string" && (datums as readonly string[]).includes(text);
}

/**
 * Whether longitude and latitude look exchanged: "certain" when the second number cannot be a latitude but the pair
 * exchanged is a position, "likely" when only the exchanged pair lies in China, otherwise null.
 */
export function detectSwap([lon, lat]: LonLat): "certain" | "likely" | null {
  if (Math.abs(lat) > 90 && Math.abs(lat) <= 180 && Math.abs(lon) <= 90) {
    return "certain";
  }
  if (Math.abs(lat) <= 90 && !inside(china, [lon, lat]) && inside(china, [lat, lon])) {
    return "likely";
  }
  return null;
}

/** Refuses what is not a position in degrees. Throws {@link CoordinateFault}. */
export function checkLonLat(position: LonLat): LonLat {
  const [lon, lat] = position;
  if (!Number.isFinite(lon) || !Number.isFinite(lat)) {
    throw new CoordinateFault(
      "COORDINATE_INVALID",
      "经纬度不是数字",
      "longitude or latitude is not a number",
      { zh: "请填十进制度数,例如 106.63、29.72", en: "give decimal degrees, for example 106.63 and 29.72" },
    );
  }
  if (detectSwap(position) === "certain") {
    throw new CoordinateFault(
      "COORDINATE_SWAPPED",
      `经纬度颠倒:${lon}, ${lat}`,
      `longitude and latitude are exchanged: ${lon}, ${lat}`,
      { zh: "经度在前,纬度在后", en: "longitude comes first, then latitude" },
    );
  }
  if (Math.abs(lon) > 180 || Math.abs(lat) > 90) {
    throw new CoordinateFault(
      "COORDINATE_INVALID",
      `经纬度超出范围:${lon}, ${lat}`,
      `longitude or latitude is out of range: ${lon}, ${lat}`,
      { zh: "经度在 -180 至 180、纬度在 -90 至 90 之间", en: "longitude is within -180..180, latitude within -90..90" },
    );
  }
  return position;
}

/** A position of the given datum as CGCS2000 degrees. Never changes what it is given. Throws {@link CoordinateFault}. */
export function toCgcs2000(position: LonLat, datum: Datum): [number, number] {
  const shift = shiftOf(outOf, datum);
  const [lon, lat] = shift(checkLonLat(position));
  return [lon, lat];
}

/** A CGCS2000 position in the given datum. Never changes what it is given. Throws {@link CoordinateFault}. */
export function fromCgcs2000(position: LonLat, datum: Datum): [number, number] {
  const shift = shiftOf(into, datum);
  const [lon, lat] = shift(checkLonLat(position));
  return [lon, lat];
}

type Position = readonly number[];
interface GeometryCollection {
  readonly type: "GeometryCollection";
  readonly geometries: readonly Geometry[];
}
interface PlainGeometry {
  readonly type: "Point" | "MultiPoint" | "LineString" | "MultiLineString" | "Polygon" | "MultiPolygon";
  readonly coordinates: Position | readonly Position[] | readonly Position[][] | readonly Position[][][];
}
/** A GeoJSON geometry (RFC 7946); further members such as `bbox` are dropped by a conversion, as they would be wrong. */
export type Geometry = PlainGeometry | GeometryCollection;

function convertNested(coordinates: unknown, convert: (position: LonLat) => LonLat): unknown {
  if (!Array.isArray(coordinates)) {
    throw new CoordinateFault(
      "COORDINATE_INVALID",
      "几何的 coordinates 不是数组",
      "the coordinates of the geometry are not an array",
      { zh: "请按 GeoJSON (RFC 7946) 提供几何", en: "give the geometry as GeoJSON (RFC 7946)" },
    );
  }
  if (coordinates.length === 0 || Array.isArray(coordinates[0])) {
    return coordinates.map((part) => convertNested(part, convert));
  }
  const [lon, lat, ...rest] = coordinates as number[];
  return [...convert([lon as number, lat as number]), ...rest];
}

function convertGeometry<G extends Geometry>(geometry: G, convert: (position: LonLat) => LonLat): G {
  if (geometry.type === "GeometryCollection") {
    return { type: geometry.type, geometries: geometry.geometries.map((part) => convertGeometry(part, convert)) } as unknown as G;
  }
  return { type: geometry.type, coordinates: convertNested(geometry.coordinates, convert) } as unknown as G;
}

/**
 * A GeoJSON geometry of the given datum as CGCS2000. Each position is converted once, also where a ring ends with the
 * very array it began with; heights are kept.
 */
export function geometryToCgcs2000<G extends Geometry>(geometry: G, datum: Datum): G {
  return convertGeometry(geometry, (position) => toCgcs2000(position, datum));
}

/**
 * A stored geometry in the given datum, rounded to so many decimals. What is stored leaves as it is: a position no datum
 * shifts, be it swapped or in the sea, is given unshifted and never refused.
 */
export function shiftFromCgcs2000<G extends Geometry>(geometry: G, datum: Datum, digits: number): G {
  const shift = shiftOf(into, datum);
  const scale = 10 ** digits;
  const round = (degrees: number) => Math.round(degrees * scale) / scale;
  return convertGeometry(geometry, (position) => {
    const [lon, lat] = Math.abs(position[1]) <= 90 ? shift(position) : position;
    return [round(lon), round(lat)];
  });
}

/** A CGCS2000 GeoJSON geometry in the given datum; see {@link geometryToCgcs2000}. */
export function geometryFromCgcs2000<G extends Geometry>(geometry: G, datum: Datum): G {
  return convertGeometry(geometry, (position) => fromCgcs2000(position, datum));
}

/** Decimals kept of a converted position: about a millimetre. */
const KEPT_DECIMALS = 8;

const kept = (coordinates: unknown): unknown => (Array.isArray(coordinates) ? coordinates.map(kept) : Math.round((coordinates as number) * 10 ** KEPT_DECIMALS) / 10 ** KEPT_DECIMALS);

/** A geometry of the given datum as it is stored: what is in CGCS2000 already to the last digit, what is converted to about a millimetre. */
export function storedGeometry<G extends Geometry>(geometry: G, datum: Datum): G {
  if (datum === "CGCS2000" || datum === "WGS84") return geometry;
  const { type, coordinates } = geometryToCgcs2000(geometry as PlainGeometry, datum);
  return { type, coordinates: kept(coordinates) } as unknown as G;
}
