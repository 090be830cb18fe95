import { beforeAll, describe, expect, test } from "@jest/globals";
import { levelOf, type MethodDefinition } from "../../src/assessment-methods/definition.js";
import { useDistrict } from "../support/district.js";
import { activate, assessed, draft, seeded } from "../support/methods.js";
import { populate } from "../support/population.js";
import { RiskStage } from "../support/risk-stage.js";

const district = useDistrict();
const query = async (text: string, values: unknown[] = []) => (await district.database.engine.pool.query(text, values)).rows as Record<string, never>[];
const LEVELS = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"];

/** Much is raised, a little of what is moderate is lowered, nothing from the two highest; 40 is no consequence any more, one reason none. */
function drafted(): MethodDefinition {
  const known = seeded("LEC");
  return {
    ...known,
    inputs: known.inputs.map((input) => ({ ...input, values: input.values.filter(({ value }) => !(input.code === "C" && value === 40)) })),
    bands: [{ level: "MAJOR", from: 200 }, { level: "CONSIDERABLE", from: 100 }, { level: "MODERATE", from: 85 }, { level: "LOW", from: 0 }],
    directMajorReasons: known.directMajorReasons.filter(({ code }) => code !== "LAW_VIOLATED"),
  };
}

interface Row {
  change: string;
  code: string;
  fromLevel: string;
  toLevel: string | null;
  score: string | null;
}
interface Standing {
  id: string;
  code: string;
  version: number;
  status: string;
  level: string;
  inputs: Record<string, number>;
  reason: string | null;
  town: string;
}

const PREVIEW = "query($v:ID!,$f:RiskFilter){assessmentMethodPreview(version:$v,filter:$f){change code fromLevel toLevel score risk{currentLevel} town{code}}}";
const COUNTS = "query($v:ID!,$f:RiskFilter){assessmentMethodPreviewCounts(version:$v,filter:$f){assessed raised lowered same notApplicable majorBefore considerableBefore moderateBefore lowBefore majorAfter considerableAfter moderateAfter lowAfter}}";
const preview = async (name: string, v: string, f?: unknown) => (await district.as(name).ask(PREVIEW, { v, f })).assessmentMethodPreview as Row[];
const counts = async (name: string, v: string, f?: unknown) => (await district.as(name).ask(COUNTS, { v, f })).assessmentMethodPreviewCounts as Record<string, number>;
const standing = async () =>
  (await query(`select r.id, r.code, r.version, r.status, r.current_level as level, a.inputs, a.direct_major_reason as reason, t.code as town from risks r join risk_assessments a on a.id = r.current_assessment_id join regions t on t.id = r.town_id
    where r.status <> 'RETIRED' and a.method = 'LEC' order by r.code`)) as unknown as Standing[];

/** What a definition would make of a risk, told by code. */
function told(definition: MethodDefinition, { inputs, reason }: Standing): { toLevel: string | null; score: string | null } {
  const made = (() => {
    try {
      return levelOf(definition, inputs);
    } catch {
      return null;
    }
  })();
  const kept = definition.directMajorReasons.some(({ code }) => code === reason);
  return { toLevel: kept ? "MAJOR" : (made?.level ?? null), score: made ? String(made.score) : null };
}

let version: { id: string; version: number };
let before: Standing[];

beforeAll(async () => {
  await populate(district, 16);
  await assessed(district, { method: "LEC", inputs: { l: 0.5, e: 2, c: 3 }, directMajorReason: "LAW_VIOLATED" });
  await assessed(district, { method: "LEC", inputs: { l: 0.5, e: 2, c: 3 }, directMajorReason: "OVER_TEN_PEOPLE" });
  await assessed(district, { method: "LEC", directMajorReason: "LAW_VIOLATED" });
  await assessed(district, { method: "LEC", directMajorReason: "OVER_TEN_PEOPLE" });
  await assessed(district, { method: "LEC", inputs: { l: 1, e: 2, c: 40 } });
  await assessed(district, { method: "LEC", inputs: { l: 6, e: 2, c: 7 } });
  await assessed(district, { method: "LS", inputs: { l: 4, s: 4 } });
  version = await draft(district, "LEC", "next", drafted());
  before = await standing();
}, 240_000);

test("every level that stands is what its version makes of its inputs", async () => {
  const rows = await query("select a.inputs, a.score::float8 as score, a.computed_level as level, a.direct_major_reason as reason, v.definition from risk_assessments a join assessment_method_versions v on v.id = a.method_version_id");
  expect(rows.length).toBeGreaterThan(30);
  for (const row of rows as unknown as { inputs: Record<string, number>; score: number | null; level: string; reason: string | null; definition: MethodDefinition }[]) {
    const computed = Object.keys(row.inputs).length > 0 ? levelOf(row.definition, row.inputs) : { score: null };
    expect({ score: row.score, level: row.level }).toEqual(row.reason ? { ...computed, level: "MAJOR" } : computed);
  }
});

describe("the preview", () => {
  test("lists the risks whose level would change, and no others", async () => {
    const expected = before.flatMap((risk) => {
      const { toLevel, score } = told(drafted(), risk);
      const [from, to] = [LEVELS.indexOf(risk.level), toLevel === null ? -1 : LEVELS.indexOf(toLevel)];
      const change = to < 0 ? "NOT_APPLICABLE" : to < from ? "RAISED" : to > from ? "LOWERED" : "SAME";
      return change === "SAME" ? [] : [{ change, code: risk.code, fromLevel: risk.level, toLevel, score, risk: { currentLevel: risk.level }, town: { code: risk.town } }];
    });
    const place = ({ change, toLevel, code }: Row) => [change === "RAISED" && toLevel === "MAJOR" ? 0 : 1, ["RAISED", "LOWERED", "NOT_APPLICABLE"].indexOf(change), LEVELS.indexOf(toLevel ?? ""), code].join();
    expect(await preview("auditor", version.id)).toEqual(expected.toSorted((one, other) => (place(one) < place(other) ? -1 : 1)));
    expect(new Set(expected.map(({ change }) => change))).toEqual(new Set(["RAISED", "LOWERED", "NOT_APPLICABLE"]));
    expect(await district.as("auditor", "plain").ask(PREVIEW, { v: version.id })).toEqual(await district.as("auditor").ask(PREVIEW, { v: version.id }));
  });

  test("counts them all in one row", async () => {
    const rows = await preview("auditor", version.id);
    const of = (change: string) => rows.filter((row) => row.change === change).length;
    const by = (levels: (string | null)[]) => LEVELS.map((level) => levels.filter((one) => one === level).length);
    const row = await counts("auditor", version.id);
    expect(row).toMatchObject({ assessed: before.length, raised: of("RAISED"), lowered: of("LOWERED"), notApplicable: of("NOT_APPLICABLE"), same: before.length - rows.length });
    const shown = (when: string) => LEVELS.map((level) => row[`${level.toLowerCase()}${when}`]);
    expect(shown("Before")).toEqual(by(before.map(({ level }) => level)));
    expect(shown("After")).toEqual(by(before.map((risk) => told(drafted(), risk).toLevel)));
  });

  test("tells each of what is in scope and asked for", async () => {
    const street = await preview("street", version.id);
    expect(street.length).toBeGreaterThan(0);
    expect(street).toEqual((await preview("auditor", version.id)).filter((row) => (row as unknown as { town: { code: string } }).town.code === "500112004000"));
    expect(await preview("stranger", version.id)).toEqual([]);
    // Whoever does not see the version is told no more than of one that is not there.
    for (const name of ["system_admin", "nobody"]) expect(await district.as(name).refused(PREVIEW, { v: version.id })).toMatchObject({ code: "NOT_FOUND", entity: "AssessmentMethodVersion", field: "version" });
    expect(await counts("stranger", version.id)).toMatchObject({ assessed: 0, raised: 0 });
    const moderate = await preview("auditor", version.id, { currentLevel: { eq: "MODERATE" } });
    expect(moderate.length).toBeGreaterThan(0);
    expect(new Set(moderate.map(({ fromLevel }) => fromLevel))).toEqual(new Set(["MODERATE"]));
    expect(await district.as("auditor").refused(PREVIEW, { v: district.sites[0] })).toMatchObject({ code: "NOT_FOUND", field: "version" });
  });

  test("of the version in force tells of no change", async () => {
    const { assessmentMethodVersions } = await district.as("auditor").ask("{assessmentMethodVersions(first:9,filter:{inForce:{eq:true},method:{code:{eq:\"LEC\"}}}){nodes{id}}}");
    expect(await preview("auditor", assessmentMethodVersions.nodes[0].id)).toEqual([]);
    expect(await counts("auditor", assessmentMethodVersions.nodes[0].id)).toMatchObject({ assessed: before.length, same: before.length });
  });

  test("of a version with fewer inputs leaves the others aside; with another one it cannot recompute", async () => {
    const known = seeded("LEC");
    const fewer = await draft(district, "LEC", "fewer", { ...known, inputs: known.inputs.slice(1), bands: [{ level: "LOW", from: 0 }] });
    const of = await counts("auditor", fewer.id);
    const [{ bare }] = (await query("select count(*)::int as bare from risks r join risk_assessments a on a.id = r.current_assessment_id where a.inputs = '{}' and a.direct_major_reason = 'LAW_VIOLATED'")) as unknown as [{ bare: number }];
    expect(of).toMatchObject({ assessed: before.length, notApplicable: 0, raised: 0 });
    expect(bare).toBe(1);
    const other = await draft(district, "LEC", "other", { ...known, inputs: [...known.inputs, { ...known.inputs[1]!, code: "M" }] });
    const kept = before.filter(({ reason }) => reason).length;
    expect(await counts("auditor", other.id)).toMatchObject({ assessed: before.length, notApplicable: before.length - kept, same: kept });
    const [, exposure] = known.inputs;
    const widest = await draft(district, "LEC", "widest", { ...known, inputs: [...known.inputs, { ...exposure!, code: "M" }, { ...exposure!, code: "N", values: Array.from({ length: 13 }, (_, value) => ({ value, zh: "示例", en: "example" })) }] });
    expect(await counts("auditor", widest.id)).toMatchObject({ notApplicable: before.length - kept });
  });
});

// Last, since it assesses everything anew.
test("what the preview told is what happens when everyone is assessed anew after activation", async () => {
  const foretold = new Map((await preview("auditor", version.id)).map((row) => [row.code, row]));
  await activate(district, version);
  expect((await standing()).map(({ code, level }) => [code, level])).toEqual(before.map(({ code, level }) => [code, level]));
  const office = district.as("office");
  const deed = async (mutation: string, id: string, v: number, input: unknown) => {
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!`;
    return (await office.raw(`mutation($k:String!,$id:ID!,$v:Int!,$i:${type}){${mutation}(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){version}}`, { k: district.key(), id, v, i: input })) as { data?: Record<string, { version: number }>; errors?: { extensions: Record<string, unknown> }[] };
  };
  const refused: string[] = [];
  const [checker] = await new RiskStage(district).panel();
  for (const risk of before) {
    const id = `Risk_${risk.id}`;
    const current = { method: "LEC", inputs: risk.inputs, directMajorReason: drafted().directMajorReasons.find(({ code }) => code === risk.reason)?.code, basis: "重新评估" };
    let { version: at } = risk;
    const prepared = async (mutation: string, input: unknown) => {
      const { data, errors } = await deed(mutation, id, at, input);
      if (errors) throw new Error(`${mutation} of ${risk.code}: ${JSON.stringify(errors)}`);
      at = data![mutation]!.version;
    };
    if (risk.status === "ASSESSED") await prepared("riskReturn", { reason: "方法更新" });
    else if (risk.status === "IN_FORCE") await prepared("riskStartReview", { trigger: "PERIODIC", reason: "方法更新" });
    // What was laid aside comes back by the check before the start, into review.
    else if (risk.status === "SUSPENDED") await prepared("riskResume", { preStartCheck: "无异常", checkedBy: checker });
    const anew = ["ASSESSED", "IDENTIFIED"].includes(risk.status) ? await deed("riskAssess", id, at, { current, reason: "方法更新" }) : await deed("riskConcludeReview", id, at, { current, reason: "方法更新" });
    if (anew.errors) refused.push(risk.code);
    for (const { extensions } of anew.errors ?? []) expect(extensions).toMatchObject({ code: "INVALID_INPUT" });
  }
  const changed = new Map((await standing()).flatMap(({ code, level }, at) => (level === before[at]!.level ? [] : [[code, level] as const])));
  expect(changed).toEqual(new Map([...foretold.values()].filter(({ toLevel }) => toLevel !== null).map(({ code, toLevel }) => [code, toLevel])));
  // What could not be recomputed cannot be assessed with the same values either.
  expect(refused.toSorted()).toEqual([...foretold.values()].filter(({ toLevel }) => toLevel === null).map(({ code }) => code).toSorted());
}, 240_000);
