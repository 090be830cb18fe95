/**
 * npm run migrate [up | down [steps]]: brings the schema up to date, or takes the last migrations back.
 * Where the service runs under a role of its own, it also loads the reference data and makes the first key, since that role may not.
 */
import { prepareAsOwner } from "../src/open-prepared.js";
import { readConfig } from "../src/platform/config.js";
import { migrate, revert, runtimeRoleOf } from "../src/platform/db/migrate.js";
import { openEngine } from "../src/platform/db/engine.js";

const [direction = "up", steps = "1"] = process.argv.slice(2);
if (!["up", "down"].includes(direction) || !/^[1-9]\d*$/.test(steps)) {
  process.stderr.write("用法 / usage: npm run migrate -- [up | down [steps]]\n");
  process.exit(2);
}
const say = (zh: string, en: string) => void process.stderr.write(`${zh} / ${en}\n`);
const config = readConfig(process.env);
const engine = await openEngine({ databaseUrl: config.databaseUrl, dataDir: config.dataDir }, say);
try {
  if (direction === "down") await revert(engine, Number(steps));
  else {
    process.stdout.write((await migrate(engine)).map((name) => `${name}\n`).join("") || "已是最新 / up to date\n");
    if (await runtimeRoleOf(engine)) await prepareAsOwner(config, engine, say);
  }
} finally {
  await engine.close();
}
