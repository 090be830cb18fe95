import { addAssessment, type Assessed } from "../assessment/assessment.service.js";
import { storedOnes } from "../attachments/attachment.service.js";
import type { Input } from "../platform/actions.js";
import { Fault } from "../platform/fault.js";
import { nextCode } from "../platform/write/code-number.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { ReviewDecision } from "../review-rounds/review-round.js";
import { Subject } from "../subjects/subject.js";
import { putMeasure } from "../control-measures/control-measure.service.js";
import { RiskUnit } from "../risk-objects/risk-object.js";
import { leadDecides, requireLead } from "./lead.js";
import { Risk, RiskEvidence, RiskLevelChange } from "./risk.js";

/** Months until the next review, by level: monthly, quarterly, half-yearly, yearly (TR-19, a decision of ours). */
const REVIEW_MONTHS: Readonly<Record<string, number>> = { MAJOR: 1, CONSIDERABLE: 3, MODERATE: 6, LOW: 12 };
const RANK = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"];

/** Identifies a risk at a subject; place, sector and position are the subject's unless given. */
export async function identify(unit: Unit, input: Input): Promise<string> {
  const subject = unit.cited(Subject, input["subject"]);
  const riskUnit = input["unit"] ? unit.cited(RiskUnit, input["unit"]) : undefined;
  if (riskUnit && riskUnit["key:subject"] !== subject.uuid) throw new Fault("INVALID_INPUT", { field: "input.unit", rule: "a unit of the subject" });
  const region = (input["region"] ?? subject["key:region"]) as string;
  const uuid = await unit.register(Risk, {
    code: nextCode("R", "risk_numbers", region),
    name: input["name"],
    domain: input["domain"] ?? "WORK_SAFETY",
    subject: subject.uuid,
    unit: riskUnit?.uuid,
    region,
    sector: input["sector"] ?? subject["sector"],
    hazardFactor: input["hazardFactor"],
    accidentType: input["accidentType"],
    accidentTypeEdition: input["accidentTypeEdition"],
    disasterType: input["disasterType"],
    consequence: input["consequence"],
    originClass: input["originClass"],
    keyAttention: input["keyAttention"] ?? false,
    keyAttentionReason: input["keyAttentionReason"],
    causedBy: input["causedBy"],
    responsiblePerson: input["responsiblePerson"],
    emergencyPlanRef: input["emergencyPlanRef"],
    location: input["location"] ?? subject["location"],
    extent: input["extent"],
    source_system: input["externalSystem"],
    external_id: input["externalId"],
  });
  for (const [index, measure] of ((input["measures"] as Input[] | null | undefined) ?? []).entries()) await putMeasure(unit, uuid, measure, `input.measures.${index}`);
  return uuid;
}

/** Assesses inherent (where given) and current risk; the level is what the inputs say. */
export async function assess(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const inherent = input["inherent"] ? await addAssessment(unit, row.uuid, input["inherent"] as Input, "INHERENT") : undefined;
  const current = await addAssessment(unit, row.uuid, input["current"] as Input, "CURRENT");
  if (inherent && RANK.indexOf(inherent.level) > RANK.indexOf(current.level)) throw new Fault("RULE_VIOLATED", { rule: "inherent_not_below_current", inherent: inherent.level, current: current.level });
  return setLevel(unit, row, current, inherent?.level, String(input["reason"] ?? "评估 / assessment"));
}

/** What a change of level rests on once the risk has been in force. */
interface Leave {
  trigger: unknown;
  decision?: TakenRow;
}

async function setLevel(unit: Unit, row: TakenRow, { id, level }: Assessed, inherent: string | undefined, reason: string, leave?: Leave): Promise<string> {
  const before = row["currentLevel"] as string | null;
  if (before !== level) await unit.add(RiskLevelChange, { risk: row.uuid, fromLevel: before, toLevel: level, changedAt: unit.now, reason, trigger: leave?.trigger, approved_by: unit.actor.id, approvedBy: unit.actor.personId, round_id: leave?.decision?.["key:round"], decision_id: leave?.decision?.uuid });
  return unit.move(Risk, row, { reassessTrigger: null, currentLevel: level, currentAssessment: id, inherentLevel: inherent ?? row["inherentLevel"] ?? level });
}

/** Approves into force. What the invariants demand of a risk in force, experts on a major one among it, the database checks when the unit ends. */
export async function approve(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  if (leadDecides(row["currentLevel"])) await requireLead(unit, row);
  const changes: Record<string, unknown> = { nextReviewDue: dueAfter(unit.today, String(row["currentLevel"])) };
  if (input["responsiblePerson"]) changes["responsiblePerson"] = input["responsiblePerson"];
  if (input["emergencyPlanRef"]) changes["emergencyPlanRef"] = input["emergencyPlanRef"];
  return unit.move(Risk, row, changes);
}

export const sendBack = (unit: Unit, _input: Input, row: TakenRow) => unit.move(Risk, row);
export const startReview = (unit: Unit, input: Input, row: TakenRow) => unit.move(Risk, row, { reassessTrigger: input["trigger"] });

/** Concludes a review by a new assessment. What may be lowered on which decision the database checks when the unit ends (INV-07). */
export async function concludeReview(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const assessed = await addAssessment(unit, row.uuid, input["current"] as Input, "CURRENT");
  const { level } = assessed;
  // Raising is immediate: whoever may conclude at the level that stands may raise it.
  if (leadDecides(row["currentLevel"])) await requireLead(unit, row);
  const decision = input["decision"] ? unit.cited(ReviewDecision, input["decision"]) : undefined;
  if (decision && level === row["currentLevel"]) throw new Fault("INVALID_INPUT", { field: "input.decision", rule: "named only where the level changes", level });
  await setLevel(unit, row, assessed, undefined, String(input["reason"]), { trigger: row["reassessTrigger"] ?? "PERIODIC", decision });
  await unit.query("update risks set next_review_due = $2 where id = $1", [row.uuid, dueAfter(unit.today, level)]);
  return row.uuid;
}

/** Retires. Of the two highest levels on a round's decision and with evidence, which the database demands when the unit ends. */
export async function retire(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await requireLead(unit, row);
  for (const attachment of storedOnes(unit, input["evidence"])) await unit.add(RiskEvidence, { risk: row.uuid, attachment: attachment.uuid });
  const decision = input["decision"] ? unit.cited(ReviewDecision, input["decision"]) : undefined;
  return unit.move(Risk, row, { retire_reason: input["reason"], retire_decision_id: decision?.uuid });
}

function dueAfter(day: string, level: string): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  const target = new Date(Date.UTC(year, month - 1 + (REVIEW_MONTHS[level] ?? 12), 1));
  const last = new Date(Date.UTC(target.getUTCFullYear(), target.getUTCMonth() + 1, 0)).getUTCDate();
  target.setUTCDate(Math.min(date, last));
  return target.toISOString().slice(0, 10);
}
