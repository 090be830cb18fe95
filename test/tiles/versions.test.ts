import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Service } from "../../src/app.js";
import type { Engine } from "../../src/platform/db/engine.js";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { fetchTile, owned, placeRisks, tileAt, type Position } from "../support/map-tiles.js";

const district = useDistrict();
const PLACE: Position = [106.62, 29.7];
const YEARS = "max-age=31536000, immutable";
const at = (z: number) => `${z}/${tileAt("WebMercatorQuad", z, PLACE).join("/")}.mvt`;

/** Runs something once, before or after the rows of the next tile are read. */
let beside: { when: "before" | "after"; run: () => Promise<unknown> } | undefined;
function beset(engine: Engine): Engine {
  const pool = new Proxy(engine.pool, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (typeof value !== "function") return value;
      return async (...args: unknown[]) => {
        const send = () => (value as (...given: unknown[]) => Promise<unknown>).apply(target, args);
        const text = typeof args[0] === "string" ? args[0] : (args[0] as { text?: string } | undefined)?.text;
        if (name !== "query" || !beside || !/st_asmvt|array_agg\(id\)/.test(text ?? "")) return send();
        const { when, run } = beside;
        beside = undefined;
        if (when === "before") await run();
        const answer = await send();
        if (when === "after") await run();
        return answer;
      };
    },
  });
  return { ...engine, pool };
}

let service: Service;
beforeAll(async () => {
  await placeRisks(district.database.engine, district, [{ position: PLACE, name: "其一" }, { position: PLACE, name: "其二", site: 1 }]);
  await inUnit(district.database.engine, (client) => client.query("update regions set point = st_setsrid(st_makepoint($1, $2), 4490) where code = '500112004000'", [...PLACE]));
  service = await district.start(beset(district.database.engine), true);
});
afterAll(() => service.close());

const described = async (who: string, query = "", layers = "risks") => district.as(who, service).fetch(`/tiles/${layers}.json?versioned=true${query}`);
const versionOf = async (who: string, query = "", layers = "risks") => new URL(((await (await described(who, query, layers)).json()) as { tiles: string[] }).tiles[0]!).searchParams.get("v");
const tile = async (who: string, path: string, held = "") => {
  const { status, etag, headers, layers } = await fetchTile(district.as(who, service), path, held ? { "if-none-match": held } : {});
  return { status, etag, caching: headers.get("cache-control"), vary: headers.get("vary"), names: owned(layers["risks"]).map(({ properties }) => properties["name"]).toSorted() };
};
const rename = (from: string, to: string) => inUnit(district.database.engine, (client) => client.query("update risks set name = $2 where name = $1", [from, to]));

test("a tileset gives addresses with its version when asked to, and only then", async () => {
  const answer = await described("office", "&crs=GCJ02");
  expect([answer.headers.get("cache-control"), answer.headers.get("vary")]).toEqual(["private, no-cache", "authorization"]);
  expect(((await answer.json()) as { tiles: string[] }).tiles).toEqual([expect.stringMatching(/\/tiles\/risks\/\{z\}\/\{x\}\/\{y\}\.mvt\?crs=GCJ02&v=[\w-]{22}$/)]);
  for (const query of ["?versioned=false", ""]) {
    const plain = await district.as("office", service).fetch(`/tiles/risks.json${query}`);
    expect(plain.headers.get("cache-control")).toBe("no-cache");
    expect(((await plain.json()) as { tiles: string[] }).tiles[0]).toMatch(/\.mvt$/);
  }
  const style = (await (await district.as("office", service).fetch("/styles/risks.json?versioned=true&crs=GCJ02")).json()) as { sources: Record<string, { url: string }> };
  expect(style.sources["risks"]!.url).toMatch(/\/tiles\/risks\.json\?crs=GCJ02&.*versioned=true$/);
  expect(await versionOf("office")).toBe(await versionOf("office"));
  expect(await versionOf("office", `&filter=${encodeURIComponent('{"name":{"eq":"其一"}}')}`)).not.toBe(await versionOf("office"));
});

describe("an address with the present version", () => {
  test("holds for a year, for the public in every cache and for others in their own, whole, unchanged or empty", async () => {
    const v = await versionOf("office");
    for (const z of [3, 9, 14]) {
      const first = await tile("office", `risks/${at(z)}?v=${v}`);
      expect(first).toMatchObject({ status: 200, caching: `private, ${YEARS}`, vary: "accept-encoding, authorization" });
      expect(await tile("office", `risks/${at(z)}?v=${v}`, first.etag)).toMatchObject({ status: 304, caching: `private, ${YEARS}` });
      expect(await tile("office", `risks/${at(z)}`)).toMatchObject({ status: 200, caching: "private, no-cache", names: first.names });
    }
    expect(await tile("office", `risks/14/0/0.mvt?v=${v}`)).toMatchObject({ status: 204, caching: `private, ${YEARS}` });
    expect(await tile("nobody", `regions/${at(9)}?v=${await versionOf("nobody", "", "regions")}`)).toMatchObject({ status: 200, caching: `public, ${YEARS}` });
  });

  test("is past with the next write and then gives what is, without holding", async () => {
    const v = await versionOf("office");
    await rename("其一", "其一改");
    expect(await tile("office", `risks/${at(14)}?v=${v}`)).toMatchObject({ status: 200, caching: "private, no-cache", names: ["其一改", "其二"] });
    const next = await versionOf("office");
    expect(next).not.toBe(v);
    expect(await tile("office", `risks/${at(14)}?v=${next}`)).toMatchObject({ status: 200, caching: `private, ${YEARS}`, names: ["其一改", "其二"] });
    await rename("其一改", "其一");
    // The same words again are no return to what was: others may have held what was between.
    expect([v, next]).not.toContain(await versionOf("office"));
  });

  test("is none of another's", async () => {
    const v = await versionOf("office");
    expect(await tile("street", `risks/${at(14)}?v=${v}`)).toMatchObject({ caching: "private, no-cache", names: ["其一"] });
    expect(await tile("street", `risks/${at(14)}?v=${await versionOf("street")}`)).toMatchObject({ caching: `private, ${YEARS}`, names: ["其一"] });
    expect(await tile("nobody", `risks/${at(14)}?v=${v}`)).toMatchObject({ status: 204, caching: "private, no-cache", names: [] });
  });

  test("is not there where what is said holds for the moment alone", async () => {
    expect(await versionOf("office", `&filter=${encodeURIComponent('{"risks":{"none":{"stopRecords":{"some":{"inForce":{"eq":true}}}}}}')}`, "subjects")).toBeNull();
  });

  test.each(["before", "after"] as const)("does not hold for what was made while another write came about, %s its rows were read", async (when) => {
    const v = await versionOf("office");
    const [old, other] = when === "before" ? ["其二", "其二改"] : ["其二改", "其二"];
    beside = { when, run: () => rename(old, other) };
    // A filter nobody has asked by yet, so that the tile is made.
    const filter = `&filter=${encodeURIComponent(JSON.stringify({ name: { ne: `无${when}` } }))}`;
    const filtered = await versionOf("office", filter);
    expect(await tile("office", `risks/${at(14)}?v=${filtered}${filter}`)).toMatchObject({ status: 200, caching: "private, no-cache", names: ["其一", "其二改"] });
    expect(beside).toBeUndefined();
    expect(await versionOf("office")).not.toBe(v);
  });
});

test("a version that is none, or twice there, is refused", async () => {
  const status = async (path: string) => (await district.as("office", service).fetch(path)).status;
  for (const query of ["?v=", "?v=1", "?v=../../x", `?v=${"a".repeat(22)}&v=${"a".repeat(22)}`]) expect([query, await status(`/tiles/risks/${at(14)}${query}`)]).toEqual([query, 400]);
  for (const path of ["/tiles/risks.json?versioned=maybe", "/tiles/risks.json?versioned=true&versioned=true", "/styles/risks.json?versioned=1", "/legends/risks.json?versioned=true", "/tiles/risks.json?v=1"]) expect([path, await status(path)]).toEqual([path, 400]);
  // One that was never made holds nothing.
  expect(await tile("office", `risks/${at(14)}?v=${"a".repeat(22)}`)).toMatchObject({ status: 200, caching: "private, no-cache" });
});
