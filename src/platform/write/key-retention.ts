import type { Pool } from "pg";

/**
 * How long an idempotency key is kept: sent again within it, a request is never done twice. Afterwards the key is let go of and
 * the same request would be done anew; what it did stays in the audit. The database refuses to let go of anything younger.
 */
export const KEPT_DAYS = 30;

const FIRST_AFTER_MS = 60_000;
const EVERY_MS = 3_600_000;
const BATCH = 1_000;
const PAUSE_MS = 200;

/** Lets go of old idempotency keys, a batch at a time, beside all requests and on one node at a time. A failure is tried again in an hour. */
export class KeyRetention {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly pool: Pool) {
    this.next(FIRST_AFTER_MS);
  }

  private next(after: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.sweep()
        .then(() => undefined, () => undefined)
        .finally(() => this.next(EVERY_MS));
    }, after).unref();
  }

  /** Everything past its time, until a batch is not full: then it is done, or another node is at it. Gives how many went. */
  async sweep(batch = BATCH): Promise<number> {
    let gone = 0;
    for (;;) {
      const { rows } = await this.pool.query(`select purge_idempotency_keys($1::integer * interval '1 day', $2::integer) as gone`, [KEPT_DAYS, batch]);
      const removed = (rows[0] as { gone: number }).gone;
      gone += removed;
      if (removed < batch || this.stopped) return gone;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }
}
