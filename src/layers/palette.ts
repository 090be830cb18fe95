import type { Description } from "../platform/entity/entity.js";
import { hiddenDangerGrade } from "../hidden-dangers/hidden-danger.js";
import { zoneGrade } from "../risk-zones/risk-zone.js";
import { riskLevel } from "../risks/risk.js";
import { areaKind } from "../subjects/subject-kinds.js";
import { subjectKind } from "../subjects/subject.js";
import { supervisionCoverage } from "../supervision/coverage.js";

/** Colours for print and official maps, and for screens. There is no national RGB for 红橙黄蓝: they are data, and chosen by who asks. */
export const palettes = ["screen", "official"] as const;
export type Palette = (typeof palettes)[number];

/** A shape told apart without its colour; the second one stands for what is overdue. */
export const shapes = { diamond: ["◆", "◇"], triangle: ["▲", "△"], square: ["■", "□"], circle: ["●", "○"], down: ["▼", "▽"] } as const;
export type ShapeName = keyof typeof shapes;

/** How one value of a layer looks. Never by colour alone: shape, size and word say the same. */
export interface Look extends Description {
  value: string | null;
  colours: Readonly<Record<Palette, string>>;
  shape: ShapeName;
  /** Size on the map in pixels. */
  size: number;
}

/** How a layer is shown. */
export interface Appearance {
  /** The property looks go by; none where all look alike. */
  property?: string;
  /** The property rows are counted by in the legend, where features are gatherings of rows. */
  countedBy?: string;
  /** A level that outlines are coloured by, so that a fill by another measure hides no red one. */
  outline?: string;
  /** A number written beside the label. */
  figure?: string;
  /** From the highest down, the one for rows without a value last. */
  looks: readonly Look[];
  /** The property by which a feature's shape is hollow. */
  hollow?: string;
  /** The property features are labelled by. */
  label: string;
  /** Which rows the map shows unless told otherwise, as a filter. */
  shown?: object;
}

const look = (value: string | null, zh: string, en: string, screen: string, official: string, shape: ShapeName, size: number): Look => ({ value, zh, en, colours: { screen, official }, shape, size });
const words = <V extends string>(labels: Readonly<Record<V, Description>>, value: V) => [labels[value].zh, labels[value].en] as const;

/** 四色. */
const levels: readonly Look[] = [
  look("MAJOR", ...words(riskLevel.labels, "MAJOR"), "#D9001B", "#FF0000", "diamond", 22),
  look("CONSIDERABLE", ...words(riskLevel.labels, "CONSIDERABLE"), "#F59A23", "#FF8000", "triangle", 18),
  look("MODERATE", ...words(riskLevel.labels, "MODERATE"), "#FFD500", "#FFFF00", "square", 15),
  look("LOW", ...words(riskLevel.labels, "LOW"), "#1E6FFF", "#0000FF", "circle", 13),
  look(null, "未评估", "not assessed", "#BFBFBF", "#BFBFBF", "circle", 10),
];

/** Of a region, where there may be none. */
const regionLevels = levels.map((one) => (one.value === null ? { ...one, zh: "无管控中的风险", en: "no risk under control" } : one));
const UNDER_CONTROL = { status: { in: ["IN_FORCE", "REVIEWING"] } };
/** A cell is of its highest level; its legend counts risks, not cells. */
const GRID: Appearance = { property: "highestLevel", countedBy: "effectiveLevel", looks: levels, label: "count", shown: UNDER_CONTROL };

/** How the outline of a feature is coloured: by levels, whatever its fill goes by. */
export const outlineLooks = levels;

/** Grades of the census: shades of one brown, none of the four colours. */
const grades: readonly Look[] = [
  look("HIGH", ...words(zoneGrade.labels, "HIGH"), "#6D3A1E", "#6D3A1E", "square", 18),
  look("MEDIUM_HIGH", ...words(zoneGrade.labels, "MEDIUM_HIGH"), "#94593A", "#94593A", "square", 16),
  look("MEDIUM", ...words(zoneGrade.labels, "MEDIUM"), "#B67F60", "#B67F60", "square", 14),
  look("MEDIUM_LOW", ...words(zoneGrade.labels, "MEDIUM_LOW"), "#D2A98F", "#D2A98F", "square", 12),
  look("LOW", ...words(zoneGrade.labels, "LOW"), "#E8D3C4", "#E8D3C4", "square", 10),
  look(null, "未定级", "not graded", "#BFBFBF", "#BFBFBF", "square", 8),
];

/** By the ids of layers. Grades of hidden dangers are no colours of risk and look like none. */
export const appearances: Readonly<Record<string, Appearance>> = {
  risks: { property: "effectiveLevel", looks: levels, hollow: "reviewOverdue", label: "name", shown: UNDER_CONTROL },
  "hidden-dangers": {
    property: "grade",
    looks: [
      look("MAJOR", ...words(hiddenDangerGrade.labels, "MAJOR"), "#6A1B9A", "#6A1B9A", "down", 20),
      look("GENERAL", ...words(hiddenDangerGrade.labels, "GENERAL"), "#A678C8", "#A678C8", "down", 14),
      look(null, "未定级", "not graded", "#BFBFBF", "#BFBFBF", "down", 11),
    ],
    hollow: "overdue",
    label: "title",
    shown: { open: { eq: true } },
  },
  subjects: { looks: [look(null, "监管对象", "regulated subject", "#37474F", "#37474F", "square", 12)], label: "name" },
  "risk-areas": { property: "effectiveLevel", looks: levels, label: "name", shown: UNDER_CONTROL },
  "risk-hexagons": GRID,
  "risk-squares": GRID,
  "key-areas": {
    property: "areaKind",
    looks: [
      ...([["GEO_HAZARD_POINT", "#4E342E", "triangle", 16], ["GEO_PRONE", "#8D6E63", "triangle", 13], ["FLASH_FLOOD_PRONE", "#00695C", "down", 15], ["URBAN_FLOOD", "#4DB6AC", "down", 12], ["FOREST", "#558B2F", "diamond", 14], ["SCENIC", "#9E9D24", "circle", 13], ["INDUSTRIAL_PARK", "#546E7A", "square", 14]] as const).map(([value, colour, shape, size]) => look(value, ...words(areaKind.labels, value), colour, colour, shape, size)),
      look(null, "未分类", "no kind given", "#BFBFBF", "#BFBFBF", "circle", 9),
    ],
    label: "name",
    shown: { status: { ne: "CLOSED" } },
  },
  "key-facilities": { looks: [look(null, ...words(subjectKind.labels, "KEY_FACILITY"), "#283593", "#283593", "square", 13)], label: "name", shown: { status: { ne: "CLOSED" } } },
  "construction-projects": { looks: [look(null, ...words(subjectKind.labels, "CONSTRUCTION_PROJECT"), "#795548", "#795548", "triangle", 13)], label: "name", shown: { status: { ne: "CLOSED" } } },
  coverage: {
    property: "coverage",
    looks: [
      look("UNCOVERED", ...words(supervisionCoverage.labels, "UNCOVERED"), "#000000", "#000000", "diamond", 20),
      look("WITHOUT_LEAD", ...words(supervisionCoverage.labels, "WITHOUT_LEAD"), "#880E4F", "#880E4F", "down", 18),
      look("WITHOUT_RESPONSIBLE", ...words(supervisionCoverage.labels, "WITHOUT_RESPONSIBLE"), "#D81B9A", "#D81B9A", "triangle", 15),
      look("COVERED", ...words(supervisionCoverage.labels, "COVERED"), "#2E7D32", "#2E7D32", "circle", 10),
      look(null, "非在册", "not active", "#BFBFBF", "#BFBFBF", "circle", 8),
    ],
    label: "name",
  },
  "coverage-regions": {
    property: "gapClass",
    looks: [
      look("ABOVE_20", "监管空白超过 20%", "over 20 % without a lead", "#560027", "#560027", "square", 18),
      look("ABOVE_5", "监管空白超过 5%", "over 5 % without a lead", "#880E4F", "#880E4F", "square", 16),
      look("SOME", "有监管空白", "some without a lead", "#D48FB5", "#D48FB5", "square", 14),
      look("NONE", "无监管空白", "none without a lead", "#A5D6A7", "#A5D6A7", "square", 11),
      look(null, "无在册监管对象", "no active subject", "#BFBFBF", "#BFBFBF", "square", 9),
    ],
    label: "name",
    figure: "gaps",
  },
  "regions-weighted": { property: "weightedLevel", looks: regionLevels, outline: "highestLevel", label: "name", figure: "risks" },
  "regions-counts": {
    property: "countClass",
    looks: [
      look("FROM_1000", "1000 个及以上", "1,000 and more", "#1A237E", "#1A237E", "square", 18),
      look("FROM_100", "100-999 个", "100 to 999", "#3F51B5", "#3F51B5", "square", 16),
      look("FROM_10", "10-99 个", "10 to 99", "#7986CB", "#7986CB", "square", 14),
      look("FROM_1", "1-9 个", "1 to 9", "#C5CAE9", "#C5CAE9", "square", 12),
      look(null, "无管控中的风险", "no risk under control", "#ECEFF1", "#ECEFF1", "square", 9),
    ],
    outline: "highestLevel",
    label: "name",
    figure: "risks",
  },
  regions: { property: "highestLevel", looks: regionLevels, label: "name" },
  "risk-zones": { property: "grade", looks: grades, label: "name", shown: { status: { eq: "STANDING" } } },
};
