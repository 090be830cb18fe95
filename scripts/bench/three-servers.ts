import { readFileSync } from "node:fs";
import { compare } from "./compare.js";
import { Meter } from "./cpu.js";
import { conditionsOf, prepareDatabase } from "./database.js";
import { Measurer, type Round } from "./measure.js";
import type { Options } from "./options.js";
import { askedBy, type Server } from "./question.js";
import { questionOf } from "./questions.js";
import { report, type Measured } from "./report.js";
import { say } from "./say.js";
import { fetchData, startLimit, startPostgraphile, startThis, type Running } from "./servers.js";

/** Seconds under load before each round counts. */
const LEAD = 0.7;

const postgraphileVersion = () => (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { devDependencies: { postgraphile: string } }).devDependencies.postgraphile;

/** Puts every question to the three servers over one database: the answers compared first, then rounds in turn. */
export async function threeServers(url: string, options: Options): Promise<{ text: string; figures: unknown }> {
  say("正在准备数据库", "preparing the database");
  const prepared = await prepareDatabase(url);
  const conditions = await conditionsOf(url);
  const meter = await new Meter(url).open();
  try {
    const { inputs, caller } = prepared;
    say("正在启动三个服务", "starting the three servers");
    const servers = await Promise.all([startLimit(url), startThis(url, prepared.dataDir, caller.key), startPostgraphile(url, caller.principal)]);
    const running = Object.fromEntries(servers.map((one) => [one.server, one])) as Record<Server, Running>;
    const measurer = new Measurer(meter);
    const measured: Measured[] = [];
    const missing: string[] = [];
    for (const id of options.questions) {
      const question = await questionOf(id, inputs, caller, (ask) => fetchData(running.this, ask), (ask) => fetchData(running.postgraphile, ask));
      if (!question) {
        const [zh, en] = [`${id}:数据太少`, "too little data"];
        missing.push(`${zh} / ${en}`);
        say(zh, en);
        continue;
      }
      const asked = askedBy(question);
      const compared = await compare(question, servers.filter(({ server }) => asked.includes(server)));
      say(`${id} ${asked.length} 者答案相同(${compared} 个输入)`, `${asked.length} agree on ${compared} inputs`);
      const rounds: Record<Server, Round[]> = { limit: [], this: [], postgraphile: [] };
      const pressure = { connections: options.connections, lead: LEAD, seconds: options.seconds };
      for (const server of asked) await measurer.round(running[server], question, { ...pressure, seconds: Math.min(1.5, options.seconds) });
      for (let round = 0; round < options.rounds; round += 1)
        // Who comes first changes, so that none has the quiet moment always.
        for (const server of round % 2 === 0 ? asked : asked.toReversed()) {
          const one = await measurer.round(running[server], question, pressure);
          rounds[server].push(one);
          say(`${id} 第 ${round + 1} 轮 ${server} ${one.perSecond.toFixed(0)} req/s`, `round ${round + 1}, p50 ${one.p50.toFixed(1)} ms`);
        }
      measured.push({ question, compared, rounds });
    }
    const all = [
      ...conditions.machine,
      conditions.data,
      `${options.connections} 个连接 / connections,各服务连接池 8 / pools of 8,${options.rounds} 轮 × ${options.seconds} 秒,取中位数,比值逐轮计算 / rounds of ${options.seconds} s, medians, ratios taken round by round;PostGraphile ${postgraphileVersion()}`,
      `输入数(其中答案已比对的)/ inputs (of which the answers were compared): ${measured.map(({ question, compared }) => `${question.id} ${question.asks.this.length} (${compared})`).join(", ")}`,
      ...(meter.local ? [] : ["PostgreSQL 不在本机,未计其处理器时间 / PostgreSQL is not on this machine: its processor time is left out"]),
    ];
    return { text: report(measured, all, missing), figures: { conditions: all, questions: measured.map(({ question, rounds }) => ({ id: question.id, en: question.en, rounds })) } };
  } finally {
    await meter.close();
    await prepared.close();
  }
}
