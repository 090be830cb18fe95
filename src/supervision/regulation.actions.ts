import { namedBody } from "../organizations/named-body.js";
import { supervisionLevel } from "../organizations/organization.js";
import { namedPerson, officialsAbove } from "../people/named-person.js";
import { actions, type Input } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { Fault } from "../platform/fault.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { Subject } from "../subjects/subject.js";
import { RegulationRelation, regulationRole, RegulatorAssignment, ResponsibilitySlot } from "./regulation.js";

const BY: readonly Role[] = ["TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE", "SEED"];

/** Sets who regulates; a new lead ends the one before at the same instant, so that there is neither gap nor overlap. */
async function setRelation(unit: Unit, input: Input): Promise<string> {
  const subject = await unit.take(Subject, input["subject"] as string);
  const from = (input["validFrom"] as string | undefined) ?? unit.now;
  if (input["role"] === "LEAD") {
    await checkSizeRule(unit, subject, input);
    await unit.query("update regulation_relations set valid_to = $2 where subject_id = $1 and role = 'LEAD' and valid_from < $2 and (valid_to is null or valid_to > $2)", [subject.uuid, from]);
  }
  return unit.add(RegulationRelation, {
    subject: subject.uuid,
    organization: input["organization"],
    role: input["role"],
    level: input["level"],
    basis: input["basis"],
    overrideReason: input["overrideReason"],
    validFrom: from,
  });
}

/** INV-02: above designated size the sector department leads, below it the town; anything else gives its reason. */
async function checkSizeRule(unit: Unit, subject: TakenRow, input: Input): Promise<void> {
  const enterprise = subject["key:enterprise"];
  if (!enterprise || input["overrideReason"]) return;
  const [row] = await unit.query<{ size_class: string | null; kind: string }>("select e.size_class, o.kind from enterprises e, organizations o where e.id = $1 and o.id = $2", [enterprise, input["organization"]]);
  if (!row?.size_class) return;
  const expected = row.size_class === "ABOVE_DESIGNATED" ? "GOV_DEPT" : "TOWN_GOV";
  if (row.kind !== expected) throw new Fault("RULE_VIOLATED", { rule: "inv_02_lead_by_size", sizeClass: row.size_class, expected, field: "input.overrideReason" });
}

async function appoint(unit: Unit, input: Input): Promise<string> {
  const subject = unit.cited(Subject, input["subject"]);
  const slot = unit.cited(ResponsibilitySlot, input["slot"]);
  return unit.add(RegulatorAssignment, {
    subject: subject.uuid,
    scheme_id: slot["key:scheme"],
    slot: slot.uuid,
    person: input["person"],
    validFrom: input["validFrom"] ?? unit.now,
    appointmentDoc: input["appointmentDoc"],
    published: input["published"] ?? false,
  });
}

/** One atomic handover: the old term ends at the instant the new one begins (INV-03). */
async function handOver(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const at = (input["at"] as string | undefined) ?? unit.now;
  if (Date.parse(at) <= Date.parse(String(row["validFrom"]))) throw new Fault("INVALID_INPUT", { field: "input.at", rule: "after the term began" });
  const slot = await unit.see(ResponsibilitySlot, row["key:slot"] as string);
  await unit.change(RegulatorAssignment, row, { validTo: at, status: "ENDED" });
  return unit.add(RegulatorAssignment, {
    subject: row["key:subject"],
    scheme_id: slot["key:scheme"],
    slot: slot.uuid,
    person: input["successor"],
    validFrom: at,
    appointmentDoc: input["appointmentDoc"],
    status: "ACTIVE",
  });
}

/** 监管关系与实名责任人. */
actions({
  "regulationRelation.set": {
    zh: "确定监管关系", en: "set a regulation relation", on: RegulationRelation, creates: true, by: BY,
    input: {
      subject: given.id(() => Subject, "监管对象", "subject", { required: true }),
      organization: namedBody("监管单位", "regulator", { required: true }),
      role: given.oneOf(regulationRole, "角色", "role", { required: true }),
      level: given.oneOf(supervisionLevel, "监管层级", "level of supervision"),
      basis: given.text("依据", "basis", { max: 500 }),
      overrideReason: given.text("突破规模规则的理由", "reason for departing from the size rule", { max: 500 }),
      validFrom: given.dateTime("起,缺省为现在", "from; now unless given"),
    },
    work: setRelation,
  },
  "regulatorAssignment.appoint": {
    zh: "任命责任人", en: "appoint a responsible person", on: RegulatorAssignment, creates: true, to: "ACTIVE", by: BY,
    input: {
      subject: given.id(() => Subject, "监管对象", "subject", { required: true }),
      slot: given.id(() => ResponsibilitySlot, "席位", "slot", { required: true }),
      person: namedPerson("责任人", "person", { required: true, alsoFrom: [officialsAbove] }),
      validFrom: given.dateTime("起,缺省为现在", "from; now unless given"),
      appointmentDoc: given.text("任命文号", "number of the appointment document", { required: true, max: 100 }),
      published: given.bool("是否已公示", "published on the board"),
    },
    work: appoint,
  },
  "regulatorAssignment.handOver": {
    zh: "责任人交接", en: "hand over to a successor", on: RegulatorAssignment, from: ["ACTIVE", "HANDING_OVER"], by: BY,
    input: {
      successor: namedPerson("接任人", "successor", { required: true, alsoFrom: [officialsAbove] }),
      at: given.dateTime("交接时点,缺省为现在", "instant of the handover; now unless given"),
      appointmentDoc: given.text("任命文号", "number of the appointment document", { required: true, max: 100 }),
    },
    work: handOver,
  },
  "regulatorAssignment.end": {
    zh: "责任人离任", en: "end a term", on: RegulatorAssignment, from: ["ACTIVE", "HANDING_OVER"], to: "ENDED", by: BY,
    input: {}, work: (unit, _input, row) => unit.move(RegulatorAssignment, row, { validTo: unit.now }),
  },
});
