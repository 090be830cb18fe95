import { createHash } from "node:crypto";
import type { GraphQLSchema } from "graphql";
import type { Pool } from "pg";
import type { Actor } from "../actor.js";
import { describe, fieldsOf } from "../entity/entity.js";
import { Fault, faultFromDatabase } from "../fault.js";
import type { Exchange, Route } from "../http/server.js";
import { publicAddress } from "../http/address.js";
import { sendProblem } from "../http/problem.js";
import type { Hints } from "../read/hints.js";
import { CELL_FIELDS } from "./cells.js";
import { codingFor, Gate, KeptTiles } from "./kept-tiles.js";
import { carriedBy, type MapLayer } from "./map-layer.js";
import { MAX_ZOOM } from "./matrix.js";
import { countOf } from "./points.js";
import { Compaction } from "./revision.js";
import type { Encoder } from "./statement.js";
import { TileMaker } from "./tile-maker.js";
import { tileOf, tilesetOf, type Tileset } from "./tile-request.js";
import { cachingOf, versionedFrom, versionFrom } from "./versions.js";

export interface TileDoor {
  pool: Pool;
  hints: Hints;
  schema: GraphQLSchema;
  layers: readonly MapLayer[];
  actorOf: (exchange: Exchange) => Promise<Actor>;
  /** When recorded history begins; null while there is none. */
  began: () => Promise<string | null>;
  /** Address clients reach the service by, without a path's end. */
  publicBaseUrl?: string | undefined;
  /** Tiles made at once. */
  atOnce: number;
  /** Instead of the one the database allows. */
  encoder?: Encoder | undefined;
}

const TILE_TYPE = "application/vnd.mapbox-vector-tile";
const CACHE_BYTES = 128 * 1024 * 1024;
const MOST_WAITING = 128;
/** Bounds of what is accepted as lying in China. */
const CHINA = [73, 3, 136, 54] as const;

/** Tiles for whoever has another address for them: the same scope, validator and cache. */
export interface TileServing {
  tileset: (layers: string, parameters: URLSearchParams) => Promise<Tileset>;
  /** Answers with one tile, for a year if `version` is the present one. Faults: NOT_FOUND where there is none. */
  tile: (exchange: Exchange, tileset: Tileset, place: readonly [z: string, x: string, y: string], version?: string | null) => Promise<void>;
}

/** `/tiles/{layers}.json` and `/tiles/{layers}/{z}/{x}/{y}.mvt`. Stop it when the service closes. */
export async function tileRoutes(door: TileDoor): Promise<{ routes: Route[]; serving: TileServing; stop: () => Promise<void> }> {
  const maker = await TileMaker.over(door.pool, door.hints, door.encoder);
  const kept = new KeptTiles(CACHE_BYTES, new Gate(door.atOnce, MOST_WAITING));
  const compaction = new Compaction(door.pool);
  const tileset: TileServing["tileset"] = async (layers, parameters) => tilesetOf(layers, parameters, door.layers, door.schema, await door.began());

  const versionFor = (of: Tileset, actor: Actor) => maker.version({ ...of, actor }, of.matrix, of.shifted);
  const tile: TileServing["tile"] = async (exchange, of, place, version = null) => {
    const { request, response } = exchange;
    const actor = await door.actorOf(exchange);
    const asked = tileOf(of, place, actor);
    if (!asked) throw new Fault("NOT_FOUND", {});
    const planned = await maker.plan(asked);
    compaction.met(planned.marks);
    const etag = `W/"${planned.key}"`;
    response.setHeader("etag", etag);
    response.setHeader("vary", "accept-encoding, authorization");
    // Asked for last, when the content is there: what is still the present version then has been it all the while.
    const sayCaching = async () => response.setHeader("cache-control", cachingOf(version !== null && (await versionFor(of, actor)) === version, actor.kind === "PUBLIC"));
    if (matches(request.headers["if-none-match"], etag)) {
      await sayCaching();
      return void response.writeHead(304).end();
    }
    const made = await kept.get(planned.key, planned.make);
    await sayCaching();
    if (made.crowded.length > 0) response.setHeader("x-tile-crowded", made.crowded.join(","));
    if (made.bytes.length === 0) return void response.writeHead(204).end();
    const coding = codingFor(request.headers["accept-encoding"] as string | undefined, made.bytes.length);
    const body = await kept.body(planned.key, made, coding);
    if (coding !== "identity") response.setHeader("content-encoding", coding);
    response.writeHead(200, { "content-type": TILE_TYPE, "content-length": body.length }).end(request.method === "HEAD" ? undefined : body);
  };

  const described = async (exchange: Exchange) => {
    const parameters = new URLSearchParams(exchange.url.search);
    const versioned = versionedFrom(parameters);
    const asked = await tileset(exchange.matched[0]!, parameters);
    const version = versioned ? await versionFor(asked, await door.actorOf(exchange)) : null;
    if (version !== null) parameters.set("v", version);
    const search = exchange.url.searchParams.has("versioned") ? (parameters.size > 0 ? `?${parameters}` : "") : exchange.url.search;
    const body = JSON.stringify(tileJson(asked, `${publicAddress(exchange, door.publicBaseUrl)}/tiles/${asked.layers.map(({ layer }) => layer.id).join(",")}/{z}/{x}/{y}.mvt${search}`));
    if (versioned) exchange.response.setHeader("vary", "authorization");
    sendJson(exchange, body, undefined, versioned ? "private, no-cache" : "no-cache");
  };

  return {
    routes: [
      { method: "GET", pattern: /^\/tiles\/([^/]{1,500})\.json$/, handle: told(described) },
      { method: "GET", pattern: /^\/tiles\/([^/]{1,500})\/([^/]+)\/([^/]+)\/([^/]+)\.mvt$/, handle: told(async (exchange) => {
        const [layers, z, x, y] = exchange.matched as readonly string[];
        const parameters = new URLSearchParams(exchange.url.search);
        const version = versionFrom(parameters);
        await tile(exchange, await tileset(layers!, parameters), [z!, x!, y!], version);
      }) },
    ],
    serving: { tileset, tile },
    stop: () => compaction.stop(),
  };
}

/** Faults leave as problem documents. */
export const told =
  (handle: (exchange: Exchange) => Promise<void>) =>
  async (exchange: Exchange): Promise<void> => {
    try {
      await handle(exchange);
    } catch (error) {
      const fault = faultFromDatabase(error);
      if (!(fault instanceof Fault)) throw error;
      for (const name of ["etag", "vary"]) exchange.response.removeHeader(name);
      sendProblem(exchange, fault);
    }
  };

/** A JSON document that changes only with the service, or with what it is asked by. */
export function sendJson({ request, response }: Exchange, body: string, type = "application/json; charset=utf-8", caching = "no-cache"): void {
  const etag = `W/"${createHash("sha256").update(body).digest("base64url").slice(0, 32)}"`;
  response.setHeader("etag", etag);
  response.setHeader("cache-control", caching);
  if (matches(request.headers["if-none-match"], etag)) return void response.writeHead(304).end();
  response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(body) }).end(request.method === "HEAD" ? undefined : body);
}

/** Whether one of the validators a client holds is this one (RFC 9110, weak comparison). */
function matches(held: string | undefined, etag: string): boolean {
  if (!held) return false;
  return held.trim() === "*" || held.split(",").some((one) => one.trim().replace(/^W\//, "") === etag.slice(2));
}

/** TileJSON 3.0. Bounds are degrees of CGCS2000 for every matrix set. */
function tileJson({ layers, matrix, shifted }: Tileset, address: string) {
  const drawn = layers.map(({ layer }) => layer);
  const extents = drawn.map((layer) => layer.extent ?? CHINA);
  const outer = (at: number, pick: (...values: number[]) => number) => pick(...extents.map((extent) => extent[at]!));
  const bounds = [outer(0, Math.min), outer(1, Math.min), outer(2, Math.max), outer(3, Math.max)];
  return {
    tilejson: "3.0.0",
    name: drawn.map(describe).join("; "),
    description: drawn.map(describe).join("; "),
    version: "1.0.0",
    scheme: "xyz",
    tiles: [address],
    minzoom: matrix.minZoom,
    maxzoom: Math.min(MAX_ZOOM, Math.max(...drawn.map((layer) => layer.zoom[1]))),
    bounds,
    crs: shifted ? "GCJ02" : matrix.crs,
    tileMatrixSet: matrix.uri,
    vector_layers: drawn.map((layer) => ({ id: layer.id, description: describe(layer), minzoom: matrix.minZoom, maxzoom: layer.zoom[1], fields: fieldsSaid(layer) })),
  };
}

/** Properties of a layer's features in a tile, described. */
export function fieldsSaid(layer: MapLayer): Record<string, string> {
  const fields = fieldsOf(layer.entity());
  const carried = carriedBy(layer).flatMap((name) => (fields[name] ? [[name, describe(fields[name])]] : []));
  const extras = Object.entries(layer.extras ?? {}).map(([name, extra]) => [name, describe(extra)]);
  const ofCells = layer.cells ? Object.entries(CELL_FIELDS) : [];
  const gathered = layer.zoom[0] > 0 || layer.cells ? [["count", "聚合的数量,单个要素无此项 / how many are gathered; single features have none"], ["highestLevel", "聚合中的最高等级 / the highest level gathered"], ...(layer.level?.values ?? []).map((value) => [countOf(value), `聚合中该等级的数量 / gathered of this level: ${value}`])] : [];
  return Object.fromEntries([...carried, ...extras, ...ofCells, ...gathered, ["copy", "属于相邻瓦片,不计数 / of the neighbouring tile, not to be counted"]] as [string, string][]);
}
