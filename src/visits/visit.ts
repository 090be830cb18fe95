import { Organization } from "../organizations/organization.js";
import { LINE_OF_SUPERVISION, Person } from "../people/person.js";
import { allowedActions } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { bool, computed, dateTime, many, one, oneOf, text, textList } from "../platform/entity/fields.js";
import { toldWithPlace } from "../platform/read/known-place.js";
import { Region } from "../regions/region.js";
import { Subject } from "../subjects/subject.js";

/** Not every visit is an inspection: since 国办发〔2024〕54号 only an inspecting body's officers inspect, with item, approval and entry code (domain G05). */
export const visitNature = enumeration("VisitNature", { zh: "检查指导性质", en: "nature of a visit" }, {
  ADMINISTRATIVE_INSPECTION: ["行政检查", "administrative inspection"],
  GUIDANCE: ["检查指导(非行政检查)", "guidance"],
  PATROL: ["巡查", "patrol"],
  SPOT_CHECK: ["抽查", "spot check"],
  SELF_CHECK: ["企业自查", "self-check"],
  THIRD_PARTY_SERVICE: ["第三方服务", "service by a third party"],
  EXPERT_DIAGNOSIS: ["专家诊断", "diagnosis by experts"],
  UNANNOUNCED: ["暗查暗访", "unannounced"],
  JOINT: ["联合检查(综合查一次)", "joint, by several departments at once"],
});
export type VisitNature = (typeof visitNature.values)[number];

export const visitTrigger = enumeration("VisitTrigger", { zh: "检查指导由来", en: "what a visit was made for" }, {
  PLAN: ["计划", "plan"],
  SPECIAL_PERIOD: ["特殊时期", "special period"],
  REPORT: ["举报", "report"],
  RECHECK: ["复查", "recheck"],
  RANDOM: ["双随机", "drawn at random"],
  ASSIGNED: ["交办", "assigned"],
});

const visitStatus = enumeration("VisitStatus", { zh: "记录状态", en: "state of the record" }, {
  RECORDED: ["已登记", "recorded"],
  WITHDRAWN: ["已撤回", "withdrawn"],
});

/**
 * 检查指导记录: who was at a subject, when, by what right, and what was found. Never rewritten: withdrawn and recorded anew.
 * The point of check-in is whereabouts of a person and not kept; what a duty asks, its distance from the subject, is.
 */
export const Visit = entity({
  name: "Visit",
  zh: "检查指导记录",
  en: "visit",
  plural: "visits",
  table: "visits",
  scope: { kind: "placed", sector: "sector", subject: "subject_id" },
  order: [["updatedAt", "desc"]],
  hiddenColumns: ["town_id", "check_in_metres"],
  fields: {
    code: text("编号", "code", { filter: true, sort: true }),
    nature: oneOf(visitNature, "性质", "nature", { filter: true, group: true }),
    trigger: oneOf(visitTrigger, "由来", "what it was made for", { column: "visit_trigger", filter: true, group: true }),
    sector: text("行业领域代码", "code of the sector", { nullable: true, filter: true, group: true }),
    startedAt: dateTime("开始时间", "started at", { filter: true, sort: true }),
    endedAt: dateTime("结束时间", "ended at", { nullable: true }),
    // Who chooses points of check-in could measure a place out by them.
    checkInMetres: computed("int", "签到点距监管对象的米数;签到点本身不存;对象坐标对其取粗者不给", "metres from the check-in to the subject; the point itself is not kept. Not given to whom the subject's coordinates are given coarse", (alias, read) => toldWithPlace(`${alias}.check_in_metres`, Subject.name, read), { nullable: true, clear: { to: LINE_OF_SUPERVISION } }),
    presenceConfirmation: text("人工确认到场的理由", "why presence is confirmed by hand", { nullable: true, clear: { to: LINE_OF_SUPERVISION } }),
    approvalNo: text("行政检查批准文号", "number of the approval, of an inspection", { nullable: true, filter: true }),
    entryCode: text("扫码入企的检查码", "code scanned on entry, of an inspection", { nullable: true }),
    itemCodes: textList("检查事项代码", "codes of the items inspected", { nullable: true }),
    emergency: bool("是否紧急情况(行政检查可后补批准)", "in an emergency: an inspection then needs no approval beforehand", { filter: true }),
    findings: text("发现的问题", "what was found", { nullable: true }),
    noFinding: bool("是否未发现问题", "nothing was found", { filter: true, group: true }),
    status: oneOf(visitStatus, "状态", "state", { filter: true, group: true }),
    withdrawnAt: dateTime("撤回时间", "withdrawn at", { nullable: true }),
    withdrawReason: text("撤回理由", "why it was withdrawn", { nullable: true }),
    allowedActions: allowedActions(() => Visit),
  },
  relations: {
    subject: one(() => Subject, "subject_id", "监管对象", "subject"),
    region: one(() => Region, "region_id", "所在区划", "region", { owned: true }),
    organization: one(() => Organization, "organization_id", "实施单位", "body that carried it out", { owned: true }),
    participants: many(() => VisitParticipant, "visit_id", "参加人(可见者)", "who took part, as far as it is visible"),
  },
});

/** Who was where at what time: told along the line of supervision, to auditors and to the subject itself, not to client systems (domain 5.2). */
const SEE_WHO: readonly Role[] = ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL", "GRID_WORKER", "TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE", "DISTRICT_LEADER", "AUDITOR"];

/** 参加人: told as the visit is recorded, and never changed. */
export const VisitParticipant = entity({
  name: "VisitParticipant",
  zh: "检查指导参加人",
  en: "participant of a visit",
  plural: "visitParticipants",
  table: "visit_participants",
  scope: { kind: "through", relation: "visit" },
  readers: SEE_WHO,
  order: [["createdAt", "asc"]],
  root: false,
  fields: {},
  relations: {
    visit: one(() => Visit, "visit_id", "检查指导记录", "visit"),
    person: one(() => Person, "person_id", "人员", "person", { owned: true }),
  },
});

relate(Subject, "visits", many(() => Visit, "subject_id", "检查指导记录(可见者)", "visits, as far as they are visible"));
relate(Person, "visitParticipations", many(() => VisitParticipant, "person_id", "参加的检查指导(可见者)", "visits taken part in, as far as they are visible"));
