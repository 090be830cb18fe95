/** Bundles the map page: what the browser loads comes from the service and from nowhere else. */
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));

/** @param target the folder the page's files are put in. */
export async function bundlePage(target) {
  const source = join(root, "src/map/page");
  if (!existsSync(source)) return;
  mkdirSync(target, { recursive: true });
  await build({ entryPoints: [join(source, "app.ts")], outdir: target, bundle: true, format: "esm", target: "es2022", minify: true, legalComments: "eof", logLevel: "warning", tsconfig: join(source, "tsconfig.json") });
  await build({ entryPoints: [{ in: join(source, "page.css"), out: "app" }], outdir: target, bundle: true, minify: true, logLevel: "warning" });
  copyFileSync(join(source, "index.html"), join(target, "index.html"));
  // The map's worker is a file of its own, loaded from beside the page.
  const library = dirname(createRequire(import.meta.url).resolve("maplibre-gl/package.json"));
  copyFileSync(join(library, "dist/maplibre-gl-worker.mjs"), join(target, "worker.js"));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundlePage(join(root, "dist/src/map/page"));
