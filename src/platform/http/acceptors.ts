import { fork } from "node:child_process";
import { Server as NetServer, type Socket } from "node:net";
import type { Server } from "node:http";
import { log } from "../log.js";

/** The copies are there after some hundredths of a second; whoever waits longer starts without the rest. */
const COPIES_WITHIN_MS = 2_000;

/**
 * Takes new connections as fast as they come. Each turn of the event loop takes one connection per listening handle
 * (libuv since 1.45): with thousands of busy connections a turn is long, the system's queue overflows, and a newcomer -
 * the supervisor asking for health among them - waits for seconds. Several handles on the same queue take several.
 * Node.js makes no copy of a handle within a process; passed to a child process and back, it is one.
 */
export class Acceptors {
  private readonly servers: NetServer[] = [];
  private open = 0;
  private taken = 0;

  constructor(
    private readonly server: Server,
    private readonly maxConnections: number,
  ) {
    server.maxConnections = maxConnections;
    server.on("connection", (socket) => {
      this.open++;
      socket.once("close", () => this.open--);
    });
  }

  /** Adds so many handles to the one of the server, which listens. Fewer, and a line in the log, where the system denies it. */
  async add(count: number): Promise<void> {
    const handle = (this.server as unknown as { _handle: { fd: number } })._handle;
    const child = fork(new URL("./listener-copies.mjs", import.meta.url), { execArgv: [], stdio: "ignore" });
    let late: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        late = setTimeout(() => reject(new Error(`${this.servers.length} of ${count} copies`)), COPIES_WITHIN_MS);
        child.once("error", reject).once("exit", () => reject(new Error(`exit after ${this.servers.length} of ${count} copies`)));
        child.on("message", (_, copy) => {
          this.listenOn(copy);
          if (this.servers.length === count) resolve();
        });
        child.send(count, handle as never, { keepOpen: true }, (error) => error && reject(error));
      });
    } catch (error) {
      log.trouble("未能增加监听句柄,高负载时新连接会等待 / no further listening handles: new connections wait under load", error);
    } finally {
      clearTimeout(late);
      child.removeAllListeners("message").removeAllListeners("exit").on("error", () => undefined).kill();
    }
  }

  private listenOn(copy: unknown): void {
    // As node:http makes its own: a client may end its side and wait, and no small answer waits for an acknowledgement.
    const acceptor = new NetServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.take(socket));
    this.servers.push(acceptor);
    acceptor.on("error", (error) => log.trouble("监听出错 / listening failed", error)).listen(copy);
  }

  private take(socket: Socket): void {
    if (this.open >= this.maxConnections) return void socket.destroy();
    this.among(1);
    socket.once("close", () => this.among(-1));
    this.server.emit("connection", socket);
  }

  /** The server counts only what it took itself. */
  private among(change: number): void {
    this.taken += change;
    this.server.maxConnections = this.maxConnections - this.taken;
  }

  /** No more connections; done when the open ones have ended. */
  async close(): Promise<void> {
    // node:http's own close() would cut connections that seem idle, with a request perhaps on its way.
    await Promise.all([this.server, ...this.servers].map((server) => new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()))));
  }
}
