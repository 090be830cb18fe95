import type { Caller, Stay } from "./gate.js";
import type { Fault } from "../fault.js";

/** Of the time of places, all holders of keys get so many times what the public gets, where both wait. */
const KEYED_SHARE = 3;
/** What a stay is thought to take before any of a caller was seen, in milliseconds. */
const FIRST_STAY_MS = 1;
/** Who has had no more than so many milliseconds more than the others is their like: of such, he is let in whose turn is longest ago. */
const EVEN_MS = 20;
/** Of the last stays so many tell how long the next will be. */
const STAYS_REMEMBERED = 8;

export interface Waiter {
  stay: Stay;
  since: number;
  /** A new one may be sent away; work begun is not, and goes before all new ones, unless it stepped aside for them. */
  kind: "new" | "begun" | "aside";
  enter(): void;
  refuse(fault: Fault): void;
}

/** What somebody has had of the time of places, against others: whoever has had least is next. */
class Account {
  /** Milliseconds, on a clock on which all who wait stay side by side. */
  had = 0;

  constructor(private readonly share: number) {}

  pays(ms: number): void {
    this.had += ms / this.share;
  }

  /** Who comes anew has no claim from before. */
  begins(now: number): void {
    this.had = Math.max(this.had, now);
  }
}

/** All of one caller. */
export class Line extends Account {
  inside = 0;
  readonly waiting: Waiter[] = [];
  /** How long his stays are, smoothed. */
  usualMs = FIRST_STAY_MS;
  /** Numbered when he begins to wait and when one of him is let in: the lowest number has waited longest for his turn. */
  turn = 0;

  constructor(
    readonly caller: Caller,
    readonly side: Side,
  ) {
    super(1);
  }

  /** Whether the first of those who wait comes back to work begun. */
  get hasBegun(): boolean {
    return this.waiting[0]!.kind === "begun";
  }

  get idle(): boolean {
    return this.inside === 0 && this.waiting.length === 0;
  }
}

/** Holders of keys, or the public. */
class Side extends Account {
  /** What those of it who were let in had had, at most. */
  now = 0;
  /** Its lines in which somebody waits. */
  waitingLines = 0;
}

/**
 * Who is next. Time is shared, not turns: of two callers who wait, he is let in who has had less of the time of places,
 * so that one who asks for much at a time gets no more of the service than one who asks for little. A stay is paid for when
 * it begins, by what the caller's stays usually take, and put right when it ends.
 */
export class Lines {
  private readonly all = new Map<string, Line>();
  /** Those of whom somebody waits. */
  private readonly queued = new Set<Line>();
  private readonly keyed = new Side(KEYED_SHARE);
  private readonly public = new Side(1);
  private turns = 0;
  /** What the sides that were served had had, at most. */
  private now = 0;

  known(key: string): Line | undefined {
    return this.all.get(key);
  }

  of(caller: Caller): Line {
    let line = this.all.get(caller.key);
    if (!line) this.all.set(caller.key, (line = new Line(caller, caller.public ? this.public : this.keyed)));
    return line;
  }

  /** Callers of the same side who wait. */
  waitingBeside(isPublic: boolean): number {
    return (isPublic ? this.public : this.keyed).waitingLines;
  }

  push(line: Line, waiter: Waiter): void {
    if (line.waiting.length === 0) {
      this.queued.add(line);
      line.side.waitingLines += 1;
      line.turn = this.turns += 1;
      line.begins(line.side.now);
      line.side.begins(this.now);
    }
    if (waiter.kind === "new") line.waiting.push(waiter);
    else line.waiting.unshift(waiter);
  }

  /** Who stepped aside before then steps aside no longer. */
  hurry(before: number): void {
    for (const { waiting } of this.queued) for (const waiter of waiting) if (waiter.kind === "aside" && waiter.since < before) waiter.kind = "begun";
  }

  shift(line: Line): Waiter {
    const waiter = line.waiting.shift()!;
    this.leaveQueue(line);
    return waiter;
  }

  /** Takes those out of every line of whom it is said. */
  remove(gone: (waiter: Waiter, line: Line) => boolean): { waiter: Waiter; line: Line }[] {
    const removed: { waiter: Waiter; line: Line }[] = [];
    for (const line of this.queued) {
      for (let at = line.waiting.length - 1; at >= 0; at -= 1) if (gone(line.waiting[at]!, line)) removed.push({ waiter: line.waiting.splice(at, 1)[0]!, line });
      this.leaveQueue(line);
    }
    return removed;
  }

  private leaveQueue(line: Line): void {
    if (line.waiting.length === 0 && this.queued.delete(line)) line.side.waitingLines -= 1;
  }

  /** The line whose turn it is, of those that may come in. */
  next(admits: (line: Line) => boolean): Line | undefined {
    let next: Line | undefined;
    for (const line of this.queued) if (admits(line) && (!next || before(line, next))) next = line;
    return next;
  }

  /** One of the line is let in. @returns what he pays for the present. */
  begin(line: Line): number {
    const { side } = line;
    line.turn = this.turns += 1;
    line.begins(side.now);
    side.begins(this.now);
    side.now = Math.max(side.now, line.had);
    this.now = Math.max(this.now, side.had);
    const ms = line.usualMs;
    this.pay(line, ms);
    return ms;
  }

  /** He has left. */
  end(line: Line, paidMs: number, tookMs: number): void {
    this.pay(line, tookMs - paidMs);
    line.usualMs += (tookMs - line.usualMs) / STAYS_REMEMBERED;
  }

  /** Where nobody waits, nobody owes anything. */
  forget(line: Line): void {
    if (line.idle && (this.queued.size === 0 || line.had <= line.side.now)) this.all.delete(line.caller.key);
  }

  tidy(): void {
    for (const line of this.all.values()) this.forget(line);
  }

  private pay(line: Line, ms: number): void {
    line.pays(ms);
    line.side.pays(ms);
  }
}

/** Whose turn it is of two lines in which somebody waits. */
function before(one: Line, other: Line): boolean {
  if (one.hasBegun !== other.hasBegun) return one.hasBegun;
  if (one.side !== other.side) return one.side.had < other.side.had;
  const hads = [Math.max(one.had - one.side.now, EVEN_MS), Math.max(other.had - other.side.now, EVEN_MS)] as const;
  return hads[0] === hads[1] ? one.turn < other.turn : hads[0] < hads[1];
}
