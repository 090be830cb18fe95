import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { PoolClient } from "pg";
import { type Engine, openEngine } from "../../../src/platform/db/engine.js";
import { lane, useDatabase } from "../../support/database.js";
import { useDistrict } from "../../support/district.js";

/** Runs until it is cancelled, or for some seconds. */
const ENDLESS = "select count(*) from generate_series(1, 2000000000) n where md5(n::text) like 'zz%'";
const lasting = (ms: number) => `select count(*)::int as n from generate_series(1, ${Math.round(ms * 1_500)}) n where md5(n::text) like 'zz%'`;

/** Longer than what is taken for a frozen server. */
const SILENT = lane === "postgresql" ? "select pg_sleep(8)" : "select 1";

const code = (failure: unknown) => (failure as { code?: string }).code;

describe("a statement that takes longer than it may", () => {
  let engine: Engine;
  // Before the database itself is dropped.
  afterAll(() => engine?.close());
  const database = useDatabase({ migrated: false });
  beforeAll(async () => {
    await database.engine.close();
    engine = await openEngine({ ...database.config, deadlineMs: 300 });
  }, 60_000);

  test("is cancelled on either engine, undoes its transaction, and is no one else's matter", async () => {
    await engine.pool.query("create table kept (n integer)");
    const began = performance.now();
    const client = await engine.pool.connect();
    await client.query("begin");
    await client.query("insert into kept values (1)");
    expect(code(await client.query(ENDLESS).catch((error: unknown) => error))).toBe("57014");
    await client.query("rollback");
    client.release();
    expect(performance.now() - began).toBeLessThan(5_000);
    expect((await engine.pool.query("select count(*)::int as n from kept")).rows).toEqual([{ n: 0 }]);
  });

  test("may be given more time by its session, and by its transaction alone", async () => {
    const client = await engine.pool.connect();
    const long = (text: string) => client.query(`select length('${text}') + n as n from (${lasting(900)}) counted`);
    await client.query("set statement_timeout = 0");
    expect((await long("a")).rowCount).toBe(1);
    await client.query("reset statement_timeout");
    await client.query("begin");
    await client.query("set local statement_timeout = 0");
    expect((await long("b")).rowCount).toBe(1);
    await client.query("commit");
    expect(code(await client.query(ENDLESS).catch((error: unknown) => error))).toBe("57014");
    client.release();
  });

  test("is let go on, however long it is silent, where it was given the time", async () => {
    const client = await engine.pool.connect();
    await client.query("set statement_timeout = 0");
    expect((await client.query(SILENT)).rowCount).toBe(1);
    client.release(true);
  }, 60_000);

  test("never costs a later one its answer, however near the two come", async () => {
    for (let round = 0; round < 12; round++) {
      const told = await engine.pool.query(lasting(60 + round * 40)).then(() => "answered", code);
      expect(["answered", "57014"]).toContain(told);
      for (let n = 0; n < 40; n++) expect((await engine.pool.query("select $1::int as n", [n])).rows).toEqual([{ n }]);
    }
  });
});

if (lane === "embedded") {
  describe("the embedded engine at work", () => {
    const district = useDistrict();

    test("leaves the process to others: health and documents are answered while a statement runs, and the loop does not wait 100 ms", async () => {
      const { engine } = district.database;
      // The one connection there is.
      await engine.pool.query("set statement_timeout = 8000");
      const delay = monitorEventLoopDelay({ resolution: 5 });
      delay.enable();
      await pause(1_000);
      // What a busy machine does to a process that does nothing is not the engine's doing.
      const idle = delay.percentile(99);
      delay.reset();
      const heavy = engine.pool.query(ENDLESS).catch(code);
      await pause(200);
      let answered = 0;
      for (const until = Date.now() + 3_000; Date.now() < until; answered++) {
        const began = performance.now();
        const [live] = await Promise.all([fetch(`${district.service.url}/livez`), fetch(`${district.service.url}/schema.graphql`).then((response) => response.text())]);
        expect(live.status).toBe(200);
        expect(performance.now() - began).toBeLessThan(2_000);
        await pause(20);
      }
      delay.disable();
      expect(answered).toBeGreaterThan(5);
      expect(delay.percentile(90)).toBeLessThan(Math.max(100e6, 4 * idle));
      expect(delay.max).toBeLessThan(2_000e6);
      expect(await heavy).toBe("57014");
      await engine.pool.query("reset statement_timeout");
      const answer = await district.as("public").raw("{regions(first:1){totalCount}}");
      expect(answer.errors).toBeUndefined();
    });

    test("is opened again when its thread ends: what was under way fails as a broken connection, what was committed is there", async () => {
      const { engine } = district.database;
      await engine.pool.query("create table told (n integer primary key)");
      let last = 0;
      for (let round = 0; round < 2; round++) {
        const doomed = writeUntilBroken(engine, last);
        await pause(700);
        await threadOf(engine).terminate();
        const { acknowledged, failure } = await doomed;
        expect(acknowledged.length).toBeGreaterThan(0);
        expect(code(failure)).toBe("08006");
        const look = () => engine.pool.query("select count(*) filter (where n = any($1))::int as kept, max(n) as last from told", [acknowledged]);
        // On a busy machine it may take longer to open than a question waits for a connection.
        const { rows } = await look().catch(look).catch(look);
        expect(rows[0]).toMatchObject({ kept: acknowledged.length });
        last = (rows[0] as { last: number }).last;
      }
      const answer = await district.as("office").raw("{regulatedSubjects(first:1){totalCount}}");
      expect(answer.errors).toBeUndefined();
    }, 120_000);
  });
}

/** The thread below the pool: nothing asks it to end but this test. */
function threadOf(engine: Engine): Worker {
  const { stream } = (engine.pool as unknown as { options: { stream: () => { engine: { current: { worker: Worker } } } } }).options;
  return stream().engine.current.worker;
}

async function writeUntilBroken(engine: Engine, after: number): Promise<{ acknowledged: number[]; failure: unknown }> {
  const acknowledged: number[] = [];
  for (let n = after + 1; ; n++) {
    let client: PoolClient | undefined;
    try {
      client = await engine.pool.connect();
      await client.query("begin");
      await client.query("insert into told values ($1)", [n]);
      await client.query("commit");
      client.release();
      client = undefined;
      await engine.durable();
      acknowledged.push(n);
    } catch (failure) {
      client?.release(failure as Error);
      return { acknowledged, failure };
    }
  }
}
