import { HiddenDanger } from "../hidden-dangers/hidden-danger.js";
import type { Description, Entity } from "../platform/entity/entity.js";
import { ReadSql } from "../platform/read/read-sql.js";
import { DEEPEST_CELLS } from "../platform/tiles/cells.js";
import type { CellShape, LayerExtra } from "../platform/tiles/map-layer.js";
import { Region } from "../regions/region.js";
import { RiskZone } from "../risk-zones/risk-zone.js";
import { Risk, riskLevel } from "../risks/risk.js";
import { active } from "../supervision/coverage.js";
import { Subject } from "../subjects/subject.js";
import { countClass, gapClass, gapCount, highestLevel, riskCount, weightedLevel } from "./region-level.js";

/** What a layer's geometries are; a client chooses its symbols by it. */
export type GeometryKind = "Point" | "LineString" | "MultiLineString" | "Polygon" | "MultiPolygon";

/** 图层: rows of an entity on the map. One declaration serves tiles, styles, legends and the OGC collections. */
export interface LayerDeclaration extends Description {
  id: string;
  entity: () => Entity;
  /** The geometry field drawn. Rows without a value are not of the layer. */
  geometry: string;
  /** Which of the entity's rows are of the layer, where not all are; it holds at every door alike. */
  rows?: (alias: string, read: ReadSql) => string;
  kinds: readonly GeometryKind[];
  /** Rows are never drawn one by one but gathered by the cells of a grid: tiles, style and legend, but no collection. */
  cells?: CellShape;
  /** The layer whose collection has the same rows: this one only draws them otherwise, by properties computed for tiles. */
  itemsOf?: string;
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

/** Layers whose features are rows: those of the OGC collections. */
export const layersWithItems = (): readonly Layer[] => allLayers().filter(({ cells, itemsOf }) => !cells && !itemsOf);

const RISK_LEVEL = { field: "effectiveLevel", values: riskLevel.values } as const;
const RISK_FIELDS = ["code", "name", "domain", "sector", "accidentType", "disasterType", "inherentLevel", "currentLevel", "effectiveLevel", "elevated", "controlLevel", "originClass", "keyAttention", "status", "nextReviewDue", "reviewOverdue", "levelColour", "effectiveColour", "createdAt", "updatedAt"];
const RISK_TILE_FIELDS = ["code", "name", "currentLevel", "effectiveLevel", "elevated", "status", "sector", "reviewOverdue"];

layer({
  id: "risks",
  zh: "风险",
  en: "risks",
  entity: () => Risk,
  geometry: "location",
  kinds: ["Point"],
  zoom: [12, 22],
  fields: RISK_FIELDS,
  tileFields: RISK_TILE_FIELDS,
  level: { ...RISK_LEVEL, alone: ["MAJOR"] },
  time: "createdAt",
});

layer({
  id: "risk-areas",
  zh: "风险范围(线与面)",
  en: "extents of risks, lines and areas",
  entity: () => Risk,
  geometry: "extent",
  kinds: ["LineString", "MultiLineString", "Polygon", "MultiPolygon"],
  zoom: [0, 22],
  fields: RISK_FIELDS,
  tileFields: RISK_TILE_FIELDS,
  level: { ...RISK_LEVEL, alone: ["MAJOR"] },
  time: "createdAt",
});

/** Grids gather the layer of risks: same rows, same levels. */
const GRIDS = { entity: () => Risk, geometry: "location", kinds: ["Polygon"], zoom: [0, DEEPEST_CELLS], fields: [], level: { ...RISK_LEVEL, alone: [] } } as const satisfies Partial<LayerDeclaration>;
layer({ ...GRIDS, id: "risk-hexagons", zh: "风险六边形格网", en: "hexagonal grid of risks", cells: "HEXAGON" });
layer({ ...GRIDS, id: "risk-squares", zh: "风险方格网", en: "square grid of risks", cells: "SQUARE" });

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

/** Kinds of subject as layers of their own, with what only such a subject has. */
const subjectsOf = (kind: string) => (alias: string) => `${alias}.kind = '${kind}'`;

layer({
  id: "key-areas",
  zh: "重点区域",
  en: "key areas",
  entity: () => Subject,
  geometry: "shape",
  rows: subjectsOf("KEY_AREA"),
  kinds: ["Point", "Polygon", "MultiPolygon"],
  zoom: [0, 22],
  fields: ["code", "name", "areaKind", "sector", "address", "disasterType", "threatenedHouseholds", "threatenedPeople", "disposalType", "keyControlled", "supervisionClass", "status", "overallLevel", "createdAt", "updatedAt"],
  tileFields: ["code", "name", "areaKind", "disasterType", "threatenedPeople", "keyControlled", "status"],
  time: "createdAt",
});

layer({
  id: "key-facilities",
  zh: "重点设施",
  en: "key facilities",
  entity: () => Subject,
  geometry: "location",
  rows: subjectsOf("KEY_FACILITY"),
  kinds: ["Point"],
  zoom: [12, 22],
  fields: ["code", "name", "facilityKind", "sector", "address", "keyControlled", "supervisionClass", "status", "overallLevel", "createdAt", "updatedAt"],
  tileFields: ["code", "name", "facilityKind", "sector", "keyControlled", "status"],
  time: "createdAt",
});

layer({
  id: "construction-projects",
  zh: "在建项目",
  en: "construction projects",
  entity: () => Subject,
  geometry: "location",
  rows: subjectsOf("CONSTRUCTION_PROJECT"),
  kinds: ["Point"],
  zoom: [12, 22],
  fields: ["code", "name", "stage", "permitNo", "plannedStart", "plannedEnd", "sector", "address", "keyControlled", "supervisionClass", "status", "overallLevel", "createdAt", "updatedAt"],
  tileFields: ["code", "name", "stage", "plannedEnd", "sector", "keyControlled", "status"],
  time: "createdAt",
});

layer({
  id: "coverage",
  zh: "监管覆盖(监管空白)",
  en: "coverage of assignments (blind spots)",
  entity: () => Subject,
  geometry: "location",
  rows: active,
  kinds: ["Point"],
  zoom: [12, 22],
  fields: ["code", "name", "kind", "sector", "address", "keyControlled", "supervisionClass", "status", "hasLead", "coverage", "createdAt", "updatedAt"],
  tileFields: ["code", "name", "kind", "sector", "coverage"],
  level: { field: "coverage", values: ["UNCOVERED", "WITHOUT_LEAD", "WITHOUT_RESPONSIBLE", "COVERED"], alone: ["UNCOVERED", "WITHOUT_LEAD"] },
  time: "createdAt",
});

const REGIONS = {
  entity: () => Region,
  geometry: "shape",
  kinds: ["Point", "MultiPolygon"],
  zoom: [0, 22],
  fields: ["code", "name", "level", "urbanClass", "validFrom", "validTo"],
  tileFields: ["code", "name", "level"],
  time: ["validFrom", "validTo"],
} as const satisfies Partial<LayerDeclaration>;
const HIGHEST: LayerExtra = { kind: "text", zh: "管控中风险的最高等级(就高)", en: "the highest level of its risks under control", sql: highestLevel };
const RISKS: LayerExtra = { kind: "int", zh: "管控中风险的数量", en: "risks under control", sql: riskCount };

layer({ ...REGIONS, id: "regions", zh: "行政区划", en: "administrative regions", extras: { highestLevel: HIGHEST } });

layer({
  ...REGIONS,
  id: "regions-weighted",
  itemsOf: "regions",
  zh: "行政区划(加权:重大 4、较大 3、一般 2、低 1 的平均)",
  en: "administrative regions by the mean of weights 4, 3, 2, 1",
  // The highest level is told beside it: an average alone would hide a red one.
  extras: { weightedLevel: { kind: "text", zh: "按加权公式的等级", en: "level by the weighted formula", sql: weightedLevel }, highestLevel: HIGHEST, risks: RISKS },
});

layer({
  ...REGIONS,
  id: "regions-counts",
  itemsOf: "regions",
  zh: "行政区划(计数)",
  en: "administrative regions by the number of risks",
  extras: { countClass: { kind: "text", zh: "数量分档", en: "step of the number", sql: countClass }, risks: RISKS, highestLevel: HIGHEST },
});

layer({
  ...REGIONS,
  id: "coverage-regions",
  itemsOf: "regions",
  zh: "区划监管空白",
  en: "blind spots by region",
  // Not there for who sees no subject.
  rows: (_alias, read) => String(new ReadSql(read.actor, "now").scope(Subject, "t") !== "false"),
  extras: { gapClass: { kind: "text", zh: "在册监管对象中无牵头监管部门者的占比分档", en: "step of the share of active subjects without a lead regulator", sql: gapClass }, gaps: { kind: "int", zh: "无牵头监管部门的在册监管对象数", en: "active subjects without a lead regulator", sql: gapCount } },
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
