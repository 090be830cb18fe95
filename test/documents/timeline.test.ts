import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";
import { populate } from "../support/population.js";

const district = useDistrict();
const TIMELINE = readFileSync("schema/documents/U-03.graphql", "utf8");
const query = async (text: string, values: unknown[] = []) => (await district.database.engine.pool.query(text, values)).rows as Record<string, never>[];
let closed: { id: string; code: string }[];

beforeAll(async () => {
  await populate(district, 8);
  closed = (await query("select id, code from hidden_dangers where status = 'CLOSED' and origin <> 'EXTERNAL' order by grade = 'MAJOR' desc, code")) as never;
}, 240_000);

test("U-03: every step of a closed hidden danger is told with its time, its doer and what it rests on, as tables and audit have it", async () => {
  expect(closed.length).toBeGreaterThan(2);
  for (const { id, code } of closed) {
    const [told] = (await district.as("auditor").ask(TIMELINE, { code })).hiddenDangers.nodes;
    const steps = await query(
      `select v.version, v.status, c.action, a.actor_name as "changedBy", v.recorded_from from (select id, version, status, recorded_from from hidden_dangers union all select id, version, status, recorded_from from hidden_dangers_history) v
       join change_events c on c.entity = 'hidden_dangers' and c.entity_id = v.id and c.version = v.version join audit_events a on a.id = c.event_id where v.id = $1 order by v.version desc`,
      [id],
    );
    const step = ({ version, status, action, changedBy }: Record<string, unknown>) => ({ version, status, action, changedBy });
    expect(told.versions.nodes.map(step)).toEqual(steps.map(step));
    expect(told.versions.nodes.map(({ recordedFrom }: { recordedFrom: string }) => Date.parse(recordedFrom))).toEqual(steps.map(({ recorded_from: at }) => new Date(at as unknown as string).getTime()));
    const [proof] = await query("select count(*)::int as evidence, (select count(*)::int from acceptance_records r where r.hidden_danger_id = $1) as acceptances, (select count(*)::int from hazard_assignments h where h.hidden_danger_id = $1) as legs from hidden_danger_evidence e where e.hidden_danger_id = $1", [id]);
    expect({ evidence: told.evidence.nodes.length, acceptances: told.acceptances.nodes.length, legs: told.assignments.nodes.length }).toEqual(proof);
    expect(told.evidence.nodes.every(({ attachment }: { attachment: { sha256: string } }) => /^[0-9a-f]{64}$/.test(attachment.sha256))).toBe(true);
    expect(told.versions.nodes.at(-1)).toMatchObject({ version: 1, action: expect.stringMatching(/^hiddenDanger\.(register|report)$/) });
  }
});

test("a client system is not told by whom", async () => {
  const [told] = (await district.as("integrator").ask(TIMELINE, { code: closed[0]!.code })).hiddenDangers.nodes;
  expect(told.versions.nodes.length).toBeGreaterThan(1);
  expect(new Set(told.versions.nodes.map(({ changedBy }: { changedBy: string | null }) => changedBy))).toEqual(new Set([null]));
});
