import type { Pool, PoolClient } from "pg";
import { FrozenConnection } from "./unavailable.js";

const LOOK_EVERY_MS = 250;
/** Whether a connection is at work has to be told so soon; a connection that was, and had the time, is doubted more slowly. */
const TOLD_WITHIN_MS = 600;
const TOLD_AGAIN_WITHIN_MS = 5_000;

/** What the driver knows of a connection; it has no public words for it. */
interface Inner {
  _activeQuery: unknown;
  _queryQueue: readonly unknown[];
  _sentQueryQueue: readonly unknown[];
  processID: number | null;
  connection: { stream: { bytesRead: number; bytesWritten: number; destroyed: boolean; destroy(error: Error): void } };
}

interface Seen {
  bytes: number;
  at: number;
  /** Was at work when the server was asked. */
  working: boolean;
}

/**
 * Deadlines of our own: PostgreSQL cancels a statement that takes too long, but a server that is frozen, or a network
 * that swallows everything, cancels nothing. A connection that has been asked and has neither sent nor taken a byte for
 * longer than a statement usually may take is destroyed, unless the server says by another connection that it is at work
 * on it, as at a migration that was given all the time it needs. Who waits on it hears that the database is away, and
 * nobody is given it again.
 */
export class ConnectionWatch {
  private readonly out = new Map<PoolClient, Seen>();
  private asking = false;
  private readonly timer = setInterval(() => this.look(), LOOK_EVERY_MS).unref();

  constructor(
    pool: Pool,
    private readonly silentMs: number,
    /** Which of these of the server's processes are at work. */
    private readonly atWork: (processes: readonly number[], withinMs: number) => Promise<readonly number[]>,
  ) {
    pool.on("acquire", (client) => this.out.set(client, { bytes: -1, at: 0, working: false }));
    pool.on("release", (_error, client) => this.out.delete(client));
    pool.on("remove", (client) => this.out.delete(client));
  }

  private look(): void {
    const now = performance.now();
    const silent: [Inner, Seen][] = [];
    for (const [client, seen] of this.out) {
      const inner = client as unknown as Inner;
      const { _activeQuery, _queryQueue, _sentQueryQueue, connection } = inner;
      const bytes = bytesOf(inner);
      const waits = _activeQuery !== null || _queryQueue.length > 0 || _sentQueryQueue.length > 0;
      if (!waits || bytes !== seen.bytes) {
        seen.bytes = bytes;
        seen.at = now;
        seen.working = false;
      } else if (now - seen.at > this.silentMs && !connection.stream.destroyed) silent.push([inner, seen]);
    }
    if (silent.length > 0 && !this.asking) void this.judge(silent);
  }

  private async judge(silent: readonly [Inner, Seen][]): Promise<void> {
    this.asking = true;
    const sure = silent.every(([, { working }]) => working);
    const processes = silent.flatMap(([{ processID }]) => processID ?? []);
    // A server that does not answer this either is frozen.
    const working = await this.atWork(processes, sure ? TOLD_AGAIN_WITHIN_MS : TOLD_WITHIN_MS).catch(() => undefined);
    this.asking = false;
    for (const [inner, seen] of silent) {
      if (bytesOf(inner) !== seen.bytes || (!working && seen.working && !sure)) continue;
      seen.working = working?.includes(inner.processID ?? 0) ?? false;
      if (seen.working) seen.at = performance.now();
      else inner.connection.stream.destroy(new FrozenConnection("the database neither answers nor takes what it is asked"));
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }
}

const bytesOf = ({ connection: { stream } }: Inner): number => stream.bytesRead + stream.bytesWritten;
