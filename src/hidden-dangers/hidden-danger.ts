import { Organization } from "../organizations/organization.js";
import { Person } from "../people/person.js";
import { allowedActions } from "../platform/actions.js";
import { BUSINESS_READERS } from "../platform/actor.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { computed, date, dateTime, decimal, geometry, many, one, oneOf, text, textList } from "../platform/entity/fields.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Region } from "../regions/region.js";
import { ControlMeasure } from "../control-measures/control-measure.js";
import { Risk } from "../risks/risk.js";
import { Enterprise, Subject } from "../subjects/subject.js";
import { Attachment } from "../attachments/attachment.js";

export const hiddenDangerKind = enumeration("HiddenDangerKind", { zh: "隐患性质", en: "nature of a hidden danger" }, { PHYSICAL: ["具体隐患", "of a place"], SYSTEMIC: ["制度性问题", "systemic"] });
/** Two legal levels (总局令第16号): hidden dangers have no four colours. */
export const hiddenDangerGrade = enumeration("HiddenDangerGrade", { zh: "隐患级别", en: "grade of a hidden danger" }, { GENERAL: ["一般事故隐患", "general"], MAJOR: ["重大事故隐患", "major"] });
export const manageType = enumeration("ManageType", { zh: "治理方式", en: "how it is treated" }, { ON_SPOT: ["即查即改", "fixed on the spot"], DEADLINE: ["限期整改", "by a deadline"] });
export const recordOrigin = enumeration("RecordOrigin", { zh: "闭环来源", en: "where the loop was run" }, { NATIVE: ["本系统流转", "in this system"], EXTERNAL: ["外部系统导入", "elsewhere, imported"] });
export const hiddenDangerStatus = enumeration("HiddenDangerStatus", { zh: "隐患状态", en: "state of a hidden danger" }, {
  REPORTED: ["待核实", "reported, to be verified"],
  REJECTED: ["不属实", "rejected"],
  REGISTERED: ["已登记", "registered"],
  ASSIGNED: ["已交办", "assigned"],
  RECTIFYING: ["整改中", "being rectified"],
  PENDING_ACCEPTANCE: ["待验收", "awaiting acceptance"],
  ACCEPTED: ["已验收", "accepted"],
  CLOSED: ["已销号", "written off"],
  TRANSFERRED: ["已移送", "transferred"],
  VOIDED: ["作废", "voided"],
});
export const discoverySource = enumeration("DiscoverySource", { zh: "发现来源", en: "source of discovery" }, {
  SELF_CHECK: ["企业自查", "self-check"],
  OFFICIAL_INSPECTION: ["部门检查", "official inspection"],
  GRID_PATROL: ["网格巡查", "grid patrol"],
  TOWN_SPOT_CHECK: ["街镇抽查", "town spot check"],
  THIRD_PARTY: ["第三方", "third party"],
  EXPERT: ["专家", "expert"],
  PUBLIC_REPORT: ["举报", "public report"],
  EMPLOYEE_REPORT: ["内部报告", "employee report"],
  MONITORING: ["监测", "monitoring"],
  UPPER_ASSIGNED: ["上级交办", "assigned from above"],
  ACCIDENT_REVIEW: ["事故倒查", "accident review"],
  WHISTLEBLOWER: ["吹哨人", "whistle-blower"],
});

/** Reports whose maker is told to nobody who is not entrusted with it (domain 5.2: reporter identity). */
const SEALED = "('EMPLOYEE_REPORT','PUBLIC_REPORT','WHISTLEBLOWER')";
/** What an enterprise sees for itself of how it came to light: who came to look. Whether somebody told is hidden among all else. */
const SEEN_TO_COME = "('SELF_CHECK','OFFICIAL_INSPECTION','GRID_PATROL','TOWN_SPOT_CHECK','THIRD_PARTY','EXPERT')";
const BESIDE_ENTERPRISES = BUSINESS_READERS.filter((role) => role !== "ENTERPRISE_REPORTER" && role !== "ENTERPRISE_PRINCIPAL");

const ENDED = "('REJECTED','CLOSED','VOIDED')";
const OPEN = (alias: string) => `${alias}.status not in ${ENDED}`;

/** Whether the report that passed came by a deadline (ONTIME_RECT_RATE); null while nothing can be said: not due, awaiting acceptance, closed elsewhere, void. */
export const onTimeBy = (deadline: string) => (alias: string, read: ReadSql) => {
  const reported = `(${alias}.rectified_at at time zone 'Asia/Shanghai')::date`;
  return `case when ${alias}.status in ('REJECTED','VOIDED') then null when ${alias}.accepted_at is not null or ${alias}.status = 'CLOSED' then ${reported} <= ${alias}.${deadline}
    when ${alias}.${deadline} < ${read.today()} and (${alias}.rectified_at is null or ${reported} > ${alias}.${deadline}) then false end`;
};

/** 隐患: a control measure that is missing or failed. Rectified and written off. */
export const HiddenDanger = entity({
  name: "HiddenDanger",
  zh: "隐患",
  en: "hidden danger",
  plural: "hiddenDangers",
  table: "hidden_dangers",
  scope: { kind: "placed", sector: "sector", subject: "subject_id" },
  order: [["updatedAt", "desc"]],
  featureOrder: (alias) => `(${alias}.grade = 'MAJOR') desc`,
  hiddenColumns: ["town_id", "fid"],
  fields: {
    code: text("隐患编号", "code", { filter: true, sort: true }),
    title: text("名称", "title", { filter: true }),
    description: text("描述", "description", { nullable: true }),
    kind: oneOf(hiddenDangerKind, "性质", "nature", { filter: true, group: true }),
    grade: oneOf(hiddenDangerGrade, "级别", "grade", { nullable: true, filter: true, group: true }),
    criterionClause: text("重大隐患判定条款", "clause of the criterion for major", { nullable: true, filter: true }),
    expertJudgement: text("专家判定意见", "signed expert judgement", { nullable: true }),
    discoverySource: oneOf(discoverySource, "发现来源", "source of discovery", { filter: true, group: true, clear: { to: BESIDE_ENTERPRISES, only: (alias) => `${alias}.discovery_source not in ${SEEN_TO_COME}` } }),
    category: textList("隐患类别", "categories", { nullable: true }),
    discoveredAt: dateTime("发现时间", "discovered at", { filter: true, sort: true }),
    selfReportedAt: dateTime("自报时间", "self-reported at", { nullable: true, filter: true }),
    sector: text("行业领域代码", "code of the sector", { nullable: true, filter: true, group: true }),
    location: geometry("位置", "location", { nullable: true }),
    cause: text("原因", "cause", { nullable: true }),
    manageType: oneOf(manageType, "治理方式", "how it is treated", { nullable: true, filter: true, group: true }),
    originalDeadline: date("原整改期限", "original deadline; never changes", { nullable: true, filter: true, sort: true }),
    effectiveDeadline: date("有效整改期限(含经批准的延期)", "deadline in force, approved extensions included", { nullable: true, filter: true, sort: true }),
    status: oneOf(hiddenDangerStatus, "状态", "state", { filter: true, sort: true, group: true }),
    responsibleOrgText: text("责任单位(原文)", "responsible unit as written in the source", { nullable: true }),
    responsiblePersonText: text("责任人(原文)", "responsible person as written in the source", { nullable: true }),
    rectifiedAt: dateTime("报告整改完成时间", "reported rectified at", { nullable: true, filter: true }),
    acceptedAt: dateTime("验收时间", "accepted at", { nullable: true, filter: true }),
    closedAt: dateTime("销号时间", "written off at", { nullable: true, filter: true, sort: true }),
    writeOffNo: text("销号文号", "number of the write-off", { nullable: true, filter: true }),
    origin: oneOf(recordOrigin, "闭环来源", "where the loop was run", { filter: true, group: true }),
    quality: textList("存疑标记", "doubts about the record", { filter: true }),
    open: computed("boolean", "是否未了结", "still open", OPEN, { filter: true }),
    overdue: computed("boolean", "是否超期(按所取时点计算)", "overdue at the instant asked for", (alias, read) => `coalesce(${OPEN(alias)} and ${alias}.status not in ('PENDING_ACCEPTANCE','ACCEPTED') and ${alias}.effective_deadline < ${read.today()}, false)`, { filter: true, group: true }),
    overdueDays: computed("int", "超期天数", "days overdue", (alias, read) => `case when ${OPEN(alias)} and ${alias}.effective_deadline < ${read.today()} then ${read.today()} - ${alias}.effective_deadline end`, { nullable: true }),
    onTime: computed("boolean", "是否按期整改(按有效期限);未到期、待验收、外部闭环为空", "rectified on time by the deadline in force; null where not due, awaiting acceptance or closed elsewhere", onTimeBy("effective_deadline"), { nullable: true, filter: true, group: true }),
    onTimeByOriginalDeadline: computed("boolean", "是否按期整改(按原期限)", "rectified on time by the original deadline", onTimeBy("original_deadline"), { nullable: true, filter: true, group: true }),
    allowedActions: allowedActions(() => HiddenDanger),
  },
  relations: {
    subject: one(() => Subject, "subject_id", "监管对象", "subject"),
    risk: one(() => Risk, "risk_id", "对应风险", "risk"),
    measure: one(() => ControlMeasure, "measure_id", "失效的管控措施", "measure that failed", { owned: true }),
    region: one(() => Region, "region_id", "所在区划", "region", { owned: true }),
    discoveredBy: one(() => Person, "discovered_by_id", "发现人(举报、内部报告、吹哨者不示)", "found by; not told of reports by the public, employees and whistle-blowers", { owned: true, sealed: (alias) => `${alias}.discovery_source in ${SEALED}` }),
    recurrenceOf: one(() => HiddenDanger, "recurrence_of_id", "反弹自", "recurrence of"),
    assignments: many(() => HazardAssignment, "hidden_danger_id", "交办单", "assignment slips", { owned: true }),
    plans: many(() => RectificationPlan, "hidden_danger_id", "整改方案", "rectification plans", { owned: true }),
    acceptances: many(() => AcceptanceRecord, "hidden_danger_id", "验收记录", "acceptance records", { owned: true }),
    evidence: many(() => HiddenDangerEvidence, "hidden_danger_id", "佐证材料", "evidence", { owned: true }),
  },
});

export const assignmentLeg = enumeration("AssignmentLeg", { zh: "交办对象(双重交办)", en: "leg of double assignment" }, { RECTIFY: ["企业整改", "enterprise rectifies"], OVERSEE: ["部门督办", "department oversees"] });

/** 交办单. */
export const HazardAssignment = entity({
  name: "HazardAssignment",
  zh: "交办单",
  en: "assignment slip",
  plural: "hazardAssignments",
  table: "hazard_assignments",
  scope: { kind: "through", relation: "hiddenDanger" },
  order: [["issuedAt", "asc"]],
  root: false,
  fields: {
    leg: oneOf(assignmentLeg, "对象", "leg", { filter: true }),
    issuedAt: dateTime("交办时间", "issued at", { sort: true }),
    receivedAt: dateTime("签收时间", "received at", { nullable: true }),
    dueAt: date("期限", "due", { nullable: true }),
    closedAt: dateTime("办结时间", "closed at", { nullable: true }),
    result: text("办理结果", "result", { nullable: true }),
  },
  relations: {
    hiddenDanger: one(() => HiddenDanger, "hidden_danger_id", "隐患", "hidden danger", { owned: true }),
    toOrganization: one(() => Organization, "to_organization_id", "交办单位", "to organisation", { owned: true }),
    toPerson: one(() => Person, "to_person_id", "交办人员", "to person", { owned: true }),
    toEnterprise: one(() => Enterprise, "to_enterprise_id", "交办企业", "to enterprise", { owned: true }),
  },
});

/** 整改方案(五落实): responsibility, measures, funds, time limit and emergency plan. */
export const RectificationPlan = entity({
  name: "RectificationPlan",
  zh: "整改方案(五落实)",
  en: "rectification plan (five-fix)",
  plural: "rectificationPlans",
  table: "rectification_plans",
  scope: { kind: "through", relation: "hiddenDanger" },
  order: [["createdAt", "desc"]],
  root: false,
  fields: {
    responsible: text("责任", "responsibility"),
    measures: text("措施", "measures"),
    funds: decimal("资金(元)", "funds, yuan"),
    deadline: date("时限", "time limit"),
    emergencyPlan: text("预案", "emergency plan"),
    goals: text("目标任务", "goals", { nullable: true }),
    safetyMeasures: text("安全措施", "safety measures", { nullable: true }),
    approvedAt: dateTime("批准时间", "approved at", { nullable: true }),
  },
  relations: { hiddenDanger: one(() => HiddenDanger, "hidden_danger_id", "隐患", "hidden danger", { owned: true }) },
});

export const acceptanceResult = enumeration("AcceptanceResult", { zh: "验收结论", en: "result of acceptance" }, { PASS: ["通过", "passed"], FAIL: ["不通过", "failed"] });

/** 验收(复查)记录. */
export const AcceptanceRecord = entity({
  name: "AcceptanceRecord",
  zh: "验收记录",
  en: "acceptance record",
  plural: "acceptanceRecords",
  table: "acceptance_records",
  scope: { kind: "through", relation: "hiddenDanger" },
  order: [["acceptedAt", "desc"]],
  root: false,
  fields: {
    acceptedAt: dateTime("验收时间", "at", { sort: true }),
    result: oneOf(acceptanceResult, "结论", "result", { filter: true }),
    comment: text("意见", "comment", { nullable: true }),
  },
  relations: {
    hiddenDanger: one(() => HiddenDanger, "hidden_danger_id", "隐患", "hidden danger", { owned: true }),
    acceptor: one(() => Person, "acceptor_id", "验收人", "accepted by", { owned: true }),
  },
});

export const evidencePhase = enumeration("EvidencePhase", { zh: "佐证阶段", en: "phase of evidence" }, { BEFORE: ["整改前", "before"], AFTER: ["整改后", "after"], PLAN: ["方案", "plan"], DOCUMENT: ["文书", "document"] });

/** 佐证材料: an attachment and what it shows. */
export const HiddenDangerEvidence = entity({
  name: "HiddenDangerEvidence",
  zh: "佐证材料",
  en: "evidence",
  plural: "hiddenDangerEvidence",
  table: "hidden_danger_evidence",
  scope: { kind: "through", relation: "hiddenDanger" },
  order: [["takenAt", "asc"]],
  root: false,
  fields: {
    phase: oneOf(evidencePhase, "阶段", "phase", { filter: true }),
    takenAt: dateTime("拍摄(形成)时间", "taken at", { sort: true }),
  },
  relations: {
    hiddenDanger: one(() => HiddenDanger, "hidden_danger_id", "隐患", "hidden danger", { owned: true }),
    attachment: one(() => Attachment, "attachment_id", "附件", "attachment", { owned: true }),
  },
});

relate(Subject, "hiddenDangers", many(() => HiddenDanger, "subject_id", "隐患", "hidden dangers"));
relate(Risk, "hiddenDangers", many(() => HiddenDanger, "risk_id", "隐患", "hidden dangers"));
relate(Region, "hiddenDangers", many(() => HiddenDanger, "region_id", "隐患", "hidden dangers"));
