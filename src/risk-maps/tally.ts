import type { Field } from "../platform/entity/entity.js";
import { int, oneOf, text } from "../platform/entity/fields.js";
import { colourOf, RANK, riskLevel } from "../risks/risk.js";

/** What is told of a group of controlled risks, by the level in effect: the highest, so that a red one is never averaged away, and four counts. */
export const tallied: Readonly<Record<string, Field>> = {
  highest: oneOf(riskLevel, "最高有效等级(就高,含临时提级);无管控风险为空", "highest level in effect; null without controlled risks", { nullable: true }),
  highestColour: text("最高等级屏显颜色;无风险为灰", "screen colour of the highest level; grey without risks"),
  major: int("重大风险数", "major risks"),
  considerable: int("较大风险数", "considerable risks"),
  moderate: int("一般风险数", "moderate risks"),
  low: int("低风险数", "low risks"),
  total: int("管控中的风险总数", "controlled risks in all"),
};

/** Aggregates of levels, by their columns; `level` is the SQL of a row's level. */
export function tallySql(level: string): string {
  const highest = `(${RANK})[min(array_position(${RANK}, ${level}))]`;
  const counted = riskLevel.values.map((value) => `count(*) filter (where ${level} = '${value}')::integer as ${value.toLowerCase()}`);
  return `${highest} as highest, ${colourOf(highest)} as highest_colour, ${counted.join(", ")}, count(${level})::integer as total`;
}

/** How rows find their region of a level: by their own column, which an index serves. */
export const IN_REGION: Readonly<Record<string, (row: string, region: string) => string>> = {
  DISTRICT: (row, region) => `${row}.county_code = ${region}.county_code`,
  TOWN: (row, region) => `${row}.town_id = ${region}.id`,
  VILLAGE: (row, region) => `${row}.region_id = ${region}.id`,
};

/** The place of a level, the highest first, groups without any last. */
export const rankOf = (level: string) => `array_position(${RANK}, ${level})`;

/** Score and level of a group `n` by each formula; both null where there is no risk. */
export const FORMULAS: Readonly<Record<string, { score: string; level: string; text: string }>> = {
  HIGHEST: { score: `5 - ${rankOf("n.highest")}`, level: "n.highest", text: "level = max / 就高" },
  WEIGHTED: (() => {
    const mean = "(4 * n.major + 3 * n.considerable + 2 * n.moderate + n.low)::numeric / nullif(n.total, 0)";
    return { score: `round(${mean}, 2)`, level: `case when ${mean} >= 3.5 then 'MAJOR' when ${mean} >= 2.5 then 'CONSIDERABLE' when ${mean} >= 1.5 then 'MODERATE' when ${mean} is not null then 'LOW' end`, text: "(4*major + 3*considerable + 2*moderate + 1*low) / total" };
  })(),
  COUNT: { score: "nullif(n.total, 0)", level: "n.highest", text: "score = total, level = max / 计数" },
};
