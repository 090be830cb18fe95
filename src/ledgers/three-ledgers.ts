import { ControlMeasure } from "../control-measures/control-measure.js";
import { HiddenDanger, HazardAssignment, AcceptanceRecord } from "../hidden-dangers/hidden-danger.js";
import type { Entity } from "../platform/entity/entity.js";
import { fieldsOf } from "../platform/entity/entity.js";
import { Risk } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";
import { RegulationRelation, RegulatorAssignment } from "../supervision/regulation.js";
import { cell, counted, lines, linked, listed, listedInEdition, momentText, shown, valueAt, type Ledger, type LedgerRow } from "./ledger.js";

const label = (entity: Entity, row: LedgerRow, path: string, name = path) => shown(fieldsOf(entity)[name]!, valueAt(row, path));
const joined = (...parts: readonly (string | null | undefined)[]) => parts.filter(Boolean).join(" ");
const place = { shown: "name", by: "code" };
const POSITION = { zh: "位置(CGCS2000 经度, 纬度)", en: "location, CGCS2000 lon, lat", width: 9 };

/** Slots in the order of their schemes; the id breaks ties. */
const bySlot = (row: LedgerRow) => `${String(valueAt(row, "slot.scheme.code"))} ${String(valueAt(row, "slot.position")).padStart(4, "0")} ${String(row["id"])}`;

/** 基础台账: what is regulated, its risks, and the persons who answer for it (000 L63: 三套基础台账). */
const BASIC: Ledger = {
  key: "basic",
  zh: "基础台账",
  en: "basic ledger",
  filterOf: Subject,
  sheets: [
    {
      key: "subjects",
      zh: "监管对象",
      en: "regulated subjects",
      entity: Subject,
      update: "subject.update",
      columns: [
        cell(Subject, "code", { width: 11 }),
        cell(Subject, "name", { width: 12, input: "name" }),
        cell(Subject, "kind", { width: 6 }),
        cell(Subject, "status", { width: 4 }),
        listed(Subject, "sector", "sector", { zh: "行业领域", en: "sector", width: 5, input: "sector" }),
        linked(Subject, "region", place, { zh: "所在区划", en: "region", width: 7, input: "region" }),
        linked(Subject, "grid", place, { width: 6, input: "grid" }),
        cell(Subject, "address", { width: 12, input: "address" }),
        cell(Subject, "location", { ...POSITION, input: "location" }),
        cell(Subject, "keyControlled", { zh: "重点管控", width: 3, input: "keyControlled" }),
        cell(Subject, "supervisionClass", { width: 4, input: "supervisionClass" }),
        cell(Subject, "enterprise.legalName", { zh: "所属企业", en: "enterprise", width: 12 }),
        cell(Subject, "enterprise.uscc", { zh: "统一社会信用代码", width: 10 }),
        cell(Subject, "enterprise.sizeClass", { width: 5 }),
        cell(Subject, "overallLevel", { zh: "整体风险等级(就高)", en: "overall level of risk", width: 6 }),
        lines("regulators", "监管单位", "regulators", 12, { relation: "currentRegulators", select: "role organization { name }", line: (row) => `${label(RegulationRelation, row, "role")}:${String(valueAt(row, "organization.name"))}` }),
        cell(Subject, "quality", { zh: "存疑", width: 5 }),
      ],
    },
    {
      key: "risks",
      zh: "风险清单",
      en: "register of risks",
      entity: Risk,
      through: "subject",
      update: "risk.update",
      columns: [
        cell(Risk, "code", { width: 11 }),
        cell(Risk, "name", { width: 12, input: "name" }),
        cell(Risk, "subject.name", { zh: "监管对象", en: "regulated subject", width: 11 }),
        cell(Risk, "unit.name", { zh: "分析单元", en: "risk analysis unit", width: 7 }),
        linked(Risk, "region", place, { zh: "所在区划", en: "region", width: 6 }),
        cell(Risk, "domain", { width: 4 }),
        listed(Risk, "sector", "sector", { zh: "行业领域", en: "sector", width: 5 }),
        listed(Risk, "hazardFactor", "hazardFactor", { zh: "危险有害因素", en: "hazard factor", width: 6, input: "hazardFactor" }),
        listedInEdition(Risk, "accidentType", "accidentTypeEdition", "accidentType", { zh: "可能的事故类别", en: "accident type", width: 6, input: "accidentType" }),
        listed(Risk, "disasterType", "disasterType", { zh: "灾害类型", en: "type of disaster", width: 4, input: "disasterType" }),
        cell(Risk, "consequence", { width: 10, input: "consequence" }),
        cell(Risk, "inherentLevel", { width: 6 }),
        cell(Risk, "currentLevel", { width: 6 }),
        cell(Risk, "status", { width: 4 }),
        lines("measures", "管控措施", "control measures", 16, { relation: "measures", select: "kind description effective", line: (row) => `【${label(ControlMeasure, row, "kind")}】${String(row["description"])}${row["effective"] ? "" : "(失效)"}` }),
        linked(Risk, "responsiblePerson", { shown: "name", by: "id" }, { zh: "责任人", en: "responsible person", width: 4, input: "responsiblePerson" }),
        cell(Risk, "responsiblePerson.post", { zh: "责任人职务", en: "post of the responsible person", width: 5 }),
        cell(Risk, "emergencyPlanRef", { zh: "应急预案", en: "emergency plan", width: 6 }),
        cell(Risk, "keyAttention", { zh: "重点关注", width: 3 }),
        cell(Risk, "location", { ...POSITION, input: "location" }),
        cell(Risk, "nextReviewDue", { zh: "复评期限", width: 6 }),
        cell(Risk, "reviewOverdue", { zh: "复评逾期", width: 3 }),
        cell(Risk, "quality", { zh: "存疑", width: 5 }),
      ],
    },
    {
      key: "persons",
      zh: "责任人",
      en: "responsible persons",
      entity: Subject,
      each: { relation: "currentAssignments", select: "slot { position scheme { code } }", order: (a, b) => (bySlot(a) < bySlot(b) ? -1 : 1) },
      columns: [
        cell(RegulatorAssignment, "subject.code", { zh: "监管对象编号", en: "code of the subject", width: 11 }),
        cell(RegulatorAssignment, "subject.name", { zh: "监管对象", en: "regulated subject", width: 12 }),
        linked(RegulatorAssignment, "subject.region", place, { zh: "所在区划", en: "region", width: 7 }),
        cell(RegulatorAssignment, "slot.scheme.nameZh", { zh: "责任人体系", en: "scheme", width: 9 }),
        cell(RegulatorAssignment, "slot.nameZh", { zh: "席位", en: "slot", width: 8 }),
        cell(RegulatorAssignment, "person.name", { zh: "姓名", en: "name", width: 5 }),
        cell(RegulatorAssignment, "person.organization.name", { zh: "单位", en: "organisation", width: 10 }),
        cell(RegulatorAssignment, "person.enterprise.legalName", { zh: "企业", en: "enterprise", width: 10 }),
        cell(RegulatorAssignment, "person.post", { zh: "职务", width: 6 }),
        cell(RegulatorAssignment, "person.dutyPhone", { zh: "值班电话", width: 7 }),
        cell(RegulatorAssignment, "slot.dutyText", { width: 14 }),
        cell(RegulatorAssignment, "validFrom", { zh: "任职起", width: 8 }),
        cell(RegulatorAssignment, "validTo", { zh: "任职止", width: 8 }),
        cell(RegulatorAssignment, "appointmentDoc", { width: 9 }),
        cell(RegulatorAssignment, "published", { zh: "已公示", width: 3 }),
      ],
    },
  ],
};

/** 隐患台账: every hidden danger, the rejected and the voided with their state, so that numbers have no holes. */
const HIDDEN_DANGERS: Ledger = {
  key: "hidden-dangers",
  zh: "隐患台账",
  en: "ledger of hidden dangers",
  filterOf: HiddenDanger,
  sheets: [
    {
      key: "hidden-dangers",
      zh: "隐患台账",
      en: "hidden dangers",
      entity: HiddenDanger,
      update: "hiddenDanger.update",
      columns: [
        cell(HiddenDanger, "code", { width: 11 }),
        cell(HiddenDanger, "title", { width: 12, input: "title" }),
        cell(HiddenDanger, "description", { width: 14, input: "description" }),
        cell(HiddenDanger, "grade", { width: 6 }),
        cell(HiddenDanger, "kind", { width: 4 }),
        cell(HiddenDanger, "category", { width: 5, input: "category" }),
        cell(HiddenDanger, "subject.name", { zh: "监管对象", en: "regulated subject", width: 11 }),
        linked(HiddenDanger, "region", place, { zh: "所在区划", en: "region", width: 6 }),
        cell(HiddenDanger, "location", { ...POSITION, input: "location" }),
        listed(HiddenDanger, "sector", "sector", { zh: "行业领域", en: "sector", width: 5 }),
        cell(HiddenDanger, "discoverySource", { width: 5 }),
        cell(HiddenDanger, "discoveredAt", { width: 8 }),
        cell(HiddenDanger, "discoveredBy.name", { zh: "发现人", en: "found by", width: 4 }),
        cell(HiddenDanger, "cause", { width: 9, input: "cause" }),
        cell(HiddenDanger, "criterionClause", { zh: "判定条款", width: 7 }),
        cell(HiddenDanger, "risk.code", { zh: "对应风险编号", en: "code of the risk", width: 11 }),
        cell(HiddenDanger, "manageType", { width: 5 }),
        cell(HiddenDanger, "responsibleOrgText", { width: 8 }),
        cell(HiddenDanger, "responsiblePersonText", { width: 5 }),
        cell(HiddenDanger, "originalDeadline", { en: "original deadline", width: 6 }),
        cell(HiddenDanger, "effectiveDeadline", { zh: "有效整改期限", en: "deadline in force", width: 6 }),
        cell(HiddenDanger, "status", { width: 5 }),
        cell(HiddenDanger, "overdue", { zh: "超期", en: "overdue", width: 3 }),
        cell(HiddenDanger, "overdueDays", { width: 3 }),
        cell(HiddenDanger, "closedAt", { width: 8 }),
        cell(HiddenDanger, "writeOffNo", { width: 9 }),
        cell(HiddenDanger, "origin", { width: 6 }),
        cell(HiddenDanger, "quality", { zh: "存疑", width: 5 }),
      ],
    },
  ],
};

/** One line of a slip: to whom, when issued, received and closed, with its result. */
const slip = (leg: string) => (row: LedgerRow) =>
  row["leg"] !== leg
    ? null
    : joined(
        joined(valueAt(row, "toOrganization.name") as string, valueAt(row, "toEnterprise.legalName") as string, valueAt(row, "toPerson.name") as string) || "(未指明)",
        `交办 ${momentText(row["issuedAt"])}`,
        row["receivedAt"] ? `签收 ${momentText(row["receivedAt"])}` : "未签收",
        row["closedAt"] ? `办结 ${momentText(row["closedAt"])}` : "未办结",
        label(HazardAssignment, row, "result"),
      );
const SLIP = "leg issuedAt receivedAt closedAt result toOrganization { name } toEnterprise { legalName } toPerson { name }";

/** 整改台账: what was assigned, to both legs, and how far it came; whether in time, by the original deadline and by the one in force. */
const RECTIFICATIONS: Ledger = {
  key: "rectifications",
  zh: "整改台账",
  en: "ledger of rectifications",
  filterOf: HiddenDanger,
  sheets: [
    {
      key: "rectifications",
      zh: "整改台账",
      en: "rectifications",
      entity: HiddenDanger,
      only: { status: { in: ["ASSIGNED", "RECTIFYING", "PENDING_ACCEPTANCE", "ACCEPTED", "CLOSED", "TRANSFERRED"] } },
      columns: [
        cell(HiddenDanger, "code", { width: 11 }),
        cell(HiddenDanger, "title", { width: 12 }),
        cell(HiddenDanger, "grade", { width: 6 }),
        cell(HiddenDanger, "subject.name", { zh: "监管对象", en: "regulated subject", width: 11 }),
        linked(HiddenDanger, "region", place, { zh: "所在区划", en: "region", width: 6 }),
        cell(HiddenDanger, "manageType", { width: 5 }),
        lines("rectifyLeg", "企业整改(交办)", "assigned to rectify", 16, { relation: "assignments", select: SLIP, line: slip("RECTIFY") }),
        lines("overseeLeg", "部门督办(交办)", "assigned to oversee", 16, { relation: "assignments", select: SLIP, line: slip("OVERSEE") }),
        lines("plans", "整改方案:措施与资金", "plans: measures and funds", 14, { relation: "plans", select: "measures funds", line: (row) => `${String(row["measures"])}(${String(row["funds"])} 元)` }),
        cell(HiddenDanger, "originalDeadline", { en: "original deadline", width: 6 }),
        cell(HiddenDanger, "effectiveDeadline", { zh: "有效整改期限", en: "deadline in force", width: 6 }),
        cell(HiddenDanger, "rectifiedAt", { zh: "整改完成时间", width: 8 }),
        lines("acceptances", "验收(复查)", "acceptance", 10, { relation: "acceptances", select: "result acceptedAt comment acceptor { name }", line: (row) => joined(momentText(row["acceptedAt"]), label(AcceptanceRecord, row, "result"), valueAt(row, "acceptor.name") as string, row["comment"] as string) }),
        cell(HiddenDanger, "acceptedAt", { width: 8 }),
        cell(HiddenDanger, "closedAt", { width: 8 }),
        cell(HiddenDanger, "writeOffNo", { width: 9 }),
        cell(HiddenDanger, "status", { width: 5 }),
        cell(HiddenDanger, "onTimeByOriginalDeadline", { zh: "原期限按期", en: "on time by the original deadline", width: 4 }),
        cell(HiddenDanger, "onTime", { zh: "有效期限按期", en: "on time by the deadline in force", width: 4 }),
        cell(HiddenDanger, "overdueDays", { width: 3 }),
        counted("evidenceCount", "佐证(份)", "pieces of evidence", "evidence"),
        cell(HiddenDanger, "origin", { width: 6 }),
      ],
    },
  ],
};

/** 三套台账 (domain D06): basic, hidden dangers, rectifications. */
export const LEDGERS: readonly Ledger[] = [BASIC, HIDDEN_DANGERS, RECTIFICATIONS];
