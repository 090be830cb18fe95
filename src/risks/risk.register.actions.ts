import { controlLevel, DEMANDED_CONTROL, notBelow } from "../control-measures/control-level.js";
import { namedPerson } from "../people/named-person.js";
import { actions, type Input } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { Fault } from "../platform/fault.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { Subject } from "../subjects/subject.js";
import { originClass, Risk } from "./risk.js";

const REGULATORS: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE"];
const REGISTRARS: readonly Role[] = ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL", ...REGULATORS, "INTEGRATION_CLIENT"];
/** Standing in the register: not laid aside, not over. */
const STANDING = ["IDENTIFIED", "ASSESSED", "IN_FORCE", "REVIEWING"] as const;

/** Corrects what the register says of a risk, its level apart: that only an assessment moves. */
async function update(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  // A new code is of the edition stated with it, or of the one in use; not of that of the old code.
  const edition = "accidentType" in input && !("accidentTypeEdition" in input) ? { accidentTypeEdition: null } : {};
  await unit.change(Risk, row, { ...input, ...edition });
  // A risk of another sector may be another's: one corrects within one's own, before and after.
  await unit.see(Risk, row.uuid);
  return row.uuid;
}

/** Names a higher level of control than the current level demands; null takes the name back. Faults: RULE_VIOLATED. */
async function stateControlLevel(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const demanded = DEMANDED_CONTROL[String(row["currentLevel"])];
  const stated = input["controlLevel"] as string | null | undefined;
  if (stated && demanded && !notBelow(stated, demanded)) throw new Fault("RULE_VIOLATED", { rule: "control_not_below_level", stated, demanded, level: row["currentLevel"] });
  return unit.change(Risk, row, { statedControlLevel: stated ?? null });
}

/** A16 筛选重点关注: sets or ends key attention, with the reason and the person who reviewed it. Faults: INVALID_INPUT. */
async function reviewKeyAttention(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const reviewer = input["reviewer"] ?? unit.actor.personId;
  if (!reviewer) throw new Fault("INVALID_INPUT", { field: "input.reviewer", rule: "required: the key used belongs to no person" });
  return unit.change(Risk, row, { keyAttention: input["keyAttention"], keyAttentionReason: input["reason"], keyAttentionReviewer: reviewer, keyAttentionReviewedAt: unit.now });
}

/** 台账维护: what is corrected, screened and stated of a risk beside its lifecycle. */
actions({
  "risk.update": {
    zh: "更正风险登记内容(等级除外)", en: "correct what is recorded of a risk, its level apart", on: Risk, from: [...STANDING, "SUSPENDED"], by: REGISTRARS,
    when: {
      rule: "MAJOR and CONSIDERABLE, once approved, are described by regulators",
      reads: ["currentLevel", "status"],
      holds: (row, actor) => ["IDENTIFIED", "ASSESSED"].includes(String(row["status"])) || !["MAJOR", "CONSIDERABLE"].includes(String(row["currentLevel"])) || actor.grants.some((grant) => REGULATORS.includes(grant.role)),
    },
    input: {
      name: given.text("名称", "name", { max: 500 }),
      sector: given.text("行业领域代码", "code of the sector", { max: 50 }),
      hazardFactor: given.text("危险有害因素代码 (GB/T 13861)", "code of the hazard factor", { max: 20 }),
      accidentType: given.text("可能的事故类别代码 (GB 6441)", "code of the accident type", { max: 50 }),
      accidentTypeEdition: given.text("该代码的版本;缺省为登记日所用版本", "edition of that code; the one in use on the day of registration unless given", { max: 50 }),
      disasterType: given.text("灾害类型代码", "code of the disaster type", { max: 50 }),
      consequence: given.text("可能后果", "consequence", { max: 2000 }),
      originClass: given.oneOf(originClass, "来源分类", "class of origin"),
      causedBy: given.id(() => Subject, "诱发单位(仅自然灾害)", "subject that induced it, of a natural hazard only"),
      responsiblePerson: namedPerson("责任人", "responsible person"),
      emergencyPlanRef: given.text("应急预案编号", "reference of the emergency plan", { max: 200 }),
      location: given.point("位置(CGCS2000)", "location in CGCS2000"),
      extent: given.extent("范围(线或面,CGCS2000)", "where it stretches, a line or an area, in CGCS2000"),
    },
    work: update,
  },
  "risk.stateControlLevel": {
    zh: "约定更高的管控层级", en: "state a higher level of control", on: Risk, from: ["ASSESSED", "IN_FORCE", "REVIEWING"], by: [...REGISTRARS],
    input: { controlLevel: given.oneOf(controlLevel, "管控层级;空则恢复按等级", "level of control; what the level demands where empty") }, work: stateControlLevel,
  },
  "risk.reviewKeyAttention": {
    zh: "审核重点关注", en: "review key attention", on: Risk, from: [...STANDING, "SUSPENDED"], by: REGULATORS,
    input: {
      keyAttention: given.bool("是否重点关注", "under key attention", { required: true }),
      reason: given.text("理由", "reason", { required: true, max: 1000 }),
      reviewer: namedPerson("审核人;缺省为密钥所属人员", "who reviewed it; the person the key belongs to unless given"),
    },
    work: reviewKeyAttention,
  },
});
