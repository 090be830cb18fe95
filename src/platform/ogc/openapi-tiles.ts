import { describe } from "../entity/entity.js";
import type { Shown } from "./collection.js";
import { json, links, ok, onlyJson, operation, query, ref, type Json } from "./openapi-parts.js";
import { tileMatrixSets } from "./tile-matrix-sets.js";
import { MVT } from "./tiles.js";

const place = (name: string, description: string, schema: Json) => ({ name, in: "path", required: true, description, schema });
const number = { type: "integer", minimum: 0 };

export const tileParameters: Record<string, Json> = {
  tileMatrixSetId: place("tileMatrixSetId", "切片方案 / tile matrix set", { type: "string", enum: tileMatrixSets.map(({ id }) => id) }),
  tileMatrix: place("tileMatrix", "级别 / tile matrix (zoom)", { type: "string" }),
  tileRow: place("tileRow", "行,自上而下 / row, from the top", number),
  tileCol: place("tileCol", "列,自左而右 / column, from the left", number),
};

const text = { type: "string" };
const numbers = (count: number) => ({ type: "array", minItems: count, maxItems: count, items: { type: "number" } });
const tilesetHead = { title: text, description: text, dataType: { type: "string", enum: ["vector"] }, crs: text, tileMatrixSetURI: text, links };
const matrix: Json = {
  type: "object",
  required: ["id", "scaleDenominator", "cellSize", "pointOfOrigin", "tileWidth", "tileHeight", "matrixWidth", "matrixHeight"],
  properties: { id: text, scaleDenominator: { type: "number" }, cellSize: { type: "number" }, cornerOfOrigin: { type: "string", enum: ["topLeft", "bottomLeft"] }, pointOfOrigin: numbers(2), tileWidth: number, tileHeight: number, matrixWidth: number, matrixHeight: number },
};
const limits: Json = { type: "object", required: ["tileMatrix", "minTileRow", "maxTileRow", "minTileCol", "maxTileCol"], properties: { tileMatrix: text, minTileRow: number, maxTileRow: number, minTileCol: number, maxTileCol: number } };
const layer: Json = { type: "object", required: ["id", "dataType"], properties: { id: text, title: text, dataType: text, geometryDimension: number, minTileMatrix: text, maxTileMatrix: text, propertiesSchema: { type: "object" } } };

export const tileSchemas: Record<string, Json> = {
  TileMatrixSets: { type: "object", required: ["tileMatrixSets"], properties: { links, tileMatrixSets: { type: "array", items: { type: "object", required: ["id", "links"], properties: { id: text, title: text, uri: text, crs: text, links } } } } },
  TileMatrixSet: { type: "object", required: ["id", "crs", "tileMatrices"], properties: { id: text, title: text, uri: text, crs: text, orderedAxes: { type: "array", items: text }, wellKnownScaleSet: text, tileMatrices: { type: "array", minItems: 1, items: matrix } } },
  Tilesets: { type: "object", required: ["tilesets"], properties: { links, tilesets: { type: "array", items: { type: "object", required: ["dataType", "crs", "links"], properties: tilesetHead } } } },
  Tileset: {
    type: "object",
    required: ["dataType", "crs", "links"],
    properties: { ...tilesetHead, tileMatrixSetLimits: { type: "array", items: limits }, boundingBox: { type: "object", required: ["lowerLeft", "upperRight"], properties: { lowerLeft: numbers(2), upperRight: numbers(2), crs: text, orderedAxes: { type: "array", items: text } } }, layers: { type: "array", items: layer } },
  },
};

const onlyMvt = query("f", "编码 / encoding", { type: "string", enum: ["mvt"] });
const asOf = ref("parameters", "asOf");
const tileAt = ["tileMatrixSetId", "tileMatrix", "tileRow", "tileCol"].map((name) => ref("parameters", name));

/** The three addresses of tiles of one thing. Operation ids end as the standard has them (its table 11). */
function pathsOf(at: string, name: string, kind: "collection" | "dataset", tag: string, own: readonly Json[]): Json {
  const id = (what: string) => `${name}.${kind}.vector.${what}`;
  const tile = { ...ok("Mapbox 矢量瓦片 / Mapbox vector tile", json({ type: "string", format: "binary" }, MVT)), "204": { description: "瓦片为空 / nothing is there" }, "304": { description: "未变 / unchanged" }, "503": ref("responses", "Overloaded") };
  return {
    [at]: operation(id("getTileSetsList"), "瓦片集 / tilesets", tag, [...own, asOf, onlyJson], ok("瓦片集 / tilesets", json(ref("schemas", "Tilesets")))),
    [`${at}/{tileMatrixSetId}`]: operation(id("getTileSet"), "瓦片集的说明 / a tileset described", tag, [tileAt[0]!, ...own, asOf, onlyJson], ok("瓦片集 / tileset", json(ref("schemas", "Tileset")))),
    [`${at}/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}`]: operation(id("getTile"), "瓦片,先行后列 / a tile, row before column", tag, [...tileAt, ...own, asOf, onlyMvt], tile),
  };
}

/** Addresses of OGC API Tiles that this caller may ask. */
export function tilePaths(shown: readonly Shown[]): Json {
  const ids = shown.map(({ collection }) => collection.id);
  const collections = query("collections", "只要这些集合;不给则为全部可见者 / these collections only; all that are visible unless given", { type: "array", minItems: 1, items: { type: "string", enum: ids } });
  return {
    "/tileMatrixSets": operation("getTileMatrixSetsList", "切片方案 / tile matrix sets", "Tiles", [onlyJson], ok("切片方案 / tile matrix sets", json(ref("schemas", "TileMatrixSets")))),
    "/tileMatrixSets/{tileMatrixSetId}": operation("getTileMatrixSet", "切片方案的定义 / definition of a tile matrix set", "Tiles", [tileAt[0]!, onlyJson], ok("定义 / definition", json(ref("schemas", "TileMatrixSet")))),
    ...(ids.length > 0 ? pathsOf("/tiles", "all", "dataset", "Tiles", [collections]) : {}),
    ...Object.assign({}, ...shown.map(({ collection }) => pathsOf(`/collections/${collection.id}/tiles`, collection.id, "collection", describe(collection), []))),
  };
}
