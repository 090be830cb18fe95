/**
 * How a statement of the embedded engine is cancelled. The engine runs a statement in one piece, so its thread hears
 * nothing meanwhile; but PostgreSQL looks at two flags in its memory all the time, the ones its signal handlers set,
 * and another thread that sees that memory can set them as well as a signal can.
 *
 * The mark says what the engine is at: a cancellation must not hit the statement after the one it was meant for.
 */
const STATE = 0;
const NUMBER = 1;
const IDLE = 0;
const RUNNING = 1;
const CANCELLING = 2;
const CANCELLED = 3;

export const newMark = () => new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT);

/** The places in the engine's memory, as indexes of 32-bit numbers. */
export interface EngineFlags {
  memory: Int32Array;
  interruptPending: number;
  queryCancelPending: number;
  /** Milliseconds a statement may take, as the session has it; 0 for as long as it likes. */
  statementTimeout: number;
}

/** The engine's side: says when a message is being worked on. */
export class Mark {
  private readonly cells: Int32Array;
  constructor(mark: SharedArrayBuffer, private readonly flags: EngineFlags) {
    this.cells = new Int32Array(mark);
  }

  begin() {
    Atomics.add(this.cells, NUMBER, 1);
    Atomics.store(this.cells, STATE, RUNNING);
  }

  end() {
    for (;;) {
      const state = Atomics.compareExchange(this.cells, STATE, RUNNING, IDLE);
      if (state === RUNNING) return;
      if (state === CANCELLED) break;
      Atomics.wait(this.cells, STATE, CANCELLING);
    }
    // Came too late for this message, or was heard: it is not for the next one.
    Atomics.store(this.flags.memory, this.flags.queryCancelPending, 0);
    Atomics.store(this.cells, STATE, IDLE);
  }
}

/** How often a running statement is looked at. */
const LOOK_EVERY_MS = 100;
/** A statement that does not hear its cancellation for so long never will. */
const DEAF_AFTER_MS = 30_000;

/** The other side: cancels what runs longer than the session allows, and tells of what cannot be cancelled. */
export class Watchdog {
  private readonly cells: Int32Array;
  private timer: NodeJS.Timeout | null = null;
  private number = -1;
  private since = 0;

  constructor(
    mark: SharedArrayBuffer,
    private readonly flags: EngineFlags,
    private readonly isBusy: () => boolean,
    private readonly onDeaf: () => void,
  ) {
    this.cells = new Int32Array(mark);
  }

  /** To be called whenever the engine is given work; looks on until there is none. */
  watch() {
    if (this.timer) return;
    this.number = -1;
    this.timer = setTimeout(this.look, LOOK_EVERY_MS).unref();
  }

  stop() {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
  }

  private readonly look = () => {
    this.timer = null;
    if (!this.isBusy()) return;
    this.timer = setTimeout(this.look, LOOK_EVERY_MS).unref();
    const state = Atomics.load(this.cells, STATE);
    const number = Atomics.load(this.cells, NUMBER);
    if (state === IDLE || number !== this.number) {
      this.number = number;
      this.since = performance.now();
      return;
    }
    const limit = Atomics.load(this.flags.memory, this.flags.statementTimeout);
    if (limit <= 0) return;
    const ran = performance.now() - this.since;
    if (ran > limit + DEAF_AFTER_MS) this.onDeaf();
    else if (state === RUNNING && ran > limit) this.cancel(number);
  };

  private cancel(number: number) {
    if (Atomics.compareExchange(this.cells, STATE, RUNNING, CANCELLING) !== RUNNING) return;
    const meant = Atomics.load(this.cells, NUMBER) === number;
    if (meant) {
      Atomics.store(this.flags.memory, this.flags.queryCancelPending, 1);
      Atomics.store(this.flags.memory, this.flags.interruptPending, 1);
    }
    Atomics.store(this.cells, STATE, meant ? CANCELLED : RUNNING);
    Atomics.notify(this.cells, STATE);
  }
}
