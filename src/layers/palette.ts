import type { Description } from "../platform/entity/entity.js";
import { hiddenDangerGrade } from "../hidden-dangers/hidden-danger.js";
import { zoneGrade } from "../risk-zones/risk-zone.js";
import { riskLevel } from "../risks/risk.js";

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
  risks: { property: "effectiveLevel", looks: levels, hollow: "reviewOverdue", label: "name", shown: { status: { in: ["IN_FORCE", "REVIEWING"] } } },
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
  regions: { property: "highestLevel", looks: levels.map((one) => (one.value === null ? { ...one, zh: "无管控中的风险", en: "no risk under control" } : one)), label: "name" },
  "risk-zones": { property: "grade", looks: grades, label: "name", shown: { status: { eq: "STANDING" } } },
};
