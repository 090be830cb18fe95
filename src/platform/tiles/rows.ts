import { columnOf, fieldsOf, type Entity, type Field } from "../entity/entity.js";
import { coarsened } from "../read/drawing.js";
import { fieldSql, mayBeTold } from "../read/field-sql.js";
import { filterSql } from "../read/filter.js";
import type { ReadSql, RequestValues } from "../read/read-sql.js";
import { EXTENT } from "./encode.js";
import { carriedBy, shownSql, type MapLayer } from "./map-layer.js";
import type { Frame, Matrix } from "./matrix.js";

/** What a statement of a tile is bound to, at its one site. */
export interface TileArguments {
  filter?: unknown;
  frame: Frame;
  /** Decimals of a degree the caller is given of the layer. */
  digits: number;
}

/** What a tile's statement is made for; nothing else shapes its text. */
export interface Making {
  layer: MapLayer;
  matrix: Matrix;
  shifted: boolean;
  /** The filter's structure; its values are bound. */
  filter: unknown;
  read: ReadSql;
}

const argumentsOf = (values: RequestValues) => values.args[0] as unknown as TileArguments;

/** A number of the tile's frame as a parameter. */
export const framed = (name: keyof Frame, read: ReadSql) => read.param("double precision", (values) => argumentsOf(values).frame[name], `frame:${name}`);

/** The box of degrees a tile's rows are looked for in. */
export const boxSql = (read: ReadSql) => `st_makeenvelope(${framed("west", read)}, ${framed("south", read)}, ${framed("east", read)}, ${framed("north", read)}, 4490)`;

/** The geometry of a row as it is stored: what it is looked for by. */
export const storedSql = ({ layer, read }: Making, alias: string): string => fieldSql(layer.geometry, fieldOf(layer.entity(), layer.geometry), alias, read);

/** Decimals of a degree the caller is given. */
export const digitsSql = (read: ReadSql) => read.param("integer", (values) => argumentsOf(values).digits, "digits");

/** The geometry of a row as the caller is given it: what is drawn. */
export const placeSql = (making: Making, alias: string): string => coarsened(storedSql(making, alias), digitsSql(making.read));

/** Where a point lies, in whole units from the tile's left and top: computed once, so that halving the square never moves a point across an edge. */
export const unitsSql = ({ matrix, read }: Making, point: string) => ({
  x: `floor((st_x(${point}) + 180) / 360 * ${framed("scale", read)} - ${framed("left", read)})`,
  y: `floor((${matrix.fromTop(`st_y(${point})`)}) * ${framed("scale", read)} - ${framed("top", read)})`,
});

/** Within the tile and so many units beyond; a tile owns its left and upper edge. */
export const inReach = (x: string, y: string, margin: number) => `${x} >= ${-margin} and ${x} < ${EXTENT + margin} and ${y} >= ${-margin} and ${y} < ${EXTENT + margin}`;

/** Which rows of the layer the caller sees there. */
export function conditionSql(making: Making, alias: string): string {
  const { layer, read } = making;
  const place = storedSql(making, alias);
  const filter = filterSql(layer.entity(), making.filter, (values) => argumentsOf(values).filter, alias, read);
  return [`${place} && ${boxSql(read)}`, shownSql(layer, alias, read), filter].filter((condition) => condition !== "true").join(" and ");
}

/** What ranks a row of the layer; null where nothing does. */
export const levelSql = ({ layer, read }: Making, alias: string): string => (layer.level ? fieldSql(layer.level.field, fieldOf(layer.entity(), layer.level.field), alias, read) : "null::text");

/** The rank of a level, the highest first; rows without a level come last. */
export const rankOf = ({ layer }: Making, level: string): string => (layer.level ? `case ${level} ${layer.level.values.map((value, at) => `when '${value}' then ${at}`).join(" ")} else ${layer.level.values.length} end` : "0");

export const rankSql = (making: Making, alias: string): string => rankOf(making, levelSql(making, alias));

export function fieldOf(entity: Entity, name: string): Field {
  const field = fieldsOf(entity)[name];
  if (!field) throw new Error(`${entity.name} has no field ${name}`);
  return field;
}

/** A property as a tile can carry it, with its SQL type. */
export interface Property {
  name: string;
  type: "text" | "integer" | "double precision" | "boolean";
  sql: (alias: string) => string;
}

const TYPES: Readonly<Record<string, Property["type"]>> = { int: "integer", float: "double precision", boolean: "boolean" };

/** The properties of a layer's features that the caller may see in clear. */
export function propertiesOf({ layer, read }: Making): Property[] {
  const entity = layer.entity();
  const fields = carriedBy(layer).flatMap((name): Property[] => {
    const field = fieldOf(entity, name);
    if (field.from === "code" || field.kind === "geometry" || field.kind === "json" || !mayBeTold(field, read.actor)) return [];
    return [{ name, type: TYPES[field.kind] ?? "text", sql: (alias) => written(field, fieldSql(name, field, alias, read)) }];
  });
  const extras = Object.entries(layer.extras ?? {}).map(([name, extra]): Property => ({ name, type: TYPES[extra.kind] ?? "text", sql: (alias) => extra.sql(alias, read) }));
  return [...fields, ...extras];
}

/** A tile knows no lists, days or moments: they are texts, written as elsewhere. */
function written(field: Field, sql: string): string {
  if (field.kind === "textList") return `array_to_string(${sql}, ',')`;
  if (field.kind === "dateTime") return `(to_json(${sql}) #>> '{}')`;
  return field.kind === "date" || field.kind === "decimal" ? `(${sql})::text` : sql;
}

/** The number of a row's feature. */
export const numberColumn = (entity: Entity) => columnOf("fid", fieldsOf(entity)["fid"] ?? {});
