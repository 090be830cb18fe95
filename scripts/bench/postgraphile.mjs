/**
 * PostGraphile over the same database: production settings, its Node adapter, pool of eight, nothing watched or explained.
 * Started by bench.ts: postgraphile.mjs DATABASE_URL SESSION_OPTIONS FIRST_STATEMENT PRINCIPAL_ID; prints its URL.
 * It asks for Node 22; what it uses of it that Node 20 lacks is made first.
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import pg from "pg";

Promise.withResolvers ??= function withResolvers() {
  let resolve, reject;
  const promise = new this((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
};
process.env.NODE_ENV = "production";
process.env.GRAPHILE_ENV = "production";

const { postgraphile } = await import("postgraphile");
const { PostGraphileAmberPreset } = await import("postgraphile/presets/amber");
const { makePgService } = await import("postgraphile/adaptors/pg");
const { grafserv } = await import("postgraphile/grafserv/node");
const { jsonPgSmartTags } = await import("postgraphile/utils");
const { PgAggregatesPreset } = await import("@graphile/pg-aggregates");

const [connectionString, options, firstStatement, principal] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString, max: 8, idleTimeoutMillis: 0, application_name: "bench-postgraphile", options });
pool.on("connect", (client) => void client.query(firstStatement));

/** Columns that triggers fill, so that a client need not; and the link history has by its id but not by a constraint. */
const FILLED = ["version", "recorded_from", "created_at", "updated_at", "region_path"];
const tags = jsonPgSmartTags({
  version: 1,
  config: {
    class: {
      "public.risks_history": { tags: { foreignKey: "(id) references public.risks (id)" } },
      "public.hidden_dangers": { attribute: Object.fromEntries(FILLED.map((column) => [column, { tags: { behavior: "-attribute:insert" } }])) },
    },
  },
});

/** The settings of a unit, which the database demands of a write; reads go without a transaction. */
const unit = () => ({ "app.actor": principal, "app.action": "hiddenDanger.register", "app.request": randomUUID(), "app.event": randomUUID() });

/** @type {import("graphile-config").GraphileConfig.Preset} */
const preset = {
  extends: [PostGraphileAmberPreset, PgAggregatesPreset],
  plugins: [tags],
  // Conditions and orders by columns that are second or third in an index are served by it as well.
  disablePlugins: ["PgIndexBehaviorsPlugin"],
  pgServices: [makePgService({ pool, schemas: ["public", "bench"], pubsub: false })],
  grafast: { explain: false, context: (request) => (request.node?.req.headers["x-unit"] ? { pgSettings: unit() } : {}) },
  grafserv: { port: 0, graphqlPath: "/graphql", graphiql: false, watch: false },
};

const served = postgraphile(preset).createServ(grafserv);
const server = createServer();
await served.addTo(server);
await served.ready?.();
server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
process.once("SIGTERM", () => process.exit(0));
