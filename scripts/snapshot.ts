/** npm run build -- --snapshot: a migrated database as one file, which a first start loads instead of making its own. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEngine } from "../src/platform/db/engine.js";
import { migrate } from "../src/platform/db/migrate.js";
import { writeSnapshot } from "../src/platform/db/snapshot.js";

const dataDir = mkdtempSync(join(tmpdir(), "snapshot-"));
try {
  const engine = await openEngine({ dataDir });
  await migrate(engine);
  await writeSnapshot(engine, "dist/snapshot.tgz");
  await engine.close();
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
