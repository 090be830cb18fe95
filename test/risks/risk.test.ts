import { expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const IDENTIFY = "mutation($k:String!,$i:RiskIdentifyInput!){riskIdentify(idempotencyKey:$k,input:$i){id code status currentLevel}}";
const ASSESS = "mutation($k:String!,$id:ID!,$i:RiskAssessInput!){riskAssess(idempotencyKey:$k,id:$id,expectedVersion:1,input:$i){id status currentLevel inherentLevel assessments(first:5){nodes{score computedLevel methodVersion{versionCode}}} levelChanges(first:5){nodes{fromLevel toLevel}}}}";
const APPROVE = "mutation($k:String!,$id:ID!,$i:RiskApproveInput!){riskApprove(idempotencyKey:$k,id:$id,expectedVersion:2,input:$i){status nextReviewDue}}";

const identify = async (more: Record<string, unknown> = {}) => (await district.as("enterprise").ask(IDENTIFY, { k: district.key(), i: { subject: district.sites[0], name: "冲压作业", accidentType: "03", ...more } })).riskIdentify;
const lec = (l: number, e: number, c: number, more: Record<string, unknown> = {}) => ({ current: { method: "LEC", inputs: { l, e, c }, ...more } });

test("the server computes the level; a stated one that differs is refused, and so is a value outside the closed list", async () => {
  const { id } = await identify();
  const enterprise = district.as("enterprise");
  expect(await enterprise.refused(ASSESS, { k: district.key(), id, i: lec(3, 6, 15, { statedLevel: "LOW" }) })).toMatchObject({ code: "LEVEL_DISAGREES", computed: "CONSIDERABLE", score: 270 });
  expect(await enterprise.refused(ASSESS, { k: district.key(), id, i: lec(2, 6, 15) })).toMatchObject({ code: "INVALID_INPUT", field: "input.current.inputs.L", rule: "one of 10, 6, 3, 1, 0.5, 0.2, 0.1", actual: 2 });
  const { riskAssess } = await enterprise.ask(ASSESS, { k: district.key(), id, i: lec(3, 6, 15, { statedLevel: "CONSIDERABLE" }) });
  expect(riskAssess).toMatchObject({ status: "ASSESSED", currentLevel: "CONSIDERABLE", levelChanges: { nodes: [{ fromLevel: null, toLevel: "CONSIDERABLE" }] } });
  expect(riskAssess.assessments.nodes).toEqual([{ score: "270", computedLevel: "CONSIDERABLE", methodVersion: { versionCode: "2023" } }]);
});

test("a risk comes into force with measure, person and plan, approved by who may", async () => {
  const { id } = await identify();
  await district.as("enterprise").ask(ASSESS, { k: district.key(), id, i: lec(6, 6, 15) });
  expect(await district.as("street").refused(APPROVE, { k: district.key(), id, i: {} })).toMatchObject({ code: "FORBIDDEN" });
  expect(await district.as("sector").refused(APPROVE, { k: district.key(), id, i: {} })).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_06_in_force_needs_measure" });
  expect(await district.as("stranger").refused(APPROVE, { k: district.key(), id, i: {} })).toMatchObject({ code: "NOT_FOUND" });
});
