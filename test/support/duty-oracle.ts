import type { Engine } from "../../src/platform/db/engine.js";

/** How a person's month and half-year stand, told day by day from whole rows: knows no range, no join and nothing of the reports. */
export interface DutyOracle {
  monthly: { person: string; periodFrom: string; due: boolean; visits: number; lateVisits: number; status: string }[];
  coverage: { person: string; periodFrom: string; base: number; visited: number; exempted: number; tooShort: number; share: string | null; status: string }[];
  subjects: { person: string; periodFrom: string; subject: string; state: string; days: number; visits: number; lateVisits: number; lastVisitAt: number | null }[];
}

interface Term {
  person_id: string;
  subject_id: string;
  valid_from: Date;
  valid_to: Date | null;
}
interface Told {
  subject_id: string;
  nature: string;
  started_at: Date;
  created_at: Date;
  check_in_metres: number | null;
  presence_confirmation: string | null;
  who: string[];
}
interface Version {
  id: string;
  status: string;
  key_controlled: boolean;
  recorded_from: Date;
  recorded_to: Date | null;
}
const COUNTED = new Set(["ADMINISTRATIVE_INSPECTION", "GUIDANCE", "SPOT_CHECK", "UNANNOUNCED", "JOINT"]);
const DAY = 86_400_000;
const ms = (value: Date | string | null) => (value === null ? Number.POSITIVE_INFINITY : new Date(value).getTime());
/** Number of the day at +08:00. */
const dayOf = (at: number) => Math.floor((at + 8 * 3_600_000) / DAY);
const dayNumber = (day: string) => Date.parse(`${day}T00:00:00Z`) / DAY;
const plusMonths = (day: string, months: number) => new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)) - 1 + months, 1)).toISOString().slice(0, 10);

export async function dutyOracle({ pool }: Pick<Engine, "pool">, months: readonly string[], halves: readonly string[], at: string): Promise<DutyOracle> {
  const query = async <T>(text: string) => (await pool.query(text)).rows as T[];
  const terms = await query<Term>("select a.person_id, a.subject_id, a.valid_from, a.valid_to from regulator_assignments a join responsibility_slots s on s.id = a.slot_id where s.code in ('ADMIN_LEADER', 'SECTOR_LEADER') and a.status <> 'DRAFT'");
  const visits = await query<Told>("select v.subject_id, v.nature, v.started_at, v.created_at, v.check_in_metres, v.presence_confirmation, array(select person_id::text from visit_participants p where p.visit_id = v.id) as who from visits v where v.status = 'RECORDED'");
  const versions = await query<Version>("select id, status, key_controlled, recorded_from, null::timestamptz as recorded_to from subjects union all select id, status, key_controlled, recorded_from, recorded_to from subjects_history");
  const codes = new Map((await query<{ id: string; code: string }>("select id, code from subjects")).map(({ id, code }) => [id, code]));
  const names = new Map((await query<{ id: string; name: string }>("select id, name from people")).map(({ id, name }) => [id, name]));
  const now = ms(at);

  const onDay = (day: number, from: Date, to: Date | null) => dayOf(ms(from)) <= day && (to === null || day < dayOf(ms(to)));
  const holds = (person: string, subject: string, day: number) => terms.some((term) => term.person_id === person && term.subject_id === subject && onDay(day, term.valid_from, term.valid_to));
  const said = (subject: string, day: number, what: (row: Version) => boolean) => versions.some((row) => row.id === subject && what(row) && onDay(day, row.recorded_from, row.recorded_to));
  const listed = (subject: string, day: number) => !said(subject, day, (row) => !row.key_controlled || ["UNCONFIRMED", "CLOSED"].includes(row.status));
  const still = (subject: string, day: number) => said(subject, day, (row) => row.status === "SUSPENDED");
  const people = [...new Set(terms.map((term) => term.person_id))].toSorted((one, other) => (names.get(one)! < names.get(other)! ? -1 : 1));
  const held = (person: string) => [...new Set(terms.filter((term) => term.person_id === person).map((term) => term.subject_id))].toSorted((one, other) => (codes.get(one)! < codes.get(other)! ? -1 : 1));
  const period = (from: string, length: number) => ({ from, first: dayNumber(from), end: dayNumber(plusMonths(from, length)), closes: (dayNumber(plusMonths(from, length)) + 7) * DAY - 8 * 3_600_000 });
  const counting = (person: string, subject: string, { first, end, closes }: ReturnType<typeof period>) => {
    const found = visits.filter(
      (visit) =>
        visit.subject_id === subject && visit.who.includes(person) && COUNTED.has(visit.nature) && (visit.presence_confirmation !== null || (visit.check_in_metres !== null && visit.check_in_metres <= 500)) &&
        dayOf(ms(visit.started_at)) >= first && dayOf(ms(visit.started_at)) < end && ms(visit.started_at) <= now &&
        terms.some((term) => term.person_id === person && term.subject_id === subject && ms(term.valid_from) <= ms(visit.started_at) && ms(visit.started_at) < ms(term.valid_to)),
    );
    const inTime = found.filter((visit) => ms(visit.created_at) < closes);
    return { visits: inTime.length, late: found.length - inTime.length, last: inTime.length > 0 ? Math.max(...inTime.map((visit) => ms(visit.started_at))) : null };
  };
  const daysWithin = ({ first, end }: ReturnType<typeof period>) => Array.from({ length: end - first }, (_, index) => first + index);

  const oracle: DutyOracle = { monthly: [], coverage: [], subjects: [] };
  for (const month of months.map((from) => period(from, 1)))
    for (const person of people) {
      const subjects = held(person).filter((subject) => daysWithin(month).some((day) => holds(person, subject, day) && listed(subject, day)));
      if (subjects.length === 0) continue;
      const owes = subjects.some((subject) => holds(person, subject, month.first + 14) && listed(subject, month.first + 14));
      const stands = subjects.some((subject) => daysWithin(month).some((day) => holds(person, subject, day) && listed(subject, day) && !still(subject, day)));
      // A subject held only before it was listed, or on no whole day, has its visits counted all the same.
      const counted = held(person).map((subject) => (daysWithin(month).some((day) => holds(person, subject, day)) ? counting(person, subject, month) : { visits: 0, late: 0 }));
      const total = counted.reduce((sum, { visits: some }) => sum + some, 0);
      const status = owes && total > 0 ? "FULFILLED" : !owes ? "NOT_DUE" : !stands ? "EXEMPT" : now < month.closes ? "PENDING" : "MISSED";
      oracle.monthly.push({ person: names.get(person)!, periodFrom: month.from, due: owes && status !== "EXEMPT", visits: total, lateVisits: counted.reduce((sum, { late }) => sum + late, 0), status });
    }
  for (const half of halves.map((from) => period(from, 6)))
    for (const person of people) {
      const rows = held(person).flatMap((subject) => {
        const days = daysWithin(half).filter((day) => holds(person, subject, day) && listed(subject, day));
        const open = days.filter((day) => !still(subject, day));
        const { visits: some, late, last } = counting(person, subject, half);
        const state = open.length >= 30 ? (some > 0 ? "VISITED" : "NOT_VISITED") : days.length >= 30 ? "EXEMPT" : "TOO_SHORT";
        return days.length > 0 ? [{ person: names.get(person)!, periodFrom: half.from, subject: codes.get(subject)!, state, days: open.length, visits: some, lateVisits: late, lastVisitAt: last }] : [];
      });
      if (rows.length === 0) continue;
      const count = (...of: string[]) => rows.filter(({ state }) => of.includes(state)).length;
      const [base, visited, exempted] = [count("VISITED", "NOT_VISITED"), count("VISITED"), count("EXEMPT")];
      const status = base === 0 ? (exempted > 0 ? "EXEMPT" : "NOT_DUE") : visited === base ? "FULFILLED" : now < half.closes ? "PENDING" : visited > 0 ? "PARTIAL" : "MISSED";
      oracle.coverage.push({ person: names.get(person)!, periodFrom: half.from, base, visited, exempted, tooShort: count("TOO_SHORT"), share: base === 0 ? null : (Math.round((visited / base) * 10_000) / 100).toFixed(2), status });
      oracle.subjects.push(...rows);
    }
  return oracle;
}
