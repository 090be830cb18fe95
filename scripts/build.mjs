/** npm run build [-- --snapshot]: sources to dist, with the files they read beside them; then the prepared database. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "dist", ".built");
const sources = ["src", "migrations", "seeds", "scripts"].map((name) => join(root, name)).filter(existsSync);
const single = ["ormconfig.ts", "tsconfig.json", "tsconfig.build.json", "package-lock.json"].map((name) => join(root, name)).filter(existsSync);

const newest = () =>
  Math.max(...single.map((file) => statSync(file).mtimeMs), ...sources.flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => statSync(join(folder, name)).mtimeMs)));

/** Whether dist is what the sources would become. */
export const isBuilt = () => existsSync(stamp) && statSync(stamp).mtimeMs >= newest();

const run = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status === 0;

/** @returns whether it succeeded. */
export function build() {
  const startedAt = new Date();
  rmSync(stamp, { force: true });
  // A snapshot of other sources would start a database they do not know.
  for (const name of ["snapshot.tgz", "demo-snapshot.tgz"]) rmSync(join(root, "dist", name), { force: true });
  // Compiled files of sources that are gone must not live on: a renamed migration would run twice.
  for (const name of ["src", "migrations", "seeds", "scripts"]) removeOrphans(join(root, "dist", name), join(root, name));
  if (!run(join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json")) return false;
  for (const name of ["src", "seeds"].filter((folder) => existsSync(join(root, folder)))) {
    cpSync(join(root, name), join(root, "dist", name), { recursive: true, filter: (path) => !path.endsWith(".ts") });
  }
  if (!run(join(root, "scripts/page.mjs"))) return false;
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(stamp, `${startedAt.toISOString()}\n`);
  // What changed while the build ran is newer than the build.
  utimesSync(stamp, startedAt, startedAt);
  return true;
}

function removeOrphans(built, source) {
  if (!existsSync(built)) return;
  for (const name of readdirSync(built, { recursive: true })) {
    if (!/\.js(\.map)?$/.test(name)) continue;
    if (!existsSync(join(source, name.replace(/\.js(\.map)?$/, ".ts"))) && !existsSync(join(source, name))) {
      rmSync(join(built, name));
      rmSync(join(root, "dist", ".tsbuildinfo"), { force: true });
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // An installation without development packages brings dist; there is no compiler to make it with.
  if (!existsSync(join(root, "node_modules/typescript/bin/tsc")) && existsSync(join(root, "dist/src/main.js"))) process.exit(0);
  if (!build()) process.exit(1);
  if (process.argv.includes("--snapshot") && !(run("dist/scripts/snapshot.js") && run("dist/scripts/demo-snapshot.js"))) process.exit(1);
}
