import { expect, test } from "@jest/globals";
import { setTimeout as pause } from "node:timers/promises";
import { useDistrict } from "../support/district.js";
import { activate, assessed, dayAfter, draft, seeded } from "../support/methods.js";

const district = useDistrict();
const explained = async (id: string, asOf = "", name = "auditor") => {
  const text = `query($id:ID!)${asOf}{risk(id:$id){levelExplanation}}`;
  const compiled = (await district.as(name).ask(text, { id })).risk?.levelExplanation;
  expect((await district.as(name, "plain").ask(text, { id })).risk?.levelExplanation).toEqual(compiled);
  return compiled;
};
const today = dayAfter(0);

test("a level is explained by its method, values and band, for the current and the inherent risk, and in a sentence of each language", async () => {
  const risk = await assessed(district, { method: "LEC", inputs: { l: 3, e: 6, c: 15 }, basis: "GB 12265" }, { method: "LEC", inputs: { l: 6, e: 6, c: 15 } });
  const { current, inherent } = await explained(risk.id);
  expect(current).toEqual({
    method: { code: "LEC", nameZh: "作业条件危险性评价法", nameEn: "LEC" },
    version: "2023",
    inputs: [
      { code: "L", nameZh: "可能性", nameEn: "likelihood", value: 3, labelZh: "可能,但不经常", labelEn: "possible but unusual" },
      { code: "E", nameZh: "暴露频次", nameEn: "exposure", value: 6, labelZh: "每天工作时间内暴露", labelEn: "daily during working hours" },
      { code: "C", nameZh: "后果", nameEn: "consequence", value: 15, labelZh: "非常严重,一人死亡", labelEn: "very serious, one death" },
    ],
    formula: "PRODUCT",
    score: 270,
    level: "CONSIDERABLE",
    band: { level: "CONSIDERABLE", from: 160, exclusive: false, to: 320, toIncluded: true },
    directMajorReason: null,
    basis: "GB 12265",
    assessedAt: expect.stringMatching(/\+08:00$/),
    zh: `现状风险为较大风险(橙):按作业条件危险性评价法(2023版),可能性3(可能,但不经常)×暴露频次6(每天工作时间内暴露)×后果15(非常严重,一人死亡)=270分,不低于160分、不高于320分者为较大风险(橙)。评估于${today},依据:GB 12265。`,
    en: `The current risk is considerable (orange): by LEC (2023), likelihood 3 (possible but unusual) × exposure 6 (daily during working hours) × consequence 15 (very serious, one death) = 270 points; at least 160 and at most 320 is considerable (orange). Assessed on ${today}; basis: GB 12265.`,
  });
  expect(inherent).toMatchObject({ score: 540, level: "MAJOR", band: { from: 320, exclusive: true, to: null }, zh: expect.stringMatching(/^固有风险\(未计管控措施\)为重大风险\(红\):.*=540分,高于320分者为重大风险\(红\)。/) });
});

test("where the inherent risk was not assessed, the first assessment explains it", async () => {
  const risk = await assessed(district, { method: "LS", inputs: { l: 2, s: 4 } });
  const { current, inherent } = await explained(risk.id);
  expect(inherent).toMatchObject({ level: "LOW", score: 8, band: { from: 0, to: 9, toIncluded: false }, zh: expect.stringContaining("=8分,低于9分者为低风险(蓝)") });
  expect(inherent.inputs).toEqual(current.inputs);
});

test("directly judged, the reason explains it, with the values where there are any", async () => {
  const bare = await assessed(district, { method: "LEC", directMajorReason: "MAJOR_HAZARD_INSTALLATION" });
  expect((await explained(bare.id)).current).toMatchObject({
    inputs: [], score: null, band: null, directMajorReason: { code: "MAJOR_HAZARD_INSTALLATION", zh: "构成重大危险源", en: "forms a major hazard installation" },
    zh: `现状风险直接判定为重大风险(红):构成重大危险源,不论得分。评估于${today}。`,
    en: `The current risk is directly judged major (red): forms a major hazard installation, whatever the score. Assessed on ${today}.`,
  });
  const scored = await assessed(district, { method: "LS", inputs: { l: 1, s: 5 }, directMajorReason: "LAW_VIOLATED" });
  expect((await explained(scored.id)).current).toMatchObject({
    score: 5, band: { level: "LOW" }, level: "MAJOR",
    zh: `现状风险直接判定为重大风险(红):违反法律法规强制性要求,不论得分;按风险矩阵法(2016版),可能性1(极不可能发生)×严重性5(死亡)=5分。评估于${today}。`,
    en: `The current risk is directly judged major (red): mandatory law or standard violated, whatever the score; by risk matrix (2016), likelihood 1 (rare) × severity 5 (death) = 5 points. Assessed on ${today}.`,
  });
});

test("a matrix is explained without a formula nobody can follow", async () => {
  const values = ["A", "B"].map((value) => ({ value, zh: `${value}级`, en: `grade ${value}` }));
  const inputs = [{ code: "P", nameZh: "可能性", nameEn: "likelihood", values }, { code: "S", nameZh: "严重性", nameEn: "severity", values }];
  await activate(district, await draft(district, "SCL", "1", { inputs, formula: { kind: "MATRIX", cells: [["LOW", "MODERATE"], ["CONSIDERABLE", "MAJOR"]] } }));
  const levels = await assessed(district, { method: "SCL", inputs: { p: "B", s: "A" } });
  expect((await explained(levels.id)).current).toMatchObject({
    formula: "MATRIX", score: null, band: null,
    zh: `现状风险为较大风险(橙):按安全检查表法(1版),可能性B(B级)、严重性A(A级)在矩阵中对应该等级。评估于${today}。`,
    en: `The current risk is considerable (orange): by safety checklist (1), likelihood B (grade B) and severity A (grade A) meet in the matrix at this level. Assessed on ${today}.`,
  });
  await activate(district, await draft(district, "JHA", "1", { inputs, formula: { kind: "MATRIX", cells: [[1, 2], [3, 7.5]] }, bands: [{ level: "MAJOR", from: 7.5 }, { level: "LOW", from: 0.5, exclusive: true }] }));
  const points = await assessed(district, { method: "JHA", inputs: { p: "B", s: "B" } });
  expect((await explained(points.id)).current.zh).toContain("可能性B(B级)、严重性B(B级)在矩阵中得7.5分,不低于7.5分者为重大风险(红)");
  const low = await assessed(district, { method: "JHA", inputs: { p: "A", s: "A" } });
  expect((await explained(low.id)).current.en).toContain("meet in the matrix at 1 points; above 0.5 and below 7.5 is low (blue)");
});

test("is told as of the instant asked for, by the version of then", async () => {
  const office = district.as("office");
  const risk = await assessed(district, { method: "LEC", inputs: { l: 3, e: 6, c: 15 } });
  const first = await explained(risk.id);
  await pause(5);
  const at = new Date().toISOString();
  await pause(5);
  await activate(district, await draft(district, "LEC", "2030", { ...seeded("LEC"), bands: [{ level: "MAJOR", from: 200 }, { level: "LOW", from: 0 }] }));
  expect(await explained(risk.id)).toEqual(first);
  await office.ask("mutation($k:String!,$id:ID!,$v:Int!,$i:RiskReturnInput!){riskReturn(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){version}}", { k: district.key(), id: risk.id, v: risk.version, i: { reason: "补充" } });
  await office.ask("mutation($k:String!,$id:ID!,$v:Int!,$i:RiskAssessInput!){riskAssess(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){version}}", { k: district.key(), id: risk.id, v: risk.version + 1, i: { current: { method: "LEC", inputs: { l: 3, e: 6, c: 15 } } } });
  const now = await explained(risk.id);
  expect(now.current).toMatchObject({ version: "2030", score: 270, level: "MAJOR", band: { from: 200 } });
  // The inherent level was set by the first assessment and still is.
  expect(now.inherent).toEqual(first.inherent);
  expect(await explained(risk.id, ` @asOf(recorded:"${at}")`)).toEqual(first);
  const { risk: known } = await office.ask("query($id:ID!){risk(id:$id){currentAssessment{score methodVersion{versionCode method{nameZh}}} assessments(first:9){totalCount}}}", { id: risk.id });
  expect(known).toEqual({ currentAssessment: { score: "270", methodVersion: { versionCode: "2030", method: { nameZh: "作业条件危险性评价法" } } }, assessments: { totalCount: 2 } });
});

test("where nothing was assessed there is nothing to explain, and to a stranger nothing is told", async () => {
  const { riskIdentify } = await district.as("office").ask("mutation($k:String!,$i:RiskIdentifyInput!){riskIdentify(idempotencyKey:$k,input:$i){id levelExplanation currentAssessment{score}}}", { k: district.key(), i: { subject: district.sites[0], name: "冲压作业" } });
  expect(riskIdentify).toMatchObject({ levelExplanation: null, currentAssessment: null });
  expect(await explained(riskIdentify.id, "", "stranger")).toBeUndefined();
});
