import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import pg from "pg";

/** The cores of the one and of the other side, as taskset takes them; nothing where they cannot be told apart. */
export interface Sides {
  served: string;
  asking: string;
}

/**
 * Parts the cores: the service and its database on the first half, whoever asks on the others. An open loop beside what
 * it asks takes its cores away just when it asks for more, which no client on a machine of its own does.
 */
export function sides(): Sides | null {
  const cores = availableParallelism();
  if (cores < 2 || process.platform !== "linux") return null;
  const half = Math.floor(cores / 2);
  return { served: `0-${half - 1}`, asking: `${half}-${cores - 1}` };
}

/** Puts a process, all its threads and what it starts from now on onto cores. False where the system does not let it. */
export function move(pid: number, cores: string): boolean {
  try {
    execFileSync("taskset", ["-apc", cores, String(pid)], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Puts a PostgreSQL of this machine onto cores: its sessions are what its first process starts. False for one elsewhere. */
export async function moveDatabase(url: string, cores: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query("select split_part(pg_read_file('postmaster.pid'), chr(10), 1)::int as pid");
    return move((rows[0] as { pid: number }).pid, cores);
  } catch {
    // Not for this role to read, or no process of this machine.
    return false;
  } finally {
    await client.end();
  }
}
