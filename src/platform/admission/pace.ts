/** Who asked no more often than this in this second and the last asks little. */
const MODEST_REQUESTS = 16;
const SECOND_MS = 1_000;
/** Callers told apart; beyond it nobody new is known to ask little. */
const MOST_CALLERS = 100_000;

/** How often each caller asks: who asks little makes nothing late, and is not made to pay for those who do. */
export class Pace {
  private asked = new Map<string, number>();
  private before = this.asked;
  private countedFrom = 0;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** Counts one request of a caller. */
  note(key: string): void {
    this.turn();
    const requests = this.asked.get(key);
    if (requests !== undefined || this.asked.size < MOST_CALLERS) this.asked.set(key, (requests ?? 0) + 1);
  }

  /** Of what was noted. */
  isModest(key: string): boolean {
    this.turn();
    const requests = this.asked.get(key);
    if (requests === undefined && this.asked.size >= MOST_CALLERS) return false;
    return (requests ?? 0) + (this.before.get(key) ?? 0) <= MODEST_REQUESTS;
  }

  private turn(): void {
    const now = this.now();
    if (now - this.countedFrom <= SECOND_MS) return;
    this.before = now - this.countedFrom > 2 * SECOND_MS ? new Map() : this.asked;
    this.asked = new Map();
    this.countedFrom = now;
  }
}
