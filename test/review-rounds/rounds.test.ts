import { beforeAll, describe, expect, test } from "@jest/globals";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { RiskStage } from "../support/risk-stage.js";

const district = useDistrict();
const stage = new RiskStage(district);
const uuid = (id: string) => id.split("_")[1]!;
const plainly = (text: string, values: unknown[] = []) => inUnit(district.database.engine, async (client) => void (await client.query(text, values)));
const end = { input: { conclusion: "风险总体可控" } };

describe("the life of a round", () => {
  test("planned, held, concluded, published, with who took part and what it was told by", async () => {
    const round = await stage.held("MAJOR_EVENT", { sector: "INDUSTRY_TRADE" });
    const risk = await stage.inForce("MODERATE");
    let told = await stage.do("riskReviewRoundDecide", { by: "sector", on: round, input: { risk: risk.id, decision: "RAISE", toLevel: "MAJOR", reason: "人群密集" } });
    // Decided again on the same risk is a correction.
    told = await stage.do("riskReviewRoundDecide", { by: "sector", on: told, input: { risk: risk.id, decision: "ELEVATE", toLevel: "MAJOR", reason: "活动期间" } });
    const documents = [await district.evidence("office", "会议纪要")];
    told = await stage.do("riskReviewRoundConclude", { on: told, input: { conclusion: "活动期间提级管控", documents } });
    told = await stage.do("riskReviewRoundPublish", { on: told, input: { publicationRef: "示例安委办〔2026〕9号" }, show: "code kind status occasion lapsed heldAt concludedAt conclusion publishedAt participants(first:9){nodes{role speciality opinion person{name} organization{name}}} decisions(first:9){nodes{decision fromLevel toLevel reason risk{id}}} documents(first:9){nodes{attachment{status}}} allowedActions" });
    expect(told).toMatchObject({
      kind: "MAJOR_EVENT", status: "PUBLISHED", occasion: "示例活动", lapsed: false, conclusion: "活动期间提级管控", allowedActions: [],
      participants: { nodes: [{ role: "CONVENOR", organization: { name: "示例牵头部门" }, person: null }, { role: "EXPERT", speciality: "机械", opinion: "同意", person: { name: "示例专家0" } }] },
      decisions: { nodes: [{ decision: "ELEVATE", fromLevel: "MODERATE", toLevel: "MAJOR", reason: "活动期间", risk: { id: risk.id } }] },
      documents: { nodes: [{ attachment: { status: "STORED" } }] },
    });
    expect(told.code).toMatch(/^YP-500112-\d{4}-\d{6}$/);
    expect(await stage.refused("riskReviewRoundDecide", { on: told, input: { risk: risk.id, decision: "KEEP", reason: "x" } })).toMatchObject({ code: "INVALID_TRANSITION" });
    for (const table of ["review_round_participants", "review_round_decisions"]) await expect(plainly(`update ${table} set updated_by = null where round_id = $1`, [uuid(told.id)])).rejects.toMatchObject({ constraint: "review_round_is_open" });
    for (const change of ["conclusion = '另作结论'", "held_at = held_at - interval '40 days'", "kind = 'KEY_DATE'", "period_from = period_from - 1"]) await expect(plainly(`update risk_review_rounds set ${change} where id = $1`, [uuid(told.id)])).rejects.toMatchObject({ constraint: "review_round_stands" });
    await expect(plainly("update risk_review_rounds set status = 'PLANNED' where id = $1", [uuid(told.id)])).rejects.toMatchObject({ constraint: "review_round_transition" });
  });

  test("a planned one is cancelled with its reason; one that was held is not", async () => {
    const round = await stage.plan("KEY_DATE");
    expect(await stage.do("riskReviewRoundCancel", { on: round, input: { reason: "活动取消" }, show: "status cancelReason" })).toMatchObject({ status: "CANCELLED", cancelReason: "活动取消" });
    expect(await stage.refused("riskReviewRoundCancel", { on: await stage.held("KEY_DATE"), input: { reason: "x" } })).toMatchObject({ code: "INVALID_TRANSITION" });
  });

  test("regular rounds are of a calendar month or quarter, one for a scope; others name their occasion", async () => {
    const plan = (input: Record<string, unknown>) => stage.refused("riskReviewRoundPlan", { input: { region: district.regions["huixing"], title: "x", kind: "MONTHLY_IDENTIFICATION", periodFrom: "2026-05-01", ...input } });
    expect(await plan({ periodFrom: "2026-05-02" })).toMatchObject({ code: "RULE_VIOLATED", rule: "monthly_round_is_of_a_month" });
    expect(await plan({ periodTo: "2026-07-01" })).toMatchObject({ code: "INVALID_INPUT", field: "input.periodTo" });
    expect(await plan({ kind: "QUARTERLY_CONSULTATION" })).toMatchObject({ rule: "quarterly_round_is_of_a_quarter" });
    expect(await plan({ kind: "KEY_DATE", periodTo: "2026-05-07" })).toMatchObject({ rule: "occasion_named" });
    expect(await plan({ kind: "EXPERT_ARGUMENTATION" })).toMatchObject({ field: "input.periodTo" });
    const scope = { region: district.regions["huixing"], periodFrom: "2026-05-01" };
    const first = await stage.plan("MONTHLY_IDENTIFICATION", scope);
    expect(await plan({})).toMatchObject({ code: "DUPLICATE", rule: "one_round_a_window" });
    await stage.plan("MONTHLY_IDENTIFICATION", { ...scope, sector: "GAS" });
    await stage.do("riskReviewRoundCancel", { on: first, input: { reason: "改期" } });
    await stage.plan("MONTHLY_IDENTIFICATION", scope);
  });

  test("is concluded by enough participants, an expert round by experts with an opinion", async () => {
    const empty = await stage.do("riskReviewRoundHold", { on: await stage.plan("KEY_DATE") });
    expect(await stage.refused("riskReviewRoundConclude", { on: empty, ...end })).toMatchObject({ code: "RULE_VIOLATED", rule: "round_needs_participants" });
    await expect(plainly("update risk_review_rounds set status = 'CONCLUDED', conclusion = 'x', concluded_at = now() where id = $1", [uuid(empty.id)])).rejects.toMatchObject({ constraint: "round_needs_participants" });
    const [one, two, three] = (await stage.panel()) as [string, string, string];
    let round = await stage.plan("EXPERT_ARGUMENTATION");
    const seat = async (person: string, more: Record<string, unknown> = {}) => (round = await stage.do("riskReviewRoundAddParticipant", { on: round, input: { role: "EXPERT", person, speciality: "电气", opinion: "同意", ...more } }));
    await seat(one);
    await seat(two);
    await seat(two, { opinion: "原则同意" });
    await seat(three, { opinion: undefined });
    round = await stage.do("riskReviewRoundHold", { on: round });
    expect(await stage.refused("riskReviewRoundConclude", { on: round, ...end })).toMatchObject({ rule: "round_needs_experts" });
    const layman = await stage.do("personRegister", { input: { region: district.regions["yubei"], name: "示例干部", kind: "OFFICIAL" } });
    expect(await stage.refused("riskReviewRoundAddParticipant", { on: round, input: { role: "EXPERT", person: layman.id, speciality: "x", opinion: "x" } })).toMatchObject({ code: "INVALID_INPUT", field: "input.person" });
    await expect(plainly("insert into review_round_participants (id, round_id, person_id, role, speciality, opinion) values (gen_random_uuid(), $1, $2, 'EXPERT', 'x', 'x')", [uuid(round.id), uuid(layman.id)])).rejects.toMatchObject({ constraint: "expert_is_an_expert" });
    await seat(three);
    expect(await stage.do("riskReviewRoundConclude", { on: round, ...end, show: "status" })).toMatchObject({ status: "CONCLUDED" });
  });

  test("how many experts is data, by the day it was held", async () => {
    const rule = "insert into review_round_quorums (id, kind, minimum_participants, minimum_experts, valid_from, valid_to) values (gen_random_uuid(), 'EXPERT_ARGUMENTATION', 5, 5, '2019-01-01', '2020-01-01')";
    await plainly(rule);
    await expect(plainly(rule)).rejects.toMatchObject({ constraint: "one_quorum_in_force" });
    const five = await stage.plan("EXPERT_ARGUMENTATION");
    let round = five;
    for (const person of await stage.panel()) round = await stage.do("riskReviewRoundAddParticipant", { on: round, input: { role: "EXPERT", person, speciality: "电气", opinion: "同意" } });
    round = await stage.do("riskReviewRoundHold", { on: round, input: { heldAt: "2019-06-01T09:00:00+08:00" } });
    expect(await stage.refused("riskReviewRoundConclude", { on: round, ...end })).toMatchObject({ rule: "round_needs_participants" });
    expect(await stage.refused("riskReviewRoundHold", { on: await stage.plan("EXPERT_ARGUMENTATION"), input: { heldAt: "2099-06-01T09:00:00+08:00" } })).toMatchObject({ field: "input.heldAt" });
  });

  test("a consultation cites concluded monthly rounds of its scope and of all three months", async () => {
    const scope = { sector: "HAZCHEM" };
    const [april, may] = await stage.months(["2026-04-01", "2026-05-01"], scope);
    const june = await stage.held("MONTHLY_IDENTIFICATION", { periodFrom: "2026-06-01", region: district.regions["huixing"], ...scope });
    const quarter = await stage.held("QUARTERLY_CONSULTATION", { periodFrom: "2026-04-01", monthlyRounds: [april, may], ...scope });
    const conclude = (monthlyRounds: string[]) => ({ on: quarter, input: { conclusion: "x", monthlyRounds } });
    expect(await stage.refused("riskReviewRoundConclude", conclude([]))).toMatchObject({ rule: "quarter_needs_its_three_months" });
    // The month is cited and not yet concluded; or it is of another sector, or of another quarter.
    expect(await stage.refused("riskReviewRoundConclude", conclude([june.id]))).toMatchObject({ rule: "quarter_needs_its_three_months" });
    for (const other of [{ periodFrom: "2026-06-01", sector: "GAS" }, { periodFrom: "2026-07-01", ...scope }]) expect(await stage.refused("riskReviewRoundConclude", conclude([(await stage.plan("MONTHLY_IDENTIFICATION", other)).id]))).toMatchObject({ rule: "monthly_round_within_quarter" });
    await stage.do("riskReviewRoundConclude", { on: june, ...end });
    const concluded = await stage.do("riskReviewRoundConclude", { ...conclude([june.id]), show: "status bases(first:9){nodes{monthlyRound{periodFrom}}}" });
    expect(concluded.status).toBe("CONCLUDED");
    expect((concluded.bases.nodes as { monthlyRound: { periodFrom: string } }[]).map(({ monthlyRound }) => monthlyRound.periodFrom).toSorted()).toEqual(["2026-04-01", "2026-05-01", "2026-06-01"]);
    await expect(plainly("insert into review_round_bases (id, round_id, basis_id) values (gen_random_uuid(), $1, $2)", [uuid(june.id), uuid(april!)])).rejects.toMatchObject({ constraint: "review_round_is_open" });
  });
});

describe("whose round it is", () => {
  test("a town's is not its neighbour's, a sector's department convenes for its sector, and what it decides is seen as the risk is", async () => {
    const plan = (by: string, input: Record<string, unknown>) => ({ by, input: { kind: "KEY_DATE", title: "x", periodFrom: "2026-10-01", periodTo: "2026-10-08", occasion: "国庆", ...input } });
    const own = await stage.do("riskReviewRoundPlan", plan("street", { region: district.regions["huixing"] }));
    expect(await stage.refused("riskReviewRoundPlan", plan("street", { region: district.regions["yuanyang"] }))).toMatchObject({ code: "NOT_FOUND" });
    expect(await stage.refused("riskReviewRoundPlan", plan("sector", { region: district.regions["yubei"] }))).toMatchObject({ code: "FORBIDDEN" });
    expect(await stage.refused("riskReviewRoundPlan", plan("sector", { region: district.regions["yubei"], sector: "GAS" }))).toMatchObject({ code: "FORBIDDEN" });
    expect(await stage.refused("riskReviewRoundPlan", plan("enterprise", { region: district.regions["huixing"] }))).toMatchObject({ code: "FORBIDDEN" });
    await stage.do("riskReviewRoundPlan", plan("sector", { region: district.regions["yubei"], sector: "INDUSTRY_TRADE" }));
    expect(await stage.refused("riskReviewRoundHold", { by: "sector", on: own })).toMatchObject({ code: "FORBIDDEN" });
    expect(await stage.refused("riskReviewRoundHold", { by: "neighbour", on: own })).toMatchObject({ code: "NOT_FOUND" });
    const seen = async (name: string) => (await district.as(name).ask("query($id:ID!){riskReviewRound(id:$id){id}}", { id: own.id })).riskReviewRound as unknown;
    expect([await seen("street"), await seen("auditor"), await seen("neighbour"), await seen("stranger"), await seen("enterprise"), await seen("nobody")].map(Boolean)).toEqual([true, true, false, false, false, false]);
  });

  test("a person's record tells which rounds they led or advised, as far as one sees them", async () => {
    await stage.held("KEY_DATE", { region: district.regions["huixing"] });
    const [expert] = await stage.panel();
    const record = async (name: string) => (await district.as(name).ask("query($id:ID!){person(id:$id){reviewParticipations(first:100){nodes{role speciality round{region{code}}}}}}", { id: expert })).person as { reviewParticipations: { nodes: { role: string; round: { region: { code: string } } }[] } } | null;
    expect((await record("auditor"))!.reviewParticipations.nodes).toContainEqual({ role: "EXPERT", speciality: "机械", round: { region: { code: "500112004000" } } });
    expect(await record("street")).toBeNull();
  });

  test("a round decides on risks within its scope, from the level that stands", async () => {
    const risk = await stage.inForce("LOW");
    const decide = async (more: Record<string, unknown>, input: Record<string, unknown> = {}) => stage.refused("riskReviewRoundDecide", { on: await stage.held("KEY_DATE", more), input: { risk: risk.id, decision: "KEEP", reason: "x", ...input } });
    for (const scope of [{ region: district.regions["yuanyang"] }, { sector: "GAS" }, { domain: "NATURAL_DISASTER" }]) expect(await decide(scope)).toMatchObject({ code: "RULE_VIOLATED", rule: "decision_within_scope" });
    for (const wrong of [{ decision: "KEEP", toLevel: "MAJOR" }, { decision: "RAISE" }, { decision: "RETIRE", toLevel: "LOW" }, { decision: "RAISE", toLevel: "LOW" }]) expect(await decide({}, wrong)).toMatchObject({ field: "input.toLevel" });
    expect(await decide({}, { decision: "LOWER", toLevel: "MAJOR" })).toMatchObject({ rule: "decision_moves_as_named" });
    const held = await stage.held("KEY_DATE");
    await expect(plainly("insert into review_round_decisions (id, round_id, risk_id, decision, from_level, to_level, reason) values (gen_random_uuid(), $1, $2, 'LOWER', 'MAJOR', 'LOW', 'x')", [uuid(held.id), uuid(risk.id)])).rejects.toMatchObject({ constraint: "decision_from_the_level_standing" });
    // What was acted upon is not decided otherwise afterwards.
    const decided = await stage.do("riskReviewRoundDecide", { on: held, input: { risk: risk.id, decision: "ELEVATE", toLevel: "MAJOR", reason: "x" } });
    await stage.do("riskElevate", { on: risk, input: { decision: await stage.decisionOf(held.id, risk.id), validTo: "2097-01-01T00:00:00+08:00", reason: "x" } });
    expect(await stage.refused("riskReviewRoundDecide", { on: decided, input: { risk: risk.id, decision: "KEEP", reason: "x" } })).toMatchObject({ rule: "decision_stands" });
  });
});

describe("rounds owed", () => {
  const first = `${new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 7)}-01`;
  const year = Number(first.slice(0, 4));
  interface Owed {
    kind: string;
    region: { code: string };
    periodFrom: string;
    periodTo: string;
    due: string;
    concludeBy: string;
    status: string;
    late: boolean;
    heldInTime: boolean;
    round: { id: string } | null;
    rule: { code: string };
  }
  const owed = async (name: string, args: string, at = ""): Promise<Owed[]> => {
    const text = `query${at}{reviewRoundObligations(${args}){kind region{code} periodFrom periodTo due concludeBy status late heldInTime round{id} rule{code}}}`;
    const [compiled, plain] = await Promise.all((["compiled", "plain"] as const).map((way) => district.as(name, way).ask(text)));
    expect(plain).toEqual(compiled);
    return compiled.reviewRoundObligations;
  };
  const town = (name: string) => `within:{id:{eq:"${district.regions[name]}"}}`;
  const monthly = `kinds:[MONTHLY_IDENTIFICATION]`;

  beforeAll(async () => {
    await stage.do("riskReviewRoundConclude", { on: await stage.held("MONTHLY_IDENTIFICATION", { region: district.regions["yuanyang"], periodFrom: first }), ...end });
    await stage.do("riskReviewRoundConclude", { on: await stage.held("MONTHLY_IDENTIFICATION", { region: district.regions["yuanyang"], periodFrom: "2026-03-01" }), ...end });
    await stage.plan("MONTHLY_IDENTIFICATION", { region: district.regions["yuanyang"], periodFrom: "2026-02-01" });
  });

  test("monthly by town and quarterly by district and town, each with its days", async () => {
    const rows = await owed("auditor", `from:"${year + 1}-01-01",to:"${year + 1}-06-30"`);
    const count = (kind: string, code: string) => rows.filter((row) => row.kind === kind && row.region.code === code).length;
    expect([count("MONTHLY_IDENTIFICATION", "500112004000"), count("QUARTERLY_CONSULTATION", "500112004000"), count("QUARTERLY_CONSULTATION", "500112000000"), count("MONTHLY_IDENTIFICATION", "500112000000")]).toEqual([6, 2, 2, 0]);
    expect(rows).toHaveLength(18);
    expect(rows.find((row) => row.kind === "QUARTERLY_CONSULTATION")).toMatchObject({ periodFrom: `${year + 1}-01-01`, periodTo: `${year + 1}-04-01`, due: `${year + 1}-03-31`, concludeBy: `${year + 1}-04-10`, status: "PENDING", late: false, round: null });
  });

  test("fulfilled, missed and held late are told by the instant asked for", async () => {
    const at = async (period: string, instant: string) => (await owed("auditor", `from:"${period}",to:"${period}",${monthly},${town("yuanyang")}`, `@asOf(effective:"${instant}")`)).map(({ status, late, heldInTime, round }) => ({ status, late, heldInTime, round: Boolean(round) }));
    const after = new Date(Date.now() + 1_000).toISOString();
    expect(await at(first, after)).toEqual([{ status: "FULFILLED", late: false, heldInTime: true, round: true }]);
    expect(await at(first, `${year + 3}-01-01T00:00:00+08:00`)).toEqual([{ status: "FULFILLED", late: false, heldInTime: true, round: true }]);
    // Before it was held it was pending, and had nobody held it, missed when its month was over.
    expect(await at(first, `${first}T00:00:00+08:00`)).toEqual([{ status: "PENDING", late: false, heldInTime: false, round: true }]);
    const next = new Date(Date.UTC(year, Number(first.slice(5, 7)), 1)).toISOString().slice(0, 10);
    const neighbour = async (instant: string) => (await owed("auditor", `from:"${first}",to:"${first}",${monthly},${town("huixing")}`, `@asOf(effective:"${instant}")`)).map(({ status }) => status);
    expect(await neighbour(new Date(Date.parse(`${next}T00:00:00+08:00`) - 1).toISOString())).toEqual(["PENDING"]);
    expect(await neighbour(`${next}T00:00:00+08:00`)).toEqual(["MISSED"]);
    // Planned and never held; held months later, which does not change that it was missed.
    expect(await at("2026-02-01", after)).toEqual([{ status: "MISSED", late: false, heldInTime: false, round: true }]);
    expect(await at("2026-03-01", after)).toEqual([{ status: "MISSED", late: true, heldInTime: false, round: true }]);
    const { riskReviewRounds } = await district.as("auditor").ask('{riskReviewRounds(first:9,filter:{lapsed:{eq:true},region:{code:{eq:"500112007000"}}}){nodes{periodFrom status lapsed}}}');
    expect(riskReviewRounds.nodes).toEqual([{ periodFrom: "2026-02-01", status: "PLANNED", lapsed: true }]);
  });

  test("are told to whom the rounds would be, by status and place, and refused over too long a time", async () => {
    const args = `from:"2026-01-01",to:"2026-03-31"`;
    const codes = async (name: string) => [...new Set((await owed(name, args)).map((row) => row.region.code))].toSorted();
    expect(await codes("auditor")).toEqual(["500112000000", "500112004000", "500112007000"]);
    expect(await codes("street")).toEqual(["500112004000"]);
    expect(await codes("stranger")).toEqual(["500107000000"]);
    expect(await codes("nobody")).toEqual([]);
    expect((await owed("auditor", `${args},status:[FULFILLED]`))).toEqual([]);
    expect(await district.as("auditor").refused(`{reviewRoundObligations(from:"2026-03-01",to:"2026-01-01"){status}}`)).toMatchObject({ code: "INVALID_INPUT" });
    expect(await district.as("auditor").refused(`{reviewRoundObligations(from:"1990-03-01",to:"2026-01-01"){status}}`)).toMatchObject({ code: "LIMIT_EXCEEDED" });
  });

  test("are told as of then by what was recorded then", async () => {
    const before = new Date().toISOString();
    await stage.do("riskReviewRoundConclude", { on: await stage.held("MONTHLY_IDENTIFICATION", { region: district.regions["huixing"], periodFrom: first }), ...end });
    const status = async (at: string) => (await owed("auditor", `from:"${first}",to:"${first}",${monthly},${town("huixing")}`, at)).map((row) => row.status);
    const soon = new Date(Date.now() + 1_000).toISOString();
    expect([await status(`@asOf(recorded:"${before}",effective:"${soon}")`), await status(`@asOf(effective:"${soon}")`)]).toEqual([["PENDING"], ["FULFILLED"]]);
  });

  test("follow the rules in force, which are data: by sector, from a day on", async () => {
    await plainly("update review_round_rules set valid_to = '2040-01-01' where code = 'MONTHLY_TOWN'");
    await plainly("insert into review_round_rules (id, code, kind, domain, region_level, period, sectors, grace_days, valid_from) values (gen_random_uuid(), 'MONTHLY_TOWN_2040', 'MONTHLY_IDENTIFICATION', 'WORK_SAFETY', 'TOWN', 'MONTH', array['GAS','HAZCHEM'], 3, '2040-01-01')");
    const rows = await owed("auditor", `from:"2039-12-01",to:"2040-01-31",${monthly},${town("huixing")}`);
    expect(rows.map(({ rule, periodFrom }) => [rule.code, periodFrom])).toEqual([["MONTHLY_TOWN", "2039-12-01"], ["MONTHLY_TOWN_2040", "2040-01-01"], ["MONTHLY_TOWN_2040", "2040-01-01"]]);
    await expect(plainly("insert into review_round_rules (id, code, kind, domain, region_level, period, valid_from) values (gen_random_uuid(), 'AGAIN', 'MONTHLY_IDENTIFICATION', 'WORK_SAFETY', 'TOWN', 'MONTH', '2041-01-01')")).rejects.toMatchObject({ constraint: "one_rule_in_force" });
  });
});
