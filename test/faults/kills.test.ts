import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { Dice } from "../../seeds/demo/story.js";
import { openEngine } from "../../src/platform/db/engine.js";
import { lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { ServiceProcess } from "../support/service-process.js";
import { lossesAndDoubles, NOTHING, SteadyWriters } from "../support/steady-writers.js";

/** How often each fault happens; more where there is time. */
const CYCLES = Number(process.env["FAULT_CYCLES"] ?? 2);
const PER_CYCLE_MS = 90_000;
const SEED = 20_261_129;
const WRITERS = 6;

const district = useDistrict();
let service: ServiceProcess | undefined;

const settings = (): Record<string, string> =>
  lane === "postgresql" ? { DATABASE_URL: district.database.config.databaseUrl!, DATA_DIR: district.database.config.dataDir } : { DATA_DIR: district.database.config.dataDir, DATABASE_URL: "" };

beforeAll(async () => {
  if (lane === "postgresql") return;
  // A data directory is one process's.
  await district.service.close();
  await district.plain.close();
  Object.assign(district, { service: undefined, plain: undefined });
  await district.database.engine.close();
}, 60_000);
afterAll(() => service?.kill());

/** The database as it stands, once no service has it. */
async function lookedAt<T>(look: (pool: pg.Pool) => Promise<T>): Promise<T> {
  if (lane === "postgresql") return look(district.database.engine.pool);
  await service?.kill();
  const engine = await openEngine(district.database.config);
  try {
    return await look(engine.pool);
  } finally {
    await engine.close();
  }
}

const acknowledged: SteadyWriters["acknowledged"] = [];

test("a service killed at any moment loses nothing it acknowledged and does nothing twice; what was unknown is known by sending the key again", async () => {
  const dice = new Dice(SEED);
  const writers = new SteadyWriters(district, SEED, WRITERS);
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    service = await ServiceProcess.start(settings());
    const before = writers.acknowledged.length;
    writers.at(service.url);
    // Not before it has worked at all, however slow the machine.
    while (writers.acknowledged.length === before && writers.wrong.length === 0) await pause(10);
    await pause(dice.int(20, 900));
    await service.kill();
  }
  service = await ServiceProcess.start(settings());
  writers.at(service.url);
  await writers.finish();
  acknowledged.push(...writers.acknowledged);
  process.stdout.write(`${lane}: ${CYCLES} kills, ${acknowledged.length} steps acknowledged, ${writers.repeated} resolved by their key\n`);
  expect(writers.wrong).toEqual([]);
  expect(acknowledged.length).toBeGreaterThan(CYCLES);
  expect(await lookedAt((pool) => lossesAndDoubles(pool, acknowledged))).toEqual(NOTHING);
}, 120_000 + CYCLES * PER_CYCLE_MS);

test("a file whose import was killed is imported whole the second time, no row twice", async () => {
  const ROWS = 600;
  const dice = new Dice(SEED + 1);
  const rounds = Math.ceil(CYCLES / 4);
  const send = (round: number) =>
    fetch(`${service!.url}/imports/us-nid-dams?datum=WGS84&region=500112004000`, {
      method: "POST",
      headers: district.headers("office"),
      body: `recordid,nidid,dam_name,state,county,longitude,latitude\n${Array.from({ length: ROWS }, (_, n) => `${round}${String(n).padStart(5, "0")},N,坝 ${round}-${n},X,甲,106.6,29.7\n`).join("")}`,
    });
  for (let round = 1; round <= rounds; round++) {
    if (!service?.running) service = await ServiceProcess.start(settings());
    const cut = send(round).then((response) => response.status, () => "broken");
    await pause(dice.int(50, lane === "embedded" ? 2_500 : 900));
    await service.kill();
    await cut;
    service = await ServiceProcess.start(settings());
    const report = (await (await send(round)).json()) as Record<string, number>;
    expect(report).toMatchObject({ rowsRead: ROWS, rowsUpdated: 0, rowsRejected: 0 });
    expect(report["rowsCreated"]! + report["rowsUnchanged"]!).toBe(ROWS);
  }
  const rows = await lookedAt(async (pool) => (await pool.query("select count(*)::int as sites, count(distinct s.external_id)::int as keys, (select count(*)::int from change_events c join subjects o on o.id = c.entity_id where o.name like '坝 %' and c.version = 1) as changes from subjects s where name like '坝 %'")).rows as unknown[]);
  expect(rows).toEqual([{ sites: ROWS * rounds, keys: ROWS * rounds, changes: ROWS * rounds }]);
}, 120_000 + CYCLES * PER_CYCLE_MS);

if (lane === "postgresql") {
  test("a pool whose connections are broken under work goes on: nothing lost, nothing twice", async () => {
    if (!service?.running) service = await ServiceProcess.start(settings());
    const dice = new Dice(SEED + 2);
    const admin = new pg.Client({ connectionString: district.database.config.databaseUrl });
    await admin.connect();
    const writers = new SteadyWriters(district, SEED + 2, WRITERS);
    writers.at(service.url);
    try {
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        const before = writers.acknowledged.length;
        while (writers.acknowledged.length === before && writers.wrong.length === 0) await pause(10);
        await pause(dice.int(10, 400));
        const { rowCount } = await admin.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'yitu-yibiao-yiku'");
        expect(rowCount).toBeGreaterThan(0);
      }
    } finally {
      await writers.finish();
      await admin.end();
    }
    process.stdout.write(`${lane}: ${CYCLES} times all connections broken, ${writers.acknowledged.length} steps acknowledged, ${writers.repeated} resolved by their key\n`);
    expect(writers.wrong).toEqual([]);
    expect(service.running).toBe(true);
    acknowledged.push(...writers.acknowledged);
    expect(await lookedAt((pool) => lossesAndDoubles(pool, acknowledged))).toEqual(NOTHING);
  }, 120_000 + CYCLES * PER_CYCLE_MS);
}
