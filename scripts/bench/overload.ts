/**
 * npm run bench -- --overload: what the service does when it is asked for more than it can do.
 *
 * Capacity is found by a closed loop before and after each phase that asks too much, for machines change their mind. An
 * open loop (open-load.ts) asks half of it and twice of it, by forty clients with keys and addresses of their own, while
 * an innocent client asks four times a second and a probe asks for the health ten times a second; then twice of it again with what holds on to a service beside it (burdens.ts). Service and
 * database have one half of the cores, whoever asks the other (apart.ts); where that cannot be had, the report says so.
 * The lines at the end say whether what is wanted holds; nothing fails for it, since a busy machine decides it.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { openEngine, type Engine } from "../../src/platform/db/engine.js";
import type { Burdens, Held } from "./burdens.js";
import { move, moveDatabase, sides } from "./apart.js";
import { makeCaller, type Caller } from "./caller.js";
import { conditionsOf, prepareDatabase } from "./database.js";
import { secondsUntilNormal, watchedWhile, type Innocent, type Watched } from "./innocent.js";
import type { OpenJob, OpenResult } from "./open-load.js";
import type { Options } from "./options.js";
import { head, milliseconds, table } from "./report.js";
import { questionOf } from "./questions.js";
import { say } from "./say.js";
import { fetchData, keep, startThis, TYPESCRIPT } from "./servers.js";

const CALLERS = 40;
const CLOSED_CONNECTIONS = 64;
const LEAD = 2;
const WARM_SECONDS = 15;
const LEAST_CLOSED_SECONDS = 5;
const BURDENS = { slowSenders: 300, slowReaders: 256, sockets: 230, importBytes: 64 * 1024 * 1024 } as const;
const LARGE = JSON.stringify({ query: "{riskFeatures(first:5000)}" });

interface Phase {
  name: string;
  /** Requests a second of the closed loops before and after it. */
  capacity: number;
  result: OpenResult;
  watched: Watched;
  /** Seconds after the last request. */
  normalAfter: number | null;
  held?: Held;
}

const codeOf = async (engine: Engine, region: string) => ((await engine.pool.query("select code from regions where id = $1", [region])).rows[0] as { code: string }).code;

const started = (file: string): ChildProcess => keep(fork(fileURLToPath(new URL(file, import.meta.url)), { execArgv: TYPESCRIPT, stdio: ["ignore", "inherit", "inherit", "ipc"] }));

async function told<T>(child: ChildProcess, message: OpenJob | "tell"): Promise<T> {
  const answer = once(child, "message");
  child.send(message);
  return ((await answer) as [T])[0];
}

/** Measures one service over one database. */
export async function overload(url: string, options: Options): Promise<{ text: string; figures: unknown }> {
  say("正在准备数据库", "preparing the database");
  const prepared = await prepareDatabase(url);
  const engine = await openEngine({ databaseUrl: url, dataDir: prepared.dataDir, poolSize: 1 });
  const made: Caller[] = [];
  try {
    const { county } = prepared.inputs;
    for (let number = 0; number < CALLERS; number += 1) made.push(await makeCaller(engine, county, ` ${number + 1}`));
    const callers = made.map(({ key }, number) => ({ key, address: `127.0.1.${number + 1}` }));
    const reader = await makeCaller(engine, county, " reader");
    const importer = await makeCaller(engine, county, " importer", "COMMITTEE_OFFICE");
    made.push(reader, importer);
    const conditions = await conditionsOf(url);
    const parted = sides();
    const apart = parted !== null && (await moveDatabase(url, parted.served));
    // What is started is where its starter is, and sees no other cores.
    if (apart) move(process.pid, parted.served);
    const running = await startThis(url, prepared.dataDir, prepared.caller.key);
    if (apart) move(process.pid, parted.asking);
    const list = (await questionOf("Q1", prepared.inputs, prepared.caller, (asked) => fetchData(running, asked), null))!;
    const bodies = list.asks.this.map(({ body }) => body);
    const generator = started("open-load.ts");
    const job: OpenJob = { url: running.url, callers, bodies, begins: list.begins.this, perSecond: 0, connections: CLOSED_CONNECTIONS, lead: LEAD, seconds: options.seconds };
    const innocent: Innocent = { url: running.url, pid: running.pid, key: prepared.caller.key, bodies };

    // The first seconds of a process are not its speed: what is run often is compiled then.
    await told<OpenResult>(generator, { ...job, seconds: WARM_SECONDS });
    const closedLoop = async () => {
      const closed = await told<OpenResult>(generator, { ...job, seconds: Math.max(LEAST_CLOSED_SECONDS, options.seconds / 4) });
      const capacity = closed.served / closed.seconds;
      if (!(capacity > 1)) throw new Error(`闭环没有得到应答 / the closed loop was not answered: ${closed.firstWrong}`);
      say(`容量 ${capacity.toFixed(0)} 次/秒`, "a second is the capacity");
      return { capacity, closed };
    };
    const loops = [await closedLoop()];
    const phases: Phase[] = [];
    const run = async (name: string, share: number, beside?: Burdens) => {
      const burdens = beside ? started("burdens.ts") : null;
      burdens?.send(beside!);
      // Slow ones are slow to come as well.
      if (burdens) await pause(2_000);
      const before = loops.at(-1)!.capacity;
      const { result, watched } = await watchedWhile(innocent, () => told<OpenResult>(generator, { ...job, perSecond: Math.round(before * share), seconds: options.seconds }));
      const held = burdens ? await told<Held>(burdens, "tell") : undefined;
      if (burdens) {
        const ended = once(burdens, "exit");
        burdens.disconnect();
        await ended;
      }
      const normalMs = Math.max(50, 2 * (phases[0]?.watched.innocent.p99 ?? 0));
      const normalAfter = share > 1 ? await secondsUntilNormal(innocent, normalMs) : null;
      if (share > 1) loops.push(await closedLoop());
      phases.push({ name, capacity: (before + loops.at(-1)!.capacity) / 2, result, watched, normalAfter, held });
      say(`${name}:应答 ${(result.served / result.seconds).toFixed(0)} 次/秒`, "a second were served");
    };
    await run("一半 / half", 0.5);
    await run("两倍 / twice", 2);
    await run("两倍及其他负担 / twice, beside burdens", 2, { ...BURDENS, url: running.url, readerKey: reader.key, importerKey: importer.key, importRegion: await codeOf(engine, county.region), largeBody: LARGE });
    const cores = apart ? `服务与数据库用核 ${parted.served},发问者用核 ${parted.asking} / cores of service and database, and of whoever asks` : "服务、数据库与发问者共用各核 / service, database and whoever asks share the cores";
    return { text: reported(loops, phases, [...conditions.machine, conditions.data, cores]), figures: { loops, phases } };
  } finally {
    for (const caller of made) await caller.revoke();
    await engine.close();
    await prepared.close();
  }
}

function reported(loops: readonly { capacity: number; closed: OpenResult }[], phases: readonly Phase[], conditions: readonly string[]): string {
  const [half] = phases as [Phase];
  const share = ({ capacity, result }: Phase) => result.served / result.seconds / capacity;
  const slower = ({ result }: Phase) => result.accepted.p99 / half.result.accepted.p99;
  const failed = (count: number) => (count > 0 ? `,失败 / failed ${count}` : "");
  const figures = table(
    ["", "应发 / due, 1/s", "应答 / served, 1/s", "÷ 容量 / of capacity", "受理 p50/p99 ms", "p99 ÷ 一半时 / of half", "拒绝 / refused", "拒绝 p50/p99 ms", "断开 / broken", "错误 / wrong", "旁人 / innocent p50/p99/max ms", "/livez p99/max ms", "恢复 / normal after, s", "RSS MB", "描述符 / descriptors"],
    phases.map((phase) => {
      const { name, result, watched, normalAfter } = phase;
      return [
        name, (result.due / result.seconds).toFixed(0), (result.served / result.seconds).toFixed(0), `**${share(phase).toFixed(2)}**`, `${milliseconds(result.accepted.p50)}/${milliseconds(result.accepted.p99)}`, `**${slower(phase).toFixed(1)}**`,
        String(result.refused.count), `${milliseconds(result.refused.p50)}/${milliseconds(result.refused.p99)}`, String(result.broken), String(result.wrong),
        `${milliseconds(watched.innocent.p50)}/${milliseconds(watched.innocent.p99)}/${milliseconds(watched.innocent.max)}${failed(watched.innocentFailed)}`, `${milliseconds(watched.health.p99)}/${milliseconds(watched.health.max)}${failed(watched.healthFailed)}`,
        normalAfter === null ? "—" : normalAfter.toFixed(1), watched.rssMb.toFixed(0), String(watched.descriptors),
      ];
    }),
  );
  const verdict = (holds: boolean, text: string) => `- ${holds ? "成立 / holds" : "**不成立 / does not hold**"}: ${text}`;
  const verdicts = phases.slice(1).flatMap((phase) => {
    const { name, result, watched, normalAfter } = phase;
    return [
      verdict(share(phase) >= 0.9, `${name}: ${(share(phase) * 100).toFixed(0)} % ≥ 90 % 的容量得到应答 / of capacity served`),
      verdict(result.accepted.count > 0 && slower(phase) <= 5, `${name}: 受理 p99 为一半负载时的 ${slower(phase).toFixed(1)} 倍 ≤ 5 / accepted p99 against that at half load`),
      verdict(result.refused.p99 < 50, `${name}: 拒绝 p99 ${milliseconds(result.refused.p99)} ms < 50 / refusals`),
      verdict(watched.health.count > 0 && watched.health.max < 100 && watched.healthFailed === 0, `${name}: /livez 最长 ${milliseconds(watched.health.max)} ms < 100 / health at most`),
      verdict(watched.innocentFailed === 0, `${name}: 旁人的请求失败 ${watched.innocentFailed} 次 / requests of the innocent that failed`),
      verdict(normalAfter! <= 5, `${name}: ${normalAfter!.toFixed(1)} s ≤ 5 后恢复正常 / until normal`),
    ];
  });
  const held = phases.flatMap((phase) => (phase.held ? [`同时占用的慢发 ${phase.held.slowSenders}、慢收 ${phase.held.slowReaders}、WebSocket ${phase.held.sockets};64 MB 文件得到 ${phase.held.importStatus} / held at once: slow senders, slow readers, WebSockets; what the file got`] : []));
  const lags = phases.map(({ name, result }) => `${name} p50/p99/max ${milliseconds(result.lag.p50)}/${milliseconds(result.lag.p99)}/${milliseconds(result.lag.max)} ms, ${result.sockets} 个连接 / sockets${result.unsent ? `,未能发出 / unsent ${result.unsent}` : ""}`);
  return [
    head([...conditions, `容量 / capacity ${loops.map(({ capacity, closed }) => `${capacity.toFixed(0)}/s (p99 ${milliseconds(closed.accepted.p99)} ms, 拒绝 / refused ${closed.refused.count})`).join(", ")}(闭环 ${CLOSED_CONNECTIONS} 个连接,各阶段前后 / closed loop, before and after the phases)`, `发生器自己的迟延 / the generator's own lag: ${lags.join("; ")}`, ...held]),
    figures,
    verdicts.join("\n"),
  ].join("\n\n");
}
