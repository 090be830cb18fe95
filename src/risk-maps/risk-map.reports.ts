import { Fault } from "../platform/fault.js";
import { effectiveLevel } from "../elevations/elevation.js";
import { zoneOf } from "../platform/crs.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { decimal, geometry, one, oneOf, text, textList } from "../platform/entity/fields.js";
import { given } from "../platform/entity/input-fields.js";
import { report, type Given, type ReportArgument } from "../platform/entity/report.js";
import { KnownPlace } from "../platform/read/known-place.js";
import { boxOf, boxSql, intersectingSql } from "../platform/read/spatial.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Region, regionLevel, regionPlace } from "../regions/region.js";
import { colourOf, controlled, Risk, riskLevel } from "../risks/risk.js";
import { FORMULAS, IN_REGION, rankOf, tallied, tallySql } from "./tally.js";

const filter: ReportArgument = { zh: "哪些风险", en: "which risks", filterOf: () => Risk };

const formula = enumeration("RegionLevelFormula", { zh: "区域等级算法(国家无统一公式)", en: "how the level of a region is made (there is no national formula)" }, {
  HIGHEST: ["就高:取最高等级", "the highest level within"],
  WEIGHTED: ["加权:重大 4、较大 3、一般 2、低 1 的平均,3.5 以上重大、2.5 以上较大、1.5 以上一般", "mean of weights 4, 3, 2, 1; from 3.5 major, from 2.5 considerable, from 1.5 moderate"],
  COUNT: ["计数:得分为风险数,等级就高", "the score is the number of risks, the level the highest"],
});

/** How risks find their region of a level: by their own column where there is one. */
const JOINED: Readonly<Record<string, (risk: string, region: string) => string>> = {
  PROVINCE: (risk, region) => `${risk}.region_path <@ ${region}.path`,
  CITY: (risk, region) => `${risk}.region_path <@ ${region}.path`,
  ...IN_REGION,
};

/** 公示: counts by region and level are the public's too, down to towns; which risks they are is not. */
function mapScope(asked: Given, level: string, risk: string, read: ReadSql): string {
  if (read.actor.kind !== "PUBLIC") return read.scope(Risk, risk);
  if (level === "VILLAGE" || asked.has("filter")) throw new Fault("FORBIDDEN", { reason: "the public sees counts down to towns, without conditions" });
  return "true";
}

const shapeKind = enumeration("RegionShapeKind", { zh: "绘图几何的性质", en: "what the geometry is" }, { BOUNDARY: ["边界", "boundary"], POINT: ["代表点", "representative point"] });

/** M-02 四色分布: every region of a level, those without risks too. */
report({
  name: "regionRiskMap",
  zh: "区划四色图:每个区划的最高等级、四级数量(有效等级,含临时提级)、每平方公里密度",
  en: "regions by colour: highest level, four counts (by the level in effect, elevations included) and density per km2 of each region",
  args: {
    level: given.oneOf(regionLevel, "区划层级", "level of region", { required: true }),
    within: { zh: "位于任一符合条件的区划之内(含其本身)", en: "within any region that matches, itself included", filterOf: () => Region },
    formula: given.oneOf(formula, "区域等级算法;缺省就高", "how the region's level is made; the highest unless told"),
    filter,
  },
  shapes: ["level", "formula"],
  features: "shape",
  cost: 200,
  fields: {
    code: text("区划代码", "code of the region"),
    name: text("名称", "name"),
    ...tallied,
    level: oneOf(riskLevel, "按所选算法的等级;无风险为空", "level by the formula chosen; null without risks", { nullable: true }),
    colour: text("该等级屏显颜色", "screen colour of that level"),
    score: decimal("得分", "score", { nullable: true }),
    formula: text("算法", "the formula"),
    areaKm2: decimal("面积,平方千米;无边界为空", "area in km2; null without a boundary", { nullable: true, column: "area_km2" }),
    densityPerKm2: decimal("每平方公里风险数;无边界为空", "risks per km2; null without a boundary", { nullable: true, column: "density_per_km2" }),
    highestRisks: textList("最高等级的风险标识,至多 20 个;公众不可见", "ids of risks of the highest level, 20 at most; not for the public"),
    shapeKind: oneOf(shapeKind, "绘图几何的性质", "what the geometry is", { nullable: true }),
    shape: geometry("边界,无边界则代表点", "boundary, or representative point without one", { nullable: true, layer: "Region", spread: true }),
  },
  relations: { region: one(() => Region, "region_id", "区划", "the region", { owned: true }) },
  sql: (asked, read) => {
    const level = String(asked.choice("level"));
    const made = FORMULAS[String(asked.choice("formula") ?? "HIGHEST")]!;
    const [region, risk, top, above] = [read.alias(), read.alias(), read.alias(), read.alias()];
    const joined = JOINED[level]!;
    const inside = asked.has("within") ? ` and ${region}.path <@ any(array(select ${above}.path from ${read.source(Region, above)} where ${asked.filter("within", Region, above)}))` : "";
    const counted = (alias: string) => `${controlled(alias)} and ${mapScope(asked, level, alias, read)} and ${asked.filter("filter", Risk, alias)}`;
    const regions = `select ${region}.* from ${read.source(Region, region)} where ${region}.level = '${level}' and (${region}.valid_from is null or ${region}.valid_from <= ${read.today()}) and (${region}.valid_to is null or ${region}.valid_to > ${read.today()})${inside}`;
    const highest = read.actor.kind === "PUBLIC" ? "'{}'::text[]" : `array(select '${Risk.prefix}' || ${top}.id from ${read.source(Risk, top)} where ${joined(top, "r")} and ${effectiveLevel(top, read)} = n.highest and ${counted(top)} order by ${top}.code limit 20)`;
    return `
      with r as materialized (${regions})
      select r.id as region_id, r.code, r.name, n.highest, n.highest_colour, n.major, n.considerable, n.moderate, n.low, n.total,
        m.level, ${colourOf("m.level")} as colour, m.score, '${made.text}'::text as formula, r.area_km2, round(n.total / nullif(r.area_km2, 0), 4) as density_per_km2,
        ${highest} as highest_risks, case when r.boundary is not null then 'BOUNDARY' when r.point is not null then 'POINT' end as shape_kind, ${regionPlace("r")} as shape
      from r
      join (select i.id, ${tallySql("i.level")} from (select r.id, ${effectiveLevel(risk, read)} as level from r left join ${read.source(Risk, risk)} on ${joined(risk, "r")} and ${counted(risk)} offset 0) i group by i.id) n on n.id = r.id
      cross join lateral (select ${made.level} as level, ${made.score} as score) m
      order by ${rankOf("n.highest")} nulls last, n.total desc, r.code`;
  },
});

const cellShape = enumeration("GridCell", { zh: "格网形状", en: "shape of grid cells" }, { HEXAGON: ["六边形", "hexagon"], SQUARE: ["正方形", "square"] });

const SIZE = { minimum: 50, maximum: 50_000 };
const WIDEST = 12;

/** A window a plane can show truly: metres are measured on the three-degree zone of its middle. */
function windowOf(told: unknown) {
  const box = boxOf(told);
  if (box.east - box.west > WIDEST || box.south < -80 || box.north > 80) throw new Fault("INVALID_INPUT", { field: "bbox", rule: `at most ${WIDEST} degrees wide, within 80 degrees of latitude` });
  return box;
}

function sizeOf(told: unknown): number {
  if (typeof told !== "number" || told < SIZE.minimum || told > SIZE.maximum) throw new Fault("INVALID_INPUT", { field: "sizeMetres", rule: `between ${SIZE.minimum} and ${SIZE.maximum}` });
  return told;
}

/** The cell a point of the plane lies in. Of hexagons: that of the nearest centre, of the two columns it lies between. */
const CELLS: Readonly<Record<string, (x: string, y: string, size: string) => string>> = {
  SQUARE: (x, y, size) => `select floor(${x} / ${size})::integer as i, floor(${y} / ${size})::integer as j`,
  HEXAGON: (x, y, size) => `
    select c.i, c.j from (
      select k.i, round((${y} - k.aside) / (sqrt(3) * ${size}))::integer as j, k.aside
      from (select i, case when i % 2 = 0 then 0 else sqrt(3) * ${size} / 2 end as aside from (values (floor(${x} / (1.5 * ${size}))::integer), (floor(${x} / (1.5 * ${size}))::integer + 1)) v(i)) k) c
    order by (${x} - 1.5 * ${size} * c.i) ^ 2 + (${y} - c.aside - sqrt(3) * ${size} * c.j) ^ 2, c.i, c.j limit 1`,
};
const CELL_SHAPE: Readonly<Record<string, (size: string) => string>> = {
  SQUARE: (size) => `st_makeenvelope(g.i * ${size}, g.j * ${size}, (g.i + 1) * ${size}, (g.j + 1) * ${size})`,
  HEXAGON: (size) => `st_hexagon(${size}, g.i, g.j)`,
};

report({
  name: "gridRiskMap",
  zh: "格网四色图:窗口内有管控风险的格子,各给最高等级与四级数量;格子在窗口中部的 3 度带内按米划分,平移不变",
  en: "grid by colour: cells of the window that hold controlled risks, with highest level and four counts; cut in metres of the three-degree zone of its middle, the same however the window moves",
  args: {
    cell: given.oneOf(cellShape, "形状", "shape", { required: true }),
    sizeMetres: given.float(`边长,米,${SIZE.minimum}-${SIZE.maximum}`, `length of an edge in metres, ${SIZE.minimum} to ${SIZE.maximum}`, { required: true }),
    bbox: given.bbox(`窗口,至多宽 ${WIDEST} 度`, `window, at most ${WIDEST} degrees wide`, { required: true }),
    filter,
  },
  shapes: ["cell"],
  features: "shape",
  cost: 200,
  fields: {
    cell: text("格号:带号中央经线、列、行", "the cell: central meridian, column, row"),
    ...tallied,
    shape: geometry("格子", "the cell's outline", { layer: "Risk" }),
  },
  sql: (asked, read) => {
    const risk = read.alias();
    const cell = String(asked.choice("cell"));
    read.replan = true;
    const box = (values: Parameters<Given["args"]>[0]) => windowOf(asked.args(values)["bbox"]);
    const zone = (values: Parameters<Given["args"]>[0]) => zoneOf((box(values).west + box(values).east) / 2);
    const size = asked.param("double precision", "sizeMetres", sizeOf);
    const srid = read.param("integer", (values) => zone(values).srid);
    const meridian = read.param("integer", (values) => zone(values).meridian);
    const place = KnownPlace.of(Risk, "location", risk, read);
    const plane = `select ${effectiveLevel(risk, read)} as level, st_transform(${place.sql}, ${srid}) as place from ${read.source(Risk, risk)} where ${intersectingSql(place, boxSql(box, read))} and ${controlled(risk)} and ${read.scope(Risk, risk)} and ${asked.filter("filter", Risk, risk)}`;
    return `
      select ${meridian} || ':' || g.i || ':' || g.j as cell, g.highest, g.highest_colour, g.major, g.considerable, g.moderate, g.low, g.total, st_transform(st_setsrid(${CELL_SHAPE[cell]!(size)}, ${srid}), 4490) as shape
      from (select c.i, c.j, ${tallySql("p.level")} from (${plane} offset 0) p cross join lateral (${CELLS[cell]!("st_x(p.place)", "st_y(p.place)", size)}) c group by c.i, c.j) g
      order by ${rankOf("g.highest")}, g.total desc, g.i, g.j`;
  },
});

/** Width of the world in Mercator metres, and cells across a tile of 256 pixels: clusters stand some 64 pixels apart. */
const WORLD = 40_075_016.685578488;
const CELLS_A_TILE = 4;

report({
  name: "clusters",
  zh: "聚合点:窗口内管控风险按缩放级别聚合,各给四级数量与最高等级,总数守恒;单个风险给出其本身",
  en: "clusters of the controlled risks in a window at a zoom, with four counts and the highest level; none is lost, and a cluster of one names its risk",
  args: {
    bbox: given.bbox("窗口", "window", { required: true }),
    zoom: given.int("缩放级别 0-22", "zoom, 0 to 22", { required: true }),
    filter,
  },
  features: "position",
  cost: 200,
  fields: {
    ...tallied,
    position: geometry("聚合位置:其中各点的平均", "where the cluster stands: the mean of its points", { layer: "Risk" }),
    extent: geometry("其中各点的范围", "the box of its points", { layer: "Risk" }),
  },
  relations: { risk: one(() => Risk, "risk_id", "单个风险", "the risk, of a cluster of one") },
  sql: (asked, read) => {
    const risk = read.alias();
    read.replan = true;
    const size = asked.param("double precision", "zoom", (told) => {
      if (typeof told !== "number" || told < 0 || told > 22) throw new Fault("INVALID_INPUT", { field: "zoom", rule: "between 0 and 22" });
      return WORLD / 2 ** told / CELLS_A_TILE;
    });
    const place = KnownPlace.of(Risk, "location", risk, read);
    // Beyond 85 degrees Mercator has no place; nothing of China's lies there.
    const plane = `select ${risk}.id, ${effectiveLevel(risk, read)} as level, ${place.as("location")}, st_transform(${place.sql}, 3857) as place from ${read.source(Risk, risk)}
      where ${intersectingSql(place, `st_intersection(${boxSql((values) => boxOf(asked.args(values)["bbox"]), read)}, st_makeenvelope(-180, -85, 180, 85, 4490))`)} and ${controlled(risk)} and ${read.scope(Risk, risk)} and ${asked.filter("filter", Risk, risk)}`;
    return `
      select g.*, case when g.total = 1 then g.first_id end as risk_id from (
        select floor(st_x(p.place) / ${size}) as i, floor(st_y(p.place) / ${size}) as j, ${tallySql("p.level")}, (array_agg(p.id order by p.id))[1] as first_id,
          st_setsrid(st_makepoint(round(avg(st_x(p.location))::numeric, 7)::float8, round(avg(st_y(p.location))::numeric, 7)::float8), 4490) as position, st_setsrid(st_extent(p.location)::geometry, 4490) as extent
        from (${plane} offset 0) p group by 1, 2) g
      order by ${rankOf("g.highest")}, g.total desc, g.i, g.j`;
  },
});
