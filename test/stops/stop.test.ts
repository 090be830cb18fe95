import { beforeAll, expect, test } from "@jest/globals";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { RiskStage, type Made } from "../support/risk-stage.js";

const district = useDistrict();
const stage = new RiskStage(district);
const uuid = (id: string) => id.split("_")[1]!;
const STOP = { kind: "MAINTENANCE", validTo: "2097-01-01T00:00:00+08:00", reason: "年度检修" };
const SHOW = "status reassessTrigger stopRecords(first:5){nodes{id version status inForce overran checkedBy{name}}}";
const read = async (id: string) => (await district.as("office").ask(`query($id:ID!){risk(id:$id){id version ${SHOW}}}`, { id })).risk;

let person: string;
beforeAll(async () => {
  person = (await stage.do("personRegister", { input: { region: district.regions["village"], name: "示例安全员", kind: "ENTERPRISE", enterprise: district.enterprises[0] } })).id;
});

test("the enterprise asks, the lead confirms, and a check before the start leads back into review", async () => {
  let risk = await stage.do("riskSuspend", { by: "enterprise", on: await stage.inForce("CONSIDERABLE"), input: STOP, show: SHOW });
  expect(risk).toMatchObject({ status: "IN_FORCE", stopRecords: { nodes: [{ status: "REQUESTED", inForce: false }] } });
  const stopRecord = risk.stopRecords.nodes[0].id as string;
  expect(await stage.refused("riskConfirmStop", { by: "enterprise", on: risk, input: { stopRecord } })).toMatchObject({ code: "FORBIDDEN" });
  expect(await stage.refused("riskConfirmStop", { by: "street", on: risk, input: { stopRecord } })).toMatchObject({ code: "FORBIDDEN" });
  expect(await stage.refused("riskResume", { by: "enterprise", on: risk, input: { preStartCheck: "正常", checkedBy: person } })).toMatchObject({ code: "INVALID_TRANSITION" });
  await expect(inUnit(district.database.engine, (client) => client.query("update risks set status = 'SUSPENDED' where id = $1", [uuid(risk.id)]))).rejects.toMatchObject({ constraint: "suspension_needs_a_confirmed_stop" });
  // Another stop over the same days.
  expect(await stage.refused("riskSuspend", { by: "enterprise", on: risk, input: STOP })).toMatchObject({ code: "RULE_VIOLATED", rule: "one_stop_a_risk" });
  risk = await stage.do("riskConfirmStop", { by: "sector", on: risk, input: { stopRecord }, show: SHOW });
  expect(risk).toMatchObject({ status: "SUSPENDED", stopRecords: { nodes: [{ status: "CONFIRMED", inForce: true, overran: false }] } });
  const later = await district.as("office").ask('query($id:ID!)@asOf(effective:"2097-01-01T00:00:00+08:00"){stopRecord(id:$id){inForce overran}}', { id: stopRecord });
  expect(later.stopRecord).toEqual({ inForce: false, overran: true });
  await expect(inUnit(district.database.engine, (client) => client.query("update risks set status = 'REVIEWING', reassess_trigger = 'RESUMPTION' where id = $1", [uuid(risk.id)]))).rejects.toMatchObject({ constraint: "resumption_needs_a_check" });
  expect(await stage.refused("riskResume", { by: "enterprise", on: risk, input: { preStartCheck: " ", checkedBy: person } })).toMatchObject({ code: "INVALID_INPUT" });
  risk = await stage.do("riskResume", { by: "enterprise", on: risk, input: { preStartCheck: "逐项排查,无异常", checkedBy: person }, show: SHOW });
  expect(risk).toMatchObject({ status: "REVIEWING", reassessTrigger: "RESUMPTION", stopRecords: { nodes: [{ status: "CHECKED", inForce: false, checkedBy: { name: "示例安全员" } }] } });
});

test("who asks does not confirm", async () => {
  const risk = await stage.do("riskSuspend", { by: "sector", on: await stage.inForce("LOW"), input: STOP, show: SHOW });
  const input = { stopRecord: risk.stopRecords.nodes[0].id };
  expect(await stage.refused("riskConfirmStop", { by: "sector", on: risk, input })).toMatchObject({ code: "RULE_VIOLATED", rule: "stop_confirmed_by_another" });
  expect(await stage.do("riskConfirmStop", { by: "office", on: risk, input, show: "status" })).toMatchObject({ status: "SUSPENDED" });
});

test("a unit that stops lays its risks aside, and takes up those that have no stop of their own", async () => {
  const object = await stage.do("riskObjectRegister", { input: { subject: district.sites[0], name: "冲压车间", type: "PLACE" } });
  const unit = await stage.do("riskUnitRegister", { input: { object: object.id, name: "一号线" } });
  const risks: Made[] = [];
  for (let index = 0; index < 3; index += 1) risks.push(await stage.inForce("LOW", { unit: unit.id }));
  const [own, with_, reviewed] = risks as [Made, Made, Made];
  await stage.do("riskStartReview", { on: reviewed, input: { trigger: "PERIODIC", reason: "到期" } });
  const asked = await stage.do("riskSuspend", { by: "enterprise", on: own, input: STOP, show: SHOW });
  await stage.do("riskConfirmStop", { on: asked, input: { stopRecord: asked.stopRecords.nodes[0].id } });
  const stopped = await stage.do("riskUnitStop", { by: "enterprise", on: unit, input: { ...STOP, kind: "STOPPED" }, show: "stopRecords(first:5){nodes{id}}" });
  const confirmed = await stage.do("riskUnitConfirmStop", { by: "sector", on: stopped, input: { stopRecord: stopped.stopRecords.nodes[0].id }, show: "stopRecords(first:5){nodes{status}}" });
  expect(confirmed.stopRecords.nodes).toEqual([{ status: "CONFIRMED" }]);
  const states = async () => Promise.all(risks.map(async ({ id }) => (await read(id)).status));
  expect(await states()).toEqual(["SUSPENDED", "SUSPENDED", "REVIEWING"]);
  const start = { preStartCheck: "无异常", checkedBy: person };
  // Not taken up alone while its unit stands still.
  expect(await stage.refused("riskResume", { by: "enterprise", on: await read(with_.id), input: start })).toMatchObject({ rule: "resumed_with_its_unit" });
  expect(await stage.refused("riskResume", { by: "enterprise", on: await read(own.id), input: start })).toMatchObject({ rule: "resumption_needs_a_check" });
  await stage.do("riskUnitEndStop", { by: "enterprise", on: confirmed, input: start });
  expect(await states()).toEqual(["SUSPENDED", "REVIEWING", "REVIEWING"]);
  await stage.do("riskResume", { by: "enterprise", on: await read(own.id), input: start });
  expect(await states()).toEqual(["REVIEWING", "REVIEWING", "REVIEWING"]);
  expect(await stage.refused("riskUnitEndStop", { by: "enterprise", on: (await district.as("office").ask("query($id:ID!){riskUnit(id:$id){id version}}", { id: unit.id })).riskUnit, input: start })).toMatchObject({ rule: "unit_is_not_stopped" });
});
