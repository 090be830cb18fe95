import { SERVERS, type Question, type Server } from "./question.js";
import type { Round } from "./measure.js";

export interface Measured {
  question: Question;
  compared: number;
  rounds: Readonly<Record<Server, readonly Round[]>>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const of = (rounds: readonly Round[], value: (round: Round) => number) => median(rounds.map(value));
/** A dash where a server has no such thing. */
const or = (rounds: readonly Round[], text: () => string) => (rounds.length > 0 ? text() : "—");
export const milliseconds = (value: number) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0));
/** Ratios are taken round by round, between neighbours in time, and then the median of them: a machine drifts. */
export const ratio = (above: readonly Round[], below: readonly Round[], value: (round: Round) => number) => median(above.map((round, index) => value(round) / value(below[index]!)));
/** Processor time of a request; NaN where PostgreSQL's cannot be seen. */
export const cost = (round: Round) => round.nodeMs + (round.databaseMs ?? NaN);
export const processor = (rounds: readonly Round[]) => `${milliseconds(of(rounds, (round) => round.nodeMs))}+${rounds.some((round) => round.databaseMs === null) ? "?" : milliseconds(of(rounds, (round) => round.databaseMs!))}`;
export const table = (head: readonly string[], lines: readonly (readonly string[])[]) => [`| ${head.join(" | ")} |`, `|${head.map((_, index) => (index === 0 ? "---" : "---:")).join("|")}|`, ...lines.map((line) => `| ${line.join(" | ")} |`)].join("\n");

const NAMES: Readonly<Record<Server, string>> = { limit: "极限 / limit", this: "本服务 / this", postgraphile: "PostGraphile" };

/** Markdown with medians over the rounds. */
export function report(measured: readonly Measured[], conditions: readonly string[], missing: readonly string[]): string {
  const perSecond = (round: Round) => round.perSecond;
  const ratios = table(
    ["", ...SERVERS.map((server) => `${NAMES[server]}, req/s`), "本服务÷极限 / this ÷ limit", "本服务÷PostGraphile / this ÷ PostGraphile", "p99 本服务÷极限 / this ÷ limit", "CPU 本服务÷极限 / this ÷ limit"],
    measured.map(({ question, rounds }) => [
      `${question.id} ${question.zh} / ${question.en}`,
      ...SERVERS.map((server) => or(rounds[server], () => of(rounds[server], perSecond).toFixed(0))),
      `**${ratio(rounds.this, rounds.limit, perSecond).toFixed(2)}**`,
      or(rounds.postgraphile, () => `**${ratio(rounds.this, rounds.postgraphile, perSecond).toFixed(1)}**`),
      ratio(rounds.this, rounds.limit, (round) => round.p99).toFixed(2),
      ratio(rounds.this, rounds.limit, cost).toFixed(2).replace("NaN", "?"),
    ]),
  );
  const costs = table(
    ["", ...SERVERS.flatMap((server) => [`${NAMES[server]}: p50/p99 ms`, "CPU ms"]), "KB"],
    measured.map((one) => [
      one.question.id,
      ...SERVERS.flatMap((server) => [or(one.rounds[server], () => `${milliseconds(of(one.rounds[server], (round) => round.p50))}/${milliseconds(of(one.rounds[server], (round) => round.p99))}`), or(one.rounds[server], () => processor(one.rounds[server]))]),
      of(one.rounds.this, (round) => round.kilobytes).toFixed(1),
    ]),
  );
  const spread = measured.map(({ question, rounds: { limit, this: ours } }) => {
    const each = ours.map((round, index) => round.perSecond / limit[index]!.perSecond);
    return `${question.id} ${Math.min(...each).toFixed(2)}–${Math.max(...each).toFixed(2)}`;
  });
  return [
    head(conditions),
    ratios,
    "时延与每次请求的处理器时间(Node + PostgreSQL),毫秒 / latency and processor time of a request (Node + PostgreSQL), milliseconds:",
    costs,
    [...measured.flatMap(({ question }) => (question.note ? [`- ${question.note}`] : [])), ...missing.map((line) => `- ${line}`), `- 本服务÷极限 各轮的范围 / this ÷ limit, range over the rounds: ${spread.join(", ")}`].join("\n"),
  ].join("\n\n");
}

/** Only ratios mean anything: said first, with what they stand on. */
export const head = (conditions: readonly string[]) =>
  ["**只有比值有意义:绝对数字取决于这台机器和它当时的负载。 / Only the ratios mean anything: absolute figures are those of this machine under its load at the time.**", conditions.map((line) => `- ${line}`).join("\n")].join("\n\n");
