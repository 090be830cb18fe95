/** npm run schema: prints what clients and auditors may hold us to; with --check, fails where the files differ. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import "../src/features.js";
import { printActions } from "../src/platform/action-table.js";
import { printFaults } from "../src/platform/fault.js";
import { makeSchema, printContract } from "../src/platform/graphql/schema.js";

const printed: Readonly<Record<string, string>> = {
  "schema/schema.graphql": printContract(await makeSchema()),
  "schema/actions.md": printActions(),
  "schema/faults.md": printFaults(),
};

const read = (file: string) => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

if (process.argv.includes("--check")) {
  const drifted = Object.entries(printed).filter(([file, text]) => read(file) !== text).map(([file]) => file);
  if (drifted.length > 0) {
    process.stderr.write(`与代码不一致,请运行 npm run schema / differs from the code, run npm run schema: ${drifted.join(", ")}\n`);
    process.exit(1);
  }
} else {
  mkdirSync("schema", { recursive: true });
  for (const [file, text] of Object.entries(printed)) writeFileSync(file, text);
}
