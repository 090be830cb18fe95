/** node --import ./scripts/typescript.mjs FILE.ts: runs a source file without a build, for tools and for tests that need a second process. */
import { register } from "node:module";

register("./typescript-hooks.mjs", import.meta.url);
