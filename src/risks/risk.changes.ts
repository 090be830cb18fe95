import { enumeration } from "../platform/entity/enumeration.js";
import { dateTime, one, oneOf, text, textList } from "../platform/entity/fields.js";
import { report } from "../platform/entity/report.js";
import { ends, period, recordedFields } from "../platform/read/changes.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Region } from "../regions/region.js";
import { controlled, RANK, Risk, riskLevel } from "./risk.js";

/** In the order the rows are shown. */
const riskChangeKind = enumeration("RiskChangeKind", { zh: "风险变动类别", en: "kind of change of a risk between two instants" }, {
  RAISED: ["升级", "raised to a higher level"],
  LOWERED: ["降级", "lowered to a lower level"],
  APPEARED: ["新增(期末在管控,期初不在)", "appeared: controlled at the closing, not at the opening"],
  GONE: ["消除(期初在管控,期末不再管控或已出范围)", "gone: controlled at the opening, at the closing no longer or out of the range asked for"],
  CHANGED: ["等级未变,其他登记内容有变", "same level, other recorded fields differ"],
});

/** M-06 两时点风险对比: which risks appeared, went, rose, fell or otherwise changed, each by the record at both instants. */
report({
  name: "riskChanges",
  zh: "两时点间的风险变动清单:升级、降级、新增、消除及其他变动;升为重大者在前",
  en: "what became of risks from one instant to another: raised, lowered, appeared, gone, otherwise changed; those raised to major first",
  args: period(() => Risk),
  cost: 300,
  fields: {
    kind: oneOf(riskChangeKind, "变动类别", "kind of change"),
    code: text("风险编号", "code of the risk"),
    name: text("名称;消除者为期初或最后可见的名称", "name; of what is gone, the last one seen"),
    fromLevel: oneOf(riskLevel, "期初等级;不在管控为空", "level at the opening; null where not controlled", { nullable: true }),
    toLevel: oneOf(riskLevel, "期末等级;不在管控为空", "level at the closing; null where not controlled", { nullable: true }),
    changedFields: textList("两时点登记内容不同的字段(GraphQL 名称);任一时点无登记或不可见则为空", "GraphQL names of the fields whose recorded values differ; empty where either instant has no visible record"),
    lastAction: text("期末版本由何操作形成;期末不可见则为空", "action that made the version standing at the closing; null where it is out of sight", { nullable: true }),
    changedAt: dateTime("期末版本的记录时间;期末不可见则为空", "when the version standing at the closing was recorded; null where it is out of sight", { nullable: true }),
  },
  relations: {
    risk: one(() => Risk, "risk_id", "风险(所取时点)", "the risk, at the instant of the operation"),
    town: one(() => Region, "town_id", "所在街镇", "town", { owned: true }),
  },
  sql: (asked, read) => {
    const { from, to } = ends(asked, read);
    // All in scope, not only what counts: a risk that went is told by the record that stands for it.
    const known = (end: ReadSql) => {
      const risk = end.alias();
      return `select ${risk}.*, coalesce(${controlled(risk)} and ${asked.filter("filter", Risk, risk, end)}, false) as counted from ${end.source(Risk, risk, "set")} where ${end.scope(Risk, risk)}`;
    };
    const rank = (alias: string) => `array_position(${RANK}, ${alias}.current_level)`;
    const differences = recordedFields(Risk).map(([name, column]) => `case when o.${column} is distinct from c.${column} then '${name}' end`);
    return `
      select x.* from (
        select coalesce(c.id, o.id) as risk_id, coalesce(c.code, o.code) as code, coalesce(c.name, o.name) as name, coalesce(c.town_id, o.town_id) as town_id,
          case when o.counted is not true then 'APPEARED' when c.counted is not true then 'GONE' when ${rank("c")} < ${rank("o")} then 'RAISED' when ${rank("c")} > ${rank("o")} then 'LOWERED' else 'CHANGED' end as kind,
          case when o.counted then o.current_level end as from_level, case when c.counted then c.current_level end as to_level,
          case when o.id is null or c.id is null then '{}'::text[] else array_remove(array[${differences.join(", ")}], null) end as changed_fields,
          (select e.action from change_events e where e.entity_id = c.id and e.version = c.version limit 1) as last_action, c.recorded_from as changed_at
        from (${known(from)}) o full join (${known(to)}) c on c.id = o.id
        where (o.counted or c.counted) and (o.version is distinct from c.version or o.counted is distinct from c.counted)) x
      where x.kind <> 'CHANGED' or cardinality(x.changed_fields) > 0
      order by (x.kind = 'RAISED' and x.to_level = 'MAJOR') desc, array_position(array[${riskChangeKind.values.map((value) => `'${value}'`).join(",")}], x.kind), x.code, x.risk_id`;
  },
});
