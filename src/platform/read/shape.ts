import { parseId } from "../entity/entity.js";
import { NO_HINTS, type Hints } from "./hints.js";
import { bucketOf } from "./page.js";

/**
 * The structure of a site's arguments, without values: two requests of one shape share a statement.
 * Whatever the statement's text depends on must be here, and nothing else may reach the text.
 */
export function shapeOf(args: Record<string, unknown>, hints: Hints, chosen: ReadonlySet<string> = NONE): string {
  return JSON.stringify(Object.entries(args).map(([key, value]) => [key, key === "filter" ? structure(value, hints) : reduce(key, value, chosen)]));
}

const NONE: ReadonlySet<string> = new Set();

function reduce(key: string, value: unknown, chosen: ReadonlySet<string>): unknown {
  if ((key === "first" || key === "last") && typeof value === "number") return value >= 1 && value <= 100 ? bucketOf(value) : value > 0 && value <= 5000 ? "many" : value;
  if (key === "after" || key === "before") return value ? 1 : 0;
  if (key === "id") return parseId(String(value))?.entity.name ?? "?";
  if (key === "by" || key === "orderBy" || chosen.has(key)) return value;
  return structure(value, NO_HINTS);
}

/** A GeoJSON geometry is one value, however many positions it has. */
const isGeometry = (value: unknown) => typeof value === "object" && typeof (value as { type?: unknown }).type === "string" && "coordinates" in (value as object);

/** Booleans stand as they are (isNull turns on them); arrays of values count as one or many. */
function structure(value: unknown, hints: Hints): unknown {
  if (value === null || typeof value === "boolean") return value;
  if (Array.isArray(value)) {
    if (value.length === 0) return [];
    return typeof value[0] === "object" && value[0] !== null ? value.map((item) => structure(item, hints)) : [value.length === 1 ? 1 : "n"];
  }
  if (isGeometry(value)) return "·";
  if (typeof value === "object") return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [key, key === "within" && inner ? (hints.levelOf(inner) ?? "?") : structure(inner, hints)]));
  return "·";
}
