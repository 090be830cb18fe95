/** For so long after a write failed for want of space the service says so; the next failure renews it, and space that returns heals it. */
const TOLD_FOR_MS = 5_000;

let failedAt = -Infinity;

/** What is known of the room for writing, in this process: told by whatever sees a write fail, asked by readiness. */
export const storage = {
  /** A write failed for want of space. */
  failed(): void {
    failedAt = Date.now();
  },
  /** Whether one failed a moment ago. */
  get full(): boolean {
    return Date.now() - failedAt < TOLD_FOR_MS;
  },
};
