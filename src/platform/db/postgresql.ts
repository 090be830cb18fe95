import pg, { type Client } from "pg";
import { DataSource } from "typeorm";
import { ConnectionWatch } from "./connection-watch.js";
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

/** The server cancels a statement at its deadline; where it has not even said so by then, it is asked what it is doing. */
const AFTER_DEADLINE_MS = 100;

export async function preparePostgresql(config: EngineConfig, progress: Progress): Promise<Prepared> {
  progress("正在连接 PostgreSQL", "Connecting to PostgreSQL");
  const trouble = new PoolTrouble();
  const deadlineMs = config.deadlineMs ?? 8_000;
  let watch: ConnectionWatch | undefined;
  let prober: pg.Pool | undefined;
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
    extra: { ...SESSION, statement_timeout: deadlineMs, keepAlive: true, pipeline: true, idleTimeoutMillis: 0, maxLifetimeSeconds: 1_800, onConnect: (client: Client) => client.on("error", trouble.note).query(FIRST_STATEMENT) },
  });
  const atWork = async (processes: readonly number[], withinMs: number) => {
    const asking = new pg.Client({ connectionString: config.databaseUrl, application_name: "yitu-yibiao-yiku/watch", connectionTimeoutMillis: withinMs, query_timeout: withinMs }).on("error", () => undefined);
    try {
      await asking.connect();
      const { rows } = await asking.query<{ pid: number }>("select pid from pg_stat_activity where pid = any($1) and state = 'active'", [processes]);
      return rows.map(({ pid }) => pid);
    } finally {
      // A frozen server says no goodbye.
      void asking.end().catch(() => undefined);
    }
  };
  return {
    kind: "postgresql",
    source,
    durable: () => Promise.resolve(),
    // A connection of its own, so that a full pool is not taken for a database that is away.
    probe: async (withinMs) => {
      prober ??= new pg.Pool({ connectionString: config.databaseUrl, max: 1, application_name: "yitu-yibiao-yiku/ready", connectionTimeoutMillis: withinMs, query_timeout: withinMs, idleTimeoutMillis: 0, allowExitOnIdle: true }).on("error", trouble.note);
      await prober.query("select 1");
    },
    watch: (pool) => void (watch = new ConnectionWatch(pool, deadlineMs + AFTER_DEADLINE_MS, atWork)),
    release: async () => {
      watch?.stop();
      await prober?.end();
    },
  };
}
