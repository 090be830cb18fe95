import { damaged } from "./reading-fault.js";
import type { TableRow } from "./table.js";
import type { Cell } from "./workbook.js";

const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_FEATURES = 200_000;

/** Whether the bytes are GeoJSON: they begin with an object, or with the mark of a sequence of them. */
export const isGeoJson = (bytes: Buffer): boolean => /^(\ufeff)?[\s\u001e]*\{/.test(bytes.subarray(0, 64).toString("utf8"));

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
 * properties by name, the geometry beside. The line is the feature's number. Faults: FILE_DAMAGED.
 */
export function readGeoJson(bytes: Buffer): TableRow[] {
  if (bytes.length > MAX_FILE_BYTES) throw damaged("TOO_LARGE", "文件过大", "the file is too large", { maximumBytes: MAX_FILE_BYTES });
  const features = featuresOf(textOf(bytes));
  if (features.length > MAX_FEATURES) throw damaged("TOO_MANY_FEATURES", `要素超过 ${MAX_FEATURES} 个`, `more than ${MAX_FEATURES} features`, { maximum: MAX_FEATURES, actual: features.length });
  return features.map((feature, index) => {
    if ((feature as Told | null)?.type !== "Feature") throw damaged("NOT_A_FEATURE", `第 ${index + 1} 个不是要素`, `number ${index + 1} is not a Feature`, { line: index + 1 });
    const { properties, geometry } = feature as Told;
    return { line: index + 1, cells: cellsOf(properties), geometry: geometry ?? undefined };
  });
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw damaged("ENCODING", "不是 UTF-8 编码", "not UTF-8");
  }
}

function featuresOf(text: string): unknown[] {
  const whole = parsed(text);
  // What is not one text may be a sequence of them.
  if (whole === undefined) return text.split(/[\u001e\r\n]+/).filter((line) => line.trim()).map((line, index) => parsed(line) ?? broken(index + 1));
  const { type, features, crs } = whole as Told;
  const system = crs?.properties?.name;
  if (crs && !(typeof system === "string" && KNOWN_CRS.test(system))) throw damaged("CRS_UNKNOWN", "坐标须为经纬度(CRS84、EPSG:4326 或 EPSG:4490)", "coordinates are in degrees: CRS84, EPSG:4326 or EPSG:4490", { crs: system ?? null });
  if (type === "Feature") return [whole];
  if (type !== "FeatureCollection" || !Array.isArray(features)) throw damaged("NOT_GEOJSON", "不是 FeatureCollection", "not a FeatureCollection", { type: typeof type === "string" ? type : null });
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
  throw damaged("JSON_BROKEN", "JSON 残缺", "the JSON is broken", { line });
};

/** Properties as cells: plain values as they are, nested ones as JSON text, absent ones not at all. */
function cellsOf(properties: unknown): ReadonlyMap<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const [column, value] of Object.entries((properties ?? {}) as Record<string, unknown>)) {
    if (value === null || value === undefined) continue;
    const kind = typeof value === "number" ? "number" : typeof value === "boolean" ? "boolean" : "text";
    cells.set(column, { column, kind, value: typeof value === "object" ? JSON.stringify(value) : String(value as string | number | boolean) });
  }
  return cells;
}
