import { namedPerson } from "../people/named-person.js";
import { Person } from "../people/person.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { bool, date, dateTime, decimal, int, one, oneOf } from "../platform/entity/fields.js";
import { given } from "../platform/entity/input-fields.js";
import { report, type Given } from "../platform/entity/report.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Region } from "../regions/region.js";
import { Subject } from "../subjects/subject.js";
import { responsible } from "../supervision/named-responsible.js";
import { DutyRule } from "./duty-rule.js";
import { countDays, dutyTerms } from "./duty-terms.js";

const dutyStatus = enumeration("DutyStatus", { zh: "履职情况", en: "how a duty stands" }, {
  NOT_DUE: ["无此义务(当月 15 日后到任,或基数为零)", "not owed: appointed after the fifteenth, or nothing in the base"],
  PENDING: ["未到期(期内或未关账)", "pending: the period, or the days for recording it, still run"],
  FULFILLED: ["已履行", "fulfilled"],
  PARTIAL: ["部分履行", "fulfilled in part"],
  MISSED: ["未履行;关账后补登不改变", "missed; what is recorded after the period closed does not change it"],
  EXEMPT: ["豁免", "exempt"],
  BEYOND_SIGHT: ["其所负责对象不全在可见范围,不作判断", "not judged: not all this person answers for is within your sight"],
});

/** The closed list of domain 3.3; what the register's data can show of it is that the subject stood still. */
const dutyExemption = enumeration("DutyExemption", { zh: "豁免理由", en: "why a duty is lifted" }, {
  LEAVE_WITH_DELEGATE: ["请假并有代理(本库尚无代理记录)", "on leave with a delegate; no delegates are recorded yet"],
  SUBJECT_STOPPED: ["监管对象停产停用", "the subject stood still"],
  FORCE_MAJEURE: ["不可抗力(本库尚无记录)", "force majeure; not recorded yet"],
  CAP_REACHED: ["检查频次已达上限(本库尚无频次上限)", "the yearly cap of inspections is reached; caps are not recorded yet"],
});

const coverageState = enumeration("CoverageState", { zh: "覆盖情况", en: "how a subject stands in coverage" }, {
  VISITED: ["已检", "visited"],
  NOT_VISITED: ["未检", "not visited"],
  EXEMPT: ["停产停用,不入基数", "stood still: no part of the base"],
  TOO_SHORT: ["期内在册天数不足,不入基数", "listed for too few days of the period: no part of the base"],
});

const which = {
  from: given.date("期间起日不早于", "periods that begin on or after", { required: true }),
  to: given.date("期间起日不晚于", "periods that begin on or before", { required: true }),
  person: namedPerson("责任人;缺省为全部可见者", "the person; all within sight unless given", { alsoFrom: [responsible] }),
  within: { zh: "负责对象位于哪些区划之内者", en: "who answers for a subject within these regions", filterOf: () => Region },
};
const period = {
  periodFrom: date("期间起", "first day of the period"),
  periodTo: date("期间止(不含)", "end of the period, exclusive"),
};
const whose = {
  person: one(() => Person, "person_id", "责任人", "the person", { owned: true }),
  rule: one(() => DutyRule, "rule_id", "所据规则", "the rule", { owned: true }),
};
const statusIs = (asked: Given) => `coalesce(w.status = any(${asked.param("text[]", "status")}), true)`;
const statuses = given.oneOf(dutyStatus, "履职情况;缺省为全部", "how they stand; all unless given", { list: true });
const exemption = oneOf(dutyExemption, "豁免理由", "why it is lifted", { nullable: true });

/** TR-06, C04 每月检查指导: counted per person and month, not per subject; a second visit in a month fulfils nothing more. */
report({
  name: "monthlyDuty",
  zh: "每月检查指导义务(按人、按月,按所取时点计算):当月 15 日在任者应至少检查指导一次;企业责任人无此义务",
  en: "monthly duty of visits, per person and month, at the instant asked for: who holds a slot on the fifteenth owes a visit; the enterprise person owes none",
  args: { ...which, status: statuses },
  cost: 300,
  fields: {
    ...period,
    subjects: int("当月所负责的在册对象数", "listed subjects answered for in the month"),
    due: bool("是否应检", "owed"),
    minimum: int("应检次数", "number of visits owed"),
    visits: int("算数的检查指导次数", "number of visits that count"),
    lateVisits: int("关账后才登记的次数,不算数", "number recorded after the month closed; they do not count"),
    done: bool("是否已检", "done"),
    missed: bool("是否漏检", "missed"),
    status: oneOf(dutyStatus, "履职情况", "how it stands"),
    exemption,
    firstVisitAt: dateTime("首次检查指导时间", "first visit that counts, started at", { nullable: true }),
  },
  relations: whose,
  sql: (asked, read) => `
    with ${dutyTerms("COUNT_PER_PERIOD", asked, read)}
    select w.*, w.due and w.visits >= w.minimum as done, w.status = 'MISSED' as missed, case w.status when 'EXEMPT' then 'SUBJECT_STOPPED' end as exemption
    from (
      select h.*, h.owes and h.status_if_owed <> 'EXEMPT' as due, h.status_if_owed as status
      from (
        select m.*, coalesce(v.visits, 0) as visits, coalesce(v.late, 0) as late_visits, v.first_at as first_visit_at,
          case when m.owes and coalesce(v.visits, 0) >= m.minimum then 'FULFILLED' when not m.whole then 'BEYOND_SIGHT' when not m.owes then 'NOT_DUE' when not m.stands then 'EXEMPT' when ${read.now()} < m.closes then 'PENDING' else 'MISSED' end as status_if_owed
        from (
          select p.rule_id, p.rule_code, t.person_id, p.period_from, p.period_to, p.minimum, p.closes, count(distinct t.subject_id) filter (where t.seen and d.listed <> '{}')::integer as subjects,
            coalesce(bool_or(d.listed @> p.period_from + p.appointed_by_day - 1) filter (where t.seen), false) as owes,
            coalesce(bool_or(d.listed - s.stopped <> '{}') filter (where t.seen), false) as stands, bool_and(t.seen) as whole, bool_or(t.wanted and d.listed <> '{}') as wanted
          from period p
          join term t on t.rule_id = p.rule_id and t.days && p.days
          join state s on s.subject_id = t.subject_id
          cross join lateral (select datemultirange(t.days * p.days) - s.unlisted as listed) d
          group by 1, 2, 3, 4, 5, 6, 7) m
        left join (select rule_id, period_from, person_id, sum(visits)::integer as visits, sum(late)::integer as late, min(first_at) as first_at from visit group by 1, 2, 3) v on v.rule_id = m.rule_id and v.period_from = m.period_from and v.person_id = m.person_id
        where m.wanted) h) w
    join ${personOf("w", read)} on true
    where ${statusIs(asked)}
    order by w.period_from, n.name, w.person_id, w.rule_code`,
});

/** The name rows are ordered by. */
function personOf(row: string, read: ReadSql): string {
  const person = read.alias();
  return `lateral (select ${person}.name from ${read.source(Person, person)} where ${person}.id = ${row}.person_id limit 1) n`;
}

/** How each subject stands in the coverage of each person and half-year. */
const covered = `
  cover as (
    select c.*, coalesce(v.visits, 0) as visits, coalesce(v.late, 0) as late_visits, v.last_at as last_visit_at,
      case when c.open_days >= c.minimum_days then case when coalesce(v.visits, 0) >= c.minimum then 'VISITED' else 'NOT_VISITED' end when c.listed_days >= c.minimum_days then 'EXEMPT' else 'TOO_SHORT' end as state
    from (
      select h.rule_id, h.rule_code, h.person_id, h.subject_id, h.period_from, h.period_to, h.minimum, h.minimum_days, h.closes, h.seen, h.wanted, ${countDays("h.held - s.unlisted")} as listed_days, ${countDays("h.held - s.unlisted - s.stopped")} as open_days
      from (
        select p.rule_id, p.rule_code, t.person_id, t.subject_id, p.period_from, p.period_to, p.minimum, p.minimum_days, p.closes, t.seen, bool_or(t.wanted) as wanted, range_agg(t.days * p.days) as held
        from period p join term t on t.rule_id = p.rule_id and t.days && p.days
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) h
      join state s on s.subject_id = h.subject_id) c
    left join visit v on v.rule_id = c.rule_id and v.period_from = c.period_from and v.person_id = c.person_id and v.subject_id = c.subject_id)`;

/** TR-07, C05, HALF_YEAR_COVERAGE 半年覆盖率 (domain 3.7): distinct subjects visited over the base; an empty base has no rate. */
report({
  name: "halfYearCoverage",
  zh: "半年全覆盖(按人、按半年,按所取时点计算):已检对象数与基数之百分比;在册不足 30 天或停产的对象不入基数;基数为零者无数据",
  en: "half-year coverage, per person and half-year, at the instant asked for: subjects visited over the base, in per cent; subjects listed for fewer than thirty days or at a standstill are no part of it; no data where it is empty",
  args: { ...which, status: statuses },
  cost: 300,
  fields: {
    ...period,
    base: int("基数(应检对象数)", "base: subjects to be visited"),
    visited: int("已检对象数", "distinct subjects of the base that were visited"),
    notVisited: int("未检对象数", "subjects of the base that were not"),
    exempted: int("停产停用不入基数的对象数", "subjects that stood still, not in the base"),
    tooShort: int("在册天数不足不入基数的对象数", "subjects listed too briefly, not in the base"),
    share: decimal("半年覆盖率,百分比;无数据为空", "coverage in per cent; null without data", { nullable: true }),
    status: oneOf(dutyStatus, "履职情况", "how it stands"),
    exemption,
  },
  relations: whose,
  sql: (asked, read) => `
    with ${dutyTerms("COVERAGE", asked, read)}, ${covered}
    select w.*, case w.status when 'EXEMPT' then 'SUBJECT_STOPPED' end as exemption
    from (
      select g.*, g.base - g.visited as not_visited, round(100.0 * g.visited / nullif(g.base, 0), 2) as share,
        case when not g.whole then 'BEYOND_SIGHT' when g.base = 0 then case when g.exempted > 0 then 'EXEMPT' else 'NOT_DUE' end when g.visited = g.base then 'FULFILLED' when ${read.now()} < g.closes then 'PENDING' when g.visited > 0 then 'PARTIAL' else 'MISSED' end as status
      from (
        select rule_id, rule_code, person_id, period_from, period_to, closes, bool_and(seen) as whole, bool_or(wanted and listed_days > 0) as wanted,
          count(*) filter (where seen and state in ('VISITED', 'NOT_VISITED'))::integer as base, count(*) filter (where seen and state = 'VISITED')::integer as visited,
          count(*) filter (where seen and state = 'EXEMPT')::integer as exempted, count(*) filter (where seen and state = 'TOO_SHORT' and listed_days > 0)::integer as too_short
        from cover group by 1, 2, 3, 4, 5, 6) g
      where g.wanted) w
    join ${personOf("w", read)} on true
    where ${statusIs(asked)}
    order by w.period_from, n.name, w.person_id, w.rule_code`,
});

/** The subjects behind the shares of halfYearCoverage, each with why it is no part of the base where it is none. */
report({
  name: "halfYearCoverageSubjects",
  zh: "半年全覆盖的逐对象清单:应检、已检、未检及不入基数的理由",
  en: "half-year coverage subject by subject: to be visited, visited, not visited, and why no part of the base",
  args: { ...which, states: given.oneOf(coverageState, "覆盖情况;缺省为全部", "how they stand; all unless given", { list: true }) },
  cost: 300,
  fields: {
    ...period,
    state: oneOf(coverageState, "覆盖情况", "how it stands"),
    exemption,
    days: int("期内由其负责、在册且未停产的天数", "days of the period on which this person answered for it, listed and not at a standstill"),
    visits: int("算数的检查指导次数", "number of visits that count"),
    lateVisits: int("关账后才登记的次数,不算数", "number recorded after the period closed; they do not count"),
    lastVisitAt: dateTime("最近一次检查指导时间", "last visit that counts, started at", { nullable: true }),
  },
  relations: { ...whose, subject: one(() => Subject, "subject_id", "监管对象", "the subject") },
  sql: (asked, read) => {
    const subject = read.alias();
    return `
    with ${dutyTerms("COVERAGE", asked, read)}, ${covered}
    select w.*, w.open_days as days, case w.state when 'EXEMPT' then 'SUBJECT_STOPPED' end as exemption
    from cover w
    join ${personOf("w", read)} on true
    join lateral (select ${subject}.code from ${read.source(Subject, subject)} where ${subject}.id = w.subject_id limit 1) o on true
    where w.wanted and w.listed_days > 0 and coalesce(w.state = any(${asked.param("text[]", "states")}), true)
    order by w.period_from, n.name, w.person_id, w.rule_code, o.code`;
  },
});
