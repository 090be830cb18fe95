import type { Actor } from "../actor.js";
import type { Description } from "../entity/entity.js";
import { faultFromDatabase, Fault } from "../fault.js";
import { publicAddress } from "../http/address.js";
import { sendProblem } from "../http/problem.js";
import type { Exchange, Route } from "../http/server.js";
import type { TileServing } from "../tiles/tile-routes.js";
import { asGeoJson, asJson, asOpenApi, asSchema, encodingOf, encodingsFor, linkHeader, send, type Encoding, type Link } from "./answer.js";
import { collectionNamed, shownTo, type Collection, type Shown } from "./collection.js";
import { crsNamed } from "./crs.js";
import { collectionDocument, collectionsDocument, conformance, landing, queryablesDocument, schemaDocument } from "./documents.js";
import { csv, sequence } from "./encode.js";
import { flatGeobufPage, itemOf, itemsPage, type Door, type ItemsPage } from "./items.js";
import { openApi } from "./openapi.js";
import { itemsAsked, onlyKnown } from "./parameters.js";
import { answerTiles } from "./tiles.js";

export interface OgcOptions extends Door {
  /** Of the service, for its landing page. */
  title: Description;
  actorOf: (exchange: Exchange) => Promise<Actor>;
  collections: () => readonly Collection[];
  tiles: TileServing;
  /** Where clients reach the service; taken from the request's Host unless given. */
  publicBaseUrl?: string | undefined;
}

/** GET /ogc/...: OGC API Features and Tiles, read through the one door of all reads. */
export function ogcRoutes(options: OgcOptions): Route[] {
  const handle = async (exchange: Exchange) => {
    try {
      await answer(options, exchange);
    } catch (error) {
      const cause = faultFromDatabase(error);
      // Anything else is told, and kept in the log, by the server.
      if (!(cause instanceof Fault) || exchange.response.headersSent) throw cause;
      exchange.response.removeHeader("etag");
      sendProblem(exchange, cause);
    }
  };
  return [{ method: "GET", pattern: /^\/ogc(?:\/(.*))?$/, handle }];
}

async function answer(options: OgcOptions, exchange: Exchange): Promise<void> {
  const actor = await options.actorOf(exchange);
  const shown = shownTo(actor, options.collections());
  const base = publicAddress(exchange, options.publicBaseUrl);
  const root = `${base}/ogc`;
  const path = (exchange.matched[0] ?? "").replace(/\/$/, "");
  const parts = path.split("/").map(decoded);
  if (await answerTiles(options.tiles, { exchange, shown, root, base }, parts)) return;
  const [head = "", id, what, fid, ...rest] = parts;
  const document = (encoding: Encoding, made: (encoding: Encoding) => object) => {
    onlyKnown(exchange.url.searchParams, ["f"]);
    const chosen = encodingOf(exchange, [encoding]);
    send(exchange, chosen.type, JSON.stringify(made(chosen)));
  };
  if (rest.length > 0) throw new Fault("NOT_FOUND", {});
  if (head === "collections" && id !== undefined) {
    const collection = collectionNamed(id, shown);
    if (what === undefined) return document(asJson, () => collectionDocument(collection, root));
    if (what === "queryables" && fid === undefined) return document(asSchema, () => queryablesDocument(collection, root));
    if (what === "schema" && fid === undefined) return document(asSchema, () => schemaDocument(collection, root));
    if (what === "items") return fid === undefined ? items(options, exchange, actor, collection, root) : item(options, exchange, actor, collection, fid, root);
  } else if (id === undefined) {
    switch (head) {
      case "":
        return document(asJson, () => landing(options.title, root));
      case "api":
        return document(asOpenApi, () => openApi(options.title, shown, root));
      case "conformance":
        return document(asJson, () => ({ conformsTo: conformance }));
      case "collections":
        return document(asJson, () => collectionsDocument(shown, root));
    }
  }
  throw new Fault("NOT_FOUND", {});
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Fault("NOT_FOUND", {});
  }
}

/** The same question with some parameters changed; null takes one away. */
function asked(exchange: Exchange, at: string, changes: Readonly<Record<string, string | null>> = {}): string {
  const given = new URLSearchParams(exchange.url.searchParams);
  for (const [name, value] of Object.entries(changes)) if (value === null) given.delete(name);
    else given.set(name, value);
  const text = given.toString();
  return text ? `${at}?${text}` : at;
}

async function items(options: OgcOptions, exchange: Exchange, actor: Actor, shown: Shown, root: string): Promise<void> {
  const question = itemsAsked(exchange.url.searchParams, shown);
  const encoding = encodingOf(exchange, encodingsFor(shown.collection.kinds));
  const at = `${root}/collections/${shown.collection.id}/items`;
  const linksOf = (next: string | null): Link[] => [
    { href: asked(exchange, at), rel: "self", type: encoding.type, title: "本页 / this page" },
    ...encodingsFor(shown.collection.kinds).filter(({ f }) => f !== encoding.f).map(({ f, type }): Link => ({ href: asked(exchange, at, { f }), rel: "alternate", type, title: f })),
    ...(next === null ? [] : [{ href: asked(exchange, at, { cursor: next }), rel: "next", type: encoding.type, title: "下一页 / next page" }]),
    { href: `${root}/collections/${shown.collection.id}`, rel: "collection", type: "application/json", title: "集合 / collection" },
  ];
  const headers = (links: readonly Link[], returned: number, matched?: number) => ({
    "content-crs": `<${question.crs.uri}>`,
    link: linkHeader(links),
    "ogc-numberreturned": String(returned),
    ...(matched === undefined ? {} : { "ogc-numbermatched": String(matched) }),
  });
  if (encoding.f === "fgb") {
    const { bytes, count, next } = await flatGeobufPage(options, actor, shown, question);
    if (!bytes) return void exchange.response.writeHead(204, headers(linksOf(next), 0)).end();
    return send(exchange, encoding.type, bytes, headers(linksOf(next), count));
  }
  const page = await itemsPage(options, actor, shown, question);
  const links = linksOf(page.next);
  const body = encoding.f === "csv" ? await csv(page.features, question.properties) : encoding.f === "geojsonseq" ? sequence(page.features) : featureCollection(page, links, options.now());
  send(exchange, encoding.type, body, headers(links, page.features.length, page.matched));
}

/** Joined, not built: a page of thousands of features is text already. */
function featureCollection({ features, matched }: ItemsPage, links: readonly Link[], now: string): string {
  const counts = `"numberReturned":${features.length}${matched === undefined ? "" : `,"numberMatched":${matched}`}`;
  return `{"type":"FeatureCollection","links":${JSON.stringify(links)},"timeStamp":${JSON.stringify(now)},${counts},"features":[${features.join(",")}]}`;
}

async function item(options: OgcOptions, exchange: Exchange, actor: Actor, shown: Shown, fid: string, root: string): Promise<void> {
  const { searchParams } = exchange.url;
  onlyKnown(searchParams, ["crs", "asOf", "f"]);
  const crs = crsNamed("crs", searchParams.get("crs"));
  const encoding = encodingOf(exchange, [asGeoJson]);
  const feature = await itemOf(options, actor, shown, fid, { crs, asOf: searchParams.get("asOf") });
  const collection = `${root}/collections/${shown.collection.id}`;
  const links: Link[] = [
    { href: asked(exchange, `${collection}/items/${encodeURIComponent(fid)}`), rel: "self", type: encoding.type, title: "本要素 / this feature" },
    { href: collection, rel: "collection", type: "application/json", title: "集合 / collection" },
  ];
  send(exchange, encoding.type, `${feature.slice(0, -1)},"links":${JSON.stringify(links)}}`, { "content-crs": `<${crs.uri}>`, link: linkHeader(links) });
}
