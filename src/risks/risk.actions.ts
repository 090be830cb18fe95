import { assessmentInput as assessment } from "../assessment/assessment.service.js";
import { Attachment } from "../attachments/attachment.js";
import { namedPerson } from "../people/named-person.js";
import { actions, type Action } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { Region } from "../regions/region.js";
import { ReviewDecision } from "../review-rounds/review-round.js";
import { Subject } from "../subjects/subject.js";
import { measure } from "../control-measures/control-measure.actions.js";
import { RiskUnit } from "../risk-objects/risk-object.js";
import { LEAD_RULE, leadDecides, mayLead } from "./lead.js";
import { originClass, reassessTrigger, Risk, riskDomain } from "./risk.js";
import { approve, assess, concludeReview, identify, retire, sendBack, startReview } from "./risk.service.js";

const ENTERPRISE: readonly Role[] = ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL"];
const REGULATORS: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE"];
const APPROVERS: readonly Role[] = ["ENTERPRISE_PRINCIPAL", ...REGULATORS];

const reason = given.text("理由", "reason", { max: 1000 });

/** Levels three and four by the town or the principal of the enterprise, the two highest by the lead department. */
const byLevel: Action["when"] = { rule: LEAD_RULE, reads: ["currentLevel"], holds: (row, actor) => !leadDecides(row["currentLevel"]) || mayLead(actor) };

/** 风险的一生 (domain 3.5, Risk). */
actions({
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
      accidentType: given.text("可能的事故类别代码 (GB 6441)", "code of the accident type", { max: 50 }),
      accidentTypeEdition: given.text("该代码的版本;缺省为登记日所用版本", "edition of that code; the one in use on the day of registration unless given", { max: 50 }),
      disasterType: given.text("灾害类型代码", "code of the disaster type", { max: 50 }),
      consequence: given.text("可能后果", "consequence", { max: 2000 }),
      originClass: given.oneOf(originClass, "来源分类", "class of origin"),
      keyAttention: given.bool("是否提请重点关注(审核另行办理)", "proposed for key attention; its review is an action of its own"),
      keyAttentionReason: given.text("提请重点关注的理由", "reason for proposing it", { max: 1000 }),
      causedBy: given.id(() => Subject, "诱发单位(仅自然灾害)", "subject that induced it, of a natural hazard only"),
      responsiblePerson: namedPerson("责任人", "responsible person"),
      emergencyPlanRef: given.text("应急预案编号", "reference of the emergency plan", { max: 200 }),
      location: given.point("位置(CGCS2000)", "location in CGCS2000"),
      extent: given.extent("范围(线或面,CGCS2000)", "where it stretches, a line or an area, in CGCS2000"),
      measures: given.object("ControlMeasureInput", measure, "管控措施", "control measures", { list: true }),
      externalSystem: given.text("来源系统(与 externalId 同用)", "source system (with externalId)", { max: 100 }),
      externalId: given.text("来源系统中的主键", "key in the source system", { max: 200 }),
    },
    work: identify,
  },
  "risk.assess": {
    zh: "评估定级", en: "assess", on: Risk, from: ["IDENTIFIED"], to: "ASSESSED", by: [...ENTERPRISE, ...REGULATORS, "EXPERT", "INTEGRATION_CLIENT"],
    input: { inherent: { ...assessment, required: false }, current: assessment, reason }, work: assess,
  },
  "risk.approve": {
    zh: "审定纳入管控;重大、较大由牵头部门审定,重大须经专家论证", en: "approve into force; the two highest levels by the lead department, major on an expert round", on: Risk, from: ["ASSESSED"], to: "IN_FORCE", by: APPROVERS, when: byLevel,
    input: { responsiblePerson: namedPerson("责任人", "responsible person"), emergencyPlanRef: given.text("应急预案编号", "reference of the emergency plan", { max: 200 }) },
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
