import { beforeAll, expect, test } from "@jest/globals";
import type { Role } from "../../src/platform/actor.js";
import { ActionDice } from "../support/action-dice.js";
import { lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { breaches, Census, overallLevels } from "../support/invariant-oracle.js";
import { populate } from "../support/population.js";

const district = useDistrict();
const STEPS = Number(process.env["WALK_STEPS"] ?? (lane === "postgresql" ? 3_000 : 500));
/** Characters by role; those within the area more often than strangers. */
const CHARACTERS: Record<string, string[]> = { COMMITTEE_OFFICE: ["office", "office", "office", "office", "stranger"], SECTOR_REGULATOR: ["sector", "sector"], TOWN_REGULATOR: ["street", "street", "neighbour"], INTEGRATION_CLIENT: ["integrator", "integrator", "integrator", "gis"], ENTERPRISE_REPORTER: ["enterprise"], AUDITOR: ["auditor"], SYSTEM_ADMIN: ["system_admin"] };
const FURTHER: readonly (readonly [name: string, role: Role, region: string | null])[] = [["principal", "ENTERPRISE_PRINCIPAL", null], ["sector_leader", "SECTOR_LEADER", "yubei"], ["town_leader", "TOWN_LEADER", "huixing"], ["expert", "EXPERT", "yubei"], ["grid_worker", "GRID_WORKER", "huixing"]];

beforeAll(async () => {
  await populate(district, 8);
  for (const [name, role, region] of FURTHER) {
    await district.admit(name, role, region, region ? {} : { subject: district.sites[0]!.split("_")[1] });
    CHARACTERS[role] = [name, name];
  }
}, 240_000);

/** What the service says of the highest levels, by UUID. */
async function toldOverall(): Promise<Map<string, string | null>> {
  const told = new Map<string, string | null>();
  for (const list of ["regulatedSubjects", "grids", "regions"]) {
    let after = "";
    do {
      const page = (await district.as("auditor").ask(`{${list}(first:100${after}){nodes{id overallLevel} pageInfo{hasNextPage endCursor}}}`))[list];
      for (const { id, overallLevel } of page.nodes as { id: string; overallLevel: string | null }[]) told.set(id.split("_")[1]!, overallLevel);
      after = page.pageInfo.hasNextPage ? `,after:${JSON.stringify(page.pageInfo.endCursor)}` : "";
    } while (after);
  }
  return told;
}

test("no sequence of actions, in any order and from any role, breaks an invariant of the register", async () => {
  const { engine } = district.database;
  const walk = new ActionDice(district, Number(process.env["WALK_SEED"] ?? 20_261_125), CHARACTERS, ["risk", "controlMeasure", "review", "assessment", "subject", "stop", "temporary", "visit"]);
  await walk.prepare();
  const census = new Census();
  await census.vanished(engine);
  const outcomes: Record<string, Record<string, number>> = {};
  for (let step = 1; step <= STEPS; step += 1) {
    const { action, outcome } = await walk.step();
    (outcomes[action] ??= {})[outcome] = (outcomes[action][outcome] ?? 0) + 1;
    if (step % 250 !== 0 && step !== STEPS) continue;
    expect(await breaches(engine.pool)).toEqual({});
    expect(await census.vanished(engine)).toEqual([]);
    expect(await census.torn(engine)).toEqual([]);
    // INV-08: what the service says of subject, grid and region is the highest counted up row by row.
    const counted = await overallLevels(engine);
    for (const [id, level] of await toldOverall()) expect({ id, level }).toEqual({ id, level: counted.get(id) ?? null });
  }
  if (process.env["WALK_TOLD"]) process.stdout.write(`${JSON.stringify(outcomes)}\n`);
  // A walk that is refused everywhere proves nothing: the states of a risk were all reached, and no answer was a fault of ours.
  const { rows } = await engine.pool.query("select array_agg(distinct status order by status) as reached from (select status from risks union select status from risks_history) s");
  const { reached } = rows[0] as { reached: string[] };
  expect(reached).toEqual(expect.arrayContaining(["IDENTIFIED", "ASSESSED", "IN_FORCE", "REVIEWING"]));
  expect(Object.entries(outcomes).filter(([, counts]) => counts["INTERNAL"])).toEqual([]);
}, 900_000);

test("a breach is seen where nothing keeps it from happening", async () => {
  const client = await district.database.engine.pool.connect();
  try {
    for (const [breach, invariant] of [
      ["update risks set status = 'IN_FORCE', responsible_person_id = null where id = (select id from risks limit 1)", "INV-06 in force means measure and person"],
      ["update risks set current_level = case current_level when 'LOW' then 'MODERATE' else 'LOW' end where id = (select id from risks where current_level is not null limit 1)", "INV-05 the level is that of the latest assessment"],
      ["update risk_level_changes set from_level = case from_level when 'MAJOR' then 'LOW' else 'MAJOR' end, to_level = 'MODERATE' where id = (select id from risk_level_changes limit 1)", "INV-07 the chain of levels is unbroken"],
      ["insert into risk_level_changes (id, risk_id, from_level, to_level, changed_at, recorded_from, created_at, updated_at) select gen_random_uuid(), id, current_level, 'LOW', now(), now(), now(), now() from risks where current_level <> 'LOW' limit 1", "INV-07 the chain ends at the level that stands"],
    ] as const) {
      await client.query("begin");
      for (const table of ["risks", "risk_level_changes"]) await client.query(`alter table ${table} disable trigger user`);
      const { rowCount } = await client.query(breach);
      expect({ breach, rowCount }).toMatchObject({ rowCount: 1 });
      expect(Object.keys(await breaches(client))).toContain(invariant);
      await client.query("rollback");
    }
  } finally {
    await client.query("rollback");
    client.release();
  }
});

test("every level that stands is what the inputs give by the bands of their method", async () => {
  const { rows } = await district.database.engine.pool.query("select a.inputs, a.computed_level, a.direct_major_reason, v.definition from risk_assessments a join assessment_method_versions v on v.id = a.method_version_id where a.method in ('LEC', 'LS')");
  expect(rows.length).toBeGreaterThan(0);
  for (const { inputs, computed_level: level, direct_major_reason: direct, definition } of rows as { inputs: Record<string, number>; computed_level: string; direct_major_reason: string | null; definition: { bands: { level: string; from: number; exclusive?: boolean }[] } }[]) {
    const product = Math.round(Object.values(inputs).reduce((all, value) => all * value, 1) * 1e6) / 1e6;
    const band = definition.bands.find(({ from, exclusive }) => (exclusive ? product > from : product >= from));
    expect(level).toBe(direct ? "MAJOR" : band?.level);
  }
});
