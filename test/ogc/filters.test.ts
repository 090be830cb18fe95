import { beforeAll, describe, expect, test } from "@jest/globals";
import { Dice } from "../../seeds/demo/story.js";
import { foldAccents, foldCase } from "../../src/platform/cql2/folding.js";
import { useDistrict } from "../support/district.js";
import { FilterDice } from "../support/filter-dice.js";
import { ogcAs } from "../support/ogc.js";
import { populate } from "../support/population.js";

const district = useDistrict();
beforeAll(async () => void (await populate(district, 12)), 180_000);

/** Ids by plain SQL, of the rows with a position. */
const bySql = async (table: string, prefix: string, condition: string) => {
  const { rows } = await district.database.engine.pool.query(`select '${prefix}_' || id as id from ${table} r where location is not null and (${condition})`);
  return rows.map(({ id }: { id: string }) => id).sort();
};

describe("each class of conditions finds what plain SQL finds", () => {
  const risks: readonly (readonly [cql: string, sql: string])[] = [
    ["currentLevel = 'MODERATE'", "current_level = 'MODERATE'"],
    ["currentLevel <> 'MODERATE'", "current_level <> 'MODERATE'"],
    ["NOT currentLevel = 'MODERATE'", "current_level <> 'MODERATE'"],
    ["currentLevel IS NULL OR keyAttention = TRUE", "current_level is null or key_attention"],
    ["NOT (currentLevel = 'LOW' AND status = 'IN_FORCE')", "not (current_level = 'LOW' and status = 'IN_FORCE')"],
    ["currentLevel IN ('LOW','MODERATE') AND sector NOT IN ('GAS')", "current_level in ('LOW','MODERATE') and sector not in ('GAS')"],
    ["name LIKE '风险_'", "name like '风险_'"],
    ["name LIKE '%\\_通配%'", "name like '%\\_通配%'"],
    ["name NOT LIKE '%险%'", "name not like '%险%'"],
    ["name = '配电箱''未上锁''3'", "name = '配电箱''未上锁''3'"],
    ["CASEI(name) LIKE CASEI('A%')", "lower(name) like 'a%'"],
    ["CASEI(sector) = CASEI('gas')", "sector = 'GAS'"],
    ["ACCENTI(CASEI(name)) LIKE ACCENTI(CASEI('ärger%n%'))", "name like 'Ärger%'"],
    ["subject.name LIKE '%场所%' AND region.level = 'VILLAGE'", "exists (select from subjects s where s.id = r.subject_id and s.name like '%场所%') and exists (select from regions g where g.id = r.region_id and g.level = 'VILLAGE')"],
    ["unit.name IS NULL", "unit_id is null"],
    ["createdAt = updatedAt", "created_at = updated_at"],
    ["createdAt < updatedAt AND hazardFactor = accidentType", "created_at < updated_at and hazard_factor = accident_type"],
    ["nextReviewDue > DATE('2026-01-01') AND createdAt >= TIMESTAMP('2020-01-01T00:00:00Z')", "next_review_due > '2026-01-01' and created_at >= '2020-01-01Z'"],
    ["S_INTERSECTS(location, BBOX(106.58,29.68,106.65,29.72))", "location && st_makeenvelope(106.58,29.68,106.65,29.72,4490)"],
    ["NOT S_INTERSECTS(location, BBOX(106.58,29.68,106.65,29.72))", "not location && st_makeenvelope(106.58,29.68,106.65,29.72,4490)"],
    ["S_WITHIN(location, POLYGON((106.58 29.66, 106.68 29.66, 106.63 29.74, 106.58 29.66)))", "st_within(location, st_geomfromtext('POLYGON((106.58 29.66, 106.68 29.66, 106.63 29.74, 106.58 29.66))', 4490))"],
    ["S_DISJOINT(location, POLYGON((106.58 29.66, 106.68 29.66, 106.63 29.74, 106.58 29.66)))", "st_disjoint(location, st_geomfromtext('POLYGON((106.58 29.66, 106.68 29.66, 106.63 29.74, 106.58 29.66))', 4490))"],
    ["S_CONTAINS(MULTIPOLYGON(((106.5 29.6, 106.63 29.6, 106.63 29.8, 106.5 29.8, 106.5 29.6))), location)", "st_x(location) > 106.5 and st_x(location) < 106.63"],
    ["S_TOUCHES(location, LINESTRING(106 29, 107 30)) OR S_CROSSES(location, LINESTRING(106 29, 107 30)) OR S_OVERLAPS(location, POINT(106 29))", "false"],
    ["T_AFTER(createdAt, TIMESTAMP('2020-01-01T00:00:00Z'))", "true"],
    ["T_BEFORE(createdAt, DATE('2020-01-01'))", "false"],
    ["T_DURING(createdAt, INTERVAL('2020-01-01','..'))", "true"],
    ["T_INTERSECTS(INTERVAL(createdAt, nextReviewDue), INTERVAL('2020-01-01','..'))", "next_review_due is not null"],
    ["T_EQUALS(createdAt, updatedAt)", "created_at = updated_at"],
    ["T_DISJOINT(nextReviewDue, INTERVAL('2020-01-01','2020-12-31'))", "next_review_due is not null"],
    ["A_CONTAINS(quality, ('OUT_OF_DISTRICT')) OR A_EQUALS(quality, ())", "quality @> '{OUT_OF_DISTRICT}' or quality = '{}'"],
    ["A_CONTAINEDBY(quality, ('a','b')) AND NOT A_OVERLAPS(quality, ('a'))", "quality <@ '{a,b}' and not quality && '{a}'"],
    ["reviewOverdue = FALSE AND TRUE", "true"],
    ["1 = 2", "false"],
  ];
  test.each(risks)("risks: %s", async (cql, sql) => {
    expect((await ogcAs(district, "office").ids("risks", { filter: cql })).sort()).toEqual(await bySql("risks", "Risk", sql));
  });

  test.each([
    ["enterprise.employees + 1 > 200 AND enterprise.employees / 2 < 400", "exists (select from enterprises e where e.id = r.enterprise_id and e.employees > 199 and e.employees < 800)"],
    ["enterprise.employees % 2 = 1 AND enterprise.employees DIV 100 = 3", "exists (select from enterprises e where e.id = r.enterprise_id and e.employees % 2 = 1 and e.employees / 100 = 3)"],
    ["enterprise.employees BETWEEN 10 ^ 2 AND 500 - 1 * 2", "exists (select from enterprises e where e.id = r.enterprise_id and e.employees between 100 and 498)"],
    ["enterprise.employees / (1 - 1) > 0", "false"],
    ["overallLevel IS NULL", "not exists (select from risks k where k.subject_id = r.id and k.status in ('IN_FORCE','REVIEWING'))"],
  ])("subjects: %s", async (cql, sql) => {
    expect((await ogcAs(district, "office").ids("subjects", { filter: cql })).sort()).toEqual(await bySql("subjects", "RegulatedSubject", sql));
  });
  test("the conditions are not all of them empty, nor all of them everything", async () => {
    const all = await bySql("risks", "Risk", "true");
    const sizes = await Promise.all(risks.map(async ([, sql]) => (await bySql("risks", "Risk", sql)).length));
    expect(sizes.filter((size) => size > 0 && size < all.length).length).toBeGreaterThan(risks.length / 2);
  });
});

test("Allen's relations hold between two intervals and no others", async () => {
  // One row asked about intervals of literals: each pair of ends on a line of six days.
  const [id] = await ogcAs(district, "office").ids("risks", { limit: "1" });
  const day = (n: number) => `2026-01-0${n}`;
  const pairs = [[1, 2, 3, 4], [3, 4, 1, 2], [1, 5, 2, 4], [2, 4, 1, 5], [1, 3, 1, 3], [1, 4, 2, 4], [2, 4, 1, 4], [1, 2, 2, 3], [2, 3, 1, 2], [2, 4, 1, 3], [1, 3, 2, 4], [1, 4, 1, 2], [1, 2, 1, 4]] as const;
  const only = ["T_BEFORE", "T_AFTER", "T_CONTAINS", "T_DURING", "T_EQUALS", "T_FINISHEDBY", "T_FINISHES", "T_MEETS", "T_METBY", "T_OVERLAPPEDBY", "T_OVERLAPS", "T_STARTEDBY", "T_STARTS"] as const;
  for (const [row, [s, e, t, f]] of pairs.entries()) {
    const spans = `INTERVAL('${day(s)}','${day(e)}'), INTERVAL('${day(t)}','${day(f)}')`;
    const holds = await Promise.all([...only, "T_INTERSECTS", "T_DISJOINT"].map(async (relation) => (await ogcAs(district, "office").ids("risks", { filter: `id = '${id}' AND ${relation}(${spans})` })).length > 0));
    expect([only[row], ...only.filter((_relation, index) => holds[index])]).toEqual([only[row], only[row]]);
    expect(holds.slice(-2)).toEqual([row > 1, row <= 1]);
  }
});

test("the same condition as a GraphQL filter and as CQL2, text and JSON, finds the same", async () => {
  const dice = new FilterDice(new Dice(20_260_901));
  const places = { risks: "riskFeatures", "hidden-dangers": "hiddenDangerFeatures", subjects: "regulatedSubjectFeatures" } as const;
  const types = { risks: "Risk", "hidden-dangers": "HiddenDanger", subjects: "RegulatedSubject" } as const;
  let some = 0;
  for (let index = 0; index < 400; index += 1) {
    const collection = dice.pick(["risks", "hidden-dangers", "subjects"] as const);
    const who = dice.pick(["office", "street", "enterprise", "sector"]);
    const { graphql, text, json } = dice.filter(collection);
    const expected = await district.as(who).ask(`query($f:${types[collection]}Filter){found:${places[collection]}(first:5000,filter:$f)}`, { f: graphql });
    const ids = expected.found.features.map((feature: { id: string }) => feature.id).sort();
    const asked = ogcAs(district, who);
    try {
      expect((await asked.ids(collection, index % 3 > 0 ? { filter: text } : { "filter-lang": "cql2-json", filter: JSON.stringify(json) })).sort()).toEqual(ids);
    } catch (error) {
      throw new Error(`${who} ${collection} ${JSON.stringify(graphql)} | ${text}: ${String(error)}`, { cause: error });
    }
    if (ids.length > 0) some += 1;
  }
  expect(some).toBeGreaterThan(100);
}, 180_000);

test("a box holds what lies on its edge and nothing beyond, asked as GraphQL, as bbox and as CQL2", async () => {
  // The site stands at 106.62, 29.7; single precision does not tell the two eastern edges apart.
  const boxes = { edge: [106.5, 29.6, 106.62, 29.8], short: [106.5, 29.6, 106.61999999999999, 29.8], line: [106.62, 29.6, 106.62, 29.8], corner: [106.62, 29.7, 106.7, 29.8], above: [106.62, 29.70000000000001, 106.7, 29.8] } as const;
  const inside: Record<string, boolean[]> = {};
  for (const [name, [west, south, east, north]] of Object.entries(boxes)) {
    const asked = ogcAs(district, "office");
    const { regulatedSubjects } = await district.as("office").ask("query($b:BBoxInput!){regulatedSubjects(first:100,filter:{bbox:$b,name:{eq:\"示例场所0\"}}){nodes{id}}}", { b: { west, south, east, north } });
    const ways = [regulatedSubjects.nodes.map(({ id }: { id: string }) => id), await asked.ids("subjects", { bbox: [west, south, east, north].join(",") }), await asked.ids("subjects", { filter: `S_INTERSECTS(location, BBOX(${west},${south},${east},${north}))` })];
    inside[name] = ways.map((ids: string[]) => ids.includes(district.sites[0]!));
  }
  const all = (answer: boolean) => [answer, answer, answer];
  expect(inside).toEqual({ edge: all(true), short: all(false), line: all(true), corner: all(true), above: all(false) });
  const point = { west: 106.62, east: 106.62, south: 29.7, north: 29.7 };
  expect((await district.as("office").ask("query($b:BBoxInput!){regulatedSubjects(first:100,filter:{bbox:$b}){nodes{id}}}", { b: point })).regulatedSubjects.nodes).toContainEqual({ id: district.sites[0] });
});

describe("what a filter may not ask is refused and says why", () => {
  test.each<[string, Record<string, unknown>]>([
    ["nonsense = 1", { at: 1, found: "nonsense" }],
    ["code = 1 AND currentLevel = 'MAJOR'", { at: 8, found: "number" }],
    ["currentLevel = 'HIGH'", { at: 16, found: "HIGH" }],
    ["currentLevel > 'LOW'", { at: 1 }],
    ["name > 5", { at: 8 }],
    ["nextReviewDue > '2026-01-01'", { at: 17, expected: "DATE('YYYY-MM-DD')" }],
    ["nextReviewDue > TIMESTAMP('2026-01-01T00:00:00Z')", { at: 17 }],
    ["S_INTERSECTS(name, POINT(1 2))", { at: 14 }],
    ["location = 'x'", { at: 1 }],
    ["T_AFTER(name, DATE('2026-01-01'))", { at: 9 }],
    ["T_MEETS(createdAt, updatedAt)", { at: 20 }],
    ["A_CONTAINS(name, ('a'))", { at: 12 }],
    ["A_CONTAINS(quality, (1))", { at: 22 }],
    ["keyAttention", { at: 1 }],
    ["keyAttention = 1", { at: 16 }],
    ["subject.secret = 'x'", { at: 1 }],
    ["responsiblePerson.mobile = '10000000001'", { at: 1 }],
    ["subject.enterprise.uscc = 'x'", { at: 1 }],
    ["S_WITHIN(location, POLYGON((106 29, 107 30, 107 29, 106 30, 106 29)))", { at: 20, expected: expect.stringContaining("Self-intersection") }],
    ["S_WITHIN(location, POINT(29.7 106.6))", { rule: expect.stringContaining("is the order exchanged?") }],
    ["S_WITHIN(location, BBOX(0, 50, 10, 40))", { code: "INVALID_INPUT" }],
  ])("%s", async (filter, facts) => {
    const answer = await ogcAs(district, "office").get("/collections/risks/items", { filter });
    expect(answer).toMatchObject({ status: 400, type: "application/problem+json", body: { code: "INVALID_INPUT", field: "filter", status: 400, ...facts } });
  });

  test("a number too great for arithmetic is the asker's fault, and told as such", async () => {
    expect(await ogcAs(district, "office").get("/collections/subjects/items", { filter: "(enterprise.employees + 10) ^ 999 > 1" })).toMatchObject({ status: 400, body: { code: "INVALID_INPUT" } });
  });
});

test("folding is that of Unicode on every engine: capitals, small letters and their several forms are one", async () => {
  const { pool } = district.database.engine;
  const letters = Array.from({ length: 0x1ffff - 0x20 }, (_, code) => code + 0x20).filter((code) => code < 0xd800 || code > 0xdfff).map((code) => String.fromCodePoint(code)).filter((letter) => letter.toUpperCase() !== letter && letter !== "ı");
  expect(letters.length).toBeGreaterThan(1_400);
  const { rows } = await pool.query(`select t.letter from unnest($1::text[], $2::text[]) as t(letter, capital) where ${foldCase("t.letter")} <> ${foldCase("t.capital")}`, [letters, letters.map((letter) => letter.toUpperCase())]);
  expect(rows).toEqual([]);
  const same = async (fold: (sql: string) => string, one: string, other: string) => ((await pool.query(`select ${fold("$1::text")} = ${fold("$2::text")} as same`, [one, other])).rows[0] as { same: boolean }).same;
  expect(await same(foldCase, "STRASSE ﬁ ΣΊΣΥΦΟΣ", "straße FI σίσυφος")).toBe(true);
  expect(await same(foldCase, "a", "ä")).toBe(false);
  expect(await same(foldAccents, "Ångström, Chãvez", "Angstrom, Chavez")).toBe(true);
  expect(await same(foldAccents, "隐患", "隐患")).toBe(true);
  expect(await same(foldAccents, "a", "A")).toBe(false);
});
