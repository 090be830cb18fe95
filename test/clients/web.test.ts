/// <reference lib="dom" />
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { build } from "esbuild";
import { chromium, type Browser, type Page } from "playwright-core";
import { useDistrict } from "../support/district.js";
import { LEVELS, onSquare, placeRisks, type Position } from "../support/map-tiles.js";
import { ogcAs } from "../support/ogc.js";
import { populate } from "../support/population.js";

const CHROMIUM = process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const district = useDistrict();
const CENTRE: Position = [106.625, 29.705];
const HALF = 20_037_508.342_789_244;

interface Read {
  id?: string;
  layer?: string;
  properties: Record<string, unknown>;
  at: [number, number];
}
declare const readers: Record<"tiles" | "tileset" | "features", (asked: object) => Promise<Read[]>> & { mapLibre(asked: object): Promise<{ problems: string[]; tiles: Read[]; drawn: Read[] }> };

const mercator = (position: Position) => onSquare("WebMercatorQuad", position).map((part, axis) => (part - 0.5) * 2 * HALF * (axis === 0 ? 1 : -1)) as [number, number];

// A machine without a browser tests everything else; where every lane must run, it must be there.
(CHROMIUM || process.env["REQUIRE_ALL_LANES"] === "1" ? describe : describe.skip)("libraries of web maps read what SQL finds", () => {
  let browser: Browser;
  let page: Page;
  let problems: string[];
  let risks: { id: string; code: string; lon: number; lat: number; level: string | null }[];

  beforeAll(async () => {
    await populate(district, 12);
    await placeRisks(district.database.engine, district, LEVELS.map((level, at) => ({ position: [106.6 + at / 100, 29.69], level })));
    risks = (await district.database.engine.pool.query("select 'Risk_' || id as id, code, st_x(location) as lon, st_y(location) as lat, current_level as level from risks where location is not null")).rows as typeof risks;
    const bundle = await build({ entryPoints: [fileURLToPath(new URL("web-readers.mjs", import.meta.url))], bundle: true, write: false, format: "iife", target: "es2022", logLevel: "warning" });
    const worker = readFileSync(join(dirname(createRequire(import.meta.url).resolve("maplibre-gl/package.json")), "dist/maplibre-gl-worker.mjs"), "utf8");
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"] });
    page = await browser.newPage({ viewport: { width: 1500, height: 1300 }, extraHTTPHeaders: district.headers("office") });
    page.setDefaultTimeout(60_000);
    problems = [];
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => !/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== district.service.url && problems.push(`elsewhere: ${request.url()}`));
    page.on("response", (response) => response.status() >= 400 && problems.push(`${response.status()} ${response.url()}`));
    // The page stands at the service's own address: what other origins may read is tested elsewhere.
    await page.route("**/reading/*", (route) => {
      const file = new URL(route.request().url()).pathname.split("/").at(-1);
      return file === "worker.js" ? route.fulfill({ contentType: "text/javascript", body: worker }) : file === "page.js" ? route.fulfill({ contentType: "text/javascript", body: bundle.outputFiles[0]!.text }) : route.fulfill({ contentType: "text/html", body: '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><body><script src="page.js"></script>' });
    });
    await page.goto(`${district.service.url}/reading/page.html`);
  }, 240_000);
  afterAll(async () => void (await browser?.close()));

  const codes = () => risks.map(({ code }) => code).toSorted();
  /** Features a tile owns, by their codes. */
  const own = (read: readonly Read[]) => read.filter(({ properties }) => !properties["copy"]);
  const codesOf = (read: readonly Read[]) => own(read).map(({ properties }) => properties["code"]).toSorted();

  /** Every risk once, its level with it, at its place within a distance. */
  function expectAll(read: readonly Read[], place: (position: Position) => readonly number[], within: number): void {
    expect(risks.length).toBeGreaterThan(15);
    expect(codesOf(read)).toEqual(codes());
    const met = new Map(own(read).map((feature) => [feature.properties["code"], feature]));
    for (const { code, lon, lat, level } of risks) {
      const { at, properties } = met.get(code)!;
      expect(properties["currentLevel"] ?? null).toBe(level);
      place([lon, lat]).forEach((part, axis) => expect(Math.abs(at[axis]! - part)).toBeLessThan(within));
    }
  }
  const TILE_LAYER = (read: readonly Read[]) => read.filter(({ properties }) => properties["layer"] === "risks");

  test("OpenLayers: the tiles of TileJSON's address", async () => {
    const { tiles } = (await (await fetch(`${district.service.url}/tiles/risks.json`, { headers: district.headers("office") })).json()) as { tiles: string[] };
    const read = await page.evaluate((asked) => readers.tiles(asked), { url: tiles[0], center: mercator(CENTRE), zoom: 13.5 });
    expectAll(TILE_LAYER(read), mercator, 5);
    expect(problems).toEqual([]);
  });

  test("OpenLayers: the OGC tilesets of a collection and of the whole, in web Mercator", async () => {
    for (const url of ["/ogc/collections/risks/tiles/WebMercatorQuad", "/ogc/tiles/WebMercatorQuad?collections=risks,subjects"]) {
      const read = await page.evaluate((asked) => readers.tileset(asked), { url: `${district.service.url}${url}`, center: mercator(CENTRE), zoom: 13.5 });
      expectAll(TILE_LAYER(read), mercator, 5);
    }
    expect(problems).toEqual([]);
  });

  test("OpenLayers: the OGC tileset on the grid of degrees of CGCS2000", async () => {
    const read = await page.evaluate((asked) => readers.tileset(asked), { url: `${district.service.url}/ogc/collections/risks/tiles/CGCS2000Quad`, center: CENTRE, resolution: 0.00015, projection: "http://www.opengis.net/def/crs/EPSG/0/4490" });
    expectAll(TILE_LAYER(read), (position) => position, 0.00005);
    expect(problems).toEqual([]);
  });

  test("OpenLayers: features by the box of the view", async () => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    const url = `${district.service.url}/ogc/collections/risks/items?limit=5000`;
    const whole = await page.evaluate((given) => readers.features(given), { url, center: mercator(CENTRE), zoom: 13.5 });
    expect(whole.map(({ id }) => id).toSorted()).toEqual(risks.map(({ id }) => id).toSorted());
    for (const { id, lon, lat } of risks) whole.find((feature) => feature.id === id)!.at.slice(0, 2).forEach((part, axis) => expect(Math.abs(part - mercator([lon, lat])[axis]!)).toBeLessThan(0.05));
    const close = await page.evaluate((given) => readers.features(given), { url, center: mercator(CENTRE), zoom: 16.5 });
    const [west, south, east, north] = new URL(asked.at(-1)!).searchParams.get("bbox")!.split(",").map(Number) as [number, number, number, number];
    const inside = risks.filter(({ lon, lat }) => lon >= west && lon <= east && lat >= south && lat <= north).map(({ id }) => id);
    expect(inside.length).toBeGreaterThan(0);
    expect(inside.length).toBeLessThan(risks.length);
    expect(close.map(({ id }) => id).toSorted()).toEqual(inside.toSorted());
    expect(problems).toEqual([]);
  });

  test("MapLibre: the service's own style draws every risk under control, in the tiles and on the map", async () => {
    const style = `${district.service.url}/styles/risks.json`;
    const read = await page.evaluate((asked) => readers.mapLibre(asked), { style, headers: district.headers("office"), worker: `${district.service.url}/reading/worker.js`, source: "risks", center: CENTRE, zoom: 12.6 });
    const shown = (await district.database.engine.pool.query("select code from risks where location is not null and status in ('IN_FORCE', 'REVIEWING')")).rows as { code: string }[];
    expect(shown.length).toBeGreaterThan(3);
    const unique = (features: readonly Read[]) => [...new Set(codesOf(features))];
    expect(unique(read.tiles)).toEqual(shown.map(({ code }) => code).toSorted());
    // Each in one of the layers its look belongs to, and in no second one.
    const layers = own(read.drawn).filter(({ layer }) => /^risks(-MAJOR)?(-hollow)?$/.test(layer!));
    expect(unique(layers)).toEqual(shown.map(({ code }) => code).toSorted());
    const { features } = (await ogcAs(district, "office").get("/collections/risks/items", { limit: "5000", filter: "status IN ('IN_FORCE','REVIEWING')" })).body as { features: { properties: Record<string, unknown> }[] };
    for (const { properties: { code, effectiveLevel, reviewOverdue } } of features)
      expect({ code, layers: [...new Set(layers.filter(({ properties }) => properties["code"] === code).map(({ layer }) => layer))] }).toEqual({ code, layers: [`risks${effectiveLevel === "MAJOR" ? "-MAJOR" : ""}${reviewOverdue ? "-hollow" : ""}`] });
    expect(read.problems).toEqual([]);
    expect(problems).toEqual([]);
  });
});
