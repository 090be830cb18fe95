/**
 * npm test [-- jest arguments]: the whole suite on every engine this machine has, and at the end what did not run.
 * REQUIRE_ALL_LANES=1 makes a lane that did not run a failure. TEST_LANES=embedded,postgresql chooses.
 */
import { spawnSync } from "node:child_process";
import { serverBinaries } from "../test/support/private-cluster.mjs";

const lanes = [
  { name: "embedded", lacks: () => null },
  {
    name: "postgresql",
    lacks: () => (process.env.TEST_DATABASE_URL || serverBinaries() ? null : "没有 TEST_DATABASE_URL,本机也没有 PostgreSQL 15+ 与 PostGIS / neither TEST_DATABASE_URL nor PostgreSQL 15+ with PostGIS on this machine"),
  },
];

const chosen = process.env.TEST_LANES?.split(",") ?? lanes.map(({ name }) => name);
const jest = new URL("../node_modules/jest/bin/jest.js", import.meta.url).pathname;
const results = lanes.map(({ name, lacks }) => {
  const reason = chosen.includes(name) ? lacks() : "未选择 / not chosen";
  if (reason) return { name, reason };
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync(process.execPath, ["--experimental-vm-modules", "--disable-warning=ExperimentalWarning", jest, ...process.argv.slice(2)], {
    stdio: "inherit",
    // By environment too, for the processes jest starts itself.
    env: { ...process.env, TEST_LANE: name, NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim() },
  });
  return { name, passed: status === 0 };
});

process.stdout.write("\n");
for (const { name, reason, passed } of results) {
  process.stdout.write(`${name}: ${reason ? `未运行 / did not run: ${reason}` : passed ? "通过 / passed" : "失败 / failed"}\n`);
}
const failed = results.some(({ reason, passed }) => !reason && !passed);
const skipped = results.some(({ reason }) => reason);
process.exit(failed || (skipped && process.env.REQUIRE_ALL_LANES === "1") ? 1 : 0);
