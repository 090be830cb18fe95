import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = "/usr/lib/postgresql";

/** The newest server on this machine that has PostGIS, or null. */
export function serverBinaries() {
  if (!existsSync(ROOT)) return null;
  const versions = readdirSync(ROOT).map(Number).filter((version) => version >= 15).sort((a, b) => b - a);
  for (const version of versions) {
    const bin = join(ROOT, String(version), "bin");
    if (existsSync(join(bin, "initdb")) && existsSync(`/usr/share/postgresql/${version}/extension/postgis.control`)) return bin;
  }
  return null;
}

/** The server refuses to run as root; the package's own user is there wherever the package is. */
function run(command, args) {
  const asRoot = process.getuid?.() === 0;
  const [file, list] = asRoot ? ["setpriv", ["--reuid", "postgres", "--regid", "postgres", "--clear-groups", command, ...args]] : [command, args];
  // The server keeps its standard output open, so it must not be a pipe of ours.
  execFileSync(file, list, { stdio: ["ignore", "ignore", "inherit"], cwd: "/" });
}

const freePort = () =>
  new Promise((found, failed) => {
    const probe = createServer();
    probe.once("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => found(port));
    });
  });

/** Nothing outlives a run: durability would only cost time. */
const FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off";

/**
 * Starts a PostgreSQL of our own, for this run only.
 * @param options.durable as a server in earnest is, for tests of what survives its end.
 * @returns its URL, how to end it, how to end it without a checkpoint as a crash does, and how to start it again.
 */
export async function startPrivateCluster(bin, { durable = false } = {}) {
  const home = mkdtempSync(join(tmpdir(), "register-pg-"));
  chmodSync(home, 0o777);
  const data = join(home, "data");
  const port = await freePort();
  run(join(bin, "initdb"), ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]);
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${home} ${durable ? "" : FAST} -c max_connections=100`;
  const start = () => run(join(bin, "pg_ctl"), ["-D", data, "-w", "-t", "60", "-l", join(home, "log"), "-o", options, "start"]);
  const crash = () => run(join(bin, "pg_ctl"), ["-D", data, "-w", "-m", "immediate", "stop"]);
  start();
  let stopped = false;
  const stop = () => {
    if (stopped) return;
    stopped = true;
    crash();
    rmSync(home, { recursive: true, force: true });
  };
  // A run that breaks off must not leave a server behind.
  process.once("exit", stop);
  return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop, crash, start };
}
