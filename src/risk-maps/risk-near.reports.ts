import { effectiveLevel } from "../elevations/elevation.js";
import { Fault } from "../platform/fault.js";
import { bool, decimal, geometry, one, oneOf, text } from "../platform/entity/fields.js";
import { given } from "../platform/entity/input-fields.js";
import { report, type Given, type ReportArgument } from "../platform/entity/report.js";
import { KnownPlace } from "../platform/read/known-place.js";
import { coveredSql, nearSql, polygonOf, questionSql } from "../platform/read/spatial.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Region } from "../regions/region.js";
import { datumArgument, geometryAsked, pointAsked, pointSql } from "../regions/region.reports.js";
import { colourOf, controlled, Risk, riskLevel } from "../risks/risk.js";
import { rankOf, tallied, tallySql } from "./tally.js";

const filter: ReportArgument = { zh: "哪些风险", en: "which risks", filterOf: () => Risk };
const MOST = 1_000;
const first = given.int(`至多多少条,1-${MOST};缺省 100`, `at most how many, 1 to ${MOST}; 100 unless told`);

const firstOf = (told: unknown) => {
  const wanted = (told ?? 100) as number;
  if (wanted < 1 || wanted > MOST) throw new Fault("LIMIT_EXCEEDED", { limit: "first", minimum: 1, maximum: MOST, actual: wanted });
  return wanted;
};

const found = {
  code: text("风险编号", "code of the risk"),
  name: text("名称", "name"),
  level: oneOf(riskLevel, "有效等级(含临时提级);未评估为空", "level in effect, elevations included; null while not assessed", { nullable: true }),
  colour: text("屏显颜色", "screen colour"),
  distanceMetres: decimal("距离,米(椭球面)", "distance in metres, on the ellipsoid"),
  location: geometry("位置", "location", { layer: "Risk" }),
};
const relations = { risk: one(() => Risk, "risk_id", "风险", "the risk") };

/** Risks within so many metres of a point, with their distance; those laid aside are not among them. */
function aroundSql(asked: Given, read: ReadSql, metres: string, usual: number | null, order: string): string {
  const risk = read.alias();
  const place = KnownPlace.of(Risk, "location", risk, read);
  const near = nearSql(place, (values) => pointAsked(asked.args(values)), (values) => asked.args(values)[metres] ?? usual, read);
  const distance = `round(st_distance(${place.sql}::geography, ${pointSql(asked)}::geography)::numeric, 1)`;
  return `
    select f.*, ${colourOf("f.level")} as colour from (
      select ${risk}.id as risk_id, ${risk}.code, ${risk}.name, ${effectiveLevel(risk, read)} as level, ${distance} as distance_metres, ${risk}.location
      from ${read.source(Risk, risk)} where ${near} and ${risk}.status not in ('RETIRED', 'SUSPENDED') and ${read.scope(Risk, risk)} and ${asked.filter("filter", Risk, risk)} offset 0) f
    order by ${order} limit ${asked.param("integer", "first", firstOf)}`;
}

/** M-04: what lies under a finger. */
report({
  name: "riskAt",
  zh: "点选处的风险:容差内者,高等级在前,再按距离",
  en: "risks at a point, within a tolerance: the highest level first, then the nearest",
  args: {
    point: given.point("点", "point", { required: true }),
    toleranceMetres: given.float("容差,米;缺省 25", "tolerance in metres; 25 unless told"),
    datum: datumArgument,
    filter,
    first,
  },
  features: "location",
  cost: 20,
  fields: found,
  relations,
  sql: (asked, read) => aroundSql(asked, read, "toleranceMetres", 25, `${rankOf("f.level")} nulls last, f.distance_metres, f.code`),
});

report({
  name: "nearby",
  zh: "某点周围的风险,由近到远",
  en: "risks around a point, the nearest first",
  args: {
    point: given.point("点", "point", { required: true }),
    metres: given.float("半径,米,至多 200000", "radius in metres, 200000 at most", { required: true }),
    datum: datumArgument,
    filter,
    first,
  },
  features: "location",
  cost: 50,
  fields: found,
  relations,
  sql: (asked, read) => aroundSql(asked, read, "metres", null, `f.distance_metres, ${rankOf("f.level")} nulls last, f.code`),
});

/** A drawn area: all within, then by town. */
report({
  name: "insidePolygon",
  zh: "多边形内管控风险汇总:首行为合计,其后按街镇",
  en: "controlled risks within a polygon: the sum first, then by town",
  args: { polygon: given.polygon("多边形", "polygon", { required: true }), datum: datumArgument, filter },
  cost: 100,
  fields: {
    isTotal: bool("是否合计行", "whether it is the sum"),
    ...tallied,
    areaKm2: decimal("多边形面积,平方千米(仅合计行)", "area of the polygon in km2, of the sum alone", { nullable: true, column: "area_km2" }),
    densityPerKm2: decimal("每平方公里风险数(仅合计行)", "risks per km2, of the sum alone", { nullable: true, column: "density_per_km2" }),
  },
  relations: { region: one(() => Region, "region_id", "街镇;合计行及未落到街镇者为空", "the town; null of the sum and of what lies in none", { owned: true }) },
  sql: (asked, read) => {
    const risk = read.alias();
    read.replan = true;
    const polygon = questionSql((values) => polygonOf(geometryAsked(asked.args(values), "polygon"), "polygon"), read);
    return `
      with inside as (select ${risk}.town_id, ${effectiveLevel(risk, read)} as level from ${read.source(Risk, risk)}
        where ${coveredSql(KnownPlace.of(Risk, "location", risk, read), polygon)} and ${controlled(risk)} and ${read.scope(Risk, risk)} and ${asked.filter("filter", Risk, risk)})
      select s.*, a.km2 as area_km2, round(s.total / nullif(a.km2, 0), 4) as density_per_km2 from (
        select true as is_total, null::uuid as region_id, ${tallySql("i.level")} from inside i
        union all
        select false, i.town_id, ${tallySql("i.level")} from inside i group by i.town_id) s
      left join lateral (select round((st_area(${polygon}::geography) / 1000000)::numeric, 4) as km2) a on s.is_total
      order by s.is_total desc, ${rankOf("s.highest")} nulls last, s.total desc, s.region_id`;
  },
});
