import { Fault } from "../fault.js";
import { Lines, type Line, type Waiter } from "./lines.js";

/** Who takes a place: the holder of a key, or an address without one. */
export interface Caller {
  readonly key: string;
  readonly public: boolean;
}

/** Work that gave way goes on after this time, whoever waits. */
const ASIDE_MS = 2_000;

export interface GateOptions {
  /** Requests at work at once. */
  places: number;
  /** The longest wait for a place; where it would be longer, the answer is no at once. */
  queueMs: number;
  /** Whether a caller asks little: he waits for the longest time, where others are refused. */
  isModest: (key: string) => boolean;
  now?: () => number;
}

/** Requests that may wait, whatever is expected of them. */
const MOST_WAITING = 1_000;
/** A single long interval between two who leave is a stall and says little of the next ones: it counts as so many. */
const MOST_STALL = 8;
/** Where somebody has been waiting for this part of the longest wait, it is no burst. */
const STANDING_PART = 1 / 2;
/** Where so many times more is asked than is done, it is no crowd of clients either that each wait for their answer before they ask again. */
const OVER_ASKED = 1.1;
/** Compared over so many milliseconds; what so many comparisons say one after the other holds. */
const COMPARED_MS = 100;
const COMPARISONS = 3;
/** Nobody in it for so long, and a line has ended. */
const ENDED_MS = 50;
/** Then whoever asks much may wait for this part of the longest wait: a line that stands makes all late, and nobody is served sooner for it. */
const SHORT_PART = 1 / 80;

/** A place taken. It may be left while waiting for the client, and is ended when the work is done. */
export class Stay {
  private ended = false;
  /** Since when the place is held, and what was paid for it. */
  since = 0;
  paidMs = 0;

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
    await this.again(this.gate, "begun");
  }

  /** Waits for the client, or for anything that is not the database, without holding the place. */
  async outside<T>(waiting: () => Promise<T>): Promise<T> {
    this.leave();
    const result = await waiting();
    await this.back();
    return result;
  }

  /** Lets those go first who wait for a place, and comes back in its turn: for long work, where no transaction is open. */
  async giveWay(): Promise<void> {
    if (!this.inside || !this.gate?.isWaitedFor) return;
    this.leave();
    await this.again(this.gate, "aside");
  }

  private async again(gate: Gate, kind: "begun" | "aside"): Promise<void> {
    await gate.returned(this, kind);
    this.inside = true;
    if (this.ended) this.leave();
  }

  /** The work is over, whoever may still be on the way back to it. */
  end(): void {
    this.ended = true;
    this.leave();
  }
}

/**
 * The gate in front of the database: places for work in progress. No caller can take all of them, the public at most
 * half; who waits is served by what he has had, not by how much he asked (lines.ts); and the wait is bounded in time, so
 * that what is accepted is answered soon and what is not hears it at once.
 */
export class Gate {
  private readonly lines = new Lines();
  private inside = 0;
  private publicInside = 0;
  private waiting = 0;
  /** Since when somebody has been waiting, and when nobody was any more. */
  private waitedSince = 0;
  private waitedUntil = -Infinity;
  private lastLeft = 0;
  /** Since the comparison began: who asked, and who left. */
  private comparedFrom = 0;
  private asked = 0;
  private done = 0;
  /** So many comparisons one after the other said the other thing than what holds. */
  private otherwise = 0;
  private overAsked = false;
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
    this.note();
    const line = this.lines.of(caller);
    const stay = new Stay(this, caller);
    if (line.waiting.length === 0 && this.admits(line)) {
      this.take(line, stay);
      return stay;
    }
    const waitMs = this.waitMs(line, caller.public);
    if (this.isTooLong(caller.key, waitMs)) {
      stay.inside = false;
      this.lines.forget(line);
      return Promise.reject(this.faultFor(line, waitMs));
    }
    return this.queue(line, stay, "new").then(() => stay);
  }

  /** Whether one more of a caller would be refused now: asked before anything of a request is read, so that a storm of refusals costs little. */
  refuses(key: string, isPublic: boolean): boolean {
    if (this.waiting === 0) return false;
    const line = this.lines.known(key);
    if (line && line.waiting.length === 0 && this.admits(line)) return false;
    const refused = this.isTooLong(key, this.waitMs(line, isPublic));
    if (refused) this.note();
    return refused;
  }

  /** For the sweep: sends those away who have waited too long. */
  tick(): void {
    if (this.waiting > 0) {
      const now = this.now();
      const { queueMs } = this.options;
      for (const { waiter, line } of this.lines.remove(({ kind, since }) => kind === "new" && now - since > queueMs)) {
        this.waiting -= 1;
        waiter.refuse(this.faultFor(line, queueMs));
      }
      this.lines.hurry(now - ASIDE_MS);
      this.noteEmpty();
    }
    this.lines.tidy();
  }

  /** @internal Only a stay calls it. */
  left(stay: Stay): void {
    const line = this.lines.of(stay.caller);
    const now = this.now();
    line.inside -= 1;
    this.inside -= 1;
    this.done += 1;
    if (line.caller.public) this.publicInside -= 1;
    this.lines.end(line, stay.paidMs, now - stay.since);
    if (this.waiting > 0) {
      this.intervalMs += (Math.min(now - this.lastLeft, MOST_STALL * this.intervalMs + 1) - this.intervalMs) / 16;
      this.lastLeft = now;
      this.admitNext();
    }
    this.lines.forget(line);
  }

  /** @internal Only a stay calls it. */
  async returned(stay: Stay, kind: "begun" | "aside"): Promise<void> {
    const line = this.lines.of(stay.caller);
    if (this.admits(line) && (kind === "begun" || this.waiting === 0)) return this.take(line, stay);
    const waiting = this.queue(line, stay, kind);
    this.admitNext();
    await waiting;
  }

  /** Whether somebody waits for a place. */
  get isWaitedFor(): boolean {
    return this.waiting > 0;
  }

  private admits(line: Line): boolean {
    return this.inside < this.options.places && line.inside < this.perCaller && (!line.caller.public || this.publicInside < this.publicPlaces);
  }

  private take(line: Line, stay: Stay): void {
    line.inside += 1;
    this.inside += 1;
    if (line.caller.public) this.publicInside += 1;
    stay.since = this.now();
    stay.paidMs = this.lines.begin(line);
  }

  private queue(line: Line, stay: Stay, kind: Waiter["kind"]): Promise<void> {
    const now = this.now();
    // The first to wait: what was before tells nothing of how fast places are given back.
    if (this.waiting === 0) {
      this.lastLeft = now;
      if (now - this.waitedUntil > ENDED_MS) this.waitedSince = now;
    }
    this.waiting += 1;
    return new Promise<void>((enter, refuse) => this.lines.push(line, { stay, since: now, kind, enter, refuse }));
  }

  /** Hands what is free to those who wait. */
  private admitNext(): void {
    for (let line: Line | undefined; this.waiting > 0 && (line = this.lines.next((each) => this.admits(each))); ) {
      const waiter: Waiter = this.lines.shift(line);
      this.waiting -= 1;
      this.take(line, waiter.stay);
      waiter.enter();
    }
    this.noteEmpty();
  }

  private noteEmpty(): void {
    if (this.waiting === 0) this.waitedUntil = this.now();
  }

  /** Somebody asks. */
  private note(): void {
    this.asked += 1;
    const now = this.now();
    if (now - this.comparedFrom <= COMPARED_MS) return;
    const over = this.asked > OVER_ASKED * this.done;
    this.otherwise = over === this.overAsked ? 0 : this.otherwise + 1;
    // Nobody came for long: nobody was too many.
    if (now - this.comparedFrom > (COMPARISONS + 1) * COMPARED_MS) this.overAsked = false;
    else if (this.otherwise === COMPARISONS) this.overAsked = over;
    this.comparedFrom = now;
    this.asked = this.done = 0;
  }

  /** Whether more is asked than can be done, and has been for a while. */
  private get stands(): boolean {
    return this.overAsked && this.now() - this.waitedSince > STANDING_PART * this.options.queueMs;
  }

  /** How long one more of a line would wait: until all who wait have had as much as he, or all before him are let in. */
  private waitMs(line: Line | undefined, isPublic: boolean): number {
    const own = line?.waiting.length ?? 0;
    const callers = this.lines.waitingBeside(isPublic) + (own > 0 ? 0 : 1);
    const ahead = Math.min((own + 1) * callers, this.waiting + 1);
    return Math.max(ahead * this.intervalMs, own * callers * ((line?.usualMs ?? 0) / this.options.places));
  }

  private isTooLong(key: string, waitMs: number): boolean {
    const { queueMs, isModest } = this.options;
    if (this.waiting >= MOST_WAITING || waitMs > queueMs) return true;
    return this.stands && waitMs > SHORT_PART * queueMs && !isModest(key);
  }

  /** One's own excess, where one holds all one may; else everybody's. */
  private faultFor(line: Line, waitMs: number): Fault {
    const retryAfterSeconds = Math.max(1, Math.min(30, Math.ceil(waitMs / 1_000)));
    return line.inside >= this.perCaller ? new Fault("RATE_LIMITED", { limit: "concurrency", maximum: this.perCaller, retryAfterSeconds }) : new Fault("OVERLOADED", { retryAfterSeconds });
  }
}
