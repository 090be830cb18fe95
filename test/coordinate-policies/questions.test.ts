import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import type { Service } from "../../src/app.js";
import { Keys } from "../../src/auth/keys.js";
import { roleEnum, type Actor } from "../../src/platform/actor.js";
import { allEntities, columnOf, fieldsOf } from "../../src/platform/entity/entity.js";
import { allReports } from "../../src/platform/entity/report.js";
import { fromCgcs2000 } from "../../src/platform/coordinates.js";
import { Dice } from "../../seeds/demo/story.js";
import { inUnit, lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { tileAt, type Position } from "../support/map-tiles.js";
import { RiskStage, type Made } from "../support/risk-stage.js";

const district = useDistrict();
const stage = new RiskStage(district);
const dice = new Dice(20_261_129);
const write = (text: string, values: unknown[]) => inUnit(district.database.engine, (client) => client.query(text, values));
const uuidOf = (id: string) => id.split("_")[1]!;
let risk: Made;
/** When everything was told and nothing had moved. */
let since: string;

/** Writes the policies a role is held to, over all layers that hold where a row lies. */
async function hold(decimals: number | null, audience = "AUDITOR"): Promise<void> {
  for (const layer of ["Risk", "RegulatedSubject", "RiskZone"])
    await write("insert into coordinate_policies (id, layer, audience, decimals) values (gen_random_uuid(), $1, $2, $3) on conflict (layer, audience) do update set decimals = excluded.decimals", [layer, audience, decimals]);
}

/** A service that has met nobody: what was remembered under the last policies is gone. */
async function served<T>(work: (service: Service) => Promise<T>): Promise<T> {
  const service = await district.start(district.database.engine, true);
  try {
    return await work(service);
  } finally {
    await service.close();
  }
}

async function moveTo(position: Position): Promise<void> {
  await write("update risks set location = st_setsrid(st_makepoint($2, $3), 4490) where id = $1", [uuidOf(risk.id), ...position]);
  await write("update subjects set location = st_setsrid(st_makepoint($2, $3), 4490) where id = $1", [uuidOf(district.sites[0]!), ...position]);
}

beforeAll(async () => {
  risk = await stage.assessedRisk("LOW", { location: { type: "Point", coordinates: [106.62, 29.7] } });
  await stage.do("riskApprove", { on: risk, input: {} });
  await district.admit("both", "AUDITOR", "yubei");
  await write("insert into grants (id, principal_id, role, region_id) select gen_random_uuid(), p.id, 'COMMITTEE_OFFICE', (select id from regions where code = '500112000000') from principals p where name = 'both'", []);
  for (const [west, south, east, north] of [[106.6, 29.6, 106.6213, 29.8], [106.6218, 29.5, 106.9, 29.9], [106.5, 29.7007, 106.9, 29.9]])
    await stage.do("riskZoneRegister", { input: { region: district.regions["yubei"], name: "示例区划", disasterType: "02", grade: "LOW", boundary: { type: "Polygon", coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] }, censusBatch: "示例", censusSource: "示例", surveyedAt: "2022-06-30" } });
  since = new Date(Date.now() + 5).toISOString();
  await new Promise((resolve) => setTimeout(resolve, 20));
}, 120_000);

interface Question {
  name: string;
  /** Asked around a place, so that its edges run through what is kept from the caller. */
  ask: (who: string, service: Service, edge: Position, unit: number) => Promise<unknown>;
}

const graphql = (name: string, query: string, variables: (edge: Position, unit: number) => Record<string, unknown>): Question => ({ name, ask: (who, service, edge, unit) => district.as(who, service).ask(query, variables(edge, unit)) });
const fetched = (name: string, path: (edge: Position, unit: number) => string): Question => ({
  name,
  async ask(who, service, edge, unit) {
    const response = await district.as(who, service).fetch(path(edge, unit));
    const bytes = Buffer.from(await response.arrayBuffer());
    if (response.status >= 400) throw new Error(`${path(edge, unit)}: ${bytes.toString()}`);
    if (!response.headers.get("content-type")?.includes("json")) return [response.status, bytes.toString("base64")];
    const { features, numberMatched } = JSON.parse(bytes.toString()) as { features: { id: string; geometry: unknown }[]; numberMatched?: number };
    return [features.map(({ id, geometry }) => [id, geometry]), numberMatched];
  },
});
const box = ([east, north]: Position) => ({ west: 106, south: 29, east, north });
const ring = ([lon, lat]: Position) => ({ type: "Polygon", coordinates: [[[106, 29], [lon, 29], [lon, lat], [106, lat + 0.0000007], [106, 29]]] });
const point = ([lon, lat]: Position) => ({ type: "Point", coordinates: [lon, lat] });
/** The metres of a unit of latitude. */
const metres = (unit: number) => unit * 110_900;
const cql2 = (text: string) => `/ogc/collections/risks/items?limit=10&filter-lang=cql2-text&filter=${encodeURIComponent(text)}`;
const wkt = ([lon, lat]: Position) => `POLYGON((106 29, ${lon} 29, ${lon} ${lat}, 106 ${lat}, 106 29))`;

const QUESTIONS: readonly Question[] = [
  graphql("bbox", "query($b:BBoxInput!){risks(first:5,filter:{bbox:$b}){totalCount nodes{id location}}}", (edge) => ({ b: box(edge) })),
  graphql("bbox, counted", "query($b:BBoxInput!){riskCounts(by:[STATUS],filter:{bbox:$b}){count}}", (edge) => ({ b: box(edge) })),
  graphql("bbox, not", "query($b:BBoxInput!){risks(first:5,filter:{not:{bbox:$b}}){totalCount}}", (edge) => ({ b: box(edge) })),
  graphql("bbox, features", "query($b:BBoxInput!){riskFeatures(first:5,filter:{bbox:$b})}", (edge) => ({ b: box(edge) })),
  graphql("bbox of the subject", "query($b:BBoxInput!){risks(first:5,filter:{subject:{bbox:$b}}){totalCount}}", (edge) => ({ b: box(edge) })),
  graphql("bbox as of an instant", "query($b:BBoxInput!)@asOf(recorded:\"2099-01-01T00:00:00Z\"){risks(first:5,filter:{bbox:$b}){totalCount}}", (edge) => ({ b: box(edge) })),
  graphql("insidePolygon", "query($g:GeoJSON!){risks(first:5,filter:{insidePolygon:$g}){totalCount}}", (edge) => ({ g: ring(edge) })),
  graphql("intersects", "query($g:GeoJSON!){regulatedSubjects(first:5,filter:{intersects:$g}){totalCount}}", (edge) => ({ g: ring(edge) })),
  graphql("near", "query($n:NearInput!){risks(first:5,filter:{near:$n}){totalCount}}", (edge, unit) => ({ n: { point: point([edge[0], edge[1] - unit]), metres: metres(unit) } })),
  graphql("nearby", "query($p:GeoJSON!){nearby(point:$p,metres:100000){code distanceMetres location}}", (edge) => ({ p: point(edge) })),
  graphql("riskAt", "query($p:GeoJSON!,$m:Float!){riskAt(point:$p,toleranceMetres:$m){code distanceMetres}}", (edge, unit) => ({ p: point(edge), m: metres(unit) / 2 })),
  graphql("sum of a polygon", "query($g:GeoJSON!){insidePolygon(polygon:$g){isTotal total}}", (edge) => ({ g: ring(edge) })),
  graphql("squares of 50 m", "query($b:BBoxInput!){gridRiskMap(cell:SQUARE,sizeMetres:50,bbox:$b){cell total shape}}", ([lon, lat]) => ({ b: { west: lon - 1, south: lat - 1, east: lon + 1, north: lat + 1 } })),
  graphql("hexagons of 50 m", "query($b:BBoxInput!){gridRiskMap(cell:HEXAGON,sizeMetres:50,bbox:$b){cell total}}", ([lon, lat]) => ({ b: { west: lon - 1, south: lat - 1, east: lon + 1, north: lat + 1 } })),
  graphql("clusters", "query($b:BBoxInput!){clusters(zoom:22,bbox:$b){total position extent}}", (edge) => ({ b: box(edge) })),
  graphql("zones, from both ends", "{risks(first:5){nodes{zones(first:5){totalCount}}} riskZones(first:5){nodes{id risks(first:5){totalCount} subjects(first:5){totalCount}}}}", () => ({})),
  graphql("risks by their zones", "query($b:BBoxInput!){riskZones(first:5,filter:{bbox:$b,risks:{some:{status:{eq:IN_FORCE}}}}){totalCount}}", (edge) => ({ b: box(edge) })),
  graphql("gaps", "{gaps(first:50){kind objectId detail location}}", () => ({})),
  graphql("changes between two instants", "query($f:DateTime!){regulatedSubjectChanges(from:$f){kind before after}}", () => ({ f: since })),
  fetched("items in a box", (edge) => `/ogc/collections/risks/items?limit=10&bbox=106,29,${edge.join(",")}`),
  fetched("items in a box of BD-09", (edge) => `/ogc/collections/risks/items?limit=10&bbox-crs=urn:x-yitu:def:crs:BD09&bbox=${[...fromCgcs2000([106, 29], "BD09"), ...fromCgcs2000(edge, "BD09")].join(",")}`),
  fetched("items in a box of metres", ([lon, lat]) => `/ogc/collections/risks/items?limit=10&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/3857&bbox=11800000,3300000,${(lon * 20037508.342789244) / 180},${(Math.log(Math.tan(((90 + lat) * Math.PI) / 360)) * 20037508.342789244) / Math.PI}`),
  ...["S_INTERSECTS", "S_WITHIN", "S_DISJOINT"].map((relation) => fetched(relation, (edge) => cql2(`${relation}(location, ${wkt(edge)})`))),
  fetched("S_TOUCHES", ([lon, lat]) => cql2(`S_TOUCHES(location, LINESTRING(${lon} ${lat}, ${lon} 31))`)),
  fetched("S_CONTAINS, turned", (edge) => cql2(`S_CONTAINS(${wkt(edge)}, location)`)),
  fetched("S_EQUALS", ([lon, lat]) => cql2(`S_EQUALS(location, POINT(${lon} ${lat}))`)),
  ...[14, 18, 21].map((zoom) => fetched(`tile at zoom ${zoom}`, (edge) => `/tiles/risks/${zoom}/${tileAt("WebMercatorQuad", zoom, edge).join("/")}.mvt`)),
  fetched("tile of what lies in a box", (edge) => `/tiles/risks/10/${tileAt("WebMercatorQuad", 10, edge).join("/")}.mvt?filter=${encodeURIComponent(JSON.stringify({ bbox: box(edge) }))}`),
  fetched("tile of what belongs to a subject in a box", (edge) => `/tiles/risks/10/${tileAt("WebMercatorQuad", 10, edge).join("/")}.mvt?filter=${encodeURIComponent(JSON.stringify({ subject: { bbox: box(edge) } }))}`),
  fetched("grid of a tile", (edge) => `/tiles/risk-squares/15/${tileAt("WebMercatorQuad", 15, edge).join("/")}.mvt`),
];

const rounded = ([lon, lat]: Position, digits: number): Position => [Number(lon.toFixed(digits)), Number(lat.toFixed(digits))];
/** A place whose coarse place is that one. */
const someIn = ([lon, lat]: Position, unit: number): Position => [lon + (dice.int(-490, 490) / 1000) * unit, lat + (dice.int(-490, 490) / 1000) * unit];

/** Edges of questions: between the two, at one of them, and anywhere near. */
const edgesOf = (one: Position, other: Position, coarse: Position, unit: number): Position[] => [[(one[0] + other[0]) / 2, (one[1] + other[1]) / 2], one, someIn(coarse, unit)];

/** All questions' answers with everything standing at one place; but for when it was put there. */
async function answersAt(at: Position, edges: readonly Position[], unit: number, who: string, service: Service): Promise<Record<string, string>> {
  await moveTo(at);
  const answers: Record<string, string> = {};
  for (const [index, edge] of edges.entries()) for (const { name, ask } of QUESTIONS) answers[`${name} ${index}`] = JSON.stringify(await ask(who, service, edge, unit), (key, value: unknown) => (key === "updatedAt" ? undefined : value));
  return answers;
}

test("every question tells two places apart to whom all digits are given: the questions ask something", async () => {
  await hold(2);
  const [one, other]: [Position, Position] = [[106.62041, 29.69718], [106.62302, 29.70391]];
  await served(async (service) => {
    const edges = edgesOf(one, other, [106.62, 29.7], 0.01);
    const [before, after] = [await answersAt(one, edges, 0.01, "office", service), await answersAt(other, edges, 0.01, "office", service)];
    const telling = new Set(Object.keys(before).filter((key) => before[key] !== after[key]).map((key) => key.replace(/ \d$/, "")));
    expect(QUESTIONS.map(({ name }) => name).filter((name) => !telling.has(name))).toEqual([]);
  });
});

describe.each([1, 2, 3, 4])("held to %i decimals", (digits) => {
  const unit = 10 ** -digits;
  const rounds = lane === "postgresql" ? 2 : 1;

  test("no question tells apart two places that are given alike", async () => {
    await hold(digits);
    await served(async (service) => {
      for (let round = 0; round < rounds; round += 1) {
        const coarse = rounded([106.6 + dice.int(0, 400) / 10_000, 29.68 + dice.int(0, 400) / 10_000], digits);
        const [one, other] = [someIn(coarse, unit), someIn(coarse, unit)];
        const edges = edgesOf(one, other, coarse, unit);
        expect(await answersAt(one, edges, unit, "auditor", service)).toEqual(await answersAt(other, edges, unit, "auditor", service));
      }
    });
  }, 120_000);

  test("halving a box forty times ends at the place that is given, and not at the one that is stored", async () => {
    await hold(digits);
    const coarse = rounded([106.6 + dice.int(0, 400) / 10_000, 29.68 + dice.int(0, 400) / 10_000], digits);
    const stored = someIn(coarse, unit);
    await moveTo(stored);
    await served(async (service) => {
      for (const axis of [0, 1] as const) {
        let [low, high] = axis === 0 ? [106, 107.5] : [29, 30.5];
        for (let step = 0; step < 40; step += 1) {
          const middle = (low + high) / 2;
          const b = axis === 0 ? { west: 100, south: 20, east: middle, north: 40 } : { west: 100, south: 20, east: 120, north: middle };
          const { risks } = await district.as("auditor", service).ask("query($b:BBoxInput!){risks(first:1,filter:{bbox:$b}){nodes{id}}}", { b });
          if (risks.nodes.length > 0) high = middle;
          else low = middle;
        }
        expect(Math.abs(high - coarse[axis])).toBeLessThan(1e-9);
      }
    });
  }, 60_000);
});

test("whoever is given all digits is answered exactly, and by statements that know of no coarse place", async () => {
  await hold(2);
  const stored: Position = [106.62431, 29.70387];
  await moveTo(stored);
  const texts: string[] = [];
  const { engine } = district.database;
  const pool = Object.create(engine.pool, {
    query: { value: (...given: unknown[]) => (texts.push(JSON.stringify(given[0])), (engine.pool.query as (...given: unknown[]) => unknown)(...given)) },
    connect: { value: async () => {
      const client = await engine.pool.connect();
      return Object.create(client, { query: { value: (...given: unknown[]) => (texts.push(JSON.stringify(given[0])), (client.query as (...given: unknown[]) => unknown)(...given)) } }) as typeof client;
    } },
  }) as typeof engine.pool;
  const service = await district.start(Object.assign(Object.create(engine) as typeof engine, { pool }), true);
  try {
    for (const { ask } of QUESTIONS) await ask("street", service, stored, 0.01);
    expect(texts.length).toBeGreaterThan(QUESTIONS.length);
    expect(texts.filter((text) => /known_|moved_by/.test(text))).toEqual([]);
    const within = (margin: number) => district.as("street", service).ask("query($b:BBoxInput!){risks(first:1,filter:{bbox:$b}){totalCount} nearby(point:{type:\"Point\",coordinates:[106.62431,29.70387]},metres:1){distanceMetres}}", { b: { west: stored[0] + margin, south: 29, east: 107, north: 30 } });
    expect(await within(-1e-7)).toEqual({ risks: { totalCount: 1 }, nearby: [{ distanceMetres: "0.0" }] });
    expect((await within(1e-7)).risks).toEqual({ totalCount: 0 });
    texts.length = 0;
    await QUESTIONS[0]!.ask("auditor", service, stored, 0.01);
    expect(texts.some((text) => text.includes("known_place"))).toBe(true);
  } finally {
    await service.close();
  }
});

test("of several roles in one hand the most generous decides, in questions as in what is given", async () => {
  await hold(2);
  const stored: Position = [106.62431, 29.70387];
  await moveTo(stored);
  await served(async (service) => {
    const asked = async (who: string) => district.as(who, service).ask("{risks(first:1,filter:{bbox:{west:106.6243,south:29.7,east:106.6244,north:29.71}}){nodes{location}}}");
    expect(await asked("both")).toEqual({ risks: { nodes: [{ location: { type: "Point", coordinates: stored } }] } });
    expect(await asked("auditor")).toEqual({ risks: { nodes: [] } });
  });
});

test("a policy set holds for questions within seconds, and one lifted lets them be exact again", async () => {
  await hold(null);
  await moveTo([106.62431, 29.70387]);
  await served(async (service) => {
    const found = async () => (await district.as("auditor", service).ask("{risks(first:1,filter:{bbox:{west:106.6243,south:29.7,east:106.6244,north:29.71}}){nodes{id}}}")).risks.nodes.length;
    expect(await found()).toBe(1);
    await hold(2);
    const until = Date.now() + 10_000;
    while ((await found()) === 1 && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await found()).toBe(0);
    await hold(null);
    // The digits are looked up with every question; only whether to look is remembered.
    expect(await found()).toBe(1);
  });
});

test("changes on record, distances of check-ins and the refusal of a stale version keep to the digits as well", async () => {
  await hold(2, "TOWN_REGULATOR");
  await hold(2);
  try {
    await moveTo([106.7, 29.8]);
    await moveTo([106.62431, 29.70387]);
    await served(async (service) => {
      const { changeEvents } = await district.as("auditor", service).ask("query($e:String!){changeEvents(first:3,filter:{entityId:{eq:$e}},orderBy:[{field:AT,direction:DESC}]){nodes{before after}}}", { e: uuidOf(risk.id) });
      expect(changeEvents.nodes[0].after.location).toEqual({ type: "Point", coordinates: [106.62, 29.7] });
      expect(JSON.stringify(changeEvents)).not.toMatch(/106\.624|29\.703/);
      const refused = await district.as("street", service).refused("mutation($k:String!,$id:ID!,$i:SubjectUpdateInput!){subjectUpdate(idempotencyKey:$k,id:$id,expectedVersion:1,input:$i){id}}", { k: district.key(), id: district.sites[0], i: { name: "新名" } });
      expect(refused["code"]).toBe("CONFLICT");
      expect(JSON.stringify(refused)).not.toMatch(/106\.624|29\.703/);
      const person = await stage.do("personRegister", { input: { region: district.regions["huixing"], name: "示例监管员", kind: "OFFICIAL" } });
      const visited = await district.as("street", service).ask("mutation($k:String!,$i:VisitRecordInput!){visitRecord(idempotencyKey:$k,input:$i){id checkInMetres}}", { k: district.key(), i: { subject: district.sites[0], nature: "GUIDANCE", startedAt: "2026-11-01T09:00:00+08:00", participants: [person.id], checkInPoint: { type: "Point", coordinates: [106.62, 29.7] } } });
      expect(visited.visitRecord.checkInMetres).toBeNull();
      const { visits } = await district.as("office", service).ask("{visits(first:1){nodes{checkInMetres}}}");
      expect(visits.nodes[0].checkInMetres).toBeGreaterThan(400);
    });
  } finally {
    await hold(null, "TOWN_REGULATOR");
  }
});

test("every geometry of a report is of a layer that policies are written for, or the caller's own", () => {
  const layers = new Set(allEntities().map(({ name }) => name));
  const own = allReports().flatMap(({ name, row }) => Object.entries(row.fields).flatMap(([field, { kind, layer }]) => (kind === "geometry" && !layers.has(layer ?? "") ? [`${name}.${field}`] : [])));
  // What a client sends, and what is made of places already coarse.
  expect(own.sort()).toEqual(["gaps.location", "storedPosition.geometry"]);
  expect(allEntities().filter((entity) => !entity.versionsOf && Object.values(fieldsOf(entity)).some(({ kind, layer }) => kind === "geometry" && layer !== entity.name)).map(({ name }) => name)).toEqual([]);
});

test("a caller nobody has looked policies up for is taken to be held to them", async () => {
  await hold(2);
  const known = await new Keys(district.database.engine.pool).actorOf(district.headers("auditor")["authorization"], "127.0.0.1");
  expect(known.coarseLayers).toEqual(["RegulatedSubject", "Risk", "RiskZone"]);
  const everybody: Actor = await new Keys(district.database.engine.pool).actorOf(undefined, undefined);
  expect(everybody.coarseLayers).toEqual(["Region"]);
  expect(roleEnum.values).toContain("AUDITOR");
});

/** Where SQL names a stored geometry by hand and no policy needs to be asked, with the reason. */
const NAMED_BY_HAND: Readonly<Record<string, string>> = {
  "regions/region.ts": "what a region's fields are; given through drawing",
  "subjects/subject-kinds.ts": "what a subject's fields are; given through drawing",
  "risk-maps/risk-near.reports.ts": "the location given with a risk found; given through drawing",
  "supervision/gap.reports.ts": "whether two stored points are the very same, and whether there is any",
};

test("no condition is written on a stored geometry but through the place the caller may know", () => {
  const columns = new Set(allEntities().flatMap((entity) => Object.entries(fieldsOf(entity)).flatMap(([name, field]) => (field.kind === "geometry" && field.from === "column" ? [columnOf(name, field)] : []))).concat("boundary", "boundary_given", "point"));
  const named = new RegExp(`\\$\\{[^{}]+\\}\\.(${[...columns].join("|")})\\b(?! is (?:not )?null)`);
  const found = (readdirSync("src", { recursive: true }) as string[]).filter((file) => file.endsWith(".ts") && readFileSync(join("src", file), "utf8").split("\n").some((line) => named.test(line.replaceAll(/KnownPlace\.ofLayer\(`[^`]*`/g, ""))));
  expect(found.sort()).toEqual(Object.keys(NAMED_BY_HAND).sort());
  // Nor does one reach it through the declaration: these alone take a geometry's SQL without its policy, to draw it.
  const raw = (readdirSync("src", { recursive: true }) as string[]).filter((file) => file.endsWith(".ts") && /fieldSql\((?:geometryName|layer\.geometry|this\.shown\.collection\.geometry)/.test(readFileSync(join("src", file), "utf8")));
  expect(raw.sort()).toEqual(["layers/legend.ts", "platform/ogc/items.ts", "platform/read/features.ts", "platform/read/report.ts", "platform/tiles/rows.ts"]);
});
