import { entity, extend, relate } from "../platform/entity/entity.js";
import { computed, dateTime, many, one, oneOf, text } from "../platform/entity/fields.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { ReviewDecision, ReviewRound } from "../review-rounds/review-round.js";
import { colourOf, RANK, Risk, riskLevel } from "../risks/risk.js";

/** Running at the effective instant: half-open, from included, to excluded. */
export const running = (alias: string, read: ReadSql) => {
  const now = read.nowAgainst("temporary_risk_elevations", ["valid_from", "valid_to"]);
  return `${alias}.valid_from <= ${now} and ${alias}.valid_to > ${now}`;
};

/** 临时提级: for a major event, a key date or an imminent disaster. It lapses by itself: whether it runs is computed, and nothing is written then. */
export const Elevation = entity({
  name: "TemporaryRiskElevation",
  zh: "风险临时提级",
  en: "temporary elevation of a risk",
  plural: "temporaryRiskElevations",
  table: "temporary_risk_elevations",
  scope: { kind: "through", relation: "risk" },
  order: [["validFrom", "desc"]],
  fields: {
    toLevel: oneOf(riskLevel, "提至等级", "level it is raised to", { filter: true, group: true }),
    validFrom: dateTime("起", "from", { filter: true, sort: true }),
    validTo: dateTime("止(不含),到时自行失效", "to, exclusive: it lapses then by itself", { filter: true, sort: true }),
    reason: text("理由", "reason"),
    endReason: text("提前结束的理由", "why it was ended early", { nullable: true }),
    inForce: computed("boolean", "所取时点是否有效", "in force at the effective instant", running, { filter: true, group: true }),
  },
  relations: {
    risk: one(() => Risk, "risk_id", "风险", "risk", { owned: true }),
    round: one(() => ReviewRound, "round_id", "所据轮次", "the round it rests on"),
    decision: one(() => ReviewDecision, "decision_id", "所据决定", "the decision it rests on", { owned: true }),
  },
});

/** Elevations running at the effective instant, by alias and the level they raise to. */
export const elevatedTo = (level: string, alias: string, read: ReadSql) => `${alias}.to_level = '${level}' and ${running(alias, read)}`;

/** From the highest down; nothing is raised to the lowest. */
export const RAISED = ["MAJOR", "CONSIDERABLE", "MODERATE"] as const;

const CONTROLLED = (alias: string) => `${alias}.status in ('IN_FORCE','REVIEWING')`;

/** Whether a risk stands raised; PostgreSQL chooses between one look for each risk and one reading of what runs, whichever is less. */
const raised = (risk: string, read: ReadSql, level?: string) => {
  const elevation = read.alias();
  return `exists (select 1 from ${read.source(Elevation, elevation)} where ${elevation}.risk_id = ${risk}.id and ${level ? elevatedTo(level, elevation, read) : running(elevation, read)})`;
};

/** The higher of the level that stands and the elevation that runs. */
export const effectiveLevel = (risk: string, read: ReadSql) =>
  `case ${RAISED.map((level) => `when ${risk}.current_level = '${level}' or (${CONTROLLED(risk)} and ${raised(risk, read, level)}) then '${level}'`).join(" ")} else ${risk}.current_level end`;

extend(Risk, "effectiveLevel", computed("enum", "所取时点的有效等级:现状等级与有效临时提级之高者", "level in effect at the instant asked for: the higher of current level and elevation", effectiveLevel, { nullable: true, enumeration: riskLevel, filter: true, group: true }));
extend(Risk, "elevated", computed("boolean", "所取时点是否临时提级", "elevated at the instant asked for", (alias, read) => `${CONTROLLED(alias)} and ${raised(alias, read)}`, { filter: true, group: true }));
extend(Risk, "effectiveColour", computed("text", "有效等级屏显颜色", "screen colour of the level in effect", (alias, read) => colourOf(`(${effectiveLevel(alias, read)})`)));
// A limit drops what is lowest now, not what is lowest when nothing is afoot.
Risk.featureOrder = (alias, read) => `array_position(${RANK}, ${effectiveLevel(alias, read)})`;
relate(Risk, "elevations", many(() => Elevation, "risk_id", "临时提级", "temporary elevations", { owned: true }));
relate(ReviewRound, "elevations", many(() => Elevation, "round_id", "据以作出的临时提级(可见者)", "elevations that rest on it, as far as they are visible"));
