import { assessmentInput as assessment } from "../assessment/assessment.service.js";
import { Person } from "../people/person.js";
import { actions } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { Region } from "../regions/region.js";
import { Subject } from "../subjects/subject.js";
import { installationGrade, measureKind, originClass, Risk, riskDomain, RiskObject, riskObjectType, RiskUnit } from "./risk.js";
import { addMeasure, approve, assess, concludeReview, identify, registerObject, registerUnit, retire, sendBack, startReview, update } from "./risk.service.js";

const ENTERPRISE: readonly Role[] = ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL"];
const REGULATORS: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE"];
const LEAD: readonly Role[] = ["SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE"];

const measure = {
  kind: given.oneOf(measureKind, "类别", "kind", { required: true }),
  description: given.text("内容", "what is done", { required: true, max: 4000 }),
  responsiblePerson: given.id(() => Person, "责任人", "responsible person"),
};

const reason = given.text("理由", "reason", { max: 1000 });

/** 风险的一生 (domain 3.5, Risk). */
actions({
  "riskObject.register": {
    zh: "登记风险分析对象", en: "register a risk analysis object", on: RiskObject, creates: true, by: [...ENTERPRISE, ...REGULATORS, "INTEGRATION_CLIENT"],
    input: {
      subject: given.id(() => Subject, "监管对象", "subject", { required: true }),
      name: given.text("名称", "name", { required: true, max: 200 }),
      type: given.oneOf(riskObjectType, "类别", "type", { required: true }),
      hazardInstallationGrade: given.oneOf(installationGrade, "重大危险源等级", "grade of the installation"),
      rValue: given.decimal("重大危险源 R 值", "R value", { minimum: 0 }),
      department: given.text("责任部门", "department", { max: 200 }),
    },
    work: registerObject,
  },
  "riskUnit.register": {
    zh: "登记风险分析单元", en: "register a risk analysis unit", on: RiskUnit, creates: true, by: [...ENTERPRISE, ...REGULATORS, "INTEGRATION_CLIENT"],
    input: {
      object: given.id(() => RiskObject, "风险分析对象", "risk analysis object", { required: true }),
      name: given.text("名称", "name", { required: true, max: 200 }),
      department: given.text("责任部门", "department", { max: 200 }),
    },
    work: registerUnit,
  },
  "risk.identify": {
    zh: "辨识风险", en: "identify a risk", on: Risk, creates: true, to: "IDENTIFIED", by: [...ENTERPRISE, "GRID_WORKER", ...REGULATORS, "INTEGRATION_CLIENT"],
    input: {
      subject: given.id(() => Subject, "监管对象", "subject", { required: true }),
      unit: given.id(() => RiskUnit, "风险分析单元", "risk analysis unit"),
      name: given.text("名称", "name", { required: true, max: 500 }),
      domain: given.oneOf(riskDomain, "领域,缺省为安全生产", "domain; work safety unless given"),
      region: given.id(() => Region, "所在区划;缺省取监管对象的", "region; that of the subject unless given"),
      sector: given.text("行业领域代码", "code of the sector", { max: 50 }),
      hazardFactor: given.text("危险有害因素代码 (GB/T 13861)", "code of the hazard factor", { max: 20 }),
      accidentType: given.text("可能的事故类别代码 (GB 6441)", "code of the accident type", { max: 20 }),
      disasterType: given.text("灾害类型代码", "code of the disaster type", { max: 50 }),
      consequence: given.text("可能后果", "consequence", { max: 2000 }),
      originClass: given.oneOf(originClass, "来源分类", "class of origin"),
      keyAttention: given.bool("是否重点关注", "under key attention"),
      responsiblePerson: given.id(() => Person, "责任人", "responsible person"),
      emergencyPlanRef: given.text("应急预案编号", "reference of the emergency plan", { max: 200 }),
      location: given.point("位置(CGCS2000)", "location in CGCS2000"),
      measures: given.object("ControlMeasureInput", measure, "管控措施", "control measures", { list: true }),
      externalSystem: given.text("来源系统(与 externalId 同用)", "source system (with externalId)", { max: 100 }),
      externalId: given.text("来源系统中的主键", "key in the source system", { max: 200 }),
    },
    work: identify,
  },
  "controlMeasure.add": {
    zh: "增加管控措施", en: "add a control measure", on: Risk, by: [...ENTERPRISE, ...REGULATORS, "INTEGRATION_CLIENT"], from: ["IDENTIFIED", "ASSESSED", "IN_FORCE", "REVIEWING"], input: measure, work: addMeasure,
  },
  "risk.assess": {
    zh: "评估定级", en: "assess", on: Risk, from: ["IDENTIFIED"], to: "ASSESSED", by: [...ENTERPRISE, ...REGULATORS, "EXPERT", "INTEGRATION_CLIENT"],
    input: { inherent: { ...assessment, required: false }, current: assessment, reason }, work: assess,
  },
  "risk.approve": {
    zh: "审定纳入管控", en: "approve into force", on: Risk, from: ["ASSESSED"], to: "IN_FORCE", by: [...ENTERPRISE, ...REGULATORS],
    when: {
      rule: "MAJOR and CONSIDERABLE are approved by the lead department",
      reads: ["currentLevel"],
      holds: (row, actor) => !["MAJOR", "CONSIDERABLE"].includes(String(row["currentLevel"])) || actor.grants.some((grant) => LEAD.includes(grant.role)),
    },
    input: { responsiblePerson: given.id(() => Person, "责任人", "responsible person"), emergencyPlanRef: given.text("应急预案编号", "reference of the emergency plan", { max: 200 }) },
    work: approve,
  },
  "risk.return": { zh: "退回补充", en: "return for completion", on: Risk, from: ["ASSESSED"], to: "IDENTIFIED", by: REGULATORS, input: { reason: { ...reason, required: true } }, work: sendBack },
  "risk.startReview": { zh: "启动复评", en: "start a review", on: Risk, from: ["IN_FORCE"], to: "REVIEWING", by: [...ENTERPRISE, ...REGULATORS], input: { reason: { ...reason, required: true } }, work: startReview },
  "risk.concludeReview": {
    zh: "复评结论", en: "conclude a review", on: Risk, from: ["REVIEWING"], to: "IN_FORCE", by: REGULATORS, input: { current: assessment, reason: { ...reason, required: true } }, work: concludeReview,
  },
  "risk.update": {
    zh: "更正风险描述(不含等级与状态)", en: "correct what describes a risk; neither level nor state", on: Risk, from: ["IDENTIFIED", "ASSESSED", "IN_FORCE", "REVIEWING", "SUSPENDED"], by: [...ENTERPRISE, ...REGULATORS, "INTEGRATION_CLIENT"],
    when: {
      rule: "MAJOR and CONSIDERABLE, once approved, are described by regulators",
      reads: ["currentLevel", "status"],
      holds: (row, actor) => ["IDENTIFIED", "ASSESSED"].includes(String(row["status"])) || !["MAJOR", "CONSIDERABLE"].includes(String(row["currentLevel"])) || actor.grants.some((grant) => REGULATORS.includes(grant.role)),
    },
    input: {
      name: given.text("名称", "name", { max: 500 }),
      hazardFactor: given.text("危险有害因素代码 (GB/T 13861)", "code of the hazard factor", { max: 20 }),
      accidentType: given.text("可能的事故类别代码 (GB 6441)", "code of the accident type", { max: 20 }),
      disasterType: given.text("灾害类型代码", "code of the disaster type", { max: 50 }),
      consequence: given.text("可能后果", "consequence", { max: 2000 }),
      responsiblePerson: given.id(() => Person, "责任人", "responsible person"),
      location: given.point("位置(CGCS2000)", "location in CGCS2000"),
    },
    work: update,
  },
  "risk.retire": { zh: "消除", en: "retire", on: Risk, from: ["IN_FORCE", "REVIEWING", "SUSPENDED"], to: "RETIRED", by: LEAD, input: { reason: { ...reason, required: true } }, work: retire },
});
