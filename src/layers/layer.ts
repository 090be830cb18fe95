import { HiddenDanger } from "../hidden-dangers/hidden-danger.js";
import type { Description, Entity } from "../platform/entity/entity.js";
import type { LayerExtra } from "../platform/tiles/map-layer.js";
import { Region } from "../regions/region.js";
import { RiskZone } from "../risk-zones/risk-zone.js";
import { Risk } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";
import { highestLevel } from "./region-level.js";

/** What a layer's geometries are; a client chooses its symbols by it. */
export type GeometryKind = "Point" | "LineString" | "Polygon" | "MultiPolygon";

/** 图层: rows of an entity on the map. One declaration serves tiles, styles, legends and the OGC collections. */
export interface LayerDeclaration extends Description {
  id: string;
  entity: () => Entity;
  /** The geometry field drawn. Rows without a value are not of the layer. */
  geometry: string;
  kinds: readonly GeometryKind[];
  /** Smallest zoom at which single rows are drawn (below it points are gathered), and the greatest. */
  zoom: readonly [min: number, max: number];
  /** Fields shown with each feature, by their names in the entity. */
  fields: readonly string[];
  /** Fields a tile carries, where fewer. */
  tileFields?: readonly string[];
  /** Properties computed for tiles alone. */
  extras?: Readonly<Record<string, LayerExtra>>;
  /** The field that ranks features, its values from the highest down; those of `alone` are features of their own at every zoom. */
  level?: { field: string; values: readonly string[]; alone: readonly string[] };
  /** The field, or the first and last, that say when a feature is; asked for by `datetime`. */
  time?: string | readonly [from: string, to: string];
  /** West, south, east, north in degrees within which positions can lie; those of China unless given. */
  extent?: readonly [west: number, south: number, east: number, north: number];
}

export type Layer = LayerDeclaration;

const layers = new Map<string, Layer>();

/** Registers a layer. */
export function layer(declaration: LayerDeclaration): Layer {
  if (layers.has(declaration.id)) throw new Error(`layer ${declaration.id} is declared twice`);
  layers.set(declaration.id, declaration);
  return declaration;
}

export const allLayers = (): readonly Layer[] => [...layers.values()];

layer({
  id: "risks",
  zh: "风险",
  en: "risks",
  entity: () => Risk,
  geometry: "location",
  kinds: ["Point"],
  zoom: [12, 22],
  fields: ["code", "name", "domain", "sector", "accidentType", "disasterType", "inherentLevel", "currentLevel", "effectiveLevel", "elevated", "controlLevel", "originClass", "keyAttention", "status", "nextReviewDue", "reviewOverdue", "levelColour", "effectiveColour", "createdAt", "updatedAt"],
  tileFields: ["code", "name", "currentLevel", "effectiveLevel", "elevated", "status", "sector", "reviewOverdue"],
  level: { field: "effectiveLevel", values: ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"], alone: ["MAJOR"] },
  time: "createdAt",
});

layer({
  id: "hidden-dangers",
  zh: "隐患",
  en: "hidden dangers",
  entity: () => HiddenDanger,
  geometry: "location",
  kinds: ["Point"],
  zoom: [12, 22],
  fields: ["code", "title", "kind", "grade", "discoverySource", "discoveredAt", "sector", "manageType", "originalDeadline", "effectiveDeadline", "status", "open", "overdue", "overdueDays", "closedAt", "createdAt", "updatedAt"],
  tileFields: ["code", "title", "grade", "status", "sector", "open", "overdue"],
  level: { field: "grade", values: ["MAJOR", "GENERAL"], alone: ["MAJOR"] },
  time: ["discoveredAt", "closedAt"],
});

layer({
  id: "subjects",
  zh: "监管对象",
  en: "regulated subjects",
  entity: () => Subject,
  geometry: "location",
  kinds: ["Point"],
  zoom: [12, 22],
  fields: ["code", "name", "kind", "sector", "address", "keyControlled", "supervisionClass", "status", "overallLevel", "createdAt", "updatedAt"],
  tileFields: ["code", "name", "kind", "sector", "keyControlled", "status"],
  time: "createdAt",
});

layer({
  id: "regions",
  zh: "行政区划",
  en: "administrative regions",
  entity: () => Region,
  geometry: "shape",
  kinds: ["Point", "MultiPolygon"],
  zoom: [0, 22],
  fields: ["code", "name", "level", "urbanClass", "validFrom", "validTo"],
  tileFields: ["code", "name", "level"],
  extras: { highestLevel: { kind: "text", zh: "管控中风险的最高等级(就高)", en: "the highest level of its risks under control", sql: highestLevel } },
  time: ["validFrom", "validTo"],
});

layer({
  id: "risk-zones",
  zh: "风险区划(普查)",
  en: "risk zones of the census",
  entity: () => RiskZone,
  geometry: "boundary",
  kinds: ["Polygon", "MultiPolygon"],
  zoom: [0, 22],
  fields: ["code", "name", "disasterType", "grade", "censusBatch", "censusSource", "surveyedAt", "status", "supersededAt", "createdAt", "updatedAt"],
  tileFields: ["code", "name", "disasterType", "grade", "status"],
  level: { field: "grade", values: ["HIGH", "MEDIUM_HIGH", "MEDIUM", "MEDIUM_LOW", "LOW"], alone: [] },
  time: "surveyedAt",
});
