import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { Service } from "../../src/app.js";
import { inUnit, lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { counted, fetchTile, insertRisks, owned, placeRisks, tileAt, type Fetched, type Position } from "../support/map-tiles.js";
import { startWatched } from "../support/watched.js";

const district = useDistrict();

let service: Service;
let sent: string[];
beforeAll(async () => {
  await placeRisks(district.database.engine, district, [{ position: [106.62, 29.7] }]);
  ({ service, sent } = await startWatched(district));
});
afterAll(() => service.close());

const write = (text: string, values: unknown[] = []) => inUnit(district.database.engine, (client) => client.query(text, values));

test("a 304 looks at revisions and at nothing else", async () => {
  const paths = ["risks/13/6523/3388.mvt", "risks/8/203/105.mvt", "risks,subjects,regions/9/407/211.mvt", "subjects/12/3261/1694.mvt?crs=GCJ02"];
  for (const path of paths) {
    const first = await fetchTile(district.as("office", service), path);
    sent.length = 0;
    expect((await fetchTile(district.as("office", service), path, { "if-none-match": first.etag })).status).toBe(304);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatch(/tile_revisions/);
    expect(sent[0]).not.toMatch(/location|st_|boundary|risks/);
    // And a tile that is kept is not made again for a client that holds none.
    sent.length = 0;
    expect((await fetchTile(district.as("office", service), path)).layers).toEqual(first.layers);
    expect(sent).toHaveLength(1);
  }
});

test("tiles change with what their filters and computed properties look at elsewhere", async () => {
  const office = district.as("office", service);
  const path = `risks/8/203/105.mvt?filter=${encodeURIComponent(JSON.stringify({ subject: { keyControlled: { eq: true } } }))}`;
  const none = await fetchTile(office, path);
  expect(none.status).toBe(204);
  expect((await fetchTile(office, path, { "if-none-match": none.etag })).status).toBe(304);
  const unfiltered = await fetchTile(office, "risks/15/26088/13549.mvt");
  await write("update subjects set key_controlled = true where id = $1", [district.sites[0]!.split("_")[1]]);
  const some = await fetchTile(office, path, { "if-none-match": none.etag });
  expect(some.status).toBe(200);
  expect(counted(owned(some.layers["risks"]))).toBeGreaterThan(0);
  expect((await fetchTile(office, "risks/15/26088/13549.mvt", { "if-none-match": unfiltered.etag })).status).toBe(304);

  const within = `risks/8/203/105.mvt?filter=${encodeURIComponent(JSON.stringify({ within: district.regions["huixing"] }))}`;
  const held = await fetchTile(office, within);
  await write("update regions set name = name || '改' where id = $1", [district.regions["yuanyang"]!.split("_")[1]]);
  expect((await fetchTile(office, within, { "if-none-match": held.etag })).status).toBe(200);

  await write("update regions set point = st_setsrid(st_makepoint(106.6, 29.7), 4490) where id = $1", [district.regions["huixing"]!.split("_")[1]]);
  const regions = await fetchTile(office, "regions/12/3260/1693.mvt");
  await placeRisks(district.database.engine, district, [{ position: null, level: "MAJOR" }]);
  expect((await fetchTile(office, "regions/12/3260/1693.mvt", { "if-none-match": regions.etag })).status).not.toBe(304);
});

test("what lapses with the day is part of the validator, and nothing else of the clock", async () => {
  const office = district.as("office", service);
  const path = "hidden-dangers/14/13045/6776.mvt";
  await write(
    `insert into hidden_dangers (id, region_id, code, title, grade, discovery_source, discovered_at, subject_id, location, original_deadline, effective_deadline, status)
     select gen_random_uuid(), region_id, 'T-1', '今日到期', 'GENERAL', 'SELF_CHECK', now(), id, st_setsrid(st_makepoint(106.64, 29.735), 4490), app_today(), app_today(), 'REGISTERED' from subjects where id = $1`,
    [district.sites[0]!.split("_")[1]],
  );
  const [x, y] = tileAt("WebMercatorQuad", 14, [106.64, 29.735]);
  const due = path.replace("13045/6776", `${x}/${y}`);
  const today = await fetchTile(office, due);
  expect(today.layers["hidden-dangers"]).toMatchObject([{ properties: { title: "今日到期", overdue: false } }]);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect((await fetchTile(office, due, { "if-none-match": today.etag })).status).toBe(304);
  const midnight = Math.ceil((Date.now() + 8 * 3_600_000) / 86_400_000) * 86_400_000 - 8 * 3_600_000;
  jest.useFakeTimers({ now: midnight + 500, doNotFake: ["hrtime", "nextTick", "performance", "queueMicrotask", "setImmediate", "clearImmediate", "setInterval", "clearInterval", "setTimeout", "clearTimeout"] });
  try {
    const tomorrow = await fetchTile(office, due, { "if-none-match": today.etag });
    expect(tomorrow.layers["hidden-dangers"]).toMatchObject([{ properties: { title: "今日到期", overdue: true } }]);
  } finally {
    jest.useRealTimers();
  }
  const filtered = (filter: object) => `subjects/12/3260/1693.mvt?filter=${encodeURIComponent(JSON.stringify(filter))}`;
  // Who is current changes as a term begins or ends, and at no other moment.
  const current = filtered({ currentRegulators: { some: { role: { eq: "LEAD" } } } });
  const [held, once] = [await fetchTile(office, current), await fetchTile(office, filtered({ risks: { none: { stopRecords: { some: { inForce: { eq: true } } } } } }))];
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect((await fetchTile(office, current, { "if-none-match": held.etag })).status).toBe(304);
  // Whether a stop holds can change at any moment: such an answer holds for none but its own.
  expect((await fetchTile(office, filtered({ risks: { none: { stopRecords: { some: { inForce: { eq: true } } } } } }), { "if-none-match": once.etag })).status).not.toBe(304);
});

(lane === "postgresql" ? describe : describe.skip)("writes in flight", () => {
  const begin = async () => {
    const client = await district.database.engine.pool.connect();
    await client.query("begin");
    await client.query("select set_config('app.action', 'test.write', true), set_config('app.event', $1, true)", [randomUUID()]);
    return client;
  };
  const row = (name: string) => ({ id: randomUUID(), level: "LOW", subject: district.sites[0]!.split("_")[1], name, lon: 107.201, lat: 29.901 });

  test("a write that began earlier and is committed later is seen by the first read after its commit", async () => {
    const office = district.as("office", service);
    const path = `risks/14/${tileAt("WebMercatorQuad", 14, [107.201, 29.901]).join("/")}.mvt`;
    const [early, late] = [await begin(), await begin()];
    await insertRisks(early, [row("先写后提交")]);
    await insertRisks(late, [row("后写先提交")]);
    const before = await fetchTile(office, path);
    expect(before.status).toBe(204);
    await late.query("commit");
    const between = await fetchTile(office, path, { "if-none-match": before.etag });
    expect(owned(between.layers["risks"]).map(({ properties }) => properties["name"])).toEqual(["后写先提交"]);
    await district.database.engine.pool.query("select compact_tile_revisions()");
    expect((await fetchTile(office, path, { "if-none-match": between.etag })).status).toBe(304);
    await early.query("commit");
    const after = await fetchTile(office, path, { "if-none-match": between.etag });
    expect(owned(after.layers["risks"]).map(({ properties }) => properties["name"]).toSorted()).toEqual(["先写后提交", "后写先提交"].toSorted());
    early.release();
    late.release();
  });

  test("a write that is undone changes no validator", async () => {
    const office = district.as("office", service);
    const path = `risks/14/${tileAt("WebMercatorQuad", 14, [107.201, 29.901]).join("/")}.mvt`;
    const before = await fetchTile(office, path);
    const client = await begin();
    await insertRisks(client, [row("未成")]);
    await client.query("rollback");
    client.release();
    expect((await fetchTile(office, path, { "if-none-match": before.etag })).status).toBe(304);
  });

  test("under writers that never rest, whoever reads after a commit reads what was committed", async () => {
    const office = district.as("office", service);
    const place: Position = [107.501, 29.501];
    const path = `risks/14/${tileAt("WebMercatorQuad", 14, place).join("/")}.mvt`;
    let held: Fetched | undefined;
    const writer = async (number: number) => {
      for (let at = 0; at < 25; at += 1) {
        const name = `写者${number}-${at}`;
        await placeRisks(district.database.engine, district, [{ position: [place[0] + number / 10_000, place[1]], name }]);
        const before = held;
        const answer = await fetchTile(office, path, before ? { "if-none-match": before.etag } : {});
        const standing = answer.status === 304 ? before! : answer;
        // What another reader holds by now may include it; a 304 then says so.
        held = standing;
        expect(owned(standing.layers["risks"]).map(({ properties }) => properties["name"])).toContain(name);
      }
    };
    const compactor = (async () => {
      for (let at = 0; at < 30; at += 1) {
        await district.database.engine.pool.query("select compact_tile_revisions()");
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await Promise.all([writer(1), writer(2), writer(3), compactor]);
    expect(owned((await fetchTile(office, path)).layers["risks"])).toHaveLength(75);
  });
});
