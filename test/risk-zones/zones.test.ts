import { beforeAll, describe, expect, test } from "@jest/globals";
import { setTimeout as pause } from "node:timers/promises";
import { deedsIn, square, uuidOf, type Acted } from "../support/deeds.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const { done, refused, held, rows, written } = deedsIn(district);
const ways = ["compiled", "plain"] as const;

const register = (name: string, boundary: unknown, more: Record<string, unknown> = {}) => ({ input: { region: district.regions["yubei"], name, disasterType: "06", grade: "HIGH", boundary, censusBatch: "第一次全国自然灾害综合风险普查", censusSource: "示例", surveyedAt: "2022-06-30", ...more } });
const mark = async () => {
  await pause(5);
  const at = new Date().toISOString();
  await pause(5);
  return at;
};

let west: Acted;
let both: Acted;
let riskWest: Acted;
let riskEast: Acted;
let area: Acted;
let before: string;
let moved: string;

/** The sites stand at 106.62 and 106.63 E; one zone holds the first, another both, a third lies far away. */
beforeAll(async () => {
  west = await done("riskZoneRegister", register("西区", square(106.615, 29.695, 0.01)));
  both = await done("riskZoneRegister", register("全区", square(106.6, 29.6875, 0.0625), { grade: "MEDIUM_LOW", disasterType: "02" }));
  await done("riskZoneRegister", register("别处", square(106.9, 29.9, 0.01)));
  riskWest = await done("riskIdentify", { input: { subject: district.sites[0], name: "西风险" } });
  riskEast = await done("riskIdentify", { input: { subject: district.sites[1], name: "东风险" } });
  await done("riskIdentify", { input: { subject: district.sites[1], name: "他处风险", location: { type: "Point", coordinates: [107, 30.5] } } });
  // Its area reaches into the western zone, its middle does not.
  area = await done("subjectRegister", { input: { region: district.regions["huixing"], kind: "KEY_AREA", name: "沟谷", sector: "WATER", area: { areaKind: "FLASH_FLOOD_PRONE", boundary: square(106.624, 29.7, 0.02) } } });
  before = await mark();
  await done("riskUpdate", { on: riskEast, input: { location: { type: "Point", coordinates: [106.62, 29.7] } } });
  moved = await mark();
}, 180_000);

const names = (connection: { nodes: { name: string }[] }) => connection.nodes.map(({ name }) => name).toSorted();

describe("membership is by place, both ways, at any instant", () => {
  test.each(ways)("from the zone and from what lies in it (%s)", async (way) => {
    const auditor = district.as("auditor", way);
    const text = (asOf: string) => `query${asOf}{riskZones(first:10,orderBy:[{field:NAME,direction:ASC}]){nodes{name grade disasterTypeName risks(first:10){totalCount nodes{name}} subjects(first:10){nodes{name}}}} risks(first:10){nodes{name zones(first:10){nodes{name}}}} regulatedSubjects(first:10){nodes{name zones(first:10,filter:{grade:{eq:HIGH}}){nodes{name}}}}}`;
    const told = async (asOf = "") => {
      const data = await auditor.ask(text(asOf));
      return {
        zones: Object.fromEntries(data.riskZones.nodes.map((zone: never) => [zone["name"], [names(zone["risks"]), names(zone["subjects"])]])),
        risks: Object.fromEntries(data.risks.nodes.map((risk: never) => [risk["name"], names(risk["zones"])])),
        subjects: Object.fromEntries(data.regulatedSubjects.nodes.map((subject: never) => [subject["name"], names(subject["zones"])])),
      };
    };
    const subjects = { 示例场所0: ["西区"], 示例场所1: [], 沟谷: ["西区"] };
    const whole = [["东风险", "西风险"], ["沟谷", "示例场所0", "示例场所1"].toSorted()];
    const now = { zones: { 西区: [["东风险", "西风险"], ["沟谷", "示例场所0"]], 全区: whole, 别处: [[], []] }, risks: { 西风险: ["全区", "西区"], 东风险: ["全区", "西区"], 他处风险: [] }, subjects };
    expect(await told()).toEqual(now);
    expect(await told(` @asOf(recorded:"${moved}")`)).toEqual(now);
    // Before it was moved, the eastern risk lay in one of them only.
    expect(await told(` @asOf(recorded:"${before}")`)).toEqual({ ...now, zones: { ...now.zones, 西区: [["西风险"], ["沟谷", "示例场所0"]] }, risks: { ...now.risks, 东风险: ["全区"] } });
  });

  test("the answers are those of plain SQL, edges included", async () => {
    const onEdge = await done("riskIdentify", { input: { subject: district.sites[0], name: "边上", location: { type: "Point", coordinates: [106.615, 29.7] } } });
    const expected = await rows("select z.name as zone, r.name as risk from risk_zones z join risks r on st_distance(z.boundary, r.location) = 0 order by 1, 2");
    const { riskZones } = await district.as("auditor").ask("{riskZones(first:10){nodes{name risks(first:10){nodes{name}}}}}");
    const pairs = riskZones.nodes.flatMap(({ name, risks }: never) => (risks as { nodes: { name: string }[] }).nodes.map((risk) => ({ zone: name as string, risk: risk.name })));
    expect(new Set(pairs.map((pair: unknown) => JSON.stringify(pair)))).toEqual(new Set(expected.map((pair) => JSON.stringify(pair))));
    expect(pairs).toContainEqual({ zone: "西区", risk: "边上" });
    await done("riskUpdate", { on: onEdge, input: { location: { type: "Point", coordinates: [107, 30.4] } } });
  });

  test.each(ways)("filters, counts and pages go through it (%s)", async (way) => {
    const auditor = district.as("auditor", way);
    const told = await auditor.ask(`{
      some:risks(first:10,filter:{zones:{some:{disasterType:{eq:"06"}}}}){totalCount nodes{name}}
      none:risks(first:10,filter:{zones:{none:{}}}){nodes{name}}
      every:riskZones(first:10,filter:{risks:{some:{},every:{subject:{name:{eq:"示例场所0"}}}}}){totalCount}
      counts:riskCounts(by:[STATUS],filter:{zones:{some:{grade:{in:[HIGH,MEDIUM_HIGH]}}}}){count status}
      subjects:regulatedSubjects(first:10,filter:{zones:{some:{name:{eq:"西区"}}},kind:{eq:KEY_AREA}}){nodes{name}}
      zones:riskZones(first:10,filter:{subjects:{some:{kind:{eq:KEY_AREA}}}}){totalCount}}`);
    expect({ ...told, none: names(told.none), some: names(told.some) }).toEqual({ some: ["东风险", "西风险"], none: ["他处风险", "边上"].toSorted(), every: { totalCount: 0 }, counts: [{ count: 2, status: "IDENTIFIED" }], subjects: { nodes: [{ name: "沟谷" }] }, zones: { totalCount: 2 } });
    const page = (after = "") => auditor.ask(`{riskZone(id:"${both.id}"){risks(first:1${after},orderBy:[{field:NAME,direction:ASC}]){nodes{name} pageInfo{hasNextPage endCursor}}}}`);
    const first = (await page()).riskZone.risks;
    expect(first).toMatchObject({ nodes: [{ name: "东风险" }], pageInfo: { hasNextPage: true } });
    expect((await page(`,after:"${first.pageInfo.endCursor}"`)).riskZone.risks).toMatchObject({ nodes: [{ name: "西风险" }], pageInfo: { hasNextPage: false } });
  });

  test("each sees no more of the other end than elsewhere; of its own place everybody sees the zones", async () => {
    const text = `query($z:ID!){riskZone(id:$z){risks(first:10){nodes{name}} subjects(first:10){nodes{name}}} risks(first:10,filter:{name:{in:["西风险","东风险"]}}){nodes{name zones(first:10){nodes{name}}}}}`;
    for (const way of ways) {
      // The zone of the whole district lies above a town: its regulator does not see it by itself, but sees that its own risk lies in it.
      expect(await district.as("street", way).ask(text, { z: both.id })).toEqual({ riskZone: null, risks: { nodes: [{ name: "西风险", zones: { nodes: expect.arrayContaining([{ name: "全区" }, { name: "西区" }]) } }] } });
      const office = (await district.as("office", way).ask(text, { z: west.id })).riskZone;
      expect(names(office.risks)).toEqual(["东风险", "西风险"]);
      expect((await district.as("sector", way).ask(text, { z: west.id })).riskZone).toEqual({ risks: { nodes: expect.any(Array) }, subjects: { nodes: [{ name: "示例场所0" }] } });
      expect(await district.as("stranger", way).ask(text, { z: west.id })).toEqual({ riskZone: null, risks: { nodes: [] } });
      expect((await district.as("enterprise", way).ask("{regulatedSubjects(first:5){nodes{zones(first:5){totalCount}}}}")).regulatedSubjects.nodes).toEqual([{ zones: { totalCount: 2 } }]);
    }
  });

  test("what it costs is counted, and too much of it refused before it is asked", async () => {
    const costly = `{riskZones(first:100){nodes{risks(first:100){nodes{zones(first:5){totalCount}}}}}}`;
    expect(await district.as("auditor").refused(costly)).toMatchObject({ code: "TOO_COSTLY" });
  });
});

test("zones are drawn, the gravest first", async () => {
  const { riskZoneFeatures } = await district.as("gis").ask("{riskZoneFeatures(first:2,filter:{bbox:{west:106.5,south:29.6,east:106.7,north:29.8}})}");
  expect(riskZoneFeatures.features.map((feature: { properties: { grade: string }; geometry: { type: string } }) => [feature.properties.grade, feature.geometry.type])).toEqual([["HIGH", "Polygon"], ["MEDIUM_LOW", "Polygon"]]);
});

test("results of a census are registered by who keeps them, of sound shape and a listed disaster", async () => {
  expect(await refused("riskZoneRegister", { by: "street", ...register("示例", square(106.6, 29.7, 0.01)) })).toMatchObject({ code: "FORBIDDEN" });
  expect(await refused("riskZoneRegister", { by: "stranger", ...register("示例", square(106.6, 29.7, 0.01)) })).toMatchObject({ code: "NOT_FOUND" });
  expect(await refused("riskZoneRegister", register("示例", { type: "Point", coordinates: [106.6, 29.7] }))).toMatchObject({ code: "INVALID_INPUT", field: "input.boundary" });
  expect(await refused("riskZoneRegister", register("示例", square(106.6, 29.7, 0.01), { disasterType: "77" }))).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_24_code_valid", list: "disasterType", stated: "77" });
  const bow = { type: "Polygon", coordinates: [[[106.6, 29.7], [106.62, 29.72], [106.62, 29.7], [106.6, 29.72], [106.6, 29.7]]] };
  expect(await refused("riskZoneRegister", register("示例", bow))).toMatchObject({ rule: "inv_23_boundary_sound", reason: "Self-intersection" });
  expect(await done("riskZoneRegister", { by: "integrator", ...register("对接", square(106.8, 29.8, 0.01), { externalSystem: "普查库", externalId: "Z-1" }), read: "code status surveyedAt" })).toMatchObject({ code: expect.stringMatching(/^QH-500112-\d{4}-\d{6}$/), status: "STANDING", surveyedAt: "2022-06-30" });
  expect(await refused("riskZoneRegister", { by: "integrator", ...register("对接", square(106.8, 29.8, 0.01), { externalSystem: "普查库", externalId: "Z-1" }) })).toMatchObject({ code: "DUPLICATE" });
});

// Last, since it takes a zone away.
test("a result is read-only; superseded, it holds nothing from then on, and did before", async () => {
  const id = uuidOf(west.id);
  for (const change of ["name = '改名'", "grade = 'LOW'", "surveyed_at = '2020-01-01'", "disaster_type = '02'", "boundary = st_makeenvelope(106, 29, 107, 30, 4490)", "census_batch = '另一批'"]) await held("census_read_only", `update risk_zones set ${change} where id = $1`, [id]);
  await held("zone_superseded_whole", "update risk_zones set status = 'SUPERSEDED' where id = $1", [id]);
  expect(await refused("riskZoneSupersede", { on: west, input: { by: both.id, reason: "示例" } })).toMatchObject({ code: "INVALID_INPUT", field: "input.by" });
  const newer = await done("riskZoneRegister", register("西区(2026 更新)", square(106.615, 29.695, 0.02), { grade: "MEDIUM" }));
  const at = await mark();
  expect(await done("riskZoneSupersede", { on: west, input: { by: newer.id, reason: "2026 年动态更新" }, read: "status supersededBy{name} supersedeReason" })).toMatchObject({ status: "SUPERSEDED", supersededBy: { name: "西区(2026 更新)" }, supersedeReason: "2026 年动态更新" });
  await held("census_read_only", "update risk_zones set superseded_by_id = null where id = $1", [id]);
  await expect(written("delete from risk_zones where id = $1", [id])).rejects.toMatchObject({ code: "55000" });
  for (const way of ways) {
    const zones = async (asOf: string) => names((await district.as("auditor", way).ask(`query($r:ID!)${asOf}{risk(id:$r){zones(first:5){nodes{name}}}}`, { r: riskWest.id })).risk.zones);
    expect(await zones("")).toEqual(["全区", "西区(2026 更新)"].toSorted());
    expect(await zones(` @asOf(recorded:"${at}")`)).toEqual(["全区", "西区", "西区(2026 更新)"].toSorted());
    expect(names((await district.as("auditor", way).ask(`query($s:ID!){regulatedSubject(id:$s){zones(first:5){nodes{name}}}}`, { s: area.id })).regulatedSubject.zones)).toEqual(["全区", "西区(2026 更新)"].toSorted());
  }
});
