import { namedPerson } from "../people/named-person.js";
import { actions } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { Subject } from "../subjects/subject.js";
import { installationGrade, RiskObject, riskObjectType, RiskUnit } from "./risk-object.js";
import { registerObject, registerUnit, updateObject, updateUnit } from "./risk-object.service.js";

const REGISTRARS: readonly Role[] = ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL", "TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE", "INTEGRATION_CLIENT"];

const shared = {
  name: given.text("名称", "name", { required: true, max: 200 }),
  department: given.text("责任部门", "department", { max: 200 }),
  liablePerson: namedPerson("责任人", "liable person"),
};
const ofObject = {
  ...shared,
  type: given.oneOf(riskObjectType, "类别", "type", { required: true }),
  hazardInstallationGrade: given.oneOf(installationGrade, "重大危险源等级;有 R 值时由系统计算,所填不一致即拒绝", "grade of the installation; computed where R is given, and refused where it differs"),
  rValue: given.decimal("重大危险源 R 值", "R value", { minimum: 0 }),
  location: given.point("位置(CGCS2000)", "location in CGCS2000"),
};

/** 风险分析对象与单元 (domain 2.5: object, unit, event, measure). */
actions({
  "riskObject.register": {
    zh: "登记风险分析对象", en: "register a risk analysis object", on: RiskObject, creates: true, by: REGISTRARS,
    input: { subject: given.id(() => Subject, "监管对象", "subject", { required: true }), ...ofObject }, work: registerObject,
  },
  "riskObject.update": {
    zh: "更新风险分析对象", en: "update a risk analysis object", on: RiskObject, by: REGISTRARS,
    input: { ...ofObject, name: { ...ofObject.name, required: false }, type: { ...ofObject.type, required: false } }, work: updateObject,
  },
  "riskUnit.register": {
    zh: "登记风险分析单元", en: "register a risk analysis unit", on: RiskUnit, creates: true, by: REGISTRARS,
    input: { object: given.id(() => RiskObject, "风险分析对象", "risk analysis object", { required: true }), ...shared }, work: registerUnit,
  },
  "riskUnit.update": {
    zh: "更新风险分析单元", en: "update a risk analysis unit", on: RiskUnit, by: REGISTRARS,
    input: { ...shared, name: { ...shared.name, required: false } }, work: updateUnit,
  },
});
