import { beforeAll, describe, expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";
import { DutyStage } from "../support/duty-stage.js";

const district = useDistrict();
const stage = new DutyStage(district);
const OPEN = "2027-01-02T09:00:00+08:00";
const AFTER = "2027-08-01T09:00:00+08:00";
const MONTH = "periodFrom due visits lateVisits done missed status exemption person{name}";
const HALF = "base visited notVisited exempted tooShort share status exemption";
const monthly = (person: string, from: string, to = from, at = AFTER, by?: string, recorded?: string) => stage.rows("monthlyDuty", `from:"${from}",to:"${to}",person:"${person}"`, MONTH, at, by, recorded);
const half = async (person: string, at = AFTER, by?: string, recorded?: string) => (await stage.rows("halfYearCoverage", `from:"2027-01-01",to:"2027-06-30",person:"${person}"`, HALF, at, by, recorded))[0];
const states = async (person: string, at = AFTER) => (await stage.rows("halfYearCoverageSubjects", `from:"2027-01-01",to:"2027-06-30",person:"${person}"`, "state exemption days visits lateVisits", at)).map((row) => row);

beforeAll(() => stage.prepare());

/** A leader with one subject, from the year's begin. */
async function leader(name: string, from = OPEN): Promise<{ person: string; subject: string }> {
  const [person, subject] = [await stage.person(name, OPEN), await stage.subject(OPEN)];
  await stage.appoint(subject, "ADMIN_LEADER", person, from);
  return { person, subject };
}

describe("the monthly duty", () => {
  test("two visits by the same official to one firm in May fulfil it once; June without a visit is missed", async () => {
    const { person, subject } = await leader("示例行政负责人");
    await stage.visit(subject, [person], "2027-05-04T10:00:00+08:00");
    await stage.visit(subject, [person], "2027-05-25T10:00:00+08:00");
    expect(await monthly(person, "2027-05-01", "2027-06-01")).toEqual([
      { periodFrom: "2027-05-01", due: true, visits: 2, lateVisits: 0, done: true, missed: false, status: "FULFILLED", exemption: null, person: { name: "示例行政负责人" } },
      { periodFrom: "2027-06-01", due: true, visits: 0, lateVisits: 0, done: false, missed: true, status: "MISSED", exemption: null, person: { name: "示例行政负责人" } },
    ]);
    // One row a person and month, though two subjects are answered for and only one was visited.
    await stage.appoint(await stage.subject(OPEN), "ADMIN_LEADER", person, OPEN);
    expect(await monthly(person, "2027-05-01")).toMatchObject([{ visits: 2, status: "FULFILLED" }]);
  });

  test("runs while its month and the week for recording run", async () => {
    const { person, subject } = await leader("示例期限");
    expect(await monthly(person, "2027-03-01", "2027-03-01", "2027-03-31T23:00:00+08:00")).toMatchObject([{ due: true, missed: false, status: "PENDING" }]);
    expect(await monthly(person, "2027-03-01", "2027-03-01", "2027-04-07T23:59:59+08:00")).toMatchObject([{ missed: false, status: "PENDING" }]);
    expect(await monthly(person, "2027-03-01", "2027-03-01", "2027-04-08T00:00:00+08:00")).toMatchObject([{ missed: true, status: "MISSED" }]);
    // Recorded on the last day it counts, recorded a day later it does not and is told beside.
    await stage.visit(subject, [person], "2027-03-10T10:00:00+08:00", { recorded: "2027-04-08T00:00:00+08:00" });
    expect(await monthly(person, "2027-03-01")).toMatchObject([{ visits: 0, lateVisits: 1, done: false, status: "MISSED" }]);
    await stage.visit(subject, [person], "2027-03-11T10:00:00+08:00", { recorded: "2027-04-07T23:59:59+08:00" });
    expect(await monthly(person, "2027-03-01")).toMatchObject([{ visits: 1, lateVisits: 1, done: true, status: "FULFILLED" }]);
    // Before it took place nothing was fulfilled by it.
    expect(await monthly(person, "2027-03-01", "2027-03-01", "2027-03-11T09:59:59+08:00")).toMatchObject([{ visits: 0, status: "PENDING" }]);
  });

  test("has its months by the clock of Shanghai", async () => {
    const { person, subject } = await leader("示例时区");
    await stage.visit(subject, [person], "2027-02-28T15:59:59Z", { recorded: "2027-03-02T00:00:00Z" });
    await stage.visit(subject, [person], "2027-03-31T16:00:00Z", { recorded: "2027-04-01T00:00:00Z" });
    expect((await monthly(person, "2027-02-01", "2027-04-01")).map(({ periodFrom, visits, status }) => [periodFrom, visits, status])).toEqual([["2027-02-01", 1, "FULFILLED"], ["2027-03-01", 0, "MISSED"], ["2027-04-01", 1, "FULFILLED"]]);
  });

  test("is owed by who was appointed on or before the fifteenth, and by one of the two in a handover", async () => {
    const [fifteenth, sixteenth] = [await leader("示例十五日", "2027-05-15T23:59:59+08:00"), await leader("示例十六日", "2027-05-16T00:00:00+08:00")];
    expect(await monthly(fifteenth.person, "2027-05-01", "2027-06-01")).toMatchObject([{ due: true, status: "MISSED" }, { due: true, status: "MISSED" }]);
    expect(await monthly(sixteenth.person, "2027-05-01", "2027-06-01")).toMatchObject([{ due: false, missed: false, status: "NOT_DUE" }, { due: true, status: "MISSED" }]);
    const [successor, before] = [await stage.person("示例继任", OPEN), await leader("示例前任")];
    const [{ id, version }] = (await district.as("auditor").ask("query($s:ID!){regulatedSubject(id:$s){assignments(first:1){nodes{id version}}}}", { s: before.subject })).regulatedSubject.assignments.nodes;
    await stage.visit(before.subject, [before.person], "2027-05-10T08:00:00+08:00");
    await stage.do("regulatorAssignment.handOver", "2027-05-10T12:00:00+08:00", { successor, appointmentDoc: "示例任〔2027〕2号" }, { on: { id, version } });
    // He visited on the morning of the day he left; the month is his successor's, whom that visit does not serve.
    expect(await monthly(before.person, "2027-05-01", "2027-06-01")).toMatchObject([{ due: false, visits: 1, missed: false, status: "NOT_DUE" }]);
    expect(await monthly(successor, "2027-05-01")).toMatchObject([{ due: true, visits: 0, status: "MISSED" }]);
    await stage.visit(before.subject, [before.person], "2027-06-10T08:00:00+08:00");
    await stage.visit(before.subject, [successor], "2027-06-11T08:00:00+08:00");
    expect(await monthly(before.person, "2027-06-01")).toEqual([]);
    expect(await monthly(successor, "2027-06-01")).toMatchObject([{ due: true, visits: 1, status: "FULFILLED" }]);
  });

  test("is fulfilled by inspection and guidance, not by a patrol, a self-check or a bought service", async () => {
    const { person, subject } = await leader("示例性质");
    for (const [nature, by] of [["PATROL", "office"], ["SELF_CHECK", "enterprise_own"], ["THIRD_PARTY_SERVICE", "office"], ["EXPERT_DIAGNOSIS", "office"]] as const) {
      if (by === "enterprise_own") await district.admit(by, "ENTERPRISE_REPORTER", null, { subject });
      await stage.visit(subject, [person], "2027-05-06T10:00:00+08:00", { nature, by });
    }
    expect(await monthly(person, "2027-05-01")).toMatchObject([{ visits: 0, lateVisits: 0, status: "MISSED" }]);
    for (const nature of ["SPOT_CHECK", "UNANNOUNCED", "JOINT"]) await stage.visit(subject, [person], "2027-05-06T10:00:00+08:00", { nature });
    expect(await monthly(person, "2027-05-01")).toMatchObject([{ visits: 3, status: "FULFILLED" }]);
  });

  test("is fulfilled by who took part, at a subject of his own, present within five hundred metres or confirmed by hand", async () => {
    const { person, subject } = await leader("示例到场");
    const [other, foreign] = [await stage.person("示例随行", OPEN), await stage.subject(OPEN)];
    const near = (metres: number) => ({ type: "Point", coordinates: [106.62, 29.7 + metres / 110_850] });
    await stage.visit(subject, [other], "2027-05-01T10:00:00+08:00");
    await stage.visit(foreign, [person], "2027-05-01T10:00:00+08:00");
    await stage.visit(subject, [person], "2027-05-02T10:00:00+08:00", { presenceConfirmation: undefined });
    await stage.visit(subject, [person], "2027-05-03T10:00:00+08:00", { presenceConfirmation: undefined, checkInPoint: near(510) });
    expect(await monthly(person, "2027-05-01")).toMatchObject([{ visits: 0, status: "MISSED" }]);
    await stage.visit(subject, [person], "2027-05-04T10:00:00+08:00", { presenceConfirmation: undefined, checkInPoint: near(490) });
    expect(await monthly(person, "2027-05-01")).toMatchObject([{ visits: 1, status: "FULFILLED" }]);
    await stage.visit(subject, [person], "2027-05-05T10:00:00+08:00", { checkInPoint: near(900) });
    // A joint visit fulfils the duty of each of its participants.
    const sector = await stage.person("示例行业负责人", OPEN);
    await stage.appoint(subject, "SECTOR_LEADER", sector, OPEN);
    await stage.visit(subject, [person, sector], "2027-05-06T10:00:00+08:00", { nature: "JOINT" });
    expect(await monthly(person, "2027-05-01")).toMatchObject([{ visits: 3 }]);
    expect(await monthly(sector, "2027-05-01")).toMatchObject([{ visits: 1, status: "FULFILLED" }]);
  });

  test("is not fulfilled by a visit withdrawn; as then recorded it was", async () => {
    const { person, subject } = await leader("示例撤回");
    const id = await stage.visit(subject, [person], "2027-05-06T10:00:00+08:00");
    await stage.do("visit.withdraw", "2027-07-10T10:00:00+08:00", { reason: "经核实未到场" }, { on: { id, version: 1 } });
    expect(await monthly(person, "2027-05-01")).toMatchObject([{ visits: 0, status: "MISSED" }]);
    expect(await monthly(person, "2027-05-01", "2027-05-01", AFTER, "auditor", "2027-07-10T09:59:59+08:00")).toMatchObject([{ visits: 1, status: "FULFILLED" }]);
    expect(await monthly(person, "2027-05-01", "2027-05-01", AFTER, "auditor", "2027-05-06T12:00:00+08:00")).toMatchObject([{ visits: 0, status: "MISSED" }]);
  });

  test("is none of the enterprise person's, nor where a subject is not listed", async () => {
    const [principal, subject] = [await stage.person("示例企业责任人", OPEN, { kind: "ENTERPRISE" }), await stage.subject(OPEN)];
    await stage.appoint(subject, "ENTERPRISE_PRINCIPAL", principal, OPEN);
    expect(await monthly(principal, "2027-01-01", "2027-12-01")).toEqual([]);
    const [person, unlisted] = [await stage.person("示例未挂牌", OPEN), await stage.subject(OPEN, { keyControlled: false })];
    await stage.appoint(unlisted, "ADMIN_LEADER", person, OPEN);
    expect(await monthly(person, "2027-05-01")).toEqual([]);
    expect(await half(person)).toBeUndefined();
    // Listed from the first of June on.
    await stage.do("subject.update", "2027-06-01T09:00:00+08:00", { keyControlled: true }, { on: { id: unlisted, version: 2 } });
    expect((await monthly(person, "2027-05-01", "2027-07-01")).map(({ periodFrom, due }) => [periodFrom, due])).toEqual([["2027-06-01", true], ["2027-07-01", true]]);
  });
});

describe("the half-year coverage", () => {
  test("base 12, visited 11 distinct subjects: 91.67 per cent, and the twelfth is named", async () => {
    const person = await stage.person("示例覆盖", OPEN);
    const subjects: string[] = [];
    for (let index = 0; index < 12; index += 1) subjects.push(await stage.subject(OPEN));
    for (const subject of subjects) await stage.appoint(subject, "SECTOR_LEADER", person, OPEN);
    for (const [index, subject] of subjects.slice(0, 11).entries()) await stage.visit(subject, [person], `2027-0${1 + (index % 6)}-20T10:00:00+08:00`);
    await stage.visit(subjects[0]!, [person], "2027-06-30T23:59:59+08:00");
    await stage.visit(subjects[11]!, [person], "2027-07-01T00:00:00+08:00");
    expect(await half(person)).toEqual({ base: 12, visited: 11, notVisited: 1, exempted: 0, tooShort: 0, share: "91.67", status: "PARTIAL", exemption: null });
    expect(await half(person, "2027-07-07T23:59:59+08:00")).toMatchObject({ share: "91.67", status: "PENDING" });
    const missing = await stage.rows("halfYearCoverageSubjects", `from:"2027-01-01",to:"2027-01-01",person:"${person}",states:[NOT_VISITED]`, "state days subject{id}", AFTER);
    expect(missing).toEqual([{ state: "NOT_VISITED", days: 180, subject: { id: subjects[11] } }]);
    // The second half of the year stands on its own.
    const second = await stage.rows("halfYearCoverage", `from:"2027-07-01",to:"2027-12-31",person:"${person}"`, `periodFrom periodTo ${HALF}`, AFTER);
    expect(second).toEqual([{ periodFrom: "2027-07-01", periodTo: "2028-01-01", base: 12, visited: 1, notVisited: 11, exempted: 0, tooShort: 0, share: "8.33", status: "PENDING", exemption: null }]);
  });

  test("leaves out of its base what was listed for fewer than thirty days, and of nothing there is no rate", async () => {
    const thirty = await leader("示例三十天", "2027-06-01T12:00:00+08:00");
    const fewer = await leader("示例二十九天", "2027-06-02T12:00:00+08:00");
    expect(await half(thirty.person)).toMatchObject({ base: 1, visited: 0, share: "0.00", status: "MISSED" });
    expect(await half(fewer.person)).toEqual({ base: 0, visited: 0, notVisited: 0, exempted: 0, tooShort: 1, share: null, status: "NOT_DUE", exemption: null });
    expect(await states(fewer.person)).toEqual([{ state: "TOO_SHORT", exemption: null, days: 29, visits: 0, lateVisits: 0 }]);
  });

  test("leaves out the days on which all units of a subject stood still under confirmed stops", async () => {
    const { person, subject } = await leader("示例停产");
    const object = await stage.do("riskObject.register", OPEN, { subject, name: "示例车间", type: "PLACE" });
    const units = [await stage.do("riskUnit.register", OPEN, { object, name: "一号单元" }), await stage.do("riskUnit.register", OPEN, { object, name: "二号单元" })];
    const stop = async (unit: string, validTo: string) => {
      await stage.do("riskUnit.stop", "2027-01-10T09:00:00+08:00", { kind: "STOPPED", validTo, reason: "停产" }, { by: "integrator", on: { id: unit, version: 1 } });
      const [{ id }] = (await district.as("auditor").ask("query($u:ID!){riskUnit(id:$u){stopRecords(first:1){nodes{id}}}}", { u: unit })).riskUnit.stopRecords.nodes;
      return () => stage.do("riskUnit.confirmStop", "2027-01-10T10:00:00+08:00", { stopRecord: id }, { on: { id: unit, version: 1 } });
    };
    const confirm = [await stop(units[0]!, "2027-07-20T00:00:00+08:00"), await stop(units[1]!, "2027-06-10T00:00:00+08:00")];
    expect(await states(person)).toMatchObject([{ state: "NOT_VISITED", days: 180 }]);
    await confirm[0]!();
    // One unit still works.
    expect(await states(person)).toMatchObject([{ state: "NOT_VISITED", days: 180 }]);
    await confirm[1]!();
    // Eight days before the stops and twenty-one after the second.
    expect(await states(person)).toEqual([{ state: "EXEMPT", exemption: "SUBJECT_STOPPED", days: 29, visits: 0, lateVisits: 0 }]);
    expect(await half(person)).toEqual({ base: 0, visited: 0, notVisited: 0, exempted: 1, tooShort: 0, share: null, status: "EXEMPT", exemption: "SUBJECT_STOPPED" });
    expect((await monthly(person, "2027-01-01", "2027-06-01")).map(({ periodFrom, due, status, exemption }) => [periodFrom, due, status, exemption])).toEqual([
      ["2027-01-01", true, "MISSED", null], ["2027-02-01", false, "EXEMPT", "SUBJECT_STOPPED"], ["2027-03-01", false, "EXEMPT", "SUBJECT_STOPPED"], ["2027-04-01", false, "EXEMPT", "SUBJECT_STOPPED"], ["2027-05-01", false, "EXEMPT", "SUBJECT_STOPPED"], ["2027-06-01", true, "MISSED", null],
    ]);
    // A risk controlled outside of the units is proof of work.
    const responsible = await stage.person("示例车间主任", OPEN, { kind: "ENTERPRISE" });
    const risk = await stage.do("risk.identify", "2027-02-01T09:00:00+08:00", { subject, name: "厂内运输", accidentType: "P-VEHICLE-ON-SITE", responsiblePerson: responsible, measures: [{ kind: "MANAGEMENT", description: "限速" }] });
    await stage.do("risk.assess", "2027-02-01T10:00:00+08:00", { current: { method: "LEC", inputs: { l: 0.5, e: 6, c: 7 } }, reason: "初评" }, { on: { id: risk, version: 1 } });
    const [{ version }] = (await district.as("auditor").ask("query($r:ID!){risk(id:$r){version}}", { r: risk }).then(({ risk: found }) => [found])) as [{ version: number }];
    await stage.do("risk.approve", "2027-02-01T11:00:00+08:00", {}, { on: { id: risk, version } });
    expect(await states(person)).toMatchObject([{ state: "NOT_VISITED", days: 180 }]);
  });
});

describe("the reports", () => {
  test("do not judge a person by a part of what he answers for", async () => {
    const { person, subject } = await leader("示例两街");
    const yonder = await stage.subject(OPEN, { region: district.regions["yuanyang"] });
    await stage.appoint(yonder, "ADMIN_LEADER", person, OPEN);
    await stage.visit(yonder, [person], "2027-05-05T10:00:00+08:00");
    await stage.visit(subject, [person], "2027-04-05T10:00:00+08:00");
    expect((await monthly(person, "2027-04-01", "2027-05-01")).map(({ visits, status }) => [visits, status])).toEqual([[1, "FULFILLED"], [1, "FULFILLED"]]);
    expect((await monthly(person, "2027-04-01", "2027-05-01", AFTER, "street")).map(({ visits, missed, status }) => [visits, missed, status])).toEqual([[1, false, "FULFILLED"], [0, false, "BEYOND_SIGHT"]]);
    expect(await half(person)).toMatchObject({ base: 2, visited: 2, share: "100.00", status: "FULFILLED" });
    expect(await half(person, AFTER, "street")).toMatchObject({ base: 1, visited: 1, status: "BEYOND_SIGHT" });
    expect((await stage.rows("halfYearCoverageSubjects", `from:"2027-01-01",to:"2027-01-01",person:"${person}"`, "subject{id}", AFTER, "street"))).toEqual([{ subject: { id: subject } }]);
    // Asked for a town, they tell of who answers for something there, by all of it.
    const within = (code: string) => stage.rows("monthlyDuty", `from:"2027-05-01",to:"2027-05-01",person:"${person}",within:{code:{eq:"${code}"}}`, "visits status", AFTER);
    expect(await within("500112007000")).toEqual([{ visits: 1, status: "FULFILLED" }]);
    expect(await within("500112004000")).toEqual([{ visits: 1, status: "FULFILLED" }]);
    expect(await within("500107000000")).toEqual([]);
  });

  test("are told along the line of supervision and to auditors; to others there is nothing to see", async () => {
    const { person } = await leader("示例可见");
    for (const by of ["auditor", "office", "sector", "street"]) expect([by, (await monthly(person, "2027-05-01", "2027-05-01", AFTER, by)).length, (await half(person, AFTER, by))?.["base"]]).toEqual([by, 1, 1]);
    expect([await monthly(person, "2027-05-01", "2027-05-01", AFTER, "integrator"), await half(person, AFTER, "integrator")]).toEqual([[], undefined]);
    // Who does not see the person is told no more than of one who is not there.
    for (const by of ["enterprise", "stranger", "neighbour", "nobody", "system_admin"]) await expect(monthly(person, "2027-05-01", "2027-05-01", AFTER, by)).rejects.toThrow('"field":"person"');
  });

  test("tell of a status alone where asked for it, by period and name; a window too wide or upside down is refused", async () => {
    const all = await stage.rows("monthlyDuty", 'from:"2027-01-01",to:"2027-06-30"', MONTH, AFTER);
    expect(all.length).toBeGreaterThan(30);
    expect(await stage.rows("monthlyDuty", 'from:"2027-01-01",to:"2027-06-30",status:[MISSED,EXEMPT]', MONTH, AFTER)).toEqual(all.filter(({ status }) => status === "MISSED" || status === "EXEMPT"));
    expect(all.map(({ periodFrom }) => periodFrom)).toEqual(all.map(({ periodFrom }) => String(periodFrom)).toSorted());
    expect(await district.as("auditor").refused('{monthlyDuty(from:"2027-06-01",to:"2027-01-01"){due}}')).toMatchObject({ code: "INVALID_INPUT" });
    expect(await district.as("auditor").refused('{halfYearCoverage(from:"2020-06-01",to:"2027-01-01"){base}}')).toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});
