import { coerceInputValue, isInputType, type GraphQLSchema } from "graphql";
import { Fault } from "../fault.js";
import { checkFilter } from "../graphql/cost.js";
import { MAX_COST, tooCostly } from "../read/weights.js";
import { isDay, isMoment } from "../graphql/scalars.js";
import type { Actor } from "../actor.js";
import type { MapLayer } from "./map-layer.js";
import { exists, matrices, type Address, type Matrix } from "./matrix.js";
import type { Asked } from "./tile-maker.js";

const PARAMETERS = ["tms", "crs", "filter", "asOf"] as const;
/** As many as the dataset of OGC API Tiles is made of, and some. */
const MOST_LAYERS = 16;

/** What a tile and the description of its tileset are asked by alike. */
export interface Tileset {
  layers: readonly { layer: MapLayer; filter: unknown }[];
  matrix: Matrix;
  shifted: boolean;
  asOf: string | null;
}

/** Layers named in an address, `a,b`. Faults: NOT_FOUND for one there is not. */
function layersNamed(names: string, known: readonly MapLayer[]): MapLayer[] {
  const ids = names.split(",");
  if (ids.length > MOST_LAYERS || new Set(ids).size < ids.length) throw new Fault("INVALID_INPUT", { field: "layers", rule: `different layers, ${MOST_LAYERS} at most` });
  return ids.map((id) => {
    const found = known.find((layer) => layer.id === id);
    if (!found) throw new Fault("NOT_FOUND", { layer: id.slice(0, 100) });
    return found;
  });
}

/** Reads the parameters of a tileset; one that is unknown, twice there or of no meaning is refused rather than passed over. */
export function tilesetOf(names: string, parameters: URLSearchParams, known: readonly MapLayer[], schema: GraphQLSchema, began: string | null): Tileset {
  const layers = layersNamed(decode(names), known);
  for (const name of parameters.keys()) {
    if (!(PARAMETERS as readonly string[]).includes(name)) throw new Fault("INVALID_INPUT", { field: name.slice(0, 100), rule: `one of ${PARAMETERS.join(", ")}` });
    if (parameters.getAll(name).length > 1) throw new Fault("INVALID_INPUT", { field: name, rule: "once at most" });
  }
  const tms = parameters.get("tms") ?? "WebMercatorQuad";
  const matrix = Object.hasOwn(matrices, tms) ? matrices[tms] : undefined;
  if (!matrix) throw new Fault("INVALID_INPUT", { field: "tms", rule: `one of ${Object.keys(matrices).join(", ")}` });
  const crs = parameters.get("crs") ?? "CGCS2000";
  if (crs !== "CGCS2000" && crs !== "GCJ02") throw new Fault("INVALID_INPUT", { field: "crs", rule: "CGCS2000 or GCJ02" });
  if (crs === "GCJ02" && !matrix.mercator) throw new Fault("INVALID_INPUT", { field: "crs", rule: "GCJ02 with WebMercatorQuad only" });
  const filters = filtersOf(parameters.get("filter"), layers, schema);
  return { layers: layers.map((layer, at) => ({ layer, filter: filters[at] })), matrix, shifted: crs === "GCJ02", asOf: asOfFrom(parameters.get("asOf"), began) };
}

const decode = (text: string) => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Fault("NOT_FOUND", {});
  }
};

/** A filter as GraphQL takes it, as JSON; of several layers an object of filters by layer. */
function filtersOf(text: string | null, layers: readonly MapLayer[], schema: GraphQLSchema): unknown[] {
  if (text === null) return layers.map(() => undefined);
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    throw new Fault("INVALID_INPUT", { field: "filter", rule: "well-formed JSON" });
  }
  if (layers.length === 1) return [coerced(told, layers[0]!, schema)];
  const given = typeof told === "object" && told !== null && !Array.isArray(told) ? (told as Record<string, unknown>) : undefined;
  const stray = given ? Object.keys(given).find((id) => !layers.some((layer) => layer.id === id)) : "";
  if (!given || stray !== undefined) throw new Fault("INVALID_INPUT", { field: "filter", rule: "an object of filters by layer", ...(stray ? { layer: stray.slice(0, 100) } : {}) });
  const filters = layers.map((layer) => (given[layer.id] === undefined ? undefined : coerced(given[layer.id], layer, schema)));
  const parts = filters.flatMap((filter, at) => (filter === undefined ? [] : [{ path: `filter.${layers[at]!.id}`, cost: checkFilter(schema, layers[at]!.entity(), filter, `filter.${layers[at]!.id}`) }]));
  const cost = parts.reduce((sum, part) => sum + part.cost, 0);
  if (cost > MAX_COST) throw tooCostly(cost, parts);
  return filters;
}

function coerced(told: unknown, layer: MapLayer, schema: GraphQLSchema): unknown {
  const type = schema.getType(`${layer.entity().name}Filter`);
  if (!type || !isInputType(type)) throw new Error(`${layer.id} has no filter`);
  const filter: unknown = coerceInputValue(told, type, (path, _, error) => {
    throw new Fault("INVALID_INPUT", { field: ["filter", ...path].join("."), rule: error.message });
  });
  checkFilter(schema, layer.entity(), filter, `filter.${layer.id}`);
  return filter;
}

function asOfFrom(text: string | null, began: string | null): string | null {
  if (text === null) return null;
  const moment = isDay(text) ? `${text}T23:59:59.999999+08:00` : text;
  if (!isMoment(moment)) throw new Fault("INVALID_INPUT", { field: "asOf", rule: "ISO 8601 with offset, or a day" });
  if (began !== null && Date.parse(moment) < Date.parse(began)) throw new Fault("AS_OF_BEFORE_HISTORY", { historyBegins: began });
  return moment;
}

const NUMBER = /^(0|[1-9]\d{0,8})$/;

/** A tile by its address; null where the matrix set, or every layer asked for, has none there. */
export function tileOf(tileset: Tileset, place: readonly [z: string, x: string, y: string], actor: Actor): Asked | null {
  if (!place.every((part) => NUMBER.test(part))) return null;
  const [z, x, y] = place.map(Number) as [number, number, number];
  const address: Address = { matrix: tileset.matrix, shifted: tileset.shifted, z, x, y };
  const layers = tileset.layers.filter(({ layer }) => z <= layer.zoom[1]);
  return exists(address) && layers.length > 0 ? { layers, address, asOf: tileset.asOf, actor } : null;
}
