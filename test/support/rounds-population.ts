import type { District } from "./district.js";
import { assessed, RiskStage } from "./risk-stage.js";

/** Review rounds of every kind, what they decided, risks raised for a time and laid aside: for what asks of everything. */
export async function convene(district: District): Promise<void> {
  const stage = new RiskStage(district);
  const huixing = { region: district.regions["huixing"] };
  const monthlyRounds = await stage.months(undefined, { sector: "INDUSTRY_TRADE" });
  await stage.months(["2026-08-01"], huixing);
  await stage.plan("MONTHLY_IDENTIFICATION", { ...huixing, periodFrom: "2026-09-01", plannedFor: "2026-09-20" });
  const considerable = await stage.reviewing("CONSIDERABLE");
  const decision = await stage.argued(considerable, { kind: "QUARTERLY_CONSULTATION", round: { periodFrom: "2026-07-01", sector: "INDUSTRY_TRADE" }, conclude: { monthlyRounds, documents: [await district.evidence("office", "会议纪要")] }, decision: "LOWER", toLevel: "LOW" });
  const lowered = await stage.do("riskConcludeReview", { on: considerable, input: { ...assessed("LOW"), decision, reason: "会商同意" } });
  const raise = async (on: typeof lowered, kind: string, toLevel: string, more: Record<string, unknown>) => stage.do("riskElevate", { on, input: { decision: await stage.argued(on, { kind, decision: "ELEVATE", toLevel }), reason: "示例", ...more }, show: "elevations(first:5){nodes{id version}}" });
  const ended = await raise(lowered, "KEY_DATE", "MODERATE", { validTo: "2098-01-01T00:00:00+08:00" });
  await stage.do("temporaryRiskElevationEnd", { on: ended.elevations.nodes[0], input: { reason: "解除" } });
  await raise(await stage.inForce("MODERATE", { subject: district.sites[1] }), "IMMINENT_DISASTER", "MAJOR", { validTo: "2098-01-01T00:00:00+08:00" });
  await raise(await stage.inForce("LOW"), "MAJOR_EVENT", "CONSIDERABLE", { validFrom: "2097-01-01T00:00:00+08:00", validTo: "2098-01-01T00:00:00+08:00" });
  const major = await stage.inForce("MAJOR");
  const retire = await stage.argued(major, { decision: "RETIRE" });
  await stage.do("riskRetire", { on: major, input: { reason: "拆除", decision: retire, evidence: [await district.evidence("office", "拆除照片")] } });
  const stop = { kind: "MAINTENANCE", validTo: "2098-01-01T00:00:00+08:00", reason: "检修" };
  const person = (await stage.panel())[0];
  for (const resumed of [true, false]) {
    const asked = await stage.do("riskSuspend", { by: "enterprise", on: await stage.inForce("LOW"), input: stop, show: "stopRecords(first:1){nodes{id}}" });
    const stopped = await stage.do("riskConfirmStop", { on: asked, input: { stopRecord: asked.stopRecords.nodes[0].id } });
    if (resumed) await stage.do("riskResume", { on: stopped, input: { preStartCheck: "无异常", checkedBy: person } });
  }
  await stage.do("riskSuspend", { by: "enterprise", on: await stage.inForce("LOW"), input: { ...stop, kind: "STOPPED" } });
}
