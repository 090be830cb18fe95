import { button, byId, element } from "./elements.js";
import { ask, Refused } from "./service.js";
import type { ViewState } from "./view.js";
import { LEVELS, LOOKS, told, type Level } from "./words.js";

interface Named {
  name: string;
  post: string | null;
  dutyPhone?: string | null;
}
interface RiskCard {
  code: string;
  name: string;
  effectiveLevel: Level | null;
  elevated: boolean;
  status: string;
  nextReviewDue: string | null;
  reviewOverdue: boolean;
  region: { name: string };
  responsiblePerson: Named | null;
  measures: { nodes: { kind: string; description: string; effective: boolean }[] };
  hiddenDangers: { totalCount: number; nodes: { code: string; title: string; grade: string; status: string; effectiveDeadline: string | null; overdue: boolean }[] };
  subject: { name: string; currentAssignments: { nodes: { slot: { nameZh: string; scheme: { nameZh: string } }; person: Named }[] } };
}

const RISK = `Card($code: String!) {
  risks(first: 1, filter: { code: { eq: $code } }) { nodes {
    code name effectiveLevel elevated status nextReviewDue reviewOverdue region { name } responsiblePerson { name post dutyPhone }
    measures(first: 20) { nodes { kind description effective } }
    hiddenDangers(first: 20, filter: { open: { eq: true } }) { totalCount nodes { code title grade status effectiveDeadline overdue } }
    subject { name currentAssignments(first: 20) { nodes { slot { nameZh scheme { nameZh } } person { name post dutyPhone } } } }
  } }
}`;
const DANGER = `Danger($code: String!) {
  hiddenDangers(first: 1, filter: { code: { eq: $code } }) { nodes { code title grade status effectiveDeadline overdue region { name } subject { name } } }
}`;
const SUBJECT = `Subject($code: String!) {
  regulatedSubjects(first: 1, filter: { code: { eq: $code } }) { nodes { code name overallLevel address region { name } currentAssignments(first: 20) { nodes { slot { nameZh scheme { nameZh } } person { name post dutyPhone } } } } }
}`;

type Term = readonly [name: string, value: string | null | undefined];
const terms = (rows: readonly Term[]) => element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value || "—")]));
const person = ({ name, post, dutyPhone }: Named) => [name, post, dutyPhone].filter(Boolean).join(" · ");
const list = (items: readonly string[], none: string) => (items.length ? element("ul", {}, ...items.map((item) => element("li", {}, item))) : element("p", { class: "note" }, none));

/** The card beside the map: one object with what belongs to it, or the summary of a polygon. */
export class Card {
  private asked: AbortController | undefined;

  constructor(private readonly state: ViewState) {}

  hide(): void {
    this.asked?.abort();
    byId("card").hidden = true;
  }

  async risk(code: string): Promise<void> {
    await this.show(RISK, { code }, ({ risks }: { risks: { nodes: RiskCard[] } }) => {
      const [risk] = risks.nodes;
      if (!risk) return undefined;
      const level = risk.effectiveLevel ? LOOKS[risk.effectiveLevel] : undefined;
      return [
        this.head(risk.name, level ? `${level.zh} ${level.en}${risk.elevated ? "(临时提级 / elevated)" : ""}` : "未评估 / not assessed", level?.colour),
        terms([["编号", risk.code], ["状态", told(risk.status)], ["监管对象", risk.subject.name], ["所在区划", risk.region.name], ["责任人", risk.responsiblePerson && person(risk.responsiblePerson)], ["下次复评", risk.nextReviewDue && `${risk.nextReviewDue}${risk.reviewOverdue ? "(已逾期)" : ""}`]]),
        element("h3", {}, "管控措施"),
        list(risk.measures.nodes.filter(({ effective }) => effective).map(({ kind, description }) => `${told(kind)}:${description}`), "无有效措施 / none in effect"),
        element("h3", {}, `未销号隐患(${risk.hiddenDangers.totalCount})`),
        list(risk.hiddenDangers.nodes.map(({ title, grade, status, effectiveDeadline, overdue }) => `${grade === "MAJOR" ? "重大隐患" : "一般隐患"} ${title},${told(status)}${effectiveDeadline ? `,期限 ${effectiveDeadline}` : ""}${overdue ? ",已超期" : ""}`), "无 / none open"),
        element("h3", {}, "责任人"),
        list(risk.subject.currentAssignments.nodes.map(({ slot, person: holder }) => `${slot.scheme.nameZh} ${slot.nameZh}:${person(holder)}`), "监管空白 / nobody assigned"),
      ];
    });
  }

  async hiddenDanger(code: string): Promise<void> {
    type Danger = { code: string; title: string; grade: string; status: string; effectiveDeadline: string | null; overdue: boolean; region: { name: string }; subject: { name: string } };
    await this.show(DANGER, { code }, ({ hiddenDangers }: { hiddenDangers: { nodes: Danger[] } }) => {
      const [danger] = hiddenDangers.nodes;
      return danger && [
        this.head(danger.title, danger.grade === "MAJOR" ? "重大隐患 / major hidden danger" : "一般隐患 / hidden danger"),
        terms([["编号", danger.code], ["状态", told(danger.status)], ["监管对象", danger.subject.name], ["所在区划", danger.region.name], ["整改期限", danger.effectiveDeadline && `${danger.effectiveDeadline}${danger.overdue ? "(已超期)" : ""}`]]),
      ];
    });
  }

  async subject(code: string): Promise<void> {
    type Body = { code: string; name: string; overallLevel: Level | null; address: string | null; region: { name: string }; currentAssignments: RiskCard["subject"]["currentAssignments"] };
    await this.show(SUBJECT, { code }, ({ regulatedSubjects }: { regulatedSubjects: { nodes: Body[] } }) => {
      const [body] = regulatedSubjects.nodes;
      return body && [
        this.head(body.name, body.overallLevel ? `整体 ${LOOKS[body.overallLevel].zh}` : "监管对象 / regulated subject"),
        terms([["编号", body.code], ["所在区划", body.region.name], ["地址", body.address]]),
        element("h3", {}, "责任人"),
        list(body.currentAssignments.nodes.map(({ slot, person: holder }) => `${slot.scheme.nameZh} ${slot.nameZh}:${person(holder)}`), "监管空白 / nobody assigned"),
      ];
    });
  }

  /** Counts by level within a polygon or region. */
  summary(title: string, counts: Readonly<Record<string, number>>): void {
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    this.fill([this.head(title, `${total} 个风险 / risks`), terms(LEVELS.map((level) => [`${LOOKS[level].zh} ${LOOKS[level].en}`, String(counts[level] ?? 0)]))]);
  }

  private head(title: string, line: string, colour?: string): HTMLElement {
    const close = button("关闭 ×", () => this.hide());
    return element("header", {}, element("div", {}, element("h2", {}, title), element("p", colour ? { style: `border-left: .5rem solid ${colour}; padding-left: .5rem` } : {}, line)), close);
  }

  private async show<T>(document: string, variables: Record<string, unknown>, draw: (answer: T) => Node[] | undefined): Promise<void> {
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    try {
      const drawn = draw(await ask<T>(this.state.view, document, variables, asked.signal));
      this.fill(drawn ?? [this.head("未找到 / not found", "所取时点无此对象或无权查看 / not there at this instant, or not yours to see")]);
    } catch (error) {
      if (asked.signal.aborted) return;
      this.fill([this.head("无法读取 / cannot be read", error instanceof Refused ? error.message : String(error))]);
    }
  }

  private fill(nodes: readonly Node[]): void {
    const card = byId("card");
    card.replaceChildren(...nodes);
    card.hidden = false;
    card.scrollTop = 0;
  }
}
