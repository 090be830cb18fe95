import type { Socket } from "node:net";
import type { Server } from "node:http";
import type { Acceptors } from "./acceptors.js";
import type { Passages } from "./passage.js";

/** Requests that are still being answered end within this time, or are cut off. */
const MOST_MS = 10_000;
const LOOK_EVERY_MS = 20;
/** Who kept a connection open may have sent a request just now: nothing of that kind for so long, and it is safe to end. */
const QUIET_MS = 500;

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * How the server stops without losing an answer. Closing the listening socket resets what the system has accepted for it
 * and nobody has looked at yet; closing idle connections cuts off a request that is on its way. So it goes by steps.
 */
export class Drain {
  /** Whether every answer closes its connection by now. */
  closing = false;
  private readonly late = new WeakSet<Socket>();

  constructor(
    private readonly server: Server,
    private readonly acceptors: Acceptors,
    private readonly passages: Passages,
  ) {}

  /** Whether a connection was made when the service had said long enough that it stops: it is refused at once. */
  isLate(socket: Socket): boolean {
    return this.closing && this.late.has(socket);
  }

  /** The first step: everything is still served, and every answer closes its connection. */
  async announce(delayMs: number): Promise<void> {
    this.closing = true;
    await pause(delayMs);
  }

  /** The second: new connections are told to go elsewhere, open ones are answered until they are quiet. */
  async quieten(): Promise<void> {
    this.server.on("connection", (socket) => this.late.add(socket));
    const from = performance.now();
    while (performance.now() - from < MOST_MS && (this.passages.size > 0 || performance.now() - Math.max(from, this.passages.lastAt) < QUIET_MS)) await pause(LOOK_EVERY_MS);
  }

  /** The last: no more connections; what is being answered is finished. */
  async stop(): Promise<void> {
    this.closing = true;
    // Right after the system's queue of new connections was emptied.
    await new Promise((resolve) => setImmediate(resolve));
    const closed = this.acceptors.close();
    const from = performance.now();
    while (performance.now() - from < MOST_MS && this.passages.size > 0) await pause(LOOK_EVERY_MS);
    this.server.closeIdleConnections();
    setTimeout(() => this.server.closeAllConnections(), this.passages.size > 0 ? 0 : 1_000).unref();
    await closed;
  }
}
