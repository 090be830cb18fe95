import { expect, test } from "@jest/globals";
import { bandOf, type MethodDefinition } from "../../src/risks/level.js";
import { ActionDice } from "../support/action-dice.js";
import { lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { breaches, Census } from "../support/invariant-oracle.js";

const district = useDistrict();
const STEPS = Number(process.env["WALK_STEPS"] ?? (lane === "postgresql" ? 3_000 : 600));
const CHARACTERS = { COMMITTEE_OFFICE: ["office", "office", "office", "office", "stranger"], SECTOR_REGULATOR: ["sector"], TOWN_REGULATOR: ["street", "street", "neighbour"], INTEGRATION_CLIENT: ["integrator", "integrator", "integrator", "gis"], ENTERPRISE_REPORTER: ["enterprise"], AUDITOR: ["auditor"], SYSTEM_ADMIN: ["system_admin"] };

test("no sequence of actions, in any order and from any role, breaks an invariant of the register", async () => {
  const { engine } = district.database;
  const walk = new ActionDice(district, Number(process.env["WALK_SEED"] ?? 20_261_125), CHARACTERS, ["risk", "controlMeasure", "review", "assessment", "subject", "stop", "temporary"]);
  await walk.prepare();
  const census = new Census();
  await census.vanished(engine);
  const outcomes: Record<string, Record<string, number>> = {};
  for (let step = 1; step <= STEPS; step += 1) {
    const { action, outcome } = await walk.step();
    (outcomes[action] ??= {})[outcome] = (outcomes[action][outcome] ?? 0) + 1;
    if (step % 150 === 0 || step === STEPS) {
      expect(await breaches(engine)).toEqual({});
      expect(await census.vanished(engine)).toEqual([]);
      expect(await census.torn(engine)).toEqual([]);
    }
  }
  if (process.env["WALK_TOLD"]) process.stdout.write(`${JSON.stringify(outcomes, null, 1)}\n`);
  // A walk that is refused everywhere proves nothing: the states of a risk were all reached, and no answer was a fault of ours.
  const { rows } = await engine.pool.query("select array_agg(distinct status order by status) as reached from (select status from risks union select status from risks_history) s");
  const { reached } = rows[0] as { reached: string[] };
  expect(reached).toEqual(expect.arrayContaining(["IDENTIFIED", "ASSESSED", "IN_FORCE", "REVIEWING"]));
  expect(Object.entries(outcomes).filter(([, counts]) => counts["INTERNAL"])).toEqual([]);
}, 600_000);

test("every level that stands is what the inputs give by the bands of their method", async () => {
  const { rows } = await district.database.engine.pool.query("select a.inputs, a.computed_level, a.direct_major_reason, v.definition from risk_assessments a join assessment_methods m on m.code = a.method join assessment_method_versions v on v.method_id = m.id and v.version_code = a.method_version");
  expect(rows.length).toBeGreaterThan(0);
  for (const { inputs, computed_level: level, direct_major_reason: direct, definition } of rows as { inputs: Record<string, number>; computed_level: string; direct_major_reason: string | null; definition: MethodDefinition }[]) {
    const product = Object.values(inputs).reduce((product, value) => product * value, 1);
    expect(level).toBe(direct ? "MAJOR" : bandOf(definition, Math.round(product * 1e6) / 1e6));
  }
});
