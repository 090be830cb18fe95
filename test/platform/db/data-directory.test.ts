import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, describe, expect, test } from "@jest/globals";
import { lockDirectory } from "../../../src/platform/db/directory-lock.js";
import { openEngine } from "../../../src/platform/db/engine.js";
import { writeSnapshot } from "../../../src/platform/db/snapshot.js";
import { freshDatabase, lane } from "../../support/database.js";

const made: string[] = [];
const newDirectory = () => {
  const directory = mkdtempSync(join(tmpdir(), "register-"));
  made.push(directory);
  return directory;
};
afterAll(() => made.forEach((directory) => rmSync(directory, { recursive: true, force: true })));

describe("the lock of a data directory", () => {
  test("refuses a second holder and names the first", () => {
    const directory = newDirectory();
    const release = lockDirectory(directory);
    expect(() => lockDirectory(directory)).toThrow(new RegExp(`进程 ${process.pid}.*in use by process ${process.pid}`));
    release();
    lockDirectory(directory)();
    expect(existsSync(join(directory, "engine.lock"))).toBe(false);
  });

  test("is taken over from a process that is dead, from before a reboot, or of a reused pid", () => {
    const directory = newDirectory();
    lockDirectory(directory);
    const own = JSON.parse(readFileSync(join(directory, "engine.lock"), "utf8")) as Record<string, unknown>;
    for (const stale of [{ pid: 2 ** 22 + 1 }, { bootId: "before" }, { startedAt: "1" }]) {
      writeFileSync(join(directory, "engine.lock"), JSON.stringify({ ...own, ...stale, nonce: "another" }));
      lockDirectory(directory);
    }
    expect(() => lockDirectory(directory)).toThrow("in use");
  });

  test("of another host stands while its heartbeat is fresh", () => {
    const directory = newDirectory();
    writeFileSync(join(directory, "engine.lock"), JSON.stringify({ pid: 7, host: `not-${hostname()}`, bootId: "", startedAt: "", nonce: "another" }));
    expect(() => lockDirectory(directory)).toThrow("process 7 on not-");
  });
});

if (lane === "embedded") {
  describe("the embedded engine", () => {
    test("loses no acknowledged row and keeps no half transaction when killed, and opens after a signal's leftovers", async () => {
      const { engine, config, drop } = await freshDatabase({ migrated: false });
      await engine.close();
      for (let round = 0; round < 2; round++) {
        const acknowledged = await killAfter(config.dataDir, 25 + round * 17);
        writeFileSync(join(config.dataDir, "pg", "postmaster.pid"), "-42\n/pglite/data\n0\n5432\n\n\n");
        const reopened = await openEngine(config);
        const { rows } = await reopened.pool.query("select count(*) filter (where n = any($1))::int as kept, count(*) filter (where half = 'first') - count(*) filter (where half = 'second') as torn from kept", [acknowledged]);
        expect(rows).toEqual([{ kept: acknowledged.length, torn: "0" }]);
        await reopened.close();
      }
      await drop();
    }, 120_000);

    test("starts from a snapshot as a database of its own, also over a creation that was interrupted", async () => {
      const { engine, drop } = await freshDatabase();
      const snapshotPath = join(newDirectory(), "snapshot.tgz");
      await engine.pool.query("create table told as select '快照'::text as word, epoch, redaction_key from system_settings");
      await writeSnapshot(engine, snapshotPath);
      await drop();
      const dataDir = newDirectory();
      mkdirSync(join(dataDir, "pg"));
      writeFileSync(join(dataDir, "pg", "PG_VERSION"), "half");
      writeFileSync(join(dataDir, "pg.unfinished"), "");
      const said: string[] = [];
      const loaded = await openEngine({ dataDir, snapshotPath }, (_, en) => said.push(en));
      const { rows } = await loaded.pool.query("select word, s.epoch <> t.epoch as other_epoch, s.redaction_key <> t.redaction_key as other_key from told t, system_settings s");
      expect(rows).toEqual([{ word: "快照", other_epoch: true, other_key: true }]);
      expect(said[0]).toContain("prepared database");
      expect(existsSync(join(dataDir, "pg.unfinished"))).toBe(false);
      await loaded.close();
    }, 120_000);
  });
}

/** Runs a writer on the directory, kills it without warning after so many acknowledged writes. */
async function killAfter(dataDir: string, writes: number): Promise<number[]> {
  const writer = spawn(process.execPath, ["--import", "./scripts/typescript.mjs", "test/support/steady-writer.ts", dataDir], { stdio: ["ignore", "pipe", "inherit"] });
  const acknowledged: number[] = [];
  const ended = new Promise((resolve) => writer.once("exit", resolve));
  for await (const line of createInterface({ input: writer.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === writes) writer.kill("SIGKILL");
  }
  await ended;
  expect(acknowledged.length).toBeGreaterThanOrEqual(writes);
  return acknowledged;
}
