import { beforeAll, describe, expect, test } from "@jest/globals";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { RiskStage } from "../support/risk-stage.js";

const district = useDistrict();
const stage = new RiskStage(district);
const uuid = (id: string) => id.split("_")[1]!;
const SHOW = "code status nature noFinding findings checkInMetres presenceConfirmation sector region{code} allowedActions participants(first:9){nodes{person{name}}}";
let subject: string;
let [official, second, uncertified, body, office]: string[] = [];
const guidance = (more: Record<string, unknown> = {}) => ({ subject, nature: "GUIDANCE", startedAt: "2026-10-10T10:00:00+08:00", endedAt: "2026-10-10T11:30:00+08:00", participants: [official], ...more });
const inspection = (more: Record<string, unknown> = {}) => guidance({ nature: "ADMINISTRATIVE_INSPECTION", participants: [official, second], organization: body, approvalNo: "示例检〔2026〕1号", entryCode: "RQ-0001", itemCodes: ["YJ-01"], ...more });

beforeAll(async () => {
  subject = district.sites[0]!;
  const register = async (name: string, region: string, more: Record<string, unknown>) => (await stage.do("personRegister", { input: { region: district.regions[region], name, kind: "OFFICIAL", ...more } })).id as string;
  [official, second, uncertified] = [await register("示例甲", "huixing", { enforcementCertNo: "执法001" }), await register("示例乙", "huixing", { enforcementCertNo: "执法002" }), await register("示例丙", "huixing", {})];
  const organization = async (name: string, canInspect: boolean) => (await stage.do("organizationRegister", { input: { region: district.regions["yubei"], name, kind: "GOV_DEPT", canInspect } })).id as string;
  [body, office] = [await organization("示例执法主体", true), await organization("示例内设机构", false)];
  await district.admit("grid_worker", "GRID_WORKER", "huixing");
  await district.admit("third_party", "THIRD_PARTY", "yubei");
});

test("a visit is recorded where its subject lies, with who took part and what was found, and leaves its marks in record and audit", async () => {
  const visit = await stage.do("visitRecord", { by: "street", input: guidance({ participants: [official, second, official], checkInPoint: { type: "Point", coordinates: [106.62, 29.7009] }, findings: "通道堆物", trigger: "RECHECK" }), show: SHOW });
  expect(visit).toMatchObject({ status: "RECORDED", nature: "GUIDANCE", noFinding: false, findings: "通道堆物", sector: "INDUSTRY_TRADE", region: { code: "500112004001" }, checkInMetres: 100, presenceConfirmation: null, allowedActions: ["visit.withdraw"] });
  expect(visit.code).toMatch(/^JC-500112-\d{4}-\d{6}$/);
  expect(visit.participants.nodes.map(({ person }: { person: { name: string } }) => person.name).toSorted()).toEqual(["示例乙", "示例甲"].toSorted());
  // Whereabouts of a person are not kept: the point of check-in is in no column, no record and no audit.
  const { rows } = await district.database.engine.pool.query("select (select to_jsonb(v)::text from visits v where id = $1) || (select string_agg(coalesce(after::text, ''), '') from change_events where entity_id = $1) as kept", [uuid(visit.id)]);
  expect((rows[0] as { kept: string }).kept).not.toMatch(/29\.7009/);
  const { subject: seen } = await district.as("enterprise").ask("query($s:ID!){subject:regulatedSubject(id:$s){visits(first:5){nodes{code findings checkInMetres participants(first:5){nodes{person{name mobile}}}}}}}", { s: subject });
  expect(seen.visits.nodes).toMatchObject([{ code: visit.code, findings: "通道堆物", checkInMetres: null, participants: { nodes: [{ person: { mobile: null } }, {}] } }]);
  // A client system is told of the visit, not by whom.
  const { visits } = await district.as("integrator").ask(`{visits(first:5,filter:{code:{eq:"${visit.code}"}}){nodes{code participants(first:5){nodes{person{name}}}}}}`);
  expect(visits.nodes).toEqual([{ code: visit.code, participants: { nodes: [] } }]);
  const byName = `{visits(first:5,filter:{code:{eq:"${visit.code}"},participants:{some:{person:{name:{eq:"示例甲"}}}}}){totalCount}}`;
  expect([(await district.as("integrator").ask(byName)).visits.totalCount, (await district.as("auditor").ask(byName)).visits.totalCount]).toEqual([0, 1]);
  for (const by of ["neighbour", "stranger", "nobody"]) expect((await district.as(by).ask(`{visits(first:5,filter:{code:{eq:"${visit.code}"}}){nodes{code}}}`)).visits.nodes).toEqual([]);
});

test("a visit is never rewritten: it is withdrawn with its reason, once, and stays readable", async () => {
  const visit = await stage.do("visitRecord", { by: "sector", input: guidance({ presenceConfirmation: "工作照" }), show: SHOW });
  expect(visit).toMatchObject({ noFinding: true, findings: null });
  const { engine } = district.database;
  const refuses = (text: string, constraint: string, values: unknown[] = [uuid(visit.id)]) => expect(inUnit(engine, (client) => client.query(text, values))).rejects.toMatchObject({ constraint });
  await refuses("update visits set findings = '补记', no_finding = false where id = $1", "visit_stands");
  await refuses("update visits set started_at = started_at - interval '1 month' where id = $1", "visit_stands");
  await refuses("update visits set status = 'WITHDRAWN' where id = $1", "visit_withdrawn_with_reason");
  await refuses("insert into visit_participants (id, visit_id, person_id) values (gen_random_uuid(), $1, $2)", "visit_participants_stand", [uuid(visit.id), uuid(uncertified!)]);
  await refuses("update visit_participants set person_id = $2 where visit_id = $1", "visit_participants_stand", [uuid(visit.id), uuid(uncertified!)]);
  await expect(inUnit(engine, (client) => client.query("delete from visit_participants where visit_id = $1", [uuid(visit.id)]))).rejects.toMatchObject({ code: "55000" });
  expect(await stage.refused("visitWithdraw", { by: "enterprise", on: visit, input: { reason: "不属实" } })).toMatchObject({ code: "FORBIDDEN" });
  expect(await stage.refused("visitWithdraw", { by: "sector", on: visit, input: { reason: " " } })).toMatchObject({ code: "INVALID_INPUT" });
  const withdrawn = await stage.do("visitWithdraw", { by: "sector", on: visit, input: { reason: "误登" }, show: "status withdrawReason withdrawnAt versions(first:5){nodes{version action}}" });
  expect(withdrawn).toMatchObject({ status: "WITHDRAWN", withdrawReason: "误登", versions: { nodes: [{ version: 2, action: "visit.withdraw" }, { version: 1, action: "visit.record" }] } });
  expect(await stage.refused("visitWithdraw", { by: "sector", on: withdrawn, input: { reason: "再次" } })).toMatchObject({ code: "INVALID_TRANSITION" });
  await refuses("update visits set status = 'RECORDED', withdrawn_at = null, withdrawn_by = null, withdraw_reason = null where id = $1", "visit_withdrawn_is_final");
});

describe("an administrative inspection (INV-17)", () => {
  test("has an inspecting body, two officers with certificates, an approval and an entry code", async () => {
    expect(await stage.do("visitRecord", { by: "sector", input: inspection(), show: "nature" })).toMatchObject({ nature: "ADMINISTRATIVE_INSPECTION" });
    for (const [more, rule] of [
      [{ approvalNo: undefined }, "inv_17_inspection_is_approved"],
      [{ entryCode: " " }, "inv_17_inspection_is_approved"],
      [{ organization: undefined }, "inv_17_inspection_is_approved"],
      [{ organization: office }, "inv_17_inspection_by_an_inspecting_body"],
      [{ participants: [official] }, "inv_17_inspection_by_two_officers"],
      [{ participants: [official, uncertified] }, "inv_17_inspection_by_two_officers"],
    ] as const) expect([more, await stage.refused("visitRecord", { by: "sector", input: inspection(more) })]).toMatchObject([more, { code: "RULE_VIOLATED", rule }]);
  });

  test("in an emergency needs no approval beforehand, and its officers all the same", async () => {
    const urgent = { emergency: true, approvalNo: undefined, entryCode: undefined };
    expect(await stage.do("visitRecord", { by: "sector", input: inspection(urgent), show: "emergency" })).toMatchObject({ emergency: true });
    expect(await stage.refused("visitRecord", { by: "sector", input: inspection({ ...urgent, participants: [official] }) })).toMatchObject({ rule: "inv_17_inspection_by_two_officers" });
  });

  test("is recorded neither by a grid worker nor by an enterprise nor by a third party", async () => {
    // An enterprise names its own people alone, a grid worker and a third party bodies of their own area and above.
    const staff = (await stage.do("personRegister", { input: { region: district.regions["village"], name: "示例安全员", kind: "ENTERPRISE", enterprise: district.enterprises[0] } })).id as string;
    const named = (by: string) => (by === "enterprise" ? { participants: [staff], organization: undefined } : {});
    for (const by of ["grid_worker", "enterprise", "third_party"]) expect([by, await stage.refused("visitRecord", { by, input: inspection(named(by)) })]).toMatchObject([by, { code: "FORBIDDEN", field: "input.nature" }]);
    for (const [by, nature] of [["grid_worker", "GUIDANCE"], ["enterprise", "PATROL"], ["third_party", "EXPERT_DIAGNOSIS"], ["street", "SELF_CHECK"]] as const) expect([by, await stage.refused("visitRecord", { by, input: guidance({ nature, ...named(by) }) })]).toMatchObject([by, { code: "FORBIDDEN" }]);
    expect(await stage.do("visitRecord", { by: "grid_worker", input: guidance({ nature: "PATROL" }), show: "nature" })).toMatchObject({ nature: "PATROL" });
    expect(await stage.refused("visitRecord", { by: "auditor", input: guidance() })).toMatchObject({ code: "FORBIDDEN" });
  });
});

test("a visit has its time behind it, somebody who took part, and a subject and people within sight", async () => {
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  for (const [more, field] of [
    [{ startedAt: tomorrow, endedAt: undefined }, "input.startedAt"],
    [{ endedAt: tomorrow }, "input.endedAt"],
    [{ endedAt: "2026-10-10T10:00:00+08:00" }, "input.endedAt"],
    [{ participants: [] }, "input.participants"],
  ] as const) expect([more, await stage.refused("visitRecord", { by: "street", input: guidance(more) })]).toMatchObject([more, { code: "INVALID_INPUT", field }]);
  expect(await stage.refused("visitRecord", { by: "neighbour", input: guidance() })).toMatchObject({ code: "NOT_FOUND" });
  // An official of the district is not of the town: named by it only where he answers for the subject.
  const leader = (await stage.do("personRegister", { input: { region: district.regions["yubei"], name: "示例区领导", kind: "OFFICIAL" } })).id;
  expect(await stage.refused("visitRecord", { by: "street", input: guidance({ participants: [leader] }) })).toMatchObject({ code: "NOT_FOUND" });
  await stage.do("regulatorAssignmentAppoint", { input: { subject, slot: district.slots["SECTOR_LEADER"], person: leader, appointmentDoc: "示例任〔2026〕1号" } });
  expect(await stage.do("visitRecord", { by: "street", input: guidance({ participants: [leader] }), show: "participants(first:2){nodes{person{name}}}" })).toMatchObject({ participants: { nodes: [{ person: { name: "示例区领导" } }] } });
});

test("the database holds what a visit is whatever way it is written", async () => {
  const { engine } = district.database;
  const row = (columns: Record<string, string> = {}) => {
    const all = { id: "gen_random_uuid()", code: "'JC-' || gen_random_uuid()", subject_id: "$1", region_id: "(select region_id from subjects where id = $1)", nature: "'GUIDANCE'", visit_trigger: "'PLAN'", started_at: "now() - interval '1 day'", no_finding: "true", status: "'RECORDED'", ...columns };
    return `insert into visits (${Object.keys(all).join(", ")}) values (${Object.values(all).join(", ")})`;
  };
  for (const [columns, constraint] of [
    [{}, "visit_has_participants"],
    [{ started_at: "now() + interval '1 minute'" }, "visit_not_in_the_future"],
    [{ ended_at: "now() - interval '2 days'" }, "visit_ends_after_its_start"],
    [{ no_finding: "false" }, "visit_tells_what_was_found"],
    [{ findings: "'有'" }, "visit_tells_what_was_found"],
    [{ status: "'WITHDRAWN'", withdrawn_at: "now()", withdrawn_by: "gen_random_uuid()", withdraw_reason: "'误'" }, "visit_transition"],
    [{ region_id: "(select id from regions where code = '500112007000')" }, "visit_lies_with_its_subject"],
    [{ nature: "'ADMINISTRATIVE_INSPECTION'" }, "inv_17_inspection_is_approved"],
  ] as const) await expect(inUnit(engine, (client) => client.query(row(columns), [uuid(subject)]))).rejects.toMatchObject({ constraint });
});

test("a duty rule binds slots of its scheme, one at a time, and is never rewritten", async () => {
  const { dutyRules } = await district.as("nobody").ask("{dutyRules(first:5){nodes{code kind period slots natures minimum appointedByDay minimumDays toleranceMetres closesAfterDays validFrom scheme{code}}}}");
  expect(dutyRules.nodes).toMatchObject([
    { code: "SAFETY_3_HALF_YEAR", kind: "COVERAGE", period: "HALF_YEAR", slots: ["ADMIN_LEADER", "SECTOR_LEADER"], minimum: 1, appointedByDay: null, minimumDays: 30, scheme: { code: "SAFETY_3" } },
    { code: "SAFETY_3_MONTHLY", kind: "COUNT_PER_PERIOD", period: "MONTH", minimum: 1, appointedByDay: 15, minimumDays: null, toleranceMetres: 500, closesAfterDays: 7, validFrom: "2021-01-01" },
  ]);
  const copied = (code: string, slots: string, from: string) => `insert into duty_rules (id, code, kind, period, scheme_id, slots, natures, minimum, appointed_by_day, valid_from) select gen_random_uuid(), '${code}', kind, period, scheme_id, ${slots}, natures, 2, 15, '${from}' from duty_rules where code = 'SAFETY_3_MONTHLY'`;
  for (const [text, constraint] of [
    [copied("A", "array['PATROL']", "2031-01-01"), "duty_rule_names_slots"],
    [copied("B", "slots", "2031-01-01"), "one_duty_rule_in_force"],
    ["update duty_rules set minimum = 2 where code = 'SAFETY_3_MONTHLY'", "duty_rule_stands"],
  ] as const) await expect(inUnit(district.database.engine, (client) => client.query(text))).rejects.toMatchObject({ constraint });
  await inUnit(district.database.engine, async (client) => {
    await client.query("update duty_rules set valid_to = '2031-01-01' where code = 'SAFETY_3_MONTHLY'");
    await client.query(copied("C", "slots", "2031-01-01"));
  });
});
