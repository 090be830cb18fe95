import type { Client } from "pg";
import { DataSource } from "typeorm";
import { lockDirectory } from "./directory-lock.js";
import type { EngineConfig, Prepared, Progress } from "./engine.js";
import { EngineThread } from "./engine-thread.js";
import { loadMigrations } from "./migration-files.js";
import { PoolTrouble } from "./pool-trouble.js";
import { EngineWire } from "./wire.js";

/** A query that waits for the one connection gives up after this long: it may be waiting for its own transaction. */
const CHECKOUT_TIMEOUT_MS = 15_000;

export interface Embedded extends Prepared {
  readonly kind: "embedded";
  /** The whole database as a gzip file. */
  dump(): Promise<Uint8Array>;
}

export async function prepareEmbedded(config: EngineConfig, progress: Progress): Promise<Embedded> {
  const unlock = lockDirectory(config.dataDir);
  try {
    const { dataDir, snapshotPath, deadlineMs = 0 } = config;
    const engine = await EngineThread.start({ dataDir, snapshotPath, deadlineMs, progress });
    const trouble = new PoolTrouble();
    const source = new DataSource({
      type: "postgres",
      poolSize: 1,
      connectTimeoutMS: CHECKOUT_TIMEOUT_MS,
      installExtensions: false,
      migrationsTransactionMode: "each",
      migrations: await loadMigrations(),
      poolErrorHandler: trouble.note,
      extra: {
        user: "postgres",
        password: "",
        database: "postgres",
        ssl: false,
        pipeline: true,
        idleTimeoutMillis: 0,
        stream: () => new EngineWire(engine),
        // A connection may also break while a unit holds it; without a listener that would end the process.
        onConnect: (client: Client) => client.on("error", trouble.note),
      },
    });
    const release = async () => {
      try {
        await engine.close();
      } finally {
        unlock();
      }
    };
    return { kind: "embedded", source, durable: () => engine.durable(), dump: () => engine.dump(), release };
  } catch (error) {
    unlock();
    throw error;
  }
}
