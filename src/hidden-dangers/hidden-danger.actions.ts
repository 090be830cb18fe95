import { namedBody } from "../organizations/named-body.js";
import { actions, type InputField } from "../platform/actions.js";
import { hasRole, type Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { namedPerson, officialsAbove } from "../people/named-person.js";
import { Region } from "../regions/region.js";
import { ControlMeasure } from "../control-measures/control-measure.js";
import { Risk } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";
import { Attachment } from "../attachments/attachment.js";
import { discoverySource, HiddenDanger, hiddenDangerGrade, hiddenDangerKind, hiddenDangerStatus, manageType } from "./hidden-danger.js";
import { registerExternal, updateExternal } from "./external-record.service.js";
import { accept, acceptTask, assign, failAcceptance, fixOnSpot, raiseGrade, register, reject, reportRectified, update, verify, voidRecord, writeOff } from "./hidden-danger.service.js";

const ENTERPRISE: readonly Role[] = ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL"];
const TOWN: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER"];
const SECTOR: readonly Role[] = ["SECTOR_REGULATOR", "SECTOR_LEADER"];
const REGULATORS: readonly Role[] = [...TOWN, ...SECTOR, "COMMITTEE_OFFICE"];

/** Who brings what another system runs; the import by command is the service's own. */
const EXTERNAL_REGISTRARS: readonly Role[] = [...REGULATORS, "INTEGRATION_CLIENT", "IMPORT"];

const described = {
  title: given.text("名称", "title", { required: true, max: 200 }),
  description: given.text("描述", "description", { max: 4000 }),
  subject: given.id(() => Subject, "监管对象", "subject"),
  region: given.id(() => Region, "所在区划;缺省取监管对象所在区划", "region; that of the subject unless given"),
  risk: given.id(() => Risk, "对应风险", "risk"),
  measure: given.id(() => ControlMeasure, "失效的管控措施", "measure that failed"),
  location: given.point("位置(CGCS2000);缺省取监管对象位置", "location in CGCS2000; that of the subject unless given"),
  sector: given.text("行业领域代码;缺省取监管对象的", "code of the sector; that of the subject unless given", { max: 50 }),
  kind: given.oneOf(hiddenDangerKind, "性质,缺省为具体隐患", "nature; of a place unless given"),
  category: given.text("隐患类别", "categories", { list: true, max: 50 }),
  cause: given.text("原因", "cause", { max: 2000 }),
  discoverySource: given.oneOf(discoverySource, "发现来源", "source of discovery", { required: true }),
  discoveredAt: given.dateTime("发现时间,缺省为现在", "discovered at; now unless given"),
  discoveredBy: namedPerson("发现人", "found by", { alsoFrom: [officialsAbove] }),
  evidence: given.id(() => Attachment, "整改前佐证(附件)", "evidence of the state before (attachments)", { list: true }),
  externalSystem: given.text("来源系统(与 externalId 同用)", "source system (with externalId)", { max: 100 }),
  externalId: given.text("来源系统中的主键", "key in the source system", { max: 200 }),
};

const graded = {
  grade: given.oneOf(hiddenDangerGrade, "级别", "grade", { required: true }),
  criterionClause: given.text("重大隐患判定条款(重大必填,或附专家意见)", "clause of the criterion (major: this or an expert judgement)", { max: 200 }),
  expertJudgement: given.text("专家判定意见", "signed expert judgement", { max: 2000 }),
  manageType: given.oneOf(manageType, "治理方式", "how it is treated"),
};

const plan = given.object(
  "RectificationPlanInput",
  {
    responsible: given.text("责任", "responsibility", { required: true }),
    measures: given.text("措施", "measures", { required: true, max: 4000 }),
    funds: given.decimal("资金(元)", "funds, yuan", { required: true }),
    deadline: given.date("时限", "time limit", { required: true }),
    emergencyPlan: given.text("预案", "emergency plan", { required: true, max: 4000 }),
    goals: given.text("目标任务", "goals", { max: 2000 }),
    safetyMeasures: given.text("安全措施", "safety measures", { max: 2000 }),
  },
  "整改方案(五落实);重大隐患开工前必备",
  "rectification plan (five-fix); a major hidden danger needs it before work starts",
);

/** What another system tells of a loop that is run there. */
const runElsewhere = {
  title: described.title,
  description: described.description,
  region: given.id(() => Region, "所在区划", "region", { required: true }),
  location: given.point("位置(CGCS2000)", "location in CGCS2000"),
  sector: given.text("行业领域代码", "code of the sector", { max: 50 }),
  kind: described.kind,
  category: described.category,
  cause: described.cause,
  discoverySource: given.oneOf(discoverySource, "发现来源;缺省为上级交办", "source of discovery; assigned from above unless given"),
  discoveredAt: given.dateTime("发现时间", "discovered at", { required: true }),
  ...graded,
  manageType: given.oneOf(manageType, "治理方式;缺省为限期整改", "how it is treated; by a deadline unless given"),
  status: given.oneOf(hiddenDangerStatus, "来源系统中的状态:已登记至已销号", "state in the source system, from registered to written off", { required: true }),
  originalDeadline: given.date("原整改期限", "original deadline"),
  effectiveDeadline: given.date("有效整改期限", "deadline in force"),
  rectifiedAt: given.dateTime("报告整改完成时间", "reported rectified at"),
  acceptedAt: given.dateTime("验收时间", "accepted at"),
  closedAt: given.dateTime("销号时间", "written off at"),
  responsibleOrgText: given.text("责任单位(原文)", "responsible unit as written in the source", { max: 200 }),
  responsiblePersonText: given.text("责任人(原文)", "responsible person as written in the source", { max: 200 }),
  doubts: given.text("存疑标记", "doubts about the record", { list: true, max: 60, pattern: /^[A-Z][A-Z0-9_]*$/ }),
};
const optional = <T extends Readonly<Record<string, InputField>>>(fields: T) => Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, { ...field, required: false }])) as T;

const reason = { reason: given.text("理由", "reason", { required: true, max: 1000 }) };
const comment = { comment: given.text("意见", "comment", { max: 2000 }) };

/** 隐患闭环: 排查登记 - 交办 - 整改 - 复查验收 - 销号 (domain 3.5). */
actions({
  "hiddenDanger.report": {
    zh: "上报隐患(待核实)", en: "report a hidden danger to be verified", on: HiddenDanger, creates: true, to: "REPORTED",
    by: ["GRID_WORKER", ...ENTERPRISE, ...REGULATORS, "THIRD_PARTY", "EXPERT", "INTEGRATION_CLIENT"], input: described, work: register,
  },
  "hiddenDanger.register": {
    zh: "登记隐患", en: "register a hidden danger", on: HiddenDanger, creates: true, to: "REGISTERED",
    by: [...ENTERPRISE, ...REGULATORS, "INTEGRATION_CLIENT"], input: { ...described, ...graded }, work: register,
  },
  "hiddenDanger.registerExternal": {
    zh: "登记外部系统流转的隐患(导入);未了结的重大隐患须有判定条款", en: "register a hidden danger whose loop is run elsewhere (import); a major one still open needs its clause", on: HiddenDanger, creates: true,
    by: EXTERNAL_REGISTRARS,
    input: { ...runElsewhere, externalSystem: { ...described.externalSystem, required: true }, externalId: { ...described.externalId, required: true } }, work: registerExternal,
  },
  "hiddenDanger.updateExternal": {
    zh: "更新外部系统流转的隐患(导入);本系统办理过的,不改状态、级别与期限", en: "update a hidden danger whose loop is run elsewhere (import); neither state, grade nor deadline once it was acted on here", on: HiddenDanger,
    by: EXTERNAL_REGISTRARS,
    when: { rule: "origin EXTERNAL only", reads: ["origin"], holds: (row) => row["origin"] === "EXTERNAL" },
    input: optional(runElsewhere), work: updateExternal,
  },
  "hiddenDanger.verify": {
    zh: "核实并定级", en: "verify and grade", on: HiddenDanger, from: ["REPORTED"], to: "REGISTERED", by: REGULATORS, input: graded, work: verify,
  },
  "hiddenDanger.reject": {
    zh: "判定不属实", en: "reject as unfounded", on: HiddenDanger, from: ["REPORTED"], to: "REJECTED", by: REGULATORS, input: reason, work: reject,
  },
  "hiddenDanger.fixOnSpot": {
    zh: "即查即改销号", en: "fix on the spot and close", on: HiddenDanger, from: ["REGISTERED"], to: "CLOSED", by: [...ENTERPRISE, ...REGULATORS, "INTEGRATION_CLIENT"],
    when: { rule: "GENERAL and ON_SPOT only", reads: ["grade", "manageType"], holds: (row) => row["grade"] === "GENERAL" && row["manageType"] === "ON_SPOT" },
    input: { evidence: given.id(() => Attachment, "整改后佐证", "evidence of the state after", { list: true, required: true }) }, work: fixOnSpot,
  },
  "hiddenDanger.assign": {
    zh: "交办(可双重交办)", en: "assign, to the enterprise and to a department", on: HiddenDanger, from: ["REGISTERED"], to: "ASSIGNED", by: REGULATORS,
    input: {
      deadline: given.date("整改期限", "deadline", { required: true }),
      overseeOrganization: namedBody("督办部门(官方发现的须有)", "department that oversees"),
      responsiblePerson: namedPerson("整改责任人", "person who rectifies"),
      plan,
    },
    work: assign,
  },
  "hiddenDanger.acceptTask": {
    zh: "签收整改任务", en: "accept the task of rectifying", on: HiddenDanger, from: ["ASSIGNED"], to: "RECTIFYING", by: [...ENTERPRISE, ...REGULATORS, "INTEGRATION_CLIENT"],
    input: { plan }, work: acceptTask,
  },
  "hiddenDanger.reportRectified": {
    zh: "报告整改完成", en: "report rectified", on: HiddenDanger, from: ["RECTIFYING"], to: "PENDING_ACCEPTANCE", by: [...ENTERPRISE, "INTEGRATION_CLIENT"],
    input: { ...comment, evidence: given.id(() => Attachment, "整改后佐证(附件)", "evidence of the state after (attachments)", { list: true, required: true }) }, work: reportRectified,
  },
  "hiddenDanger.failAcceptance": {
    zh: "验收不通过", en: "fail acceptance", on: HiddenDanger, from: ["PENDING_ACCEPTANCE"], to: "RECTIFYING", by: REGULATORS, input: reason, work: failAcceptance,
  },
  "hiddenDanger.accept": {
    zh: "验收通过", en: "accept", on: HiddenDanger, from: ["PENDING_ACCEPTANCE"], to: "ACCEPTED", by: REGULATORS, input: comment, work: accept,
  },
  "hiddenDanger.writeOff": {
    zh: "销号", en: "write off", on: HiddenDanger, from: ["ACCEPTED"], to: "CLOSED", by: REGULATORS,
    when: { rule: "MAJOR is written off by the lead department or above", reads: ["grade"], holds: (row, acting) => row["grade"] !== "MAJOR" || hasRole(acting, ...SECTOR, "COMMITTEE_OFFICE") },
    input: comment, work: writeOff,
  },
  "hiddenDanger.raiseGrade": {
    zh: "升为重大隐患", en: "raise to major", on: HiddenDanger, from: ["REGISTERED", "ASSIGNED", "RECTIFYING", "PENDING_ACCEPTANCE"], by: REGULATORS,
    input: { criterionClause: graded.criterionClause, expertJudgement: graded.expertJudgement, plan }, work: raiseGrade,
  },
  "hiddenDanger.update": {
    zh: "更正隐患描述(不含级别、期限与状态)", en: "correct what describes a hidden danger; neither grade, deadline nor state", on: HiddenDanger, from: ["REPORTED", "REGISTERED", "ASSIGNED", "RECTIFYING", "PENDING_ACCEPTANCE", "ACCEPTED", "TRANSFERRED"],
    by: ["GRID_WORKER", ...ENTERPRISE, ...REGULATORS, "INTEGRATION_CLIENT"],
    when: { rule: "once assigned it is described by regulators", reads: ["status"], holds: (row, acting) => ["REPORTED", "REGISTERED"].includes(String(row["status"])) || hasRole(acting, ...REGULATORS) },
    input: { title: { ...described.title, required: false }, description: described.description, category: described.category, cause: described.cause, location: described.location }, work: update,
  },
  "hiddenDanger.void": {
    zh: "作废(重复、错误)", en: "void (duplicate or error)", on: HiddenDanger, from: ["REPORTED", "REGISTERED", "ASSIGNED", "RECTIFYING", "PENDING_ACCEPTANCE", "ACCEPTED", "TRANSFERRED"], to: "VOIDED",
    by: ["TOWN_LEADER", "SECTOR_LEADER", "COMMITTEE_OFFICE"], input: reason, work: voidRecord,
  },
});
