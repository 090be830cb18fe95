/**
 * npm run seed -- --counties: the 54 counties of Chongqing and Shanghai with their boundaries, into any database.
 * npm run seed [-- --risks N [--versions M]]: the demo district into the database of DATABASE_URL (or the embedded one in DATA_DIR),
 * and with --risks N a district (up to 100,000) or a city (up to 1,000,000) of invented risks beside it,
 * with --versions M every one of them with at least so many versions.
 * Prints where the demo's keys are. For trying out and for measuring; never for a database in use.
 */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import "../src/features.js";
import { readConfig } from "../src/platform/config.js";
import { openEngine, type Engine } from "../src/platform/db/engine.js";
import { migrate } from "../src/platform/db/migrate.js";
import { loadCounties } from "./reference/counties.js";
import { MOST_VERSIONS, seedBulk } from "./demo/bulk.js";
import { isSeeded, issueDemoKeys, seedDemo } from "./demo/seed.js";

const { values } = parseArgs({ options: { counties: { type: "boolean" }, risks: { type: "string" }, versions: { type: "string" } } });
const number = (name: "risks" | "versions", most: number) => {
  const value = Number(values[name] ?? 0);
  if (Number.isInteger(value) && value >= (values[name] === undefined ? 0 : 1) && value <= most && !(values.counties && values[name])) return value;
  process.stderr.write(`用法 / usage: npm run seed -- [--counties | --risks 1..1000000 [--versions 3..${MOST_VERSIONS}]]\n`);
  process.exit(2);
};
const risks = number("risks", 1_000_000);
const versions = number("versions", MOST_VERSIONS);

const began = Date.now();
const say = (text: string) => process.stderr.write(`[${((Date.now() - began) / 1000).toFixed(1).padStart(7)} s] ${text}\n`);
let told = 0;
const every = (what: string, seconds: number) => (done: number, total: number) => {
  if (done < total && Date.now() - told < seconds * 1_000) return;
  told = Date.now();
  say(`${what} ${done} / ${total}`);
};

const { databaseUrl, dataDir } = readConfig(process.env);
await mkdir(dataDir, { recursive: true });
const engine = await openEngine({ databaseUrl, dataDir, poolSize: 4 }, (zh, en) => say(`${zh} / ${en}`));
try {
  await migrate(engine);
  if (values.counties) {
    const { rows: told, ...report } = await loadCounties(engine);
    process.stdout.write(`${JSON.stringify({ ...report, doubtful: told.filter(({ doubts }) => doubts.length > 0).length, rejected: told.filter(({ outcome }) => outcome === "REJECTED") }, null, 2)}\n`);
  } else await demo(engine);
} finally {
  await engine.close();
}

async function demo(engine: Engine): Promise<void> {
  const { rows } = await engine.pool.query("select demo or not exists (select 1 from audit_events) as fit from system_settings");
  if (!(rows[0] as { fit: boolean }).fit) throw new Error("该库已有业务数据,不是演示库 / this database is in use and not a demo");
  if (!(await isSeeded(engine.pool))) await seedDemo(engine, every("演示数据 / demo deeds", 2));
  if (risks > 0) await seedBulk(engine, risks, every("批量风险 / bulk risks", 2), versions || undefined);
  const file = join(dataDir, "demo-keys.json");
  if (!existsSync(file)) await writeFile(file, `${JSON.stringify(await issueDemoKeys(engine), null, 2)}\n`, { mode: 0o600 });
  say(`演示密钥 / demo keys: ${file}`);
}
