import { describe, fieldsOf } from "../entity/entity.js";
import { Fault } from "../fault.js";
import type { Exchange } from "../http/server.js";
import { fieldsSaid, type TileServing } from "../tiles/tile-routes.js";
import { carriedBy, isOfPoints, type MapLayer } from "../tiles/map-layer.js";
import type { Tileset } from "../tiles/tile-request.js";
import { asJson, encodingOf, JSON_TYPE, send, type Encoding, type Link } from "./answer.js";
import { collectionNamed, type Shown } from "./collection.js";
import { CRS84 } from "./crs.js";
import { schemaOf } from "./documents.js";
import { onlyKnown } from "./parameters.js";
import { insideLimits, limitsOf, tileMatrixSetDocument, tileMatrixSets, type TileMatrixSet } from "./tile-matrix-sets.js";

const REL = "http://www.opengis.net/def/rel/ogc/1.0/";
export const MVT = "application/vnd.mapbox-vector-tile";
const asMvt: Encoding = { f: "mvt", type: MVT, also: ["application/x-protobuf", "application/octet-stream"] };

/** One request for tiles or their description. */
export interface TilesCall {
  exchange: Exchange;
  shown: readonly Shown[];
  /** Where /ogc is, and where the service is. */
  root: string;
  base: string;
}

/** What the tiles asked for are of: one collection, or several of the whole. */
interface Of {
  shown: readonly Shown[];
  at: string;
  parameters: readonly string[];
  /** Repeated in every link: what was chosen. */
  query: Readonly<Record<string, string>>;
}

/** Answers what OGC API Tiles names; false where the address is none of it. */
export async function answerTiles(serving: TileServing, call: TilesCall, [head, id, what, ...rest]: readonly string[]): Promise<boolean> {
  const { exchange, root, shown } = call;
  if (head === "tileMatrixSets" && what === undefined) {
    document(exchange, ["f"], id === undefined ? matrixSetsDocument(root) : tileMatrixSetDocument(setNamed(id)));
    return true;
  }
  if (head === "collections" && what === "tiles") {
    const of = collectionNamed(id!, shown);
    await answerOf(serving, call, { shown: [of], at: `${root}/collections/${of.collection.id}/tiles`, parameters: [], query: asOfIn(exchange) }, rest);
    return true;
  }
  if (head === "tiles") {
    const chosen = exchange.url.searchParams.get("collections");
    const of = { shown: chosenOf(chosen, shown), at: `${root}/tiles`, parameters: ["collections"], query: { ...(chosen === null ? {} : { collections: chosen }), ...asOfIn(exchange) } };
    await answerOf(serving, call, of, [id, what, ...rest].filter((part) => part !== undefined));
    return true;
  }
  return false;
}

const asOfIn = ({ url }: Exchange): Record<string, string> => {
  const asOf = url.searchParams.get("asOf");
  return asOf === null ? {} : { asOf };
};

function setNamed(id: string): TileMatrixSet {
  const found = tileMatrixSets.find((set) => set.id === id);
  if (!found) throw new Fault("NOT_FOUND", { tileMatrixSet: id.slice(0, 100) });
  return found;
}

/** Collections chosen by `collections=a,b`; all that the caller may see unless given. */
function chosenOf(text: string | null, shown: readonly Shown[]): readonly Shown[] {
  if (text === null) return shown;
  return text.split(",").map((id) => {
    const found = shown.find(({ collection }) => collection.id === id);
    if (!found) throw new Fault("INVALID_INPUT", { field: "collections", rule: `其一或数个 / some of ${shown.map(({ collection }) => collection.id).join(", ")}`, actual: id.slice(0, 60) });
    return found;
  });
}

function document(exchange: Exchange, known: readonly string[], made: object): void {
  onlyKnown(exchange.url.searchParams, known);
  const { type } = encodingOf(exchange, [asJson]);
  send(exchange, type, JSON.stringify(made));
}

async function answerOf(serving: TileServing, call: TilesCall, of: Of, parts: readonly string[]): Promise<void> {
  const { exchange } = call;
  const known = ["f", "asOf", ...of.parameters];
  const [setId, matrix, row, column, ...more] = parts;
  if (setId === undefined) return document(exchange, known, tilesetsDocument(call, of));
  const set = setNamed(setId);
  if (parts.length !== 1 && (column === undefined || more.length > 0)) throw new Fault("NOT_FOUND", {});
  onlyKnown(exchange.url.searchParams, known);
  if (of.shown.length === 0) throw new Fault("NOT_FOUND", {});
  const names = of.shown.map(({ collection }) => encodeURIComponent(collection.id)).join(",");
  const parameters = new URLSearchParams({ ...set.parameters, ...asOfIn(exchange) });
  const tileset = await serving.tileset(names, parameters);
  if (matrix === undefined) return document(exchange, known, tilesetDocument(call, of, set, tileset, `${call.base}/tiles/${names}.json?${parameters}`));
  encodingOf(exchange, [asMvt]);
  const limits = limitsOf(set, tileset.layers.map(({ layer }) => layer), extentOf(of.shown));
  if (!insideLimits(limits, [matrix, row!, column!])) throw new Fault("NOT_FOUND", {});
  await serving.tile(exchange, tileset, [matrix, column!, row!]);
}

function extentOf(shown: readonly Shown[]): readonly [number, number, number, number] {
  const edges = (at: number) => shown.map(({ extent }) => extent[at]!);
  return [Math.min(...edges(0)), Math.min(...edges(1)), Math.max(...edges(2)), Math.max(...edges(3))];
}

const matrixSetsDocument = (root: string) => ({
  links: [{ href: `${root}/tileMatrixSets`, rel: "self", type: JSON_TYPE, title: "本文档 / this document" }] satisfies Link[],
  tileMatrixSets: tileMatrixSets.map((set) => ({
    id: set.id,
    title: describe(set),
    ...(set.registered ? { uri: set.registered } : {}),
    crs: set.crs,
    links: [{ href: `${root}/tileMatrixSets/${set.id}`, rel: "self", type: JSON_TYPE, title: "定义 / definition" }] satisfies Link[],
  })),
});

const named = ({ shown }: Of) => shown.map(({ collection }) => describe(collection)).join("; ");
const addressed = (at: string, query: Readonly<Record<string, string>>) => (Object.keys(query).length > 0 ? `${at}?${new URLSearchParams(query)}` : at);

const shared = (of: Of, set: TileMatrixSet) => ({ title: `${named(of)}: ${describe(set)}`, dataType: "vector", crs: set.crs, ...(set.registered ? { tileMatrixSetURI: set.registered } : {}) });
const schemeLink = (root: string, set: TileMatrixSet): Link => ({ href: `${root}/tileMatrixSets/${set.id}`, rel: `${REL}tiling-scheme`, type: JSON_TYPE, title: "切片方案 / tile matrix set" });

const tilesetsDocument = ({ root }: TilesCall, of: Of) => ({
  links: [{ href: addressed(of.at, of.query), rel: "self", type: JSON_TYPE, title: "本文档 / this document" }] satisfies Link[],
  tilesets: of.shown.length === 0 ? [] : tileMatrixSets.map((set) => ({ ...shared(of, set), links: [{ href: addressed(`${of.at}/${set.id}`, of.query), rel: "self", type: JSON_TYPE, title: "瓦片集 / tileset" }, schemeLink(root, set)] satisfies Link[] })),
});

function tilesetDocument({ root }: TilesCall, of: Of, set: TileMatrixSet, { layers, matrix }: Tileset, tileJson: string) {
  const at = `${of.at}/${set.id}`;
  const [west, south, east, north] = extentOf(of.shown);
  return {
    ...shared(of, set),
    description: "按调用者的管辖范围;低级别瓦片聚合,重大者总是单独的要素。 / Within the caller's scope; gathered at low zooms, where major ones still stand alone.",
    tileMatrixSetLimits: limitsOf(set, layers.map(({ layer }) => layer), [west, south, east, north]),
    boundingBox: { lowerLeft: [west, south], upperRight: [east, north], crs: CRS84.uri, orderedAxes: ["Lon", "Lat"] },
    layers: layers.map(({ layer }, index) => layerDocument(layer, of.shown[index]!, matrix.minZoom)),
    links: [
      { href: addressed(at, of.query), rel: "self", type: JSON_TYPE, title: "本瓦片集 / this tileset" },
      schemeLink(root, set),
      { href: addressed(`${at}/{tileMatrix}/{tileRow}/{tileCol}`, { ...of.query, f: "mvt" }), rel: "item", type: MVT, templated: true, title: "瓦片 / tiles" },
      { href: tileJson, rel: "alternate", type: JSON_TYPE, title: "TileJSON 3.0" },
      ...(of.parameters.length === 0 ? [{ href: of.at.replace(/\/tiles$/, ""), rel: `${REL}geodata`, type: JSON_TYPE, title: "集合 / collection" }] : []),
    ] satisfies Link[],
  };
}

/** What stands in a layer of a tile, and from which matrix to which. */
function layerDocument(layer: MapLayer, { properties }: Shown, least: number) {
  const fields = fieldsOf(layer.entity());
  const clear = new Set(properties.map(([name]) => name));
  const schemaFor = (name: string): object => {
    const field = carriedBy(layer).includes(name) ? fields[name] : undefined;
    if (field) return schemaOf(field, "answer");
    const extra = layer.extras?.[name];
    if (extra) return { type: { text: "string", int: "integer", boolean: "boolean" }[extra.kind] };
    return name === "copy" ? { type: "boolean" } : name === "highestLevel" ? { type: "string", enum: layer.level?.values } : { type: "integer" };
  };
  const shown = Object.entries(fieldsSaid(layer)).filter(([name]) => !carriedBy(layer).includes(name) || clear.has(name));
  return {
    id: layer.id,
    title: describe(layer),
    dataType: "vector",
    ...(isOfPoints(layer) ? { geometryDimension: 0 } : {}),
    minTileMatrix: String(least),
    maxTileMatrix: String(layer.zoom[1]),
    propertiesSchema: { type: "object", properties: Object.fromEntries(shown.map(([name, description]) => [name, { description, ...schemaFor(name) }])) },
  };
}
