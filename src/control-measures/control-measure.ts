import { Person } from "../people/person.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { bool, dateTime, int, many, one, oneOf, text } from "../platform/entity/fields.js";
import { Risk } from "../risks/risk.js";
import { controlLevel } from "./control-level.js";

/** 人防、物防、管理防、工程防 (domain D24). */
export const measureKind = enumeration("MeasureKind", { zh: "管控措施类别", en: "kind of measure" }, {
  HUMAN: ["人防", "people"],
  MATERIAL: ["物防", "material"],
  MANAGEMENT: ["管理防", "management"],
  ENGINEERING: ["工程防", "engineering"],
});
export const measureMode = enumeration("MeasureMode", { zh: "管控方式", en: "how a measure is watched" }, {
  AUTO: ["自动化监控", "automatic monitoring"],
  CHECK: ["隐患排查", "hazard check"],
});
/** Domain D23: what scenic and crowded places must be able to do. */
export const specialMeasureKind = enumeration("SpecialMeasureKind", { zh: "专项措施", en: "special kind of measure" }, {
  CLOSE_ON_EXTREME_WEATHER: ["极端天气关停", "closing on extreme weather"],
  CAPACITY_LIMIT: ["最大承载量管控", "limit of capacity"],
});

/** 管控措施. Withdrawn, never removed: what once held a risk stays to be read. */
export const ControlMeasure = entity({
  name: "ControlMeasure",
  zh: "管控措施",
  en: "control measure",
  plural: "controlMeasures",
  table: "control_measures",
  scope: { kind: "through", relation: "risk" },
  order: [["createdAt", "asc"]],
  fields: {
    kind: oneOf(measureKind, "类别", "kind", { filter: true, group: true }),
    description: text("内容", "what is done"),
    class1: text("管控措施分类 1(代码,危化双重预防)", "class 1, code of the data exchange of hazardous-chemical enterprises", { nullable: true, filter: true, group: true }),
    class2: text("管控措施分类 2(代码,如 1-1)", "class 2, code such as 1-1", { nullable: true, filter: true, group: true }),
    class3: text("管控措施分类 3(自定)", "class 3, free", { nullable: true, filter: true }),
    mode: oneOf(measureMode, "管控方式", "how it is watched", { nullable: true, filter: true, group: true }),
    responsibleLevel: oneOf(controlLevel, "责任层级", "level that answers for it", { nullable: true, filter: true, group: true }),
    checkContent: text("隐患排查内容", "what a check looks at", { nullable: true }),
    specialKind: oneOf(specialMeasureKind, "专项措施", "special kind", { nullable: true, filter: true, group: true }),
    capacity: int("最大承载量(人)", "limit of capacity, in people", { nullable: true, filter: true }),
    effective: bool("是否有效", "in effect", { filter: true, group: true }),
    withdrawnAt: dateTime("撤销时间", "withdrawn at", { nullable: true, filter: true }),
    withdrawReason: text("撤销理由", "reason for withdrawing", { nullable: true }),
  },
  relations: {
    risk: one(() => Risk, "risk_id", "风险", "risk", { owned: true }),
    responsiblePerson: one(() => Person, "responsible_person_id", "责任人", "responsible person", { owned: true }),
  },
});

relate(Risk, "measures", many(() => ControlMeasure, "risk_id", "管控措施", "control measures", { owned: true }));
