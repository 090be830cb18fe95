import { randomUUID } from "node:crypto";
import { SERVERS, UNIQUE, type Question } from "./question.js";
import { fetchData, type Running } from "./servers.js";
import { difference, tidy } from "./shape.js";

const SAMPLE = 8;

/**
 * A faster answer counts only where it is the same answer: asks the three for several inputs each and compares ids,
 * values and order. @returns how many inputs agreed. @throws Error with the first difference.
 */
export async function compare(question: Question, servers: readonly Running[]): Promise<number> {
  const count = Math.min(...SERVERS.map((server) => question.asks[server].length));
  const chosen = [...new Set(Array.from({ length: Math.min(SAMPLE, count) }, (_, index) => Math.floor((index * count) / Math.min(SAMPLE, count))))];
  for (const index of chosen) {
    const answers = await Promise.all(
      servers.map(async (running) => {
        const ask = question.asks[running.server][index]!;
        const data = await fetchData(running, { ...ask, body: ask.body.replaceAll(UNIQUE, randomUUID()) });
        return { server: running.server, answer: tidy(question.answer[running.server](data)) };
      }),
    );
    const [limit, ...others] = answers;
    for (const { server, answer } of others) {
      const found = difference(limit!.answer, answer);
      if (found) throw new Error(`${question.id} 答案不同 / the answers differ, limit ≠ ${server}, ${question.asks.this[index]!.body.slice(0, 500)}\n${found}`);
    }
  }
  return chosen.length;
}
