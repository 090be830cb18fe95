import { createHash, randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll } from "@jest/globals";
import pg from "pg";
import { type Engine, type EngineConfig, openEngine } from "../../src/platform/db/engine.js";
import { migrate } from "../../src/platform/db/migrate.js";

/** Which database this run tests; set by `npm test`. */
export const lane = process.env["TEST_LANE"] === "postgresql" ? "postgresql" : "embedded";

export interface TestDatabase {
  engine: Engine;
  /** To open the same database again, after closing the engine. */
  config: EngineConfig;
  /** Closes the engine and removes the database. */
  drop(): Promise<void>;
}

/** A migrated database of one's own for the tests of a file: opened before them, dropped after them. */
export function useDatabase(options: { migrated?: boolean } = {}): TestDatabase {
  const held = {} as TestDatabase;
  beforeAll(async () => void Object.assign(held, await freshDatabase(options)), 180_000);
  afterAll(() => held.drop?.());
  return held;
}

/** @param options.migrated false: without any table, to test migrations. */
export const freshDatabase = ({ migrated = true } = {}): Promise<TestDatabase> =>
  lane === "postgresql" ? freshPostgresql(migrated) : freshEmbedded(migrated);

/** Changes whenever a migration does, so that a kept template is never stale. */
function schemaDigest(): string {
  const hash = createHash("sha256");
  for (const name of readdirSync("migrations").sort()) hash.update(name).update(readFileSync(join("migrations", name)));
  return hash.digest("hex").slice(0, 16);
}

async function freshEmbedded(migrated: boolean): Promise<TestDatabase> {
  const template = await embeddedTemplate(migrated);
  const dataDir = mkdtempSync(join(tmpdir(), "register-"));
  cpSync(template, dataDir, { recursive: true });
  const config = { dataDir };
  const engine = await openEngine(config);
  const drop = async () => {
    await engine.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { engine, config, drop };
}

/** Made once per schema by whichever worker comes first, and kept between runs. */
async function embeddedTemplate(migrated: boolean): Promise<string> {
  const name = migrated ? `schema-${schemaDigest()}` : "empty";
  const template = join(".cache", "test", name);
  const making = `${template}.making`;
  mkdirSync(join(".cache", "test"), { recursive: true });
  while (!existsSync(template)) {
    if (!claim(making)) {
      await pause(250);
      continue;
    }
    const keepAlive = setInterval(() => utimesSync(making, new Date(), new Date()), 1_000);
    try {
      if (existsSync(template)) break;
      const draft = `${template}.${randomUUID()}`;
      const engine = await openEngine({ dataDir: draft });
      try {
        if (migrated) await migrate(engine);
      } finally {
        await engine.close();
      }
      renameSync(draft, template);
    } finally {
      clearInterval(keepAlive);
      rmSync(making, { recursive: true, force: true });
    }
  }
  return template;
}

/** mkdir either makes the directory or fails; a claim not renewed for a minute is that of a run that was killed. */
function claim(directory: string): boolean {
  try {
    mkdirSync(directory);
    return true;
  } catch {
    if (existsSync(directory) && Date.now() - (statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) > 60_000) rmSync(directory, { recursive: true, force: true });
    return false;
  }
}

async function freshPostgresql(migrated: boolean): Promise<TestDatabase> {
  const server = process.env["TEST_DATABASE_URL"];
  if (!server) throw new Error("TEST_DATABASE_URL");
  const template = migrated ? await postgresqlTemplate(server) : "template0";
  const name = `register_${randomUUID().replaceAll("-", "")}`;
  await asAdmin(server, (client) => client.query(`create database ${name} template ${template}`));
  const config = { databaseUrl: databaseUrl(server, name), dataDir: mkdtempSync(join(tmpdir(), "register-")) };
  const engine = await openEngine(config);
  const drop = async () => {
    await engine.close();
    await asAdmin(server, (client) => client.query(`drop database ${name} with (force)`));
    rmSync(config.dataDir, { recursive: true, force: true });
  };
  return { engine, config, drop };
}

/** The advisory lock lets one worker make the template while the others wait for it. */
async function postgresqlTemplate(server: string): Promise<string> {
  const name = `register_template_${schemaDigest()}`;
  await asAdmin(server, async (client) => {
    await client.query("select pg_advisory_lock(4790917)");
    const { rowCount } = await client.query("select from pg_database where datname = $1", [name]);
    if (rowCount) return;
    const draft = `${name}_draft`;
    await client.query(`drop database if exists ${draft}`);
    await client.query(`create database ${draft} template template0`);
    const engine = await openEngine({ databaseUrl: databaseUrl(server, draft), dataDir: tmpdir() });
    try {
      await migrate(engine);
    } finally {
      await engine.close();
    }
    await client.query(`alter database ${draft} rename to ${name}`);
  });
  return name;
}

function databaseUrl(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

async function asAdmin<T>(server: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Writes by plain SQL, as a unit would: one transaction that has an action, an actor, an event and a request. */
export async function inUnit<T>(
  engine: Engine,
  work: (client: pg.PoolClient) => Promise<T>,
  { action = "test.write", actor = "", event = randomUUID() as string, request = "", clock = "" } = {},
): Promise<T> {
  const client = await engine.pool.connect();
  try {
    await client.query("begin");
    await client.query(
      "select set_config('app.action', $1, true), set_config('app.actor', $2, true), set_config('app.event', $3, true), set_config('app.request', $4, true), set_config('app.clock', $5, true)",
      [action, actor, event, request, clock],
    );
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback");
    throw error;
  } finally {
    client.release();
  }
}
