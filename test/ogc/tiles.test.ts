import { beforeAll, describe, expect, test } from "@jest/globals";
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { useDistrict } from "../support/district.js";
import { decode, dice, LEVELS, placeRisks, tileAt, type Placed, type Position } from "../support/map-tiles.js";
import { ogcAs } from "../support/ogc.js";

/** The abstract tests of OGC API Tiles part 1, class by class, asked over HTTP. */

const district = useDistrict();
const random = dice(41);
const MIDDLE: Position = [106.62, 29.7];
beforeAll(() => placeRisks(district.database.engine, district, Array.from({ length: 300 }, (_, at): Placed => ({ position: [MIDDLE[0] + (random() - 0.5) / 20, MIDDLE[1] + (random() - 0.5) / 20], level: LEVELS[at % 4]!, name: `风险${at}` }))));

const office = () => ogcAs(district, "office");
const REL = "http://www.opengis.net/def/rel/ogc/1.0/";
const EPSG = "http://www.opengis.net/def/crs/EPSG/0/";
const MVT = "application/vnd.mapbox-vector-tile";
const SETS = ["WebMercatorQuad", "CGCS2000Quad", "WebMercatorQuadGCJ02"] as const;
/** The same as the short route asks by. */
const SHORT = { WebMercatorQuad: "", CGCS2000Quad: "?tms=CGCS2000Quad", WebMercatorQuadGCJ02: "?crs=GCJ02" } as const;

interface Link {
  rel: string;
  href: string;
  type: string;
  templated?: boolean;
}
const linked = (links: readonly Link[], rel: string) => links.find((link) => link.rel === rel || link.rel === REL + rel)!;
const fill = (template: string, values: Record<string, string | number>) => template.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));

/** As it came, unpacked. */
async function fetched(path: string, headers: Record<string, string> = {}, name = "office") {
  const response = await fetch(path.startsWith("http") ? path : district.service.url + path, { headers: { ...district.headers(name), ...headers } });
  return { status: response.status, type: response.headers.get("content-type"), etag: response.headers.get("etag"), bytes: Buffer.from(await response.arrayBuffer()) };
}

describe("what is declared", () => {
  test("the classes that hold, and links from the landing page and every collection", async () => {
    const { conformsTo } = (await office().get("/conformance")).body;
    const declared = (prefix: string) => conformsTo.filter((uri: string) => uri.startsWith(prefix)).map((uri: string) => uri.slice(prefix.length));
    expect(declared("http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/").toSorted()).toEqual(["collections-selection", "core", "dataset-tilesets", "geodata-tilesets", "mvt", "oas30", "tileset", "tilesets-list"]);
    expect(declared("http://www.opengis.net/spec/tms/2.0/conf/").toSorted()).toEqual(["json-tilematrixset", "json-tilematrixsetlimits", "json-tilesetmetadata", "tilematrixset", "tilematrixsetlimits", "tilesetmetadata"]);
    const { links } = (await office().get("")).body;
    expect((await office().get(linked(links, "tilesets-vector").href)).body.tilesets).toHaveLength(3);
    expect((await office().get(linked(links, "tiling-schemes").href)).body.tileMatrixSets.map(({ id }: { id: string }) => id)).toEqual(SETS);
    for (const collection of (await office().get("/collections")).body.collections) expect((await office().get(linked(collection.links, "tilesets-vector").href)).body.tilesets).toHaveLength(3);
  });

  test("the definition gives every operation the end of its id that the standard has", async () => {
    const { paths } = (await office().get("/api")).body;
    const ends: Record<string, string> = { "/tileMatrixSets": "getTileMatrixSetsList", "/tileMatrixSets/{tileMatrixSetId}": "getTileMatrixSet" };
    for (const [at, kind] of [["", "dataset"], ["/collections/risks", "collection"]] as const) {
      ends[`${at}/tiles`] = `.${kind}.vector.getTileSetsList`;
      ends[`${at}/tiles/{tileMatrixSetId}`] = `.${kind}.vector.getTileSet`;
      ends[`${at}/tiles/{tileMatrixSetId}/{tileMatrix}/{tileRow}/{tileCol}`] = `.${kind}.vector.getTile`;
    }
    for (const [path, end] of Object.entries(ends)) expect({ path, id: paths[path].get.operationId }).toEqual({ path, id: expect.stringMatching(new RegExp(`${end.replaceAll(".", "\\.")}$`)) });
  });
});

describe("tile matrix sets", () => {
  const PIXEL = 0.000_28;
  test("WebMercatorQuad is the registered one, digit by digit", async () => {
    const { body } = await office().get("/tileMatrixSets/WebMercatorQuad");
    expect(body).toMatchObject({ id: "WebMercatorQuad", uri: "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad", crs: `${EPSG}3857`, orderedAxes: ["X", "Y"], wellKnownScaleSet: "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible" });
    // Values of the register.
    for (const [id, scale, cell] of [["0", 559_082_264.028_717, 156_543.033_928_041], ["1", 279_541_132.014_358, 78_271.516_964_020_4], ["12", 136_494.693_366_386, 38.218_514_142_588_2], ["18", 2_132.729_583_849_784, 0.597_164_283_477_939]] as const) {
      const found = body.tileMatrices.find((each: { id: string }) => each.id === id);
      expect(found.scaleDenominator / scale).toBeCloseTo(1, 12);
      expect(found.cellSize / cell).toBeCloseTo(1, 12);
      expect(found).toMatchObject({ tileWidth: 256, tileHeight: 256, matrixWidth: 2 ** Number(id), matrixHeight: 2 ** Number(id) });
      expect(found.pointOfOrigin[0]).toBeCloseTo(-20_037_508.342_789_2, 6);
      expect(found.pointOfOrigin[1]).toBeCloseTo(20_037_508.342_789_2, 6);
    }
  });

  test("the grid of Tianditu is defined in full: from level 1, two columns by one row, latitude first", async () => {
    const { body } = await office().get("/tileMatrixSets/CGCS2000Quad");
    expect(body).toMatchObject({ crs: `${EPSG}4490`, orderedAxes: ["Lat", "Lon"] });
    expect(body.uri).toBeUndefined();
    expect(body.tileMatrices[0]).toMatchObject({ id: "1", cellSize: 0.703_125, pointOfOrigin: [90, -180], matrixWidth: 2, matrixHeight: 1 });
    for (const { id, cellSize, scaleDenominator, matrixWidth, matrixHeight } of body.tileMatrices) {
      expect({ id, covered: [cellSize * 256 * matrixWidth, cellSize * 256 * matrixHeight] }).toEqual({ id, covered: [360, 180] });
      expect((scaleDenominator * PIXEL) / ((cellSize * Math.PI * 6_378_137) / 180)).toBeCloseTo(1, 9);
    }
    expect(body.tileMatrices.at(-1).id).toBe("22");
  });

  test("the one shifted to GCJ-02 has an id and a system of its own, never that of EPSG", async () => {
    const { body } = await office().get("/tileMatrixSets/WebMercatorQuadGCJ02");
    expect(body.crs).toBe("urn:x-yitu:def:crs:GCJ02:WebMercator");
    expect(body.uri ?? body.wellKnownScaleSet).toBeUndefined();
    expect(body.tileMatrices).toEqual((await office().get("/tileMatrixSets/WebMercatorQuad")).body.tileMatrices);
  });
});

describe.each(SETS)("tilesets in %s", (set) => {
  const positions = set === "CGCS2000Quad" ? "CGCS2000Quad" : "WebMercatorQuad";

  test("the list leads to the tileset, the tileset to its scheme, its tiles and its TileJSON", async () => {
    for (const at of ["/collections/risks/tiles", "/tiles"]) {
      const item = (await office().get(at)).body.tilesets.find(({ links }: { links: Link[] }) => linked(links, "self").href.endsWith(`${at}/${set}`));
      const tileset = (await office().get(linked(item.links, "self").href)).body;
      const scheme = (await office().get(linked(tileset.links, "tiling-scheme").href)).body;
      expect(item).toMatchObject({ dataType: "vector", crs: scheme.crs });
      expect(tileset).toMatchObject({ dataType: "vector", crs: scheme.crs });
      expect([item.tileMatrixSetURI, tileset.tileMatrixSetURI]).toEqual([scheme.uri, scheme.uri]);
      const template = linked(tileset.links, "item");
      expect(template).toMatchObject({ type: MVT, templated: true });
      expect(template.href).toContain("/{tileMatrix}/{tileRow}/{tileCol}");
      const [x, y] = tileAt(positions, 13, MIDDLE);
      const tile = await fetched(fill(template.href, { tileMatrix: 13, tileRow: y, tileCol: x }));
      expect({ status: tile.status, type: tile.type }).toEqual({ status: 200, type: MVT });
      const tileJson = JSON.parse((await fetched(linked(tileset.links, "alternate").href)).bytes.toString()) as { tiles: string[] };
      expect((await fetched(fill(tileJson.tiles[0]!, { z: 13, x, y }))).bytes.equals(tile.bytes)).toBe(true);
      const layers = decode(tile.bytes);
      for (const [name, features] of Object.entries(layers)) {
        const described = tileset.layers.find(({ id }: { id: string }) => id === name);
        for (const { properties } of features) for (const property of Object.keys(properties)) expect(Object.keys(described.propertiesSchema.properties)).toContain(property);
      }
      expect(Object.keys(layers)).toContain("risks");
    }
  });

  test("a tile is the short route's, byte for byte and under the same validator, row before column", async () => {
    for (const z of [5, 9, 12, 14]) {
      const [x, y] = tileAt(positions, z, MIDDLE);
      const short = await fetched(`/tiles/risks/${z}/${x}/${y}.mvt${SHORT[set]}`);
      const tile = await fetched(`/ogc/collections/risks/tiles/${set}/${z}/${y}/${x}?f=mvt`);
      expect({ z, status: tile.status, etag: tile.etag, same: tile.bytes.equals(short.bytes) }).toEqual({ z, status: 200, etag: short.etag, same: true });
      expect((await fetched(`/ogc/collections/risks/tiles/${set}/${z}/${y}/${x}`, { "if-none-match": short.etag! })).status).toBe(304);
      const both = await fetched(`/ogc/tiles/${set}/${z}/${y}/${x}?collections=subjects,risks`);
      expect(both.bytes.equals((await fetched(`/tiles/subjects,risks/${z}/${x}/${y}.mvt${SHORT[set]}`)).bytes)).toBe(true);
      const all = await fetched(`/ogc/tiles/${set}/${z}/${y}/${x}`);
      expect(all.bytes.equals((await fetched(`/tiles/risks,risk-areas,hidden-dangers,subjects,key-areas,key-facilities,construction-projects,coverage,regions,risk-zones/${z}/${x}/${y}.mvt${SHORT[set]}`)).bytes)).toBe(true);
    }
  });

  test("limits hold every tile with something in it; beyond them, and out of the matrix, is 404, and nothing there is 204", async () => {
    const { tileMatrixSetLimits } = (await office().get(`/collections/risks/tiles/${set}`)).body;
    const { tileMatrices } = (await office().get(`/tileMatrixSets/${set}`)).body;
    const status = async (z: number | string, row: number | string, column: number | string) => (await fetched(`/ogc/collections/risks/tiles/${set}/${z}/${row}/${column}`)).status;
    for (const { tileMatrix, minTileRow, maxTileRow, minTileCol, maxTileCol } of tileMatrixSetLimits) {
      const { matrixWidth, matrixHeight } = tileMatrices.find(({ id }: { id: string }) => id === tileMatrix);
      expect(maxTileRow < matrixHeight && maxTileCol < matrixWidth && minTileRow >= 0 && minTileCol >= 0).toBe(true);
      // The corners of China.
      for (const corner of [[73, 54], [136, 3], [104, 30]] as const) {
        const [x, y] = tileAt(positions, Number(tileMatrix), corner);
        expect({ tileMatrix, inside: x >= minTileCol && x <= maxTileCol && y >= minTileRow && y <= maxTileRow }).toEqual({ tileMatrix, inside: true });
      }
      if (Number(tileMatrix) < 8 || Number(tileMatrix) % 7 > 0) continue;
      expect(await status(tileMatrix, minTileRow, minTileCol)).toBe(204);
      expect(await status(tileMatrix, maxTileRow, maxTileCol)).toBe(204);
      for (const [row, column] of [[minTileRow - 1, minTileCol], [maxTileRow + 1, minTileCol], [minTileRow, minTileCol - 1], [minTileRow, maxTileCol + 1]] as const) expect(await status(tileMatrix, row, column)).toBe(404);
    }
    for (const [z, row, column] of [[23, 0, 0], ["x", 0, 0], [9, -1, 0], [9, 2 ** 9, 0], [9, 0, 2 ** 9], [9, "1.5", 0], ["09", 200, 400], [9, "0x1", 0]] as const) expect(await status(z, row, column)).toBe(404);
  });
});

describe("what is refused", () => {
  const [x, y] = tileAt("WebMercatorQuad", 13, MIDDLE);
  const TILE = `/collections/risks/tiles/WebMercatorQuad/13/${y}/${x}`;
  test.each([["/tileMatrixSets?x=1", "x"], ["/tileMatrixSets/CGCS2000Quad?collections=risks", "collections"], ["/tiles?datetime=2026-01-01", "datetime"], ["/collections/risks/tiles?collections=risks", "collections"], ["/tiles/WebMercatorQuad?x=1", "x"], [`${TILE}?filter=TRUE`, "filter"], [`${TILE}?f=png`, "f"], [`${TILE}?f=mvt&f=mvt`, "f"], [`${TILE}?asOf=yesterday`, "asOf"], ["/tiles/WebMercatorQuad/1/0/1?collections=nothing", "collections"], ["/tiles/WebMercatorQuad/1/0/1?collections=", "collections"], ["/tiles/WebMercatorQuad/1/0/1?collections=risks,risks", "layers"]])("%s is 400 and says which", async (path, field) => {
    expect(await office().get(path)).toMatchObject({ status: 400, type: "application/problem+json", body: { code: "INVALID_INPUT", field } });
  });

  test.each(["/tileMatrixSets/nothing", "/tileMatrixSets/WebMercatorQuad/1", "/tiles/nothing", "/tiles/WebMercatorQuad/1", "/tiles/WebMercatorQuad/1/0", "/tiles/WebMercatorQuad/1/0/1/0", "/collections/nothing/tiles", "/collections/risks/tiles/nothing", "/collections/risks/tiles/__proto__/1/0/1"])("%s is not there", async (path) => {
    expect(await office().get(path)).toMatchObject({ status: 404, type: "application/problem+json", body: { code: "NOT_FOUND" } });
  });

  test("an encoding there is none of", async () => {
    expect(await office().get(TILE, {}, { accept: "image/png" })).toMatchObject({ status: 406, body: { code: "NOT_ACCEPTABLE" } });
    expect((await fetched(`/ogc${TILE}`, { accept: `${MVT}, */*;q=0.1` })).status).toBe(200);
  });

  test("who sees no rows of a collection has no tiles of it either", async () => {
    const visible = async (name: string) => (await ogcAs(district, name).get("/collections")).body.collections.map(({ id }: { id: string }) => id) as string[];
    const seen = await visible("nobody");
    expect(seen).not.toContain("risks");
    expect((await fetched(`/ogc${TILE}`, {}, "nobody")).status).toBe(404);
    expect((await fetched(`/ogc/tiles/WebMercatorQuad/13/${y}/${x}?collections=risks`, {}, "nobody")).status).toBe(400);
    expect((await ogcAs(district, "nobody").get("/tiles")).body.tilesets).toHaveLength(seen.length > 0 ? 3 : 0);
    expect([200, 204, 404]).toContain((await fetched(`/ogc/tiles/WebMercatorQuad/13/${y}/${x}`, {}, "nobody")).status);
  });

  test("who works in one village reads its tiles at every zoom, single and gathered", async () => {
    await district.admit("villager", "GRID_WORKER", "village");
    for (const z of [9, 13]) {
      const [column, row] = tileAt("WebMercatorQuad", z, MIDDLE);
      const tile = await fetched(`/ogc/collections/risks/tiles/WebMercatorQuad/${z}/${row}/${column}`, {}, "villager");
      expect({ z, status: tile.status, layers: Object.keys(decode(tile.bytes)) }).toEqual({ z, status: 200, layers: ["risks"] });
    }
  });

  test("the past has its tiles, and its links keep the instant", async () => {
    const { rows } = await district.database.engine.pool.query("select to_json(min(recorded_from) - interval '1 millisecond') as before from risks");
    const before = (rows[0] as { before: string }).before;
    expect((await fetched(`/ogc${TILE}?asOf=${encodeURIComponent(before)}`)).status).toBe(204);
    const { body } = await office().get("/tiles/WebMercatorQuad", { collections: "risks", asOf: before });
    const { href } = linked(body.links, "item");
    expect((await fetched(fill(href, { tileMatrix: 13, tileRow: y, tileCol: x }))).status).toBe(204);
    expect((await fetched(fill(href.replace(/asOf=[^&]*&?/, ""), { tileMatrix: 13, tileRow: y, tileCol: x }))).status).toBe(200);
  });
});

const gdal = spawnSync("ogrinfo", ["--version"], { encoding: "utf8" }).status === 0;
(gdal || process.env["REQUIRE_ALL_LANES"] === "1" ? describe : describe.skip)("GDAL reads a saved tile", () => {
  /** Level 13, and the whole of the first level in the tile's own system, for GDAL to place it. */
  const GRIDS = {
    WebMercatorQuad: { srid: 3857, left: -20_037_508.342_789_244, top: 20_037_508.342_789_244, side: 40_075_016.685_578_488, geometry: "st_transform(location, 3857)" },
    CGCS2000Quad: { srid: 4490, left: -180, top: 90, side: 360, geometry: "location" },
  } as const;

  test.each(["WebMercatorQuad", "CGCS2000Quad"] as const)("in %s: as many features as SQL counts, the same ones, where they are", async (set) => {
    const { srid, left, top, side, geometry } = GRIDS[set];
    const folder = mkdtempSync(join(tmpdir(), "tiles-"));
    try {
      const [x, y] = tileAt(set, 13, MIDDLE);
      const path = join(folder, `${y}.pbf`);
      writeFileSync(path, (await fetched(`/ogc/collections/risks/tiles/${set}/13/${y}/${x}`)).bytes);
      const size = side / 2 ** 13;
      const [west, north] = [left + x * size, top - y * size];
      const { rows } = await district.database.engine.pool.query(`select fid::integer as fid, name, st_x(g) as x, st_y(g) as y from (select fid, name, ${geometry} as g from risks where location is not null) r where st_x(g) >= $1 and st_x(g) < $2 and st_y(g) <= $3 and st_y(g) > $4 order by fid`, [west, west + size, north, north - size]);
      const there = rows as { fid: number; name: string; x: number; y: number }[];
      const metadata = join(folder, "metadata.json");
      writeFileSync(metadata, JSON.stringify({ crs: `EPSG:${srid}`, tile_origin_upper_left_x: left, tile_origin_upper_left_y: top, tile_dimension_zoom_0: side }));
      const { stdout } = await promisify(execFile)("ogr2ogr", ["-f", "GeoJSON", "/vsistdout/", "-oo", "CLIP=NO", "-oo", `METADATA_FILE=${metadata}`, "-oo", `X=${x}`, "-oo", `Y=${y}`, "-oo", "Z=13", `MVT:${path}`, "risks"], { timeout: 60_000, maxBuffer: 1 << 25 });
      const read = (JSON.parse(stdout).features as { properties: { mvt_id: number; name: string; copy?: boolean }; geometry: { coordinates: [number, number] } }[]).filter(({ properties }) => !properties.copy).toSorted((a, b) => a.properties.mvt_id - b.properties.mvt_id);
      expect(read.map(({ properties }) => [properties.mvt_id, properties.name])).toEqual(there.map(({ fid, name }) => [fid, name]));
      expect(there.length).toBeGreaterThan(50);
      const { stdout: info } = await promisify(execFile)("ogrinfo", ["-ro", "-al", "-geom=NO", "-oo", "CLIP=NO", `MVT:${path}`, "risks"], { timeout: 60_000, maxBuffer: 1 << 25 });
      expect((info.match(/^OGRFeature\(/gm) ?? []).length - (info.match(/copy \(.*\) = 1/g) ?? []).length).toBe(there.length);
      const unit = size / 4096;
      const off = Math.max(...read.map(({ geometry: { coordinates } }, at) => Math.max(Math.abs(coordinates[0] - there[at]!.x), Math.abs(coordinates[1] - there[at]!.y))));
      expect(off / unit).toBeLessThan(1.01);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
