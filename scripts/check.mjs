/** npm run check: everything that can be said of the code without running the service. All checks run; any failure fails. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

const checks = [
  ["类型 / types", "tsc", ["--noEmit"]],
  ["页面类型 / types of the page", "tsc", ["-p", "src/map/page"], "src/map/page"],
  ["风格 / lint", "oxlint", ["--deny-warnings"]],
  ["依赖方向 / dependencies", "depcruise", ["--config", ".dependency-cruiser.cjs", "--output-type", "err", "src", "migrations", "scripts"]],
  ["无用之物 / unused", "knip", []],
  // The contract in schema/ is what the code would print.
  ["接口契约 / contract", "node", ["--import", "./scripts/typescript.mjs", "scripts/schema.ts", "--check"], "scripts/schema.ts"],
];

let failed = false;
for (const [name, command, args, needs] of checks) {
  if (needs && !existsSync(needs)) continue;
  process.stdout.write(`== ${name}\n`);
  const file = command === "node" ? process.execPath : `node_modules/.bin/${command}`;
  if (spawnSync(file, args, { stdio: "inherit" }).status !== 0) {
    failed = true;
    process.stdout.write(`${name}: 失败 / failed\n`);
  }
}
process.exit(failed ? 1 : 0);
