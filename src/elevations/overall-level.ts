import { extend } from "../platform/entity/entity.js";
import { computed } from "../platform/entity/fields.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Grid, Region } from "../regions/region.js";
import { controlled, RANK, Risk, riskLevel } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";
import { elevatedTo, Elevation, RAISED } from "./elevation.js";

/** How a carrier's risks are known: an expression over the risk that equals one over the carrier. */
interface Carried {
  of: (risk: string) => string;
  is: string;
  /** Joins `of` needs beside the risk. */
  joins?: string;
}

/**
 * 就高原则 (INV-08): the highest level among the controlled risks of a carrier, elevations running at the instant included; null where it has none.
 * One look for each level from the highest down, by an index on carrier and level. What runs is few and read once for a statement,
 * not once for each carrier. Everybody who sees the carrier sees its colour: scope is not asked again.
 */
function highest({ of, is, joins = "" }: Carried, read: ReadSql): string {
  const stands = (level: string) => {
    const risk = read.alias();
    return `exists (select 1 from ${read.source(Risk, risk)}${joins.replaceAll("@risk", risk)} where ${controlled(risk)} and ${risk}.current_level = '${level}' and ${of(risk)} = ${is})`;
  };
  const raised = (level: string) => {
    const risk = read.alias();
    const elevation = read.alias();
    return `${is} in (select ${of(risk)} from ${read.source(Elevation, elevation)} join ${read.source(Risk, risk)} on ${risk}.id = ${elevation}.risk_id${joins.replaceAll("@risk", risk)} where ${elevatedTo(level, elevation, read)} and ${controlled(risk)} and ${of(risk)} is not null)`;
  };
  return `case ${RAISED.map((level) => `when ${stands(level)} or ${raised(level)} then '${level}'`).join(" ")} when ${stands("LOW")} then 'LOW' end`;
}

const overall = (zh: string, en: string, sql: (alias: string, read: ReadSql) => string) => computed("enum", zh, en, sql, { nullable: true, enumeration: riskLevel, filter: true });

extend(
  Subject,
  "overallLevel",
  overall("整体风险等级(就高原则:管控中的风险,含有效临时提级)", "overall level: the highest of its controlled risks, running elevations included", (alias, read) => highest({ of: (risk) => `${risk}.subject_id`, is: `${alias}.id` }, read)),
);

extend(
  Grid,
  "overallLevel",
  overall("整体风险等级(就高原则:网格内监管对象的管控中风险,含有效临时提级)", "overall level: the highest of the controlled risks of subjects in the grid, running elevations included", (alias, read) => {
    const subject = read.alias();
    return highest({ of: () => `${subject}.grid_id`, is: `${alias}.id`, joins: ` join ${read.source(Subject, subject)} on ${subject}.id = @risk.subject_id` }, read);
  }),
);

extend(
  Region,
  "overallLevel",
  overall("整体风险等级(就高原则:本区划及其下级管控中的风险,含有效临时提级)", "overall level: the highest of the controlled risks in its subtree, running elevations included", (alias, read) => {
    const county = (of: string) => highest({ of: (risk) => `${risk}.county_code`, is: `${of}.county_code` }, read);
    const town = (of: string) => highest({ of: (risk) => `${risk}.town_id`, is: `${of}.id` }, read);
    const itself = (of: string) => highest({ of: (risk) => `${risk}.region_id`, is: `${of}.id` }, read);
    // Above the district the subtree is its districts, what lies at the higher nodes themselves, and towns no district stands over.
    const node = read.alias();
    const above = read.alias();
    return `case ${alias}.level when 'VILLAGE' then ${itself(alias)} when 'TOWN' then ${town(alias)} when 'DISTRICT' then ${county(alias)} else
      (${RANK})[(select min(array_position(${RANK}, case ${node}.level when 'DISTRICT' then ${county(node)} when 'TOWN' then ${town(node)} else ${itself(node)} end))
        from ${read.source(Region, node)} left join ${read.source(Region, above)} on ${above}.id = ${node}.parent_id
        where ${node}.path <@ ${alias}.path and (${node}.level in ('PROVINCE', 'CITY', 'DISTRICT') or (${node}.level = 'TOWN' and ${above}.level is distinct from 'DISTRICT')))] end`;
  }),
);
