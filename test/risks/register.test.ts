import { beforeAll, expect, test } from "@jest/globals";
import { DEMANDED_CONTROL } from "../../src/control-measures/control-level.js";
import { migrate, revert } from "../../src/platform/db/migrate.js";
import { METHODS } from "../../seeds/reference/methods.js";
import { assessPlainly } from "../support/plain-assessment.js";
import { inUnit, useDatabase } from "../support/database.js";
import { deedsIn, uuidOf } from "../support/deeds.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const { done, refused, held, rows } = deedsIn(district);
const by = "enterprise";
let person: string;

beforeAll(async () => {
  person = (await done("personRegister", { input: { region: district.regions["village"], name: "示例审核人", kind: "OFFICIAL" } })).id;
});

const identify = (more: Record<string, unknown> = {}) => done("riskIdentify", { by, input: { subject: district.sites[0], name: "示例风险", ...more } });
const assessed = async (l: number, e: number, c: number) => done("riskAssess", { by, on: await identify(), input: { current: { method: "LEC", inputs: { l, e, c } } }, read: "currentLevel controlLevel" });

test("who controls a risk follows from its level; only a higher level of control can be stated", async () => {
  for (const [level, l, e, c] of [["MAJOR", 6, 6, 40], ["CONSIDERABLE", 3, 6, 15], ["MODERATE", 3, 6, 7], ["LOW", 1, 6, 7]] as const) expect(await assessed(l, e, c)).toMatchObject({ currentLevel: level, controlLevel: DEMANDED_CONTROL[level] });
  const moderate = await assessed(3, 6, 7);
  expect(await refused("riskStateControlLevel", { by, on: moderate, input: { controlLevel: "TEAM" } })).toMatchObject({ code: "RULE_VIOLATED", rule: "control_not_below_level", stated: "TEAM", demanded: "WORKSHOP" });
  const raised = await done("riskStateControlLevel", { by, on: moderate, input: { controlLevel: "COMPANY" }, read: "controlLevel statedControlLevel" });
  expect(raised).toMatchObject({ controlLevel: "COMPANY", statedControlLevel: "COMPANY" });
  expect((await district.as("auditor").ask("{riskCounts(by:[CONTROL_LEVEL],filter:{controlLevel:{in:[COMPANY,TEAM]}}){controlLevel count}}")).riskCounts).toEqual([{ controlLevel: "COMPANY", count: 2 }, { controlLevel: "TEAM", count: 1 }]);
  expect(await done("riskStateControlLevel", { by, on: raised, input: { controlLevel: null }, read: "controlLevel statedControlLevel" })).toMatchObject({ controlLevel: "WORKSHOP", statedControlLevel: null });
  // Computed by the database: no way of writing sets it, and a lower one stated is without effect.
  await expect(inUnit(district.database.engine, (client) => client.query("update risks set control_level = 'TEAM' where id = $1", [uuidOf(moderate.id)]))).rejects.toMatchObject({ code: "428C9" });
  await inUnit(district.database.engine, (client) => client.query("update risks set stated_control_level = 'TEAM' where id = $1", [uuidOf(moderate.id)]));
  expect(await rows("select control_level from risks where id = $1", [uuidOf(moderate.id)])).toEqual([{ control_level: "WORKSHOP" }]);
});

test("key attention is proposed with the risk, and set or ended by a review with reason and reviewer (A16)", async () => {
  const proposed = await identify({ keyAttention: true, keyAttentionReason: "毗邻学校" });
  const told = "keyAttention keyAttentionReason keyAttentionReviewedAt keyAttentionReviewer{name}";
  expect((await district.as("auditor").ask(`query($id:ID!){risk(id:$id){${told}}}`, { id: proposed.id })).risk).toEqual({ keyAttention: true, keyAttentionReason: "毗邻学校", keyAttentionReviewedAt: null, keyAttentionReviewer: null });
  expect(await refused("riskReviewKeyAttention", { on: proposed, input: { keyAttention: true, reason: "毗邻学校" } })).toMatchObject({ code: "INVALID_INPUT", field: "input.reviewer" });
  expect(await refused("riskReviewKeyAttention", { by, on: proposed, input: { keyAttention: true, reason: "毗邻学校", reviewer: person } })).toMatchObject({ code: "FORBIDDEN" });
  expect(await done("riskReviewKeyAttention", { by: "street", on: proposed, input: { keyAttention: true, reason: "毗邻学校,人员密集", reviewer: person }, read: told })).toMatchObject({ keyAttention: true, keyAttentionReason: "毗邻学校,人员密集", keyAttentionReviewedAt: expect.any(String), keyAttentionReviewer: { name: "示例审核人" } });
  await held("key_attention_reviewed", "update risks set key_attention = false where id = $1", [uuidOf(proposed.id)]);
  await held("key_attention_reviewed", "update risks set key_attention = true where id = $1", [uuidOf((await assessed(1, 6, 7)).id)]);
});

test("what is recorded is corrected, the level apart; another's or an ended risk is not", async () => {
  const risk = await identify({ accidentType: "03" });
  const corrected = await done("riskUpdate", { by, on: risk, input: { name: "更正后的名称", accidentType: "08", originClass: "URBAN_RENEWAL" }, read: "name accidentType accidentTypeName originClass status" });
  expect(corrected).toMatchObject({ name: "更正后的名称", accidentType: "08", accidentTypeName: "火灾", originClass: "URBAN_RENEWAL", status: "IDENTIFIED" });
  expect(await refused("riskUpdate", { by: "neighbour", on: corrected, input: { name: "示例" } })).toMatchObject({ code: "NOT_FOUND" });
  // The sector regulator sees its own sector: what leaves it in this way is refused.
  expect(await refused("riskUpdate", { by: "sector", on: corrected, input: { sector: "GAS" } })).toMatchObject({ code: "NOT_FOUND" });
});

test("who induced a natural hazard answers for it; of an accident risk there is no such one (A26)", async () => {
  const natural = await done("riskIdentify", { input: { subject: district.sites[0], name: "示例边坡", domain: "NATURAL_DISASTER", disasterType: "02", causedBy: district.sites[1] }, read: "causedBy{id}" });
  expect(natural).toMatchObject({ causedBy: { id: district.sites[1] } });
  expect(await refused("riskIdentify", { input: { subject: district.sites[0], name: "示例", causedBy: district.sites[1] } })).toMatchObject({ code: "RULE_VIOLATED", rule: "caused_by_of_natural_hazards" });
  expect(await refused("riskIdentify", { by: "street", input: { subject: district.sites[0], name: "示例", domain: "NATURAL_DISASTER", causedBy: district.sites[1] } })).toMatchObject({ code: "NOT_FOUND" });
});

/** The level of control stood for the level itself: register and history are recoded, and nothing new is recorded by it. */
const older = useDatabase();
test("a register of before is recoded without a new version, its past included", async () => {
  const { engine } = older;
  // Down to where the level of control was the level.
  const [{ later }] = (await engine.pool.query("select count(*)::int as later from migrations where timestamp > 1700000000008")).rows as [{ later: number }];
  await revert(engine, 1 + later);
  await inUnit(engine, async (client) => {
    const ids = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002", "00000000-0000-4000-8000-000000000003"];
    await client.query("insert into regions (id, code, name, level) values ($1, '500112000000', '示例', 'DISTRICT')", [ids[0]]);
    await client.query("insert into subjects (id, region_id, code, name, kind) values ($2, $1, 'A', '示例', 'ENTERPRISE_SITE')", [ids[0], ids[1]]);
    await client.query("insert into risks (id, region_id, code, name, domain, subject_id, status, accident_type) values ($3, $1, 'R', '示例', 'WORK_SAFETY', $2, 'IDENTIFIED', '03')", ids);
    const [code, zh, en, edition, definition] = METHODS[0]!;
    await client.query("insert into assessment_methods (id, code, name_zh, name_en) values ($1, $2, $3, $4)", [ids[0], code, zh, en]);
    await client.query("insert into assessment_method_versions (id, method_id, version_code, definition, status, valid_from) values ($1, $1, $2, $3, 'ACTIVATED', '2008-02-01')", [ids[0], edition, JSON.stringify(definition)]);
    await assessPlainly(client, [{ id: ids[2]!, level: "CONSIDERABLE" }], ", status = 'ASSESSED', control_level = 'CONSIDERABLE'");
    await client.query("update risks set name = '更名' where id = $1", [ids[2]]);
    await client.query("insert into risk_objects (id, code, name, type, subject_id, r_value, hazard_installation_grade) values ($1, 'O', '示例', 'MAJOR_HAZARD_INSTALLATION', $2, 60, 'LEVEL_4')", [ids[0], ids[1]]);
  });
  const before = await engine.pool.query("select count(*)::int as n from change_events where entity = 'risks'");
  await migrate(engine);
  expect((await engine.pool.query("select version, control_level from risks union all select version, control_level from risks_history order by version")).rows).toEqual([{ version: 1, control_level: null }, { version: 2, control_level: "DEPARTMENT" }, { version: 3, control_level: "DEPARTMENT" }]);
  expect((await engine.pool.query("select count(*)::int as n from change_events where entity = 'risks'")).rows).toEqual(before.rows);
  // A grade that did not follow from R was wrong: its correction is recorded.
  expect((await engine.pool.query("select o.hazard_installation_grade as grade, e.action from risk_objects o join change_events e on e.entity_id = o.id and e.version = o.version and e.entity = 'risk_objects'")).rows).toEqual([{ grade: "LEVEL_2", action: "migration.riskChain" }]);
});
