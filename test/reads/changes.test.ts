import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";

const district = useDistrict();

interface Change {
  kind: string;
  objectId: string;
  changedFields: string[];
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  action: string | null;
  changedBy: string | null;
  changedAt: string | null;
}

const CHANGE = "kind objectId changedFields before after action changedBy changedAt object{id}";
const at: string[] = [];
const mark = async () => {
  await pause(5);
  at.push(new Date().toISOString());
  await pause(5);
};
const made: Record<string, string> = {};

async function deed(by: string, mutation: string, more: { id?: string; version?: number; input?: Record<string, unknown> }): Promise<string> {
  const [input, given] = more.input ? [`,$i:${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!`, ",input:$i"] : ["", ""];
  const [variables, args] = more.id ? [",$id:ID!,$v:Int!", ",id:$id,expectedVersion:$v"] : ["", ""];
  const data = await district.as(by).ask(`mutation($k:String!${variables}${input}){${mutation}(idempotencyKey:$k${args}${given}){id}}`, { k: district.key(), id: more.id, v: more.version, i: more.input });
  return data[mutation].id as string;
}

/** 0: two sites. 1: a danger, an appointment, a measure. 2: a site renamed and moved, the danger assigned, the measure's risk has a second one, the person's term ended. */
beforeAll(async () => {
  await mark();
  const person = await deed("office", "personRegister", { input: { region: district.regions["village"], name: "示例人员", kind: "OFFICIAL", mobile: "10000000001" } });
  made["danger"] = await deed("integrator", "hiddenDangerRegister", { input: { subject: district.sites[0], title: "通道堵塞", discoverySource: "SELF_CHECK", grade: "GENERAL" } });
  made["assignment"] = await deed("office", "regulatorAssignmentAppoint", { input: { subject: district.sites[0], slot: district.slots["SECTION_OFFICE"], person, appointmentDoc: "示例〔2026〕1号" } });
  made["risk"] = await deed("office", "riskIdentify", { input: { subject: district.sites[0], name: "示例风险", measures: [{ kind: "HUMAN", description: "巡查", responsiblePerson: person }] } });
  made["person"] = person;
  await mark();
  await deed("office", "subjectUpdate", { id: district.sites[0], version: 2, input: { name: "改名场所", keyControlled: true } });
  await deed("street", "hiddenDangerAssign", { id: made["danger"], version: 1, input: { deadline: "2099-06-30" } });
  await deed("office", "regulatorAssignmentEnd", { id: made["assignment"], version: 1 });
  await deed("office", "controlMeasureAdd", { id: made["risk"], version: 1, input: { kind: "ENGINEERING", description: "加装护栏" } });
  await mark();
  await deed("office", "subjectUpdate", { id: district.sites[0], version: 3, input: { region: district.regions["yuanyang"] } });
  await mark();
});

describe.each(["compiled", "plain"] as const)("what changed between two instants, by %s reads", (way) => {
  const changes = async (report: string, from: number, to: number | null, { by = "office", filter = "" } = {}): Promise<Change[]> =>
    (await district.as(by, way).ask(`query($from:DateTime!,$to:DateTime){changes:${report}(from:$from,to:$to${filter && `,filter:${filter}`}){${CHANGE}}}`, { from: at[from], to: to === null ? null : at[to] })).changes;

  test("a changed record is told field by field, with who did it by which action", async () => {
    const [change, ...others] = await changes("regulatedSubjectChanges", 1, 2);
    expect(others).toEqual([]);
    expect(change).toMatchObject({ kind: "CHANGED", objectId: district.sites[0], object: { id: district.sites[0] }, action: "subject.update", changedBy: "office" });
    expect(change!.changedFields.toSorted()).toEqual(["keyControlled", "name"]);
    expect([change!.before, change!.after]).toEqual([{ name: "示例场所0", keyControlled: false }, { name: "改名场所", keyControlled: true }]);
    expect([at[1]! < new Date(change!.changedAt!).toISOString(), new Date(change!.changedAt!).toISOString() < at[2]!]).toEqual([true, true]);
    const [danger] = await changes("hiddenDangerChanges", 1, 2);
    expect(danger).toMatchObject({ kind: "CHANGED", objectId: made["danger"], action: "hiddenDanger.assign", changedBy: "street", before: { status: "REGISTERED", effectiveDeadline: null }, after: { status: "ASSIGNED", effectiveDeadline: "2099-06-30" } });
    const [assignment] = await changes("regulatorAssignmentChanges", 1, 2);
    expect(assignment).toMatchObject({ kind: "CHANGED", objectId: made["assignment"], before: { status: "ACTIVE", validTo: null }, after: { status: "ENDED" }, action: "regulatorAssignment.end" });
  });

  test("what appeared is told whole, links as global ids", async () => {
    const appeared = await changes("controlMeasureChanges", 0, null);
    expect(appeared.map(({ kind, before, action }) => ({ kind, before, action }))).toEqual([
      { kind: "APPEARED", before: null, action: "controlMeasure.add" },
      { kind: "APPEARED", before: null, action: "risk.identify" },
    ]);
    expect(appeared[1]!.after).toMatchObject({ kind: "HUMAN", description: "巡查", effective: true, risk: made["risk"], responsiblePerson: made["person"] });
    expect((await changes("controlMeasureChanges", 1, 2)).map(({ after }) => after!["description"])).toEqual(["加装护栏"]);
    expect(await changes("hiddenDangerChanges", 1, 1)).toEqual([]);
  });

  test("each end is judged by its own record: what moved out of sight is gone for one and appeared for the other", async () => {
    const [gone] = await changes("regulatedSubjectChanges", 2, 3, { by: "street" });
    expect(gone).toMatchObject({ kind: "GONE", objectId: district.sites[0], object: null, after: null, action: null, changedBy: null, changedAt: null, before: { name: "改名场所" } });
    expect(await changes("regulatedSubjectChanges", 2, 3, { by: "neighbour" })).toMatchObject([{ kind: "APPEARED", objectId: district.sites[0], before: null, after: { name: "改名场所", region: district.regions["yuanyang"] } }]);
    expect(await changes("regulatedSubjectChanges", 0, null, { by: "stranger" })).toEqual([]);
  });

  test("a filter holds at each end on its own", async () => {
    expect(await changes("hiddenDangerChanges", 1, 2, { filter: "{status:{eq:ASSIGNED}}" })).toMatchObject([{ kind: "APPEARED", before: { status: "REGISTERED" }, after: { status: "ASSIGNED" } }]);
    expect(await changes("hiddenDangerChanges", 1, 2, { filter: "{status:{eq:REGISTERED}}" })).toMatchObject([{ kind: "GONE", before: { status: "REGISTERED" }, after: { status: "ASSIGNED" } }]);
  });

  test("who did it is told to those who see personal data, and the past cannot begin after its end", async () => {
    const [change] = await changes("hiddenDangerChanges", 1, 2, { by: "integrator" });
    expect(change).toMatchObject({ action: "hiddenDanger.assign", changedBy: null });
    expect(await district.as("office", way).refused("query($from:DateTime!,$to:DateTime){hiddenDangerChanges(from:$from,to:$to){kind}}", { from: at[2], to: at[1] })).toMatchObject({ code: "INVALID_INPUT", field: "from" });
  });
});
