import type { Client } from "pg";
import { DataSource } from "typeorm";
import type { EngineConfig, Prepared, Progress } from "./engine.js";
import { loadMigrations } from "./migration-files.js";
import { PLANNING } from "./planning.js";
import { PoolTrouble } from "./pool-trouble.js";

/** Sent with the start-up message, so they cost no round trip. Milliseconds. */
const SESSION = {
  application_name: "yitu-yibiao-yiku",
  lock_timeout: 2_000,
  idle_in_transaction_session_timeout: 10_000,
  options: `-c timezone=Asia/Shanghai ${Object.entries(PLANNING).map(([name, value]) => `-c ${name}=${value}`).join(" ")}`,
};

/**
 * Sent once on every new connection. The C library gives memory back to the system after each statement, only to fault
 * it in again with the next, until the process has once freed a large piece: a third of the cost of a short statement.
 */
const FIRST_STATEMENT = "select length(repeat('x', 4000000))";

export async function preparePostgresql(config: EngineConfig, progress: Progress): Promise<Prepared> {
  progress("正在连接 PostgreSQL", "Connecting to PostgreSQL");
  const trouble = new PoolTrouble();
  const source = new DataSource({
    type: "postgres",
    url: config.databaseUrl!,
    poolSize: config.poolSize ?? 10,
    connectTimeoutMS: 5_000,
    installExtensions: false,
    migrationsTransactionMode: "each",
    migrations: await loadMigrations(),
    poolErrorHandler: trouble.note,
    // A connection may also break while a unit holds it; without a listener that would end the process.
    extra: { ...SESSION, statement_timeout: config.deadlineMs ?? 8_000, pipeline: true, idleTimeoutMillis: 0, maxLifetimeSeconds: 1_800, onConnect: (client: Client) => client.on("error", trouble.note).query(FIRST_STATEMENT) },
  });
  return { kind: "postgresql", source, durable: () => Promise.resolve(), release: () => Promise.resolve() };
}
