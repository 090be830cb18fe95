// Where the embedded engine's thread begins. Run from source, its neighbours are still TypeScript.
import { existsSync } from "node:fs";
import { register } from "node:module";

const compiled = new URL("./engine-host.js", import.meta.url);
const source = new URL("./engine-host.ts", import.meta.url);
const isCompiled = existsSync(compiled);
if (!isCompiled) register(new URL("../../../scripts/typescript-hooks.mjs", import.meta.url).href);
await import((isCompiled ? compiled : source).href);
