import { Fault } from "../fault.js";
import type { Passage } from "./passage.js";

/** Bodies being read at once, by one key or address and in all. */
const MOST_OF_ONE = 64;
const MOST_IN_ALL = 1_000;
/** Bytes of bodies in memory, by one key or address and in all. */
const MOST_BYTES_OF_ONE = 160 * 1024 * 1024;
const MOST_BYTES_IN_ALL = 512 * 1024 * 1024;
/** A body that has come so long and is the slowest gives way to a new one. */
const YOUNG_MS = 1_000;

/**
 * The budget of bodies being read. They take no place at work: a body is a socket and some bytes. Where one caller has
 * too many under way his slowest gives way, so that whoever sends at a crawl is in nobody's way, his own neighbours included.
 */
class Bodies {
  private readonly reading = new Set<Passage>();
  private readonly countOf = new Map<string, number>();
  private readonly bytesOf = new Map<string, number>();
  private bytes = 0;

  /** Faults: RATE_LIMITED for one's own excess, OVERLOADED for everybody's. */
  begin(passage: Passage): void {
    const own = this.countOf.get(passage.budget) ?? 0;
    if (own >= MOST_OF_ONE && !this.giveWay((other) => other.budget === passage.budget)) throw new Fault("RATE_LIMITED", { limit: "bodies", maximum: MOST_OF_ONE, retryAfterSeconds: 1 });
    if (this.reading.size >= MOST_IN_ALL && !this.giveWay(() => true)) throw new Fault("OVERLOADED", { retryAfterSeconds: 1 });
    this.reading.add(passage);
    add(this.countOf, passage.budget, 1);
  }

  /** Counts bytes that came. Faults: as for a new body. */
  came(passage: Passage, bytes: number): void {
    passage.bodyBytes += bytes;
    this.bytes += bytes;
    const own = add(this.bytesOf, passage.budget, bytes);
    if (own > MOST_BYTES_OF_ONE) throw new Fault("RATE_LIMITED", { limit: "bodyBytes", maximum: MOST_BYTES_OF_ONE, retryAfterSeconds: 1 });
    if (this.bytes > MOST_BYTES_IN_ALL) throw new Fault("OVERLOADED", { retryAfterSeconds: 1 });
  }

  /** The body is read, or is not wanted any more. */
  end(passage: Passage): void {
    passage.cut = undefined;
    if (this.reading.delete(passage)) add(this.countOf, passage.budget, -1);
  }

  /** Its bytes are not needed any more. */
  release(passage: Passage): void {
    this.end(passage);
    if (passage.bodyBytes === 0) return;
    this.bytes -= passage.bodyBytes;
    add(this.bytesOf, passage.budget, -passage.bodyBytes);
    passage.bodyBytes = 0;
  }

  private giveWay(of: (passage: Passage) => boolean): boolean {
    const now = performance.now();
    let slowest: Passage | undefined;
    for (const passage of this.reading) {
      if (passage.cut && now - passage.beganAt > YOUNG_MS && of(passage) && (!slowest || passage.rate(now) < slowest.rate(now))) slowest = passage;
    }
    slowest?.cut?.(new Fault("BODY_TOO_SLOW", { reason: "too many bodies at once" }));
    return slowest !== undefined;
  }
}

function add(counts: Map<string, number>, key: string, by: number): number {
  const sum = (counts.get(key) ?? 0) + by;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
  return sum;
}

/** One budget for the process: its memory is one. */
export const bodies = new Bodies();
