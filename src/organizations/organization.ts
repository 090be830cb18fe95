import { entity } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { bool, many, one, oneOf, text, textList } from "../platform/entity/fields.js";
import { Region } from "../regions/region.js";

export const organizationKind = enumeration("OrganizationKind", { zh: "单位类别", en: "kind of organisation" }, {
  GOV_DEPT: ["政府部门", "government department"],
  TOWN_GOV: ["街道、乡镇", "town or sub-district office"],
  COMMUNITY: ["村、社区", "village or community committee"],
  COMMITTEE: ["议事协调机构(安委会、减灾委)", "committee"],
  THIRD_PARTY: ["第三方机构", "third party"],
  RESCUE: ["应急救援队伍", "rescue force"],
  ENTERPRISE: ["企业(单位)", "enterprise"],
});

/** 监管层级 is data, not three constants: networks of four and five levels exist. */
export const supervisionLevel = enumeration("SupervisionLevel", { zh: "监管层级", en: "level of supervision" }, {
  DISTRICT: ["区级部门", "district department"],
  TOWN: ["街镇", "town"],
  COMMUNITY: ["社区(村)", "community"],
  GRID: ["基层网格", "base grid"],
});

export const supervisionRole = enumeration("SupervisionRole", { zh: "监管职能", en: "role in supervision" }, {
  COMPREHENSIVE: ["综合监管", "comprehensive"],
  SECTOR: ["行业监管", "sector"],
  TERRITORIAL: ["属地监管", "territorial"],
});

/** 单位(部门). */
export const Organization = entity({
  name: "Organization",
  zh: "单位(部门)",
  en: "organisation",
  plural: "organizations",
  table: "organizations",
  scope: { kind: "placed" },
  order: [["name", "asc"]],
  fields: {
    name: text("名称", "name", { filter: true, sort: true }),
    uscc: text("统一社会信用代码 (GB 32100)", "unified social credit code", { nullable: true, filter: true }),
    kind: oneOf(organizationKind, "类别", "kind", { filter: true, group: true }),
    level: oneOf(supervisionLevel, "层级", "level", { nullable: true, filter: true, group: true }),
    supervisionRole: oneOf(supervisionRole, "监管职能", "role in supervision", { nullable: true, filter: true, group: true }),
    sectors: textList("主管行业领域代码", "codes of the sectors it leads", { filter: true }),
    canInspect: bool("是否行政检查主体", "may carry out administrative inspection", { filter: true }),
  },
  relations: {
    region: one(() => Region, "region_id", "所在区划", "region", { owned: true }),
    parent: one(() => Organization, "parent_id", "上级单位", "organisation above"),
    children: many(() => Organization, "parent_id", "下级单位", "organisations below"),
  },
});
