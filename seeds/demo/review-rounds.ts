import type { Pool } from "pg";
import type { Actor } from "../../src/platform/actor.js";
import { day, Dice, END, FIRST_DAY, iso, TOWNS } from "./story.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Inputs of LEC that give each level. */
const INPUTS: Readonly<Record<string, { l: number; e: number; c: number }>> = { MAJOR: { l: 6, e: 6, c: 15 }, CONSIDERABLE: { l: 3, e: 6, c: 15 }, MODERATE: { l: 3, e: 6, c: 7 }, LOW: { l: 0.5, e: 6, c: 7 } };
const RANK = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"];

/** Occasions for which risks are raised for a time; the last still runs when the story ends. */
const OCCASIONS = [
  ["MAJOR_EVENT", "国庆中秋文旅活动", "2025-09-28", "2025-10-09"],
  ["KEY_DATE", "春节", "2026-02-12", "2026-02-25"],
  ["IMMINENT_DISASTER", "暴雨红色预警(演示)", "2026-07-08", "2026-07-11"],
  ["MAJOR_EVENT", "城市马拉松(虚构)", "2026-10-24", "2026-11-08"],
] as const;

/** What the rounds need of the one who tells the story. */
export interface Stage {
  pool: Pool;
  do(actor: Actor, action: string, clock: string, args: { id?: string; input?: Record<string, unknown> }): Promise<string>;
  schedule(at: number, run: (clock: string) => Promise<void>): void;
  region(code: string): string;
  person(label: string, kind: string, code: string, clock: string, more: Record<string, unknown>): Promise<string>;
  town(index: number): Actor;
  organization(code: string): string;
}

interface Waiting {
  id: string;
  approve: (clock: string) => Promise<void>;
}

/** The demo's review rounds: monthly and quarterly as the rules ask, some missed and some late; experts for major risks; risks raised for an occasion. */
export class RoundsStory {
  private readonly dice = new Dice(20_251_001);
  private readonly experts: string[] = [];
  private readonly waiting: Waiting[] = [];
  private readonly monthly: { town: number; first: string; id: string }[] = [];

  constructor(
    private readonly stage: Stage,
    private readonly office: Actor,
  ) {}

  async prepare(clock: string): Promise<void> {
    for (const [index, field] of ["机械", "电气", "化工", "建筑", "消防"].entries()) this.experts.push(await this.stage.person(`专家·${index + 1}`, "EXPERT", "500112000000", clock, { post: `${field}专业高级工程师` }));
  }

  /** Plans all that is known beforehand. */
  plan(): void {
    for (let month = 0; month < 18; month += 1) {
      const first = day(Date.UTC(2025, 4 + month, 1));
      TOWNS.forEach((_, town) => this.month(town, first));
    }
    for (let quarter = 0; quarter < 5; quarter += 1) {
      const first = day(Date.UTC(2025, 6 + quarter * 3, 1));
      TOWNS.forEach((_, town) => this.quarter(town, first));
      this.quarter(null, first);
    }
    for (const [kind, name, from, to] of OCCASIONS) this.occasion(kind, name, from, to);
  }

  private async levelOf(id: string): Promise<string> {
    const { rows } = await this.stage.pool.query("select current_level as level from risks where id = $1", [id.slice(id.indexOf("_") + 1)]);
    return (rows[0] as { level: string }).level;
  }

  private async plannedRound(by: Actor, kind: string, code: string, clock: string, more: Record<string, unknown>): Promise<string> {
    return this.stage.do(by, "riskReviewRound.plan", clock, { input: { region: this.stage.region(code), kind, title: String(more["title"]), ...more } });
  }

  /** Holds a round with its people, lets it decide, and concludes it. */
  private async hold(by: Actor, id: string, clock: string, { experts = 0, convenor, decide = [], conclude = {} }: { experts?: number; convenor: string; decide?: readonly Record<string, unknown>[]; conclude?: Record<string, unknown> }): Promise<void> {
    const { stage } = this;
    await stage.do(by, "riskReviewRound.addParticipant", clock, { id, input: { role: "CONVENOR", organization: convenor } });
    const seated = Array.from({ length: experts }, (_, index) => this.experts[(index + this.waiting.length) % this.experts.length]!);
    for (const person of new Set(seated)) await stage.do(by, "riskReviewRound.addParticipant", clock, { id, input: { role: "EXPERT", person, speciality: "安全工程", opinion: "同意论证意见" } });
    await stage.do(by, "riskReviewRound.hold", clock, { id, input: { venue: "区应急指挥中心(演示)" } });
    for (const input of decide) await stage.do(by, "riskReviewRound.decide", clock, { id, input });
    await stage.do(by, "riskReviewRound.conclude", clock, { id, input: { conclusion: "风险总体可控,按决定落实管控(演示)", ...conclude } });
  }

  private async decisionOf(round: string, risk: string): Promise<string> {
    const [roundId, riskId] = [round, risk].map((id) => id.slice(id.indexOf("_") + 1));
    const { rows } = await this.stage.pool.query("select id from review_round_decisions where round_id = $1 and risk_id = $2", [roundId, riskId]);
    return `RiskReviewDecision_${(rows[0] as { id: string }).id}`;
  }

  private month(town: number, first: string): void {
    const { code, name } = TOWNS[town]!;
    const from = Date.parse(`${first}T09:00:00+08:00`);
    const fate = this.dice.next();
    // One in twenty is never held, one in twenty only in the month after.
    const at = from + (fate < 0.05 ? Number.NaN : (fate < 0.1 ? 35 : 22) * DAY + this.dice.int(0, 4) * DAY + this.dice.int(0, 7) * HOUR);
    this.stage.schedule(Math.max(from, Date.parse(`${FIRST_DAY}T08:30:00+08:00`)), async (clock) => {
      const id = await this.plannedRound(this.stage.town(town), "MONTHLY_IDENTIFICATION", code, clock, { title: `${name}${first.slice(0, 7)}风险识别`, periodFrom: first });
      if (Number.isNaN(at)) return;
      this.stage.schedule(at, async (then) => {
        await this.hold(this.stage.town(town), id, then, { convenor: this.stage.organization(code) });
        this.monthly.push({ town, first, id });
        if (this.dice.chance(0.5)) await this.stage.do(this.stage.town(town), "riskReviewRound.publish", then, { id, input: { publicationRef: `演示识别〔${first.slice(0, 4)}〕${Number(first.slice(5, 7))}号` } });
      });
    });
  }

  /** A town's consultation, or the district's; without a monthly round of each of its months it is not held. */
  private quarter(town: number | null, first: string): void {
    const last = Date.UTC(Number(first.slice(0, 4)), Number(first.slice(5, 7)) + 2, 1) - DAY - 8 * HOUR;
    const code = town === null ? "500112000000" : TOWNS[town]!.code;
    const by = () => (town === null ? this.office : this.stage.town(town));
    const title = `${town === null ? "渝北区" : TOWNS[town]!.name}${first.slice(0, 4)}年${Math.ceil(Number(first.slice(5, 7)) / 3)}季度会商`;
    this.stage.schedule(Date.parse(`${first}T10:00:00+08:00`), async (clock) => {
      const id = await this.plannedRound(by(), "QUARTERLY_CONSULTATION", code, clock, { title, periodFrom: first });
      // On the last day of the quarter, in the afternoon.
      this.stage.schedule(last + (town === null ? 16 : 14) * HOUR, async (then) => {
        const months = [0, 1, 2].map((step) => day(Date.UTC(Number(first.slice(0, 4)), Number(first.slice(5, 7)) - 1 + step, 1)));
        const cited = months.map((month) => this.monthly.filter((round) => round.first === month && (town === null || round.town === town)).map((round) => round.id));
        if (cited.some((rounds) => rounds.length === 0)) return;
        const lowered = town === null ? await this.considerable() : [];
        await this.hold(by(), id, then, { experts: 2, convenor: this.stage.organization(town === null ? "INDUSTRY_TRADE" : code), decide: lowered.map(({ id: risk }) => ({ risk, decision: "LOWER", toLevel: "MODERATE", reason: "管控措施到位,会商同意降级" })), conclude: { monthlyRounds: cited.flat() } });
        for (const { id: risk, lead } of lowered) await this.review(lead, risk, then, "ROUND", "MODERATE", await this.decisionOf(id, risk));
      });
    });
  }

  /** Two considerable risks in force, for a consultation to lower, with who leads their subjects. */
  private async considerable(): Promise<{ id: string; lead: Actor }[]> {
    const { rows } = await this.stage.pool.query("select id, subject_id from risks where status = 'IN_FORCE' and current_level = 'CONSIDERABLE' order by code limit 2");
    return (rows as { id: string; subject_id: string }[]).map((row) => ({ id: `Risk_${row.id}`, lead: this.leads.get(row.subject_id)! }));
  }

  /** Who acts for the lead of each subject, by its UUID. */
  readonly leads = new Map<string, Actor>();

  private async review(by: Actor, id: string, clock: string, trigger: string, level: string, decision?: string): Promise<void> {
    await this.stage.do(by, "risk.startReview", clock, { id, input: { trigger, reason: "研判提出" } });
    await this.stage.do(by, "risk.concludeReview", clock, { id, input: { current: { method: "LEC", inputs: INPUTS[level] }, decision, reason: "按研判决定复评" } });
  }

  /** Approves a risk; a major one waits for the experts' next meeting. */
  async approve(id: string, clock: string, approve: (clock: string) => Promise<void>): Promise<void> {
    if ((await this.levelOf(id)) !== "MAJOR") return approve(clock);
    if (this.waiting.push({ id, approve }) > 1) return;
    this.stage.schedule(Date.parse(clock) + 5 * DAY, async (meeting) => {
      const heard = this.waiting.splice(0);
      await this.argue(heard.map((risk) => ({ risk: risk.id, decision: "KEEP", reason: "专家论证:属重大风险" })), meeting);
      for (const risk of heard) await risk.approve(iso(Date.parse(meeting) + HOUR));
    });
  }

  private async argue(decide: readonly Record<string, unknown>[], clock: string): Promise<string> {
    const from = day(Date.parse(clock));
    const id = await this.plannedRound(this.office, "EXPERT_ARGUMENTATION", "500112000000", clock, { title: `重大风险专家论证 ${from}`, periodFrom: from, periodTo: day(Date.parse(clock) + 7 * DAY) });
    await this.hold(this.office, id, clock, { experts: 3, convenor: this.stage.organization("INDUSTRY_TRADE"), decide });
    return id;
  }

  /** Reviews a risk after a change; what falls from major has been argued by experts first. */
  async reviewed(by: Actor, id: string, clock: string, inputs: { l: number; e: number; c: number }): Promise<void> {
    const before = await this.levelOf(id);
    const after = inputs.l * inputs.e * inputs.c > 320 ? "MAJOR" : "CONSIDERABLE";
    await this.stage.do(by, "risk.startReview", clock, { id, input: { trigger: "NEW_PROCESS", reason: "工艺变更" } });
    let decision: string | undefined;
    if (RANK.indexOf(after) > RANK.indexOf(before)) decision = await this.decisionOf(await this.argue([{ risk: id, decision: "LOWER", toLevel: after, reason: "工艺改进后风险下降" }], clock), id);
    await this.stage.do(by, "risk.concludeReview", clock, { id, input: { current: { method: "LEC", inputs }, decision, reason: "变更后复评" } });
  }

  /** Six risks of the first town are raised for the time of an occasion. */
  private occasion(kind: string, name: string, from: string, to: string): void {
    const begins = Date.parse(`${from}T00:00:00+08:00`);
    const meets = begins - (kind === "IMMINENT_DISASTER" ? 3 * HOUR : 2 * DAY - 10 * HOUR);
    if (meets > END) return;
    this.stage.schedule(meets, async (clock) => {
      const id = await this.plannedRound(this.office, kind, "500112000000", clock, { title: `${name}安全风险研判`, periodFrom: from, periodTo: to, occasion: name });
      const { rows } = await this.stage.pool.query("select r.id from risks r join regions t on t.id = r.town_id where t.code = $1 and r.status = 'IN_FORCE' and r.current_level in ('LOW', 'MODERATE') order by r.code limit 6", [TOWNS[0].code]);
      const risks = (rows as { id: string }[]).map((row) => `Risk_${row.id}`);
      await this.hold(this.office, id, clock, { convenor: this.stage.organization("FIRE"), decide: risks.map((risk) => ({ risk, decision: "ELEVATE", toLevel: "CONSIDERABLE", reason: name })) });
      for (const risk of risks) await this.stage.do(this.office, "risk.elevate", clock, { id: risk, input: { decision: await this.decisionOf(id, risk), validFrom: iso(begins), validTo: `${to}T00:00:00+08:00`, reason: `${name}期间临时提级` } });
      await this.stage.do(this.office, "riskReviewRound.publish", clock, { id, input: { publicationRef: `演示安委办〔${from.slice(0, 4)}〕提示` } });
    });
  }
}
