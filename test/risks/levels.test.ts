import { beforeAll, describe, expect, test } from "@jest/globals";
import { inUnit, lane } from "../support/database.js";
import { assessPlainly } from "../support/plain-assessment.js";
import { useDistrict } from "../support/district.js";
import { assessed, RiskStage } from "../support/risk-stage.js";

const district = useDistrict();
const stage = new RiskStage(district);
const uuid = (id: string) => id.split("_")[1]!;

/** Plain SQL in a unit: what the database refuses is told by its constraint. */
const plainly = (text: string, values: unknown[] = []) => inUnit(district.database.engine, async (client) => void (await client.query(text, values)));

beforeAll(async () => {
  // The lead of the first site and another department, each with a person who acts for it.
  const lead = (await district.as("office").ask("query($id:ID!){regulatedSubject(id:$id){currentRegulators(first:1){nodes{organization{id}}}}}", { id: district.sites[0] })).regulatedSubject.currentRegulators.nodes[0].organization.id as string;
  for (const [name, organization] of [["of_lead", lead], ["of_other", (await stage.department()).id]] as const) {
    const person = await stage.do("personRegister", { input: { region: district.regions["yubei"], name: `示例${name}`, kind: "OFFICIAL", organization } });
    await district.admit(name, "SECTOR_REGULATOR", "yubei", { sectors: ["INDUSTRY_TRADE"], person: person.id });
  }
  await district.admit("principal", "ENTERPRISE_PRINCIPAL", null, { subject: district.sites[0] });
}, 60_000);

describe("approval goes by level", () => {
  test("levels three and four by the town or the principal, not by the reporter", async () => {
    for (const [by, level] of [["street", "MODERATE"], ["principal", "LOW"]] as const) expect(await stage.do("riskApprove", { by, on: await stage.assessedRisk(level), show: "status" })).toMatchObject({ status: "IN_FORCE" });
    expect(await stage.refused("riskApprove", { by: "enterprise", on: await stage.assessedRisk("LOW") })).toMatchObject({ code: "FORBIDDEN" });
  });

  test("the two highest by the lead department alone, where the department is known", async () => {
    const risk = await stage.assessedRisk("CONSIDERABLE");
    for (const by of ["street", "principal", "of_other"]) expect(await stage.refused("riskApprove", { by, on: risk })).toMatchObject({ code: "FORBIDDEN" });
    expect(await stage.do("riskApprove", { by: "of_lead", on: risk, show: "status" })).toMatchObject({ status: "IN_FORCE" });
  });

  test("major only on an expert round since it became so, by the action and by plain SQL", async () => {
    const risk = await stage.assessedRisk("MAJOR");
    expect(await stage.refused("riskApprove", { on: risk })).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_07_major_needs_experts" });
    await expect(plainly("update risks set status = 'IN_FORCE' where id = $1", [uuid(risk.id)])).rejects.toMatchObject({ constraint: "inv_07_major_needs_experts" });
    await stage.argued(risk, { kind: "MAJOR_EVENT", decision: "KEEP" });
    expect(await stage.refused("riskApprove", { on: risk })).toMatchObject({ rule: "inv_07_major_needs_experts" });
    await stage.argued(risk, { decision: "KEEP" });
    expect(await stage.do("riskApprove", { by: "of_lead", on: risk, show: "status" })).toMatchObject({ status: "IN_FORCE" });
  });

  test("a major level that fell and rose again is argued anew", async () => {
    let risk = await stage.assessedRisk("MAJOR");
    await stage.argued(risk, { decision: "KEEP" });
    for (const level of ["LOW", "MAJOR"] as const) {
      risk = await stage.do("riskReturn", { on: risk, input: { reason: "补充" } });
      // Not yet in force: no approved level is lowered.
      risk = await stage.do("riskAssess", { on: risk, input: assessed(level) });
    }
    expect(await stage.refused("riskApprove", { on: risk })).toMatchObject({ rule: "inv_07_major_needs_experts" });
  });
});

describe("a level is lowered only on a decision", () => {
  const LEVELS = "status currentLevel reassessTrigger levelChanges(first:9){nodes{fromLevel toLevel trigger approvedBy{name} round{kind} decision{decision}}}";

  test("from major on that of an expert round; the change names round, trigger and approver", async () => {
    const risk = await stage.reviewing("MAJOR");
    const conclude = (input: Record<string, unknown>, by = "of_lead") => ({ by, on: risk, input: { ...assessed("MODERATE"), reason: "整改后复评", ...input }, show: LEVELS });
    expect(await stage.refused("riskConcludeReview", conclude({}))).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_07_lowering_needs_a_round" });
    expect(await stage.refused("riskConcludeReview", conclude({}, "street"))).toMatchObject({ code: "FORBIDDEN" });
    // A consultation may lower from considerable only; a decision to another level is no leave; one of a round under way is none yet.
    const consulted = await stage.argued(risk, { kind: "QUARTERLY_CONSULTATION", round: { periodFrom: "2026-07-01" }, conclude: { monthlyRounds: await stage.months() }, decision: "LOWER", toLevel: "MODERATE" });
    expect(await stage.refused("riskConcludeReview", conclude({ decision: consulted }))).toMatchObject({ rule: "inv_07_lowering_needs_a_round" });
    const elsewhere = await stage.argued(risk, { decision: "LOWER", toLevel: "LOW" });
    expect(await stage.refused("riskConcludeReview", conclude({ decision: elsewhere }))).toMatchObject({ rule: "inv_07_decision_is_of_this_change" });
    const round = await stage.do("riskReviewRoundDecide", { on: await stage.held("EXPERT_ARGUMENTATION"), input: { risk: risk.id, decision: "LOWER", toLevel: "MODERATE", reason: "已隔离" } });
    const decision = await stage.decisionOf(round.id, risk.id);
    expect(await stage.refused("riskConcludeReview", conclude({ decision }))).toMatchObject({ rule: "inv_07_decision_is_of_this_change" });
    await stage.do("riskReviewRoundConclude", { on: round, input: { conclusion: "同意降级" } });
    const lowered = await stage.do("riskConcludeReview", conclude({ decision }));
    expect(lowered).toMatchObject({ status: "IN_FORCE", currentLevel: "MODERATE", reassessTrigger: null });
    expect(lowered.levelChanges.nodes[0]).toEqual({ fromLevel: "MAJOR", toLevel: "MODERATE", trigger: "NEW_PROCESS", approvedBy: { name: "示例of_lead" }, round: { kind: "EXPERT_ARGUMENTATION" }, decision: { decision: "LOWER" } });

    // Raised again at once and without a round, and lowered a second time on the same decision: once is all it is good for.
    let again = await stage.do("riskStartReview", { by: "street", on: lowered, input: { trigger: "ACCIDENT", reason: "发生事故" } });
    again = await stage.do("riskConcludeReview", { by: "street", on: again, input: { ...assessed("MAJOR"), reason: "事故后复评" }, show: LEVELS });
    expect(again).toMatchObject({ status: "IN_FORCE", currentLevel: "MAJOR", levelChanges: { nodes: [{ fromLevel: "MODERATE", toLevel: "MAJOR", trigger: "ACCIDENT", round: null, decision: null }, {}, {}] } });
    again = await stage.do("riskStartReview", { on: again, input: { trigger: "PERIODIC", reason: "到期" } });
    expect(await stage.refused("riskConcludeReview", { on: again, input: { ...assessed("MODERATE"), decision, reason: "再降" } })).toMatchObject({ code: "DUPLICATE", rule: "level_change_by_decision" });
    // And kept as major it is argued by experts since it became so.
    expect(await stage.refused("riskConcludeReview", { on: again, input: { ...assessed("MAJOR"), reason: "维持" } })).toMatchObject({ rule: "inv_07_major_needs_experts" });
    await stage.argued(again, { decision: "KEEP" });
    expect(await stage.do("riskConcludeReview", { on: again, input: { ...assessed("MAJOR"), reason: "维持" }, show: "currentLevel" })).toMatchObject({ currentLevel: "MAJOR" });
  });

  test("from considerable on that of a consultation; from moderate on none; a decision on another risk is no leave", async () => {
    const [risk, other] = [await stage.reviewing("CONSIDERABLE"), await stage.reviewing("CONSIDERABLE")];
    const input = { ...assessed("LOW"), reason: "整改后复评" };
    expect(await stage.refused("riskConcludeReview", { on: risk, input })).toMatchObject({ rule: "inv_07_lowering_needs_a_round" });
    const scope = { sector: "INDUSTRY_TRADE" };
    const decision = await stage.argued(risk, { kind: "QUARTERLY_CONSULTATION", round: { periodFrom: "2026-07-01", ...scope }, conclude: { monthlyRounds: await stage.months(undefined, scope) }, decision: "LOWER", toLevel: "LOW" });
    expect(await stage.refused("riskConcludeReview", { on: other, input: { ...input, decision } })).toMatchObject({ rule: "inv_07_decision_is_of_this_change" });
    const low = await stage.do("riskConcludeReview", { on: risk, input: { ...input, decision }, show: LEVELS });
    expect(low).toMatchObject({ currentLevel: "LOW" });
    const moderate = await stage.reviewing("MODERATE");
    expect(await stage.do("riskConcludeReview", { by: "principal", on: moderate, input, show: LEVELS })).toMatchObject({ currentLevel: "LOW" });
  });

  test("plain SQL is held to the same", async () => {
    const risk = uuid((await stage.reviewing("MAJOR")).id);
    const lower = (more: string, values: unknown[] = []) =>
      inUnit(district.database.engine, async (client) => {
        await client.query(more, [risk, ...values]);
        await assessPlainly(client, [{ id: risk, level: "LOW" }], ", status = 'IN_FORCE', reassess_trigger = null");
      });
    const change = (columns = "", values = "") => `insert into risk_level_changes (id, risk_id, from_level, to_level, changed_at${columns}) values (gen_random_uuid(), $1, 'MAJOR', 'LOW', now()${values})`;
    const leave = [", reassess_trigger, approved_by", ", 'PERIODIC', gen_random_uuid()"] as const;
    await expect(lower("select $1::uuid")).rejects.toMatchObject({ constraint: "inv_07_level_change_written" });
    await expect(lower(change())).rejects.toMatchObject({ constraint: "inv_07_change_names_trigger_and_approver" });
    await expect(lower(change(...leave))).rejects.toMatchObject({ constraint: "inv_07_lowering_needs_a_round" });
    const decision = uuid(await stage.argued({ id: `Risk_${risk}`, version: 0 }, { decision: "LOWER", toLevel: "LOW" }));
    await expect(lower(change(`${leave[0]}, decision_id`, `${leave[1]}, '${decision}'`))).rejects.toMatchObject({ constraint: "level_change_names_its_round" });
    await lower(`insert into risk_level_changes (id, risk_id, from_level, to_level, changed_at, reassess_trigger, approved_by, decision_id, round_id) select gen_random_uuid(), $1, 'MAJOR', 'LOW', now(), 'PERIODIC', gen_random_uuid(), id, round_id from review_round_decisions where id = $2`, [decision]);
    await expect(plainly("update review_round_decisions set to_level = 'MODERATE' where id = $1", [decision])).rejects.toMatchObject({ constraint: "review_round_is_open" });
    await expect(plainly("update risks set status = 'REVIEWING' where id = $1", [risk])).rejects.toMatchObject({ constraint: "review_has_trigger" });
  });

  if (lane === "postgresql") test("two reviews at once use a decision once", async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const risk = await stage.reviewing("MAJOR");
      const decision = await stage.argued(risk, { decision: "LOWER", toLevel: "LOW" });
      const answers = await Promise.all([0, 1, 2].map(() => stage.raw("riskConcludeReview", { on: risk, input: { ...assessed("LOW"), decision, reason: "并发" } })));
      expect(answers.filter(({ errors }) => !errors)).toHaveLength(1);
      const { rows } = await district.database.engine.pool.query("select count(*)::int as uses from risk_level_changes where decision_id = $1", [uuid(decision)]);
      expect(rows).toEqual([{ uses: 1 }]);
      // Plain SQL takes no lock on the risk before it writes the change: the decision itself is what only one may have.
      const raise = await stage.argued({ id: risk.id, version: 0 }, { decision: "RAISE", toLevel: "MODERATE" });
      const use = () =>
        inUnit(district.database.engine, async (client) => {
          await client.query("insert into risk_level_changes (id, risk_id, from_level, to_level, changed_at, reassess_trigger, approved_by, decision_id, round_id) select gen_random_uuid(), risk_id, 'LOW', 'MODERATE', now(), 'PERIODIC', gen_random_uuid(), id, round_id from review_round_decisions where id = $1", [uuid(raise)]);
          await assessPlainly(client, [{ id: uuid(risk.id), level: "MODERATE" }]);
        });
      const used = await Promise.allSettled([use(), use()]);
      const refusals = used.flatMap((one) => (one.status === "rejected" ? [(one.reason as { constraint?: string }).constraint] : []));
      expect(refusals).toHaveLength(1);
      expect(["level_change_by_decision", "inv_07_chain_unbroken"]).toContain(refusals[0]);
    }
  });
});

describe("retirement", () => {
  test("of the two highest levels needs a round's decision and evidence; of the others the lead's word", async () => {
    const evidence = [await district.evidence("office", "拆除照片")];
    for (const [level, kind, wrong] of [["MAJOR", "EXPERT_ARGUMENTATION", "MAJOR_EVENT"], ["CONSIDERABLE", "EXPERT_ARGUMENTATION", "KEY_DATE"]] as const) {
      const risk = await stage.inForce(level);
      const retire = (input: Record<string, unknown>) => ({ on: risk, input: { reason: "装置拆除", ...input }, show: "status evidence(first:5){nodes{attachment{fileName}}}" });
      expect(await stage.refused("riskRetire", retire({ evidence }))).toMatchObject({ rule: "retirement_needs_a_round" });
      expect(await stage.refused("riskRetire", retire({ evidence, decision: await stage.argued(risk, { kind: wrong, decision: "RETIRE" }) }))).toMatchObject({ rule: "retirement_needs_a_round" });
      const decision = await stage.argued(risk, { kind, decision: "RETIRE" });
      expect(await stage.refused("riskRetire", retire({ decision }))).toMatchObject({ rule: "retirement_needs_evidence" });
      expect(await stage.refused("riskRetire", { ...retire({ decision, evidence: [await district.evidence("of_other", "另一部门的照片")] }), by: "of_other" })).toMatchObject({ code: "FORBIDDEN" });
      await expect(plainly("update risks set status = 'RETIRED', retire_reason = '拆除' where id = $1", [uuid(risk.id)])).rejects.toMatchObject({ constraint: "retirement_needs_a_round" });
      expect(await stage.do("riskRetire", { ...retire({ decision, evidence }), by: "office" })).toMatchObject({ status: "RETIRED", evidence: { nodes: [{ attachment: { fileName: "after.txt" } }] } });
    }
    expect(await stage.do("riskRetire", { by: "of_lead", on: await stage.inForce("LOW"), input: { reason: "停产" }, show: "status" })).toMatchObject({ status: "RETIRED" });
  });
});
