import { Fault } from "../fault.js";

/** Who takes a place: the holder of a key, or an address without one. */
export interface Caller {
  readonly key: string;
  readonly public: boolean;
}

export interface GateOptions {
  /** Requests at work at once. */
  places: number;
  /** The longest wait for a place; where it would be longer, the answer is no at once. */
  queueMs: number;
  now?: () => number;
}

/** Requests that may wait, whatever is expected of them. */
const MOST_WAITING = 1_000;
/** A line that has not been empty for so many times the longest wait is no burst: its wait is cut to a part of it. */
const STANDING_WAITS = 2;
const STANDING_PART = 5;
/** Of so many places given to those who wait, one is the public's. */
const PUBLIC_TURN = 4;

interface Waiter {
  stay: Stay;
  since: number;
  /** Comes back to work begun: is not sent away. */
  returning: boolean;
  enter(): void;
  refuse(fault: Fault): void;
}

/** All of one caller. */
interface Line {
  caller: Caller;
  inside: number;
  waiting: Waiter[];
  /** Since when somebody has been waiting. */
  since: number;
}

/** A place taken. It may be left while waiting for the client, and is ended when the work is done. */
export class Stay {
  private ended = false;

  /** Of work that needs no place. */
  static readonly nowhere = new Stay(null, { key: "", public: true }, false);

  constructor(
    private readonly gate: Gate | null,
    readonly caller: Caller,
    /** Whether the place is held now. */
    public inside = true,
  ) {}

  leave(): void {
    if (!this.inside) return;
    this.inside = false;
    this.gate?.left(this);
  }

  /** Takes a place again for the rest of the work; waits as long as it must. Work that was ended meanwhile gets none. */
  async back(): Promise<void> {
    if (this.inside || this.ended || !this.gate) return;
    await this.gate.returned(this);
    this.inside = true;
    if (this.ended) this.leave();
  }

  /** Waits for the client, or for anything that is not the database, without holding the place. */
  async outside<T>(waiting: () => Promise<T>): Promise<T> {
    this.leave();
    const result = await waiting();
    await this.back();
    return result;
  }

  /** The work is over, whoever may still be on the way back to it. */
  end(): void {
    this.ended = true;
    this.leave();
  }
}

/**
 * The gate in front of the database: places for work in progress. No caller can take all of them, the public at most
 * half; who waits is served in turn by caller, not by who asked most; and the wait is bounded in time, so that what is
 * accepted is answered soon and what is not hears it at once.
 */
export class Gate {
  private readonly lines = new Map<string, Line>();
  /** Callers who wait, in the order of their turns. */
  private readonly turns: { keyed: Line[]; public: Line[] } = { keyed: [], public: [] };
  private inside = 0;
  private publicInside = 0;
  private waiting = 0;
  private given = 0;
  private lastLeft = 0;
  /** Milliseconds from one place left to the next while somebody waits, smoothed. */
  private intervalMs = 1;
  private readonly now: () => number;
  readonly perCaller: number;
  readonly publicPlaces: number;

  constructor(private readonly options: GateOptions) {
    this.now = options.now ?? (() => performance.now());
    this.perCaller = Math.max(1, Math.floor(options.places * 0.75));
    this.publicPlaces = Math.max(1, Math.floor(options.places / 2));
  }

  /** A place: at once where one is free, without a turn of the event loop. Faults: RATE_LIMITED, OVERLOADED. */
  enter(caller: Caller): Stay | Promise<Stay> {
    let line = this.lines.get(caller.key);
    if (!line) this.lines.set(caller.key, (line = { caller, inside: 0, waiting: [], since: 0 }));
    const stay = new Stay(this, caller);
    if (line.waiting.length === 0 && this.admits(line)) {
      this.take(line);
      return stay;
    }
    const refusal = this.refusal(line);
    if (refusal) {
      stay.inside = false;
      this.forget(line);
      return Promise.reject(refusal);
    }
    return this.queue(line, stay, false).then(() => stay);
  }

  /** Whether one more of a caller would be refused now: asked before anything of a request is read, so that a storm of refusals costs little. */
  refuses(key: string, isPublic: boolean): boolean {
    if (this.waiting === 0) return false;
    const line = this.lines.get(key);
    if (!line) return this.tooLong(1 + (isPublic ? this.turns.public : this.turns.keyed).length, this.options.queueMs);
    return !(line.waiting.length === 0 && this.admits(line)) && this.tooLong(this.aheadOf(line), this.boundOf(line, this.now()));
  }

  /** For the sweep: sends those away who have waited too long. */
  tick(): void {
    if (this.waiting === 0) return;
    const now = this.now();
    for (const line of this.lines.values()) {
      const bound = this.boundOf(line, now);
      const tooLong = ({ since, returning }: Waiter) => !returning && now - since > bound;
      const late = line.waiting.filter(tooLong);
      if (late.length === 0) continue;
      line.waiting = line.waiting.filter((waiter) => !tooLong(waiter));
      this.waiting -= late.length;
      for (const waiter of late) waiter.refuse(this.faultFor(line, bound));
      if (line.waiting.length === 0) this.unturn(line);
      this.forget(line);
    }
  }

  /** @internal Only a stay calls it. */
  left(stay: Stay): void {
    const line = this.lines.get(stay.caller.key)!;
    line.inside -= 1;
    this.inside -= 1;
    if (line.caller.public) this.publicInside -= 1;
    if (this.waiting > 0) {
      const now = this.now();
      this.intervalMs += (Math.min(now - this.lastLeft, 1_000) - this.intervalMs) / 16;
      this.lastLeft = now;
      this.admitNext();
    }
    this.forget(line);
  }

  /** @internal Only a stay calls it. */
  async returned(stay: Stay): Promise<void> {
    let line = this.lines.get(stay.caller.key);
    if (!line) this.lines.set(stay.caller.key, (line = { caller: stay.caller, inside: 0, waiting: [], since: 0 }));
    if (this.admits(line)) this.take(line);
    else await this.queue(line, stay, true);
  }

  private admits(line: Line): boolean {
    return this.inside < this.options.places && line.inside < this.perCaller && (!line.caller.public || this.publicInside < this.publicPlaces);
  }

  private take(line: Line): void {
    line.inside += 1;
    this.inside += 1;
    if (line.caller.public) this.publicInside += 1;
  }

  private queue(line: Line, stay: Stay, returning: boolean): Promise<void> {
    const now = this.now();
    if (line.waiting.length === 0) {
      line.since = now;
      this.turnsOf(line).push(line);
      // The first to wait: what was before tells nothing of how fast places are given back.
      if (this.waiting === 0) this.lastLeft = now;
    }
    this.waiting += 1;
    return new Promise<void>((enter, refuse) => {
      const waiter = { stay, since: now, returning, enter, refuse };
      if (returning) line.waiting.unshift(waiter);
      else line.waiting.push(waiter);
    });
  }

  /** Hands what is free to those who wait, one caller after the other. */
  private admitNext(): void {
    while (this.waiting > 0) {
      const keyedFirst = (this.given + 1) % PUBLIC_TURN !== 0;
      const line = this.nextOf(keyedFirst ? "keyed" : "public") ?? this.nextOf(keyedFirst ? "public" : "keyed");
      if (!line) return;
      this.given += 1;
      this.waiting -= 1;
      this.take(line);
      const waiter = line.waiting.shift()!;
      const turns = this.turnsOf(line);
      turns.splice(turns.indexOf(line), 1);
      if (line.waiting.length > 0) turns.push(line);
      waiter.enter();
    }
  }

  private nextOf(of: "keyed" | "public"): Line | undefined {
    return this.turns[of].find((line) => this.admits(line));
  }

  private turnsOf = (line: Line): Line[] => (line.caller.public ? this.turns.public : this.turns.keyed);

  private unturn(line: Line): void {
    const turns = this.turnsOf(line);
    const at = turns.indexOf(line);
    if (at >= 0) turns.splice(at, 1);
  }

  private boundOf({ waiting, since }: Line, now: number): number {
    const { queueMs } = this.options;
    return waiting.length > 0 && now - since > STANDING_WAITS * queueMs ? queueMs / STANDING_PART : queueMs;
  }

  /** Those who are let in before one more of a line: his own, each with a turn of the other callers between. */
  private aheadOf(line: Line): number {
    return Math.min((line.waiting.length + 1) * (this.turnsOf(line).length + (line.waiting.length > 0 ? 0 : 1)), this.waiting + 1);
  }

  private tooLong(ahead: number, boundMs: number): boolean {
    return this.waiting >= MOST_WAITING || ahead * this.intervalMs > boundMs;
  }

  private refusal(line: Line): Fault | undefined {
    const ahead = this.aheadOf(line);
    return this.tooLong(ahead, this.boundOf(line, this.now())) ? this.faultFor(line, ahead * this.intervalMs) : undefined;
  }

  /** One's own excess, where one holds all one may; else everybody's. */
  private faultFor(line: Line, waitMs: number): Fault {
    const retryAfterSeconds = Math.max(1, Math.min(30, Math.ceil(waitMs / 1_000)));
    return line.inside >= this.perCaller ? new Fault("RATE_LIMITED", { limit: "concurrency", maximum: this.perCaller, retryAfterSeconds }) : new Fault("OVERLOADED", { retryAfterSeconds });
  }

  private forget(line: Line): void {
    if (line.inside === 0 && line.waiting.length === 0) this.lines.delete(line.caller.key);
  }
}
