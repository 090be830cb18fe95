import { describe, expect, test } from "@jest/globals";
import { openEngine } from "../../../src/platform/db/engine.js";
import { sendRead } from "../../../src/platform/db/prepared.js";
import { lane, useDatabase } from "../../support/database.js";

const database = useDatabase({ migrated: false });
const query = (sql: string, values: unknown[] = []) => database.engine.pool.query(sql, values);

describe("an engine", () => {
  test("answers every one of many queries with its own answer, errors in between", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 240 }, async (_, n) => {
        switch (n % 4) {
          case 0:
            return query("select 1 / ($1::int - $1::int)", [n]).catch((error: { code: string }) => error.code === "22012");
          case 1:
            return query("select nothing_of_the_kind").catch((error: { code: string }) => error.code === "42703");
          case 2:
            return (await database.engine.pool.query({ name: `kept-${n % 5}`, text: `select $1::int as n, ${n % 5} as k`, values: [n] })).rows[0].n === n;
          default:
            return (await query("select $1::int as n, repeat('x', 70000) as long", [n])).rows[0].n === n;
        }
      }),
    );
    expect(outcomes.filter((right) => right !== true)).toEqual([]);
  });

  test("keeps answers in step when one connection has many questions queued behind errors", async () => {
    const client = await database.engine.pool.connect();
    const outcomes = await Promise.all(
      Array.from({ length: 120 }, async (_, n) => {
        if (n % 3 === 0) return client.query("select 1 / ($1::int - $1::int)", [n]).then(() => "no error", (error: { code: string }) => error.code);
        return (await client.query("select $1::int as n", [n])).rows[0]?.n as unknown;
      }),
    );
    client.release();
    expect(outcomes).toEqual(Array.from({ length: 120 }, (_, n) => (n % 3 === 0 ? "22012" : n)));
  });

  test("keeps no more prepared on a connection than it may, however many different questions come again and again, and answers them all right", async () => {
    const { pool } = database.engine;
    const asked = (n: number) => sendRead(pool, { text: `select $1::int + ${n} as n, '${"长".repeat(9_000)}' as long`, values: [n], replan: n % 5 === 0 });
    for (let round = 0; round < 14; round += 1) {
      const answers = await Promise.all(Array.from({ length: 150 }, async (_, n) => (await asked(n)).rows[0]!["n"]));
      expect(answers).toEqual(Array.from({ length: 150 }, (_, n) => 2 * n));
    }
    const clients = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()));
    try {
      const kept = await Promise.all(clients.map(async (client) => (await client.query("select coalesce(sum(length(statement)), 0)::int as letters, count(*)::int as statements from pg_prepared_statements")).rows[0] as { letters: number; statements: number }));
      expect(Math.max(...kept.map(({ statements }) => statements))).toBeGreaterThan(0);
      // What comes between two looks comes on top.
      expect(Math.max(...kept.map(({ letters }) => letters))).toBeLessThan(400_000 + 25 * 9_100);
    } finally {
      for (const client of clients) client.release();
    }
  });

  test("recovers a transaction that failed, and keeps nothing of it", async () => {
    await query("create table sums (n integer primary key)");
    await expect(
      database.engine.source.transaction(async (manager) => {
        await manager.query("insert into sums values (1)");
        await manager.query("insert into sums values (1)");
      }),
    ).rejects.toMatchObject({ code: "23505" });
    expect((await query("select count(*)::int as n from sums")).rows).toEqual([{ n: 0 }]);
  });

  test("answers statements sent together each for itself, also around one that fails", async () => {
    const client = await database.engine.pool.connect();
    try {
      const sent = await Promise.allSettled([
        client.query("begin"),
        client.query({ name: "one", text: "select $1::int as n", values: [1] }),
        client.query({ name: "bad", text: "select $1::int / 0 as n", values: [1] }),
        client.query({ name: "one", text: "select $1::int as n", values: [2] }),
        client.query("commit"),
        client.query({ name: "one", text: "select $1::int as n", values: [3] }),
      ]);
      const told = sent.map((answer) => (answer.status === "fulfilled" ? (answer.value.rows[0] as { n: number } | undefined)?.n ?? answer.value.command : (answer.reason as { code: string }).code));
      // A commit of what has failed undoes it, and says so.
      expect(told).toEqual(["BEGIN", 1, "22012", "25P02", "ROLLBACK", 3]);
    } finally {
      client.release();
    }
  });

  test("takes and gives large values", async () => {
    const long = "渝北".repeat(400_000);
    expect((await query("select $1::text as long, length($1::text) as n", [long])).rows).toEqual([{ long, n: 800_000 }]);
  });

  test("forgets the transaction of a connection that was thrown away", async () => {
    const client = await database.engine.pool.connect();
    await client.query("begin");
    await client.query("create table left_over ()");
    client.release(new Error("thrown away"));
    await expect(query("select from left_over")).rejects.toMatchObject({ code: "42P01" });
  });

  test("speaks the time of Chongqing and the types of the driver on either kind", async () => {
    const { rows } = await query("select current_setting('timezone') as zone, 1::bigint as big, 1.5::numeric as exact, '{\"a\":1}'::jsonb as json, true as yes");
    expect(rows).toEqual([{ zone: "Asia/Shanghai", big: "1", exact: "1.5", json: { a: 1 }, yes: true }]);
    expect(database.engine.kind).toBe(lane);
  });

  test("acknowledges durability to all who ask at once", async () => {
    await query("create table flushed (n integer)");
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        await query("insert into flushed values ($1)", [n]);
        await database.engine.durable();
      }),
    );
    expect((await query("select count(*)::int as n from flushed")).rows).toEqual([{ n: 20 }]);
  });
});

if (lane === "embedded") {
  test("a second engine on the same directory is refused", async () => {
    await expect(openEngine(database.config)).rejects.toMatchObject({ name: "DirectoryInUse", pid: process.pid });
    expect((await query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });
}

if (lane === "postgresql") {
  test("a connection that breaks in use fails its unit and nothing else", async () => {
    const client = await database.engine.pool.connect();
    const { rows } = await client.query("select pg_backend_pid() as pid");
    await query("select pg_terminate_backend($1)", [rows[0].pid]);
    const failure = await client.query("select 1").then(() => null, (error: Error) => error);
    expect(failure).toBeInstanceOf(Error);
    client.release(failure!);
    expect((await query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });

  test("statements, locks and idle transactions are bounded", async () => {
    const { rows } = await query("select name, setting from pg_settings where name in ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'jit') order by name");
    expect(rows).toEqual([
      { name: "idle_in_transaction_session_timeout", setting: "10000" },
      { name: "jit", setting: "off" },
      { name: "lock_timeout", setting: "2000" },
      { name: "statement_timeout", setting: "8000" },
    ]);
  });
}
