import { Person } from "../people/person.js";
import { allowedActions } from "../platform/actions.js";
import { entity, extend, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { bool, computed, date, dateTime, decimal, geometry, json, many, one, oneOf, text, textList } from "../platform/entity/fields.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Region } from "../regions/region.js";
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
const COLOUR = (level: string) => `case ${level} when 'MAJOR' then '#D9001B' when 'CONSIDERABLE' then '#F59A23' when 'MODERATE' then '#FFD500' when 'LOW' then '#1E6FFF' else '#BFBFBF' end`;

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
export const riskObjectType = enumeration("RiskObjectType", { zh: "风险分析对象类别", en: "type of risk analysis object" }, {
  MAJOR_HAZARD_INSTALLATION: ["重大危险源", "major hazard installation"],
  DEVICE: ["装置设施", "device"],
  WAREHOUSE: ["仓库储罐", "warehouse"],
  PLACE: ["场所部位", "place"],
  ACTIVITY: ["作业活动", "activity"],
  AREA: ["区域", "area"],
});
export const installationGrade = enumeration("HazardInstallationGrade", { zh: "重大危险源等级 (GB 18218)", en: "grade of a major hazard installation" }, {
  LEVEL_1: ["一级", "grade 1"],
  LEVEL_2: ["二级", "grade 2"],
  LEVEL_3: ["三级", "grade 3"],
  LEVEL_4: ["四级", "grade 4"],
});

/** 风险分析对象. */
export const RiskObject = entity({
  name: "RiskObject",
  zh: "风险分析对象",
  en: "risk analysis object",
  plural: "riskObjects",
  table: "risk_objects",
  scope: { kind: "through", relation: "subject" },
  order: [["updatedAt", "desc"]],
  fields: {
    code: text("编号", "code", { filter: true, sort: true }),
    name: text("名称", "name", { filter: true, sort: true }),
    type: oneOf(riskObjectType, "类别", "type", { filter: true, group: true }),
    hazardInstallationGrade: oneOf(installationGrade, "重大危险源等级", "grade of the installation", { nullable: true, filter: true, group: true }),
    rValue: decimal("重大危险源 R 值", "R value", { nullable: true }),
    department: text("责任部门", "department", { nullable: true }),
  },
  relations: { subject: one(() => Subject, "subject_id", "监管对象", "subject") },
});

/** 风险分析单元. */
export const RiskUnit = entity({
  name: "RiskUnit",
  zh: "风险分析单元",
  en: "risk analysis unit",
  plural: "riskUnits",
  table: "risk_units",
  scope: { kind: "through", relation: "subject" },
  order: [["updatedAt", "desc"]],
  fields: {
    name: text("名称", "name", { filter: true, sort: true }),
    department: text("责任部门", "department", { nullable: true }),
  },
  relations: {
    object: one(() => RiskObject, "object_id", "风险分析对象", "risk analysis object", { owned: true }),
    subject: one(() => Subject, "subject_id", "监管对象", "subject"),
  },
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
  featureOrder: (alias) => `array_position(${RANK}, ${alias}.current_level)`,
  hiddenColumns: ["town_id", "fid"],
  fields: {
    code: text("编号", "code", { filter: true, sort: true }),
    name: text("名称", "name", { filter: true, sort: true }),
    domain: oneOf(riskDomain, "领域", "domain", { filter: true, group: true }),
    sector: text("行业领域代码", "code of the sector", { nullable: true, filter: true, group: true }),
    hazardFactor: text("危险有害因素代码 (GB/T 13861)", "code of the hazard factor", { nullable: true, filter: true }),
    accidentType: text("可能的事故类别代码 (GB 6441)", "code of the accident type", { nullable: true, filter: true, group: true }),
    disasterType: text("灾害类型代码", "code of the disaster type", { nullable: true, filter: true, group: true }),
    consequence: text("可能后果", "consequence", { nullable: true }),
    inherentLevel: oneOf(riskLevel, "固有风险等级", "inherent level", { nullable: true, filter: true, group: true }),
    currentLevel: oneOf(riskLevel, "现状风险等级", "current level", { nullable: true, filter: true, group: true }),
    controlLevel: text("管控层级", "level of control", { nullable: true, filter: true }),
    originClass: oneOf(originClass, "来源分类", "class of origin", { nullable: true, filter: true, group: true }),
    keyAttention: bool("是否重点关注", "under key attention", { filter: true }),
    emergencyPlanRef: text("应急预案编号", "reference of the emergency plan", { nullable: true }),
    location: geometry("位置", "location", { nullable: true }),
    status: oneOf(riskStatus, "状态", "state", { filter: true, sort: true, group: true }),
    nextReviewDue: date("下次复评期限", "next review due", { nullable: true, filter: true, sort: true }),
    quality: textList("存疑标记", "doubts about the record", { filter: true }),
    levelColour: computed("text", "现状等级屏显颜色", "screen colour of the current level", (alias) => COLOUR(`${alias}.current_level`)),
    reviewOverdue: computed("boolean", "复评是否逾期(按所取时点)", "review overdue at the instant asked for", reviewOverdue, { filter: true }),
    allowedActions: allowedActions(() => Risk),
  },
  relations: {
    subject: one(() => Subject, "subject_id", "监管对象", "subject"),
    unit: one(() => RiskUnit, "unit_id", "风险分析单元", "risk analysis unit", { owned: true }),
    region: one(() => Region, "region_id", "所在区划", "region", { owned: true }),
    responsiblePerson: one(() => Person, "responsible_person_id", "责任人", "responsible person", { owned: true }),
    assessments: many(() => RiskAssessment, "risk_id", "评估记录", "assessments", { owned: true }),
    measures: many(() => ControlMeasure, "risk_id", "管控措施", "control measures", { owned: true }),
    levelChanges: many(() => RiskLevelChange, "risk_id", "等级变动", "changes of level", { owned: true }),
  },
});

export const assessmentMethod = enumeration("AssessmentMethod", { zh: "评估方法", en: "method of assessment" }, {
  LEC: ["作业条件危险性评价法 D=L×E×C", "LEC, D = L x E x C"],
  LS: ["风险矩阵法 R=L×S", "LS matrix, R = L x S"],
});
export const assessmentStage = enumeration("AssessmentStage", { zh: "评估对象", en: "what is assessed" }, { INHERENT: ["固有风险", "inherent risk"], CURRENT: ["现状风险", "current risk"] });
export const directMajorReason = enumeration("DirectMajorReason", { zh: "直接判定重大的情形", en: "reason for direct major" }, {
  LAW_VIOLATED: ["违反法律法规强制性要求", "mandatory law or standard violated"],
  DEATH_CONDITION_PERSISTS: ["曾致死亡重伤且条件仍在", "death or serious injury happened and the condition persists"],
  MAJOR_HAZARD_INSTALLATION: ["构成重大危险源", "forms a major hazard installation"],
  OVER_TEN_PEOPLE: ["有中毒爆炸火灾危险场所作业 10 人以上", "more than ten people at a place of poisoning, explosion or fire danger"],
});

/** 风险评估: inputs, method version and the level the server computed from them. */
export const RiskAssessment = entity({
  name: "RiskAssessment",
  zh: "风险评估",
  en: "risk assessment",
  plural: "riskAssessments",
  table: "risk_assessments",
  scope: { kind: "through", relation: "risk" },
  order: [["assessedAt", "desc"]],
  root: false,
  fields: {
    method: oneOf(assessmentMethod, "方法", "method", { filter: true }),
    methodVersion: text("方法版本", "version of the method"),
    inputs: json("取值", "inputs"),
    score: decimal("得分", "score", { nullable: true }),
    computedLevel: oneOf(riskLevel, "计算等级", "computed level", { filter: true }),
    directMajorReason: oneOf(directMajorReason, "直接判定重大的情形", "reason for direct major", { nullable: true }),
    stage: oneOf(assessmentStage, "评估对象", "what is assessed", { filter: true }),
    assessedAt: dateTime("评估时间", "time of assessment", { sort: true, filter: true }),
    basis: text("依据", "basis", { nullable: true }),
  },
  relations: { risk: one(() => Risk, "risk_id", "风险", "risk", { owned: true }) },
});

export const measureKind = enumeration("MeasureKind", { zh: "管控措施类别", en: "kind of measure" }, {
  HUMAN: ["人防", "people"],
  MATERIAL: ["物防", "material"],
  MANAGEMENT: ["管理防", "management"],
  ENGINEERING: ["工程防", "engineering"],
});

/** 管控措施. */
export const ControlMeasure = entity({
  name: "ControlMeasure",
  zh: "管控措施",
  en: "control measure",
  plural: "controlMeasures",
  table: "control_measures",
  scope: { kind: "through", relation: "risk" },
  order: [["createdAt", "asc"]],
  root: false,
  fields: {
    kind: oneOf(measureKind, "类别", "kind", { filter: true }),
    description: text("内容", "what is done"),
    effective: bool("是否有效", "in effect", { filter: true }),
  },
  relations: {
    risk: one(() => Risk, "risk_id", "风险", "risk", { owned: true }),
    responsiblePerson: one(() => Person, "responsible_person_id", "责任人", "responsible person", { owned: true }),
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
    fromLevel: oneOf(riskLevel, "原等级", "from", { nullable: true }),
    toLevel: oneOf(riskLevel, "新等级", "to", { nullable: true }),
    changedAt: dateTime("时间", "at", { sort: true, filter: true }),
    reason: text("原因", "reason", { nullable: true }),
  },
  relations: { risk: one(() => Risk, "risk_id", "风险", "risk", { owned: true }) },
});

relate(RiskObject, "units", many(() => RiskUnit, "object_id", "风险分析单元", "units", { owned: true }));
relate(RiskUnit, "risks", many(() => Risk, "unit_id", "风险", "risks"));
relate(Subject, "risks", many(() => Risk, "subject_id", "风险", "risks"));
relate(Subject, "riskObjects", many(() => RiskObject, "subject_id", "风险分析对象", "risk analysis objects", { owned: true }));
relate(Region, "risks", many(() => Risk, "region_id", "风险", "risks"));
extend(
  Subject,
  "overallLevel",
  computed(
    "enum",
    "整体风险等级(就高原则,管控中的风险)",
    "overall level: the highest of its risks in force",
    (alias, read) => {
      const risk = read.alias();
      return `(${RANK})[(select min(array_position(${RANK}, ${risk}.current_level)) from ${read.source(Risk, risk)} where ${risk}.subject_id = ${alias}.id and ${risk}.status in ('IN_FORCE','REVIEWING'))]`;
    },
    { nullable: true, enumeration: riskLevel, filter: true },
  ),
);
