/** Keys told apart; beyond it strangers share one bucket. */
const MOST_KEYS = 100_000;
const EVERYBODY_ELSE = "";

/**
 * Token buckets in one number a key: the moment at which the bucket is full again. Exact to the millisecond, without
 * timers, and able to tell how long to wait.
 */
export class Buckets {
  private readonly fullAt = new Map<string, number>();

  /**
   * @param perSecond What flows in; 0 for no limit.
   * @param burstSeconds What a full bucket holds, in seconds of it.
   */
  constructor(
    readonly perSecond: number,
    private readonly burstSeconds: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** What a full bucket holds. */
  get capacity(): number {
    return this.perSecond * this.burstSeconds;
  }

  /** Takes from a bucket, or tells how many milliseconds to wait until it could be taken. What never fits takes it all. */
  take(key: string, amount: number): number {
    if (this.perSecond === 0) return 0;
    const now = this.now();
    const at = this.keyOf(key);
    const full = Math.max(this.fullAt.get(at) ?? 0, now) + (Math.min(amount, this.capacity) / this.perSecond) * 1_000;
    const over = full - now - this.burstSeconds * 1_000;
    if (over > 0) return over;
    this.fullAt.set(at, full);
    return 0;
  }

  /** How much is left. */
  left(key: string): number {
    return Math.floor(this.capacity - (Math.max(0, (this.fullAt.get(this.keyOf(key)) ?? 0) - this.now()) / 1_000) * this.perSecond);
  }

  /** Forgets buckets that are full. */
  tidy(): void {
    const now = this.now();
    for (const [key, full] of this.fullAt) if (full <= now) this.fullAt.delete(key);
  }

  private keyOf(key: string): string {
    return this.fullAt.size < MOST_KEYS || this.fullAt.has(key) ? key : EVERYBODY_ELSE;
  }
}
