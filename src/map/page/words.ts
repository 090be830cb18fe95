/** Levels from the highest down, with colour and shape: never told by colour alone. */
export const LEVELS = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"] as const;
export type Level = (typeof LEVELS)[number];

export interface Look {
  zh: string;
  en: string;
  colour: string;
  /** Outline in a box of 24 by 24. */
  shape: string;
}

/** Outlines of the shapes of legends, in a box of 24 by 24. */
export const SHAPES = { diamond: "M12 1 23 12 12 23 1 12Z", triangle: "M12 2 23 21H1Z", square: "M3 3H21V21H3Z", circle: "M12 3A9 9 0 1 1 12 21 9 9 0 1 1 12 3Z", down: "M1 3H23L12 22Z" } as const;

export const LOOKS: Readonly<Record<Level, Look>> = {
  MAJOR: { zh: "重大风险", en: "major", colour: "#D9001B", shape: SHAPES.diamond },
  CONSIDERABLE: { zh: "较大风险", en: "considerable", colour: "#F59A23", shape: SHAPES.triangle },
  MODERATE: { zh: "一般风险", en: "moderate", colour: "#FFD500", shape: SHAPES.square },
  LOW: { zh: "低风险", en: "low", colour: "#1E6FFF", shape: SHAPES.circle },
};
export const UNRATED = "#BFBFBF";

const STATES: Readonly<Record<string, string>> = {
  IDENTIFIED: "已辨识", ASSESSED: "已评估", IN_FORCE: "管控中", REVIEWING: "复评中", SUSPENDED: "停用", RETIRED: "已消除",
  REPORTED: "待核实", REGISTERED: "已登记", ASSIGNED: "已交办", RECTIFYING: "整改中", PENDING_ACCEPTANCE: "待验收", ACCEPTED: "已验收", CLOSED: "已销号",
  GENERAL: "一般隐患", HUMAN: "人防", MATERIAL: "物防", MANAGEMENT: "管理防", ENGINEERING: "工程防",
};
export const told = (code: string | null | undefined): string => (code ? (STATES[code] ?? code) : "—");

/** A day and minute in Asia/Shanghai. */
export const moment = (iso: string): string => new Date(Date.parse(iso) + 8 * 3_600_000).toISOString().slice(0, 16).replace("T", " ");
