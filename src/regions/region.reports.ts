import { storedGeometry, toCgcs2000, type Datum, type Geometry, type LonLat } from "../platform/coordinates.js";
import { crs, datum, projectionOf, STORED_CRS } from "../platform/crs.js";
import { bool, date, decimal, geometry, int, one, oneOf, text } from "../platform/entity/fields.js";
import { given } from "../platform/entity/input-fields.js";
import { report, type Given } from "../platform/entity/report.js";
import type { CheckedGeometry } from "../platform/geometry.js";
import { KnownPlace } from "../platform/read/known-place.js";
import { pointOf, questionOf, questionSql } from "../platform/read/spatial.js";
import { Region, RegionCode, regionLevel, regionPlace } from "./region.js";

/** The datum argument of what takes a geometry. */
export const datumArgument = given.oneOf(datum, "输入的坐标基准;缺省 CGCS2000", "datum of what comes in; CGCS2000 unless told");

/** A point argument as stored degrees. */
export const pointAsked = (args: Readonly<Record<string, unknown>>, name = "point"): LonLat => toCgcs2000(pointOf(args[name], name), (args["datum"] as Datum | null | undefined) ?? "CGCS2000");

/** A geometry argument as it would be stored. */
export const geometryAsked = (args: Readonly<Record<string, unknown>>, name: string): CheckedGeometry =>
  storedGeometry(questionOf(args[name], name) as Geometry, (args["datum"] as Datum | null | undefined) ?? "CGCS2000") as CheckedGeometry;

/** INV-24: a code means what it meant on its day. */
report({
  name: "regionByCode",
  zh: "按代码与日期查区划:现行代码、曾用代码均可;给出现区划与当时名称",
  en: "the region of a code on a day, in force or former, with its name then",
  args: {
    code: given.text("代码,6、9 或 12 位", "code of 6, 9 or 12 digits", { required: true }),
    on: given.date("日期;缺省为所取时点当日", "day; that of the instant asked for unless given"),
  },
  cost: 5,
  fields: {
    code: text("代码(12 位)", "code of 12 digits"),
    nameThen: text("当时名称", "name on that day"),
    former: bool("是否曾用代码", "whether it is a former code"),
    currentCode: text("现行代码", "code in force"),
    validFrom: date("代码启用日期", "valid from", { nullable: true }),
    validTo: date("代码停用日期(不含)", "valid to, exclusive", { nullable: true }),
  },
  relations: { region: one(() => Region, "region_id", "区划", "the region", { owned: true }) },
  sql: (asked, read) => {
    const [now, was, of] = [read.alias(), read.alias(), read.alias()];
    const code = asked.param("text", "code", (value) => String(value).padEnd(12, "0"));
    const day = asked.has("on") ? asked.param("date", "on") : read.today();
    const valid = (alias: string) => `(${alias}.valid_from is null or ${alias}.valid_from <= ${day}) and (${alias}.valid_to is null or ${alias}.valid_to > ${day})`;
    return `
      select ${now}.id as region_id, ${now}.code, ${now}.name as name_then, false as former, ${now}.code as current_code, ${now}.valid_from, ${now}.valid_to
      from ${read.source(Region, now)} where ${now}.code = ${code} and ${valid(now)}
      union all
      select ${of}.id, ${was}.code, ${was}.name, true, ${of}.code, ${was}.valid_from, ${was}.valid_to
      from ${read.source(RegionCode, was)} join ${read.source(Region, of)} on ${of}.id = ${was}.region_id where ${was}.code = ${code} and ${valid(was)}
      order by former, region_id`;
  },
});

report({
  name: "regionsAt",
  zh: "某点所在的区划(有边界者),由低到高",
  en: "regions whose boundary covers a point, the narrowest first",
  args: { point: given.point("点", "point", { required: true }), datum: datumArgument },
  cost: 20,
  fields: {
    code: text("代码", "code"),
    name: text("名称", "name"),
    level: oneOf(regionLevel, "层级", "level"),
    areaKm2: decimal("面积,平方千米", "area in km2", { column: "area_km2" }),
  },
  relations: { region: one(() => Region, "region_id", "区划", "the region", { owned: true }) },
  sql: (asked, read) => {
    const region = read.alias();
    const place = pointSql(asked);
    read.replan = true;
    return `select ${region}.id as region_id, ${region}.code, ${region}.name, ${region}.level, ${region}.area_km2 from ${read.source(Region, region)}
      where ${KnownPlace.ofLayer(regionPlace(region), Region.name, read).near(place)} and st_covers(${KnownPlace.ofLayer(`${region}.boundary`, Region.name, read).sql}, ${place}) order by nlevel(${region}.path) desc, ${region}.code`;
  },
});

/** A point argument as a geometry. */
export function pointSql(asked: Given): string {
  const degree = (index: 0 | 1) => asked.param("double precision", "point", (_, values) => pointAsked(asked.args(values))[index]);
  return `st_setsrid(st_makepoint(${degree(0)}, ${degree(1)}), 4490)`;
}

/** M-03: what a client sends, as it would be stored; its field takes a system of its own, so that it converts both ways. */
report({
  name: "storedPosition",
  zh: "几何入库后的样子:按所声明基准转为存储坐标系;再以 geometry 的 crs 参数可转为他系",
  en: "a geometry as it would be stored, converted from the datum stated; its crs argument converts it on",
  args: { geometry: { kind: "geometry", zh: "几何", en: "geometry", required: true }, datum: datumArgument },
  single: true,
  cost: 5,
  fields: {
    geometry: geometry("几何", "geometry", { spread: true }),
    storedCrs: oneOf(crs, "存储坐标系", "system it is stored in"),
    storedCrsName: text("存储坐标系全称", "full name of that system"),
    inChina: bool("是否在中国范围内(73-136E,3-54N)", "whether it lies within 73-136 E, 3-54 N"),
  },
  sql: (asked, read) => {
    const made = questionSql((values) => geometryAsked(asked.args(values), "geometry"), read);
    return `select g.geometry, '${STORED_CRS}'::text as stored_crs, 'CGCS2000, EPSG:4490'::text as stored_crs_name, st_xmin(g.geometry) >= 73 and st_xmax(g.geometry) <= 136 and st_ymin(g.geometry) >= 3 and st_ymax(g.geometry) <= 54 as in_china from (select ${made} as geometry) g`;
  },
});

report({
  name: "coordinateSystems",
  zh: "可给出的坐标系",
  en: "systems coordinates are given in",
  args: {},
  cost: 1,
  fields: {
    crs: oneOf(crs, "坐标系", "system"),
    epsg: int("EPSG 代码;GCJ-02、BD-09 无", "EPSG code; GCJ-02 and BD-09 have none", { nullable: true }),
    stored: bool("是否存储坐标系", "whether it is the one stored"),
    shifted: bool("是否偏移(境内 19-680 米)", "whether it is shifted, in China by 19 to 680 m"),
    unit: text("单位", "unit"),
    name: text("说明(中文 / 英文)", "what it is, in Chinese and English"),
  },
  sql: () => `select * from (values ${crs.values.map((name, index) => systemRow(name, index)).join(", ")}) s(position, crs, epsg, stored, shifted, unit, name) order by position`,
});

function systemRow(name: string, index: number): string {
  const projection = projectionOf(name);
  const epsg = projection.by === "srid" ? String(projection.srid) : name === STORED_CRS ? "4490" : projection.by === "none" ? "4326" : "null::integer";
  const { zh, en } = crs.labels[name]!;
  return `(${index}, '${name}'::text, ${epsg}, ${name === STORED_CRS}, ${projection.by === "datum"}, '${projection.by === "srid" ? "metre" : "degree"}'::text, '${`${zh} / ${en}`.replaceAll("'", "''")}'::text)`;
}
