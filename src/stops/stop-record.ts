import { Person } from "../people/person.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { computed, dateTime, many, one, oneOf, text } from "../platform/entity/fields.js";
import { RiskUnit } from "../risk-objects/risk-object.js";
import { Risk } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";

export const stopKind = enumeration("StopKind", { zh: "停用类别", en: "kind of stop" }, { STOPPED: ["停用", "stopped"], MAINTENANCE: ["检维修", "maintenance"] });
const stopStatus = enumeration("StopRecordStatus", { zh: "停用记录状态", en: "state of a stop record" }, {
  REQUESTED: ["待确认", "requested, not confirmed"],
  CONFIRMED: ["已确认", "confirmed by the lead"],
  CHECKED: ["已作复产复工前排查", "checked before the start"],
});

/** 停用(检维修)记录 of a risk or a unit (domain 2.5): asked for by the enterprise, confirmed by the lead, half-open in time. While it runs its risks are laid aside. */
export const StopRecord = entity({
  name: "StopRecord",
  zh: "停用(检维修)记录",
  en: "stop record",
  plural: "stopRecords",
  table: "stop_records",
  scope: { kind: "through", relation: "subject" },
  order: [["updatedAt", "desc"]],
  fields: {
    kind: oneOf(stopKind, "类别", "kind", { filter: true, group: true }),
    reason: text("理由", "reason"),
    validFrom: dateTime("起", "from", { filter: true, sort: true }),
    validTo: dateTime("止(不含)", "to, exclusive", { filter: true, sort: true }),
    status: computed("enum", "状态", "state", (alias) => `case when ${alias}.checked_at is not null then 'CHECKED' when ${alias}.confirmed_at is not null then 'CONFIRMED' else 'REQUESTED' end`, { enumeration: stopStatus, filter: true, group: true }),
    inForce: computed("boolean", "所取时点是否停用中(已确认且未作开工前排查)", "in force at the effective instant: confirmed, running, not yet checked for the start", (alias, read) => `coalesce(${alias}.confirmed_at <= ${read.now()}, false) and ${alias}.valid_from <= ${read.now()} and ${alias}.valid_to > ${read.now()}`, { filter: true }),
    overran: computed("boolean", "止期已过而未作复产复工前排查:其风险仍停用,须催办", "its end has passed without a check before the start: what it laid aside still is", (alias, read) => `coalesce(${alias}.confirmed_at <= ${read.now()}, false) and ${alias}.checked_at is null and ${alias}.valid_to <= ${read.now()}`, { filter: true }),
    confirmedAt: dateTime("牵头部门确认时间", "confirmed by the lead at", { nullable: true, filter: true }),
    preStartCheck: text("复产复工前排查情况", "what the check before the start found", { nullable: true }),
    checkedAt: dateTime("排查时间", "checked at", { nullable: true }),
  },
  relations: {
    subject: one(() => Subject, "subject_id", "监管对象", "subject"),
    risk: one(() => Risk, "risk_id", "风险(停用一项风险时)", "the risk, where one is stopped", { owned: true }),
    unit: one(() => RiskUnit, "unit_id", "风险分析单元(停用整个单元时)", "the unit, where a whole one is stopped", { owned: true }),
    checkedBy: one(() => Person, "checked_by_id", "排查人", "who checked before the start", { owned: true }),
  },
});

relate(Risk, "stopRecords", many(() => StopRecord, "risk_id", "停用记录", "stop records", { owned: true }));
relate(RiskUnit, "stopRecords", many(() => StopRecord, "unit_id", "停用记录", "stop records", { owned: true }));
