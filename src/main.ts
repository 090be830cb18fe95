import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startService } from "./app.js";
import { openPrepared } from "./open-prepared.js";
import { BadSetting, readConfig } from "./platform/config.js";
import { DirectoryInUse } from "./platform/db/engine.js";
import { NotMigrated } from "./platform/db/migrate.js";

const began = Date.now();
const say = (zh: string, en: string) => process.stdout.write(`[${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s] ${zh} / ${en}\n`);

/** Made by the build; holds the migrated database with the demo's story. */
const snapshotPath = join(dirname(fileURLToPath(import.meta.url)), "../demo-snapshot.tgz");

async function main(): Promise<void> {
  const config = readConfig(process.env);
  await mkdir(config.dataDir, { recursive: true });
  const engine = await openPrepared(config, config.demo && existsSync(snapshotPath) ? snapshotPath : undefined, say);
  try {
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

main().catch((error: unknown) => {
  const plain = error instanceof BadSetting || error instanceof DirectoryInUse || error instanceof NotMigrated;
  const taken = (error as { code?: string }).code === "EADDRINUSE";
  const told = taken ? "端口已被占用;用环境变量 PORT 指定其他端口 / the port is in use; choose another with PORT" : plain ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`${told}\n`);
  process.exit(1);
});
