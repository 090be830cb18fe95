import { verticesOf, type CheckedGeometry } from "../geometry.js";
import { Fault } from "../fault.js";
import type { KnownPlace } from "./known-place.js";
import type { ReadSql, RequestValues } from "./read-sql.js";

/** Conditions on where a row lies. Each narrows by a box first, which the index on the geometry answers, and is exact afterwards. */
const SPATIAL = ["bbox", "insidePolygon", "intersects", "near"] as const;
type Spatial = (typeof SPATIAL)[number];

export const isSpatial = (key: string): key is Spatial => (SPATIAL as readonly string[]).includes(key);

type Told = (values: RequestValues) => unknown;

/** Positions a geometry of a question may have: each row in its box is compared with every edge. */
const MAX_QUESTION_VERTICES = 2_000;
const MAX_METRES = 200_000;

/** A condition on where rows lie. */
export function spatialSql(key: Spatial, told: Told, place: KnownPlace, read: ReadSql): string {
  read.replan = true;
  switch (key) {
    case "bbox":
      return intersectingSql(place, boxSql(told, read));
    case "insidePolygon":
      return coveredSql(place, questionSql((values) => polygonOf(told(values), key), read));
    case "intersects":
      return intersectingSql(place, questionSql((values) => questionOf(told(values), key), read));
    case "near":
      return nearSql(place, (values) => pointOf((told(values) as { point: unknown }).point, "near.point"), (values) => (told(values) as { metres: unknown }).metres, read);
  }
}

/** Places that meet a geometry. */
export const intersectingSql = (place: KnownPlace, question: string): string => place.meets(question, (at) => `st_intersects(${at}, ${question})`);

/** Places that lie wholly in a polygon, its edge included. */
export const coveredSql = (place: KnownPlace, polygon: string): string => place.meets(polygon, (at) => `st_coveredby(${at}, ${polygon})`);

interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** A box that was checked: west to east, south to north, within the world. */
export function boxOf(told: unknown, field = "bbox"): Box {
  const box = told as Box;
  const sound = [box.west, box.east].every((lon) => Math.abs(lon) <= 180) && [box.south, box.north].every((lat) => Math.abs(lat) <= 90);
  if (!sound || box.south > box.north || box.west > box.east) throw new Fault("INVALID_INPUT", { field, rule: "-180 <= west <= east <= 180, -90 <= south <= north <= 90" });
  return box;
}

/**
 * A box in CGCS2000 degrees as a geometry that is sound where it has no width or no height: then it is a line or a point. To be met
 * with st_intersects: the overlap of boxes is not exact, since PostGIS keeps them in single precision: a metre outside would count as inside.
 */
export const boxSql = (told: Told, read: ReadSql): string => {
  const edge = (name: keyof Box) => read.param("double precision", (values) => boxOf(told(values))[name]);
  return `st_envelope(st_setsrid(st_makeline(st_makepoint(${edge("west")}, ${edge("south")}), st_makepoint(${edge("east")}, ${edge("north")})), 4490))`;
};

/** A geometry of a question, read once a statement; one that crosses itself is refused with the place where it does. */
export const questionSql = (told: Told, read: ReadSql): string => `(select sound_geometry(${read.param("text", (values) => JSON.stringify(told(values)))}))`;

export function questionOf(told: unknown, field: string): CheckedGeometry {
  const geometry = told as CheckedGeometry;
  const actual = verticesOf(geometry);
  if (actual > MAX_QUESTION_VERTICES) throw new Fault("LIMIT_EXCEEDED", { limit: "vertices", field, maximum: MAX_QUESTION_VERTICES, actual });
  return geometry;
}

export function polygonOf(told: unknown, field: string): CheckedGeometry {
  const geometry = questionOf(told, field);
  if (geometry.type !== "Polygon" && geometry.type !== "MultiPolygon") throw new Fault("INVALID_INPUT", { field, rule: "Polygon, MultiPolygon" });
  return geometry;
}

export function pointOf(told: unknown, field: string): readonly [lon: number, lat: number] {
  const { type, coordinates } = told as CheckedGeometry;
  if (type !== "Point") throw new Fault("INVALID_INPUT", { field, rule: "Point" });
  return coordinates as [number, number];
}

export function metresOf(told: unknown, field = "metres"): number {
  if (typeof told !== "number" || !(told > 0 && told <= MAX_METRES)) throw new Fault("INVALID_INPUT", { field, rule: `more than 0, at most ${MAX_METRES}` });
  return told;
}

/** A degree of latitude has 110.5 km at the least; a hundredth more than the arithmetic says stays outside the circle. */
function boxAround([lon, lat]: readonly [number, number], metres: number): Box {
  const up = (metres / 110_500) * 1.01;
  const farthest = Math.abs(lat) + up;
  const aside = farthest < 89 ? (metres / (110_500 * Math.cos((farthest * Math.PI) / 180))) * 1.01 : 360;
  // Where the circle crosses the antimeridian the whole parallel is looked through.
  const whole = Math.abs(lon) + aside > 180;
  return { west: whole ? -180 : lon - aside, east: whole ? 180 : lon + aside, south: Math.max(-90, lat - up), north: Math.min(90, lat + up) };
}

/** Within so many metres on the ellipsoid. The box lets the index on degrees answer: no second index in metres is kept for it. */
export function nearSql(place: KnownPlace, point: (values: RequestValues) => readonly [number, number], metres: Told, read: ReadSql): string {
  read.replan = true;
  const side = (edge: keyof Box) => read.param("double precision", (values) => boxAround(point(values), metresOf(metres(values)))[edge]);
  const degree = (index: 0 | 1) => read.param("double precision", (values) => point(values)[index]);
  const box = `st_makeenvelope(${side("west")}, ${side("south")}, ${side("east")}, ${side("north")}, 4490)`;
  return `(${place.near(box)} and st_dwithin(${place.sql}::geography, st_setsrid(st_makepoint(${degree(0)}, ${degree(1)}), 4490)::geography, ${read.param("double precision", (values) => metresOf(metres(values)))}))`;
}
