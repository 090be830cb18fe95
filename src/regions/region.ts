import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { date, geometry, many, one, oneOf, text } from "../platform/entity/fields.js";

/** 行政区划层级 (GB/T 2260, GB/T 10114). */
export const regionLevel = enumeration("RegionLevel", { zh: "行政区划层级", en: "level of an administrative region" }, {
  PROVINCE: ["省、直辖市", "province"],
  CITY: ["地市", "city"],
  DISTRICT: ["区县", "district or county"],
  TOWN: ["街道、乡镇", "town or sub-district"],
  VILLAGE: ["村、社区", "village or community"],
});

/** 行政区划. Everybody may read the tree; its code is an attribute with validity, never a key. */
export const Region = entity({
  name: "Region",
  zh: "行政区划",
  en: "administrative region",
  plural: "regions",
  table: "regions",
  scope: { kind: "shared", public: true },
  order: [["code", "asc"]],
  hiddenColumns: ["path", "parent_id", "boundary", "county_code", "fid"],
  tree: {
    path: "path",
    level: "level",
    narrows: { DISTRICT: { column: "county_code", of: "county_code" }, TOWN: { column: "town_id", of: "id" }, VILLAGE: { column: "region_id", of: "id" } },
    counts: { DISTRICT: { zh: "按区县", en: "by district" }, TOWN: { zh: "按街镇", en: "by town", column: "town_id" }, VILLAGE: { zh: "按村社区", en: "by village" } },
  },
  fields: {
    code: text("统计用区划代码(12 位)", "statistical code of 12 digits", { filter: true, sort: true }),
    name: text("名称", "name", { filter: true, sort: true }),
    level: oneOf(regionLevel, "层级", "level", { filter: true, sort: true, group: true }),
    urbanClass: text("城乡分类代码", "urban-rural class", { nullable: true, filter: true }),
    validFrom: date("代码启用日期", "code valid from", { nullable: true }),
    validTo: date("代码停用日期(不含)", "code valid to, exclusive", { nullable: true }),
    point: geometry("代表点(非边界)", "representative point, not a boundary", { nullable: true }),
  },
  relations: {
    parent: one(() => Region, "parent_id", "上级区划", "region above", { owned: true }),
    children: many(() => Region, "parent_id", "下级区划", "regions below", { owned: true }),
    supersededBy: one(() => Region, "superseded_by_id", "撤并后的区划", "successor region", { owned: true }),
  },
});

export const gridKind = enumeration("GridKind", { zh: "网格类别", en: "kind of grid" }, { UNIT: ["单元网格", "unit grid"], SPECIAL: ["专属网格", "special grid"] });
export const gridStatus = enumeration("GridStatus", { zh: "网格状态", en: "state of a grid" }, { ACTIVE: ["启用", "active"], CLOSED: ["停用", "closed"] });

/** 网格: the base of graded supervision below the community. */
export const Grid = entity({
  name: "Grid",
  zh: "网格",
  en: "grid",
  plural: "grids",
  table: "grids",
  scope: { kind: "placed" },
  order: [["code", "asc"]],
  fields: {
    code: text("网格编码(15 位)", "code of 15 digits", { filter: true, sort: true }),
    name: text("名称", "name", { filter: true, sort: true }),
    kind: oneOf(gridKind, "类别", "kind", { filter: true, group: true }),
    status: oneOf(gridStatus, "状态", "state", { filter: true, group: true }),
  },
  relations: { region: one(() => Region, "region_id", "所属区划", "region", { owned: true }) },
});

relate(Region, "grids", many(() => Grid, "region_id", "网格", "grids"));
