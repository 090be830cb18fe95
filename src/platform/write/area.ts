import { Fault } from "../fault.js";

/** Positions an area may have: as many as pass the body limit with room, and more than maps of a county need. */
const MOST_POSITIONS = 5_000;
/** China's range in CGCS2000 degrees. */
const RANGE = { west: 73, east: 136, south: 3, north: 54 };

type Position = readonly [lon: number, lat: number];

/**
 * Checks a GeoJSON Polygon or MultiPolygon (RFC 7946): rings closed, longitude first, within China's range, not too many positions.
 * Whether rings cross the database tells, with the place. Faults: INVALID_INPUT with field, rule and the position it concerns.
 */
export function checkArea(value: unknown, field: string): unknown {
  const refuse = (rule: string, at?: string, actual?: unknown): never => {
    throw new Fault("INVALID_INPUT", { field: at ? `${field}.coordinates${at}` : field, rule, ...(actual === undefined ? {} : { actual }) });
  };
  const { type, coordinates } = (value ?? {}) as { type?: unknown; coordinates?: unknown };
  if (type !== "Polygon" && type !== "MultiPolygon") return refuse("a Polygon or a MultiPolygon", undefined, type ?? null);
  let positions = 0;

  const list = (given: unknown, at: string, rule: string): readonly unknown[] => (Array.isArray(given) && given.length > 0 ? (given as unknown[]) : refuse(rule, at));
  const position = (given: unknown, at: string): Position => {
    const [lon, lat, ...more] = Array.isArray(given) ? (given as unknown[]) : [];
    if (typeof lon !== "number" || typeof lat !== "number" || more.length > 0 || !Number.isFinite(lon) || !Number.isFinite(lat)) return refuse("[lon, lat] of two finite numbers", at);
    const inside = lon >= RANGE.west && lon <= RANGE.east && lat >= RANGE.south && lat <= RANGE.north;
    const swapped = lat >= RANGE.west && lat <= RANGE.east && lon >= RANGE.south && lon <= RANGE.north;
    if (!inside) return refuse(`lon ${RANGE.west} to ${RANGE.east}, lat ${RANGE.south} to ${RANGE.north}${swapped ? "; is the order [lon, lat]?" : ""}`, at, [lon, lat]);
    positions += 1;
    if (positions > MOST_POSITIONS) return refuse(`at most ${MOST_POSITIONS} positions`);
    return [lon, lat];
  };
  const ring = (given: unknown, at: string): readonly Position[] => {
    const read = list(given, at, "a ring of positions").map((one, index) => position(one, `${at}.${index}`));
    const [first, last] = [read[0]!, read.at(-1)!];
    if (first[0] !== last[0] || first[1] !== last[1]) return refuse("a closed ring: the last position equals the first", at);
    if (read.length < 4) return refuse("a ring of at least four positions", at);
    return read;
  };
  const polygon = (given: unknown, at: string) => list(given, at, "a list of rings").map((one, index) => ring(one, `${at}.${index}`));
  return { type, coordinates: type === "Polygon" ? polygon(coordinates, "") : list(coordinates, "", "a list of polygons").map((one, index) => polygon(one, `.${index}`)) };
}
