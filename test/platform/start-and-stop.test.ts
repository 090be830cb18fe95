import { spawn, type ChildProcess } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { freshDatabase, lane } from "../support/database.js";
import { pause } from "../support/raw.js";

const made: string[] = [];
const children: ChildProcess[] = [];
const directory = () => {
  const path = mkdtempSync(join(tmpdir(), "register-"));
  made.push(path);
  return path;
};
afterAll(() => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
  for (const path of made) rmSync(path, { recursive: true, force: true });
});

interface Running {
  child: ChildProcess;
  said: () => string;
  erred: () => string;
  ended: Promise<number | null>;
}

function start(environment: Record<string, string>): Running {
  const child = spawn(process.execPath, ["--import", "./scripts/typescript.mjs", "src/main.ts"], { env: { PATH: process.env["PATH"], DEMO: "0", PORT: "0", ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let said = "";
  let erred = "";
  child.stdout!.on("data", (bytes: Buffer) => (said += bytes.toString()));
  child.stderr!.on("data", (bytes: Buffer) => (erred += bytes.toString()));
  return { child, said: () => said, erred: () => erred, ended: new Promise((resolve) => child.once("exit", resolve)) };
}

/** Address of a service once it is ready. */
async function ready({ said, erred, child }: Running): Promise<string> {
  for (let n = 0; n < 1_200; n += 1) {
    const found = /(http:\/\/[\w.:[\]]+)\/graphql/.exec(said());
    if (found) return found[1]!;
    if (child.exitCode !== null) break;
    await pause(50);
  }
  throw new Error(`not ready: ${said()} ${erred()}`);
}

describe("what hinders a start is a sentence in two languages, and exit code 1", () => {
  const occupied = createServer().listen(0, "127.0.0.1");
  afterAll(() => void occupied.close());
  const server = new URL(process.env["TEST_DATABASE_URL"] ?? "postgres://postgres@127.0.0.1:1/none");
  const to = (change: (url: URL) => void) => {
    const url = new URL(server);
    change(url);
    return url.href;
  };
  const blocked = () => {
    const path = join(directory(), "file");
    writeFileSync(path, "");
    return path;
  };
  const troubles: [string, () => Record<string, string>, RegExp][] = [
    ["a host there is not", () => ({ DATABASE_URL: "postgres://x@no-such-host.invalid/x" }), /no-such-host\.invalid.*DATABASE_URL/],
    ["a port nobody listens at", () => ({ DATABASE_URL: "postgres://x@127.0.0.1:1/x" }), /127\.0\.0\.1:1.*PostgreSQL runs/],
    ["a data directory that is a file", () => ({ DATA_DIR: blocked() }), /不是目录.*no directory/],
    ["a setting that is none", () => ({ TRUST_PROXY: "999.1.1.1" }), /TRUST_PROXY/],
    ...(lane === "postgresql" ? ([["a database there is not", () => ({ DATABASE_URL: to((url) => (url.pathname = "/no_such_database")) }), /没有 DATABASE_URL.*does not exist/]] as typeof troubles) : []),
    ...(process.getuid?.() === 0 ? [] : ([["a data directory one may not write", () => ({ DATA_DIR: join(locked(), "data") }), /无权.*may not/]] as typeof troubles)),
  ];
  function locked(): string {
    const path = directory();
    chmodSync(path, 0o500);
    return path;
  }

  test("for each of them", async () => {
    const outcomes = await Promise.all(troubles.map(async ([name, environment]) => {
      const running = start({ DATA_DIR: directory(), ...environment() });
      return [name, await running.ended, running.erred()] as const;
    }));
    for (const [index, [name, code, told]] of outcomes.entries()) {
      expect([name, code]).toEqual([name, 1]);
      expect(told).toMatch(troubles[index]![2]);
      expect(told.trim().split("\n")).toHaveLength(1);
      expect(told).toMatch(/\p{Script=Han}.* \/ \S/u);
      expect(told).not.toMatch(/\n\s+at /);
    }
  }, 60_000);
});

if (lane === "postgresql") {
  describe("a service asked to stop", () => {
    /** Many clients with keep-alive who ask again and again, and what they heard. */
    async function ask(url: string, agent: Agent, path: string): Promise<{ status: number; close: boolean } | string> {
      return new Promise((resolve) => {
        const sent = httpRequest(`${url}${path}`, { agent, method: path === "/graphql" ? "POST" : "GET", headers: path === "/graphql" ? { "content-type": "application/json" } : {} }, (response) => {
          response.resume();
          response.on("end", () => resolve({ status: response.statusCode!, close: response.headers.connection === "close" }));
          response.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
        });
        sent.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
        sent.end(path === "/graphql" ? JSON.stringify({ query: "{ regions(first: 1) { nodes { id } } }" }) : undefined);
      });
    }

    test("says so first, answers what comes on open connections and closes them, loses no answer, and exits 0; a second signal ends it at once", async () => {
      const { config, engine, drop } = await freshDatabase();
      await engine.close();
      const running = start({ DATABASE_URL: config.databaseUrl!, DATA_DIR: directory(), DRAIN_DELAY_MS: "700", SHED_LAG_MS: "0" });
      const url = await ready(running);
      const agent = new Agent({ keepAlive: true, maxSockets: 20 });
      const heard: Awaited<ReturnType<typeof ask>>[] = [];
      let asking = true;
      const clients = Array.from({ length: 20 }, async () => {
        while (asking) {
          const answer = await ask(url, agent, "/graphql");
          heard.push(answer);
          if (answer === "ECONNREFUSED") return;
          // A client that is told to come later does.
          if (typeof answer !== "string" && answer.status === 503) await pause(200);
        }
      });
      await pause(500);
      expect(await ask(url, agent, "/readyz")).toMatchObject({ status: 200 });
      const from = Date.now();
      running.child.kill("SIGTERM");
      await pause(150);
      const told = await fetch(`${url}/readyz`);
      expect(told.status).toBe(503);
      expect(await told.json()).toMatchObject({ status: "unavailable", reasons: [{ code: "DRAINING" }] });
      expect((await fetch(`${url}/livez`)).status).toBe(200);
      expect(await running.ended).toBe(0);
      expect(Date.now() - from).toBeLessThan(8_000);
      asking = false;
      await Promise.all(clients);
      agent.destroy();
      const failures = heard.filter((answer) => typeof answer === "string");
      expect(failures.filter((code) => code !== "ECONNREFUSED")).toEqual([]);
      expect(heard.filter((answer) => typeof answer !== "string" && answer.status !== 200 && answer.status !== 503)).toEqual([]);
      expect(heard.some((answer) => typeof answer !== "string" && answer.close)).toBe(true);
      const again = start({ DATABASE_URL: config.databaseUrl!, DATA_DIR: directory(), DRAIN_DELAY_MS: "60000" });
      await ready(again);
      again.child.kill("SIGTERM");
      await pause(300);
      const second = Date.now();
      again.child.kill("SIGTERM");
      expect(await again.ended).not.toBe(0);
      expect(Date.now() - second).toBeLessThan(2_000);
      mkdirSync(config.dataDir, { recursive: true });
      await drop().catch(() => undefined);
    }, 120_000);
  });
}
