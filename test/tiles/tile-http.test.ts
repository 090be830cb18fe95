import { beforeAll, describe, expect, test } from "@jest/globals";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { request, type IncomingHttpHeaders } from "node:http";
import { useDistrict } from "../support/district.js";
import { decode, fetchTile, placeRisks, tileAt } from "../support/map-tiles.js";
import { Gate, KeptTiles } from "../../src/platform/tiles/kept-tiles.js";

const district = useDistrict();
const TILE = `risks/14/${tileAt("WebMercatorQuad", 14, [106.62, 29.7]).join("/")}.mvt`;
beforeAll(() => placeRisks(district.database.engine, district, Array.from({ length: 80 }, (_, at) => ({ position: [106.62 + at / 1e5, 29.7] as const, name: `风险${at}` }))));

/** Without the client's own unpacking and headers. */
const bare = (path: string, headers: Record<string, string>, method = "GET") =>
  new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
    request(`${district.service.url}${path}`, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) }));
    }).on("error", reject).end();
  });
let authorization: string;
beforeAll(async () => {
  authorization = district.as("office").authorization!;
});

test("a tile comes packed as the client takes it, under one weak validator, and says what it varies with", async () => {
  const plain = await bare(`/tiles/${TILE}`, { authorization });
  expect(plain.headers).toMatchObject({ "content-type": "application/vnd.mapbox-vector-tile", "cache-control": "private, no-cache", vary: "accept-encoding, authorization", "content-length": String(plain.body.length) });
  expect(plain.headers["content-encoding"]).toBeUndefined();
  expect(plain.headers.etag).toMatch(/^W\/"[\w-]{32}"$/);
  const packed = { br: brotliDecompressSync, gzip: gunzipSync };
  for (const [accepted, coding] of [["gzip, br;q=0.9", "br"], ["gzip", "gzip"], ["br;q=0, gzip;q=0.1", "gzip"], ["*", "br"], ["identity", undefined], ["deflate", undefined], ["br;q=0, gzip;q=0", undefined]] as const) {
    const answer = await bare(`/tiles/${TILE}`, { authorization, "accept-encoding": accepted });
    expect({ accepted, coding: answer.headers["content-encoding"], etag: answer.headers.etag }).toEqual({ accepted, coding, etag: plain.headers.etag });
    expect((coding ? packed[coding](answer.body) : answer.body).equals(plain.body)).toBe(true);
    expect(answer.body.length < plain.body.length).toBe(coding !== undefined);
  }
});

test("validators are compared as the standard says, and HEAD answers as GET without a body", async () => {
  const { etag } = (await bare(`/tiles/${TILE}`, { authorization })).headers as { etag: string };
  for (const held of [etag, etag.slice(2), `"other", ${etag}`, "*"]) expect((await bare(`/tiles/${TILE}`, { authorization, "if-none-match": held })).status).toBe(304);
  expect((await bare(`/tiles/${TILE}`, { authorization, "if-none-match": '"other"' })).status).toBe(200);
  const still = await bare(`/tiles/${TILE}`, { authorization, "if-none-match": etag });
  expect(still.headers).toMatchObject({ etag, vary: "accept-encoding, authorization", "cache-control": "private, no-cache" });
  expect(still.body).toHaveLength(0);
  const head = await bare(`/tiles/${TILE}`, { authorization }, "HEAD");
  expect({ status: head.status, etag: head.headers.etag, body: head.body.length }).toEqual({ status: 200, etag, body: 0 });
  expect(Number(head.headers["content-length"])).toBeGreaterThan(1_000);
});

describe("an address that is none", () => {
  test.each([
    "risks/0/1/0.mvt", "risks/0/0/1.mvt", "risks/14/16384/0.mvt", "risks/23/0/0.mvt", "risks/-1/0/0.mvt", "risks/14/-1/0.mvt", "risks/1e1/0/0.mvt", "risks/14/0x1/0.mvt", "risks/14/1.5/2.mvt", "risks/014/1/2.mvt",
    "risks/99/0/0.mvt", "risks/99999999999999999999/0/0.mvt", "risks/14/99999999999999999999/0.mvt", "risks/14/999999999/999999999.mvt", "risks/Infinity/0/0.mvt", "risks/14/1e400/0.mvt", "risks/+1/0/0.mvt", "risks/14/%2d1/0.mvt", "risks/14/NaN/0.mvt", "risks/14/%00/0.mvt", "risks/14/1'--/0.mvt", "nothing/1/0/0.mvt", "__proto__/1/0/0.mvt", "risks,nothing/1/0/0.mvt", "%E0%A4/1/0/0.mvt", "risks/1/1/1.mvt?tms=CGCS2000Quad", "risks/0/0/0.mvt?tms=CGCS2000Quad",
    "nothing.json",
  ])("%s is not found", async (path) => {
    const answer = await bare(`/tiles/${path}`, { authorization });
    expect({ status: answer.status, type: answer.headers["content-type"] }).toEqual({ status: 404, type: "application/problem+json" });
    expect(JSON.parse(answer.body.toString())).toMatchObject({ status: 404, code: "NOT_FOUND" });
    expect(answer.headers.etag).toBeUndefined();
  });

  test.each([
    ["?level=1", "level"], ["?tms=constructor", "tms"], ["?tms=WebMercatorQuad&tms=CGCS2000Quad", "tms"], ["?crs=BD09", "crs"], ["?crs=GCJ02&tms=CGCS2000Quad", "crs"], ["?asOf=yesterday", "asOf"], ["?asOf=2026-02-30", "asOf"], ["?filter=x", "filter"], ["?filter=%7B%22__proto__%22%3A1%7D", "filter"],
    ["?filter=%5B%5D", "filter"], [`?filter=${encodeURIComponent('{"currentLevel":{"eq":"PINK"}}')}`, "filter.currentLevel.eq"], [`?filter=${encodeURIComponent('{"bbox":{"west":10,"south":0,"east":5,"north":1}}')}`, "bbox"],
  ])("%s is refused and says which", async (query, field) => {
    const answer = await bare(`/tiles/${TILE}${query}`, { authorization });
    expect({ status: answer.status, type: answer.headers["content-type"] }).toEqual({ status: 400, type: "application/problem+json" });
    expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "INVALID_INPUT", field });
  });

  const deep = (levels: number, innermost: object = { name: { eq: "x" } }) => Array.from({ length: levels }).reduce<object>((inner) => ({ and: [inner] }), innermost);
  const long = (times: number) => `,${"risks,".repeat(times)}risks`.slice(1);
  test.each([
    ["a filter of forty levels", `${TILE}?filter=${encodeURIComponent(JSON.stringify(deep(40)))}`, [400]],
    ["a filter of four hundred levels", `${TILE}?filter=${encodeURIComponent(JSON.stringify(deep(400)))}`, [400]],
    ["a filter of nothing but brackets", `${TILE}?filter=${"%5B".repeat(3_000)}`, [400]],
    ["a filter of hundreds of terms", `${TILE}?filter=${encodeURIComponent(JSON.stringify({ or: Array.from({ length: 250 }, (_, at) => ({ name: { eq: `${at}` } })) }))}`, [400]],
    ["the same layer many times over", `${long(60)}/1/0/0.mvt`, [400]],
    ["more layers than there may be", `${Array.from({ length: 40 }, (_, at) => `l${at}`).join(",")}/1/0/0.mvt`, [400]],
    ["names of layers without end", `${"x".repeat(600)}/1/0/0.mvt`, [404]],
    ["an address longer than headers may be", `${TILE}?filter=${"a".repeat(20_000)}`, [414, 431]],
  ])("%s is refused at once", async (_, path, statuses) => {
    const began = performance.now();
    const answer = await bare(`/tiles/${path}`, { authorization });
    expect(statuses).toContain(answer.status);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test("and a bad key is no key of the public's", async () => {
    expect((await bare(`/tiles/${TILE}`, { authorization: "Bearer nonsense" })).status).toBe(401);
    expect((await bare(`/tiles/${TILE}`, {})).status).toBe(204);
    expect((await bare("/tiles/risks,risks/1/0/0.mvt", { authorization })).status).toBe(400);
  });
});

test("a filter for several layers names them", async () => {
  const office = district.as("office");
  const only = { risks: { name: { eq: "风险7" } } };
  const { layers } = await fetchTile(office, `subjects,${TILE}?filter=${encodeURIComponent(JSON.stringify(only))}`);
  expect(layers["risks"]!.map(({ properties }) => properties["name"])).toEqual(["风险7"]);
  expect(layers["subjects"]!.length).toBeGreaterThan(0);
  expect((await bare(`/tiles/subjects,${TILE}?filter=${encodeURIComponent(JSON.stringify({ ...only, regions: {} }))}`, { authorization })).status).toBe(400);
});

test("a tileset describes itself with addresses of this service, never of a stranger's word", async () => {
  const answer = (await (await district.as("office").fetch("/tiles/risks,subjects.json?crs=GCJ02")).json()) as { bounds: number[]; vector_layers: { id: string; fields: Record<string, string> }[] };
  expect(answer).toMatchObject({ tilejson: "3.0.0", scheme: "xyz", minzoom: 0, maxzoom: 22, crs: "GCJ02", tiles: [`${district.service.url}/tiles/risks,subjects/{z}/{x}/{y}.mvt?crs=GCJ02`] });
  expect(answer.bounds).toHaveLength(4);
  expect(answer.vector_layers.map(({ id }) => id)).toEqual(["risks", "subjects"]);
  const shown = (await fetchTile(district.as("office"), TILE)).layers["risks"]![0]!.properties;
  for (const name of Object.keys(shown)) expect(Object.keys(answer.vector_layers[0]!.fields)).toContain(name);
  const stranger = await bare("/tiles/risks.json", { authorization, host: "evil.example" });
  expect(stranger.body.toString()).not.toContain("evil.example");
  expect(JSON.parse(stranger.body.toString()).tiles[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/tiles\/risks\//);
});

test("many who ask for the same at once are answered by one making; more than can wait are told to come back", async () => {
  let made = 0;
  const kept = new KeptTiles(1_000_000, new Gate(1, 2));
  const make = async () => {
    made += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { bytes: Buffer.alloc(10), crowded: [] };
  };
  await Promise.all(Array.from({ length: 50 }, () => kept.get("same", make)));
  expect(made).toBe(1);
  const outcomes = await Promise.allSettled(Array.from({ length: 6 }, (_, at) => kept.get(`other${at}`, make)));
  expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "rejected", "rejected"]);
  expect((outcomes[5] as PromiseRejectedResult).reason).toMatchObject({ code: "OVERLOADED", status: 503 });
  // One that fails is not kept, and those after it are served.
  await expect(kept.get("failing", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect((await kept.get("failing", make)).bytes).toHaveLength(10);
});

test("what is kept stays within its bound, the longest unused going first", async () => {
  const kept = new KeptTiles(40_000, new Gate(4, 4));
  let made = 0;
  const tile = (key: string) => kept.get(key, async () => ({ bytes: Buffer.alloc(((made += 1), 4_000)), crowded: [] }));
  for (let at = 0; at < 8; at += 1) await tile(`t${at}`);
  await tile("t0");
  for (let at = 8; at < 12; at += 1) await tile(`t${at}`);
  expect(made).toBe(12);
  await tile("t0");
  expect(made).toBe(12);
  await tile("t1");
  expect(made).toBe(13);
  expect(decode(new Uint8Array())).toEqual({});
});
