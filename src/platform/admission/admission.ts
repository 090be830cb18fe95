import type { Actor } from "../actor.js";
import type { Limits } from "../config.js";
import { Fault } from "../fault.js";
import { Buckets } from "./buckets.js";
import { Pace } from "./pace.js";
import { Shedding } from "./shedding.js";
import { Gate, type Caller, type Stay } from "./gate.js";

/** What a full bucket holds, in seconds of its rate. */
const BURST_SECONDS = 10;
/** Cost of a request whose query is not weighed: a tile, a page of features. */
export const PLAIN_COST = 5;
/** Cost of what the public tries and may not: an action, a key that is none. */
export const REFUSED_COST = 20;

/**
 * What each caller may take of the service: cost by token buckets, concurrency by the gate. Holders of keys are known
 * by their principal, others by their address.
 */
export class Admission {
  readonly gate: Gate;
  readonly shedding: Shedding;
  private readonly pace = new Pace();
  private readonly keyed: Buckets;
  private readonly public: Buckets;

  constructor(limits: Limits, places: number) {
    this.gate = new Gate({ places, queueMs: limits.queueMs, isModest: (key) => this.pace.isModest(key) });
    this.shedding = new Shedding(limits.shedLagMs, this.pace);
    this.keyed = new Buckets(limits.ratePerKey, BURST_SECONDS);
    this.public = new Buckets(limits.ratePerPublic, BURST_SECONDS);
  }

  callerOf(actor: Actor, household: string): Caller {
    return actor.kind === "PUBLIC" ? { key: household, public: true } : { key: actor.id, public: false };
  }

  /**
   * What is refused before anything of a request is read but its head, and for what reason. Asked once for each request.
   * @param principal of a key known to be good.
   * @param household of the address of a caller without a key; undefined for a key that is not known yet, which is looked at first.
   * @param places whether a full gate is a reason: other routes tell it in their own words.
   */
  refusesUnread(principal: string | undefined, household: string | undefined, places: boolean): "late" | "full" | undefined {
    const key = principal ?? household;
    if (key !== undefined) this.pace.note(key);
    if (this.shedding.refuses(principal)) return "late";
    return places && key !== undefined && this.gate.refuses(key, principal === undefined) ? "full" : undefined;
  }

  /** Takes the cost from the caller's bucket. Faults: RATE_LIMITED. */
  charge(caller: Caller, cost: number): void {
    const buckets = caller.public ? this.public : this.keyed;
    const waitMs = buckets.take(caller.key, Math.max(1, cost));
    if (waitMs === 0) return;
    throw new Fault("RATE_LIMITED", { limit: "cost", maximumPerSecond: buckets.perSecond, remaining: Math.max(0, buckets.left(caller.key)), retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)) });
  }

  enter(caller: Caller): Stay | Promise<Stay> {
    return this.gate.enter(caller);
  }

  /** For the sweep. */
  tick(): void {
    this.gate.tick();
  }

  stop(): void {
    this.shedding.stop();
  }

  tidy(): void {
    this.keyed.tidy();
    this.public.tidy();
  }
}
