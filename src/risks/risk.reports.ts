import { bool, int, oneOf } from "../platform/entity/fields.js";
import { report, type Given } from "../platform/entity/report.js";
import { ends, period } from "../platform/read/changes.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { controlled, RANK, Risk, riskLevel } from "./risk.js";

/** Controlled risks with their level as recorded at an instant, as far as the caller's scope reached then. */
function levelsAt(asked: Given, read: ReadSql): string {
  const risk = read.alias();
  return `select ${risk}.id, ${risk}.current_level as level from ${read.source(Risk, risk, "set")} where ${controlled(risk)} and ${read.scope(Risk, risk)} and ${asked.filter("filter", Risk, risk, read)}`;
}

/** Every risk controlled at either end, with its level at both; null where it was not yet, or no longer. */
function moves(asked: Given, read: ReadSql): string {
  const { from, to } = ends(asked, read);
  return `select o.level as from_level, c.level as to_level from (${levelsAt(asked, from)}) o full join (${levelsAt(asked, to)}) c on c.id = o.id`;
}

/** 风险动态变化矩阵: moves between levels, from NEW (null) to gone (null). */
report({
  name: "riskMoves",
  zh: "风险等级变动矩阵:两时点间各等级之间的移动,空为新增或已不在管控",
  en: "matrix of moves between levels from one instant to another; null for not yet, or no longer, controlled",
  args: period(() => Risk),
  cost: 200,
  fields: {
    fromLevel: oneOf(riskLevel, "期初等级;空为新增", "level at the opening; null when new", { nullable: true }),
    toLevel: oneOf(riskLevel, "期末等级;空为已不在管控", "level at the closing; null when gone", { nullable: true }),
    count: int("数量", "number"),
  },
  sql: (asked, read) => `select m.from_level, m.to_level, count(*)::integer as count from (${moves(asked, read)}) m group by 1, 2 order by array_position(${RANK}, m.from_level) nulls last, array_position(${RANK}, m.to_level) nulls last`,
});

/** RISK_DYNAMIC 风险动态变化平衡表 (domain 3.7): it must balance exactly, for every region and every two instants. */
report({
  name: "riskDynamics",
  zh: "风险动态变化平衡表:期初+新增+升入+降入-升出-降出-消除=期末",
  en: "balance of risks by level: opening + new + raised in + lowered in - raised out - lowered out - gone = closing",
  args: period(() => Risk),
  cost: 200,
  fields: {
    level: oneOf(riskLevel, "等级", "level"),
    opening: int("期初", "opening"),
    appeared: int("新增", "new"),
    raisedIn: int("升入", "raised into the level"),
    loweredIn: int("降入", "lowered into the level"),
    raisedOut: int("升出", "raised out of the level"),
    loweredOut: int("降出", "lowered out of the level"),
    gone: int("消除(不再管控)", "retired or otherwise no longer controlled"),
    closing: int("期末", "closing"),
    balanced: bool("是否平衡", "whether it balances"),
  },
  sql: (asked, read) => {
    const rank = (column: string) => `array_position(${RANK}, ${column})`;
    const counted = (condition: string) => `count(*) filter (where ${condition})::integer`;
    const both = "m.from_level is not null and m.to_level is not null";
    return `
      select b.*, b.opening + b.appeared + b.raised_in + b.lowered_in - b.raised_out - b.lowered_out - b.gone = b.closing as balanced
      from (select l.level,
          ${counted("m.from_level = l.level")} as opening,
          ${counted("m.to_level = l.level and m.from_level is null")} as appeared,
          ${counted(`${both} and m.to_level = l.level and ${rank("m.from_level")} > ${rank("l.level")}`)} as raised_in,
          ${counted(`${both} and m.to_level = l.level and ${rank("m.from_level")} < ${rank("l.level")}`)} as lowered_in,
          ${counted(`${both} and m.from_level = l.level and ${rank("m.to_level")} < ${rank("l.level")}`)} as raised_out,
          ${counted(`${both} and m.from_level = l.level and ${rank("m.to_level")} > ${rank("l.level")}`)} as lowered_out,
          ${counted("m.from_level = l.level and m.to_level is null")} as gone,
          ${counted("m.to_level = l.level")} as closing
        from unnest(${RANK}) with ordinality as l(level, place) left join (${moves(asked, read)}) m on l.level in (m.from_level, m.to_level)
        group by l.level, l.place order by l.place) b`;
  },
});
