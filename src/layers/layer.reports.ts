import { crs } from "../platform/crs.js";
import { fieldsOf } from "../platform/entity/entity.js";
import { dateTime, int, json, text, textList } from "../platform/entity/fields.js";
import { given } from "../platform/entity/input-fields.js";
import { report } from "../platform/entity/report.js";
import { stream } from "../platform/entity/stream.js";
import { audiencesOf, layerOf } from "../platform/read/drawing.js";
import { mayBeTold } from "../platform/read/field-sql.js";
import { literal } from "../platform/read/literal.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { layerRevisionSql, showsTo } from "../platform/tiles/changes.js";
import { fieldOf } from "../platform/tiles/rows.js";
import { allLayers, type Layer } from "./layer.js";

/** Bounds of what is accepted as lying in China. */
const CHINA = [73, 3, 136, 54] as const;
const list = (values: readonly string[]) => `array[${values.map(literal).join(", ")}]::text[]`;

function rowSql(layer: Layer, read: ReadSql): string {
  const fields = fieldsOf(layer.entity());
  const told = layer.fields.flatMap((name) => {
    const field = fields[name]!;
    return field.from === "code" || !mayBeTold(field, read.actor) ? [] : [{ name, kind: field.kind, zh: field.zh, en: field.en, inTiles: (layer.tileFields ?? layer.fields).includes(name) }];
  });
  const systems = `coordinate_systems(${literal(layerOf(fieldOf(layer.entity(), layer.geometry)))}, ${read.param("text[]", audiencesOf, "audiences")}, ${list(crs.values)})`;
  return `select ${literal(layer.id)} as layer, ${literal(layer.zh)} as title_zh, ${literal(layer.en)} as title_en, ${list(layer.kinds)} as kinds, ${literal(JSON.stringify(told))}::jsonb as fields, ${systems} as crs,
    ${layer.cells ? "null" : layer.zoom[0]}::integer as single_from_zoom, ${layer.zoom[1]}::integer as max_zoom, ${literal(JSON.stringify(layer.extent ?? CHINA))}::jsonb as extent, (select min(at) from audit_events) as recorded_from, ${layerRevisionSql(layer)} as revision,
    '/tiles/${layer.id}.json' as tiles, '/styles/${layer.id}.json' as style, '/legends/${layer.id}.json' as legend, ${layer.cells ? "null" : `'/ogc/collections/${layer.itemsOf ?? layer.id}'`} as collection, ${layer.cells ? literal(layer.cells) : "null::text"} as cells`;
}

report({
  name: "layers",
  zh: "图层目录:调用者可见的图层;地址相对于服务",
  en: "catalogue of the layers the caller may see; addresses are relative to the service",
  args: {},
  cost: 20,
  fields: {
    layer: text("图层标识", "id of the layer"),
    titleZh: text("中文名称", "title in Chinese"),
    titleEn: text("英文名称", "title in English"),
    kinds: textList("几何类型", "kinds of geometry"),
    fields: json("属性:名称、类型、含义、是否在瓦片中", "properties: name, kind, meaning, whether tiles carry it"),
    crs: textList("可给出的坐标系(Crs 值),按坐标给出规则", "systems it is given in (values of Crs), by the policies on coordinates"),
    singleFromZoom: int("自该级起逐个绘制,以下聚合;总是聚合者为空", "zoom from which rows are drawn singly; below it they are gathered; null where they always are", { nullable: true }),
    maxZoom: int("最大级别", "greatest zoom"),
    extent: json("范围:西、南、东、北(度)", "extent: west, south, east, north in degrees"),
    recordedFrom: dateTime("最早可回看的时刻;尚无记录为空", "first instant of recorded history; null while there is none", { nullable: true }),
    revision: text("现在的版本;不同即有变化", "revision now: another one means a change"),
    tiles: text("TileJSON 地址", "address of the TileJSON"),
    style: text("样式地址", "address of the style"),
    legend: text("图例地址", "address of the legend"),
    collection: text("OGC 集合地址;格网只有瓦片,为空", "address of the OGC collection; null for grids, which are tiles only", { nullable: true }),
    cells: text("格网的形状:HEXAGON、SQUARE;非格网为空", "shape of a grid's cells, HEXAGON or SQUARE; null for layers of rows", { nullable: true }),
  },
  sql: (_asked, read) => {
    const shown = allLayers().filter((layer) => showsTo(read.actor, layer));
    return shown.length > 0 ? shown.map((layer) => rowSql(layer, read)).join(" union all ") : `select * from (${rowSql(allLayers()[0]!, read)}) none where false`;
  },
});

stream({
  name: "layerChanged",
  zh: "图层变化:可见图层的版本一变即发",
  en: "a layer changed: told whenever the revision of a layer one may see changes",
  args: { layers: given.text("图层标识;缺省为所有可见图层", "ids of layers; all one may see unless told", { list: true }) },
  fields: {
    layer: text("图层标识", "id of the layer"),
    revision: text("现在的版本", "revision now"),
    at: dateTime("察觉的时刻", "when it was noticed"),
  },
  open: ({ layers }, { changes, actorNow }) => changes.follow((layers as string[] | null | undefined) ?? null, actorNow),
});
