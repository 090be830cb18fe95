import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { Dice } from "../../seeds/demo/story.js";
import { lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { ServiceProcess } from "../support/service-process.js";
import { lossesAndDoubles, NOTHING, SteadyWriters } from "../support/steady-writers.js";

interface Cluster {
  url: string;
  stop(): void;
  /** Ends without a checkpoint. */
  crash(): void;
  start(): void;
}

/** A quarter as often as the faults of the service itself: a server takes seconds to come back. */
const CYCLES = Math.ceil(Number(process.env["FAULT_CYCLES"] ?? 2) / 4);
const SEED = 20_261_130;

const support = (await import(new URL("../support/private-cluster.mjs", import.meta.url).href)) as { serverBinaries(): string | null; startPrivateCluster(bin: string, options: { durable: boolean }): Promise<Cluster> };
const binaries = lane === "postgresql" ? support.serverBinaries() : null;

// Another's server is not ours to break.
if (binaries) {
  describe("a PostgreSQL that breaks off under work", () => {
    let cluster: Cluster;
    let service: ServiceProcess | undefined;
    const shared = process.env["TEST_DATABASE_URL"];
    beforeAll(async () => {
      cluster = await support.startPrivateCluster(binaries, { durable: true });
      process.env["TEST_DATABASE_URL"] = cluster.url;
    }, 120_000);
    const district = useDistrict();
    afterAll(async () => {
      await service?.kill();
      process.env["TEST_DATABASE_URL"] = shared;
      cluster?.stop();
    }, 60_000);

    /** One session of the service's. */
    async function oneOfItsBackends(): Promise<number> {
      const admin = new pg.Client({ connectionString: district.database.config.databaseUrl });
      await admin.connect();
      try {
        const { rows } = await admin.query("select pid from pg_stat_activity where datname = current_database() and application_name = 'yitu-yibiao-yiku' order by state = 'active' desc limit 1");
        return (rows[0] as { pid: number }).pid;
      } finally {
        await admin.end();
      }
    }

    test("loses nothing acknowledged, and the service goes on without being started again", async () => {
      const dice = new Dice(SEED);
      service = await ServiceProcess.start({ DATABASE_URL: district.database.config.databaseUrl!, DATA_DIR: district.database.config.dataDir });
      const writers = new SteadyWriters(district, SEED, 6);
      writers.at(service.url);
      const atWork = async () => {
        const before = writers.acknowledged.length;
        while (writers.acknowledged.length < before + 3 && writers.wrong.length === 0) await pause(10);
        await pause(dice.int(20, 500));
      };
      try {
        for (let cycle = 0; cycle < CYCLES; cycle++) {
          await atWork();
          // The server ends every session and recovers from its log.
          process.kill(await oneOfItsBackends(), "SIGKILL");
          await atWork();
          cluster.crash();
          await pause(dice.int(200, 1_500));
          cluster.start();
        }
        await atWork();
      } finally {
        await writers.finish();
      }
      process.stdout.write(`${CYCLES} backends killed, ${CYCLES} servers stopped at once, ${writers.acknowledged.length} steps acknowledged, ${writers.repeated} resolved by their key\n`);
      expect(writers.wrong).toEqual([]);
      expect(service.running).toBe(true);
      // The pool's first connections may be those that broke.
      const pool = new pg.Pool({ connectionString: district.database.config.databaseUrl, max: 1 });
      try {
        expect(await lossesAndDoubles(pool, writers.acknowledged)).toEqual(NOTHING);
      } finally {
        await pool.end();
      }
    }, 120_000 + CYCLES * 120_000);
  });
} else {
  test("another's server is not broken: without one of this machine's own, or on the embedded engine, there is nothing to break", () => {
    expect(binaries).toBeNull();
  });
}
