import { ask } from "./service.js";
import type { Place, View } from "./view.js";
import { LEVELS, type Level } from "./words.js";

interface Row {
  code: string;
  name: string;
  highest: Level | null;
  major: number;
  considerable: number;
  moderate: number;
  low: number;
  total: number;
  shapeKind: "BOUNDARY" | "POINT" | null;
  shape: GeoJSON.Geometry | null;
  region: { id: string; level: string; point: GeoJSON.Point | null } | null;
}

/** A region with its colour and counts, as drawn. */
export interface Area extends Place {
  highestLevel: Level | null;
  counts: Record<Level, number>;
  total: number;
  shape: GeoJSON.Geometry | null;
  /** Where its name stands. */
  point: GeoJSON.Point | null;
}

/** Levels one looks at, from the outermost down; the public sees towns at most. */
const BELOW: Readonly<Record<string, string>> = { "": "DISTRICT", DISTRICT: "TOWN", TOWN: "VILLAGE" };

const DOCUMENT = `Areas($level: RegionLevel!, $within: RegionFilter) {
  regionRiskMap(level: $level, within: $within) { code name highest major considerable moderate low total shapeKind shape(precision: 5, simplifyMetres: 30) region { id level point(precision: 5) } }
}`;

/** The level drawn beneath the region looked at, or none beneath it. */
export function levelBeneath(view: View): string | undefined {
  const level = BELOW[view.path.at(-1)?.level ?? ""];
  return level === "VILLAGE" && !view.key ? undefined : level;
}

export async function areasOf(view: View, signal: AbortSignal): Promise<Area[]> {
  const level = levelBeneath(view);
  if (!level) return [];
  const inside = view.path.at(-1);
  const { regionRiskMap } = await ask<{ regionRiskMap: Row[] }>(view, DOCUMENT, { level, within: inside ? { id: { eq: inside.id } } : null }, signal);
  return regionRiskMap.flatMap((row) => (row.region ? [{ id: row.region.id, level: row.region.level, name: row.name, highestLevel: row.highest, total: row.total, shape: row.shape, point: row.shape?.type === "Point" ? row.shape : row.region.point, counts: { MAJOR: row.major, CONSIDERABLE: row.considerable, MODERATE: row.moderate, LOW: row.low } }] : []));
}

export const collectionOf = (areas: readonly Area[]): GeoJSON.FeatureCollection => ({
  type: "FeatureCollection",
  features: areas.flatMap(({ shape, point, counts, ...properties }) =>
    // A name of its own: drawn of the outline it would stand once in every tile the outline crosses.
    [[shape, false] as const, [point, true] as const].flatMap(([geometry, isName]) => (geometry ? [{ type: "Feature" as const, geometry, properties: { ...properties, ...counts, isName } }] : [])),
  ),
});

export function totalsOf(areas: readonly Area[]): Record<string, number> {
  return Object.fromEntries(LEVELS.map((level) => [level, areas.reduce((sum, area) => sum + area.counts[level], 0)]));
}

/** West, south, east, north around geometries; undefined where there are none. */
export function boxAround(shapes: readonly (GeoJSON.Geometry | null)[]): [number, number, number, number] | undefined {
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  const meet = (coordinates: unknown): void => {
    if (!Array.isArray(coordinates)) return;
    if (typeof coordinates[0] !== "number") return coordinates.forEach(meet);
    const [lon, lat] = coordinates as [number, number];
    [west, south, east, north] = [Math.min(west, lon), Math.min(south, lat), Math.max(east, lon), Math.max(north, lat)];
  };
  for (const shape of shapes) if (shape && "coordinates" in shape) meet(shape.coordinates);
  return west <= east ? [west, south, east, north] : undefined;
}
