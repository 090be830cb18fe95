import type { Character, District } from "./district.js";

/** Inputs of LEC for each level. */
export const LEC = { MAJOR: { l: 6, e: 6, c: 15 }, CONSIDERABLE: { l: 3, e: 6, c: 15 }, MODERATE: { l: 3, e: 6, c: 7 }, LOW: { l: 0.5, e: 6, c: 7 } } as const;
export type Level = keyof typeof LEC;
export const assessed = (level: Level) => ({ current: { method: "LEC", inputs: LEC[level] } });

export interface Made {
  id: string;
  version: number;
}

interface Deed {
  by?: string;
  on?: Made;
  input?: Record<string, unknown>;
  /** Selected of the row the action gives. */
  show?: string;
}

// What an action gives is read by path in assertions.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Shown = any;

/** Leads risks and review rounds through their lives by the actions, each in a line. */
export class RiskStage {
  private experts: string[] = [];

  constructor(readonly district: District) {}

  private call(mutation: string, { on, input, show = "" }: Deed): [string, Record<string, unknown>] {
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
    const variables = `$k:String!${on ? ",$id:ID!,$v:Int!" : ""}${input ? `,$i:${type}!` : ""}`;
    const args = `idempotencyKey:$k${on ? ",id:$id,expectedVersion:$v" : ""}${input ? ",input:$i" : ""}`;
    return [`mutation(${variables}){${mutation}(${args}){id version ${show}}}`, { k: this.district.key(), id: on?.id, v: on?.version, i: input }];
  }

  as = (name: string): Character => this.district.as(name);

  async do(mutation: string, deed: Deed): Promise<Shown> {
    return (await this.as(deed.by ?? "office").ask(...this.call(mutation, deed)))[mutation];
  }

  /** What the refusal of an action says. */
  refused(mutation: string, deed: Deed): Promise<Record<string, unknown>> {
    return this.as(deed.by ?? "office").refused(...this.call(mutation, deed));
  }

  raw = (mutation: string, deed: Deed) => this.as(deed.by ?? "office").raw(...this.call(mutation, deed));

  /** Three experts of the district. */
  async panel(): Promise<string[]> {
    for (let index = this.experts.length; index < 3; index += 1) this.experts.push((await this.do("personRegister", { input: { region: this.district.regions["yubei"], name: `示例专家${index}`, kind: "EXPERT" } })).id);
    return this.experts;
  }

  async assessedRisk(level: Level, more: Record<string, unknown> = {}): Promise<Made> {
    const person = await this.do("personRegister", { input: { region: this.district.regions["village"], name: "示例责任人", kind: "ENTERPRISE" } });
    const risk = await this.do("riskIdentify", { input: { subject: this.district.sites[0], name: `示例风险 ${level}`, responsiblePerson: person.id, emergencyPlanRef: "预案-01", measures: [{ kind: "ENGINEERING", description: "联锁" }], ...more } });
    return this.do("riskAssess", { on: risk, input: assessed(level) });
  }

  /** A risk in force; a major one on an expert round. */
  async inForce(level: Level, more: Record<string, unknown> = {}): Promise<Made> {
    const risk = await this.assessedRisk(level, more);
    if (level === "MAJOR") await this.argued(risk, { decision: "KEEP" });
    return this.do("riskApprove", { on: risk });
  }

  reviewing = async (level: Level): Promise<Made> => this.do("riskStartReview", { on: await this.inForce(level), input: { trigger: "NEW_PROCESS", reason: "工艺变更" } });

  plan(kind: string, more: Record<string, unknown> = {}): Promise<Made> {
    const regular = ["MONTHLY_IDENTIFICATION", "QUARTERLY_CONSULTATION"].includes(kind);
    return this.do("riskReviewRoundPlan", { input: { region: this.district.regions["yubei"], kind, title: `示例轮次 ${kind}`, periodFrom: "2026-10-01", ...(regular ? {} : { periodTo: "2026-12-31", occasion: "示例活动" }), ...more } });
  }

  async held(kind: string, more: Record<string, unknown> = {}): Promise<Made> {
    let round = await this.plan(kind, more);
    round = await this.do("riskReviewRoundAddParticipant", { on: round, input: { role: "CONVENOR", organization: (await this.department()).id } });
    for (const person of kind === "EXPERT_ARGUMENTATION" ? await this.panel() : [(await this.panel())[0]!]) round = await this.do("riskReviewRoundAddParticipant", { on: round, input: { role: "EXPERT", person, speciality: "机械", opinion: "同意" } });
    return this.do("riskReviewRoundHold", { on: round });
  }

  private body: Made | undefined;
  async department(): Promise<Made> {
    this.body ??= await this.do("organizationRegister", { input: { region: this.district.regions["yubei"], name: "示例牵头部门", kind: "GOV_DEPT", sectors: ["INDUSTRY_TRADE"] } });
    return this.body!;
  }

  /** Monthly rounds of a quarter, concluded. */
  async months(firsts = ["2026-07-01", "2026-08-01", "2026-09-01"], more: Record<string, unknown> = {}): Promise<string[]> {
    const rounds: string[] = [];
    for (const periodFrom of firsts) rounds.push((await this.do("riskReviewRoundConclude", { on: await this.held("MONTHLY_IDENTIFICATION", { periodFrom, ...more }), input: { conclusion: "无新增" } })).id);
    return rounds;
  }

  /** A concluded round's decision on a risk; gives the decision's id. */
  async argued(risk: Made, { kind = "EXPERT_ARGUMENTATION", conclude = {}, round: planned, ...decision }: Record<string, unknown> & { kind?: string; conclude?: Record<string, unknown>; round?: Record<string, unknown> }): Promise<string> {
    let round = await this.held(kind, planned);
    round = await this.do("riskReviewRoundDecide", { on: round, input: { risk: risk.id, reason: "论证意见一致", ...decision } });
    await this.do("riskReviewRoundConclude", { on: round, input: { conclusion: "见决定", ...conclude } });
    return this.decisionOf(round.id, risk.id);
  }

  async decisionOf(round: string, risk: string): Promise<string> {
    const { riskReviewRound } = await this.as("office").ask("query($id:ID!){riskReviewRound(id:$id){decisions(first:100){nodes{id risk{id}}}}}", { id: round });
    return (riskReviewRound.decisions.nodes as { id: string; risk: { id: string } }[]).find((decision) => decision.risk.id === risk)!.id;
  }
}
