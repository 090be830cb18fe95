import "./features.js";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bootstrap } from "./auth/bootstrap.js";
import type { Config } from "./platform/config.js";
import { openEngine, type Engine, type Progress } from "./platform/db/engine.js";
import { demandMigrated, mayMigrate, migrate } from "./platform/db/migrate.js";

/**
 * Opens the database the service runs on, migrated and with its first data. Both are the owner's work: done by the owner's own
 * connection where one is given, and by the service's where it is the owner; else they must have been done.
 * @throws NotMigrated where they were not.
 */
export async function openPrepared(config: Config, snapshotPath: string | undefined, say: Progress): Promise<Engine> {
  if (config.migrationDatabaseUrl) {
    const owner = await openEngine({ databaseUrl: config.migrationDatabaseUrl, dataDir: config.dataDir, poolSize: 4 }, say);
    try {
      await prepareAsOwner(config, owner, say);
    } finally {
      await owner.close();
    }
  }
  const engine = await openEngine({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, poolSize: config.poolSize, deadlineMs: config.deadlineMs, snapshotPath }, say);
  try {
    if (!config.migrationDatabaseUrl && (await mayMigrate(engine))) await prepareAsOwner(config, engine, say);
    else await demandMigrated(engine);
  } catch (error) {
    await engine.close();
    throw error;
  }
  return engine;
}

/** Migrations, rights, first data. */
export async function prepareAsOwner(config: Pick<Config, "demo" | "dataDir">, engine: Engine, say: Progress): Promise<void> {
  const applied = await migrate(engine);
  if (applied.length > 0) say(`已迁移数据库:${applied.length} 步`, `database migrated, ${applied.length} steps`);
  await prepareData(config, engine, say);
}

/** The first data: reference data and the first key, or the demo. */
async function prepareData(config: Pick<Config, "demo" | "dataDir">, engine: Engine, say: Progress): Promise<void> {
  if (!config.demo) return bootstrap(engine, say);
  const { issueDemoKeys, isSeeded, seedDemo } = await import("../seeds/demo/seed.js");
  if (!(await isSeeded(engine.pool))) {
    say("正在讲述演示区的 18 个月,约需一至三分钟", "telling the demo district's 18 months, one to three minutes");
    await seedDemo(engine, (done, total) => {
      if (done % 500 === 0) say(`演示数据 ${done} / ${total}`, "demo deeds");
    });
  }
  const file = join(config.dataDir, "demo-keys.json");
  if (!existsSync(file)) await writeFile(file, `${JSON.stringify(await issueDemoKeys(engine), null, 2)}\n`, { mode: 0o600 });
  say(`演示密钥:${file}`, "demo keys");
}
