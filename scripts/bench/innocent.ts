import { readdirSync, readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { spread, type Spread } from "./spread.js";

interface Told {
  status: number;
  ms: number;
}

/** One request, from an address of its own; a broken one has status 0. */
export function ask(url: string, agent: Agent, address: string, options: { body?: string; key?: string; withinMs: number }): Promise<Told> {
  const began = performance.now();
  return new Promise((told) => {
    const { body, key, withinMs } = options;
    const end = (status: number) => told({ status, ms: performance.now() - began });
    const sent = request(url, {
      agent, localAddress: address, method: body === undefined ? "GET" : "POST", timeout: withinMs,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }), ...(key ? { authorization: `Bearer ${key}` } : {}) },
    }, (response) => response.on("end", () => end(response.statusCode ?? 0)).on("error", () => end(0)).resume());
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => end(0));
    sent.end(body);
  });
}

export interface Watched {
  /** The innocent client's requests: those answered, and how many were not. */
  innocent: Spread;
  innocentFailed: number;
  /** GET /livez every tenth of a second. */
  health: Spread;
  healthFailed: number;
  /** Of the service's process, at most. */
  rssMb: number;
  descriptors: number;
}

const HEALTH_EVERY_MS = 100;
const INNOCENT_EVERY_MS = 250;
const WITHIN_MS = 20_000;

export interface Innocent {
  url: string;
  pid: number;
  key: string;
  bodies: readonly string[];
}

/** Watches a service from outside while something is done with it: a client that asks little, the probe of its health, its process. */
export async function watchedWhile<T>({ url, pid, key, bodies }: Innocent, work: () => Promise<T>): Promise<{ result: T; watched: Watched }> {
  const agent = new Agent({ keepAlive: true });
  const health: Told[] = [];
  const innocent: Told[] = [];
  const under: Promise<unknown>[] = [];
  let rss = 0;
  let descriptors = 0;
  let number = 0;
  const every = (ms: number, act: () => void) => setInterval(act, ms);
  const timers = [
    every(HEALTH_EVERY_MS, () => void under.push(ask(`${url}/livez`, agent, "127.0.2.1", { withinMs: WITHIN_MS }).then((told) => health.push(told)))),
    every(INNOCENT_EVERY_MS, () => void under.push(ask(`${url}/graphql`, agent, "127.0.2.2", { body: bodies[(number += 1) % bodies.length]!, key, withinMs: WITHIN_MS }).then((told) => innocent.push(told)))),
    every(500, () => {
      rss = Math.max(rss, residentMb(pid));
      descriptors = Math.max(descriptors, descriptorsOf(pid));
    }),
  ];
  try {
    const result = await work();
    timers.forEach(clearInterval);
    await Promise.all(under);
    const good = (list: Told[]) => spread(list.filter(({ status }) => status === 200).map(({ ms }) => ms));
    const failed = (list: Told[]) => list.filter(({ status }) => status !== 200).length;
    return { result, watched: { innocent: good(innocent), innocentFailed: failed(innocent), health: good(health), healthFailed: failed(health), rssMb: rss, descriptors } };
  } finally {
    timers.forEach(clearInterval);
    agent.destroy();
  }
}

/** Seconds until ten requests in a row are answered as soon as `normalMs`; Infinity where that takes longer than half a minute. */
export async function secondsUntilNormal({ url, key, bodies }: Innocent, normalMs: number): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const began = performance.now();
  try {
    for (let row = 0, first = 0, number = 0; performance.now() - began < 30_000; number += 1) {
      const at = performance.now();
      const { status, ms } = await ask(`${url}/graphql`, agent, "127.0.2.2", { body: bodies[number % bodies.length]!, key, withinMs: 10_000 });
      if (status === 200 && ms <= normalMs) {
        if (row === 0) first = at;
        row += 1;
        if (row === 10) return (first - began) / 1_000;
      } else row = 0;
      await pause(50);
    }
    return Infinity;
  } finally {
    agent.destroy();
  }
}

const readOr = <T>(read: () => T, otherwise: T) => {
  try {
    return read();
  } catch {
    // Elsewhere than on Linux a process does not show itself.
    return otherwise;
  }
};
const residentMb = (pid: number) => readOr(() => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1_000, 0);
const descriptorsOf = (pid: number) => readOr(() => readdirSync(`/proc/${pid}/fd`).length, 0);
