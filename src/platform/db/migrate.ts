import { MigrationExecutor, type QueryRunner } from "typeorm";
import type { Engine } from "./engine.js";

/** Any constant will do; it keeps two nodes that start together from migrating together. */
const LOCK = 4_790_917_300_001;

/**
 * Brings the schema up to the newest migration, and the rights of the service's own role, where the database names one, to it.
 * @returns the names of the migrations that ran.
 */
export const migrate = (engine: Engine): Promise<string[]> =>
  alone(engine, async (executor, runner) => {
    const ran = (await executor.executePendingMigrations()).map(({ name }) => name);
    const role = await roleNamed((text) => runner.query(text) as Promise<Named[]>);
    if (role) await runner.query("select grant_runtime($1)", [role]);
    return ran;
  });

interface Named {
  role: string | null;
}

const roleNamed = async (query: (text: string) => Promise<Named[]>): Promise<string | null> => (await query("select nullif(current_setting('app.runtime_role', true), '') as role"))[0]!.role;

/** The role the service runs under where it is not the owner: written into the database by the script that makes the roles. */
export const runtimeRoleOf = (engine: Engine): Promise<string | null> => roleNamed(async (text) => (await engine.pool.query(text)).rows as Named[]);

/** The database has not been brought up to date, and the role of the service may not do it. */
export class NotMigrated extends Error {
  override readonly name = "NotMigrated";
  constructor(readonly missing: readonly string[]) {
    super(
      `数据库缺 ${missing.length} 个迁移,而本服务的角色无权执行:请以属主的连接串运行 DATABASE_URL=<属主> npm run migrate,或设 MIGRATION_DATABASE_URL 后重新启动。` +
        ` / ${missing.length} migrations are missing and the role of this service may not run them: run DATABASE_URL=<owner> npm run migrate, or set MIGRATION_DATABASE_URL and start again.`,
    );
  }
}

/** Whether the role of the connection may migrate: it owns what there is, or may make it. */
export async function mayMigrate(engine: Engine): Promise<boolean> {
  const { rows } = await engine.pool.query(`
    select case when to_regclass('migrations') is null then has_schema_privilege(current_schema(), 'create')
      else (select pg_has_role(relowner, 'usage') from pg_class where oid = to_regclass('migrations')) end as may`);
  return (rows[0] as { may: boolean | null }).may === true;
}

/** @throws NotMigrated unless every migration has run. */
export async function demandMigrated(engine: Engine): Promise<void> {
  const known = engine.source.migrations.map(({ name, constructor }) => name ?? constructor.name);
  const { rows: found } = await engine.pool.query("select to_regclass('migrations') is not null and has_table_privilege('migrations', 'select') as readable");
  const ran = (found[0] as { readable: boolean | null }).readable === true ? ((await engine.pool.query("select name from migrations")).rows as { name: string }[]).map(({ name }) => name) : [];
  const missing = known.filter((name) => !ran.includes(name));
  if (missing.length > 0) throw new NotMigrated(missing);
}

/** Takes back the last `steps` migrations. */
export const revert = (engine: Engine, steps = 1): Promise<void> =>
  alone(engine, async (executor) => {
    for (let step = 0; step < steps; step++) await executor.undoLastMigration();
  });

/** The migrations still to run, oldest first. */
export const pendingMigrations = (engine: Engine): Promise<string[]> =>
  alone(engine, async (executor) => (await executor.getPendingMigrations()).map(({ name }) => name));

async function alone<T>(engine: Engine, work: (executor: MigrationExecutor, runner: QueryRunner) => Promise<T>): Promise<T> {
  const runner = engine.source.createQueryRunner();
  await runner.connect();
  try {
    // Building an index may take longer than a request may.
    await runner.query("set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0");
    await runner.query(`select pg_advisory_lock(${LOCK})`);
    const result = await work(executorOn(engine, runner), runner);
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
