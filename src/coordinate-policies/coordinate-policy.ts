import { roleEnum } from "../platform/actor.js";
import { entity } from "../platform/entity/entity.js";
import { int, oneOf, text, textList } from "../platform/entity/fields.js";

/**
 * 坐标给出规则: how precisely, and in which systems, the coordinates of a layer are given to an audience. Data, not code:
 * what may be shown to whom is decided by the office in charge (测绘法, GB 20263). No row, no limit; of several audiences
 * the most generous holds. Decimals hold for questions as well: conditions, distances and groups are made of the coarse place.
 */
export const CoordinatePolicy = entity({
  name: "CoordinatePolicy",
  zh: "坐标给出规则",
  en: "policy on giving coordinates",
  plural: "coordinatePolicies",
  table: "coordinate_policies",
  scope: { kind: "shared", owner: "tree" },
  order: [["layer", "asc"]],
  fields: {
    layer: text("图层(实体名或报表名)", "layer: name of an entity or a report", { filter: true, sort: true }),
    audience: oneOf(roleEnum, "对象(角色;PUBLIC 为公众)", "audience: a role; PUBLIC is everybody without a key", { filter: true, group: true }),
    decimals: int("至多几位小数(度);空为不限", "decimals of a degree at most; null for no limit", { nullable: true }),
    crs: textList("可用坐标系(Crs 值);空为不限", "systems it may be given in (values of Crs); null for any", { nullable: true }),
  },
});
