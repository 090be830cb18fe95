import type { Input } from "../platform/actions.js";
import type { Grant, Role } from "../platform/actor.js";
import { Fault } from "../platform/fault.js";
import { nextCode } from "../platform/write/code-number.js";
import { Computed, type TakenRow, type Unit } from "../platform/write/unit.js";
import { Subject } from "../subjects/subject.js";
import { Visit, visitNature, VisitParticipant, type VisitNature } from "./visit.js";

const REGULATORS: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE"];
const OFFICIAL = visitNature.values.filter((nature) => nature !== "SELF_CHECK");

/** What each role may record: grid workers, enterprises, third parties and experts carry out no inspection (domain G05, trap 9). */
const RECORDS: Readonly<Partial<Record<Role, readonly VisitNature[]>>> = {
  ...Object.fromEntries(REGULATORS.map((role) => [role, OFFICIAL])),
  GRID_WORKER: ["PATROL"],
  ENTERPRISE_REPORTER: ["SELF_CHECK"],
  ENTERPRISE_PRINCIPAL: ["SELF_CHECK"],
  THIRD_PARTY: ["THIRD_PARTY_SERVICE"],
  EXPERT: ["EXPERT_DIAGNOSIS"],
  INTEGRATION_CLIENT: visitNature.values,
};
export const RECORDERS = Object.keys(RECORDS) as Role[];

export const records = ({ role }: Pick<Grant, "role">, nature: unknown) => RECORDS[role]?.includes(nature as VisitNature) ?? false;

/** Records a visit where its subject lies; the database holds what makes an inspection one (INV-17). */
export async function record(unit: Unit, input: Input): Promise<string> {
  const nature = input["nature"] as VisitNature;
  const [startedAt, endedAt] = [input["startedAt"] as string, input["endedAt"] as string | null | undefined];
  for (const [field, at] of [["startedAt", startedAt], ["endedAt", endedAt]] as const) if (at && Date.parse(at) > Date.parse(unit.now)) throw new Fault("INVALID_INPUT", { field: `input.${field}`, rule: "not in the future" });
  if (endedAt && Date.parse(endedAt) <= Date.parse(startedAt)) throw new Fault("INVALID_INPUT", { field: "input.endedAt", rule: "after it started" });
  const subject = unit.cited(Subject, input["subject"]);
  const participants = [...new Set(input["participants"] as string[])];
  if (participants.length === 0) throw new Fault("INVALID_INPUT", { field: "input.participants", rule: "at least one" });
  const findings = (input["findings"] as string | null | undefined) || undefined;
  const uuid = await unit.register(Visit, {
    code: nextCode("JC", "visit_numbers", subject["key:region"] as string),
    subject: subject.uuid,
    region: subject["key:region"],
    sector: subject["sector"],
    nature,
    trigger: input["trigger"] ?? "PLAN",
    startedAt,
    endedAt,
    check_in_metres: input["checkInPoint"] ? new Computed("(select round(st_distance(location::geography, st_setsrid(st_geomfromgeojson(?), 4490)::geography))::integer from subjects where id = ?)", [JSON.stringify(input["checkInPoint"]), subject.uuid]) : undefined,
    presenceConfirmation: input["presenceConfirmation"] || undefined,
    organization: input["organization"],
    approvalNo: input["approvalNo"] || undefined,
    entryCode: input["entryCode"] || undefined,
    itemCodes: input["itemCodes"],
    emergency: input["emergency"] ?? false,
    findings,
    noFinding: findings === undefined,
    source_system: input["externalSystem"],
    external_id: input["externalId"],
  });
  for (const person of participants) await unit.add(VisitParticipant, { visit: uuid, person });
  return uuid;
}

export const withdraw = (unit: Unit, input: Input, row: TakenRow) => unit.move(Visit, row, { withdrawnAt: unit.now, withdrawn_by: unit.actor.id, withdrawReason: input["reason"] });
