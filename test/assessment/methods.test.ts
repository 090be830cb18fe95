import { describe, expect, test } from "@jest/globals";
import { bandOf, combinations, levelOf, outcomeAt, type MethodDefinition } from "../../src/assessment-methods/definition.js";
import { useDistrict } from "../support/district.js";
import { activate, assessed, draft, seeded } from "../support/methods.js";

const district = useDistrict();
const query = async (text: string, values: unknown[] = []) => (await district.database.engine.pool.query(text, values)).rows as Record<string, unknown>[];
const outcomesOf = (method: string, version: string) =>
  query("select o.inputs, o.score::float8 as score, o.level from assessment_outcomes o join assessment_method_versions v on v.id = o.version_id join assessment_methods m on m.id = v.method_id where m.code = $1 and v.version_code = $2", [method, version]) as Promise<unknown> as Promise<{ inputs: Record<string, number>; score: number; level: string }[]>;

const LEVELS = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"];
/** The bands as the trade writes them, told once more: product, then level. */
const BANDS: Record<string, (score: number) => string> = {
  LEC: (d) => (d > 320 ? "MAJOR" : d >= 160 ? "CONSIDERABLE" : d >= 70 ? "MODERATE" : "LOW"),
  LS: (r) => (r >= 20 ? "MAJOR" : r >= 15 ? "CONSIDERABLE" : r >= 9 ? "MODERATE" : "LOW"),
  MES: (r) => (r >= 180 ? "MAJOR" : r >= 90 ? "CONSIDERABLE" : r >= 50 ? "MODERATE" : "LOW"),
};

/** Severity by probability; cells are levels, values are codes. */
const LEVEL_MATRIX = {
  inputs: [
    { code: "S", nameZh: "严重性", nameEn: "severity", values: [["I", "灾难性"], ["II", "严重"], ["III", "轻度"], ["IV", "轻微"]].map(([value, zh]) => ({ value, zh, en: value })) },
    { code: "P", nameZh: "可能性", nameEn: "probability", values: [["A", "频繁"], ["B", "很可能"], ["C", "有时"], ["D", "极少"], ["E", "几乎不可能"]].map(([value, zh]) => ({ value, zh, en: value })) },
  ],
  formula: { kind: "MATRIX", cells: ["MMMCO", "MMCOO", "COOOO", "OOLLL"].map((row) => [...row].map((cell) => LEVELS.find((level) => level.startsWith({ M: "MAJ", C: "CON", O: "MOD", L: "LOW" }[cell]!)))) },
};

/** Five by five cells of points that no product gives. */
const SCORE_MATRIX = {
  inputs: ["L", "S"].map((code) => ({ code, nameZh: code, nameEn: code, values: [1, 2, 3, 4, 5].map((value) => ({ value, zh: `${value}级`, en: `grade ${value}` })) })),
  formula: { kind: "MATRIX", cells: [[1, 1, 2, 3, 5], [2, 2, 3, 5, 7.5], [2, 3, 5, 7, 11], [5, 8, 12, 17, 25], [7, 10, 15, 22, 32]] },
  bands: [{ level: "MAJOR", from: 20 }, { level: "CONSIDERABLE", from: 11, exclusive: true }, { level: "MODERATE", from: 5 }, { level: "LOW", from: 0 }],
};

const SUM = {
  inputs: [1, 2].map((n) => ({ code: `A${n}`, nameZh: `项${n}`, nameEn: `item ${n}`, values: [0.1, 0.2, 0.7].map((value) => ({ value, zh: "示例", en: "example" })) })),
  formula: { kind: "SUM" },
  bands: [{ level: "MAJOR", from: 0.9 }, { level: "LOW", from: 0.3, exclusive: true }, { level: "LOW", from: 0 }],
};

describe("what a method can say", () => {
  test.each([["LEC", "2023", 252], ["LS", "2016", 25], ["MES", "通用", 90]] as const)("%s is enumerated whole, and is what the bands and levelOf say", async (method, version, count) => {
    const outcomes = await outcomesOf(method, version);
    expect(outcomes.length).toBe(count);
    for (const { inputs, score, level } of outcomes) {
      const product = Math.round(Object.values(inputs).reduce((made, value) => made * value, 1) * 1e6) / 1e6;
      expect({ inputs, score, level }).toEqual({ inputs, score: product, level: BANDS[method]!(product) });
      expect(levelOf(seeded(method), inputs)).toEqual({ score, level });
    }
    expect(new Set(outcomes.map(({ level }) => level))).toEqual(new Set(LEVELS));
  });

  test("the edges lie where they are decided, in the database and in code", async () => {
    const edges = [69.99, 70, 159.99, 160, 320, 320.01];
    const expected = ["LOW", "MODERATE", "MODERATE", "CONSIDERABLE", "CONSIDERABLE", "MAJOR"];
    expect(edges.map((score) => bandOf(seeded("LEC"), score))).toEqual(expected);
    const rows = await query("select assessment_band($1::jsonb, s) ->> 'level' as level from unnest($2::numeric[]) with ordinality as e(s, place) order by place", [JSON.stringify(seeded("LEC")), edges]);
    expect(rows.map(({ level }) => level)).toEqual(expected);
    expect([8, 9, 12, 15, 16, 20].map((score) => bandOf(seeded("LS"), score))).toEqual(["LOW", "MODERATE", "MODERATE", "CONSIDERABLE", "CONSIDERABLE", "MAJOR"]);
    expect(([[1, 10, 7], [3, 6, 15], [6, 6, 15], [0.5, 6, 7], [1, 1, 40]] as const).map(([L, E, C]) => levelOf(seeded("LEC"), { L, E, C }))).toEqual([
      { score: 70, level: "MODERATE" }, { score: 270, level: "CONSIDERABLE" }, { score: 540, level: "MAJOR" }, { score: 21, level: "LOW" }, { score: 40, level: "LOW" },
    ]);
    expect(() => levelOf(seeded("LEC"), { L: 2, E: 6, C: 15 })).toThrow("输入不符合要求");
  });

  test.each([["LEVELS", LEVEL_MATRIX, 20], ["POINTS", SCORE_MATRIX, 25], ["SUMS", SUM, 9]] as const)("any method: %s drafted, activated, assessed by", async (code, given, count) => {
    await district.as("office").ask("mutation($k:String!,$i:AssessmentMethodRegisterInput!){assessmentMethodRegister(idempotencyKey:$k,input:$i){code}}", { k: district.key(), i: { code, nameZh: "示例方法", nameEn: "example" } });
    const version = await draft(district, code, "1", given);
    const { assessmentMethodVersion } = await district.as("auditor").ask("query($id:ID!){assessmentMethodVersion(id:$id){definition}}", { id: version.id });
    const definition = assessmentMethodVersion.definition as MethodDefinition;
    const outcomes = await outcomesOf(code, "1");
    expect(outcomes.length).toBe(count);
    for (const places of combinations(definition)) {
      const inputs = Object.fromEntries(definition.inputs.map((input, at) => [input.code, input.values[places[at]!]!.value]));
      const { score, level } = outcomeAt(definition, places);
      expect(outcomes).toContainEqual({ inputs, score, level });
    }
    await activate(district, version);
    const { inputs, level } = outcomes[7]!;
    const lower = Object.fromEntries(Object.entries(inputs).map(([name, value]) => [name.toLowerCase(), value]));
    expect(await assessed(district, { method: code, inputs: lower, statedLevel: level })).toMatchObject({ currentLevel: level });
  });

  test("decimals add and multiply without dust", async () => {
    expect((await outcomesOf("SUMS", "1")).filter(({ inputs }) => inputs["A1"] === 0.1 && inputs["A2"] === 0.2)).toEqual([{ inputs: { A1: 0.1, A2: 0.2 }, score: 0.3, level: "LOW" }]);
    expect(levelOf(SUM as never, { A1: 0.2, A2: 0.7 })).toEqual({ score: 0.9, level: "MAJOR" });
    expect(levelOf(seeded("LEC"), { L: 0.1, E: 0.5, C: 3 })).toEqual({ score: 0.15, level: "LOW" });
  });
});

describe("an assessment", () => {
  const office = () => district.as("office");
  const refusal = async (current: unknown) => {
    const { riskIdentify } = await office().ask("mutation($k:String!,$i:RiskIdentifyInput!){riskIdentify(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { subject: district.sites[0], name: "冲压作业" } });
    return office().refused("mutation($k:String!,$id:ID!,$i:RiskAssessInput!){riskAssess(idempotencyKey:$k,id:$id,expectedVersion:1,input:$i){id}}", { k: district.key(), id: riskIdentify.id, i: { current } });
  };
  const lec = { l: 3, e: 6, c: 15 };

  test.each([
    ["a value outside its list", { method: "LEC", inputs: { ...lec, l: 2 } }, { field: "input.current.inputs.L", rule: "one of 10, 6, 3, 1, 0.5, 0.2, 0.1", actual: 2 }],
    ["text for a number", { method: "LEC", inputs: { ...lec, l: "3" } }, { field: "input.current.inputs.L", actual: "3" }],
    ["a value left out", { method: "LEC", inputs: { l: 3, e: 6 } }, { field: "input.current.inputs.C", actual: null }],
    ["an input the method has not", { method: "LEC", inputs: { ...lec, s: 1 } }, { field: "input.current.inputs.S", rule: "one of L, E, C" }],
    ["an input named __proto__", { method: "LEC", inputs: JSON.parse('{"l":3,"e":6,"c":15,"__proto__":1}') }, { field: "input.current.inputs.__PROTO__" }],
    ["an input given twice", { method: "LEC", inputs: { ...lec, L: 3 } }, { field: "input.current.inputs.L", rule: "not given twice" }],
    ["a list for the values", { method: "LEC", inputs: [3, 6, 15] }, { field: "input.current.inputs", rule: "an object" }],
    ["an object for a value", { method: "LEC", inputs: { ...lec, l: { $gt: 0 } } }, { field: "input.current.inputs.L" }],
    ["text no database stores", { method: "LEC", inputs: { ...lec, l: "\u0000" } }, { field: "input.current.inputs.l" }],
    ["no values", { method: "LEC" }, { field: "input.current.inputs.L", actual: null }],
    ["a method nobody knows", { method: "lec", inputs: lec }, { field: "input.current.method", rule: "the code of a method" }],
    ["a method known by name only", { method: "HAZOP", inputs: lec }, { field: "input.current.method", rule: "a method with a version in force today", actual: "危险与可操作性分析 / hazard and operability study" }],
    ["a reason the version has not", { method: "LEC", inputs: lec, directMajorReason: "BAD_WEATHER" }, { field: "input.current.directMajorReason", actual: "BAD_WEATHER" }],
  ])("with %s is refused", async (_name, current, facts) => {
    expect(await refusal(current)).toMatchObject({ code: "INVALID_INPUT", ...facts });
  });

  test("refused for its value tells what is allowed and what it means", async () => {
    const { allowed } = await refusal({ method: "LEC", inputs: { ...lec, e: 4 } });
    expect(allowed).toContainEqual({ value: 6, zh: "每天工作时间内暴露", en: "daily during working hours" });
    expect((await refusal({ method: "HAZOP" }))["allowed"]).toEqual(expect.arrayContaining(["LEC", "LS", "MES"]));
  });

  test("directly judged is major with values and without", async () => {
    expect(await assessed(district, { method: "LEC", inputs: { l: 0.1, e: 0.5, c: 1 }, directMajorReason: "LAW_VIOLATED" })).toMatchObject({ currentLevel: "MAJOR" });
    expect(await assessed(district, { method: "LS", directMajorReason: "MAJOR_HAZARD_INSTALLATION" })).toMatchObject({ currentLevel: "MAJOR" });
  });
});

describe("a definition is refused", () => {
  const changed = (change: (definition: Record<string, never>) => void, from: unknown = seeded("LEC")) => {
    const definition = structuredClone(from) as Record<string, never>;
    change(definition);
    return definition;
  };
  const bandsFrom = (...froms: number[]) => froms.map((from, at) => ({ level: LEVELS[at], from }));
  const many = (count: number, values: number) => ({ ...seeded("LEC"), inputs: Array.from({ length: count }, (_, n) => ({ code: `X${n}`, nameZh: "项", nameEn: "item", values: Array.from({ length: values }, (__, value) => ({ value, zh: "值", en: "value" })) })) });

  test.each<[string, unknown, Record<string, unknown>]>([
    ["with an unknown formula", changed((d) => void Object.assign(d, { formula: { kind: "EVAL", text: "l*e*c" } })), { field: "input.definition.formula.text" }],
    ["with a formula of another name", changed((d) => void Object.assign(d, { formula: { kind: "AVERAGE" } })), { field: "input.definition.formula.kind", rule: "one of PRODUCT, SUM, MATRIX" }],
    ["with a part no definition has", changed((d) => void Object.assign(d, { script: "x" })), { field: "input.definition.script" }],
    ["with a gap below", changed((d) => void Object.assign(d, { bands: bandsFrom(320, 160, 70, 1) })), { field: "input.definition.bands", rule: "every reachable score lies in a band", score: 0.5 }],
    ["with bands not descending", changed((d) => void Object.assign(d, { bands: bandsFrom(320, 160, 160, 0) })), { field: "input.definition.bands.2.from", above: 160 }],
    ["with levels not descending", changed((d) => void Object.assign(d, { bands: [{ level: "LOW", from: 70 }, { level: "MAJOR", from: 0 }] })), { field: "input.definition.bands.1.level", above: "LOW" }],
    ["without bands", changed((d) => void Object.assign(d, { bands: [] })), { field: "input.definition.bands" }],
    ["with an unknown level", changed((d) => void Object.assign(d, { bands: [{ level: "EXTREME", from: 0 }] })), { field: "input.definition.bands.0.level" }],
    ["of 20,736 combinations", many(4, 12), { field: "input.definition.inputs", actual: 20_736 }],
    ["of a hundred to the eighth combinations", many(8, 100), { field: "input.definition.inputs", actual: 1e16 }],
    ["with two inputs of one code", changed((d) => void Object.assign(d["inputs"]![1]!, { code: "L" })), { field: "input.definition.inputs.1", rule: "not given twice" }],
    ["with two equal values", changed((d) => void Object.assign(d["inputs"]![0]!["values"]![1]!, { value: 10 })), { field: "input.definition.inputs.0.values.1", rule: "not given twice" }],
    ["with a negative value", changed((d) => void Object.assign(d["inputs"]![0]!["values"]![1]!, { value: -1 })), { field: "input.definition.inputs.0.values.1.value" }],
    ["with more decimals than are exact", changed((d) => void Object.assign(d["inputs"]![0]!["values"]![1]!, { value: 0.123456 })), { field: "input.definition.inputs.0.values.1.value" }],
    ["with a code for a number", changed((d) => void Object.assign(d["inputs"]![0]!["values"]![1]!, { value: "A" })), { field: "input.definition.inputs.0.values.1.value" }],
    ["with a value that means nothing", changed((d) => void Object.assign(d["inputs"]![0]!["values"]![1]!, { zh: " " })), { field: "input.definition.inputs.0.values.1.zh" }],
    ["with an input in lower case", changed((d) => void Object.assign(d["inputs"]![0]!, { code: "l" })), { field: "input.definition.inputs.0.code" }],
    ["of a matrix that lacks a row", changed((d) => void (d["formula"]! as { cells: unknown[] }).cells.pop(), SCORE_MATRIX), { field: "input.definition.formula.cells", rule: "a list of 5 to 5", actual: 4 }],
    ["of a matrix with a hole", changed((d) => void ((d["formula"]! as { cells: unknown[][] }).cells[2]![3] = null), SCORE_MATRIX), { field: "input.definition.formula.cells.2.3" }],
    ["of a matrix of points and levels", changed((d) => void ((d["formula"]! as { cells: unknown[][] }).cells[2]![3] = "LOW"), SCORE_MATRIX), { field: "input.definition.formula.cells.2.3" }],
    ["of a matrix over three inputs", { ...seeded("LEC"), formula: SCORE_MATRIX.formula }, { field: "input.definition.inputs", actual: 3 }],
    ["of a matrix of levels with bands", { ...LEVEL_MATRIX, bands: SCORE_MATRIX.bands }, { field: "input.definition.bands" }],
    ["that is a list", [], { field: "input.definition", rule: "an object" }],
    ["that is deep", { inputs: JSON.parse(`${"[".repeat(40)}${"]".repeat(40)}`) }, { rule: "at most 8 levels deep" }],
    ["that is empty", {}, { field: "input.definition.inputs", rule: "required" }],
  ])("%s", async (_name, definition, facts) => {
    const { assessmentMethods } = await district.as("office").ask('{assessmentMethods(first:1,filter:{code:{eq:"JHA"}}){nodes{id}}}');
    const refused = await district.as("office").refused("mutation($k:String!,$i:AssessmentMethodVersionDraftInput!){assessmentMethodVersionDraft(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { method: assessmentMethods.nodes[0].id, versionCode: "1", definition } });
    expect(refused).toMatchObject({ code: "INVALID_INPUT", ...facts });
    expect(await query("select 1 from assessment_method_versions v join assessment_methods m on m.id = v.method_id where m.code = 'JHA'")).toEqual([]);
  });
});
