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
  "INV-23 places lie in China, in their datum": `
    select code from risks where location is not null and status not in ('IDENTIFIED', 'ASSESSED') and (st_srid(location) <> 4490 or not (st_x(location) between 73 and 136 and st_y(location) between 3 and 54))`,
  "INV-24 region codes have twelve digits and credit codes their check": "select code from regions where code !~ '^\\d{12}$'",
};

/** Every breach found, by invariant; empty where all hold. */
export async function breaches(engine: Engine): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const [invariant, text] of Object.entries(BREAKS)) {
    const { rows } = await engine.pool.query(text);
    if (rows.length > 0) found[invariant] = rows.slice(0, 5);
  }
  return found;
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
