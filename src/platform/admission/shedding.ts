import { EventLoopDelay } from "./event-loop.js";
import { LoopTurns } from "./loop-turns.js";
import type { Pace } from "./pace.js";

/** Holders of keys are refused at so many times the delay at which strangers are. */
const KEYED_PATIENCE = 1.5;
/** So many of each turn of the event loop are let in however late it is, of holders of keys and of strangers. */
const KEYED_A_TURN = 64;
const STRANGERS_A_TURN = 16;
/**
 * Refuses what is too much before it costs anything, while the event loop is usually late. Lateness is no reason to
 * refuse all: refusals alone can keep the loop late, and nothing would be served any more. So each turn of it lets some
 * in, and those who ask little.
 */
export class Shedding {
  private readonly delay = new EventLoopDelay();
  private readonly turns: LoopTurns | undefined;
  private turn = 0;
  private letIn = 0;

  /** @param lagMs delay above which new work is refused; 0 for never. */
  constructor(
    private readonly lagMs: number,
    private readonly pace: Pace,
  ) {
    if (lagMs > 0) this.turns = new LoopTurns();
  }

  /** Whether anything is ever refused. */
  get on(): boolean {
    return this.turns !== undefined;
  }

  /** Whether even strangers' work is too much. */
  get overloaded(): boolean {
    return this.lagMs > 0 && this.delay.usualMs > this.lagMs;
  }

  /** Called once for each request, health and all. */
  count(): void {
    this.turns?.count();
  }

  /** @param principal of a key known to be good. */
  refuses(principal: string | undefined): boolean {
    if (!this.turns) return false;
    if (this.turn !== this.turns.number) {
      this.turn = this.turns.number;
      this.letIn = 0;
    }
    const late = this.delay.usualMs > this.lagMs * (principal === undefined ? 1 : KEYED_PATIENCE);
    if (late && this.letIn >= (principal === undefined ? STRANGERS_A_TURN : KEYED_A_TURN) && !(principal !== undefined && this.pace.isModest(principal))) return true;
    this.letIn++;
    return false;
  }

  stop(): void {
    this.delay.stop();
    this.turns?.stop();
  }
}
