import { namedPerson } from "../people/named-person.js";
import { actions, type Action } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { mayLead } from "../risks/lead.js";
import { RiskUnit } from "../risk-objects/risk-object.js";
import { Risk } from "../risks/risk.js";
import { StopRecord, stopKind } from "./stop-record.js";
import { confirmStop, confirmUnitStop, endUnitStop, resume, stopUnit, suspend } from "./stop-record.service.js";

const ENTERPRISE: readonly Role[] = ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL", "INTEGRATION_CLIENT"];
const REGULATORS: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE"];
const byLead: Action["when"] = { rule: "a stop is confirmed by the lead department", reads: [], holds: (_row, actor) => mayLead(actor) };

const stop = {
  kind: given.oneOf(stopKind, "类别", "kind", { required: true }),
  validFrom: given.dateTime("停用起,缺省为现在", "stopped from; now unless given"),
  validTo: given.dateTime("停用止(不含)", "stopped to, exclusive", { required: true }),
  reason: given.text("理由", "reason", { required: true, max: 1000 }),
};
const confirmed = { stopRecord: given.id(() => StopRecord, "停用记录", "the stop record", { required: true }) };
const start = {
  preStartCheck: given.text("复产复工前排查情况", "what the check before the start found", { required: true, max: 4000 }),
  checkedBy: namedPerson("排查人", "who checked", { required: true }),
};

/** 停用与恢复 (domain 3.5): the enterprise asks, the lead confirms, a check before the start leads back into review. */
actions({
  "risk.suspend": { zh: "申请停用(检维修);经牵头部门确认后停用", en: "ask to lay a risk aside; done when the lead confirms", on: Risk, from: ["IN_FORCE"], by: [...ENTERPRISE, ...REGULATORS], input: stop, work: suspend },
  "risk.confirmStop": { zh: "确认停用", en: "confirm the stop of a risk", on: Risk, from: ["IN_FORCE"], to: "SUSPENDED", by: REGULATORS, when: byLead, input: confirmed, work: confirmStop },
  "risk.resume": { zh: "复产复工前排查后恢复,进入复评", en: "resume into review after a check before the start", on: Risk, from: ["SUSPENDED"], to: "REVIEWING", by: [...ENTERPRISE, ...REGULATORS], input: start, work: resume },
  "riskUnit.stop": { zh: "申请单元停用(检维修)", en: "ask to stop a unit; done when the lead confirms", on: RiskUnit, by: [...ENTERPRISE, ...REGULATORS], input: stop, work: stopUnit },
  "riskUnit.confirmStop": { zh: "确认单元停用,其管控中的风险随之停用", en: "confirm the stop of a unit; its risks in force are laid aside", on: RiskUnit, by: REGULATORS, when: byLead, input: confirmed, work: confirmUnitStop },
  "riskUnit.endStop": { zh: "单元复产复工,其停用的风险进入复评", en: "end the stop of a unit; its risks laid aside go into review", on: RiskUnit, by: [...ENTERPRISE, ...REGULATORS], input: start, work: endUnitStop },
});
