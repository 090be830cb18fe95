import { EventLoopDelay } from "./event-loop.js";
import { LoopTurns } from "./loop-turns.js";

/** Holders of keys are refused at so many times the delay at which strangers are. */
const KEYED_PATIENCE = 1.5;
/** So many of each turn of the event loop are let in however late it is, of holders of keys and of strangers. */
const KEYED_A_TURN = 64;
const STRANGERS_A_TURN = 16;
/** Who asked no more often than this in this second and the last asks little, and is let in: not he makes the service late. */
const MODEST_REQUESTS = 16;
const SECOND_MS = 1_000;

/**
 * Refuses what is too much before it costs anything, while the event loop is usually late. Lateness is no reason to
 * refuse all: refusals alone can keep the loop late, and nothing would be served any more. So each turn of it lets some
 * in, and those who ask little.
 */
export class Shedding {
  private readonly delay = new EventLoopDelay();
  private readonly turns: LoopTurns | undefined;
  private asked = new Map<string, number>();
  private askedBefore = this.asked;
  private countedFrom = 0;
  private turn = 0;
  private letIn = 0;

  /**
   * @param lagMs delay above which new work is refused; 0 for never.
   * @param provenBefore the principal of a key known to be good.
   */
  constructor(
    private readonly lagMs: number,
    private readonly provenBefore: (authorization: string | undefined) => string | undefined,
  ) {
    if (lagMs > 0) this.turns = new LoopTurns();
  }

  /** Whether even strangers' work is too much. */
  get overloaded(): boolean {
    return this.lagMs > 0 && this.delay.usualMs > this.lagMs;
  }

  /** Called once for each request, health and all. */
  count(): void {
    this.turns?.count();
  }

  refuses(authorization: string | undefined): boolean {
    if (!this.turns) return false;
    if (this.turn !== this.turns.number) {
      this.turn = this.turns.number;
      this.letIn = 0;
    }
    const principal = this.provenBefore(authorization);
    const modest = principal !== undefined && this.requestsOf(principal) <= MODEST_REQUESTS;
    const late = this.delay.usualMs > this.lagMs * (principal === undefined ? 1 : KEYED_PATIENCE);
    if (late && !modest && this.letIn >= (principal === undefined ? STRANGERS_A_TURN : KEYED_A_TURN)) return true;
    this.letIn++;
    return false;
  }

  /** In this second and the last, with the one asked about. */
  private requestsOf(principal: string): number {
    const now = performance.now();
    if (now - this.countedFrom > SECOND_MS) {
      this.askedBefore = now - this.countedFrom > 2 * SECOND_MS ? new Map() : this.asked;
      this.asked = new Map();
      this.countedFrom = now;
    }
    const requests = (this.asked.get(principal) ?? 0) + 1;
    this.asked.set(principal, requests);
    return requests + (this.askedBefore.get(principal) ?? 0);
  }

  stop(): void {
    this.delay.stop();
    this.turns?.stop();
  }
}
