const TICK_MS = 20;
/** Of so many looks the middle one counts: a single long piece of work is no overload, one after the other is. */
const LOOKS = 5;

/** How late the event loop is, over the last tenths of a second. */
export class EventLoopDelay {
  /** Milliseconds of the middle of the last looks. */
  usualMs = 0;
  private readonly looks: number[] = Array.from({ length: LOOKS }, () => 0);
  private at = 0;
  private last = performance.now();
  private readonly timer = setInterval(() => this.look(), TICK_MS).unref();

  private look(): void {
    const now = performance.now();
    this.looks[(this.at = (this.at + 1) % LOOKS)] = Math.max(0, now - this.last - TICK_MS);
    this.last = now;
    this.usualMs = this.looks.toSorted((a, b) => a - b)[LOOKS >> 1]!;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
