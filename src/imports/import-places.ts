import { Fault } from "../platform/fault.js";

/** Files on their way or at work, all in all; each takes disk and may take a thread. */
const MOST_AT_ONCE = 16;
/** Files read and written at once. */
const MOST_AT_WORK = 2;
/** How long a file that has arrived waits for its turn. */
const PATIENCE_MS = 120_000;

/** Who imports: one file at a time for each principal, few at work at once. */
export class ImportPlaces {
  private readonly senders = new Set<string>();
  private atWork = 0;
  private readonly waiting: (() => void)[] = [];

  /** Holds the sender's place while the work goes on. Faults: IMPORT_UNDER_WAY, OVERLOADED. */
  async hold<T>(principal: string, work: () => Promise<T>): Promise<T> {
    if (this.senders.has(principal)) throw new Fault("IMPORT_UNDER_WAY", { retryAfterSeconds: 5 });
    if (this.senders.size >= MOST_AT_ONCE) throw new Fault("OVERLOADED", { reason: "imports", maximum: MOST_AT_ONCE });
    this.senders.add(principal);
    try {
      return await work();
    } finally {
      this.senders.delete(principal);
    }
  }

  /** Waits for a turn to read and write. Faults: OVERLOADED after a while, TIMEOUT where nobody waits any more. */
  async turn<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.atWork >= MOST_AT_WORK) await this.queued(signal);
    else this.atWork += 1;
    try {
      return await work();
    } finally {
      // A place is handed over, not given back and taken.
      const next = this.waiting.shift();
      if (next) next();
      else this.atWork -= 1;
    }
  }

  private queued(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (fault: Fault) => {
        const at = this.waiting.indexOf(enter);
        if (at < 0) return;
        this.waiting.splice(at, 1);
        clearTimeout(timer);
        reject(fault);
      };
      const enter = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => leave(new Fault("OVERLOADED", { reason: "imports", maximum: MOST_AT_WORK })), PATIENCE_MS);
      signal.addEventListener("abort", () => leave(new Fault("TIMEOUT", { reason: "nobody waits for the answer" })), { once: true });
      this.waiting.push(enter);
    });
  }
}
