import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { btree_gist } from "@electric-sql/pglite/contrib/btree_gist";
import { ltree } from "@electric-sql/pglite/contrib/ltree";
import { pg_trgm } from "@electric-sql/pglite/contrib/pg_trgm";
import { pgcrypto } from "@electric-sql/pglite/contrib/pgcrypto";
import { postgis } from "@electric-sql/pglite-postgis";
import { DataSource } from "typeorm";
import { lockDirectory } from "./directory-lock.js";
import { DurableFiles } from "./durable-files.js";
import type { EngineConfig, Prepared, Progress } from "./engine.js";
import { loadMigrations } from "./migration-files.js";
import { PLANNING } from "./planning.js";
import { PoolTrouble } from "./pool-trouble.js";
import { EngineWire } from "./wire.js";

/** A query that waits for the one connection gives up after this long: it may be waiting for its own transaction. */
const CHECKOUT_TIMEOUT_MS = 15_000;

export interface Embedded extends Prepared {
  readonly kind: "embedded";
  readonly database: PGlite;
}

export async function prepareEmbedded(config: EngineConfig, progress: Progress): Promise<Embedded> {
  const unlock = lockDirectory(config.dataDir);
  try {
    const { database, files } = await openDatabase(config, progress);
    const source = new DataSource({
      type: "postgres",
      poolSize: 1,
      connectTimeoutMS: CHECKOUT_TIMEOUT_MS,
      installExtensions: false,
      migrationsTransactionMode: "each",
      migrations: await loadMigrations(),
      poolErrorHandler: new PoolTrouble().note,
      extra: { user: "postgres", password: "", database: "postgres", ssl: false, pipeline: true, idleTimeoutMillis: 0, stream: () => new EngineWire(database) },
    });
    const release = async () => {
      try {
        await database.close();
        await files.durable();
      } finally {
        unlock();
      }
    };
    return { kind: "embedded", source, database, durable: () => files.durable(), release };
  } catch (error) {
    unlock();
    throw error;
  }
}

async function openDatabase(config: EngineConfig, progress: Progress) {
  const directory = join(config.dataDir, "pg");
  const unfinished = join(config.dataDir, "pg.unfinished");
  // A creation that was interrupted left half a database: nothing in it was ever acknowledged.
  if (existsSync(unfinished)) rmSync(directory, { recursive: true, force: true });
  const fresh = !existsSync(join(directory, "PG_VERSION"));
  const snapshot = fresh && config.snapshotPath && existsSync(config.snapshotPath) ? config.snapshotPath : null;
  if (fresh) writeFileSync(unfinished, "");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // Our lock proves that no server runs here; a leftover (also with a negative pid, after a signal) would stop the start.
  rmSync(join(directory, "postmaster.pid"), { force: true });
  if (snapshot) progress("正在载入预制数据库(数秒)", "Loading the prepared database (a few seconds)");
  else if (fresh) progress("正在新建内嵌数据库(约半分钟)", "Creating the embedded database (about half a minute)");
  else progress("正在打开内嵌数据库", "Opening the embedded database");
  const files = new DurableFiles(directory);
  const database = await PGlite.create({
    fs: files,
    relaxedDurability: true,
    extensions: { postgis, ltree, btree_gist, pg_trgm, pgcrypto },
    startParams: [...PGlite.defaultStartParams, "-c", "timezone=Asia/Shanghai", "-c", "client_encoding=UTF8", ...Object.entries(PLANNING).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    ...(snapshot ? { loadDataDir: new Blob([readFileSync(snapshot)]) } : {}),
  });
  if (snapshot) await becomeItself(database);
  if (fresh) {
    await files.durable();
    rmSync(unfinished);
  }
  return { database, files };
}

/** Every copy of a snapshot is a database of its own: cursors of one mean nothing in another, and its secret is nobody else's. */
async function becomeItself(database: PGlite) {
  const { rows } = await database.query("select to_regclass('system_settings') as found");
  if ((rows[0] as { found: unknown }).found === null) return;
  await database.query("update system_settings set epoch = gen_random_uuid(), redaction_key = gen_random_bytes(32)");
}
