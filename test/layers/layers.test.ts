import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createClient, type Client } from "graphql-ws";
import { WebSocket } from "ws";
import { allLayers } from "../../src/layers/layer.js";
import { layerRevisionSql } from "../../src/platform/tiles/changes.js";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { placeRisks } from "../support/map-tiles.js";

const district = useDistrict();
interface Listed {
  [text: string]: string;
}
interface Change {
  layer: string;
  revision: string;
  at: string;
}
const opened: Client[] = [];
afterAll(() => Promise.all(opened.map((client) => client.dispose())).then(() => undefined));

/** A listener: what it was told, and why it ended. */
function listen(who: string, query = "subscription{layerChanged{layer revision at}}", authorization = district.headers(who)["authorization"], url = district.service.url) {
  const client = createClient({ url: `${url.replace("http", "ws")}/graphql`, webSocketImpl: WebSocket, retryAttempts: 0, lazy: false, onNonLazyError: () => undefined, connectionParams: authorization ? { authorization } : {} });
  opened.push(client);
  const told: Change[] = [];
  let ended: unknown;
  const over = new Promise<void>((resolve) => {
    client.subscribe<{ layerChanged: Change }>({ query }, { next: ({ data, errors }) => void (data ? told.push(data.layerChanged) : (ended = errors)), error: (error) => ((ended = error), resolve()), complete: resolve });
  });
  return { told, over, ended: () => ended, stop: () => client.dispose() };
}
const until = async (holds: () => boolean) => {
  for (let waited = 0; waited < 8_000 && !holds(); waited += 50) await pause(50);
  return holds();
};
const catalogue = async (who: string) => (await district.as(who).ask("{layers{layer titleZh titleEn kinds fields cells crs singleFromZoom maxZoom extent recordedFrom revision tiles style legend collection}}")).layers as Listed[];

beforeAll(() => placeRisks(district.database.engine, district, [{ position: [106.6, 29.7] }]));

describe("the catalogue", () => {
  test("names the layers its reader may see, and its addresses answer", async () => {
    expect((await catalogue("nobody")).map(({ layer }) => layer)).toEqual(["regions", "regions-weighted", "regions-counts"]);
    // Who reads no business sees what the public sees.
    expect((await catalogue("system_admin")).map(({ layer }) => layer)).toEqual((await catalogue("nobody")).map(({ layer }) => layer));
    const all = await catalogue("office");
    expect(all.map(({ layer }) => layer)).toEqual(["risks", "risk-areas", "risk-hexagons", "risk-squares", "hidden-dangers", "subjects", "key-areas", "key-facilities", "construction-projects", "coverage", "regions", "regions-weighted", "regions-counts", "coverage-regions", "risk-zones"]);
    const collections = new Set<string>();
    for (const { layer, tiles, style, legend, collection, fields, crs, recordedFrom, singleFromZoom, cells } of all) {
      // A grid is tiles only, and no row of it is ever drawn by itself.
      const isGrid = layer === "risk-hexagons" || layer === "risk-squares";
      // Regions drawn by another measure are the regions' items.
      if (!isGrid) collections.add(collection!);
      expect([collection, singleFromZoom, cells].map((told) => told === null)).toEqual(isGrid ? [true, true, false] : [false, false, true]);
      expect((await district.as("office").fetch(`/ogc/collections/${layer}`)).status).toBe(isGrid || layer!.startsWith("regions-") || layer === "coverage-regions" ? 404 : 200);
      for (const path of [tiles, style, legend, ...(isGrid ? [] : [collection])]) expect([path, (await district.as("office").fetch(path!)).status]).toEqual([path, 200]);
      expect((fields as unknown as { zh: string }[]).length > 3).toBe(!isGrid);
      expect(crs).toContain("GCJ02");
      expect(Date.parse(recordedFrom!)).toBeLessThan(Date.now());
    }
    const { collections: listed } = (await (await district.as("office").fetch("/ogc/collections")).json()) as { collections: { id: string }[] };
    expect([...collections]).toEqual(listed.map(({ id }) => `/ogc/collections/${id}`));
  });

  test("tells the systems a policy gives, and a revision that changes with a write and not without", async () => {
    await inUnit(district.database.engine, (client) => client.query("update coordinate_policies set crs = '{EPSG4490,GCJ02}' where audience = 'PUBLIC'"));
    expect((await catalogue("nobody"))[0]!["crs"]).toEqual(["EPSG4490", "GCJ02"]);
    const revisions = async () => Object.fromEntries((await catalogue("office")).map(({ layer, revision }) => [layer, revision]));
    const before = await revisions();
    expect(await revisions()).toEqual(before);
    await placeRisks(district.database.engine, district, [{ position: [106.6, 29.7] }]);
    const after = await revisions();
    for (const layer of ["risks", "risk-areas", "risk-hexagons", "risk-squares", "regions-counts"]) expect(after[layer]).not.toBe(before[layer]);
    for (const layer of ["risk-zones", "coverage", "key-areas"]) expect(after[layer]).toBe(before[layer]);
  });

  test("changes the revision with the day where what is shown does: what is due one day is overdue the next", async () => {
    const client = await district.database.engine.pool.connect();
    try {
      await client.query("begin");
      await client.query("update system_settings set demo = true");
      const on = async (day: string, layer: string) => {
        await client.query("select set_config('app.clock', $1, true)", [`${day}T12:00:00+08:00`]);
        return ((await client.query(`select ${layerRevisionSql(allLayers().find(({ id }) => id === layer)!)} as revision`)).rows as { revision: string }[])[0]!.revision;
      };
      for (const layer of ["risks", "hidden-dangers"]) expect(await on("2030-01-01", layer)).not.toBe(await on("2030-01-02", layer));
      for (const layer of ["risk-zones", "subjects"]) expect(await on("2030-01-01", layer)).toBe(await on("2030-01-02", layer));
    } finally {
      await client.query("rollback");
      client.release();
    }
  });
});

describe("what changed", () => {
  test("is told within seconds of a write, to those who may see the layer and to no other, with the catalogue's revision", async () => {
    const [office, some, nobody] = [listen("office"), listen("office", 'subscription{layerChanged(layers:["hidden-dangers"]){layer revision at}}'), listen("nobody")];
    await pause(1_500);
    expect([office.told, nobody.told]).toEqual([[], []]);
    await placeRisks(district.database.engine, district, [{ position: [106.6, 29.7] }]);
    expect(await until(() => office.told.some(({ layer }) => layer === "risks"))).toBe(true);
    await pause(1_200);
    expect(office.told.findLast(({ layer }) => layer === "risks")!.revision).toBe((await catalogue("office"))[0]!["revision"]);
    expect(some.told).toEqual([]);
    expect(nobody.told.filter(({ layer }) => !layer.startsWith("regions"))).toEqual([]);
    const count = office.told.length;
    await pause(1_500);
    expect(office.told).toHaveLength(count);
    await Promise.all([office.stop(), some.stop(), nobody.stop()]);
  });

  test("of a layer not one's own is not there to ask for; a bad key opens nothing; a query is not asked here", async () => {
    const code = (ended: unknown) => (ended as { extensions: { code: string } }[])[0]?.extensions.code;
    const stranger = listen("nobody", 'subscription{layerChanged(layers:["risks"]){layer}}');
    await stranger.over;
    expect(code(stranger.ended())).toBe("NOT_FOUND");
    const query = listen("office", "{layers{layer}}");
    await query.over;
    expect(code(query.ended())).toBe("INVALID_INPUT");
    const deep = listen("office", `subscription{layerChanged{${Array.from({ length: 401 }, () => "layer").join(" ")}}}`);
    await deep.over;
    expect(code(deep.ended())).toBe("LIMIT_EXCEEDED");
    const bad = listen("office", undefined, "Bearer ytb_000000000000.0000000000000000000000000000000000000000000");
    await bad.over;
    expect(bad.ended()).toMatchObject({ code: 4401, reason: "UNAUTHENTICATED" });
    const { extensions } = (await district.as("office").raw("subscription{layerChanged{layer}}")).errors![0]!;
    expect(extensions).toMatchObject({ code: "INVALID_INPUT" });
  });

  test("a service that closes ends what listens, and closes", async () => {
    const service = await district.start(district.database.engine, true);
    const listener = listen("office", undefined, undefined, service.url);
    await pause(500);
    const began = Date.now();
    await service.close();
    await listener.over;
    expect(Date.now() - began).toBeLessThan(5_000);
  });
});
