import { LINE_OF_SUPERVISION, Person } from "../people/person.js";
import { entityNamed, type Entity } from "../platform/entity/entity.js";
import type { Given } from "../platform/entity/report.js";
import { hasGrant } from "../platform/actor.js";
import { Fault } from "../platform/fault.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Region } from "../regions/region.js";
import { RiskUnit } from "../risk-objects/risk-object.js";
import { Risk } from "../risks/risk.js";
import { StopRecord } from "../stops/stop-record.js";
import { RegulatorAssignment, ResponsibilitySlot } from "../supervision/regulation.js";
import { Subject } from "../subjects/subject.js";
import { DutyRule } from "./duty-rule.js";
import { Visit, VisitParticipant } from "./visit.js";

const LONGEST_YEARS = 5;

function opening(from: unknown, _values: unknown, args: Readonly<Record<string, unknown>>): unknown {
  const [first, last] = [String(from), String(args["to"])];
  if (first > last) throw new Fault("INVALID_INPUT", { field: "from", rule: "not after to" });
  if (Number(last.slice(0, 4)) - Number(first.slice(0, 4)) > LONGEST_YEARS) throw new Fault("LIMIT_EXCEEDED", { limit: "years", maximum: LONGEST_YEARS });
  return from;
}

/** A day's beginning at +08:00. */
const begins = (day: string) => `(${day})::timestamp at time zone 'Asia/Shanghai'`;
/** The day of a moment at +08:00. */
const dayOf = (moment: string) => `(${moment} at time zone 'Asia/Shanghai')::date`;
/** Days from the one of the first moment to the one of the last, which is not among them. */
const daysOf = (from: string, to: string) => `daterange(${dayOf(from)}, ${dayOf(to)})`;
/** Number of days of a multirange that has both ends. */
export const countDays = (days: string) => `(select coalesce(sum(upper(d.d) - lower(d.d)), 0)::integer from unnest(${days}) d(d))`;

/**
 * What duties are judged by, as common table expressions, at the instant asked for and never stored (INV-20):
 * - period: days of each period asked for under each rule of a kind, when it ends and when it closes;
 * - term: who holds which slot of which subject, whether within the caller's sight (seen) and asked for (wanted);
 * - state: the days on which a subject was not listed, and those on which it stood still;
 * - visit: for each person, subject and period the visits that count, and those recorded too late.
 *
 * A subject is listed (挂牌) while somebody holds the slot for it and its record says that it is key-controlled and active: terms have days of their own and may be
 * entered later; what a subject is, is known from its versions, and before the first of them only the term speaks.
 * It stands still while its state is suspended, or confirmed stops lie over every one of its units and no risk is controlled outside of them.
 * A visit counts for who takes part in it and holds a slot of the rule for that subject at that moment (INV-21).
 */
export function dutyTerms(kind: "COUNT_PER_PERIOD" | "COVERAGE", asked: Given, read: ReadSql): string {
  const [rule, slot, term, subject, version] = [read.alias(), read.alias(), read.alias(), read.alias(), read.alias()];
  const [unit, risk, stop, visit, part, region] = [read.alias(), read.alias(), read.alias(), read.alias(), read.alias(), read.alias()];
  const versions = entityNamed(`${Subject.name}Version`) as Entity;
  const months = kind === "COVERAGE" ? 6 : 1;
  const first = asked.param("date", "from", opening);
  const last = asked.param("date", "to");
  const within = asked.has("within") ? `exists (select 1 from ${read.source(Region, region)} where ${region}.path @> s.region_path and ${asked.filter("within", Region, region)})` : "true";
  const offDays = (condition: string) => `coalesce((select range_agg(${daysOf(`${version}.recorded_from`, `${version}.recorded_to`)}) from ${read.source(versions, version)} where ${version}.id = t.subject_id and ${condition}), '{}'::datemultirange)`;
  // Who was where and who failed is told along the line of supervision and to auditors (domain 5.2), each of what he sees by that very role.
  const sees = (row: string) => read.scopeBy(Subject, row, LINE_OF_SUPERVISION);
  const told = hasGrant(read.actor, LINE_OF_SUPERVISION) ? "true" : "false";
  return `
    period as materialized (
      select ${rule}.id as rule_id, ${rule}.code as rule_code, ${rule}.scheme_id, ${rule}.slots, ${rule}.natures, ${rule}.minimum, ${rule}.appointed_by_day, ${rule}.minimum_days, ${rule}.tolerance_metres,
        p.b::date as period_from, (p.b + interval '${months} months')::date as period_to, daterange(p.b::date, (p.b + interval '${months} months')::date) as days,
        ${begins("p.b")} as begins, ${begins(`p.b + interval '${months} months'`)} as ends, ${begins(`(p.b + interval '${months} months')::date + coalesce(${rule}.closes_after_days, 0)`)} as closes, ${rule}.closes_after_days is not null as is_closed
      from ${read.source(DutyRule, rule)}
      cross join lateral generate_series(date_trunc('year', ${first}::timestamp), ${last}::timestamp, interval '${months} months') p(b)
      where ${rule}.kind = '${kind}' and p.b::date >= ${first} and p.b::date >= ${rule}.valid_from and (${rule}.valid_to is null or p.b::date < ${rule}.valid_to) and ${told}),
    term as materialized (
      select r.rule_id, ${term}.person_id, ${term}.subject_id, tstzrange(${term}.valid_from, ${term}.valid_to) as holds, ${daysOf(`${term}.valid_from`, `${term}.valid_to`)} as days, s.seen, s.seen and s.wanted as wanted
      from (select rule_id, scheme_id, slots, min(begins) as begins, max(ends) as ends from period group by 1, 2, 3) r
      join ${read.source(ResponsibilitySlot, slot)} on ${slot}.scheme_id = r.scheme_id and ${slot}.code = any(r.slots)
      join ${read.source(RegulatorAssignment, term, "set")} on ${term}.slot_id = ${slot}.id and ${term}.status <> 'DRAFT' and ${term}.valid_from < r.ends and (${term}.valid_to is null or ${term}.valid_to > r.begins)
      join lateral (select s.*, ${within} as wanted from (select ${subject}.region_path, coalesce(${sees(subject)}, false) as seen from ${read.source(Subject, subject)} where ${subject}.id = ${term}.subject_id limit 1) s) s on true
      where ${asked.has("person") ? `${term}.person_id = ${asked.uuid("person", Person)}` : "true"}),
    state as materialized (
      select t.subject_id,
        ${offDays(`(not ${version}.key_controlled or ${version}.status in ('UNCONFIRMED', 'CLOSED'))`)} as unlisted,
        ${offDays(`${version}.status = 'SUSPENDED'`)} + case when exists (select 1 from ${read.source(Risk, risk)} where ${risk}.subject_id = t.subject_id and ${risk}.unit_id is null and ${risk}.status in ('IN_FORCE', 'REVIEWING')) then '{}'::datemultirange else coalesce((
          select range_intersect_agg(u.days) from (
            select coalesce((select range_agg(${daysOf(`${stop}.valid_from`, `${stop}.valid_to`)}) from ${read.source(StopRecord, stop)} where ${stop}.unit_id = ${unit}.id and ${stop}.confirmed_at <= ${read.now()}), '{}'::datemultirange) as days
            from ${read.source(RiskUnit, unit)} where ${unit}.subject_id = t.subject_id) u), '{}'::datemultirange) end as stopped
      from (select distinct subject_id from term) t),
    visit as materialized (
      select t.rule_id, p.period_from, t.person_id, t.subject_id, count(*) filter (where w.in_time)::integer as visits, count(*) filter (where not w.in_time)::integer as late, min(${visit}.started_at) filter (where w.in_time) as first_at, max(${visit}.started_at) filter (where w.in_time) as last_at
      from period p
      join term t on t.rule_id = p.rule_id and t.seen and t.days && p.days
      join ${read.source(Visit, visit)} on ${visit}.subject_id = t.subject_id and ${visit}.started_at >= p.begins and ${visit}.started_at < p.ends
      cross join lateral (select not p.is_closed or ${visit}.created_at < p.closes as in_time) w
      where ${visit}.status = 'RECORDED' and ${visit}.started_at <= ${read.now()} and t.holds @> ${visit}.started_at and ${visit}.nature = any(p.natures)
        and (p.tolerance_metres is null or ${visit}.check_in_metres <= p.tolerance_metres or ${visit}.presence_confirmation is not null)
        and exists (select 1 from ${read.source(VisitParticipant, part)} where ${part}.visit_id = ${visit}.id and ${part}.person_id = t.person_id)
      group by 1, 2, 3, 4)`;
}
