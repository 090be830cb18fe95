import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Embedded } from "./embedded.js";
import type { Engine } from "./engine.js";

/**
 * Writes the whole embedded database to a gzip file for EngineConfig.snapshotPath.
 * @throws Error on another engine: PostgreSQL has pg_dump and base backups.
 */
export async function writeSnapshot(engine: Engine, file: string): Promise<void> {
  if (engine.kind !== "embedded") throw new Error("只有内嵌数据库可以写出快照 / only the embedded engine writes snapshots");
  await engine.pool.query("checkpoint");
  const dump = await (engine as Engine & Embedded).dump();
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, dump);
  renameSync(draft, file);
}
