import { Fault } from "../platform/fault.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { bool, date, dateTime, one, oneOf, text } from "../platform/entity/fields.js";
import { given } from "../platform/entity/input-fields.js";
import { report } from "../platform/entity/report.js";
import { Region } from "../regions/region.js";
import { riskDomain } from "../risks/risk.js";
import { ReviewRound } from "./review-round.js";
import { reviewRoundKind, ReviewRoundRule } from "./review-round-rule.js";

const obligationStatus = enumeration("RiskReviewObligationStatus", { zh: "应开研判轮次的履行情况", en: "how an owed review round stands" }, {
  PENDING: ["未到期", "pending: it can still be held and concluded in time"],
  FULFILLED: ["已履行:期内召开,限期内作出结论", "fulfilled: held in its period and concluded in time"],
  MISSED: ["未履行:逾期;事后补开不改变", "missed: the time ran out; what is held later does not change it"],
});

const LONGEST_YEARS = 5;

function opening(from: unknown, _values: unknown, args: Readonly<Record<string, unknown>>): unknown {
  const [first, last] = [String(from), String(args["to"])];
  if (first > last) throw new Fault("INVALID_INPUT", { field: "from", rule: "not after to" });
  if (Number(last.slice(0, 4)) - Number(first.slice(0, 4)) > LONGEST_YEARS) throw new Fault("LIMIT_EXCEEDED", { limit: "years", maximum: LONGEST_YEARS });
  return from;
}

/** A day's beginning at +08:00. */
const begins = (day: string) => `(${day})::timestamp at time zone 'Asia/Shanghai'`;

/** TR-01, TR-02 应开研判轮次: owed by rule, never stored; how each stands at the instant asked for (domain 3.5, DutyObligation). */
report({
  name: "reviewRoundObligations",
  zh: "应开研判轮次及其履行情况(按所取时点计算):每月识别按街镇,季度会商按区县和街镇,规则为数据",
  en: "review rounds owed and how they stand at the instant asked for: monthly rounds by town, consultations by district and town, as the rules in force say",
  args: {
    from: given.date("期间起日不早于", "periods that begin on or after", { required: true }),
    to: given.date("期间起日不晚于", "periods that begin on or before", { required: true }),
    within: { zh: "由哪些区划召开", en: "which regions owe them", filterOf: () => Region },
    kinds: given.oneOf(reviewRoundKind, "轮次类别;缺省为全部", "kinds; all unless given", { list: true }),
    status: given.oneOf(obligationStatus, "履行情况;缺省为全部", "how they stand; all unless given", { list: true }),
  },
  cost: 300,
  fields: {
    kind: oneOf(reviewRoundKind, "轮次类别", "kind of round"),
    domain: oneOf(riskDomain, "领域", "domain"),
    sector: text("行业领域代码;为空则各行业合并召开", "code of the sector; null for one round of all", { nullable: true }),
    periodFrom: date("期间起", "first day of the period"),
    periodTo: date("期间止(不含)", "end of the period, exclusive"),
    due: date("应在此日(含)前召开", "last day to hold it"),
    concludeBy: date("应在此日(含)前作出结论", "last day to conclude it"),
    status: oneOf(obligationStatus, "履行情况", "how it stands"),
    heldInTime: bool("是否期内召开", "held in its period"),
    late: bool("是否逾期补开或逾期结论", "held or concluded late"),
    heldAt: dateTime("召开时间", "held at", { nullable: true }),
    concludedAt: dateTime("结论时间", "concluded at", { nullable: true }),
  },
  relations: {
    region: one(() => Region, "region_id", "应召开的区划", "region that owes it", { owned: true }),
    rule: one(() => ReviewRoundRule, "rule_id", "所据规则", "the rule", { owned: true }),
    round: one(() => ReviewRound, "round_id", "履行该项的轮次(如有)", "the round that answers to it, if any"),
  },
  sql: (asked, read) => {
    const [rule, node, owed, round] = [read.alias(), read.alias(), read.alias(), read.alias()];
    const first = asked.param("date", "from", opening);
    const last = asked.param("date", "to");
    const step = `case ${rule}.period when 'MONTH' then interval '1 month' else interval '3 months' end`;
    const known = (column: string) => `case when ${round}.${column} <= ${read.now()} then ${round}.${column} end`;
    // The region that owes a round is seen by whom a round of it would be.
    return `
      select w.* from (
        select ${owed}.rule_id, ${owed}.region_id, ${owed}.kind, ${owed}.domain, ${owed}.sector, ${owed}.period_from, ${owed}.period_to, ${owed}.due, ${owed}.conclude_by, ${owed}.region_code,
          h.id as round_id, h.held_at, h.concluded_at, coalesce(h.held_at < ${owed}.ends, false) as held_in_time,
          coalesce(h.held_at >= ${owed}.ends or h.concluded_at >= ${owed}.closes, false) as late,
          case when h.held_at < ${owed}.ends and h.concluded_at < ${owed}.closes then 'FULFILLED' when ${read.now()} < ${owed}.closes and (${read.now()} < ${owed}.ends or h.held_at < ${owed}.ends) then 'PENDING' else 'MISSED' end as status
        from (
          select ${rule}.id as rule_id, ${rule}.kind, ${rule}.domain, s.sector, ${node}.id as region_id, ${node}.code as region_code, ${node}.path as region_path, ${node}.county_code, case ${node}.level when 'TOWN' then ${node}.id end as town_id,
            p.begins::date as period_from, (p.begins + ${step})::date as period_to, (p.begins + ${step})::date - 1 as due, (p.begins + ${step})::date - 1 + ${rule}.grace_days as conclude_by,
            ${begins(`p.begins + ${step}`)} as ends, ${begins(`(p.begins + ${step})::date + ${rule}.grace_days`)} as closes
          from ${read.source(ReviewRoundRule, rule)}
          join ${read.source(Region, node)} on ${node}.level = ${rule}.region_level and ${asked.filter("within", Region, node)}
          cross join lateral generate_series(date_trunc(case ${rule}.period when 'MONTH' then 'month' else 'quarter' end, greatest(${first}, ${rule}.valid_from)::timestamp), ${last}::timestamp, ${step}) p(begins)
          cross join lateral unnest(coalesce(${rule}.sectors, array[null::text])) s(sector)
          where p.begins::date >= ${first} and p.begins::date >= ${rule}.valid_from and (${rule}.valid_to is null or p.begins::date < ${rule}.valid_to)
            and (${node}.valid_from is null or ${node}.valid_from <= p.begins::date) and (${node}.valid_to is null or ${node}.valid_to > p.begins::date)
            and coalesce(${rule}.kind = any(${asked.param("text[]", "kinds")}), true)) ${owed}
        left join lateral (
          select ${round}.id, ${known("held_at")} as held_at, ${known("concluded_at")} as concluded_at
          from ${read.source(ReviewRound, round)}
          where ${round}.region_id = ${owed}.region_id and ${round}.kind = ${owed}.kind and ${round}.period_from = ${owed}.period_from and ${round}.domain = ${owed}.domain and ${round}.status <> 'CANCELLED'
            and (${round}.sector is null or ${round}.sector = ${owed}.sector)
          order by 3 nulls last, 2 nulls last, ${round}.id limit 1) h on true
        where ${read.scope(ReviewRound, owed)}) w
      where coalesce(w.status = any(${asked.param("text[]", "status")}), true)
      order by w.period_from, w.kind, w.region_code, w.domain, w.sector nulls first`;
  },
});
