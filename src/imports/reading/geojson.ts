import { BOUNDS } from "./bounds.js";
import type { Cell } from "./cell.js";
import { beginningOf, slicesOf, type OpenFile } from "./open-file.js";
import type { Table, TableRow } from "./table.js";
import { Meter, tooMuch, Unreadable } from "./unreadable.js";

/** Whether a file is GeoJSON: it begins with an object, or with the mark of a sequence of them. */
export const isGeoJson = (file: OpenFile): boolean => /^(\ufeff)?[\s\u001e]*\{/.test(beginningOf(file, 64).toString("utf8"));

/** Systems a file may name; each is degrees, longitude first. Which datum they are of the mapping or the caller states. */
const KNOWN_CRS = /(CRS:?84|EPSG:{1,2}(\d*:)?(4326|4490))$/i;

interface Told {
  type?: unknown;
  features?: unknown;
  properties?: unknown;
  geometry?: unknown;
  crs?: { properties?: { name?: unknown } } | null;
}

/**
 * Features of a FeatureCollection, of one Feature, or of a text sequence of them (RFC 8142, or one a line), as rows: their
 * properties by name, the geometry beside. The line is the feature's number. Throws {@link Unreadable}.
 */
export function readGeoJson(file: OpenFile): Table {
  const features = featuresOf(textOf(file));
  if (features.length > BOUNDS.rows) throw tooMuch("rows");
  const headers = new Set<string>();
  for (const [index, feature] of features.entries()) {
    if ((feature as Told | null)?.type !== "Feature") throw new Unreadable("NOT_A_FEATURE", `第 ${index + 1} 个不是要素`, `number ${index + 1} is not a Feature`, { line: index + 1 });
    for (const name of Object.keys(((feature as Told).properties ?? {}) as object)) headers.add(name);
    if (headers.size > BOUNDS.columns) throw tooMuch("columns");
  }
  return { headers, heading: [], rows: rowsOf(features as readonly Told[]) };
}

function* rowsOf(features: readonly Told[]): Generator<TableRow> {
  const meter = new Meter();
  for (const [index, { properties, geometry }] of features.entries()) yield { line: index + 1, cells: cellsOf(properties, meter), geometry: geometry ?? undefined };
}

function textOf(file: OpenFile): string {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    let text = "";
    for (const slice of slicesOf(file)) text += decoder.decode(slice, { stream: true });
    return text + decoder.decode();
  } catch {
    throw new Unreadable("ENCODING", "不是 UTF-8 编码", "not UTF-8");
  }
}

function featuresOf(text: string): unknown[] {
  const whole = parsed(text);
  // What is not one text may be a sequence of them.
  if (whole === undefined) return text.split(/[\u001e\r\n]+/).filter((line) => line.trim()).map((line, index) => parsed(line) ?? broken(index + 1));
  const { type, features, crs } = whole as Told;
  const system = crs?.properties?.name;
  if (crs && !(typeof system === "string" && KNOWN_CRS.test(system))) throw new Unreadable("CRS_UNKNOWN", "坐标须为经纬度(CRS84、EPSG:4326 或 EPSG:4490)", "coordinates are in degrees: CRS84, EPSG:4326 or EPSG:4490", { crs: system ?? null });
  if (type === "Feature") return [whole];
  if (type !== "FeatureCollection" || !Array.isArray(features)) throw new Unreadable("NOT_GEOJSON", "不是 FeatureCollection", "not a FeatureCollection", { type: typeof type === "string" ? type : null });
  return features;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, "")) as unknown;
  } catch {
    return undefined;
  }
}

const broken = (line: number): never => {
  throw new Unreadable("JSON_BROKEN", "JSON 残缺", "the JSON is broken", { line });
};

/** Properties as cells: plain values as they are, nested ones as JSON text, absent ones not at all. */
function cellsOf(properties: unknown, meter: Meter): ReadonlyMap<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const [column, value] of Object.entries((properties ?? {}) as Record<string, unknown>)) {
    if (value === null || value === undefined) continue;
    const kind = typeof value === "number" ? "number" : typeof value === "boolean" ? "boolean" : "text";
    const text = typeof value === "object" ? JSON.stringify(value) : String(value as string | number | boolean);
    meter.cell(text);
    cells.set(column, { column, kind, value: text });
  }
  return cells;
}
