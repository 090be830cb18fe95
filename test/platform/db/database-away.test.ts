import { readdirSync, readFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { startService, type Service } from "../../../src/app.js";
import { newKey } from "../../../src/auth/keys.js";
import "../../../src/features.js";
import { openEngine, type Engine } from "../../../src/platform/db/engine.js";
import { migrate } from "../../../src/platform/db/migrate.js";
import { actAs } from "../../../src/platform/write/act.js";
import { newUuid } from "../../../src/platform/write/identifier.js";
import { lane } from "../../support/database.js";
import { pause, timed } from "../../support/raw.js";

const DEADLINE_MS = 2_000;
interface Clusters {
  serverBinaries(): string | null;
  startPrivateCluster(bin: string): Promise<{ url: string; stop: () => void }>;
}
const { serverBinaries, startPrivateCluster } = (await import(new URL("../../support/private-cluster.mjs", import.meta.url).href)) as Clusters;
const bin = lane === "postgresql" ? serverBinaries() : null;

/** A road to the server that can be closed. */
class Road {
  private readonly open = new Set<Socket>();
  private readonly listener: Server;
  private port = 0;

  constructor(private readonly to: number) {
    this.listener = createServer((near) => {
      const far = connect(this.to, "127.0.0.1");
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.open.add(one);
        one.on("error", () => other.destroy()).on("close", () => void (this.open.delete(one), other.destroy())).pipe(other);
      }
    });
  }

  async opened(): Promise<number> {
    await new Promise<void>((resolve) => this.listener.listen(this.port, "127.0.0.1", resolve));
    return (this.port = (this.listener.address() as AddressInfo).port);
  }

  async closed(): Promise<void> {
    const done = new Promise((resolve) => this.listener.close(resolve));
    for (const socket of this.open) socket.destroy();
    await done;
  }
}

/** A server of this test's own: it is frozen and shut down, which no other may be. */
(bin ? describe : describe.skip)("while the database is away", () => {
  let cluster: { url: string; stop: () => void };
  let admin: pg.Client;
  let road: Road;
  let engine: Engine;
  let service: Service;
  let postmaster = 0;
  let authorization = "";
  const region = newUuid();

  beforeAll(async () => {
    cluster = await startPrivateCluster(bin!);
    road = new Road(Number(new URL(cluster.url).port));
    admin = new pg.Client({ connectionString: cluster.url });
    await admin.connect();
    admin.on("error", () => undefined);
    const { rows } = await admin.query("select pg_backend_pid() as pid");
    postmaster = parentOf((rows[0] as { pid: number }).pid);
    await admin.query("create database away");
    engine = await openEngine({ databaseUrl: `postgres://postgres@127.0.0.1:${await road.opened()}/away`, dataDir: tmpdir(), poolSize: 4, deadlineMs: DEADLINE_MS });
    await migrate(engine);
    authorization = await admit(engine, region);
    service = await startService({ host: "127.0.0.1", port: 0, dataDir: tmpdir(), databaseUrl: cluster.url, demo: false, poolSize: 4, deadlineMs: DEADLINE_MS, compileReads: true, limits: { queueMs: 500 } }, engine);
  }, 120_000);
  afterAll(async () => {
    signal("SIGCONT");
    await service?.close();
    await road?.closed();
    await admin?.end().catch(() => undefined);
    cluster?.stop();
  });

  const processes = () => [postmaster, ...childrenOf(postmaster)];
  const signal = (name: "SIGSTOP" | "SIGCONT") => processes().forEach((pid) => pid && process.kill(pid, name));

  const ask = (query: string, headers: Record<string, string> = { authorization }) =>
    timed(async () => {
      const response = await fetch(`${service.url}/graphql`, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify({ query }) });
      return { status: response.status, headers: response.headers, told: (await response.json()) as { errors?: { extensions: Record<string, unknown> }[] } };
    });
  const READ = "{ regions(first: 1) { nodes { id } } }";
  let written = 0;
  const write = () => `mutation { organizationRegister(idempotencyKey: "key-number-${(written += 1)}", input: { region: "Region_${region}", name: "示例", kind: GOV_DEPT, sectors: ["INDUSTRY_TRADE"] }) { id } }`;

  test("shut down and started again: every answer meanwhile is 503, retryable, with when to come again; readiness says why; and nobody restarts the service", async () => {
    expect((await ask(READ)).result.status).toBe(200);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
    await road.closed();
    await pause(200);
    const all = await Promise.all([READ, READ, READ, write()].map((query) => ask(query)));
    for (const { result } of all) {
      expect([result.status, result.told.errors![0]!.extensions["code"], result.told.errors![0]!.extensions["retryable"]]).toEqual([503, "DATABASE_UNAVAILABLE", true]);
      expect(Number(result.headers.get("retry-after"))).toBeGreaterThan(0);
    }
    const ready = await fetch(`${service.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ reasons: [{ code: "DATABASE_UNAVAILABLE", zh: expect.stringContaining("数据库") }] });
    await road.opened();
    await pause(400);
    expect((await ask(READ)).result.status).toBe(200);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  }, 60_000);

  test("frozen: every request is answered within the deadline and a second, readiness within a second, and all is well when it thaws", async () => {
    await Promise.all(Array.from({ length: 8 }, () => ask(READ)));
    // Readiness answers all who ask within a fifth of a second alike.
    await pause(250);
    signal("SIGSTOP");
    try {
      const asked = Array.from({ length: 12 }, (_, n) => ask(n % 3 === 2 ? write() : READ));
      const ready = await timed(() => fetch(`${service.url}/readyz`));
      expect(ready.result.status).toBe(503);
      expect(ready.ms).toBeLessThan(1_000);
      const live = await timed(() => fetch(`${service.url}/livez`));
      expect(live.ms).toBeLessThan(500);
      for (const { ms, result } of await Promise.all(asked)) {
        expect([429, 503]).toContain(result.status);
        expect(result.told.errors![0]!.extensions["retryable"]).toBe(true);
        expect(ms).toBeLessThan(DEADLINE_MS + 1_300);
      }
    } finally {
      signal("SIGCONT");
    }
    await pause(500);
    expect((await ask(write())).result.told.errors).toBeUndefined();
    for (let n = 0; n < 8; n += 1) expect((await ask(READ)).result.status).toBe(200);
    // What was given up was not handed out again, and the pool is whole.
    const { pool } = engine;
    const clients = await Promise.all(Array.from({ length: 4 }, () => pool.connect()));
    for (const client of clients) expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    for (const client of clients) client.release();
  }, 60_000);

  test("no room left on its disk is told as such, and by readiness until it heals", async () => {
    const { pool } = engine;
    const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    pool.query = (() => Promise.reject(Object.assign(new Error("could not extend file"), { code: "53100" }))) as unknown as typeof pool.query;
    try {
      const { result } = await ask(READ, {});
      expect([result.status, result.told.errors![0]!.extensions["code"], result.told.errors![0]!.extensions["retryable"]]).toEqual([503, "STORAGE_FULL", true]);
    } finally {
      pool.query = query as typeof pool.query;
    }
    const ready = await fetch(`${service.url}/readyz`);
    expect([ready.status, ((await ready.json()) as { reasons: { code: string }[] }).reasons.map(({ code }) => code)]).toEqual([503, ["STORAGE_FULL"]]);
    await pause(5_300);
    expect((await fetch(`${service.url}/readyz`)).status).toBe(200);
  }, 30_000);
});

async function admit(engine: Engine, region: string): Promise<string> {
  const id = newUuid();
  const key = newKey();
  const call = { actor: { id: newUuid(), kind: "SYSTEM" as const, name: "test", personId: null, grants: [] }, requestId: "test" };
  await actAs(engine, call, "principal.admit", async (unit) => {
    await unit.query("insert into principals (id, kind, name) values ($1, 'CLIENT', 'reader')", [id]);
    await unit.query("insert into regions (id, code, name, level) values ($1, '500100000000', '示例市', 'CITY')", [region]);
    await unit.query("insert into grants (id, principal_id, role, region_id) values ($1, $2, 'COMMITTEE_OFFICE', $3)", [newUuid(), id, region]);
    await unit.query("insert into api_keys (id, principal_id, prefix, secret_hash, scopes, label, expires_at) values ($1, $2, $3, $4, '{}', 'test', now() + interval '1 day')", [newUuid(), id, key.prefix, key.secretHash]);
  });
  return `Bearer ${key.text}`;
}

const statOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
const parentOf = (pid: number) => Number(statOf(pid)[1]);
const childrenOf = (parent: number) =>
  readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => {
    try {
      return parentOf(pid) === parent;
    } catch {
      return false;
    }
  });
