import type pg from "pg";
import type { DataSource } from "typeorm";
import { prepareEmbedded } from "./embedded.js";
import { preparePostgresql } from "./postgresql.js";
import { boundPrepared } from "./prepared.js";

export { DirectoryInUse } from "./directory-lock.js";

/** What the rest of the service knows of a database. Nothing but this adapter asks which one it is. */
export interface Engine {
  readonly kind: "embedded" | "postgresql";
  /** Initialized; for migrations and the write side. */
  readonly source: DataSource;
  /** The very pool the source uses. Embedded: one connection, so a query inside an open transaction must use that transaction's. */
  readonly pool: pg.Pool;
  /** Resolves when what was committed before the call survives a power cut. PostgreSQL sees to that at commit. */
  durable(): Promise<void>;
  /** Whether the database answers within so many milliseconds, asked beside all work. Rejects with why not. */
  probe(withinMs: number): Promise<void>;
  close(): Promise<void>;
}

export interface EngineConfig {
  /** PostgreSQL when given, else the embedded engine in dataDir. */
  databaseUrl?: string | undefined;
  dataDir: string;
  /** Connections to PostgreSQL; the embedded engine always has one. */
  poolSize?: number | undefined;
  /** Milliseconds after which a statement is cancelled; unless given 8,000 on PostgreSQL and never on the embedded engine, whose tools have it to themselves. */
  deadlineMs?: number | undefined;
  /** A gzip dump made by writeSnapshot, loaded when the data directory holds no database yet: seconds instead of half a minute. */
  snapshotPath?: string | undefined;
}

/** Told in both languages what a long start is doing. */
export type Progress = (zh: string, en: string) => void;

/** A database ready to be opened: TypeORM's commands want the source before it is initialized. */
export interface Prepared {
  readonly kind: Engine["kind"];
  readonly source: DataSource;
  durable(): Promise<void>;
  /** Asks whether the database answers, by a way of its own; absent where there is only one. */
  probe?(withinMs: number): Promise<void>;
  /** Looks after the connections of the pool made. */
  watch?(pool: pg.Pool): void;
  /** Lets go of what lies below the pool: the process-wide lock and the engine in the process. */
  release(): Promise<void>;
}

export const prepare = (config: EngineConfig, progress: Progress = () => {}): Promise<Prepared> =>
  config.databaseUrl ? preparePostgresql(config, progress) : prepareEmbedded(config, progress);

/** @throws DirectoryInUse when another process holds the data directory. */
export async function openEngine(config: EngineConfig, progress: Progress = () => {}): Promise<Engine> {
  const prepared = await prepare(config, progress);
  try {
    await prepared.source.initialize();
  } catch (error) {
    await prepared.release();
    throw error;
  }
  const { source } = prepared;
  // TypeORM's own field; there is no other way to the pool it made.
  const pool = (source.driver as unknown as { master: pg.Pool }).master;
  boundPrepared(pool);
  prepared.watch?.(pool);
  const probe = prepared.probe ?? ((withinMs: number) => probeOnly(pool, withinMs));
  let closing: Promise<void> | null = null;
  const close = async () => {
    await source.destroy();
    await prepared.release();
  };
  return Object.assign(prepared, { pool, probe, close: () => (closing ??= close()) });
}

/** Over the only connection there is: one that is busy is not broken. */
async function probeOnly(pool: pg.Pool, withinMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const busy = new Promise<void>((resolve) => (timer = setTimeout(resolve, withinMs)));
  try {
    await Promise.race([pool.query("select 1"), busy]);
  } finally {
    clearTimeout(timer);
  }
}
