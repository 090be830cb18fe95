import { randomUUID } from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** One data directory is one process: a second embedded engine would silently lose committed rows. */
export class DirectoryInUse extends Error {
  override readonly name = "DirectoryInUse";
  constructor(readonly directory: string, readonly pid: number, readonly host: string) {
    super(
      `数据目录 ${directory} 正由进程 ${pid}(主机 ${host})使用;请先停止它,或另选 DATA_DIR。` +
        ` / The data directory ${directory} is in use by process ${pid} on ${host}; stop it first or choose another DATA_DIR.`,
    );
  }
}

interface Holder {
  pid: number;
  host: string;
  /** Identity of the running kernel; a lock from before a reboot is stale. Empty where the system has none. */
  bootId: string;
  /** Start of the process in clock ticks since boot, so that a reused pid is not taken for the holder. */
  startedAt: string;
  nonce: string;
}

const HEARTBEAT_MS = 10_000;
/** A holder on another host cannot be asked; without a heartbeat for this long it is taken for dead. */
const FOREIGN_SILENCE_MS = 45_000;

const readOr = (file: string, otherwise: string) => {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return otherwise;
  }
};

const bootId = () => readOr("/proc/sys/kernel/random/boot_id", "");

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces, so counting begins after its closing bracket. */
function startOf(pid: number): string {
  const stat = readOr(`/proc/${pid}/stat`, "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function isLive(holder: Holder, file: string): boolean {
  if (holder.host !== hostname()) return Date.now() - statSync(file).mtimeMs < FOREIGN_SILENCE_MS;
  if (holder.bootId !== bootId()) return false;
  return isRunning(holder.pid) && startOf(holder.pid) === holder.startedAt;
}

function parse(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Holder;
    return typeof holder.pid === "number" && typeof holder.nonce === "string" ? holder : null;
  } catch {
    return null;
  }
}

/**
 * Takes the directory for this process alone. The lock of a dead process is taken over.
 * @returns the release; idempotent.
 * @throws DirectoryInUse when a live process holds it.
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = join(directory, "engine.lock");
  const own: Holder = { pid: process.pid, host: hostname(), bootId: bootId(), startedAt: startOf(process.pid), nonce: randomUUID() };
  const draft = `${file}.${own.nonce}`;
  // Written first and linked after: the lock appears whole or not at all, and link() refuses an existing name.
  writeFileSync(draft, JSON.stringify(own), { flag: "wx", mode: 0o600 });
  try {
    take(directory, file, draft);
  } finally {
    rmSync(draft, { force: true });
  }
  const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS).unref();
  return () => {
    clearInterval(heartbeat);
    if (parse(readOr(file, ""))?.nonce === own.nonce) rmSync(file, { force: true });
  };
}

function take(directory: string, file: string, draft: string) {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      linkSync(draft, file);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const seen = readOr(file, "");
    const holder = parse(seen);
    if (holder && existsSync(file) && isLive(holder, file)) throw new DirectoryInUse(directory, holder.pid, holder.host);
    displaceStale(file, seen);
  }
  throw new Error(`无法锁定数据目录 ${directory} / cannot lock the data directory ${directory}`);
}

/** Two processes may find the same stale lock: whoever moved away something else than what it read puts it back. */
function displaceStale(file: string, seen: string) {
  const aside = `${file}.stale.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (readOr(aside, "") !== seen) {
    try {
      linkSync(aside, file);
    } catch {
      // A third process has the lock by now; the next attempt will see it.
    }
  }
  rmSync(aside, { force: true });
}

function touch(file: string) {
  const now = new Date();
  try {
    utimesSync(file, now, now);
  } catch {
    // The directory is gone or read-only; nothing a heartbeat could mend.
  }
}
