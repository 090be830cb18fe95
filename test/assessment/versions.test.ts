import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { act } from "../../src/platform/write/act.js";
import { inUnit, lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { ACTIVATE, activate, assessed, dayAfter, draft, seeded } from "../support/methods.js";

const district = useDistrict();
const query = async (text: string, values: unknown[] = []) => (await district.database.engine.pool.query(text, values)).rows as Record<string, never>[];
const uuid = (id: string) => id.split("_")[1]!;
/** LEC under which much is major. */
const stricter = () => ({ ...seeded("LEC"), bands: [{ level: "MAJOR", from: 200 }, { level: "CONSIDERABLE", from: 100 }, { level: "MODERATE", from: 50 }, { level: "LOW", from: 0 }] });
const VERSIONS = "{assessmentMethodVersions(first:20,filter:{method:{code:{eq:\"LEC\"}}},orderBy:[{field:VERSION_CODE,direction:ASC}]){nodes{versionCode status validFrom validTo inForce}}}";
const versions = async (asOf = "") => (await district.as("auditor").ask(`query ${asOf} ${VERSIONS}`)).assessmentMethodVersions.nodes as { versionCode: string }[];
const attempt = (sql: string, values: unknown[] = []) => inUnit(district.database.engine, (client) => client.query(sql, values));
const refusedBy = (constraint: string) => ({ code: "23514", constraint });

describe("the life of a version", () => {
  test("a draft changes nothing: neither what is in force nor any assessment", async () => {
    const before = await assessed(district, { method: "LEC", inputs: { l: 3, e: 6, c: 15 } });
    const [levels] = await query("select jsonb_agg(to_jsonb(r) order by id) as rows from risks r");
    await draft(district, "LEC", "draft", stricter());
    expect(await query("select jsonb_agg(to_jsonb(r) order by id) as rows from risks r")).toEqual([levels]);
    expect(await assessed(district, { method: "LEC", inputs: { l: 3, e: 6, c: 15 } })).toMatchObject({ currentLevel: before.currentLevel });
    expect(await versions()).toEqual([
      { versionCode: "2023", status: "ACTIVATED", validFrom: "2008-02-01", validTo: null, inForce: true },
      { versionCode: "draft", status: "DRAFT", validFrom: null, validTo: null, inForce: false },
    ]);
  });

  test("a draft withdrawn is gone for good and leaves its code to the next", async () => {
    const made = await draft(district, "LEC", "again", stricter());
    const office = district.as("headquarters");
    const WITHDRAW = "mutation($k:String!,$id:ID!,$v:Int!){assessmentMethodVersionWithdraw(idempotencyKey:$k,id:$id,expectedVersion:$v){status allowedActions version}}";
    const { assessmentMethodVersionWithdraw: gone } = await office.ask(WITHDRAW, { k: district.key(), id: made.id, v: 1 });
    expect(gone).toEqual({ status: "WITHDRAWN", allowedActions: [], version: 2 });
    expect(await office.refused(ACTIVATE, { k: district.key(), id: made.id, v: 2, i: { validFrom: dayAfter(1) } })).toMatchObject({ code: "INVALID_TRANSITION", state: "WITHDRAWN" });
    await draft(district, "LEC", "again", stricter());
    await expect(draft(district, "LEC", "again", stricter())).rejects.toThrow("DUPLICATE");
  });

  test("only the committee's office may; everybody with a business view reads, the administrators and the public do not", async () => {
    await expect(draft(district, "LEC", "by sector", stricter(), district.as("sector"))).rejects.toThrow("FORBIDDEN");
    await expect(draft(district, "LEC", "by enterprise", stricter(), district.as("enterprise"))).rejects.toThrow("FORBIDDEN");
    for (const [name, seen] of [["enterprise", true], ["gis", true], ["street", true], ["system_admin", false], ["nobody", false]] as const)
      expect({ name, seen: (await district.as(name).ask(VERSIONS)).assessmentMethodVersions.nodes.length > 0 }).toEqual({ name, seen });
  });

  test("activated for a day to come, it is in force from that day, and the one before until the day before", async () => {
    const office = district.as("headquarters");
    const next = await draft(district, "LEC", "next", stricter());
    expect(await office.refused(ACTIVATE, { k: district.key(), id: next.id, v: 1, i: { validFrom: dayAfter(-1) } })).toMatchObject({ code: "INVALID_INPUT", field: "input.validFrom", rule: "not before today" });
    expect(await activate(district, next, dayAfter(10))).toMatchObject({ status: "ACTIVATED", validFrom: dayAfter(10), validTo: null, inForce: false });
    const inForce = async (day: string) => (await versions(`@asOf(effective:"${day}")`) as { versionCode: string; inForce?: boolean }[]).filter(({ inForce: is }) => is).map(({ versionCode }) => versionCode);
    expect([await inForce(dayAfter(0)), await inForce(dayAfter(9)), await inForce(dayAfter(10)), await inForce(dayAfter(500))]).toEqual([["2023"], ["2023"], ["next"], ["next"]]);
    // Today's assessments are by the one in force today.
    const risk = await assessed(district, { method: "LEC", inputs: { l: 3, e: 6, c: 15 } });
    expect((await office.ask("query($id:ID!){risk(id:$id){currentLevel currentAssessment{methodVersion{versionCode}}}}", { id: risk.id })).risk).toEqual({ currentLevel: "CONSIDERABLE", currentAssessment: { methodVersion: { versionCode: "2023" } } });
    const { assessmentMethods } = await office.ask("{assessmentMethods(first:1,filter:{code:{eq:\"LEC\"}}){nodes{editionInForce(first:5){nodes{versionCode}} editions(first:50){totalCount}}}}");
    expect(assessmentMethods.nodes[0].editionInForce.nodes).toEqual([{ versionCode: "2023" }]);
    expect(assessmentMethods.nodes[0].editions.totalCount).toBeGreaterThan(3);
  });

  test("one activated between two takes the days between; two cannot begin on one day", async () => {
    const between = await draft(district, "LEC", "between", stricter());
    expect(await district.as("headquarters").refused(ACTIVATE, { k: district.key(), id: between.id, v: 1, i: { validFrom: dayAfter(10) } })).toMatchObject({ code: "RULE_VIOLATED", rule: "one_version_in_force", versionCode: "next" });
    expect(await activate(district, between, dayAfter(5))).toMatchObject({ validFrom: dayAfter(5), validTo: dayAfter(10) });
    expect(await versions()).toContainEqual({ versionCode: "2023", status: "ACTIVATED", validFrom: "2008-02-01", validTo: dayAfter(5), inForce: true });
  });

  test("on its day it begins to assess; what was assessed before keeps its version and its level", async () => {
    const { engine } = district.database;
    const before = await assessed(district, { method: "LEC", inputs: { l: 3, e: 6, c: 15 } });
    // A story clock, which only a database marked as demo follows.
    await engine.pool.query("update system_settings set demo = true");
    const actor = { id: randomUUID(), kind: "PERSON" as const, name: "test", personId: null, grants: [{ role: "COMMITTEE_OFFICE" as const, regionPath: "", countyCode: null, sectors: null, subjectId: null }] };
    const at = async (day: number, name: string, id: string | undefined, input: Record<string, unknown>) =>
      act(engine, { actor, requestId: randomUUID() }, name, { id, input, idempotencyKey: randomUUID() }, `${dayAfter(day)}T00:00:00+08:00`);
    const levels: unknown[] = [];
    for (const day of [4, 5, 9, 10]) {
      const made = await at(day, "risk.identify", undefined, { subject: district.sites[0], name: "冲压作业" });
      await at(day, "risk.assess", `Risk_${made.uuid}`, { current: { method: "LEC", inputs: { l: 3, e: 6, c: 15 } } });
      levels.push((await query("select r.current_level, v.version_code from risks r join risk_assessments a on a.id = r.current_assessment_id join assessment_method_versions v on v.id = a.method_version_id where r.id = $1", [made.uuid]))[0]);
    }
    await engine.pool.query("update system_settings set demo = false");
    expect(levels).toEqual([{ current_level: "CONSIDERABLE", version_code: "2023" }, { current_level: "MAJOR", version_code: "between" }, { current_level: "MAJOR", version_code: "between" }, { current_level: "MAJOR", version_code: "next" }]);
    expect(await query("select r.current_level, v.version_code from risks r join risk_assessments a on a.id = r.current_assessment_id join assessment_method_versions v on v.id = a.method_version_id where r.id = $1", [uuid(before.id)])).toEqual([{ current_level: "CONSIDERABLE", version_code: "2023" }]);
  });

  test("the recorded versions of a method and of its versions are kept", async () => {
    const { assessmentMethodVersions } = await district.as("auditor").ask("{assessmentMethodVersions(first:1,filter:{versionCode:{eq:\"between\"}}){nodes{versions(first:5){nodes{status validFrom action}}}}}");
    expect(assessmentMethodVersions.nodes[0].versions.nodes).toEqual([{ status: "ACTIVATED", validFrom: dayAfter(5), action: "assessmentMethodVersion.activate" }, { status: "DRAFT", validFrom: null, action: "assessmentMethodVersion.draft" }]);
  });

  if (lane === "postgresql")
    test("two activations at once leave one version in force on every day", async () => {
      const drafts = await Promise.all(["r1", "r2", "r3", "r4"].map((code) => draft(district, "LS", code, seeded("LS"))));
      await Promise.all(drafts.map((made, index) => activate(district, made, dayAfter(20 + index))));
      const periods = await query("select v.valid_from::text as from, v.valid_to::text as to from assessment_method_versions v join assessment_methods m on m.id = v.method_id where m.code = 'LS' order by valid_from");
      expect(periods).toEqual([20, 21, 22, 23].reduce((known, day) => [...known.slice(0, -1), { ...known.at(-1)!, to: dayAfter(day) }, { from: dayAfter(day), to: null }], [{ from: "2008-02-01", to: null }] as { from: string; to: string | null }[]));
    });
});

describe("the database refuses, by plain SQL", () => {
  const LEC = "select v.id from assessment_method_versions v join assessment_methods m on m.id = v.method_id where m.code = 'LEC' and v.version_code";
  let risk: { id: string };
  beforeAll(async () => void (risk = await assessed(district, { method: "LEC", inputs: { l: 3, e: 6, c: 15 } })));
  const insert = (given: Record<string, unknown>, after = "") => {
    const row: Record<string, unknown> = { method: "LEC", inputs: { L: 3, E: 6, C: 15 }, score: 270, computed_level: "CONSIDERABLE", direct_major_reason: null, stage: "CURRENT", version: "2023", ...given };
    return inUnit(district.database.engine, async (client) => {
      const id = randomUUID();
      await client.query(`insert into risk_assessments (id, risk_id, method, method_version_id, inputs, score, computed_level, direct_major_reason, stage, assessed_at) values ($1, $2, $3, (${LEC} = $4), $5, $6, $7, $8, $9, now())`, [id, uuid(risk.id), row["method"], row["version"], JSON.stringify(row["inputs"]), row["score"], row["computed_level"], row["direct_major_reason"], row["stage"]]);
      if (after) await client.query(after, [id]);
    });
  };

  test.each<[string, Record<string, unknown>, string]>([
    ["a level the inputs do not give", { computed_level: "LOW" }, "inv_05_level_is_computed"],
    ["an inherent level the inputs do not give", { computed_level: "MAJOR", stage: "INHERENT" }, "inv_05_level_is_computed"],
    ["a score the inputs do not give", { score: 271 }, "inv_05_level_is_computed"],
    ["no score where the inputs give one", { score: null }, "inv_05_level_is_computed"],
    ["a value outside the closed list", { inputs: { L: 2, E: 6, C: 15 }, score: 180 }, "inv_05_level_is_computed"],
    ["a value too few", { inputs: { L: 3, E: 6 }, score: 18, computed_level: "LOW" }, "inv_05_level_is_computed"],
    ["a value too many", { inputs: { L: 3, E: 6, C: 15, S: 1 } }, "inv_05_level_is_computed"],
    ["no values and no reason", { inputs: {}, score: null, computed_level: "LOW" }, "inv_05_level_is_computed"],
    ["a reason the version has not", { direct_major_reason: "BAD_WEATHER", computed_level: "MAJOR" }, "assessment_reason_of_its_version"],
    ["a reason that makes less than major", { direct_major_reason: "LAW_VIOLATED" }, "direct_major_is_major"],
    ["a draft as the version", { version: "draft" }, "assessment_version_in_force"],
    ["a version not yet in force", { version: "next" }, "assessment_version_in_force"],
    ["the name of another method", { method: "LS" }, "assessment_method_is_its_versions"],
  ])("an assessment with %s", async (_name, given, constraint) => {
    await expect(insert(given)).rejects.toMatchObject(refusedBy(constraint));
  });

  test("a level no assessment gives, and a risk that stands on another assessment than its latest", async () => {
    await expect(attempt("update risks set current_level = 'LOW' where id = $1", [uuid(risk.id)])).rejects.toMatchObject(refusedBy("inv_05_level_is_computed"));
    // A new assessment the risk does not follow, whether it says the same level or another.
    await expect(insert({})).rejects.toMatchObject(refusedBy("inv_05_assessment_is_latest"));
    await expect(insert({ inputs: { L: 6, E: 6, C: 15 }, score: 540, computed_level: "MAJOR" })).rejects.toMatchObject(refusedBy("inv_05_level_is_computed"));
    await insert({}, `update risks set current_assessment_id = $1 where id = '${uuid(risk.id)}'`);
    await expect(attempt("update risks set current_assessment_id = (select id from risk_assessments where risk_id = $1 order by assessed_at limit 1) where id = $1", [uuid(risk.id)])).rejects.toMatchObject(refusedBy("inv_05_assessment_is_latest"));
    await expect(attempt("update risks set current_assessment_id = null where id = $1", [uuid(risk.id)])).rejects.toMatchObject(refusedBy("inv_05_assessment_is_latest"));
  });

  test("an assessment made another", async () => {
    for (const set of ["computed_level = 'LOW'", "score = 1", "inputs = '{}'", "direct_major_reason = 'LAW_VIOLATED', computed_level = 'MAJOR'", `method_version_id = (${LEC} = 'between')`, "stage = 'INHERENT'", "assessed_at = now()"])
      await expect(attempt(`update risk_assessments set ${set} where risk_id = $1`, [uuid(risk.id)])).rejects.toMatchObject(refusedBy("assessment_final"));
  });

  test("an old version made another, revived, or taken back", async () => {
    const set = (change: string, code: string) => attempt(`update assessment_method_versions set ${change} where id = (${LEC} = $1)`, [code]);
    for (const change of ["definition = jsonb_set(definition, '{bands,0,from}', '1')", "version_code = 'x'", "valid_from = '2007-01-01'", "status = 'DRAFT', valid_from = null, valid_to = null", "status = 'WITHDRAWN', valid_from = null, valid_to = null", "valid_to = null", "valid_to = valid_to + 1", "valid_to = current_date - 400"])
      await expect(set(change, "2023")).rejects.toMatchObject(refusedBy("assessment_version_final"));
    await expect(set("definition = '{}'", "draft")).rejects.toMatchObject(refusedBy("assessment_version_final"));
    await expect(set("status = 'ACTIVATED', valid_from = current_date - 3", "draft")).rejects.toMatchObject(refusedBy("assessment_version_from_today"));
    await expect(set("status = 'ACTIVATED'", "draft")).rejects.toMatchObject(refusedBy("in_force_from_a_day"));
    await expect(set("status = 'ACTIVATED', valid_from = current_date + 100", "draft")).rejects.toMatchObject({ constraint: "one_version_in_force" });
    await expect(attempt("delete from assessment_method_versions")).rejects.toMatchObject({ code: "55000" });
  });

  test("outcomes nobody's definition gives", async () => {
    await expect(attempt(`insert into assessment_outcomes select id, '{"L": 2, "E": 6, "C": 15}', 180, 'LOW' from (${LEC} = '2023') v`)).rejects.toMatchObject({ code: "55000" });
    await expect(attempt("update assessment_outcomes set level = 'LOW'")).rejects.toMatchObject({ code: "55000" });
    await expect(attempt("delete from assessment_outcomes")).rejects.toMatchObject({ code: "55000" });
    await expect(attempt("truncate assessment_outcomes")).rejects.toMatchObject({ code: "55000" });
  });

  test("a definition with a gap, with an unknown formula, or too large", async () => {
    const insertion = (definition: unknown) => attempt("insert into assessment_method_versions (id, method_id, version_code, definition, status) select gen_random_uuid(), id, 'sql', $1, 'DRAFT' from assessment_methods where code = 'LEC'", [JSON.stringify(definition)]);
    await expect(insertion({ ...seeded("LEC"), bands: [{ level: "MAJOR", from: 1 }] })).rejects.toMatchObject({ code: "23502" });
    await expect(insertion({ ...seeded("LEC"), bands: [{ level: "EXTREME", from: 0 }] })).rejects.toMatchObject({ code: "23514" });
    await expect(insertion({ ...seeded("LEC"), formula: { kind: "EVAL" } })).rejects.toMatchObject(refusedBy("assessment_formula_known"));
    await expect(insertion({})).rejects.toMatchObject(refusedBy("assessment_formula_known"));
    await expect(insertion({ formula: { kind: "SUM" }, inputs: [], bands: [{ level: "LOW", from: 0 }] })).rejects.toMatchObject(refusedBy("assessment_combinations"));
    const wide = Array.from({ length: 8 }, (_, n) => ({ code: `X${n}`, values: Array.from({ length: 10 }, (__, value) => ({ value })) }));
    await expect(insertion({ formula: { kind: "SUM" }, inputs: wide, bands: [{ level: "LOW", from: 0 }] })).rejects.toMatchObject(refusedBy("assessment_combinations"));
  });
});
