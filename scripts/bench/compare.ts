import { randomUUID } from "node:crypto";
import { UNIQUE, type Question } from "./question.js";
import { fetchData, type Running } from "./servers.js";
import { difference, tidy } from "./shape.js";

const SAMPLE = 8;

/**
 * A faster answer counts only where it is the same answer: asks those that have one for several inputs each and compares ids,
 * values and order. @returns how many inputs agreed. @throws Error with the first difference.
 */
export async function compare(question: Question, servers: readonly Running[]): Promise<number> {
  const count = Math.min(...servers.map(({ server }) => question.asks[server].length));
  const chosen = [...new Set(Array.from({ length: Math.min(SAMPLE, count) }, (_, index) => Math.floor((index * count) / Math.min(SAMPLE, count))))];
  for (const index of chosen) {
    const answers = await Promise.all(
      servers.map(async (running) => {
        const ask = question.asks[running.server][index]!;
        const fresh = randomUUID();
        const data = await fetchData(running, { ...ask, path: ask.path.replaceAll(UNIQUE, fresh), body: ask.body.replaceAll(UNIQUE, fresh) });
        return { server: running.server, answer: question.answer[running.server](data) };
      }),
    );
    const [limit, ...others] = answers;
    for (const { server, answer } of others) {
      const found = question.differ ? question.differ(limit!.answer, answer) : difference(tidy(limit!.answer), tidy(answer));
      if (found) throw new Error(`${question.id} 答案不同 / the answers differ, limit ≠ ${server}, ${(question.asks.this[index]!.body || question.asks.this[index]!.path).slice(0, 500)}\n${found}`);
    }
  }
  return chosen.length;
}
