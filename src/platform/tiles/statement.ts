import type { Entity } from "../entity/entity.js";
import { literal } from "../read/json.js";
import type { ClockUse, RequestValues, Turn } from "../read/read-sql.js";
import { areas } from "./areas.js";
import { cells } from "./cells.js";
import { EXTENT, LINE, POINT, POLYGON, type Shape, type TileLayer, type TileValue } from "./encode.js";
import { isOfPoints, type MapLayer } from "./map-layer.js";
import { gathered, MOST_FEATURES, singles, type Features } from "./points.js";
import { inReach, type Making } from "./rows.js";

/** Who writes the tile: the database where it can, else this process. Both are given the same rows. */
export type Encoder = "database" | "process";

/** One statement of one layer of a tile, ready to be bound. */
export interface TileStatement {
  layer: MapLayer;
  text: string;
  /** Names of the properties, in the order of the columns `p0`, `p1` ... (process). */
  properties: readonly string[];
  bind: (values: RequestValues) => unknown[];
  /** One plan serves all single points: their box is small, whichever it is. */
  replan: boolean;
  clock: ClockUse;
  /** Columns whose moments change the answer as they pass. */
  turns: readonly Turn[];
  /** Entities other than the layer's own whose rows the answer depends on. */
  dependsOn: readonly Entity[];
}

/** How a layer's rows become features. */
export type Mode = "single" | "gathered" | "crowded" | "areas" | "cells";

/** What a layer is drawn by at a zoom; where a tile holds too many single points, "crowded". */
export const modeAt = (layer: MapLayer, zoom: number): Mode => (layer.cells ? "cells" : !isOfPoints(layer) ? "areas" : zoom < layer.zoom[0] ? "gathered" : "single");

/** Every way a layer is drawn in, at whichever zoom. */
export const modesOf = (layer: MapLayer): readonly Mode[] => (isOfPoints(layer) && !layer.cells ? ["gathered", "single", "crowded"] : [modeAt(layer, 0)]);

function featuresFor(making: Making, mode: Mode): Features {
  switch (mode) {
    case "single":
      return singles(making);
    case "gathered":
      return gathered(making, 0);
    case "crowded":
      return gathered(making, MOST_FEATURES);
    case "areas":
      return areas(making);
    case "cells":
      return cells(making, making.layer.cells!);
  }
}

/** Builds a layer's statement. The highest levels come last: what is drawn later lies on top. */
export function tileStatement(making: Making, mode: Mode, encoder: Encoder): TileStatement {
  const { layer, read } = making;
  const { rows, properties } = featuresFor(making, mode);
  const shape = mode === "areas" || mode === "cells" ? "geom" : undefined;
  // Marks what is drawn here and counted in the neighbouring tile, whose it is.
  const copy = shape ? [] : [{ name: "copy", sql: `case when not (${inReach("x", "y", 0)}) then true end` }];
  const carried = [...properties.map(({ name }) => ({ name, sql: `"${name}"` })), ...copy];
  const names = carried.map(({ name }) => name);
  const written =
    encoder === "database"
      ? // The driver reads every value as text; in this one bytes take the least.
        `select encode(st_asmvt(t, ${literal(layer.id)}, ${EXTENT}, 'geom', 'id'), 'base64') as tile, count(*)::integer as features
         from (select id, ${shape ?? "st_makepoint(x, y)"} as geom${carried.map(({ name, sql }) => `, ${sql} as "${name}"`).join("")} from (${rows}) f order by rank desc, id) t`
      : `select array_to_json(array_agg(id)) as ids, ${shape ? `array_to_json(array_agg(st_asgeojson(${shape}, 3, 0)::json)) as shapes` : "array_to_json(array_agg(x)) as xs, array_to_json(array_agg(y)) as ys"},
           count(*)::integer as features${carried.map(({ sql }, at) => `, array_to_json(array_agg(${sql})) as p${at}`).join("")}
         from (select * from (${rows}) f order by rank desc, id) t`;
  const { text, bind, replan } = read.finished(written);
  return { layer, text, properties: names, bind, replan: mode !== "single" || read.asOf || replan, clock: read.clock, turns: read.turns, dependsOn: [...read.entities] };
}

/** Rows that came by column, as the encoder of this process takes them. */
export function layerOf(statement: TileStatement, row: Record<string, unknown>): TileLayer {
  const column = (name: string) => (row[name] ?? []) as never;
  const columns = statement.properties.map((name, at): [string, TileValue[]] => [name, column(`p${at}`)]);
  const shapes = row["shapes"] as readonly Drawn[] | null | undefined;
  const points = shapes?.map((shape) => (shape.type === "Point" ? shape.coordinates : [0, 0]));
  return {
    name: statement.layer.id,
    ids: column("ids"),
    xs: points ? points.map(([x]) => x) : column("xs"),
    ys: points ? points.map(([, y]) => y) : column("ys"),
    ...(shapes ? { shapes: shapes.map(shapeOf) } : {}),
    // A property that no feature has is none of the layer's.
    columns: columns.filter(([, values]) => values.some((value) => value !== null)),
  };
}

type Position = readonly [x: number, y: number];
type Drawn = { type: "Point"; coordinates: Position } | { type: "LineString"; coordinates: readonly Position[] } | { type: "MultiLineString"; coordinates: readonly (readonly Position[])[] } | { type: "Polygon"; coordinates: readonly (readonly Position[])[] } | { type: "MultiPolygon"; coordinates: readonly (readonly (readonly Position[])[])[] };

const turned = (value: number) => (value << 1) ^ (value >> 31);

/** Commands of an area's rings or of lines; a single point has none. */
function shapeOf(drawn: Drawn): Shape | null {
  if (drawn.type === "Point") return null;
  if (drawn.type === "LineString") return { kind: LINE, commands: commandsOf([drawn.coordinates], false) };
  if (drawn.type === "MultiLineString") return { kind: LINE, commands: commandsOf(drawn.coordinates, false) };
  return { kind: POLYGON, commands: commandsOf(drawn.type === "Polygon" ? drawn.coordinates : drawn.coordinates.flat(), true) };
}

function commandsOf(parts: readonly (readonly Position[])[], closed: boolean): number[] {
  const commands: number[] = [];
  let [x, y] = [0, 0];
  for (const part of parts) {
    // The last position of a ring repeats the first: closing says the same.
    const count = closed ? part.length - 1 : part.length;
    for (let at = 0; at < count; at += 1) {
      if (at === 0) commands.push((1 << 3) | POINT);
      if (at === 1) commands.push(((count - 1) << 3) | 2);
      const [nextX, nextY] = part[at]!;
      commands.push(turned(Math.round(nextX) - x), turned(Math.round(nextY) - y));
      [x, y] = [Math.round(nextX), Math.round(nextY)];
    }
    if (closed) commands.push((1 << 3) | 7);
  }
  return commands;
}
