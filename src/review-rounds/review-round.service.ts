import { storedOnes } from "../attachments/attachment.service.js";
import { Person } from "../people/person.js";
import type { Input } from "../platform/actions.js";
import type { Grant, Role } from "../platform/actor.js";
import { Fault } from "../platform/fault.js";
import { nextCode } from "../platform/write/code-number.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { Risk } from "../risks/risk.js";
import { ReviewBasis, ReviewDecision, ReviewDocument, ReviewParticipant, ReviewRound } from "./review-round.js";

/** Who convenes: the towns, the sectors' departments and the office of the committee (domain 3.8). */
export const CONVENORS: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE"];
export const OWN_SECTOR = "a department convenes rounds of its own sector only";

/** Whether a grant convenes for a sector, null being all of them: a sector's department only for its own. */
export const convenesFor = ({ role, sectors }: Grant, sector: unknown) => CONVENORS.includes(role) && (!sectors || (typeof sector === "string" && sectors.includes(sector)));

/** Months of a regular round's period; its end follows from its beginning. */
const MONTHS: Readonly<Record<string, number>> = { MONTHLY_IDENTIFICATION: 1, QUARTERLY_CONSULTATION: 3 };

function endOf(kind: string, from: string, given: unknown): string {
  const months = MONTHS[kind];
  if (months === undefined) {
    if (!given) throw new Fault("INVALID_INPUT", { field: "input.periodTo", rule: "required for a round that is not regular" });
    return given as string;
  }
  const [year, month] = from.split("-").map(Number) as [number, number];
  const end = new Date(Date.UTC(year, month - 1 + months, 1)).toISOString().slice(0, 10);
  if (given && given !== end) throw new Fault("INVALID_INPUT", { field: "input.periodTo", rule: `the end of the period that begins on ${from}, ${end}` });
  return end;
}

export async function plan(unit: Unit, input: Input): Promise<string> {
  const kind = input["kind"] as string;
  const uuid = await unit.register(ReviewRound, {
    code: nextCode("YP", "review_round_numbers", input["region"] as string),
    region: input["region"],
    kind,
    title: input["title"],
    domain: input["domain"] ?? "WORK_SAFETY",
    sector: input["sector"],
    periodFrom: input["periodFrom"],
    periodTo: endOf(kind, input["periodFrom"] as string, input["periodTo"]),
    occasion: input["occasion"],
    plannedFor: input["plannedFor"],
  });
  await cite(unit, uuid, input["monthlyRounds"]);
  return uuid;
}

/** Adds who takes part; a person named again has what was said of them completed. */
export async function addParticipant(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const { person } = input;
  const [known] = person ? await unit.query<{ seat: string }>("select id as seat from review_round_participants where round_id = $2 and person_id = $1", [person, row.uuid]) : [];
  if (input["role"] === "EXPERT" && (!person || unit.cited(Person, person)["kind"] !== "EXPERT" || !input["speciality"])) throw new Fault("INVALID_INPUT", { field: "input.person", rule: "an expert is a person of kind EXPERT, with speciality" });
  const values = { role: input["role"], organization: input["organization"], speciality: input["speciality"], opinion: input["opinion"] };
  if (known) await unit.change(ReviewParticipant, await unit.take(ReviewParticipant, known.seat), values);
  else await unit.add(ReviewParticipant, { round: row.uuid, person, ...values });
  return row.uuid;
}

export async function hold(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const heldAt = (input["heldAt"] as string | undefined) ?? unit.now;
  if (Date.parse(heldAt) > Date.parse(unit.now)) throw new Fault("INVALID_INPUT", { field: "input.heldAt", rule: "not in the future" });
  return unit.move(ReviewRound, row, { heldAt, venue: input["venue"] });
}

/** Decides on a risk as it stands; the level it begins at is the register's, not the caller's. */
export async function decide(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const risk = unit.cited(Risk, input["risk"]);
  const { decision } = input;
  const fromLevel = risk["currentLevel"];
  const named = input["toLevel"] ?? null;
  const moves = ["RAISE", "LOWER", "ELEVATE"].includes(String(decision));
  if (moves ? named === null || named === fromLevel : named !== null) throw new Fault("INVALID_INPUT", { field: "input.toLevel", rule: "a level other than the present one to raise, lower or elevate, and none to keep or retire" });
  const values = { decision, fromLevel, toLevel: decision === "KEEP" ? fromLevel : named, reason: input["reason"] };
  const [known] = await unit.query<{ id: string }>("select id from review_round_decisions where round_id = $1 and risk_id = $2", [row.uuid, risk.uuid]);
  if (known) await unit.change(ReviewDecision, await unit.take(ReviewDecision, known.id), values);
  else await unit.add(ReviewDecision, { round: row.uuid, risk: risk.uuid, ...values });
  return row.uuid;
}

/** Draws the conclusion. Whether enough took part, and what a consultation cites, the database checks when the unit ends. */
export async function conclude(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await cite(unit, row.uuid, input["monthlyRounds"]);
  await attach(unit, row.uuid, input["documents"]);
  return unit.move(ReviewRound, row, { conclusion: input["conclusion"], concludedAt: unit.now });
}

export async function publish(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await attach(unit, row.uuid, input["documents"]);
  return unit.move(ReviewRound, row, { publishedAt: unit.now, publicationRef: input["publicationRef"] });
}

export const cancel = (unit: Unit, input: Input, row: TakenRow) => unit.move(ReviewRound, row, { cancelReason: input["reason"] });

async function cite(unit: Unit, round: string, monthly: unknown): Promise<void> {
  for (const uuid of (monthly as string[] | undefined) ?? []) await unit.add(ReviewBasis, { round, monthlyRound: uuid });
}

async function attach(unit: Unit, round: string, attachments: unknown): Promise<void> {
  for (const attachment of storedOnes(unit, attachments)) await unit.add(ReviewDocument, { round, attachment: attachment.uuid });
}
