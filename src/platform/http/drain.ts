import type { Server } from "node:http";
import { Server as NetServer } from "node:net";
import type { Passages } from "./passage.js";

/** Requests that are still being answered end within this time, or are cut off. */
const MOST_MS = 10_000;
const LOOK_EVERY_MS = 20;

export interface Drain {
  server: Server;
  passages: Passages;
  /** From now on every answer closes its connection. */
  stopping: () => void;
}

/**
 * Stops listening and lets go of connections as they fall idle. Open ones are not closed at once: a client may have sent
 * a request on one just now, and is answered with `connection: close`, until nobody has asked for `quietMs`.
 */
export async function drain({ server, passages, stopping }: Drain, { quietMs }: { quietMs: number }): Promise<void> {
  stopping();
  const from = performance.now();
  // node:http's own close() would cut connections that seem idle, with a request perhaps on its way.
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  while (performance.now() - from < MOST_MS && (passages.size > 0 || performance.now() - Math.max(from, passages.lastAt) < quietMs)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    // Those that have been idle for the whole of the quiet time are closed by their own limit (keepAliveTimeout).
  }
  server.closeIdleConnections();
  setTimeout(() => server.closeAllConnections(), passages.size > 0 ? 0 : 1_000).unref();
  await closed;
}
