import { Attachment } from "../attachments/attachment.js";
import { Person } from "../people/person.js";
import { allowedActions } from "../platform/actions.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { bool, computed, date, dateTime, geometry, many, one, oneOf, text, textList } from "../platform/entity/fields.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { controlLevel } from "../control-measures/control-level.js";
import { Region } from "../regions/region.js";
import { RiskUnit } from "../risk-objects/risk-object.js";
import { Subject } from "../subjects/subject.js";

/** 风险等级, four colours (安全风险分级管控). Sorted by rank, never by the word. */
export const riskLevel = enumeration("RiskLevel", { zh: "风险等级(红橙黄蓝)", en: "level of risk (red, orange, yellow, blue)" }, {
  MAJOR: ["重大风险(红)", "major (red)"],
  CONSIDERABLE: ["较大风险(橙)", "considerable (orange)"],
  MODERATE: ["一般风险(黄)", "moderate (yellow)"],
  LOW: ["低风险(蓝)", "low (blue)"],
});
/** Levels from the highest down, as an SQL array: sorting and comparing is by place in it. */
export const RANK = "array['MAJOR','CONSIDERABLE','MODERATE','LOW']";
/** Screen colour of a level, as SQL; grey where there is none. */
export const colourOf = (level: string) => `case ${level} when 'MAJOR' then '#D9001B' when 'CONSIDERABLE' then '#F59A23' when 'MODERATE' then '#FFD500' when 'LOW' then '#1E6FFF' else '#BFBFBF' end`;

export const riskStatus = enumeration("RiskStatus", { zh: "风险状态", en: "state of a risk" }, {
  IDENTIFIED: ["已辨识", "identified"],
  ASSESSED: ["已评估", "assessed"],
  IN_FORCE: ["管控中", "in force"],
  REVIEWING: ["复评中", "under review"],
  SUSPENDED: ["停用", "suspended"],
  RETIRED: ["已消除", "retired"],
});
export const riskDomain = enumeration("RiskDomain", { zh: "领域", en: "domain" }, { WORK_SAFETY: ["安全生产", "work safety"], NATURAL_DISASTER: ["自然灾害", "natural disaster"] });
export const originClass = enumeration("RiskOriginClass", { zh: "风险来源分类", en: "class of origin" }, {
  TRADITIONAL: ["传统风险", "traditional"],
  NEW_BUSINESS: ["新业态新模式", "new business"],
  URBAN_RENEWAL: ["城市更新伴生", "urban renewal"],
  HISTORICAL: ["历史累积", "historical"],
});
/** 复评触发情形 (domain 1 A05): what sets off a new assessment. */
export const reassessTrigger = enumeration("ReassessTrigger", { zh: "复评触发情形", en: "what triggered a reassessment" }, {
  NEW_PROCESS: ["新工艺", "new process"],
  NEW_TECH: ["新技术", "new technology"],
  NEW_EQUIPMENT: ["新设备", "new equipment"],
  NEW_MATERIAL: ["新材料", "new material"],
  NEW_PRODUCT: ["新产品", "new product"],
  MAJOR_CHANGE: ["重大情况变化", "major change of circumstances"],
  HAZARDOUS_OPERATION: ["危险作业", "hazardous operation"],
  ACCIDENT: ["发生事故", "accident"],
  LAW_CHANGE: ["法规标准变化", "change of law or standard"],
  ROUND: ["研判轮次提出", "asked for by a review round"],
  PERIODIC: ["到期复评", "periodic review"],
  RESUMPTION: ["复产复工", "resumption after a stop"],
});
/** Under control, with a level: counts towards the colours (domain 3.5). */
export const controlled = (alias: string) => `${alias}.status in ('IN_FORCE','REVIEWING') and ${alias}.current_level is not null`;

/** The review was due before the effective day. */
export const reviewOverdue = (alias: string, read: ReadSql) => `coalesce(${alias}.status in ('IN_FORCE','REVIEWING') and ${alias}.next_review_due < ${read.today()}, false)`;

/** 风险: an entry of the register — likelihood and consequence of an event at a carrier. Controlled, never "rectified". */
export const Risk = entity({
  name: "Risk",
  zh: "风险(台账项)",
  en: "risk (entry of the register)",
  plural: "risks",
  table: "risks",
  scope: { kind: "placed", sector: "sector", subject: "subject_id" },
  order: [["updatedAt", "desc"]],
  hiddenColumns: ["town_id", "fid"],
  fields: {
    code: text("编号", "code", { filter: true, sort: true }),
    name: text("名称", "name", { filter: true, sort: true }),
    domain: oneOf(riskDomain, "领域", "domain", { filter: true, group: true }),
    sector: text("行业领域代码", "code of the sector", { nullable: true, filter: true, group: true }),
    hazardFactor: text("危险有害因素代码 (GB/T 13861)", "code of the hazard factor", { nullable: true, filter: true }),
    accidentType: text("可能的事故类别代码 (GB 6441)", "code of the accident type", { nullable: true, filter: true, group: true }),
    accidentTypeEdition: text("事故类别代码的版本", "edition the code of the accident type is of", { nullable: true, filter: true, group: true, besideFeatures: true }),
    disasterType: text("灾害类型代码", "code of the disaster type", { nullable: true, filter: true, group: true }),
    consequence: text("可能后果", "consequence", { nullable: true }),
    inherentLevel: oneOf(riskLevel, "固有风险等级", "inherent level", { nullable: true, filter: true, group: true }),
    currentLevel: oneOf(riskLevel, "现状风险等级", "current level", { nullable: true, filter: true, group: true }),
    controlLevel: oneOf(controlLevel, "管控层级:由现状等级得出,约定更高者从其约定", "level of control: what the current level demands, or a higher one where stated", { nullable: true, filter: true, group: true }),
    statedControlLevel: oneOf(controlLevel, "约定的管控层级", "level of control as stated", { nullable: true, filter: true, besideFeatures: true }),
    originClass: oneOf(originClass, "来源分类", "class of origin", { nullable: true, filter: true, group: true }),
    keyAttention: bool("是否重点关注", "under key attention", { filter: true }),
    keyAttentionReason: text("重点关注(或解除)的理由", "reason for key attention, or for its end", { nullable: true }),
    keyAttentionReviewedAt: dateTime("重点关注的审核时间;未经审核为空", "when key attention was reviewed; null while it is only proposed", { nullable: true, filter: true, besideFeatures: true }),
    emergencyPlanRef: text("应急预案编号", "reference of the emergency plan", { nullable: true }),
    location: geometry("位置", "location", { nullable: true }),
    extent: geometry("范围(线或面):管线、道路、库区、影响区等;点位另见 location", "where it stretches, a line or an area: a pipeline, a road, a tank farm, what it would affect; its point is the location", { nullable: true, spread: true }),
    status: oneOf(riskStatus, "状态", "state", { filter: true, sort: true, group: true }),
    reassessTrigger: oneOf(reassessTrigger, "本次复评的触发情形;不在复评中为空", "what triggered the review under way; null when there is none", { nullable: true, group: true }),
    nextReviewDue: date("下次复评期限", "next review due", { nullable: true, filter: true, sort: true }),
    quality: textList("存疑标记", "doubts about the record", { filter: true }),
    levelColour: computed("text", "现状等级屏显颜色", "screen colour of the current level", (alias) => colourOf(`${alias}.current_level`)),
    reviewOverdue: computed("boolean", "复评是否逾期(按所取时点)", "review overdue at the instant asked for", reviewOverdue, { filter: true }),
    allowedActions: allowedActions(() => Risk),
  },
  relations: {
    subject: one(() => Subject, "subject_id", "监管对象", "subject"),
    unit: one(() => RiskUnit, "unit_id", "风险分析单元", "risk analysis unit", { owned: true }),
    region: one(() => Region, "region_id", "所在区划", "region", { owned: true }),
    responsiblePerson: one(() => Person, "responsible_person_id", "责任人", "responsible person", { owned: true }),
    keyAttentionReviewer: one(() => Person, "key_attention_reviewer_id", "重点关注的审核人", "who reviewed key attention", { owned: true }),
    causedBy: one(() => Subject, "caused_by_id", "诱发单位(自然灾害风险,谁诱发、谁负责)", "subject that induced it, of a natural hazard"),
    levelChanges: many(() => RiskLevelChange, "risk_id", "等级变动", "changes of level", { owned: true }),
    evidence: many(() => RiskEvidence, "risk_id", "佐证材料", "evidence", { owned: true }),
  },
});

/** 风险动态: the unbroken chain of levels. */
export const RiskLevelChange = entity({
  name: "RiskLevelChange",
  zh: "风险等级变动",
  en: "change of level",
  plural: "riskLevelChanges",
  table: "risk_level_changes",
  scope: { kind: "through", relation: "risk" },
  order: [["changedAt", "desc"]],
  root: false,
  fields: {
    fromLevel: oneOf(riskLevel, "原等级", "from", { nullable: true, filter: true }),
    toLevel: oneOf(riskLevel, "新等级", "to", { nullable: true, filter: true }),
    changedAt: dateTime("时间", "at", { sort: true, filter: true }),
    reason: text("原因", "reason", { nullable: true }),
    trigger: oneOf(reassessTrigger, "触发情形;纳入管控前的评估为空", "what triggered it; null for assessments before it was in force", { nullable: true, filter: true, column: "reassess_trigger" }),
  },
  relations: {
    risk: one(() => Risk, "risk_id", "风险", "risk", { owned: true }),
    approvedBy: one(() => Person, "approved_by_id", "审定人(系统对接账号审定者为空,见变更记录)", "person who approved it; null where an account without a person did, whom the change record names", { owned: true }),
  },
});

/** 风险佐证: what shows that a risk of the two highest levels is gone. */
export const RiskEvidence = entity({
  name: "RiskEvidence",
  zh: "风险佐证材料",
  en: "evidence about a risk",
  plural: "riskEvidence",
  table: "risk_evidence",
  scope: { kind: "through", relation: "risk" },
  order: [["createdAt", "asc"]],
  root: false,
  fields: {},
  relations: {
    risk: one(() => Risk, "risk_id", "风险", "risk", { owned: true }),
    attachment: one(() => Attachment, "attachment_id", "附件", "attachment", { owned: true }),
  },
});

relate(RiskUnit, "risks", many(() => Risk, "unit_id", "风险", "risks"));
relate(Subject, "risks", many(() => Risk, "subject_id", "风险", "risks"));
relate(Region, "risks", many(() => Risk, "region_id", "风险", "risks"));
