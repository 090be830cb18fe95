import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startService } from "./app.js";
import { BadSetting, readConfig, type Config } from "./platform/config.js";
import { DirectoryInUse, openEngine, type Engine } from "./platform/db/engine.js";
import { migrate } from "./platform/db/migrate.js";
import { bootstrap } from "./auth/bootstrap.js";

const began = Date.now();
const say = (zh: string, en: string) => process.stdout.write(`[${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s] ${zh} / ${en}\n`);

/** Made by the build; holds the migrated database with the demo's story. */
const snapshotPath = join(dirname(fileURLToPath(import.meta.url)), "../demo-snapshot.tgz");

async function main(): Promise<void> {
  const config = readConfig(process.env);
  await mkdir(config.dataDir, { recursive: true });
  const engine = await openEngine({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, poolSize: config.poolSize, deadlineMs: config.deadlineMs, snapshotPath: config.demo && existsSync(snapshotPath) ? snapshotPath : undefined }, say);
  try {
    const applied = await migrate(engine);
    if (applied.length > 0) say(`已迁移数据库:${applied.length} 步`, `database migrated, ${applied.length} steps`);
    await prepareData(config, engine);
    const service = await startService(config, engine);
    say(`服务已就绪:${service.url}/graphql`, "ready");
    let stopping: Promise<void> | undefined;
    const stop = () => {
      stopping ??= service.close().then(() => {
        say("已停止", "stopped");
        process.exit(0);
      });
    };
    process.once("SIGTERM", stop);
    process.once("SIGINT", stop);
  } catch (error) {
    await engine.close();
    throw error;
  }
}

async function prepareData(config: Config, engine: Engine): Promise<void> {
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

main().catch((error: unknown) => {
  const plain = error instanceof BadSetting || error instanceof DirectoryInUse;
  const taken = (error as { code?: string }).code === "EADDRINUSE";
  const told = taken ? "端口已被占用;用环境变量 PORT 指定其他端口 / the port is in use; choose another with PORT" : plain ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${told}\n`);
  process.exit(1);
});
