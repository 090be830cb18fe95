import type { ReadSql } from "../platform/read/read-sql.js";
import { elevatedTo, Elevation, RAISED } from "../elevations/elevation.js";
import { controlled, RANK, Risk } from "../risks/risk.js";

/** How risks find their region of a level: by their own column, which an index serves. */
const JOINED: Readonly<Record<string, (risk: string, region: string) => string>> = {
  DISTRICT: (risk, region) => `${risk}.county_code = ${region}.county_code`,
  TOWN: (risk, region) => `${risk}.town_id = ${region}.id`,
  VILLAGE: (risk, region) => `${risk}.region_id = ${region}.id`,
};

/**
 * The highest level in effect among the controlled risks of a region that the caller sees, elevations included, so that a red one is never averaged
 * away. 公示: the public sees the colours of districts and towns. Regions above districts have none.
 */
export function highestLevel(region: string, read: ReadSql): string {
  const levels = Object.entries(JOINED).map(([level, joined]) => {
    const risk = read.alias();
    const open = read.actor.kind === "PUBLIC" ? (level === "VILLAGE" ? "false" : "true") : read.scope(Risk, risk);
    const elevation = read.alias();
    const these = `${joined(risk, region)} and ${controlled(risk)} and ${open}`;
    const rank = `case ${RAISED.map((raised) => `when ${elevatedTo(raised, elevation, read)} then array_position(${RANK}, '${raised}')`).join(" ")} end`;
    return `when '${level}' then least((select min(array_position(${RANK}, ${risk}.current_level)) from ${read.source(Risk, risk)} where ${these}),
      (select min(${rank}) from ${read.source(Elevation, elevation)} join ${read.source(Risk, risk)} on ${risk}.id = ${elevation}.risk_id where ${these}))`;
  });
  return `(${RANK})[case ${region}.level ${levels.join(" ")} end]`;
}
