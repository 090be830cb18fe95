/**
 * npm start: the service; built first when dist is missing or older than the sources. Node.js is started with 64 MB for
 * what is young, so that a request is over before the collector looks at it a second time: a fifteenth more is served.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build, isBuilt } from "./build.mjs";

const main = new URL("../dist/src/main.js", import.meta.url);
const compiler = new URL("../node_modules/typescript/bin/tsc", import.meta.url);
// A deployment may bring dist without the compiler; then dist is what there is.
if (existsSync(compiler) && !isBuilt()) {
  process.stderr.write("正在编译(约十秒) / Building (about ten seconds)\n");
  if (!build()) process.exit(1);
}
process.argv[1] = fileURLToPath(main);
await import(main.href);
