import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { startService, type Service } from "./app.js";
import { openPrepared } from "./open-prepared.js";
import { readConfig } from "./platform/config.js";
import { log } from "./platform/log.js";
import { startTrouble } from "./platform/start-trouble.js";

const began = Date.now();
const say = (zh: string, en: string) => process.stdout.write(`[${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s] ${zh} / ${en}\n`);

/** Made by the build; holds the migrated database with the demo's story. */
const snapshotPath = join(dirname(fileURLToPath(import.meta.url)), "../demo-snapshot.tgz");

/** Fewer cores than this, and whoever helps the collector of garbage takes the core from the thread that serves, for tens of milliseconds at a time. */
const HELPED_FROM_CORES = 2;

async function main(): Promise<void> {
  if (availableParallelism() < HELPED_FROM_CORES) setFlagsFromString("--no-concurrent-marking");
  const config = readConfig(process.env);
  await mkdir(config.dataDir, { recursive: true });
  const engine = await openPrepared(config, config.demo && existsSync(snapshotPath) ? snapshotPath : undefined, say);
  try {
    const service = await startService(config, engine);
    endWell(service, config.drainDelayMs ?? 0);
    say(`服务已就绪:${service.url}/graphql`, "ready");
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/**
 * How the process ends. Asked to, it drains; asked again, it ends at once. Whatever a client sends is caught where it is
 * handled; an exception nobody caught is a fault of the service that leaves it in a state nobody knows: it is told, what
 * is being answered is finished, and the supervisor starts it anew. A promise nobody waited for left nothing half done
 * (writes are transactions): it is told, and the service goes on.
 */
function endWell(service: Service, drainDelayMs: number): void {
  let ending = false;
  const end = (delayMs: number, code: number) => {
    if (ending) process.exit(code === 0 ? 130 : code);
    ending = true;
    service.drain(delayMs).then(
      () => {
        say("已停止", "stopped");
        process.exit(code);
      },
      (error: unknown) => {
        log.fatal("停止出错 / stopping failed", error);
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", () => end(drainDelayMs, 0));
  process.on("SIGINT", () => end(drainDelayMs, 0));
  process.on("uncaughtException", (error) => {
    log.fatal("未捕获的异常,服务将停止 / an exception nobody caught: the service stops", error);
    end(0, 1);
  });
  process.on("unhandledRejection", (error) => log.trouble("未等待的失败 / a failure nobody waited for", error));
}

main().catch((error: unknown) => {
  process.stderr.write(`${startTrouble(error) ?? (error instanceof Error ? error.stack : String(error))}\n`);
  process.exit(1);
});
