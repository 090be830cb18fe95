import "../features.js";
import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { readConfig } from "../platform/config.js";
import { openEngine } from "../platform/db/engine.js";
import { migrate } from "../platform/db/migrate.js";
import { Fault } from "../platform/fault.js";
import { importFile } from "./import.file.js";
import { openImported } from "./spool.js";
import { importCall } from "./import.service.js";
import { checkMapping } from "./mapping.js";
import { shippedMapping } from "./mappings.js";

// npm run import -- --mapping NAME|FILE.json --file FILE [--datum D] [--region CODE] [--dry-run | --all-or-nothing] [--report FILE]
const { values } = parseArgs({
  options: {
    mapping: { type: "string" },
    file: { type: "string" },
    datum: { type: "string" },
    region: { type: "string" },
    "dry-run": { type: "boolean", default: false },
    "all-or-nothing": { type: "boolean", default: false },
  },
});
if (!values.mapping || !values.file) {
  process.stderr.write("用法 / usage: npm run import -- --mapping 名称或文件 --file 文件 [--datum CGCS2000|WGS84|GCJ02|BD09] [--region 12位代码] [--dry-run] [--all-or-nothing]\n");
  process.exit(2);
}
const config = readConfig(process.env);
const engine = await openEngine({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, poolSize: config.poolSize }, (zh, en) => void process.stderr.write(`${zh} / ${en}\n`));
try {
  await migrate(engine);
  const mapping = values.mapping.endsWith(".json") ? checkMapping(JSON.parse(await readFile(values.mapping, "utf8"))) : await shippedMapping(values.mapping);
  const report = await importFile(
    engine,
    importCall(userInfo().username),
    {
      mapping,
      fileName: basename(values.file),
      datum: values.datum ?? null,
      mode: values["dry-run"] ? "DRY_RUN" : values["all-or-nothing"] ? "ALL_OR_NOTHING" : "VALID_ROWS",
      regionCode: values.region ?? null,
    },
    openImported(values.file),
    (read) => void process.stderr.write(`已读 ${read} 行 / rows read\n`),
  );
  const { rows, ...summary } = report;
  process.stdout.write(`${JSON.stringify({ ...summary, rejected: rows.filter((row) => row.outcome === "REJECTED"), doubtful: rows.filter((row) => row.doubts.length > 0).length }, null, 2)}\n`);
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  process.stderr.write(`${JSON.stringify({ message: error.message, ...error.extensions }, null, 2)}\n`);
  process.exitCode = 1;
} finally {
  await engine.close();
}
