import "./features.js";
import { join } from "node:path";
import type { IncomingMessage } from "node:http";
import type { GraphQLSchema } from "graphql";
import { bearerOf, Keys } from "./auth/keys.js";
import { fileRoute } from "./attachments/files.js";
import { ImportPlaces } from "./imports/import-places.js";
import { importRoutes } from "./imports/import.routes.js";
import { LedgerRows } from "./ledgers/ledger.rows.js";
import { ledgerRoute } from "./ledgers/ledger.routes.js";
import { ledgerImportRoute } from "./ledger-imports/ledger-import.routes.js";
import { mapRoutes } from "./map/map.routes.js";
import type { Config } from "./platform/config.js";
import type { Engine } from "./platform/db/engine.js";
import { allLayers, layersWithItems } from "./layers/layer.js";
import { makeApollo } from "./platform/http/apollo.js";
import { serveSubscriptions } from "./platform/http/subscriptions.js";
import { startHttp, type Exchange, type Route } from "./platform/http/server.js";
import { ogcRoutes } from "./platform/ogc/routes.js";
import { makeSchema, printContract } from "./platform/graphql/schema.js";
import { compiledAnswers } from "./platform/read/compiled-answers.js";
import { LearnedHints } from "./platform/read/hints.js";
import type { Instant } from "./platform/read/read-sql.js";
import { Reader } from "./platform/read/reader.js";
import type { RequestContext } from "./platform/request.js";
import { LayerChanges } from "./platform/tiles/changes.js";
import { tileRoutes, type TileDoor } from "./platform/tiles/tile-routes.js";
import { act, type Call } from "./platform/write/act.js";
import { layerRoutes } from "./layers/layer.routes.js";

export interface Service {
  url: string;
  close(): Promise<void>;
}

/** The composition root: schema, reads, writes and routes over one engine. */
export async function startService(config: Config, engine: Engine, schema?: GraphQLSchema): Promise<Service> {
  const made = schema ?? (await makeSchema());
  const contract = printContract(made);
  const keys = new Keys(engine.pool);
  const now = () => new Date().toISOString();
  let began: string | null = null;
  const historyBegan = async () => {
    if (began !== null) return began;
    const { rows } = await engine.pool.query("select to_json(min(at)) as began from audit_events");
    return (began = (rows[0] as { began: string | null }).began);
  };
  const hints = new LearnedHints(engine.pool);
  await hints.ready();
  const { rows } = await engine.pool.query("select demo, story_last_day::text as day from system_settings");
  const demo = rows[0] as { demo: boolean; day: string | null };

  const callFor = async (request: IncomingMessage, requestId: string): Promise<Call> => ({
    actor: await keys.actorOf(request.headers.authorization),
    requestId,
    clientIp: request.socket.remoteAddress,
  });
  const contextFor = async (request: IncomingMessage, requestId: string): Promise<RequestContext> => {
    const call = await callFor(request, requestId);
    const readerAt = (instant: Instant) => new Reader(call.actor, instant, engine.pool, hints);
    return {
      actor: call.actor,
      requestId,
      notes: demo.demo ? { demo: { storyLastDay: demo.day } } : {},
      failure: {},
      // Set when the operation's instant is known, before anything reads.
      reader: undefined as unknown as Reader,
      readerAt,
      act: (name, args, payload) => act(engine, call, name, args, undefined, payload),
    };
  };
  const withCall = (exchange: Exchange) => callFor(exchange.request, exchange.requestId);

  const door: TileDoor = {
    pool: engine.pool,
    hints,
    schema: made,
    layers: allLayers(),
    actorOf: (exchange) => keys.actorOf(bearerOf(exchange.request.headers.authorization)),
    began: historyBegan,
    publicBaseUrl: config.publicBaseUrl,
    atOnce: Math.max(1, Math.floor(config.poolSize * 0.75)),
  };
  const tiles = await tileRoutes(door);
  const changes = new LayerChanges(engine.pool, allLayers());

  const text = (type: string, status: number, body: string) => ({ response }: Exchange) => void response.writeHead(status, { "content-type": type }).end(body);
  const json = "application/json; charset=utf-8";
  const ledgers = new LedgerRows(made, engine.pool, hints, historyBegan);
  const uploads = { places: new ImportPlaces(), directory: join(config.dataDir, "imports") };
  const routes: Route[] = [
    { method: "GET", pattern: /^\/livez$/, handle: text(json, 200, '{"status":"ok"}') },
    {
      method: "GET",
      pattern: /^\/readyz$/,
      handle: async (exchange) => {
        await engine.pool.query("select 1");
        const durability = engine.kind === "embedded" ? "内嵌引擎:提交后分组落盘;生产环境请用 PostgreSQL / embedded: flushed in groups after commit; use PostgreSQL in production" : "PostgreSQL";
        text(json, 200, JSON.stringify({ status: "ok", engine: engine.kind, demo: demo.demo, durability }))(exchange);
      },
    },
    { method: "GET", pattern: /^\/schema\.graphql$/, handle: text("text/plain; charset=utf-8", 200, contract) },
    fileRoute(engine, join(config.dataDir, "files"), withCall),
    ledgerRoute(ledgers, engine, withCall),
    ledgerImportRoute(ledgers, engine, withCall, uploads),
    ...importRoutes(engine, withCall, uploads),
    ...[...ogcRoutes({ title: { zh: "一图一表一库:地方应急管理风险登记", en: "One map, one ledger, one database: register of local emergency management" }, pool: engine.pool, hints, now, began: historyBegan, actorOf: door.actorOf, collections: layersWithItems, tiles: tiles.serving, publicBaseUrl: config.publicBaseUrl }),
    ...tiles.routes, ...layerRoutes(door)].map((route): Route => ({ ...route, crossOrigin: true })),
    ...mapRoutes(),
  ];
  const apollo = makeApollo(made, [compiledAnswers(made, engine.pool, hints, { now, began: historyBegan }, config.compileReads)]);
  await apollo.start();
  const http = await startHttp({ host: config.host, port: config.port, apollo, contextFor, routes, corsOrigins: config.corsOrigins, subscriptions: (server) => serveSubscriptions(server, { schema: made, actorOf: (authorization) => keys.actorOf(authorization), changes }) });
  return {
    url: http.url,
    async close() {
      changes.stop();
      await http.close();
      await tiles.stop();
      await apollo.stop();
      await engine.close();
    },
  };
}
