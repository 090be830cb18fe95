import "./features.js";
import { join } from "node:path";
import type { GraphQLSchema } from "graphql";
import { Callers } from "./auth/callers.js";
import { bearerOf, Keys } from "./auth/keys.js";
import { FileStore } from "./attachments/file-store.js";
import { fileRoutes } from "./attachments/files.js";
import { ImportPlaces } from "./imports/import-places.js";
import { importRoutes } from "./imports/import.routes.js";
import { LedgerRows } from "./ledgers/ledger.rows.js";
import { ledgerRoute } from "./ledgers/ledger.routes.js";
import { ledgerImportRoute } from "./ledger-imports/ledger-import.routes.js";
import { mapRoutes } from "./map/map.routes.js";
import { Admission, REFUSED_COST } from "./platform/admission/admission.js";
import { DEFAULT_LIMITS, type Config } from "./platform/config.js";
import type { Engine } from "./platform/db/engine.js";
import { allLayers, layersWithItems } from "./layers/layer.js";
import { makeApollo } from "./platform/http/apollo.js";
import { ClientAddresses, householdOf } from "./platform/http/client-address.js";
import type { Known } from "./platform/http/exchange.js";
import { Front } from "./platform/http/front.js";
import { Readiness } from "./platform/http/health.js";
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
import { KeyRetention } from "./platform/write/key-retention.js";
import { layerRoutes } from "./layers/layer.routes.js";

export interface Service {
  url: string;
  /** Stops at once, but for what is being answered. */
  close(): Promise<void>;
  /** Says by /readyz that it stops, takes new connections for so long, answers what comes, and stops. */
  drain(delayMs: number): Promise<void>;
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

  const limits = { ...DEFAULT_LIMITS, ...config.limits };
  const admission = new Admission(limits, config.poolSize);
  const addresses = new ClientAddresses(config.trustedProxies);
  const callers = new Callers(keys, admission);
  const actorOf = (authorization: string | undefined, clientIp: string) => callers.actorOf(authorization, clientIp);
  const provenBefore = (authorization: string | undefined) => callers.provenBefore(authorization);

  const callOf = ({ actor, requestId, clientIp }: Known): Call => ({ actor, requestId, clientIp });
  const contextFor = (known: Known): Omit<RequestContext, "charge"> => {
    const call = callOf(known);
    const { actor, requestId } = call;
    return {
      actor,
      requestId,
      notes: demo.demo ? { demo: { storyLastDay: demo.day } } : {},
      failure: {},
      // Set when the operation's instant is known, before anything reads.
      reader: undefined as unknown as Reader,
      readerAt: (instant: Instant) => new Reader(actor, instant, engine.pool, hints),
      act: (name, args, payload) => act(engine, call, name, args, undefined, payload),
    };
  };
  // Who asks is known before a route is entered.
  const withCall = (exchange: Exchange) => Promise.resolve(callOf(exchange));

  const door: TileDoor = {
    pool: engine.pool,
    hints,
    schema: made,
    layers: allLayers(),
    actorOf: ({ actor }) => Promise.resolve(actor),
    began: historyBegan,
    publicBaseUrl: config.publicBaseUrl,
    atOnce: Math.max(1, Math.floor(config.poolSize * 0.75)),
  };
  const tiles = await tileRoutes(door);
  const retention = new KeyRetention(engine.pool);
  const changes = new LayerChanges(engine.pool, allLayers());

  const text = (type: string, status: number, body: string) => ({ response }: Exchange) => void response.writeHead(status, { "content-type": type }).end(body);
  const files = new FileStore(join(config.dataDir, "files"));
  await files.prepare();
  const ledgers = new LedgerRows(made, engine.pool, hints, historyBegan);
  const uploads = { places: new ImportPlaces(), directory: join(config.dataDir, "imports") };
  const durability = engine.kind === "embedded" ? "内嵌引擎:提交后分组落盘;生产环境请用 PostgreSQL / embedded: flushed in groups after commit; use PostgreSQL in production" : "PostgreSQL";
  const readiness = new Readiness({ probe: (withinMs) => engine.probe(withinMs), directory: config.dataDir, facts: { engine: engine.kind, demo: demo.demo, durability } });
  const routes: Route[] = [
    { method: "GET", pattern: /^\/schema\.graphql$/, handle: text("text/plain; charset=utf-8", 200, contract), open: true },
    ledgerRoute(ledgers, engine, withCall),
    // Files take as long as they take.
    ...[...fileRoutes(engine, files, withCall), ledgerImportRoute(ledgers, engine, withCall, uploads), ...importRoutes(engine, withCall, uploads)].map((route): Route => ({ ...route, long: true })),
    ...[...ogcRoutes({ title: { zh: "一图一表一库:地方应急管理风险登记", en: "One map, one ledger, one database: register of local emergency management" }, pool: engine.pool, hints, now, began: historyBegan, actorOf: door.actorOf, collections: layersWithItems, tiles: tiles.serving, publicBaseUrl: config.publicBaseUrl }),
    ...tiles.routes, ...layerRoutes(door)].map((route): Route => ({ ...route, crossOrigin: true, basic: true, problems: true })),
    ...mapRoutes().map((route): Route => ({ ...route, open: true })),
  ];
  const apollo = makeApollo(made, [compiledAnswers(made, engine.pool, hints, { now, began: historyBegan }, config.compileReads)]);
  await apollo.start();
  const front = new Front({ admission, addresses, apollo, routes, corsOrigins: config.corsOrigins, actorOf, provenBefore, basicOf: bearerOf, contextFor });
  const tidying = setInterval(() => admission.tidy(), 10_000).unref();
  const http = await startHttp({
    host: config.host,
    port: config.port,
    maxConnections: limits.maxConnections,
    shedding: admission.shedding,
    // A request may have several statements, each with its own deadline.
    deadlineMs: 2 * config.deadlineMs + 1_000,
    readiness,
    refuses: (request) => front.refuses(request),
    serve: (...request) => front.serve(...request),
    tick: () => admission.tick(),
    subscriptions: (server, overloaded) =>
      serveSubscriptions(server, {
        schema: made,
        actorOf,
        provenBefore,
        changes,
        addresses,
        overloaded,
        charge: (actor, clientIp, cost) => admission.charge(admission.callerOf(actor, householdOf(clientIp)), cost + REFUSED_COST),
        corsOrigins: config.corsOrigins,
        publicBaseUrl: config.publicBaseUrl,
      }),
  });
  const stop = async (http: Promise<void>) => {
    await http;
    clearInterval(tidying);
    admission.stop();
    await tiles.stop();
    await apollo.stop();
    await retention.stop();
    await keys.stop();
    await engine.close();
  };
  return {
    url: http.url,
    close() {
      changes.stop();
      return stop(http.close());
    },
    drain: (delayMs) => stop(http.drain(delayMs).finally(() => changes.stop())),
  };
}
