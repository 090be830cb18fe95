import type { Entity } from "../platform/entity/entity.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { effectiveLevel, elevatedTo, Elevation, RAISED } from "../elevations/elevation.js";
import { FORMULAS, IN_REGION, tallySql } from "../risk-maps/tally.js";
import { controlled, RANK, Risk } from "../risks/risk.js";
import { active, withoutLead } from "../supervision/coverage.js";
import { Subject } from "../subjects/subject.js";

/**
 * A value for districts, towns and villages, made of what lies in each that the caller sees; null above districts.
 * @param open the levels whose sums are the public's too; which rows they are made of is not.
 */
function byLevel(target: Entity, region: string, read: ReadSql, open: readonly string[], value: (row: string, these: string) => string): string {
  const levels = Object.entries(IN_REGION).map(([level, joined]) => {
    const row = read.alias();
    const scope = read.scope(target, row);
    // Who reads no business sees what the public sees. Nothing told is not none there.
    if (scope === "false" && !open.includes(level)) return `when '${level}' then null`;
    const seen = scope === "false" ? "true" : scope;
    return `when '${level}' then ${value(row, `${joined(row, region)} and ${seen}`)}`;
  });
  return `case ${region}.level ${levels.join(" ")} end`;
}

/** 公示: the public sees the colours and counts of districts and towns. */
const PUBLIC_LEVELS = ["DISTRICT", "TOWN"];

/** 就高: the highest level in effect among the controlled risks of a region, elevations included, so that a red one is never averaged away. */
export function highestLevel(region: string, read: ReadSql): string {
  return `(${RANK})[${byLevel(Risk, region, read, PUBLIC_LEVELS, (risk, inside) => {
    const elevation = read.alias();
    const these = `${inside} and ${controlled(risk)}`;
    const rank = `case ${RAISED.map((raised) => `when ${elevatedTo(raised, elevation, read)} then array_position(${RANK}, '${raised}')`).join(" ")} end`;
    const from = read.source(Risk, risk);
    // Live, one look into an index for each level; the past is gone through once.
    const standing = read.asOf
      ? `(select min(array_position(${RANK}, ${risk}.current_level)) from ${from} where ${these})`
      : `case ${[...RAISED, "LOW"].map((level, at) => `when exists (select 1 from ${from} where ${these} and ${risk}.current_level = '${level}') then ${at + 1}`).join(" ")} end`;
    return `least(${standing},
      (select min(${rank}) from ${read.source(Elevation, elevation)} join ${read.source(Risk, risk)} on ${risk}.id = ${elevation}.risk_id where ${these}))`;
  })}]`;
}

/** 加权: the level by the weighted formula of regionRiskMap. */
export const weightedLevel = (region: string, read: ReadSql): string =>
  byLevel(Risk, region, read, PUBLIC_LEVELS, (risk, inside) => `(select ${FORMULAS["WEIGHTED"]!.level} from (select ${tallySql("i.level")} from (select ${effectiveLevel(risk, read)} as level from ${read.source(Risk, risk)} where ${inside} and ${controlled(risk)} offset 0) i) n)`);

/** 计数: how many controlled risks. */
export const riskCount = (region: string, read: ReadSql): string => byLevel(Risk, region, read, PUBLIC_LEVELS, (risk, inside) => `(select count(*)::integer from ${read.source(Risk, risk)} where ${inside} and ${controlled(risk)})`);

/** Steps of a count, each ten times the one below. */
export const countClass = (region: string, read: ReadSql): string =>
  `(select case when n >= 1000 then 'FROM_1000' when n >= 100 then 'FROM_100' when n >= 10 then 'FROM_10' when n >= 1 then 'FROM_1' end from (select ${riskCount(region, read)} as n offset 0) c)`;

/** Active subjects of a region without a lead regulator. */
export const gapCount = (region: string, read: ReadSql): string => byLevel(Subject, region, read, [], (subject, inside) => `(select count(*)::integer from ${read.source(Subject, subject)} where ${inside} and ${withoutLead(subject, read)})`);

/** 监管空白 of a region: which share of its active subjects has no lead regulator; null where there is no active subject. */
export const gapClass = (region: string, read: ReadSql): string =>
  byLevel(Subject, region, read, [], (subject, inside) => `(select case when gaps * 5 > active then 'ABOVE_20' when gaps * 20 > active then 'ABOVE_5' when gaps > 0 then 'SOME' when active > 0 then 'NONE' end
    from (select count(*) filter (where ${withoutLead(subject, read)}) as gaps, count(*) as active from ${read.source(Subject, subject)} where ${inside} and ${active(subject)}) c)`);
