import { beforeAll, expect, test } from "@jest/globals";
import { lane } from "../support/database.js";
import { deedsIn, uuidOf, type Acted } from "../support/deeds.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const { done, refused, held, rows, written } = deedsIn(district);
const by = "enterprise";
let person: string;

beforeAll(async () => {
  person = (await done("personRegister", { input: { region: district.regions["village"], name: "示例班组长", kind: "ENTERPRISE", enterprise: district.enterprises[0] } })).id;
});

const MEASURES = "measures(first:10){nodes{id version kind description class1 class1Name class2 class2Name class3 mode responsibleLevel checkContent specialKind capacity effective withdrawnAt withdrawReason responsiblePerson{name}}}";
const identify = (measures: Record<string, unknown>[]) => done("riskIdentify", { by, input: { subject: district.sites[0], name: "示例储罐泄漏", measures }, read: MEASURES });
const measuresOf = (risk: Acted) => (risk["measures"] as { nodes: Acted[] }).nodes;

/** A risk in force held by some measures. */
async function inForce(count: number): Promise<Acted[]> {
  let risk = await identify(Array.from({ length: count }, (_, index) => ({ kind: "HUMAN", description: `示例措施${index}` })));
  const measures = measuresOf(risk);
  risk = await done("riskAssess", { by, on: risk, input: { current: { method: "LEC", inputs: { l: 1, e: 6, c: 7 } } } });
  await done("riskApprove", { on: risk, input: { responsiblePerson: person } });
  return measures;
}

test("a measure carries its classes, its way of being watched and who answers for it", async () => {
  const [measure] = measuresOf(await identify([{ kind: "ENGINEERING", description: "液位联锁", class1: "1", class2: "1-4", class3: "SIS", mode: "AUTO", responsibleLevel: "WORKSHOP", responsiblePerson: person, checkContent: "联锁投用情况" }]));
  expect(measure).toMatchObject({ kind: "ENGINEERING", class1: "1", class1Name: "工程技术", class2: "1-4", class2Name: "安全仪表", class3: "SIS", mode: "AUTO", responsibleLevel: "WORKSHOP", checkContent: "联锁投用情况", effective: true, responsiblePerson: { name: "示例班组长" } });
  const scenic = measuresOf(await identify([{ kind: "MANAGEMENT", description: "最大承载量", specialKind: "CAPACITY_LIMIT", capacity: 3000 }, { kind: "MANAGEMENT", description: "暴雨红色预警关停", specialKind: "CLOSE_ON_EXTREME_WEATHER" }]));
  expect(new Map(scenic.map(({ specialKind, capacity }) => [specialKind, capacity]))).toEqual(new Map([["CAPACITY_LIMIT", 3000], ["CLOSE_ON_EXTREME_WEATHER", null]]));
  for (const way of ["compiled", "plain"] as const)
    expect(await district.as("auditor", way).ask("{controlMeasures(first:5,filter:{class1:{eq:\"1\"},mode:{eq:AUTO}}){nodes{class2 risk{name}}} controlMeasureCounts(by:[SPECIAL_KIND],filter:{specialKind:{isNull:false}}){count specialKind} risks(first:3,filter:{measures:{some:{capacity:{gte:1000}}}}){totalCount}}")).toEqual({
      controlMeasures: { nodes: [{ class2: "1-4", risk: { name: "示例储罐泄漏" } }] },
      controlMeasureCounts: [{ count: 1, specialKind: "CAPACITY_LIMIT" }, { count: 1, specialKind: "CLOSE_ON_EXTREME_WEATHER" }],
      risks: { totalCount: 1 },
    });
});

test("a class 2 is of its class 1, and a number is of a limit; the database holds both", async () => {
  const bad = (measure: Record<string, unknown>) => refused("riskIdentify", { by, input: { subject: district.sites[0], name: "示例", measures: [{ kind: "HUMAN", description: "示例" }, { kind: "HUMAN", description: "示例", ...measure }] } });
  expect(await bad({ class1: "2", class2: "1-4" })).toMatchObject({ code: "INVALID_INPUT", field: "input.measures.1.class2", class1: "2" });
  expect(await bad({ class2: "1-4" })).toMatchObject({ code: "INVALID_INPUT", field: "input.measures.1.class2" });
  expect(await bad({ class1: "2", class2: "2-4" })).toMatchObject({ code: "INVALID_INPUT", field: "input.measures.1.class2" });
  expect(await bad({ class1: "5" })).toMatchObject({ code: "INVALID_INPUT", field: "input.measures.1.class1" });
  expect(await bad({ specialKind: "CAPACITY_LIMIT" })).toMatchObject({ code: "INVALID_INPUT", field: "input.measures.1.capacity" });
  expect(await bad({ capacity: 5 })).toMatchObject({ code: "INVALID_INPUT", field: "input.measures.1.capacity" });
  const [measure] = measuresOf(await identify([{ kind: "HUMAN", description: "示例" }]));
  const id = uuidOf(measure!.id);
  for (const [class1, class2] of [["1", "2-1"], [null, "1-1"], ["2", "2-4"], ["1", "1"]]) await held("class2_of_class1", "update control_measures set class1 = $2, class2 = $3 where id = $1", [id, class1, class2]);
  await held("capacity_of_capacity_limits", "update control_measures set capacity = 5 where id = $1", [id]);
  await held("capacity_of_capacity_limits", "update control_measures set special_kind = 'CAPACITY_LIMIT' where id = $1", [id]);
});

test("a measure is changed in part, and a limit that becomes another kind lets its number go", async () => {
  const [measure] = measuresOf(await identify([{ kind: "MANAGEMENT", description: "承载量", specialKind: "CAPACITY_LIMIT", capacity: 800, class1: "3", class2: "3-2" }]));
  const changed = await done("controlMeasureChange", { by, on: measure, input: { capacity: 600, responsibleLevel: "DEPARTMENT" }, read: "capacity responsibleLevel description class2" });
  expect(changed).toMatchObject({ capacity: 600, responsibleLevel: "DEPARTMENT", description: "承载量", class2: "3-2" });
  expect(await refused("controlMeasureChange", { by, on: changed, input: { class1: "4" } })).toMatchObject({ code: "INVALID_INPUT", field: "input.class2" });
  expect(await refused("controlMeasureChange", { by, on: measure, input: { capacity: 5 } })).toMatchObject({ code: "CONFLICT", currentVersion: 2 });
  expect(await done("controlMeasureChange", { by, on: changed, input: { specialKind: "CLOSE_ON_EXTREME_WEATHER" }, read: "capacity specialKind" })).toMatchObject({ capacity: null, specialKind: "CLOSE_ON_EXTREME_WEATHER" });
  expect(await refused("controlMeasureChange", { by: "neighbour", on: changed, input: { capacity: 5 } })).toMatchObject({ code: "NOT_FOUND" });
  expect(await refused("controlMeasureChange", { by: "auditor", on: changed, input: { capacity: 5 } })).toMatchObject({ code: "FORBIDDEN" });
});

test("a withdrawn measure stays to be read as it was, and the last one of a risk in force is kept (INV-06)", async () => {
  const [first, second] = (await inForce(2)) as [Acted, Acted];
  const withdrawn = await done("controlMeasureWithdraw", { by, on: first, input: { reason: "设备拆除" }, read: `effective withdrawnAt withdrawReason risk{${MEASURES}}` });
  expect(withdrawn).toMatchObject({ effective: false, withdrawReason: "设备拆除", withdrawnAt: expect.any(String) });
  expect(measuresOf(withdrawn["risk"] as Acted).map(({ effective }) => effective)).toEqual([false, true]);
  expect(await refused("controlMeasureWithdraw", { by, on: second, input: { reason: "示例" } })).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_06_in_force_needs_measure" });
  expect(await refused("controlMeasureWithdraw", { by, on: second, input: { reason: " " } })).toMatchObject({ code: "INVALID_INPUT", field: "input.reason" });
  expect(await refused("controlMeasureChange", { by, on: withdrawn, input: { description: "示例" } })).toMatchObject({ code: "RULE_VIOLATED", rule: "withdrawn_measure_stays" });
  await held("withdrawn_measure_stays", "update control_measures set effective = true, withdrawn_at = null, withdraw_reason = null where id = $1", [uuidOf(first.id)]);
  await held("withdrawn_with_reason", "update control_measures set effective = false where id = $1", [uuidOf(second.id)]);
  await held("inv_06_in_force_needs_measure", "update control_measures set effective = false, withdrawn_at = now(), withdraw_reason = '示例' where id = $1", [uuidOf(second.id)]);
  await held("inv_06_in_force_needs_measure", "update control_measures set risk_id = (select id from risks where status = 'IDENTIFIED' limit 1) where id = $1", [uuidOf(second.id)]);
  // Replaced within one unit it may go: what counts is how the unit leaves the risk.
  await written("with another as (insert into control_measures (id, risk_id, kind, description) select gen_random_uuid(), risk_id, kind, '另一措施' from control_measures where id = $1) update control_measures set effective = false, withdrawn_at = now(), withdraw_reason = '以另一措施替代' where id = $1", [uuidOf(second.id)]);
  expect(await rows("select effective from control_measures where risk_id = (select risk_id from control_measures where id = $1) order by created_at, effective", [uuidOf(second.id)])).toEqual([{ effective: false }, { effective: false }, { effective: true }]);
});

if (lane === "postgresql") {
  test("of two who withdraw the last two measures at once, one is refused", async () => {
    for (let round = 0; round < 5; round += 1) {
      const measures = await inForce(2);
      const outcomes = await Promise.allSettled(measures.map((on) => done("controlMeasureWithdraw", { by, on, input: { reason: "示例" } })));
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
    }
  });
}
