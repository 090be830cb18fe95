import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Ask, Server } from "./question.js";
import { FIRST_STATEMENT, LIMIT_SESSION, POSTGRAPHILE_SESSION } from "./session.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
export const TYPESCRIPT = ["--import", `${root}scripts/typescript.mjs`];

export interface Running {
  server: Server;
  url: string;
  pid: number;
  /** The name its sessions carry in PostgreSQL. */
  application: string;
  headers: Readonly<Record<string, string>>;
}

const children = new Set<ChildProcess>();
// Whatever ends the run, nothing it started stays behind; each is ended by its own handle.
process.once("exit", () => children.forEach((child) => child.kill("SIGKILL")));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

/** Remembers a child until it ends. */
export function keep<Child extends ChildProcess>(child: Child): Child {
  children.add(child);
  child.once("exit", () => children.delete(child));
  return child;
}

export async function stopAll(): Promise<void> {
  await Promise.all(
    [...children].map(async (child) => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await ended;
      clearTimeout(late);
    }),
  );
}

/** Starts a server and waits for the address it prints. What it writes beside is shown only when it fails. */
async function start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<{ url: string; pid: number }> {
  const child = keep(spawn(process.execPath, args, { cwd: root, env: { ...process.env, NODE_ENV: "production", ...environment }, stdio: ["ignore", "pipe", "pipe"] }));
  let written = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (written = (written + chunk).slice(-4_000)));
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${args.join(" ")} did not start within two minutes\n${written}`)), 120_000);
    child.once("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}\n${written}`)));
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      written = (written + chunk).slice(-4_000);
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(written) ?? [];
      if (!url) return;
      clearTimeout(late);
      resolve({ url, pid: child.pid! });
    });
  });
}

/** What npm start gives Node.js. */
const START_FLAGS = (JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { scripts: { start: string } }).scripts.start.split(" ").filter((word) => word.startsWith("--"));

/** The service as `npm start` runs it, asked with a key of its own. */
export const startThis = async (databaseUrl: string, dataDir: string, key: string): Promise<Running> => ({
  server: "this",
  application: "yitu-yibiao-yiku",
  headers: { authorization: `Bearer ${key}` },
  ...(await start([...START_FLAGS, "dist/src/main.js"], { DATABASE_URL: databaseUrl, DATA_DIR: dataDir, HOST: "127.0.0.1", PORT: "0", POOL_SIZE: "8", DEMO: "0", READ_PATH: "compiled" })),
});

export const startLimit = async (databaseUrl: string): Promise<Running> => ({ server: "limit", application: "bench-limit", headers: {}, ...(await start([...TYPESCRIPT, here("limit.ts"), databaseUrl, LIMIT_SESSION, FIRST_STATEMENT])) });

export const startPostgraphile = async (databaseUrl: string, principal: string): Promise<Running> => ({
  server: "postgraphile",
  application: "bench-postgraphile",
  headers: {},
  ...(await start([here("postgraphile.mjs"), databaseUrl, POSTGRAPHILE_SESSION, FIRST_STATEMENT, principal], { GRAPHILE_ENV: "production" })),
});

/** One answer's `data`; the bytes of a tile. */
export async function fetchData(running: Running, ask: Ask): Promise<unknown> {
  const response = await fetch(running.url + ask.path, { method: ask.method ?? "POST", headers: { "content-type": "application/json", ...running.headers, ...ask.headers }, ...(ask.method ? {} : { body: ask.body }) });
  if (response.ok && response.headers.get("content-type") === "application/vnd.mapbox-vector-tile") return new Uint8Array(await response.arrayBuffer());
  const text = await response.text();
  const answer = JSON.parse(text) as { data?: unknown; errors?: unknown };
  if (!response.ok || answer.errors || !answer.data) throw new Error(`${running.server} ${response.status}: ${text.slice(0, 1_000)}\n${ask.path} ${ask.body.slice(0, 1_000)}`);
  return answer.data;
}
