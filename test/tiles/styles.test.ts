import { beforeAll, describe, expect, test } from "@jest/globals";
import { validateStyleMin } from "@maplibre/maplibre-gl-style-spec";
import { allLayers } from "../../src/layers/layer.js";
import { appearances } from "../../src/layers/palette.js";
import { useDistrict } from "../support/district.js";
import { LEVELS, placeRisks } from "../support/map-tiles.js";

const district = useDistrict();
beforeAll(() => placeRisks(district.database.engine, district, [...LEVELS, "MAJOR" as const].map((level, at) => ({ position: [106.6 + at / 100, 29.7] as const, level, site: at === 4 ? 1 : 0 }))));

const ids = ["overview", ...allLayers().map(({ id }) => id)];

describe.each(ids)("the style %s", (id) => {
  test.each(["", "?palette=official", "?palette=screen&crs=GCJ02"])("is valid, draws what the tiles carry and fetches nothing from elsewhere (%s)", async (query) => {
    const style = await (await district.as("office").fetch(`/styles/${id}.json${query}`)).json();
    expect(validateStyleMin(style as never)).toEqual([]);
    const { sources, layers, glyphs, sprite } = style as { sources: Record<string, { url: string }>; layers: { source?: string; "source-layer"?: string; layout?: Record<string, unknown> }[]; glyphs?: string; sprite?: string };
    expect([glyphs, sprite]).toEqual([undefined, undefined]);
    for (const { url } of Object.values(sources)) {
      expect(url.startsWith(`${district.service.url}/tiles/`)).toBe(true);
      expect(url.includes("crs=GCJ02")).toBe(query.includes("GCJ02"));
      const tileset = (await (await fetch(url)).json()) as { tiles: string[]; vector_layers: { id: string; fields: Record<string, string> }[] };
      const properties = tileset.vector_layers.flatMap(({ fields }) => Object.keys(fields));
      const named = [...JSON.stringify(layers.filter(({ source }) => source === tileset.vector_layers[0]!.id)).matchAll(/\["(?:get|has)","(\w+)"\]/g)].map(([, name]) => name!);
      expect(named.filter((name) => !properties.includes(name))).toEqual([]);
      expect(named.length).toBeGreaterThan(0);
    }
    for (const layer of layers.filter(({ source }) => source)) expect(Object.keys(sources)).toContain(layer.source);
  });
});

test("no two values of a layer are told apart by colour alone", () => {
  expect(Object.keys(appearances).toSorted()).toEqual(allLayers().map(({ id }) => id).toSorted());
  for (const { looks } of Object.values(appearances)) {
    const beside = looks.map(({ shape, size, zh }) => `${shape} ${size} ${zh}`);
    expect(new Set(beside).size).toBe(looks.length);
    expect(new Set(looks.map(({ shape, size }) => `${shape} ${size}`)).size).toBe(looks.length);
    expect(looks.at(-1)!.value).toBeNull();
  }
});

test("a legend counts what its reader sees, at the instant asked for", async () => {
  const legend = async (name: string, path: string) => (await (await district.as(name).fetch(`/legends/${path}`)).json()) as { total: number; palette: string; entries: { value: string | null; colour: string; count: number }[] };
  const counts = ({ entries }: Awaited<ReturnType<typeof legend>>) => Object.fromEntries(entries.map(({ value, count }) => [value, count]));
  const office = await legend("office", "risks.json");
  expect(counts(office)).toEqual({ MAJOR: 2, CONSIDERABLE: 1, MODERATE: 1, LOW: 1, null: 0 });
  expect(office).toMatchObject({ total: 5, palette: "screen" });
  expect((await legend("street", "risks.json")).total).toBe(4);
  expect((await legend("nobody", "risks.json")).total).toBe(0);
  const box = encodeURIComponent(JSON.stringify({ bbox: { west: 106.595, south: 29, east: 106.615, north: 30 } }));
  expect(counts(await legend("office", `risks.json?filter=${box}&palette=official`))).toEqual({ MAJOR: 1, CONSIDERABLE: 1, MODERATE: 0, LOW: 0, null: 0 });
  const { rows } = await district.database.engine.pool.query("select to_json(min(recorded_from) - interval '1 millisecond') as before from risks");
  expect((await legend("office", `risks.json?asOf=${encodeURIComponent((rows[0] as { before: string }).before)}`)).total).toBe(0);
  expect((await legend("office", "subjects.json")).total).toBe(2);
  expect((await legend("office", "regions.json")).total).toBe(0);
});

test("a legend is also a picture, with its words and counts in it", async () => {
  const response = await district.as("office").fetch("/legends/risks.svg?palette=official");
  expect(response.headers.get("content-type")).toBe("image/svg+xml; charset=utf-8");
  const picture = await response.text();
  for (const part of ["重大风险(红)", "major (red)", "#FF0000", ">2</text>", "合计 / total 5", "空心:复评是否逾期"]) expect(picture).toContain(part);
  expect(picture.match(/<path /g)).toHaveLength(5);
});

test("what is no style, layer or palette is refused", async () => {
  const statuses = async (paths: readonly string[]) => Promise.all(paths.map(async (path) => (await district.as("office").fetch(path)).status));
  expect(await statuses(["/styles/nothing.json", "/legends/nothing.json", "/styles/__proto__.json"])).toEqual([404, 404, 404]);
  expect(await statuses(["/styles/risks.json?palette=rainbow", "/styles/risks.json?tms=CGCS2000Quad", "/styles/risks.json?x=1", "/legends/risks,subjects.json", "/legends/risks.json?palette=a", "/legends/risks.svg?filter=%5B"])).toEqual([400, 400, 400, 400, 400, 400]);
});
