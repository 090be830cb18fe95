import { MigrationExecutor, type QueryRunner } from "typeorm";
import type { Engine } from "./engine.js";

/** Any constant will do; it keeps two nodes that start together from migrating together. */
const LOCK = 4_790_917_300_001;

/**
 * Brings the schema up to the newest migration.
 * @returns the names of the migrations that ran.
 */
export const migrate = (engine: Engine): Promise<string[]> =>
  alone(engine, async (executor) => (await executor.executePendingMigrations()).map(({ name }) => name));

/** Takes back the last `steps` migrations. */
export const revert = (engine: Engine, steps = 1): Promise<void> =>
  alone(engine, async (executor) => {
    for (let step = 0; step < steps; step++) await executor.undoLastMigration();
  });

/** The migrations still to run, oldest first. */
export const pendingMigrations = (engine: Engine): Promise<string[]> =>
  alone(engine, async (executor) => (await executor.getPendingMigrations()).map(({ name }) => name));

async function alone<T>(engine: Engine, work: (executor: MigrationExecutor) => Promise<T>): Promise<T> {
  const runner = engine.source.createQueryRunner();
  await runner.connect();
  try {
    // Building an index may take longer than a request may.
    await runner.query("set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0");
    await runner.query(`select pg_advisory_lock(${LOCK})`);
    const result = await work(executorOn(engine, runner));
    await runner.query(`select pg_advisory_unlock(${LOCK})`);
    await runner.query("reset statement_timeout; reset lock_timeout; reset idle_in_transaction_session_timeout");
    await engine.durable();
    return result;
  } catch (error) {
    // Whatever state the session is in, it is not handed to the next caller with the lock held.
    await runner.query("select pg_advisory_unlock_all()").catch(() => undefined);
    await runner.query("reset all").catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}

function executorOn(engine: Engine, runner: QueryRunner): MigrationExecutor {
  const executor = new MigrationExecutor(engine.source, runner);
  executor.transaction = "each";
  return executor;
}
