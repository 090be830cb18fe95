import { shapeText } from "../cql2/print.js";
import { inTurns } from "../read/weave.js";
import type { Shape } from "../cql2/tree.js";

interface Feature {
  id: string;
  geometry: Shape;
  properties: Record<string, unknown>;
}

/** RFC 8142: each feature a text of its own. */
export const sequence = (features: readonly string[]) => features.map((feature) => `\u001e${feature}\n`).join("");

const cell = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  const text = Array.isArray(value) ? value.join(",") : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
};

/** RFC 4180, the geometry as well-known text last. */
export async function csv(features: readonly string[], properties: readonly string[]): Promise<string> {
  const rows = await inTurns(features, (text) => {
    const { id, geometry, properties: values } = JSON.parse(text) as Feature;
    return [id, ...properties.map((name) => values[name]), shapeText(geometry)].map(cell).join(",");
  });
  return [["id", ...properties, "geometry"].join(","), ...rows, ""].join("\r\n");
}
