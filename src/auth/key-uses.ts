import type { Pool } from "pg";

/** A key's last use is written at most so often, and so long after the use. */
const WRITTEN_EVERY_MS = 60_000;
/** Keys whose uses wait to be written; of more the oldest are forgotten. */
const MOST_WAITING = 10_000;

/**
 * When keys were last used: gathered in memory and written some at a time beside all requests, so that a busy key's row is
 * written once a minute and never waited for. A mark of use is no act: it has no unit, no version and no history.
 */
export class KeyUses {
  private waiting = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<void> | undefined;

  constructor(private readonly pool: Pool) {}

  note(key: string): void {
    if (this.waiting.size >= MOST_WAITING && !this.waiting.has(key)) this.waiting.delete(this.waiting.keys().next().value as string);
    this.waiting.set(key, Date.now());
    this.timer ??= setTimeout(() => void this.write(), WRITTEN_EVERY_MS).unref();
  }

  /** Writes what waits; a failure costs the marks and nothing else. */
  async write(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.writing;
    if (this.waiting.size === 0) return;
    const uses = [...this.waiting];
    this.waiting = new Map();
    // A row another node is writing is marked by that node: nobody waits, and no two wait for each other.
    this.writing = this.pool
      .query(
        `update api_keys k set last_used_at = u.at
         from unnest($1::uuid[], $2::timestamptz[]) u(id, at), (select id from api_keys where id = any($1::uuid[]) for no key update skip locked) free
         where k.id = u.id and free.id = k.id and (k.last_used_at is null or k.last_used_at < u.at)`,
        [uses.map(([id]) => id), uses.map(([, at]) => new Date(at).toISOString())],
      )
      .then(() => undefined, () => undefined)
      .finally(() => (this.writing = undefined));
    await this.writing;
  }

  stop(): Promise<void> {
    return this.write();
  }
}
