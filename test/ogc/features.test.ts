import { execFile, spawnSync } from "node:child_process";
import { createConnection } from "node:net";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { allLayers, layersWithItems } from "../../src/layers/layer.js";
import { shownTo } from "../../src/platform/ogc/collection.js";
import { PUBLIC_ACTOR } from "../../src/platform/actor.js";
import { fromCgcs2000 } from "../../src/platform/coordinates.js";
import { fieldsOf } from "../../src/platform/entity/entity.js";
import { useDistrict } from "../support/district.js";
import { ogcAs } from "../support/ogc.js";
import { populate } from "../support/population.js";

const district = useDistrict();
beforeAll(async () => void (await populate(district, 12)), 180_000);

const FEATURES = { risks: "riskFeatures", "hidden-dangers": "hiddenDangerFeatures", subjects: "regulatedSubjectFeatures", regions: "regionFeatures" } as const;

describe("the same door as GraphQL", () => {
  test.each(["office", "sector", "street", "neighbour", "enterprise", "auditor", "gis", "stranger"])("%s finds the same features, with the same values", async (name) => {
    for (const [collection, field] of Object.entries(FEATURES)) {
      const expected = (await district.as(name).ask(`{found:${field}(first:5000)}`)).found.features as { id: string; geometry: unknown; properties: Record<string, unknown> }[];
      const { ids, get } = ogcAs(district, name);
      expect((await ids(collection)).sort()).toEqual(expected.map(({ id }) => id).sort());
      const page = (await get(`/collections/${collection}/items`, { limit: "5000" })).body.features as typeof expected;
      for (const { id, geometry, properties } of page) {
        const other = expected.find((each) => each.id === id)!;
        expect(geometry).toEqual(other.geometry);
        const shared = Object.entries(properties).filter(([key]) => key in other.properties);
        expect(shared.length).toBeGreaterThan(3);
        for (const [key, value] of shared) expect({ key, value }).toEqual({ key, value: other.properties[key] });
      }
    }
  });

  test("the public sees the regions and nothing of any risk, hidden danger or subject: not a name, not a count, not an empty collection", async () => {
    const { get, ids } = ogcAs(district, "nobody");
    expect((await get("/collections")).body.collections.map(({ id }: { id: string }) => id)).toEqual(["regions"]);
    expect((await ids("regions")).length).toBeGreaterThan(0);
    const [risk] = await ogcAs(district, "office").ids("risks", { limit: "1" });
    for (const path of ["", "/queryables", "/schema", "/items", `/items/${risk}`]) expect((await get(`/collections/risks${path}`)).status).toBe(404);
    const api = (await get("/api")).body as { paths: Record<string, unknown>; components: { schemas: Record<string, unknown> } };
    const told = Object.keys(api.paths).flatMap((path) => /^\/collections\/([^/]+)/.exec(path)?.[1] ?? []);
    expect(new Set(told)).toEqual(new Set(["regions"]));
    // Nor by a link, a schema, the name of a risk or of a subject; descriptions of the regions may use the words.
    const named = (await district.database.engine.pool.query("select name from risks union select code from risks union select name from subjects union select code from subjects union select title from hidden_dangers union select code from hidden_dangers")).rows as { name: string }[];
    expect(named.length).toBeGreaterThan(50);
    const text = JSON.stringify(api);
    for (const id of Object.keys(FEATURES).filter((collection) => collection !== "regions")) expect(text).not.toMatch(new RegExp(`collections/${id}|${id}features?"`, "i"));
    expect(named.filter(({ name }) => text.includes(name))).toEqual([]);
    expect(await get("/collections/regions/queryables")).toMatchObject({ status: 200 });
    expect(Object.keys((await get("/collections/regions/queryables")).body.properties)).toEqual(expect.arrayContaining(["id", "code", "name", "shape", "parent.name"]));
  });

  test("an administrator of the system, who reads no business, sees what the public sees; a false key sees nothing", async () => {
    expect((await ogcAs(district, "system_admin").get("/collections")).body.collections.map(({ id }: { id: string }) => id)).toEqual(["regions"]);
    expect(await ogcAs(district, "nobody").get("/collections", {}, { authorization: "Bearer nonsense" })).toMatchObject({ status: 401, type: "application/problem+json", body: { code: "UNAUTHENTICATED" } });
  });

  test("a key is taken as the password of any name where maps and features are read, and nowhere else", async () => {
    const key = district.headers("office")["authorization"]!.replace("Bearer ", "");
    const basic = (name: string, password: string) => ({ authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` });
    const nobody = ogcAs(district, "nobody");
    const expected = (await ogcAs(district, "office").get("/collections/risks/items")).body.numberMatched;
    for (const name of ["", "办公室", "office"]) expect((await nobody.get("/collections/risks/items", {}, basic(name, key))).body.numberMatched).toBe(expected);
    for (const path of ["/tiles/risks.json", "/styles/risks.json", "/legends/risks.json"]) expect({ path, status: (await fetch(`${district.service.url}${path}`, { headers: basic("x", key) })).status }).toEqual({ path, status: 200 });
    for (const authorization of [basic(key, ""), basic("x", `${key} `), basic("x", key.slice(0, -1)), { authorization: `Basic ${key}` }, { authorization: "Basic" }, { authorization: "Basic ====" }]) expect(await nobody.get("/collections/risks/items", {}, authorization)).toMatchObject({ status: 401, body: { code: "UNAUTHENTICATED" } });
    // Browsers repeat passwords unasked: what writes does not take them.
    const written = await fetch(`${district.service.url}/graphql`, { method: "POST", headers: { "content-type": "application/json", ...basic("x", key) }, body: JSON.stringify({ query: "{__typename}" }) });
    expect(((await written.json()) as { errors: { extensions: { code: string } }[] }).errors[0]!.extensions.code).toBe("UNAUTHENTICATED");
    for (const path of ["/ledgers/risks.csv", "/imports/ledgers"]) expect({ path, status: (await fetch(`${district.service.url}${path}`, { method: path.startsWith("/imports") ? "POST" : "GET", headers: basic("x", key) })).status }).toEqual({ path, status: 401 });
  });

  test("a feature out of scope is not found, and a filter through a link says nothing of what is out of scope", async () => {
    const [all, own] = [await ogcAs(district, "office").ids("risks"), await ogcAs(district, "street").ids("risks")];
    const foreign = all.find((id) => !own.includes(id))!;
    expect((await ogcAs(district, "street").get(`/collections/risks/items/${foreign}`)).status).toBe(404);
    expect(await ogcAs(district, "street").ids("risks", { filter: `id = '${foreign}'` })).toEqual([]);
    expect((await ogcAs(district, "street").ids("risks", { filter: "subject.name IS NOT NULL" })).every((id) => own.includes(id))).toBe(true);
  });

  test("layers show fields that exist, and every one of them can be shown", () => {
    expect(shownTo(PUBLIC_ACTOR, layersWithItems()).map(({ collection }) => collection.id)).toEqual(["regions"]);
    for (const layer of allLayers()) {
      const fields = fieldsOf(layer.entity());
      for (const name of [...layer.fields, layer.geometry, ...[layer.time ?? []].flat()]) expect({ layer: layer.id, name, known: name in fields || name === "overallLevel" }).toEqual({ layer: layer.id, name, known: true });
    }
  });
});

describe("pages walk one snapshot", () => {
  test("what is written between pages is not on a later one, and asOf reads what was", async () => {
    const { get, ids } = ogcAs(district, "office");
    const before = await ids("risks");
    const instant = new Date().toISOString();
    await new Promise((resolve) => setTimeout(resolve, 10));
    const first = await get("/collections/risks/items", { limit: "3" });
    const made = await district.as("office").ask("mutation($k:String!,$i:RiskIdentifyInput!){riskIdentify(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { subject: district.sites[0], name: "页间新增", accidentType: "03", location: { type: "Point", coordinates: [106.6, 29.7] } } });
    const met: string[] = first.body.features.map((feature: { id: string }) => feature.id);
    for (let next = first.body.links.find((link: { rel: string }) => link.rel === "next"); next; ) {
      const page = await get(next.href);
      expect(page.body.numberMatched).toBeUndefined();
      met.push(...page.body.features.map((feature: { id: string }) => feature.id));
      next = page.body.links.find((link: { rel: string }) => link.rel === "next");
    }
    expect(met).toEqual(before);
    expect(await ids("risks")).toEqual([made.riskIdentify.id, ...before]);
    expect(await ids("risks", { asOf: instant })).toEqual(before);
    expect((await get(`/collections/risks/items/${made.riskIdentify.id}`, { asOf: instant })).status).toBe(404);
    expect((await get(`/collections/risks/items/${made.riskIdentify.id}`)).status).toBe(200);
    expect(await get("/collections/risks/items", { asOf: "2001-01-01" })).toMatchObject({ status: 400, body: { code: "AS_OF_BEFORE_HISTORY" } });
    expect(await get("/collections/risks/items", { asOf: "soon" })).toMatchObject({ status: 400, body: { field: "asOf" } });
  });

  test("a cursor of another question, or of none, is refused", async () => {
    const { get } = ogcAs(district, "office");
    const cursor = new URL((await get("/collections/risks/items", { limit: "1", filter: "keyAttention = TRUE" })).body.links.find((link: { rel: string }) => link.rel === "next").href).searchParams.get("cursor")!;
    expect((await get("/collections/risks/items", { limit: "2", filter: "keyAttention=true", cursor })).status).toBe(200);
    for (const other of [{}, { filter: "keyAttention = FALSE" }, { filter: "keyAttention = TRUE", sortby: "code" }, { filter: "keyAttention = TRUE", bbox: "0,0,180,90" }] as Record<string, string>[]) expect(await get("/collections/risks/items", { ...other, cursor })).toMatchObject({ status: 400, body: { code: "CURSOR_MISMATCH" } });
    expect(await get("/collections/subjects/items", { cursor })).toMatchObject({ status: 400, body: { code: "CURSOR_MISMATCH" } });
    for (const nonsense of ["", "x", "1~x~1~W10=", "1~x~99999999999999999~W10="]) expect((await get("/collections/risks/items", { cursor: nonsense })).status).toBe(400);
  });

  test("order is the one asked for, over absent values too, and pages keep it", async () => {
    const { get, ids } = ogcAs(district, "office");
    for (const sortby of ["code", "+code", "-code", "status,-name", "-nextReviewDue,code"]) {
      const all = (await get("/collections/risks/items", { limit: "5000", sortby })).body.features as { id: string; properties: Record<string, string | null> }[];
      expect(await ids("risks", { limit: "4", sortby })).toEqual(all.map(({ id }) => id));
    }
    const codes = (await get("/collections/risks/items", { limit: "5000", sortby: "-code" })).body.features.map(({ properties }: { properties: { code: string } }) => properties.code);
    expect(codes).toEqual(codes.toSorted().reverse());
    for (const sortby of ["", "consequence", "nonsense", "code,code", "--code", "currentLevel"]) expect({ sortby, status: (await get("/collections/risks/items", { sortby })).status }).toEqual({ sortby, status: 400 });
  });
});

describe("what is shown, and how", () => {
  test("properties are those asked for; queryables asked for by name are conditions", async () => {
    const { get, ids } = ogcAs(district, "office");
    const { features } = (await get("/collections/risks/items", { properties: "name,currentLevel" })).body;
    expect(Object.keys(features[0].properties)).toEqual(["name", "currentLevel"]);
    expect((await get("/collections/risks/items", { properties: "" })).body.features[0].properties).toEqual({});
    expect(await get("/collections/risks/items", { properties: "name,secret" })).toMatchObject({ status: 400, body: { field: "properties" } });
    expect(await ids("risks", { currentLevel: "LOW", keyAttention: "true" })).toEqual(await ids("risks", { filter: "currentLevel = 'LOW' AND keyAttention = TRUE" }));
    expect(await ids("risks", { currentLevel: "LOW", filter: "keyAttention = TRUE" })).toEqual(await ids("risks", { filter: "currentLevel = 'LOW' AND keyAttention = TRUE" }));
    expect(await get("/collections/risks/items", { currentLevel: "HIGH" })).toMatchObject({ status: 400, body: { field: "currentLevel" } });
    expect(await get("/collections/risks/items", { keyAttention: "yes" })).toMatchObject({ status: 400, body: { field: "keyAttention" } });
  });

  test("queryables and schema describe every property, in both languages, and no more than may be asked", async () => {
    const { get } = ogcAs(district, "office");
    for (const { id } of (await get("/collections")).body.collections) {
      for (const what of ["queryables", "schema"]) {
        const { type, body } = await get(`/collections/${id}/${what}`);
        expect(type).toBe("application/schema+json");
        expect(body).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema", type: "object", additionalProperties: false });
        expect(body.$id).toMatch(new RegExp(`/ogc/collections/${id}/${what}$`));
        for (const [name, property] of Object.entries(body.properties as Record<string, { title: string; type?: string; format?: string }>)) {
          expect({ name, title: property.title }).toEqual({ name, title: expect.stringMatching(/[一-鿿].* \/ .*[a-z]/) });
          expect("type" in property).toBe(!property.format?.startsWith("geometry"));
        }
      }
      // Whatever is offered may be asked for.
      for (const name of Object.keys((await get(`/collections/${id}/queryables`)).body.properties)) expect({ name, status: (await get(`/collections/${id}/items`, { filter: `${name} IS NULL`, limit: "1" })).status }).toEqual({ name, status: 200 });
      const { features } = (await get(`/collections/${id}/items`, { limit: "1" })).body;
      const schema = (await get(`/collections/${id}/schema`)).body;
      expect(Object.keys(features[0].properties).every((name) => name in schema.properties)).toBe(true);
    }
  });

  test("lines, tables and FlatGeobuf hold the same features as GeoJSON", async () => {
    const { get } = ogcAs(district, "office");
    const parameters = { limit: "4", sortby: "code", properties: "code,name,quality,nextReviewDue".replace("quality,", "") };
    const json = await get("/collections/risks/items", parameters);
    const ids = json.body.features.map((feature: { id: string }) => feature.id);
    const lines = await get("/collections/risks/items", { ...parameters, f: "geojsonseq" });
    expect(lines.type).toBe("application/geo+json-seq");
    const texts = lines.text.split("\u001e").slice(1);
    expect(texts.every((text) => text.endsWith("\n"))).toBe(true);
    expect(texts.map((text) => JSON.parse(text))).toEqual(json.body.features);
    const table = await get("/collections/risks/items", parameters, { accept: "text/csv" });
    expect(table.type).toBe("text/csv; charset=utf-8");
    expect(table.text.split("\r\n")[0]).toBe("id,code,name,nextReviewDue,geometry");
    expect(ids.every((id: string) => table.text.includes(`\r\n${id},`))).toBe(true);
    expect(table.text).toMatch(/,POINT\(106\.\d+ 29\.\d+\)\r\n/);
    const binary = await fetch(`${district.service.url}/ogc/collections/risks/items?${new URLSearchParams({ ...parameters, f: "fgb" })}`, { headers: district.headers("office") });
    const bytes = Buffer.from(await binary.arrayBuffer());
    expect(binary.status).toBe(200);
    expect(bytes.subarray(0, 3).toString("latin1")).toBe("fgb");
    for (const id of ids) expect(bytes.includes(id)).toBe(true);
    for (const answer of [lines.headers, table.headers, binary.headers]) {
      expect(answer.get("ogc-numberreturned")).toBe("4");
      expect(answer.get("link")).toMatch(/<http[^>]+cursor=[^>]+>; rel="next"/);
    }
    expect((await fetch(`${district.service.url}/ogc/collections/risks/items?f=fgb&filter=FALSE`, { headers: district.headers("office") })).status).toBe(204);
    expect((await get("/collections/risks/items", { f: "fgb", crs: "http://www.opengis.net/def/crs/EPSG/0/4490" })).status).toBe(400);
  });

  test("awkward texts survive the table", async () => {
    const table = await ogcAs(district, "office").get("/collections/risks/items", { f: "csv", limit: "5000", properties: "name" });
    const { features } = (await ogcAs(district, "office").get("/collections/risks/items", { limit: "5000" })).body;
    const cells = [...table.text.matchAll(/(?:^|,|\r\n)(?:"((?:[^"]|"")*)"|([^",\r\n]*))/g)].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain);
    for (const { properties } of features) expect(cells).toContain(properties.name);
  });

  test("the answer is what the client accepts most, and 406 where it accepts nothing there is", async () => {
    const { get } = ogcAs(district, "office");
    const asked = async (accept: string) => (await get("/collections/risks/items", { limit: "1" }, { accept })).type.split(";")[0];
    expect(await asked("text/html,application/xhtml+xml,*/*;q=0.8")).toBe("application/geo+json");
    expect(await asked("application/json")).toBe("application/geo+json");
    expect(await asked("application/geo+json;q=0.2, text/csv;q=0.9")).toBe("text/csv");
    expect(await asked("text/*")).toBe("text/csv");
    expect(await asked("application/geo+json;q=0, application/geo+json-seq")).toBe("application/geo+json-seq");
    expect(await get("/collections/risks/items", {}, { accept: "image/png" })).toMatchObject({ status: 406, body: { code: "NOT_ACCEPTABLE" } });
    expect(await get("/collections", {}, { accept: "text/html" })).toMatchObject({ status: 406 });
    expect(await get("/collections/risks/items", { f: "shp" })).toMatchObject({ status: 400, body: { field: "f" } });
    expect((await get("/collections/risks/items", { f: "json", limit: "1" }, { accept: "image/png" })).type).toBe("application/geo+json");
  });

  test("GCJ-02 and BD-09 are those of the conversion, vertex by vertex, and lead back to where they came from", async () => {
    const { get, ids } = ogcAs(district, "office");
    const plain = (await get("/collections/risks/items", { limit: "5000" })).body.features as { id: string; geometry: { coordinates: [number, number] } }[];
    for (const datum of ["GCJ02", "BD09"] as const) {
      const crs = `urn:x-yitu:def:crs:${datum}`;
      const shifted = (await get("/collections/risks/items", { limit: "5000", crs })).body.features as typeof plain;
      shifted.forEach(({ id, geometry }, index) => {
        const [lon, lat] = fromCgcs2000(plain[index]!.geometry.coordinates, datum);
        expect(id).toBe(plain[index]!.id);
        expect(geometry.coordinates[0]).toBeCloseTo(lon, 6);
        expect(geometry.coordinates[1]).toBeCloseTo(lat, 6);
      });
      const [west, south] = fromCgcs2000([106.58, 29.68], datum);
      const [east, north] = fromCgcs2000([106.65, 29.72], datum);
      const inside = shifted.filter(({ geometry: { coordinates: [x, y] } }) => x >= west && x <= east && y >= south && y <= north).map(({ id }) => id);
      expect(await ids("risks", { bbox: [west, south, east, north].join(","), "bbox-crs": crs })).toEqual(inside);
      const one = shifted[0]!;
      expect(await ids("risks", { filter: `S_WITHIN(location, BBOX(${one.geometry.coordinates.map((part) => part - 1e-5).join(",")},${one.geometry.coordinates.map((part) => part + 1e-5).join(",")}))`, "filter-crs": crs })).toContain(one.id);
      // The edge of the algorithm's own box, where its inverse has no end elsewhere.
      const began = performance.now();
      expect((await get("/collections/risks/items", { bbox: "72.004,44.0013,106.1727,54", "bbox-crs": crs })).status).toBe(200);
      expect((await get("/collections/risks/items", { bbox: "72.004,0.8293,137.8347,55.8271", "bbox-crs": crs })).status).toBe(200);
      expect(performance.now() - began).toBeLessThan(2_000);
    }
  });
});

describe("hostile questions", () => {
  const risks = "/collections/risks/items";
  test.each<[string, Record<string, string>]>([
    ["a filter of four thousand parentheses", { filter: `${"(".repeat(2_000)}TRUE${")".repeat(2_000)}` }],
    ["five hundred conditions too many", { filter: Array.from({ length: 400 }, () => "code='1'").join(" OR ") }],
    ["a deep JSON", { "filter-lang": "cql2-json", filter: `${'{"op":"not","args":['.repeat(300)}true${"]}".repeat(300)}` }],
    ["a U+0000", { filter: "name = '\u0000'" }],
    ["a name of the prototype", { filter: "constructor = 1" }],
    ["an operator of the prototype", { "filter-lang": "cql2-json", filter: '{"op":"toString","args":[]}' }],
    ["another language", { filter: "TRUE", "filter-lang": "ecql" }],
    ["a polygon beyond the poles", { filter: "S_WITHIN(location, POLYGON((0 0, 0 1000, 1000 1000, 0 0)))" }],
    ["a number beyond numbers", { filter: "10 ^ 400 > 1" }],
  ])("%s is refused at once, saying why", async (_name, parameters) => {
    const began = performance.now();
    expect(await ogcAs(district, "office").get(risks, parameters)).toMatchObject({ status: 400, type: "application/problem+json", body: { status: 400, title: expect.stringMatching(/ \/ /), detail: expect.any(String), requestId: expect.any(String) } });
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test.each<[string, Record<string, string>]>([
    ["a division by nothing", { filter: "1 / 0 = 1" }],
    ["a remainder by nothing", { filter: "5 % 0 = 1" }],
    ["quotes within quotes", { filter: "name = '''; drop table risks; --'" }],
    ["quotes in a parameter", { name: "'; drop table risks; --" }],
    ["a lone surrogate", { name: "\ud800" }],
  ])("%s finds nothing and breaks nothing", async (_name, parameters) => {
    expect(await ogcAs(district, "office").ids("risks", parameters)).toEqual([]);
  });

  test("fifty thousand characters, and a million vertices, do not get past the door", async () => {
    for (const filter of [`name = '${"x".repeat(50_000)}'`, `S_WITHIN(location, MULTIPOINT(${"1 2,".repeat(1_000_000)}1 2))`]) {
      const began = performance.now();
      const status = await ogcAs(district, "office").get(risks, { filter }).then((answer) => answer.status, () => 431);
      expect([400, 413, 414, 431]).toContain(status);
      expect(performance.now() - began).toBeLessThan(3_000);
    }
    expect((await ogcAs(district, "office").get(risks, { limit: "1" })).status).toBe(200);
  });

  test("links are made of no stranger's Host: of what this machine calls the service by, else of the socket's own address", async () => {
    const raw = (host: string) =>
      new Promise<string>((resolve, reject) => {
        const { hostname, port } = new URL(district.service.url);
        const socket = createConnection(Number(port), hostname, () => socket.write(`GET /ogc HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`));
        let text = "";
        socket.on("data", (chunk) => (text += chunk.toString())).on("end", () => resolve(text)).on("error", reject);
      });
    const own = `http://127.0.0.1:${new URL(district.service.url).port}/ogc/collections`;
    expect(await raw("localhost:8080")).toContain("http://localhost:8080/ogc/collections");
    expect(await raw("[::1]:8080")).toContain("http://[::1]:8080/ogc/collections");
    for (const host of ["example.org:8080", "evil.org/path?", "a\"b", "a b", "user@evil.org", "localhost:1@evil.org", "localhost.evil.org", "localhost:8080/x"]) {
      const answer = await raw(host);
      expect(answer).toMatch(/^HTTP\/1\.1 200/);
      expect(answer).not.toContain(host);
      expect([...new Set(answer.match(/http:\/\/[^"]*\/ogc\/collections/g))]).toEqual([own]);
    }
  });
});

const gdal = spawnSync("ogrinfo", ["--version"], { encoding: "utf8" }).status === 0;
// A machine without it tests everything else; where every lane must run, it must be there.
(gdal || process.env["REQUIRE_ALL_LANES"] === "1" ? describe : describe.skip)("GDAL reads every feature", () => {
  const ogr = (command: string, args: string[]) =>
    promisify(execFile)(command, args, { timeout: 60_000, maxBuffer: 1 << 25, env: { ...process.env, GDAL_HTTP_HEADERS: `Authorization: ${district.headers("office")["authorization"]}`, GDAL_HTTP_TIMEOUT: "20" } }).then(({ stdout }) => stdout);

  test("over pages of two, as many as SQL counts, of every collection", async () => {
    for (const [id, table, column] of [["risks", "risks", "location"], ["hidden-dangers", "hidden_dangers", "location"], ["subjects", "subjects", "location"], ["regions", "regions", "point"]] as const) {
      const counted = Number((await district.database.engine.pool.query(`select count(*) as n from ${table} where ${column} is not null`)).rows[0].n);
      const info = await ogr("ogrinfo", ["-ro", "-oo", "PAGE_SIZE=2", "-al", "-geom=NO", `OAPIF:${district.service.url}/ogc`, id]);
      expect(info.match(/^OGRFeature\(/gm)).toHaveLength(counted);
      expect(info).toContain(`Feature Count: ${counted}`);
      expect(info).toContain("Geometry: Point");
    }
  });

  test("its own spatial filter is the service's bbox", async () => {
    const ids = await ogcAs(district, "office").ids("risks", { bbox: "106.58,29.68,106.65,29.72" });
    const text = await ogr("ogr2ogr", ["-f", "GeoJSON", "/vsistdout/", `OAPIF:${district.service.url}/ogc`, "risks", "-spat", "106.58", "29.68", "106.65", "29.72"]);
    expect(JSON.parse(text).features.map((feature: { id: string; properties: { id?: string } }) => feature.properties.id ?? feature.id).sort()).toEqual([...ids].sort());
  });
});
