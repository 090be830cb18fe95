import { readFileSync } from "node:fs";
import pg from "pg";
import type { Running } from "./servers.js";

/** Linux counts processor time for readers in hundredths of a second. */
const TICK_MS = 10;

interface Spent {
  parent: number;
  own: number;
  /** Of children that have ended. */
  reaped: number;
}

/** Processor time a process has spent, in milliseconds; null when it is not on this machine. */
function spent(pid: number): Spent | null {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name in brackets may hold anything; the numbers stand after it.
    const fields = line.slice(line.lastIndexOf(")") + 2).split(" ").map(Number);
    return { parent: fields[1]!, own: (fields[11]! + fields[12]!) * TICK_MS, reaped: (fields[13]! + fields[14]!) * TICK_MS };
  } catch {
    return null;
  }
}

const isPostgres = (pid: number) => {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("postgres");
  } catch {
    return false;
  }
};

interface Reading {
  node: number;
  backends: ReadonlyMap<number, number>;
  reaped: number;
}

/** Reads what a server and its backends have spent, through a session of its own that asks for little. */
export class Meter {
  private readonly client: pg.Client;
  /** Whether PostgreSQL's processes can be seen from here. */
  local = false;
  private workersSeen = false;

  constructor(databaseUrl: string) {
    this.client = new pg.Client({ connectionString: databaseUrl, application_name: "bench-meter" });
  }

  async open(): Promise<this> {
    await this.client.connect();
    const { rows } = await this.client.query("select pg_backend_pid() as pid");
    this.local = isPostgres((rows[0] as { pid: number }).pid);
    return this;
  }

  close = () => this.client.end();

  async read(running: Running): Promise<Reading> {
    const { rows } = await this.client.query("select pid from pg_stat_activity where application_name = $1 and datname = current_database() and backend_type = 'client backend'", [running.application]);
    const pids = (rows as { pid: number }[]).map(({ pid }) => pid);
    const backends = new Map(pids.flatMap((pid) => (this.local && spent(pid) ? [[pid, spent(pid)!.own] as const] : [])));
    const postmaster = pids[0] === undefined || !this.local ? null : spent(spent(pids[0])?.parent ?? -1);
    return { node: spent(running.pid)?.own ?? 0, backends, reaped: postmaster?.reaped ?? 0 };
  }

  /** Looks whether queries of a server run in parallel: then its workers' time, known once they have ended, is its own too. */
  watch(running: Running): () => void {
    this.workersSeen = false;
    const timer = setInterval(() => {
      this.client
        .query("select exists (select 1 from pg_stat_activity w join pg_stat_activity l on l.pid = w.leader_pid where w.backend_type = 'parallel worker' and l.application_name = $1 and l.datname = current_database()) as seen", [running.application])
        .then(({ rows }) => (this.workersSeen ||= (rows[0] as { seen: boolean }).seen), () => undefined);
    }, 300);
    return () => clearInterval(timer);
  }

  /** Milliseconds between two readings. */
  between(before: Reading, after: Reading): { nodeMs: number; databaseMs: number | null } {
    const nodeMs = after.node - before.node;
    if (!this.local) return { nodeMs, databaseMs: null };
    const own = [...after.backends].reduce((sum, [pid, at]) => sum + at - (before.backends.get(pid) ?? 0), 0);
    return { nodeMs, databaseMs: own + (this.workersSeen ? after.reaped - before.reaped : 0) };
  }
}
