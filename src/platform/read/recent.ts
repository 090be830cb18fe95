import type { Pool } from "pg";

/** So many versions are fetched and sorted about as fast as a page is walked. */
export const FEW = 200;

/** How long what was seen is taken for so, and after how long it is looked up again while still taken for so. */
const HOLDS_MS = 10_000;
const RENEWED_MS = 1_000;

/**
 * Knows since when few changes were recorded, so that a page of a list walked now need not see for itself how many
 * of its rows have changed since its first. Looks in the background, never in a request.
 */
export class RecentChanges {
  private since = Infinity;
  private seen = -Infinity;
  private looking = false;

  constructor(private readonly pool: Pool) {}

  /** Whether few versions can have ended since a recorded instant; false where it is not known. */
  few(recorded: string): boolean {
    const age = performance.now() - this.seen;
    if (age > RENEWED_MS && !this.looking) {
      this.looking = true;
      void this.look().catch(() => undefined).finally(() => (this.looking = false));
    }
    return age < HOLDS_MS && Date.parse(recorded) >= this.since;
  }

  private async look(): Promise<void> {
    const { rows } = await this.pool.query(`select at from change_events order by at desc, id desc offset ${FEW} limit 1`);
    const [last] = rows as { at: Date | string }[];
    // Instants are compared to the millisecond: the one after is sure to be later.
    this.since = last ? new Date(last.at).getTime() + 1 : -Infinity;
    this.seen = performance.now();
  }
}
