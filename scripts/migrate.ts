/** npm run migrate [up | down [steps]]: brings the schema up to date, or takes the last migrations back. */
import { migrate, revert } from "../src/platform/db/migrate.js";
import { openEngine } from "../src/platform/db/engine.js";

const [direction = "up", steps = "1"] = process.argv.slice(2);
if (!["up", "down"].includes(direction) || !/^[1-9]\d*$/.test(steps)) {
  process.stderr.write("用法 / usage: npm run migrate -- [up | down [steps]]\n");
  process.exit(2);
}
const engine = await openEngine(
  { databaseUrl: process.env["DATABASE_URL"], dataDir: process.env["DATA_DIR"] ?? "./.data" },
  (zh, en) => void process.stderr.write(`${zh} / ${en}\n`),
);
try {
  if (direction === "down") await revert(engine, Number(steps));
  else process.stdout.write((await migrate(engine)).map((name) => `${name}\n`).join("") || "已是最新 / up to date\n");
} finally {
  await engine.close();
}
