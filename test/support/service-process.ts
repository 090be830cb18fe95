import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const children = new Set<ChildProcess>();
// A run that breaks off must not leave a service behind.
process.once("exit", () => children.forEach((child) => child.kill("SIGKILL")));

/** What is built where that is what the sources are, since it starts sooner; else the sources. */
async function main(): Promise<string[]> {
  const { isBuilt } = (await import(new URL("../../scripts/build.mjs", import.meta.url).href)) as { isBuilt(): boolean };
  return isBuilt() ? ["dist/src/main.js"] : ["--import", "./scripts/typescript.mjs", "src/main.ts"];
}

/** The service as it is run, in a process of its own that may be killed. */
export class ServiceProcess {
  private constructor(private readonly child: ChildProcess, readonly url: string) {}

  /** Resolves when it says that it is ready. */
  static async start(settings: Readonly<Record<string, string>>): Promise<ServiceProcess> {
    const { NODE_OPTIONS: _, TEST_DATABASE_URL: __, ...environment } = process.env;
    const child = spawn(process.execPath, await main(), { cwd: root, stdio: ["ignore", "pipe", "pipe"], env: { ...environment, HOST: "127.0.0.1", PORT: "0", DEMO: "0", ...settings } });
    children.add(child);
    child.once("exit", () => children.delete(child));
    let written = "";
    const keep = (chunk: string) => (written = (written + chunk).slice(-4_000));
    child.stderr.setEncoding("utf8").on("data", keep);
    const url = await new Promise<string>((ready, failed) => {
      child.once("exit", (code, signal) => failed(new Error(`the service ended with ${code ?? signal}\n${written}`)));
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        keep(chunk);
        const [found] = /http:\/\/127\.0\.0\.1:\d+(?=\/graphql)/.exec(written) ?? [];
        if (found) ready(found);
      });
    });
    return new ServiceProcess(child, url);
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Without warning. */
  async kill(): Promise<void> {
    if (!this.running) return;
    const ended = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await ended;
  }
}
