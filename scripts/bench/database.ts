import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import "../../src/features.js";
import { openEngine, type Engine } from "../../src/platform/db/engine.js";
import { migrate } from "../../src/platform/db/migrate.js";
import { makeCaller, type Caller } from "./caller.js";
import { findInputs, type Inputs } from "./inputs.js";
import { say } from "./say.js";
import { keep, TYPESCRIPT } from "./servers.js";

/** A database made ready for the questions. */
export interface Prepared {
  url: string;
  /** For the service's files; removed at the end. */
  dataDir: string;
  inputs: Inputs;
  caller: Caller;
  close(): Promise<void>;
}

const READ = "risks, risks_history, subjects, subjects_history, regulator_assignments_history, hidden_dangers_history, risk_assessments, control_measures, regions, people, regulator_assignments, responsibility_slots, hidden_dangers, audit_events, change_events";

/** Migrates, gives PostGraphile what it needs, finds what to ask about, and makes the caller. Adds to the database, changes no row of it. */
export async function prepareDatabase(url: string): Promise<Prepared> {
  const dataDir = mkdtempSync(join(tmpdir(), "bench-"));
  const engine: Engine = await openEngine({ databaseUrl: url, dataDir, poolSize: 2 });
  const client = new pg.Client({ connectionString: url, application_name: "bench-prepare", options: "-c timezone=Asia/Shanghai" });
  try {
    await migrate(engine);
    await client.connect();
    await client.query(readFileSync(new URL("postgraphile-needs.sql", import.meta.url), "utf8"));
    // Statistics and visibility as autovacuum would have them after a quiet minute: the same for all.
    await client.query(`vacuum (analyze) ${READ}`);
    const inputs = await findInputs(client);
    const caller = await makeCaller(engine, inputs.county);
    const close = async () => {
      await caller.revoke();
      await engine.close();
      rmSync(dataDir, { recursive: true, force: true });
    };
    return { url, dataDir, inputs, caller, close };
  } catch (error) {
    await engine.close();
    throw error;
  } finally {
    await client.end();
  }
}

interface Cluster {
  url: string;
  stop: () => void;
}

/** A PostgreSQL of the run's own, as the tests start one. */
export async function ownCluster(): Promise<Cluster> {
  const support = (await import(new URL("../../test/support/private-cluster.mjs", import.meta.url).href)) as { serverBinaries(): string | null; startPrivateCluster(bin: string): Promise<Cluster> };
  const bin = support.serverBinaries();
  if (!bin) throw new Error("本机没有 PostgreSQL 15+ 与 PostGIS:请以 --database 指定 / no PostgreSQL 15+ with PostGIS on this machine: give --database");
  return support.startPrivateCluster(bin);
}

/** A new database in a cluster, filled by the seeding command. */
export async function seededDatabase(cluster: Cluster, risks: number, versions?: number): Promise<string> {
  const name = `bench_${risks}`;
  const admin = new pg.Client({ connectionString: cluster.url });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
  const url = new URL(cluster.url);
  url.pathname = `/${name}`;
  say(`正在生成 ${risks} 条风险`, `seeding ${risks} risks`);
  const dataDir = mkdtempSync(join(tmpdir(), "bench-seed-"));
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const child = keep(spawn(process.execPath, [...TYPESCRIPT, "seeds/run.ts", "--risks", String(risks), ...(versions ? ["--versions", String(versions)] : [])], { cwd: root, env: { ...process.env, DATABASE_URL: url.href, DATA_DIR: dataDir }, stdio: ["ignore", "ignore", "inherit"] }));
  const [code] = (await once(child, "exit")) as [number | null];
  rmSync(dataDir, { recursive: true, force: true });
  if (code !== 0) throw new Error(`npm run seed: ${code}`);
  return url.href;
}

/** What the figures stand on, for the head of the report. */
export interface Conditions {
  machine: readonly string[];
  data: string;
}

export async function conditionsOf(url: string): Promise<Conditions> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(
    `select current_setting('server_version') as version, postgis_lib_version() as postgis, (select count(*) from risks)::int as risks, (select count(*) from risks_history)::int as versions,
       (select count(*) from subjects)::int as subjects, (select count(*) from hidden_dangers)::int as dangers, current_setting('shared_buffers') as buffers, current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit`,
  );
  await client.end();
  const at = rows[0] as Record<string, string | number>;
  return {
    machine: [
      `Node ${process.versions.node},PostgreSQL ${at["version"]},PostGIS ${at["postgis"]},${cpus().length} 核 / cores (${cpus()[0]?.model ?? "?"}),此前一分钟负载 / load in the minute before ${loadavg()[0]!.toFixed(1)}`,
      `shared_buffers ${at["buffers"]},fsync ${at["fsync"]},synchronous_commit ${at["commit"]}${at["fsync"] === "off" ? "(三者相同;Q7 因此偏快 / the same for the three; Q7 is the faster for it)" : ""}`,
    ],
    data: `${at["risks"]} 条风险 / risks,${at["versions"]} 个历史版本 / versions of the past,${at["subjects"]} 个监管对象 / subjects,${at["dangers"]} 条隐患 / hidden dangers`,
  };
}
