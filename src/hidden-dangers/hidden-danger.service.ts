import { storedOnes } from "../attachments/attachment.service.js";
import type { Input } from "../platform/actions.js";
import { Fault } from "../platform/fault.js";
import { nextCode } from "../platform/write/code-number.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { Risk } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";
import { AcceptanceRecord, HazardAssignment, HiddenDanger, HiddenDangerEvidence, RectificationPlan } from "./hidden-danger.js";

const OFFICIAL = new Set(["OFFICIAL_INSPECTION", "TOWN_SPOT_CHECK", "GRID_PATROL", "UPPER_ASSIGNED"]);

const textOf = (input: Input, name: string) => input[name] as string | null | undefined;

/** Registers or reports; place, sector and position are the subject's unless given. */
export async function register(unit: Unit, input: Input): Promise<string> {
  const subject = input["subject"] ? unit.cited(Subject, input["subject"]) : undefined;
  const risk = input["risk"] ? unit.cited(Risk, input["risk"]) : undefined;
  if (risk && subject && risk["key:subject"] !== subject.uuid) throw new Fault("INVALID_INPUT", { field: "input.risk", rule: "a risk of the subject" });
  const region = textOf(input, "region") ?? (subject?.["key:region"] as string | undefined);
  if (!region) throw new Fault("INVALID_INPUT", { field: "input.region", rule: "a region or a subject" });
  const discoveredAt = textOf(input, "discoveredAt") ?? unit.now;
  if (Date.parse(discoveredAt) > Date.parse(unit.now)) throw new Fault("INVALID_INPUT", { field: "input.discoveredAt", rule: "not in the future" });
  const selfCheck = input["discoverySource"] === "SELF_CHECK";
  const uuid = await unit.register(HiddenDanger, {
    code: nextCode("YH", "hidden_danger_numbers", region),
    title: input["title"],
    description: input["description"],
    kind: input["kind"] ?? "PHYSICAL",
    grade: input["grade"],
    criterionClause: input["criterionClause"],
    expertJudgement: input["expertJudgement"],
    manageType: input["manageType"] ?? (input["grade"] ? "DEADLINE" : undefined),
    discoverySource: input["discoverySource"],
    category: input["category"] ?? [],
    cause: input["cause"],
    discoveredAt,
    selfReportedAt: selfCheck ? unit.now : undefined,
    discoveredBy: input["discoveredBy"] ?? unit.actor.personId ?? undefined,
    subject: subject?.uuid,
    risk: risk?.uuid,
    measure: input["measure"],
    region,
    sector: textOf(input, "sector") ?? (subject?.["sector"] as string | undefined),
    location: input["location"] ?? subject?.["location"],
    source_system: input["externalSystem"],
    external_id: input["externalId"],
  });
  await addEvidence(unit, uuid, input["evidence"], "BEFORE");
  return uuid;
}

export const verify = (unit: Unit, input: Input, row: TakenRow) =>
  unit.move(HiddenDanger, row, { grade: input["grade"], criterionClause: input["criterionClause"], expertJudgement: input["expertJudgement"], manageType: input["manageType"] ?? "DEADLINE" });

export const reject = (unit: Unit, input: Input, row: TakenRow) => unit.move(HiddenDanger, row, { closing_reason: input["reason"] });

export async function fixOnSpot(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await addEvidence(unit, row.uuid, input["evidence"], "AFTER");
  return unit.move(HiddenDanger, row, { rectifiedAt: unit.now, acceptedAt: unit.now, closedAt: unit.now, rectified_by: unit.actor.id, writeOffNo: writeOffNumber(row) });
}

/** Issues the slip to the unit that rectifies and, where named or officially found, to the department that oversees. */
export async function assign(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const deadline = input["deadline"] as string;
  if (deadline < unit.today) throw new Fault("INVALID_INPUT", { field: "input.deadline", rule: "today or later" });
  const official = OFFICIAL.has(String(row["discoverySource"]));
  if (official && row["grade"] === "MAJOR" && !input["overseeOrganization"]) throw new Fault("RULE_VIOLATED", { rule: "double_assignment", field: "input.overseeOrganization" });
  const subject = row["key:subject"] ? await unit.see(Subject, row["key:subject"] as string) : undefined;
  const slip = { hiddenDanger: row.uuid, issuedAt: unit.now, dueAt: deadline };
  await unit.add(HazardAssignment, { ...slip, leg: "RECTIFY", toEnterprise: subject?.["key:enterprise"], toPerson: input["responsiblePerson"] });
  if (input["overseeOrganization"]) await unit.add(HazardAssignment, { ...slip, leg: "OVERSEE", toOrganization: input["overseeOrganization"] });
  await addPlan(unit, row.uuid, input["plan"]);
  return unit.move(HiddenDanger, row, { originalDeadline: deadline, effectiveDeadline: deadline });
}

export async function acceptTask(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await addPlan(unit, row.uuid, input["plan"]);
  await unit.query("update hazard_assignments set received_at = $2 where hidden_danger_id = $1 and leg = 'RECTIFY' and received_at is null", [row.uuid, unit.now]);
  return unit.move(HiddenDanger, row);
}

export async function reportRectified(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await addEvidence(unit, row.uuid, input["evidence"], "AFTER");
  return unit.move(HiddenDanger, row, { rectifiedAt: unit.now, rectified_by: unit.actor.id });
}

export async function failAcceptance(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await unit.add(AcceptanceRecord, { hiddenDanger: row.uuid, acceptedAt: unit.now, result: "FAIL", comment: input["reason"], acceptor: unit.actor.personId, accepted_by: unit.actor.id });
  return unit.move(HiddenDanger, row, { rectifiedAt: null });
}

export async function accept(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const [rectifier] = await unit.query<{ rectified_by: string | null }>("select rectified_by from hidden_dangers where id = $1", [row.uuid]);
  if (rectifier?.rectified_by === unit.actor.id) throw new Fault("RULE_VIOLATED", { rule: "inv_11_acceptor_is_not_rectifier" });
  await unit.add(AcceptanceRecord, { hiddenDanger: row.uuid, acceptedAt: unit.now, result: "PASS", comment: input["comment"], acceptor: unit.actor.personId, accepted_by: unit.actor.id });
  await unit.query("update hazard_assignments set closed_at = $2, result = 'PASS' where hidden_danger_id = $1 and leg = 'RECTIFY' and closed_at is null", [row.uuid, unit.now]);
  return unit.move(HiddenDanger, row, { acceptedAt: unit.now });
}

/** Writes off; the overseeing department's slip is closed by the same act, for it is the department that writes off. */
export async function writeOff(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await unit.query("update hazard_assignments set closed_at = $2, result = coalesce($3, 'WRITTEN_OFF') where hidden_danger_id = $1 and leg = 'OVERSEE' and closed_at is null", [row.uuid, unit.now, input["comment"] ?? null]);
  return unit.move(HiddenDanger, row, { closedAt: unit.now, writeOffNo: writeOffNumber(row) });
}

export async function raiseGrade(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await addPlan(unit, row.uuid, input["plan"]);
  return unit.move(HiddenDanger, row, { grade: "MAJOR", criterionClause: input["criterionClause"], expertJudgement: input["expertJudgement"] });
}

/** Corrects the description; no category is an empty list. */
export const update = (unit: Unit, input: Input, row: TakenRow) => unit.change(HiddenDanger, row, "category" in input ? { ...input, category: input["category"] ?? [] } : input);

export const voidRecord = (unit: Unit, input: Input, row: TakenRow) =>
  unit.move(HiddenDanger, row, { voided_at: unit.now, voided_by: unit.actor.id, void_reason: input["reason"] });

const writeOffNumber = (row: TakenRow) => nextCode("XH", "write_off_numbers", row["key:region"] as string);

async function addPlan(unit: Unit, hiddenDanger: string, plan: unknown): Promise<void> {
  if (!plan) return;
  await unit.add(RectificationPlan, { hiddenDanger, ...(plan as Input), approvedAt: unit.now });
}

/** Links stored attachments as evidence; their own time tells what they can prove. */
async function addEvidence(unit: Unit, hiddenDanger: string, attachments: unknown, phase: "BEFORE" | "AFTER"): Promise<void> {
  for (const attachment of storedOnes(unit, attachments)) await unit.add(HiddenDangerEvidence, { hiddenDanger, attachment: attachment.uuid, phase, takenAt: attachment["takenAt"] ?? attachment["createdAt"] });
}
