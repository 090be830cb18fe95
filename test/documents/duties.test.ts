import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "@jest/globals";
import { Dice } from "../../seeds/demo/story.js";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { dutyOracle, type DutyOracle } from "../support/duty-oracle.js";
import { DutyStage } from "../support/duty-stage.js";

const district = useDistrict();
const stage = new DutyStage(district);
const dice = new Dice(20_270_101);
const DUTIES = readFileSync("schema/documents/U-01.graphql", "utf8");
const BEFORE = readFileSync("schema/documents/U-04.graphql", "utf8");
const MONTHS = Array.from({ length: 6 }, (_, index) => `2027-0${index + 1}-01`);
const HALF = "2027-01-01";
const NATURES = ["GUIDANCE", "GUIDANCE", "SPOT_CHECK", "JOINT", "UNANNOUNCED", "PATROL", "THIRD_PARTY_SERVICE"];
const query = async (text: string, values: unknown[] = []) => (await district.database.engine.pool.query(text, values)).rows as Record<string, unknown>[];
const uuid = (id: string) => id.split("_")[1]!;
const moment = (day: number) => new Date(Date.parse("2027-01-01T00:00:00+08:00") + day * 86_400_000 + dice.int(0, 86_399) * 1_000).toISOString();
/** All one sees of a leader's half-year is told, whichever way its statuses fell. */
const met = new Set<string>();

/** Ten subjects, six leaders: terms that begin, end and pass on at any time; visits that count and others; subjects laid aside and no longer listed. */
beforeAll(async () => {
  await stage.prepare();
  const opened = "2026-12-30T09:00:00+08:00";
  const people: string[] = [];
  for (const name of ["示例一", "示例二", "示例三", "示例四", "示例五", "示例六", "示例七"]) people.push(await stage.person(name, opened));
  const subjects: string[] = [];
  for (let index = 0; index < 10; index += 1) subjects.push(await stage.subject(opened, { region: district.regions[index % 2 ? "yuanyang" : "village"] }));
  for (const subject of subjects)
    for (const [slot, some] of [["ADMIN_LEADER", people.slice(0, 3)], ["SECTOR_LEADER", people.slice(3, 6)]] as const) {
      const from = dice.chance(0.6) ? opened : moment(dice.int(0, 175));
      const first = await stage.appoint(subject, slot, dice.pick(some), from, opened);
      const passes = moment(dice.int(0, 178));
      if (dice.chance(0.5) && passes > new Date(Date.parse(from)).toISOString()) await stage.do("regulatorAssignment.handOver", passes, { successor: dice.pick(some), appointmentDoc: "示例任〔2027〕9号" }, { on: { id: first, version: 1 } });
    }
  // One leader with a single subject that stands still from February to June, and one of nothing listed.
  const [resting, unlisted] = [await stage.subject(opened), await stage.subject(opened)];
  await stage.appoint(resting, "ADMIN_LEADER", people[6]!, opened);
  const write = (text: string, day: number) => inUnit(district.database.engine, (client) => client.query(text, []), { clock: moment(day) });
  await write(`update subjects set status = 'SUSPENDED' where id = '${uuid(resting)}'`, 15);
  await write(`update subjects set status = 'ACTIVE' where id = '${uuid(resting)}'`, 170);
  await write(`update subjects set key_controlled = false where id = '${uuid(subjects[0]!)}'`, 60);
  await write(`update subjects set status = 'CLOSED' where id = '${uuid(subjects[1]!)}'`, 100);
  await write(`update subjects set status = 'SUSPENDED' where id = '${uuid(subjects[2]!)}'`, 40);
  await stage.appoint(unlisted, "SECTOR_LEADER", people[5]!, moment(165));
  for (let index = 0; index < 120; index += 1) {
    const startedAt = moment(dice.int(0, 182));
    const after = dice.pick([3_600_000, 36_000_000, 20 * 86_400_000, 60 * 86_400_000]);
    const who = [...new Set([dice.pick(people), dice.pick(people), dice.pick(people)])];
    const id = await stage.visit(dice.pick([...subjects, resting]), who, startedAt, {
      nature: dice.pick(NATURES), recorded: new Date(Date.parse(startedAt) + after).toISOString(), presenceConfirmation: dice.chance(0.7) ? "工作照" : undefined, findings: dice.chance(0.4) ? "示例问题" : undefined,
      checkInPoint: dice.chance(0.6) ? { type: "Point", coordinates: [106.62, 29.7 + dice.int(0, 80) / 10_000] } : undefined,
    });
    if (dice.chance(0.1)) await stage.do("visit.withdraw", new Date(Date.parse(startedAt) + 70 * 86_400_000).toISOString(), { reason: "误登" }, { on: { id, version: 1 } });
  }
}, 240_000);

interface Told {
  monthlyDuty: Record<string, unknown>[];
  halfYearCoverage: Record<string, unknown>[];
  halfYearCoverageSubjects: Record<string, unknown>[];
}

const ask = async (at: string): Promise<Told> => district.as("auditor").ask(DUTIES.replace("$lastDay: Date!)", `$lastDay: Date!) @asOf(effective: "${at}")`), { firstDay: "2027-01-01", lastDay: "2027-06-30" });
const person = (row: Record<string, unknown>) => (row["person"] as { name: string }).name;

test.each(["2027-03-05T12:00:00+08:00", "2027-06-30T23:00:00+08:00", "2027-07-05T12:00:00+08:00", "2027-09-30T12:00:00+08:00"])("U-01 at %s is what the tables say, day by day", async (at) => {
  const oracle: DutyOracle = await dutyOracle(district.database.engine, MONTHS, [HALF], at);
  const told = await ask(at);
  const missed = oracle.monthly.filter(({ status }) => ["MISSED", "EXEMPT"].includes(status));
  expect(told.monthlyDuty.map((row) => ({ person: person(row), periodFrom: row["periodFrom"], due: row["due"], visits: row["visits"], lateVisits: row["lateVisits"], status: row["status"] }))).toEqual(missed);
  for (const row of told.monthlyDuty) expect([row["missed"], row["done"], row["exemption"]]).toEqual([row["status"] === "MISSED", false, row["status"] === "EXEMPT" ? "SUBJECT_STOPPED" : null]);
  const incomplete = oracle.coverage.filter(({ status }) => ["PARTIAL", "MISSED", "EXEMPT"].includes(status));
  expect(told.halfYearCoverage.map((row) => ({ person: person(row), periodFrom: row["periodFrom"], base: row["base"], visited: row["visited"], exempted: row["exempted"], tooShort: row["tooShort"], share: row["share"], status: row["status"] }))).toEqual(incomplete);
  for (const row of told.halfYearCoverage) expect(row["notVisited"]).toBe(Number(row["base"]) - Number(row["visited"]));
  expect(
    told.halfYearCoverageSubjects.map((row) => ({ person: person(row), periodFrom: row["periodFrom"], subject: (row["subject"] as { code: string }).code, state: row["state"], days: row["days"], visits: row["visits"], lateVisits: row["lateVisits"], lastVisitAt: row["lastVisitAt"] === null ? null : Date.parse(String(row["lastVisitAt"])) })),
  ).toEqual(oracle.subjects);
  // Whole reports, whatever their status, agree as well.
  const all = await stage.rows("monthlyDuty", 'from:"2027-01-01",to:"2027-06-30"', "periodFrom due visits lateVisits status person{name}", at);
  expect(all.map(({ person: who, ...row }) => ({ ...row, person: (who as { name: string }).name }))).toEqual(oracle.monthly);
  const coverage = await stage.rows("halfYearCoverage", 'from:"2027-01-01",to:"2027-06-30"', "status person{name}", at);
  expect(coverage.map((row) => [person(row), row["status"]])).toEqual(oracle.coverage.map(({ person: who, status }) => [who, status]));
  for (const { status } of oracle.monthly) met.add(status);
  for (const { status } of oracle.coverage) met.add(`half ${status}`);
  for (const { state, lateVisits } of oracle.subjects) met.add(state).add(lateVisits > 0 ? "late" : "none late");
});

test("every way a duty can stand was met", () => {
  expect(["EXEMPT", "FULFILLED", "MISSED", "NOT_DUE", "NOT_VISITED", "PENDING", "TOO_SHORT", "VISITED", "half EXEMPT", "half MISSED", "half PARTIAL", "half PENDING", "late"].filter((one) => !met.has(one))).toEqual([]);
});

test("U-04 tells who answered for a subject at a moment, who had been there before it, and what was or was not found", async () => {
  const [since, at] = ["2027-01-15T00:00:00+08:00", "2027-05-12T09:00:00+08:00"];
  let seen = 0;
  for (const row of await query("select id, code from subjects where name like '挂牌%' order by code")) {
    const [told] = (await district.as("auditor").ask(BEFORE, { code: row["code"], since, at })).regulatedSubjects.nodes;
    const holders = await query("select s.code, p.name from regulator_assignments a join responsibility_slots s on s.id = a.slot_id join people p on p.id = a.person_id where a.subject_id = $1 and a.valid_from <= $2 and (a.valid_to is null or a.valid_to > $2) order by s.code", [row["id"], at]);
    expect(told.assignments.nodes.map(({ slot, person: who }: { slot: { code: string }; person: { name: string } }) => ({ code: slot.code, name: who.name })).toSorted((one: { code: string }, other: { code: string }) => (one.code < other.code ? -1 : 1))).toEqual(holders);
    const visits = await query("select v.code, v.no_finding, v.findings, array(select p.name from visit_participants i join people p on p.id = i.person_id where i.visit_id = v.id order by p.name) as who from visits v where v.subject_id = $1 and v.status = 'RECORDED' and v.started_at >= $2 and v.started_at < $3 order by v.started_at desc, v.id desc", [row["id"], since, at]);
    expect(told.visits.nodes.map((visit: { code: string; noFinding: boolean; findings: string | null; participants: { nodes: { person: { name: string } }[] } }) => ({ code: visit.code, no_finding: visit.noFinding, findings: visit.findings, who: visit.participants.nodes.map(({ person: who }) => who.name).toSorted() }))).toEqual(visits.map((visit) => ({ ...visit, who: (visit["who"] as string[]).toSorted() })));
    seen += visits.length;
  }
  expect(seen).toBeGreaterThan(15);
});
