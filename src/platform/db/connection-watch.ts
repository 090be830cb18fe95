import type { Pool, PoolClient } from "pg";
import { FrozenConnection } from "./unavailable.js";

const LOOK_EVERY_MS = 250;

/** What the driver knows of a connection; it has no public words for it. */
interface Inner {
  _activeQuery: unknown;
  _queryQueue: readonly unknown[];
  _sentQueryQueue: readonly unknown[];
  connection: { stream: { bytesRead: number; bytesWritten: number; destroyed: boolean; destroy(error: Error): void } };
}

interface Seen {
  bytes: number;
  at: number;
}

/**
 * Deadlines of our own: PostgreSQL cancels a statement that takes too long, but a server that is frozen, or a network
 * that swallows everything, cancels nothing. A connection that has been asked and has neither sent nor taken a byte for
 * longer than any statement may take is destroyed: who waits on it hears that the database is away, and nobody is given it again.
 */
export class ConnectionWatch {
  private readonly out = new Map<PoolClient, Seen>();
  private readonly timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();

  constructor(
    pool: Pool,
    private readonly silentMs: number,
  ) {
    pool.on("acquire", (client) => this.out.set(client, { bytes: -1, at: 0 }));
    pool.on("release", (_error, client) => this.out.delete(client));
    pool.on("remove", (client) => this.out.delete(client));
  }

  private look(): void {
    const now = performance.now();
    for (const [client, seen] of this.out) {
      const { _activeQuery, _queryQueue, _sentQueryQueue, connection } = client as unknown as Inner;
      const { stream } = connection;
      const bytes = stream.bytesRead + stream.bytesWritten;
      const waits = _activeQuery !== null || _queryQueue.length > 0 || _sentQueryQueue.length > 0;
      if (!waits || bytes !== seen.bytes) {
        seen.bytes = bytes;
        seen.at = now;
      } else if (now - seen.at > this.silentMs && !stream.destroyed) stream.destroy(new FrozenConnection("the database neither answers nor takes what it is asked"));
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
