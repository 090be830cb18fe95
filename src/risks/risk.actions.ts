import { Attachment } from "../attachments/attachment.js";
import { Person } from "../people/person.js";
import { actions, type Action } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { Region } from "../regions/region.js";
import { ReviewDecision } from "../review-rounds/review-round.js";
import { Subject } from "../subjects/subject.js";
import { LEAD_RULE, leadDecides, mayLead } from "./lead.js";
import { assessmentMethod, directMajorReason, installationGrade, measureKind, originClass, reassessTrigger, Risk, riskDomain, riskLevel, RiskObject, riskObjectType, RiskUnit } from "./risk.js";
import { addMeasure, approve, assess, concludeReview, identify, registerObject, registerUnit, retire, sendBack, startReview } from "./risk.service.js";

const ENTERPRISE: readonly Role[] = ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL"];
const REGULATORS: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE"];
const APPROVERS: readonly Role[] = ["ENTERPRISE_PRINCIPAL", ...REGULATORS];

const measure = {
  kind: given.oneOf(measureKind, "类别", "kind", { required: true }),
  description: given.text("内容", "what is done", { required: true, max: 4000 }),
  responsiblePerson: given.id(() => Person, "责任人", "responsible person"),
};

const assessment = given.object(
  "RiskAssessmentInput",
  {
    method: given.oneOf(assessmentMethod, "方法", "method", { required: true }),
    inputs: given.object(
      "AssessmentValuesInput",
      {
        l: given.float("可能性 L", "likelihood L"),
        e: given.float("暴露频次 E(LEC)", "exposure E, of LEC"),
        c: given.float("后果 C(LEC)", "consequence C, of LEC"),
        s: given.float("严重性 S(LS)", "severity S, of LS"),
      },
      "取值,须在方法的封闭取值表内",
      "values, each within the closed list of the method",
      { required: true },
    ),
    directMajorReason: given.oneOf(directMajorReason, "直接判定重大的情形", "reason for direct major"),
    statedLevel: given.oneOf(riskLevel, "来源系统所报等级;与计算结果不一致即拒绝", "level stated by the source; refused where it differs from the computed one"),
    basis: given.text("依据", "basis", { max: 2000 }),
  },
  "一次评估",
  "one assessment",
  { required: true },
);

const reason = given.text("理由", "reason", { max: 1000 });

/** Levels three and four by the town or the principal of the enterprise, the two highest by the lead department. */
const byLevel: Action["when"] = { rule: LEAD_RULE, reads: ["currentLevel"], holds: (row, actor) => !leadDecides(row["currentLevel"]) || mayLead(actor) };

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
    zh: "审定纳入管控;重大、较大由牵头部门审定,重大须经专家论证", en: "approve into force; the two highest levels by the lead department, major on an expert round", on: Risk, from: ["ASSESSED"], to: "IN_FORCE", by: APPROVERS, when: byLevel,
    input: { responsiblePerson: given.id(() => Person, "责任人", "responsible person"), emergencyPlanRef: given.text("应急预案编号", "reference of the emergency plan", { max: 200 }) },
    work: approve,
  },
  "risk.return": { zh: "退回补充", en: "return for completion", on: Risk, from: ["ASSESSED"], to: "IDENTIFIED", by: REGULATORS, input: { reason: { ...reason, required: true } }, work: sendBack },
  "risk.startReview": {
    zh: "启动复评", en: "start a review", on: Risk, from: ["IN_FORCE"], to: "REVIEWING", by: [...ENTERPRISE, ...REGULATORS],
    input: { trigger: given.oneOf(reassessTrigger, "触发情形", "what triggers it", { required: true }), reason: { ...reason, required: true } }, work: startReview,
  },
  "risk.concludeReview": {
    zh: "复评结论;由重大降级须有专家论证的降级决定,由较大降级须有季度会商或专家论证的降级决定,升级立即生效", en: "conclude a review; lowering from major needs the decision of an expert round, from considerable that of a consultation or an expert round, raising is immediate", on: Risk, from: ["REVIEWING"], to: "IN_FORCE", by: APPROVERS, when: byLevel,
    input: { current: assessment, decision: given.id(() => ReviewDecision, "所据的升级或降级决定", "the decision to raise or lower it rests on"), reason: { ...reason, required: true } }, work: concludeReview,
  },
  "risk.retire": {
    zh: "消除;重大、较大须有轮次的消除决定和佐证材料", en: "retire; the two highest levels by decision of a round and on evidence", on: Risk, from: ["IN_FORCE", "REVIEWING", "SUSPENDED"], to: "RETIRED", by: REGULATORS,
    when: { rule: "retired by the lead department", reads: [], holds: (_row, actor) => mayLead(actor) },
    input: { reason: { ...reason, required: true }, decision: given.id(() => ReviewDecision, "消除决定", "the decision to retire"), evidence: given.id(() => Attachment, "佐证材料(已上传的附件)", "evidence: attachments already uploaded", { list: true }) }, work: retire,
  },
});
