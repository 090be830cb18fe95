import { entity, relate } from "../platform/entity/entity.js";
import { datum } from "../platform/crs.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { computed, date, decimal, geometry, many, one, oneOf, text } from "../platform/entity/fields.js";

/** 行政区划层级 (GB/T 2260, GB/T 10114). */
export const regionLevel = enumeration("RegionLevel", { zh: "行政区划层级", en: "level of an administrative region" }, {
  PROVINCE: ["省、直辖市", "province"],
  CITY: ["地市", "city"],
  DISTRICT: ["区县", "district or county"],
  TOWN: ["街道、乡镇", "town or sub-district"],
  VILLAGE: ["村、社区", "village or community"],
});

/** How far a boundary may be relied on. */
export const boundaryQuality = enumeration("BoundaryQuality", { zh: "边界质量", en: "quality of a boundary" }, {
  CONFIRMED: ["已确认:有效且经主管部门核对", "confirmed: valid, and checked by the office in charge"],
  UNCONFIRMED: ["待确认:有效,来源未经核对", "unconfirmed: valid, its source not checked"],
  REPAIRED: ["待确认:原样无效,所示为修补副本", "unconfirmed: the given one is not valid, shown is a mended copy"],
});

/** What is drawn of a region: its boundary where one is known, else its representative point. An index has this very expression. */
export const regionPlace = (alias: string) => `coalesce(${alias}.boundary, ${alias}.point)`;

/** 行政区划. Everybody may read the tree; its code is an attribute with validity, never a key. */
export const Region = entity({
  name: "Region",
  zh: "行政区划",
  en: "administrative region",
  plural: "regions",
  table: "regions",
  scope: { kind: "shared", public: true, owner: "itself" },
  order: [["code", "asc"]],
  hiddenColumns: ["path", "parent_id", "county_code", "boundary", "boundary_given", "fid"],
  place: "shape",
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
    shape: computed("geometry", "绘图几何:有边界取边界,否则取代表点", "what to draw: the boundary where one is known, else the representative point", regionPlace, { nullable: true, spread: true }),
    boundary: computed("geometry", "边界(有效;原样无效时为修补副本,见 boundaryQuality);坐标基准 CGCS2000", "boundary, valid; a mended copy where the given one is not, see boundaryQuality; CGCS2000", (alias) => `${alias}.boundary`, { nullable: true, spread: true }),
    boundaryAsGiven: computed("geometry", "边界原样,未修补", "boundary as given, not mended", (alias) => `${alias}.boundary_given`, { nullable: true, spread: true }),
    boundaryQuality: oneOf(boundaryQuality, "边界质量;无边界为空", "quality of the boundary; null without one", { nullable: true, filter: true, group: true }),
    boundaryDoubt: text("原样无效的原因与位置(经度、纬度)", "why and where the given boundary is not valid (lon, lat)", { nullable: true }),
    boundarySource: text("边界来源", "source of the boundary", { nullable: true, filter: true }),
    boundaryDatum: oneOf(datum, "来源的坐标基准(已转为 CGCS2000)", "datum of the source, converted to CGCS2000", { nullable: true }),
    areaKm2: decimal("面积,平方千米,按边界在椭球面上计算;无边界为空", "area in km2, of the boundary on the ellipsoid; null without one", { nullable: true, filter: true, sort: true, column: "area_km2" }),
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

/** 曾用代码: what a region was called and coded before. The code in force stands with the region. */
export const RegionCode = entity({
  name: "RegionCode",
  zh: "区划曾用代码",
  en: "former code of a region",
  plural: "regionCodes",
  table: "region_codes",
  scope: { kind: "shared", public: true, owner: { relation: "region" } },
  order: [["validTo", "desc"]],
  root: false,
  fields: {
    code: text("曾用代码(12 位)", "former code of 12 digits", { filter: true, sort: true }),
    name: text("当时名称", "name then", { filter: true }),
    validFrom: date("启用日期;不详为空", "valid from; null when not known", { nullable: true, filter: true }),
    validTo: date("停用日期(不含)", "valid to, exclusive", { filter: true, sort: true }),
    basis: text("依据", "on what ground", { nullable: true }),
  },
  relations: { region: one(() => Region, "region_id", "现区划", "the region", { owned: true }) },
});
relate(Region, "formerCodes", many(() => RegionCode, "region_id", "曾用代码", "former codes", { owned: true }));
