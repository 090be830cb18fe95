import type { Description, Entity } from "../entity/entity.js";
import type { ReadSql } from "../read/read-sql.js";

/** Cells a grid may have: of equal area, so that counts of two places compare. */
export type CellShape = "SQUARE" | "HEXAGON";

/** A property computed for each feature of a layer and for nothing else. */
export interface LayerExtra extends Description {
  kind: "text" | "int" | "boolean";
  sql: (alias: string, read: ReadSql) => string;
}

/** What a layer is to the tiles: rows of an entity, drawn. */
export interface MapLayer extends Description {
  id: string;
  entity: () => Entity;
  /** The geometry field drawn. Rows without a value are not of the layer. */
  geometry: string;
  /** Which of the entity's rows are of the layer, where not all are; it holds at every door alike. */
  rows?: (alias: string, read: ReadSql) => string;
  kinds: readonly string[];
  /** Rows are never drawn one by one but gathered by the cells of a grid, which are tiles' alone and no collection's. */
  cells?: CellShape;
  /** Smallest zoom at which single rows are drawn (below it points are gathered), and the greatest at which tiles are made. */
  zoom: readonly [min: number, max: number];
  /** Fields each feature carries, by their names in the entity; `tileFields` where a tile carries fewer than other doors. */
  fields: readonly string[];
  tileFields?: readonly string[];
  extras?: Readonly<Record<string, LayerExtra>>;
  /** The field that ranks features, its values from the highest down; those of `alone` are never gathered, at no zoom. */
  level?: { field: string; values: readonly string[]; alone: readonly string[] };
  /** West, south, east, north in degrees within which positions lie. */
  extent?: readonly [west: number, south: number, east: number, north: number];
}

export const carriedBy = (layer: MapLayer): readonly string[] => layer.tileFields ?? layer.fields;

/** Whether all of a layer are points, which are gathered where there are many; areas are only cut and simplified. */
export const isOfPoints = (layer: MapLayer): boolean => layer.kinds.every((kind) => kind === "Point");

/** Which rows of a layer the caller sees: the one condition of tiles, items, legends and revisions. */
export function shownSql(layer: Pick<MapLayer, "entity" | "rows">, alias: string, read: ReadSql): string {
  const scope = read.scope(layer.entity(), alias);
  const rows = layer.rows?.(alias, read) ?? "true";
  return scope === "false" || rows === "false" ? "false" : scope === "true" ? rows : rows === "true" ? scope : `${scope} and ${rows}`;
}
