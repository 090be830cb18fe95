import type { Engine } from "../../src/platform/db/engine.js";

/** Questions that find what breaks an invariant of domain 3.4, in plain SQL and knowing nothing of the triggers that keep it. */
const BREAKS: Readonly<Record<string, string>> = {
  "INV-05 the level is that of the latest assessment": `
    select r.code from risks r left join lateral (select a.computed_level from risk_assessments a where a.risk_id = r.id and a.stage = 'CURRENT' order by a.assessed_at desc, a.recorded_from desc, a.id desc limit 1) a on true
    where r.current_level is distinct from a.computed_level`,
  "INV-06 in force means measure and person": `
    select code from risks r where status = 'IN_FORCE' and (responsible_person_id is null or not exists (select from control_measures m where m.risk_id = r.id and m.effective))`,
  "INV-06 the two highest have a plan": "select code from risks where status = 'IN_FORCE' and current_level in ('MAJOR', 'CONSIDERABLE') and emergency_plan_ref is null",
  "INV-07 the chain of levels is unbroken": `
    select r.code from risks r join (select risk_id, from_level, to_level, lag(to_level) over chain as before, row_number() over chain as n from risk_level_changes window chain as (partition by risk_id order by changed_at, recorded_from, id)) c on c.risk_id = r.id
    where c.from_level is distinct from c.before`,
  "INV-07 the chain ends at the level that stands": `
    select r.code from risks r left join lateral (select to_level from risk_level_changes c where c.risk_id = r.id order by changed_at desc, recorded_from desc, id desc limit 1) c on true where r.current_level is distinct from c.to_level`,
  "INV-07 who was in force is lowered by a concluded round's decision on that very change, used once": `
    select r.code, c.from_level, c.to_level from (
      select c.*, exists (select from risks_history h where h.id = c.risk_id and h.status in ('IN_FORCE', 'REVIEWING', 'SUSPENDED') and h.recorded_from < c.recorded_from) as was_in_force from risk_level_changes c) c
    join risks r on r.id = c.risk_id
    left join review_round_decisions d on d.id = c.decision_id and d.risk_id = c.risk_id and d.decision = 'LOWER' and d.from_level = c.from_level and d.to_level = c.to_level
    left join risk_review_rounds o on o.id = d.round_id and o.status in ('CONCLUDED', 'PUBLISHED')
    where c.was_in_force and (
      c.from_level = 'MAJOR' and c.to_level <> 'MAJOR' and o.kind is distinct from 'EXPERT_ARGUMENTATION'
      or c.from_level = 'CONSIDERABLE' and c.to_level in ('MODERATE', 'LOW') and coalesce(o.kind not in ('EXPERT_ARGUMENTATION', 'QUARTERLY_CONSULTATION'), true))`,
  "INV-07 a decision moves a level once": "select decision_id from risk_level_changes where decision_id is not null group by 1 having count(*) > 1",
  "elevations of a risk do not overlap": "select a.id from temporary_risk_elevations a join temporary_risk_elevations b on a.risk_id = b.risk_id and a.id < b.id where tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)",
  "stops of a carrier do not overlap": "select a.id from stop_records a join stop_records b on coalesce(a.risk_id, a.unit_id) = coalesce(b.risk_id, b.unit_id) and a.id < b.id where tstzrange(a.valid_from, a.valid_to) && tstzrange(b.valid_from, b.valid_to)",
  "INV-17 an inspection has its body, its leave and two officers": `
    select v.code from visits v left join organizations o on o.id = v.organization_id where v.nature = 'ADMINISTRATIVE_INSPECTION' and (o.can_inspect is distinct from true or (not v.emergency and (v.approval_no is null or v.entry_code is null)))`,
  "a visit has somebody who took part, and lies behind what recorded it": "select code from visits v where started_at > created_at or ended_at > created_at or ended_at <= started_at or not exists (select from visit_participants p where p.visit_id = v.id)",
  "INV-24 codes of what is in force are of a list": `
    select r.code from risks r where r.status in ('IN_FORCE', 'REVIEWING') and r.accident_type is not null and not exists (select from code_items i join code_lists l on l.id = i.code_list_id where l.code = 'accidentType' and i.code = r.accident_type)`,
  "the level of control is not below the level": "select code from risks where current_level = 'MAJOR' and control_level <> 'COMPANY'",
  "INV-23 places lie in China, in their datum": `
    select code from risks where location is not null and status not in ('IDENTIFIED', 'ASSESSED') and (st_srid(location) <> 4490 or not (st_x(location) between 73 and 136 and st_y(location) between 3 and 54))`,
  "INV-24 region codes have twelve digits and credit codes their check": "select code from regions where code !~ '^\\d{12}$'",
};

/** Every breach found, by invariant; empty where all hold. */
export async function breaches(database: Pick<Engine["pool"], "query">): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const [invariant, text] of Object.entries(BREAKS)) {
    const { rows } = await database.query(text);
    if (rows.length > 0) found[invariant] = rows.slice(0, 5);
  }
  return found;
}

/** The highest level of what is controlled, elevations that run included, by subject, grid and region: counted up row by row. */
export async function overallLevels(engine: Engine): Promise<Map<string, string | null>> {
  const RANK = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"];
  const { rows: risks } = await engine.pool.query(`
    select r.current_level as level, e.to_level as elevated, r.subject_id as subject, s.grid_id as grid, r.region_path::text as path
    from risks r join subjects s on s.id = r.subject_id left join temporary_risk_elevations e on e.risk_id = r.id and e.valid_from <= now() and e.valid_to > now()
    where r.status in ('IN_FORCE', 'REVIEWING')`);
  const { rows: regions } = await engine.pool.query("select id, path::text as path from regions");
  const found = new Map<string, number>();
  const meet = (id: string | null, rank: number) => id && found.set(id, Math.min(found.get(id) ?? 9, rank));
  for (const { level, elevated, subject, grid, path } of risks as { level: string; elevated: string | null; subject: string; grid: string | null; path: string }[]) {
    const rank = Math.min(...[level, elevated].filter((one) => one !== null).map((one) => RANK.indexOf(one)));
    meet(subject, rank);
    meet(grid, rank);
    for (const region of regions as { id: string; path: string }[]) if (path === region.path || path.startsWith(`${region.path}.`)) meet(region.id, rank);
  }
  return new Map([...found].map(([id, rank]) => [id, RANK[rank] ?? null]));
}

/** Every id a tracked table ever had, with the versions the record tells of. */
export class Census {
  private readonly seen = new Map<string, Set<string>>();

  /** Ids that were there and are no longer (INV-25: nothing is removed, only voided). */
  async vanished(engine: Engine): Promise<string[]> {
    const { rows: tables } = await engine.pool.query("select name from tracked_tables");
    const lost: string[] = [];
    for (const { name } of tables as { name: string }[]) {
      const { rows } = await engine.pool.query(`select id from ${name}`);
      const now = new Set((rows as { id: string }[]).map(({ id }) => id));
      for (const id of this.seen.get(name) ?? []) if (!now.has(id)) lost.push(`${name} ${id}`);
      this.seen.set(name, now);
    }
    return lost;
  }

  /** Rows whose versions are not all kept: of version n there are n - 1 in the past, joined end to end. */
  async torn(engine: Engine): Promise<string[]> {
    const { rows: tables } = await engine.pool.query("select name from tracked_tables");
    const torn: string[] = [];
    for (const { name } of tables as { name: string }[]) {
      const { rows } = await engine.pool.query(
        `select t.id from ${name} t left join lateral (select count(*)::integer as kept, max(h.recorded_to) as ended from ${name}_history h where h.id = t.id) h on true where h.kept <> t.version - 1 or (h.kept > 0 and h.ended <> t.recorded_from)`,
      );
      torn.push(...(rows as { id: string }[]).map(({ id }) => `${name} ${id}`));
    }
    return torn;
  }
}
