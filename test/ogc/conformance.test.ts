import { createConnection } from "node:net";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { fromCgcs2000 } from "../../src/platform/coordinates.js";
import { useDistrict } from "../support/district.js";
import { tileAt } from "../support/map-tiles.js";
import { ogcAs, type OgcAnswer } from "../support/ogc.js";
import { populate } from "../support/population.js";
import { brokenReferences, violations } from "../support/schema-check.js";

/** The abstract tests of OGC API Features parts 1 and 2, class by class, asked over HTTP. */

const district = useDistrict();
beforeAll(async () => {
  await populate(district, 12);
  // Of every collection more than one feature, so that there is a next page.
  for (const [index, kind] of ["KEY_FACILITY", "CONSTRUCTION_PROJECT", "KEY_FACILITY", "CONSTRUCTION_PROJECT"].entries())
    await district.as("office").ask("mutation($k:String!,$i:SubjectRegisterInput!){subjectRegister(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { region: district.regions["huixing"], kind, name: `示例${index}`, location: { type: "Point", coordinates: [106.6 + index / 100, 29.7] } } });
}, 180_000);

interface Link {
  rel: string;
  href: string;
  type: string;
}
const office = () => ogcAs(district, "office");
const link = (answer: OgcAnswer, rel: string, type?: string): Link | undefined => (answer.body.links as Link[]).find((each) => each.rel === rel && (!type || each.type === type));
const collections = async () => (await office().get("/collections")).body.collections as { id: string; title: string; crs: string[]; storageCrs: string; extent: { spatial: { bbox: number[][] } }; links: Link[] }[];
const itemsOf = ({ links }: { links: Link[] }) => links.find((each) => each.rel === "items" && each.type === "application/geo+json")!.href;
const each = async (check: (collection: Awaited<ReturnType<typeof collections>>[number]) => Promise<void>) => {
  const all = await collections();
  expect(all.map(({ id }) => id)).toEqual(["risks", "risk-areas", "hidden-dangers", "subjects", "key-areas", "key-facilities", "construction-projects", "coverage", "regions", "risk-zones"]);
  for (const collection of all) await check(collection);
};

const CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";
const epsg = (code: number) => `http://www.opengis.net/def/crs/EPSG/0/${code}`;

/** Collections whose features are not all points: their kinds, and the rows and geometries the database compares by itself. */
const AREAS: Readonly<Record<string, { kinds: readonly string[]; rows: string; geometry: string; prefix: string }>> = {
  "risk-zones": { kinds: ["Polygon", "MultiPolygon"], rows: "risk_zones where true", geometry: "boundary", prefix: "RiskZone" },
  "risk-areas": { kinds: ["LineString", "Polygon"], rows: "risks where true", geometry: "extent", prefix: "Risk" },
  "key-areas": { kinds: ["Point", "Polygon", "MultiPolygon"], rows: "subjects where kind = 'KEY_AREA'", geometry: "coalesce(boundary, location)", prefix: "RegulatedSubject" },
};

describe("core: the documents", () => {
  test("the landing page links to the definition, the conformance and the data, each with a type, and each answers", async () => {
    for (const path of ["", "/"]) {
      const landing = await office().get(path);
      expect(landing).toMatchObject({ status: 200, type: "application/json; charset=utf-8" });
      for (const rel of ["self", "service-desc", "conformance", "data"]) {
        const found = link(landing, rel)!;
        const answer = await office().get(found.href);
        expect({ rel, status: answer.status, type: answer.type.replace("; charset=utf-8", "") }).toEqual({ rel, status: 200, type: found.type });
      }
      // QGIS appends ids to this address.
      expect(link(landing, "data")!.href).toMatch(/\/ogc\/collections$/);
    }
  });

  test("conformance names the classes clients look for", async () => {
    const { conformsTo } = (await office().get("/conformance")).body;
    for (const name of ["features-1/1.0/conf/core", "features-1/1.0/conf/oas30", "features-1/1.0/conf/geojson", "features-2/1.0/conf/crs", "features-3/1.0/conf/filter", "features-3/1.0/conf/features-filter", "features-3/1.0/conf/queryables"]) expect(conformsTo).toContain(`http://www.opengis.net/spec/ogcapi-${name}`);
    for (const name of ["cql2-text", "cql2-json", "basic-cql2", "advanced-comparison-operators", "basic-spatial-functions"]) expect(conformsTo).toContain(`http://www.opengis.net/spec/cql2/1.0/conf/${name}`);
    expect(new Set(conformsTo).size).toBe(conformsTo.length);
  });

  test("a collection says by itself what the list says of it, and more links cannot be", async () => {
    await each(async (collection) => {
      const alone = await office().get(collection.links.find((one) => one.rel === "self")!.href);
      expect(alone).toMatchObject({ status: 200, body: collection });
      expect(collection.title).toMatch(/ \/ /);
      expect(collection.extent.spatial.bbox[0]).toHaveLength(4);
      for (const { href, type } of collection.links) {
        const answer = await office().get(href);
        expect({ href, status: answer.status, type: answer.type.replace("; charset=utf-8", "") }).toEqual({ href, status: 200, type });
      }
    });
  });

  test("the address of the items takes further parameters, as links to it are followed, and refuses unknown ones", async () => {
    await each(async (collection) => {
      const at = itemsOf(collection);
      expect(new URL(at).search).toBe("?f=geojson");
      for (const [parameters, status] of [[{ limit: "1" }, 200], [{ bbox: "-1.5,50,1.5,53" }, 200], [{ datetime: "2026-01-01T00:00:00Z/2026-02-01T00:00:00Z" }, 200], [{ limit: "unlimited" }, 400], [{ unknownQueryParameter12345: "1" }, 400]] as const) expect({ at, parameters, status: (await office().get(at, parameters as Record<string, string>, { accept: "application/geo+json" })).status }).toEqual({ at, parameters, status });
    });
  });

  test("it is spoken to by HTTP/1.1", async () => {
    const { hostname, port } = new URL(district.service.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = createConnection(Number(port), hostname, () => socket.write(`GET /ogc/ HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`));
      let text = "";
      socket.on("data", (chunk) => (text += chunk.toString())).on("end", () => resolve(text)).on("error", reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("what is not there is 404, and a method it does not take 405", async () => {
    for (const path of ["/nothing", "/collections/nothing", "/collections/nothing/items", "/collections/risks/nothing", "/collections/risks/items/nothing", "/collections/risks/items/Risk_00000000-0000-4000-8000-000000000000", "/collections/risks/items/a/b", "/collections/%E0%A4%A/items", "/conformance/x"])
      expect({ path, ...(await office().get(path)) }).toMatchObject({ path, status: 404, type: "application/problem+json", body: { code: "NOT_FOUND", status: 404 } });
    expect((await office().get("/collections", {}, {}, "DELETE")).status).toBe(405);
  });
});

describe("core: the definition is true", () => {
  test("every operation it names answers as it says, and its references lead somewhere", async () => {
    const document = (await office().get("/api")).body;
    const [column, row] = tileAt("WebMercatorQuad", 6, [106.6, 29.7]);
    const filled = (path: string, featureId: string) => Object.entries({ featureId, tileMatrixSetId: "WebMercatorQuad", tileMatrix: "6", tileRow: String(row), tileCol: String(column) }).reduce((text, [name, value]) => text.replace(`{${name}}`, value), path);
    expect(document.openapi).toMatch(/^3\.0\./);
    expect(brokenReferences(document)).toEqual([]);
    const root = document.servers[0].url as string;
    const operations = new Set<string>();
    for (const [path, { get }] of Object.entries(document.paths as Record<string, { get: { operationId: string; parameters: Record<string, unknown>[]; responses: Record<string, { content: Record<string, { schema: object }> }> } }>)) {
      expect(operations.has(get.operationId)).toBe(false);
      operations.add(get.operationId);
      const collection = /^\/collections\/([^/]+)\/items/.exec(path)?.[1];
      const featureId = collection ? (await office().get(`/collections/${collection}/items`, { limit: "1" })).body.features[0].id : "";
      for (const [type, { schema }] of Object.entries(get.responses["200"]!.content)) {
        const answer = await office().get(root + filled(path, featureId), {}, { accept: type });
        expect({ path, status: answer.status, type: answer.type.replace("; charset=utf-8", "") }).toEqual({ path, status: 200, type });
        expect({ path, violations: answer.body ? violations(answer.body, schema, document) : [] }).toEqual({ path, violations: [] });
      }
      const refused = await office().get(root + filled(path, featureId), { unknownQueryParameter: "1" });
      expect({ path, ...refused }).toMatchObject({ path, status: 400 });
      expect(violations(refused.body, { $ref: "#/components/schemas/Problem" }, document)).toEqual([]);
    }
    expect(operations.size).toBe(4 + 2 + 3 + 10 * (5 + 3));
  });

  test("limit, bbox, datetime and crs are defined as the standard has them, and every parameter named is taken", async () => {
    const document = (await office().get("/api")).body;
    const given: Record<string, string> = { limit: "3", bbox: "100,20,110,40", "bbox-crs": CRS84, crs: epsg(3857), datetime: "2026-01-01/..", filter: "TRUE", "filter-lang": "cql2-text", "filter-crs": CRS84, f: "geojson", properties: "code", sortby: "-code" };
    const resolved = (parameter: { $ref?: string }) => (parameter.$ref ? document.components.parameters[parameter.$ref.split("/").at(-1)!] : parameter);
    await each(async ({ id }) => {
      const parameters = document.paths[`/collections/${id}/items`].get.parameters.map(resolved) as { name: string; schema: { type: string; enum?: string[]; format?: string; pattern?: string } }[];
      const named = (name: string) => parameters.find((parameter) => parameter.name === name);
      for (const parameter of parameters) expect(parameter).toMatchObject({ in: "query", required: false, style: "form", explode: false });
      expect(named("limit")).toMatchObject({ schema: { type: "integer", minimum: 1, maximum: 5000, default: 100 } });
      expect(named("bbox")).toMatchObject({ schema: { type: "array", oneOf: [{ minItems: 4, maxItems: 4 }, { minItems: 6, maxItems: 6 }], items: { type: "number" } } });
      expect(named("datetime")).toMatchObject({ schema: { type: "string" } });
      expect(named("crs")!.schema.enum).toContain(CRS84);
      for (const { name, schema } of parameters) {
        if (name === "cursor" || name === "asOf") continue;
        const value = given[name] ?? schema.enum?.[0] ?? { date: "2026-06-30", "date-time": "2026-06-30T00:00:00Z" }[schema.format ?? ""] ?? { boolean: "true", integer: "1", number: "1" }[schema.type] ?? "x";
        expect({ id, name, status: (await office().get(`/collections/${id}/items`, { [name]: value })).status }).toEqual({ id, name, status: 200 });
      }
    });
  });
});

describe("core: features", () => {
  test("a page is a FeatureCollection with its links, counts and time", async () => {
    await each(async (collection) => {
      const before = Date.now();
      const page = await office().get(itemsOf(collection), {}, { accept: "application/geo+json" });
      expect(page).toMatchObject({ status: 200, type: "application/geo+json", body: { type: "FeatureCollection" } });
      const { features, numberReturned, numberMatched, timeStamp, links } = page.body;
      expect(numberReturned).toBe(features.length);
      expect(numberMatched).toBe((await office().ids(collection.id)).length);
      expect(Date.parse(timeStamp)).toBeGreaterThanOrEqual(before - 1);
      expect(Date.parse(timeStamp)).toBeLessThanOrEqual(Date.now() + 1);
      expect(page.headers.get("content-crs")).toBe(`<${CRS84}>`);
      expect(page.headers.get("ogc-numbermatched")).toBe(String(numberMatched));
      expect(links.every(({ rel, type, href }: Link) => rel && type && href)).toBe(true);
      expect(links.filter(({ rel }: Link) => rel === "alternate")).toHaveLength(["regions", "risk-areas", "key-areas"].includes(collection.id) ? 2 : 3);
      expect(page.headers.get("link")).toContain('rel="self"');
      for (const { geometry } of features) {
        expect(AREAS[collection.id]?.kinds ?? ["Point"]).toContain(geometry.type);
        expect(Object.keys(geometry)).toEqual(["type", "coordinates"]);
        expect((geometry.coordinates as number[][]).flat(3)[0]).toBeGreaterThan(100);
      }
    });
  });

  test("limit bounds a page and next leads on, to every feature once; more than the most counts as the most", async () => {
    await each(async ({ id }) => {
      const all = await office().ids(id);
      expect(all.length).toBeGreaterThan(1);
      for (const limit of ["1", "2", String(all.length), "100000"]) {
        const page = await office().get(`/collections/${id}/items`, { limit });
        expect(page.body.features).toHaveLength(Math.min(Number(limit), all.length));
        expect(Boolean(link(page, "next"))).toBe(Number(limit) < all.length);
      }
      expect(await office().ids(id, { limit: "2" })).toEqual(all);
    });
    for (const limit of ["0", "-1", "unlimited", "1.5", "", "1e3", "99999999999999999"]) expect(await office().get("/collections/risks/items", { limit })).toMatchObject({ status: 400, type: "application/problem+json", body: { field: "limit" } });
  });

  test("bbox takes what meets it, over the meridian, the equator, the antimeridian and the poles", async () => {
    const boxes = ["73,3,136,54", "-1.5,50,1.5,53", "-80,-5,-70,5", "177,65,-177,70", "-180,85,180,90", "-180,-90,180,-85", "106.58,29.68,106.65,29.72", "106.58,29.68,0,106.65,29.72,100", "106.6,-90,106.5,90", "-180,-90,180,90"];
    // Areas are held against the database's own comparison.
    for (const [id, { rows: from, geometry, prefix }] of Object.entries(AREAS)) for (const bbox of boxes.filter((box) => box.split(",").length === 4 && Number(box.split(",")[0]) <= Number(box.split(",")[2]))) {
      const { rows } = await district.database.engine.pool.query(`select id from ${from} and st_intersects(${geometry}, st_makeenvelope($1, $2, $3, $4, 4490))`, bbox.split(",").map(Number));
      expect((await office().ids(id, { bbox })).toSorted()).toEqual((rows as { id: string }[]).map((row) => `${prefix}_${row.id}`).toSorted());
    }
    await each(async ({ id }) => {
      if (AREAS[id]) return;
      const all = (await office().get(`/collections/${id}/items`, { limit: "5000" })).body.features as { id: string; geometry: { coordinates: [number, number] } }[];
      for (const bbox of boxes) {
        const numbers = bbox.split(",").map(Number);
        const [west, south, east, north] = (numbers.length === 6 ? [0, 1, 3, 4] : [0, 1, 2, 3]).map((at) => numbers[at]!) as [number, number, number, number];
        const inside = all.filter(({ geometry: { coordinates: [lon, lat] } }) => lat >= south && lat <= north && (west <= east ? lon >= west && lon <= east : lon >= west || lon <= east)).map((feature) => feature.id);
        expect({ id, bbox, ids: await office().ids(id, { bbox }) }).toEqual({ id, bbox, ids: inside });
      }
    });
    for (const bbox of ["1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,3,", "NaN,2,3,4", "Infinity,2,3,4", "0,50,10,40", "-181,0,0,1", "29,106,30,107", "1,2,9,3,4,5", "1e999,0,0,1"]) expect({ bbox, ...(await office().get("/collections/risks/items", { bbox })) }).toMatchObject({ bbox, status: 400, body: { field: "bbox" } });
    expect((await office().get("/collections/risks/items", { bbox: "29,106,30,107" })).body.rule).toContain("is the order exchanged?");
  });

  test("datetime takes what is at some time of it, and what has no time", async () => {
    const { pool } = district.database.engine;
    const counted = async (sql: string) => Number((await pool.query(`select count(*) as n from ${sql}`)).rows[0].n);
    const matched = async (id: string, datetime: string) => (await office().get(`/collections/${id}/items`, { datetime })).body.numberMatched;
    const located = "hidden_dangers where location is not null";
    expect(await matched("hidden-dangers", "2020-01-01/2020-12-31")).toBe(0);
    expect(await matched("hidden-dangers", "../2100-01-01")).toBe(await counted(located));
    expect(await matched("hidden-dangers", "2099-01-01T00:00:00Z/..")).toBe(await counted(`${located} and closed_at is null`));
    expect(await matched("hidden-dangers", "2099-01-01")).toBe(await counted(`${located} and closed_at is null`));
    expect(await counted(`${located} and closed_at is null`)).toBeLessThan(await counted(located));
    expect(await matched("risks", "/2100-01-01T00:00:00+08:00")).toBe(await counted("risks where location is not null"));
    expect(await matched("risks", "2000-01-01")).toBe(0);
    expect(await matched("regions", "2000-01-01")).toBe(await counted("regions where point is not null and valid_from is null"));
    for (const datetime of ["yesterday", "2026-02-30", "2026-01-01/2025-01-01", "../..", "/", "2026-01-01/2026-01-02/2026-01-03", "", "2026-01-01T00:00:00"]) expect({ datetime, status: (await office().get("/collections/risks/items", { datetime })).status }).toEqual({ datetime, status: 400 });
  });

  test("a feature by its id is the one of the list, with its links", async () => {
    await each(async ({ id }) => {
      const { features } = (await office().get(`/collections/${id}/items`, { limit: "3" })).body;
      for (const feature of features) {
        const alone = await office().get(`/collections/${id}/items/${feature.id}`, {}, { accept: "application/geo+json" });
        expect(alone).toMatchObject({ status: 200, type: "application/geo+json", body: feature });
        expect(link(alone, "self")!.href).toContain(feature.id);
        expect((await office().get(link(alone, "collection")!.href)).body.id).toBe(id);
        expect(alone.headers.get("content-crs")).toBe(`<${CRS84}>`);
      }
    });
  });

  test("HEAD says what GET would and sends nothing", async () => {
    // All on one page: a cursor of a next one tells what was under way, which is longer at one moment than at another.
    for (const path of ["", "/collections", "/collections/risks/items?limit=10000"]) {
      const [get, head] = [await office().get(path), await office().get(path, {}, {}, "HEAD")];
      expect(head).toMatchObject({ status: 200, type: get.type, text: "" });
      expect(head.headers.get("content-length")).toBe(String(Buffer.byteLength(get.text)));
    }
  });

  test("parameters no one knows, and any given twice, are 400", async () => {
    for (const query of ["unknown=1", "Limit=1", "bbox=1,2,3,4&bbox=1,2,3,4", "offset=10", "currentlevel=LOW"]) expect({ query, ...(await office().get(`/collections/risks/items?${query}`)) }).toMatchObject({ query, status: 400, type: "application/problem+json", body: { code: "INVALID_INPUT", field: query.split("=")[0] } });
  });
});

describe("part 2: systems of coordinates", () => {
  test("each collection lists its systems, the stored one and CRS84 among them", async () => {
    await each(async ({ crs, storageCrs }) => {
      expect(crs[0]).toBe(CRS84);
      expect(storageCrs).toBe(epsg(4490));
      for (const code of [4490, 4326, 3857, 4547, 4548, 4549, 4523]) expect(crs).toContain(epsg(code));
      expect(crs).toContain("urn:x-yitu:def:crs:GCJ02");
      expect(new Set(crs).size).toBe(crs.length);
    });
  });

  test("every system listed answers in itself, says so, and takes its own answer back as bbox and filter", async () => {
    const { crs } = (await collections()).find(({ id }) => id === "subjects")!;
    const plain = (await office().get("/collections/subjects/items", { limit: "1" })).body.features[0];
    for (const uri of crs) {
      const answer = await office().get(`/collections/subjects/items/${plain.id}`, { crs: uri });
      expect({ uri, status: answer.status, said: answer.headers.get("content-crs") }).toEqual({ uri, status: 200, said: `<${uri}>` });
      const page = await office().get("/collections/subjects/items", { crs: uri, limit: "1" });
      expect(page.body.features[0].geometry).toEqual(answer.body.geometry);
      expect(page.headers.get("content-crs")).toBe(`<${uri}>`);
      const [first, second] = answer.body.geometry.coordinates as [number, number];
      const expected = await projected(plain.geometry.coordinates, uri);
      expect(Math.abs(first - expected[0])).toBeLessThan(expected[2]);
      expect(Math.abs(second - expected[1])).toBeLessThan(expected[2]);
      const reach = Math.abs(first) > 180 || Math.abs(second) > 180 ? 30 : 0.0003;
      const [low, high] = [[first - reach, second - reach], [first + reach, second + reach]] as const;
      const asked = await office().get("/collections/subjects/items", { bbox: [...low, ...high].join(","), "bbox-crs": uri, crs: uri });
      const filtered = await office().get("/collections/subjects/items", { filter: `S_INTERSECTS(location, BBOX(${[...low, ...high].join(",")})) AND S_WITHIN(location, POLYGON((${low[0]} ${low[1]}, ${high[0]} ${low[1]}, ${high[0]} ${high[1]}, ${low[0]} ${high[1]}, ${low[0]} ${low[1]})))`, "filter-crs": uri });
      // A Gauss-Krueger zone far away has no place for it.
      const found = outside(uri, second) ? 400 : [plain.id];
      const told = ({ status, body }: OgcAnswer) => (status === 200 ? body.features.map((feature: { id: string }) => feature.id).filter((id: string) => id === plain.id) : status);
      expect({ uri, asked: told(asked), filtered: told(filtered) }).toEqual({ uri, asked: found, filtered: found });
    }
  });

  const codeOf = (uri: string) => Number(/EPSG\/0\/(\d+)$/.exec(uri)?.[1] ?? 0);
  const outside = (uri: string, easting: number) => {
    const code = codeOf(uri);
    if (code <= 4490 || code > 4554) return false;
    const west = code < 4534 ? (code - 4513 + 25) * 1e6 : 0;
    return easting < west || easting > west + 1e6;
  };
  /** A position by the database's own projection, northing or latitude first but in web Mercator; or by the datum's shift. With the difference allowed. */
  const projected = async (position: [number, number], uri: string): Promise<[number, number, number]> => {
    const code = codeOf(uri);
    if (!code) return [...(uri === CRS84 ? position : fromCgcs2000(position, uri.endsWith("GCJ02") ? "GCJ02" : "BD09")), 1e-6] as [number, number, number];
    const { rows } = await district.database.engine.pool.query("select st_x(p) as x, st_y(p) as y from (select st_transform(st_setsrid(st_makepoint($1, $2), 4490), $3::integer) as p) projected", [...position, code]);
    const { x, y } = rows[0] as { x: number; y: number };
    return code === 3857 ? [x, y, 0.02] : [y, x, code === 4490 || code === 4326 ? 1e-7 : 0.02];
  };

  test("identifiers of systems are URIs by the syntax of their kind", async () => {
    await each(async ({ crs, storageCrs }) => {
      expect(crs).toContain(storageCrs);
      // RFC 8141, section 2; OGC 09-048, basic names.
      for (const uri of crs) expect(uri).toMatch(uri.startsWith("urn:") ? /^urn:[a-z0-9][a-z0-9-]{0,30}[a-z0-9]:[A-Za-z0-9()+,\-.:=@;$_!*'%/]+$/ : /^http:\/\/www\.opengis\.net\/def\/crs\/(OGC|EPSG)\/(0|\d+(\.\d+)*)\/\w+$/);
    });
  });

  test("the extent of a collection as bbox takes the same features in each system that reaches as far, all there are", async () => {
    await each(async ({ id, extent: { spatial: { bbox: [[west, south, east, north] = [] as number[]] } } }) => {
      const all = await office().ids(id);
      expect(await office().ids(id, { bbox: [west, south, east, north].join(",") })).toEqual(all);
      expect(await office().ids(id, { bbox: [west, south, east, north].join(","), "bbox-crs": CRS84 })).toEqual(all);
      for (const code of [4490, 4326]) expect(await office().ids(id, { bbox: [south, west, north, east].join(","), "bbox-crs": epsg(code) })).toEqual(all);
      const { rows } = await district.database.engine.pool.query("select st_x(a) w, st_y(a) s, st_x(b) e, st_y(b) n from (select st_transform(st_setsrid(st_makepoint($1, $2), 4490), 3857) a, st_transform(st_setsrid(st_makepoint($3, $4), 4490), 3857) b) corners", [west, south, east, north]);
      const { w, s, e, n } = rows[0] as Record<string, number>;
      expect(await office().ids(id, { bbox: [w, s, e, n].join(","), "bbox-crs": epsg(3857) })).toEqual(all);
    });
  });

  test("no crs and CRS84 are the same answer, of a page and of a feature", async () => {
    await each(async ({ id }) => {
      const [plain, named] = await Promise.all(([{}, { crs: CRS84 }] as Record<string, string>[]).map(async (parameters) => office().get(`/collections/${id}/items`, parameters)));
      expect(named!.body.features).toEqual(plain!.body.features);
      expect(named!.headers.get("content-crs")).toBe(plain!.headers.get("content-crs"));
      const at = `/collections/${id}/items/${plain!.body.features[0].id}`;
      expect((await office().get(at, { crs: CRS84 })).body.geometry).toEqual((await office().get(at)).body.geometry);
      expect((await office().get(at, { crs: "http://www.opengis.net/def/crs/0/unsupported" })).status).toBe(400);
      for (const name of ["crs", "bbox-crs"]) expect((await office().get(`/collections/${id}/items`, { [name]: "http://www.opengis.net/def/crs/0/unsupported", bbox: "0,0,1,1" })).status).toBe(400);
    });
  });

  test("the same box in another order of axes or another plane takes the same features", async () => {
    const expected = await office().ids("risks", { bbox: "106.58,29.68,106.65,29.72" });
    expect(expected.length).toBeGreaterThan(0);
    for (const code of [4490, 4326]) expect(await office().ids("risks", { bbox: "29.68,106.58,29.72,106.65", "bbox-crs": epsg(code) })).toEqual(expected);
    const { rows } = await district.database.engine.pool.query("select st_x(a) w, st_y(a) s, st_x(b) e, st_y(b) n from (select st_transform(st_setsrid(st_makepoint(106.58, 29.68), 4490), 3857) a, st_transform(st_setsrid(st_makepoint(106.65, 29.72), 4490), 3857) b) corners");
    const { w, s, e, n } = rows[0] as Record<string, number>;
    expect(await office().ids("risks", { bbox: [w, s, e, n].join(","), "bbox-crs": epsg(3857) })).toEqual(expected);
  });

  test("a system not listed is 400, whatever it is asked for", async () => {
    for (const name of ["crs", "bbox-crs", "filter-crs"]) for (const uri of ["", "EPSG:4490", epsg(2000), `${epsg(4490)}/`, "urn:ogc:def:crs:EPSG::4490"]) expect({ name, uri, ...(await office().get("/collections/risks/items", { [name]: uri })) }).toMatchObject({ name, uri, status: 400, body: { field: name } });
  });

  test("boxes of impossible size on a plane are told at once", async () => {
    for (const [bbox, code] of [["-1e9,-1e9,1e9,1e9", 3857], ["0,0,1e300,1e300", 4547], ["3000000,36000000,3100000,36100000", 4547]] as const) {
      const began = performance.now();
      expect(await office().get("/collections/risks/items", { bbox, "bbox-crs": epsg(code) })).toMatchObject({ status: 400, body: { field: "bbox" } });
      expect(performance.now() - began).toBeLessThan(1_000);
    }
    expect(await office().ids("risks", { bbox: "-20037508.35,-20037508.35,20037508.35,20037508.35", "bbox-crs": epsg(3857) })).toEqual(await office().ids("risks"));
    expect(await office().ids("subjects", { bbox: "0,0,7000000,1000000", "bbox-crs": epsg(4544) })).toEqual(await office().ids("subjects"));
  });
});
