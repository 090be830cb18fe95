/**
 * npm run bench: how near this service comes to the limit of its database, and to what PostGraphile does with it.
 *
 * Three servers answer the same questions over the same PostgreSQL database: this service as `npm start` runs it
 * (a real key, scope, mask, limits of documents and audit on); the limit (limit.ts: one hand-written statement a
 * question and nothing else); PostGraphile 5 (postgraphile.mjs: production settings). Each has a pool of eight. Before
 * anything is timed the three answers are compared, ids, values and order, for several inputs of every question:
 * one difference fails the run. Then each question is put to the three in turn, in rounds; every answer is checked
 * for errors as it is timed. Progress goes to stderr, the report (markdown) to stdout.
 *
 * Measured: requests a second under sixteen connections, latency, processor time of the server and of its backends.
 * Not measured: networks, TLS, cold caches, many callers with many different documents, long runs, memory. The limit
 * has no schema, keys, masks or limits, and PostGraphile is asked without row-level security: both do less than the
 * service does. Generator, servers and database share the cores, so figures of one run compare with that run only.
 *
 * With --as-of the service is asked alone, live and as of three instants in turn, over risks of ten versions each
 * (as-of.ts): the past must be exact, and may cost at most twice the present.
 *
 * With --overload the service is asked alone, for more than it can do (overload.ts): what it serves, refuses and how soon,
 * and how an innocent client and the probes of its health fare meanwhile.
 *
 * Without --database a PostgreSQL of the run's own is started, seeded and removed; it does not flush to disk (fsync off,
 * the same for the three). With --database the database is migrated, gets a schema `bench`, a principal with a key that
 * is revoked at the end, and hidden dangers from Q7: give it one made for trying out.
 */
import { writeFileSync } from "node:fs";
import { asOfInstants } from "./as-of.js";
import { ownCluster, seededDatabase } from "./database.js";
import { growth } from "./growth.js";
import { readOptions, USAGE, type Options } from "./options.js";
import { overload } from "./overload.js";
import { say } from "./say.js";
import { stopAll } from "./servers.js";
import { threeServers } from "./three-servers.js";
import { tiles } from "./tiles.js";

/** What dist is made of must be the sources as they are. */
async function build(): Promise<void> {
  const built = (await import(new URL("../build.mjs", import.meta.url).href)) as { isBuilt(): boolean; build(): boolean };
  if (built.isBuilt()) return;
  say("正在编译", "building");
  if (!built.build()) throw new Error("编译失败 / the build failed");
}

async function run(options: Options): Promise<void> {
  await build();
  const several = options.databases.length > 0 || options.growth.length > 0;
  const cluster = options.growth.length > 0 || (!several && !options.database) ? await ownCluster() : null;
  try {
    const databases = [...options.databases];
    for (const size of options.growth) databases.push([String(size), await seededDatabase(cluster!, size)]);
    const one = options.asOf ? asOfInstants : options.tiles ? tiles : options.overload ? overload : threeServers;
    const { text, figures } = several ? await growth(databases, options) : await one(options.database ?? (await seededDatabase(cluster!, options.risks, options.versions)), options);
    process.stdout.write(`${text}\n`);
    if (options.json) writeFileSync(options.json, `${JSON.stringify(figures, null, 2)}\n`);
  } finally {
    await stopAll();
    cluster?.stop();
  }
}

let options: Options;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
  process.exit(2);
}
run(options).then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
