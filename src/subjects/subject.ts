import { Person } from "../people/person.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { bool, geometry, int, many, one, oneOf, text, textList } from "../platform/entity/fields.js";
import { Grid, Region } from "../regions/region.js";

export const sizeClass = enumeration("SizeClass", { zh: "规模分类", en: "class of size" }, {
  ABOVE_DESIGNATED: ["规模(限额)以上", "above designated size"],
  BELOW_DESIGNATED: ["规模(限额)以下", "below designated size"],
  MICRO: ["小微", "micro"],
  SOLE_TRADER: ["个体工商户", "sole trader"],
});

/** 企业: the legal unit. Where it works is a subject (生产经营场所); the credit code is not unique over subjects. */
export const Enterprise = entity({
  name: "Enterprise",
  zh: "企业(法人单位)",
  en: "enterprise (legal unit)",
  plural: "enterprises",
  table: "enterprises",
  scope: { kind: "placed" },
  order: [["legalName", "asc"]],
  fields: {
    legalName: text("法定名称", "legal name", { filter: true, sort: true }),
    uscc: text("统一社会信用代码 (GB 32100)", "unified social credit code", { nullable: true, filter: true }),
    industrySection: text("行业门类 (GB/T 4754)", "industry section", { nullable: true, filter: true }),
    industryCode: text("行业小类 (GB/T 4754)", "industry class", { nullable: true, filter: true }),
    sizeClass: oneOf(sizeClass, "规模", "size", { nullable: true, filter: true, group: true }),
    stateOwned: bool("是否国有", "state-owned", { nullable: true, filter: true }),
    highRisk: bool("是否高危行业", "high-risk trade", { nullable: true, filter: true }),
    employees: int("从业人数", "employees", { nullable: true, filter: true }),
    companyCode9: text("危化登记系统企业编码(9 位)", "code in the chemical registration system", { nullable: true, filter: true }),
  },
  relations: {
    region: one(() => Region, "region_id", "注册地区划", "region", { owned: true }),
    parent: one(() => Enterprise, "parent_id", "上级单位(总包)", "parent company"),
  },
});

export const subjectKind = enumeration("SubjectKind", { zh: "监管对象类别", en: "kind of regulated subject" }, {
  ENTERPRISE_SITE: ["企业生产经营场所", "site of an enterprise"],
  KEY_FACILITY: ["重点设施", "key facility"],
  KEY_AREA: ["重点区域", "key area"],
  CONSTRUCTION_PROJECT: ["在建项目", "construction project"],
});
export const subjectStatus = enumeration("SubjectStatus", { zh: "监管对象状态", en: "state of a subject" }, {
  UNCONFIRMED: ["待确认", "unconfirmed"],
  ACTIVE: ["在册", "active"],
  SUSPENDED: ["停产停用", "suspended"],
  CLOSED: ["注销", "closed"],
});
export const supervisionClass = enumeration("SupervisionClass", { zh: "监管分类", en: "class of supervision" }, { A: ["A 类", "A"], B: ["B 类", "B"], C: ["C 类", "C"], D: ["D 类", "D"] });

/** 监管对象: what is regulated, and where risks are. */
export const Subject = entity({
  name: "RegulatedSubject",
  zh: "监管对象",
  en: "regulated subject",
  plural: "regulatedSubjects",
  table: "subjects",
  scope: { kind: "placed", sector: "sector", subject: "id" },
  order: [["updatedAt", "desc"]],
  hiddenColumns: ["fid"],
  variants: {
    column: "kind",
    types: {
      ENTERPRISE_SITE: { name: "EnterpriseSite", zh: "企业生产经营场所", en: "site of an enterprise", fields: {} },
      KEY_FACILITY: { name: "KeyFacility", zh: "重点设施", en: "key facility", fields: {} },
      KEY_AREA: { name: "KeyArea", zh: "重点区域", en: "key area", fields: {} },
      CONSTRUCTION_PROJECT: { name: "ConstructionProject", zh: "在建项目", en: "construction project", fields: {} },
    },
  },
  fields: {
    code: text("编号", "code", { filter: true, sort: true }),
    name: text("名称", "name", { filter: true, sort: true }),
    kind: oneOf(subjectKind, "类别", "kind", { filter: true, group: true }),
    sector: text("行业领域代码", "code of the sector", { nullable: true, filter: true, group: true }),
    address: text("地址", "address", { nullable: true }),
    location: geometry("位置", "location", { nullable: true }),
    keyControlled: bool("是否重点管控", "key-controlled", { filter: true, group: true }),
    supervisionClass: oneOf(supervisionClass, "监管分类", "class of supervision", { nullable: true, filter: true, group: true }),
    status: oneOf(subjectStatus, "状态", "state", { filter: true, sort: true, group: true }),
    quality: textList("存疑标记", "doubts about the record", { filter: true }),
  },
  relations: {
    region: one(() => Region, "region_id", "所在区划", "region", { owned: true }),
    grid: one(() => Grid, "grid_id", "所在网格", "grid", { owned: true }),
    enterprise: one(() => Enterprise, "enterprise_id", "所属企业", "enterprise", { owned: true }),
  },
});

relate(Enterprise, "sites", many(() => Subject, "enterprise_id", "生产经营场所", "sites"));
relate(Region, "subjects", many(() => Subject, "region_id", "监管对象", "regulated subjects"));
relate(Person, "enterprise", one(() => Enterprise, "enterprise_id", "所在企业", "enterprise", { owned: true }));
