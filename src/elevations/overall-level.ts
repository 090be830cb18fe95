import { extend } from "../platform/entity/entity.js";
import { computed } from "../platform/entity/fields.js";
import { readsBy } from "../platform/actor.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Grid, Region } from "../regions/region.js";
import { controlled, RANK, Risk, riskLevel } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";
import { Elevation, running } from "./elevation.js";

/** Columns by which a risk, or what carries it, knows a carrier. */
type Column = "subject_id" | "grid_id" | "county_code" | "town_id" | "region_id";

/** What lifts a risk above its own level, with the columns a carrier is known by: few rows, read once for a statement. */
const lifted = (byGrid: boolean, read: ReadSql): string =>
  read.gathered(byGrid ? "lifted by grid" : "lifted", () => {
    const [elevation, risk, subject] = [read.alias(), read.alias(), read.alias()];
    const [columns, joined] = byGrid ? [`${subject}.grid_id`, ` join ${read.source(Subject, subject)} on ${subject}.id = ${risk}.subject_id`] : [["subject_id", "county_code", "town_id", "region_id"].map((column) => `${risk}.${column}`).join(", "), ""];
    return `select ${elevation}.to_level as level, ${columns} from ${read.source(Elevation, elevation)} join ${read.source(Risk, risk)} on ${risk}.id = ${elevation}.risk_id${joined} where ${running(elevation, read)} and ${controlled(risk)}`;
  });

/** Levels of the risks of each single region, of the past: its versions are not indexed by region, and gone through once for a statement. */
const standingByRegion = (read: ReadSql): string =>
  read.gathered("standing by region", () => {
    const risk = read.alias();
    return `select distinct ${risk}.current_level as level, ${risk}.region_id from ${read.source(Risk, risk, "set")} where ${controlled(risk)} and ${risk}.region_id is not null`;
  });

/** Levels with their places from the highest down. */
const LEVELS = `(values ${riskLevel.values.map((level, at) => `(${at + 1}, '${level}')`).join(", ")})`;

/**
 * The level once more, of which the planner knows nothing and expects few. Where one county has nearly all risks it would
 * else expect to meet one of any county at once, and read the whole table for each that has none.
 */
const rare = (risk: string) => `coalesce(${risk}.current_level, '')`;

/**
 * 就高原则 (INV-08): the place of the highest level among the controlled risks of a carrier, elevations running at the instant
 * included; null where it has none. One look for each level by an index on carrier and level. Everybody who sees the carrier
 * sees its colour: scope is not asked again.
 * @param key the carrier's own value of the column.
 */
function highest(column: Column, key: string, read: ReadSql, joined?: (risk: string) => { from: string; column: string }): string {
  const level = read.alias();
  const risk = read.alias();
  const { from, column: of } = joined?.(risk) ?? { from: "", column: `${risk}.${column}` };
  const stands = read.asOf && column === "region_id" ? `(${level}.level, ${key}) in (select level, region_id from ${standingByRegion(read)})` : `exists (select 1 from ${read.source(Risk, risk)}${from} where ${controlled(risk)} and ${risk}.current_level = ${level}.level and ${rare(risk)} = ${level}.level and ${of} = ${key})`;
  const raised = `(${level}.level, ${key}) in (select level, ${column} from ${lifted(column === "grid_id", read)} where ${column} is not null)`;
  return `(select min(${level}.at) from ${LEVELS} ${level}(at, level) where ${stands} or ${raised})`;
}

const overall = (zh: string, en: string, sql: (alias: string, read: ReadSql) => string) => computed("enum", zh, en, sql, { nullable: true, enumeration: riskLevel, filter: true });

const named = (place: string) => `(${RANK})[${place}]`;

extend(
  Subject,
  "overallLevel",
  overall("整体风险等级(就高原则:管控中的风险,含有效临时提级)", "overall level: the highest of its controlled risks, running elevations included", (alias, read) => named(highest("subject_id", `${alias}.id`, read))),
);

extend(
  Grid,
  "overallLevel",
  overall("整体风险等级(就高原则:网格内监管对象的管控中风险,含有效临时提级)", "overall level: the highest of the controlled risks of subjects in the grid, running elevations included", (alias, read) => {
    const subject = read.alias();
    return named(highest("grid_id", `${alias}.id`, read, (risk) => ({ from: ` join ${read.source(Subject, subject)} on ${subject}.id = ${risk}.subject_id`, column: `${subject}.grid_id` })));
  }),
);

/** 公示: who reads no business sees the colours of towns and of what lies above them. */
const seesVillages = ({ actor }: ReadSql) => actor.grants.some((grant) => readsBy(grant));

extend(
  Region,
  "overallLevel",
  overall("整体风险等级(就高原则:本区划及其下级管控中的风险,含有效临时提级);村社区的不公示", "overall level: the highest of the controlled risks in its subtree, running elevations included; that of a village is not for the public", (alias, read) => {
    const node = read.alias();
    const above = read.alias();
    const place = `case ${node}.level when 'DISTRICT' then ${highest("county_code", `${node}.county_code`, read)} when 'TOWN' then ${highest("town_id", `${node}.id`, read)} else ${highest("region_id", `${node}.id`, read)} end`;
    const below = seesVillages(read) ? "'VILLAGE', 'TOWN', 'DISTRICT'" : "'TOWN', 'DISTRICT'";
    // A district, a town, a village is told by its own column. Above the district the subtree is its districts, what lies at the higher nodes themselves, and towns no district stands over.
    return named(`(select min(${place}) from (
      select ${alias}.id, ${alias}.level, ${alias}.county_code where ${alias}.level in (${below})
      union all select ${node}.id, ${node}.level, ${node}.county_code from ${read.source(Region, node)} left join ${read.source(Region, above)} on ${above}.id = ${node}.parent_id
        where ${alias}.level in ('PROVINCE', 'CITY') and ${node}.path <@ ${alias}.path and (${node}.level in ('PROVINCE', 'CITY', 'DISTRICT') or (${node}.level = 'TOWN' and ${above}.level is distinct from 'DISTRICT'))) ${node})`);
  }),
);
