import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The Python QGIS is installed for: Debian's, whichever another one stands before it on the path. */
const PYTHON = process.env["QGIS_PYTHON"] ?? "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("../clients/read-by-qgis.py", import.meta.url));

export const hasQgis = spawnSync(PYTHON, ["-c", "import qgis.core"], { env: { ...process.env, QT_QPA_PLATFORM: "offscreen" } }).status === 0;

export interface ReadByQgis {
  version: string;
  layers: Record<string, { valid: boolean; error?: string; features: Record<string, [code: string, wkt: string]>; read: number; inside: string[]; count: number; geometry: string; crs: string; fields: Record<string, string> }>;
  pictures: Record<string, { valid: boolean; late?: true; styled: boolean; errors: string[]; colours: Record<string, number> }>;
}

/** Runs the script in a process of its own, with a home of its own: what QGIS keeps between runs, it does not find. */
export async function readByQgis(asked: object): Promise<ReadByQgis> {
  const home = mkdtempSync(join(tmpdir(), "qgis-"));
  try {
    return await new Promise((resolve, reject) => {
      const environment = { PATH: process.env["PATH"], HOME: home, XDG_RUNTIME_DIR: home, QT_QPA_PLATFORM: "offscreen", QGIS_CUSTOM_CONFIG_PATH: home, QGIS_AUTH_DB_DIR_PATH: home, LANG: "C.UTF-8" };
      const child = execFile(PYTHON, ["-B", SCRIPT], { timeout: 100_000, killSignal: "SIGKILL", maxBuffer: 1 << 26, env: environment }, (error, stdout, stderr) => {
        // Its last line is the answer; QGIS may end badly after it, and says more than it is asked before it.
        const answer = stdout.split("\n").find((line) => line.startsWith('{"version"'));
        if (answer) resolve(JSON.parse(answer) as ReadByQgis);
        else reject(new Error(`QGIS: ${error?.message ?? "no answer"}\n${stderr.slice(-4_000)}`));
      });
      child.stdin!.end(JSON.stringify(asked));
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** Stands between a client and the service, and keeps what is asked. */
export async function listener(service: string): Promise<{ url: string; asked: { path: string; status: number }[]; close(): Promise<void> }> {
  const asked: { path: string; status: number }[] = [];
  const { hostname, port } = new URL(service);
  const server = createServer((incoming, outgoing) => {
    // Host stays as it was: the service's links lead back here.
    const passed = request({ hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
      asked.push({ path: incoming.url!, status: answer.statusCode! });
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => outgoing.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
