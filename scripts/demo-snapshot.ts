/** npm run build -- --snapshot: the demo district as one file, so that a first start loads the story instead of telling it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "../src/features.js";
import { openEngine } from "../src/platform/db/engine.js";
import { migrate } from "../src/platform/db/migrate.js";
import { writeSnapshot } from "../src/platform/db/snapshot.js";
import { seedDemo } from "../seeds/demo/seed.js";

const dataDir = mkdtempSync(join(tmpdir(), "demo-"));
try {
  const engine = await openEngine({ dataDir });
  await migrate(engine);
  await seedDemo(engine, (done, total) => {
    if (done % 500 === 0) process.stderr.write(`演示数据 ${done} / ${total} 条 / demo deeds\n`);
  });
  await engine.pool.query("vacuum full");
  await writeSnapshot(engine, "dist/demo-snapshot.tgz");
  await engine.close();
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
