import { Person } from "../people/person.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { decimal, geometry, many, one, oneOf, text } from "../platform/entity/fields.js";
import { Subject } from "../subjects/subject.js";

export const riskObjectType = enumeration("RiskObjectType", { zh: "风险分析对象类别", en: "type of risk analysis object" }, {
  MAJOR_HAZARD_INSTALLATION: ["重大危险源", "major hazard installation"],
  DEVICE: ["装置设施", "device"],
  WAREHOUSE: ["仓库储罐", "warehouse"],
  PLACE: ["场所部位", "place"],
  ACTIVITY: ["作业活动", "activity"],
  AREA: ["区域", "area"],
});
export const installationGrade = enumeration("HazardInstallationGrade", { zh: "重大危险源等级 (GB 18218)", en: "grade of a major hazard installation" }, {
  LEVEL_1: ["一级(R≥100)", "grade 1, R at least 100"],
  LEVEL_2: ["二级(50≤R<100)", "grade 2, R from 50 to below 100"],
  LEVEL_3: ["三级(10≤R<50)", "grade 3, R from 10 to below 50"],
  LEVEL_4: ["四级(R<10)", "grade 4, R below 10"],
});

/** The grade by R = α·Σ(β·q/Q), GB 18218-2018. `r` is decimal text, as inputs carry it; the database computes the same (grade_follows_r). */
export const gradeOfR = (r: string): (typeof installationGrade.values)[number] => {
  const value = Number(r);
  return value >= 100 ? "LEVEL_1" : value >= 50 ? "LEVEL_2" : value >= 10 ? "LEVEL_3" : "LEVEL_4";
};

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
    hazardInstallationGrade: oneOf(installationGrade, "重大危险源等级;有 R 值者由其算出", "grade of the installation; by its R where that is known", { nullable: true, filter: true, group: true }),
    rValue: decimal("重大危险源 R 值", "R value", { nullable: true }),
    department: text("责任部门", "department", { nullable: true }),
    location: geometry("位置", "location", { nullable: true }),
  },
  relations: {
    subject: one(() => Subject, "subject_id", "监管对象", "subject"),
    liablePerson: one(() => Person, "liable_person_id", "责任人", "liable person", { owned: true }),
  },
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
    liablePerson: one(() => Person, "liable_person_id", "责任人", "liable person", { owned: true }),
  },
});

relate(RiskObject, "units", many(() => RiskUnit, "object_id", "风险分析单元", "units", { owned: true }));
relate(Subject, "riskObjects", many(() => RiskObject, "subject_id", "风险分析对象", "risk analysis objects", { owned: true }));
