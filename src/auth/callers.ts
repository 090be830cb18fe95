import { type Admission, REFUSED_COST } from "../platform/admission/admission.js";
import type { Actor } from "../platform/actor.js";
import { Fault } from "../platform/fault.js";
import { householdOf } from "../platform/http/client-address.js";
import type { Keys } from "./keys.js";

/** Headers told apart, the good and the bad. */
const MOST_REMEMBERED = 5_000;
/** What was no key a moment ago is none now; a key that was just issued is found after this time. */
const BAD_FOR_MS = 3_000;

/**
 * Who asks. Looking a key up takes the database, so strangers pay for it: a header that was no key is remembered, one
 * question serves all who ask at once, and whoever tries keys that are none pays from the bucket of his address and is
 * told to wait when it is empty. A key that was good before is never made to pay for its neighbours.
 */
export class Callers {
  private readonly goodBefore = new Map<string, string>();
  private readonly bad = new Map<string, number>();
  private readonly asked = new Map<string, Promise<Actor>>();

  constructor(
    private readonly keys: Keys,
    private readonly admission: Admission,
  ) {}

  /** The principal a header stood for when it was last looked at; undefined for one never seen to be good. */
  provenBefore(authorization: string | undefined): string | undefined {
    return authorization === undefined ? undefined : this.goodBefore.get(authorization);
  }

  /** Faults: UNAUTHENTICATED, RATE_LIMITED. */
  async actorOf(authorization: string | undefined, clientIp: string): Promise<Actor> {
    if (authorization === undefined) return this.keys.actorOf(undefined, clientIp);
    if (this.goodBefore.has(authorization)) return this.lookUp(authorization, clientIp);
    const caller = { key: householdOf(clientIp), public: true };
    const badUntil = this.bad.get(`${clientIp} ${authorization}`);
    if (badUntil !== undefined && badUntil > Date.now()) {
      this.admission.charge(caller, REFUSED_COST);
      throw new Fault("UNAUTHENTICATED", {});
    }
    // Paid before the database is asked: nothing is given back for a good key, which pays once.
    this.admission.charge(caller, REFUSED_COST);
    return this.lookUp(authorization, clientIp);
  }

  private lookUp(authorization: string, clientIp: string): Promise<Actor> {
    const key = `${clientIp} ${authorization}`;
    let answer = this.asked.get(key);
    if (!answer) {
      answer = this.keys.actorOf(authorization, clientIp).then(
        (actor) => this.remember(authorization, actor),
        (error: unknown) => this.forget(authorization, key, error),
      );
      this.asked.set(key, answer);
      const done = () => void this.asked.delete(key);
      answer.then(done, done);
    }
    return answer;
  }

  private remember(authorization: string, actor: Actor): Actor {
    if (!this.goodBefore.has(authorization)) {
      if (this.goodBefore.size >= MOST_REMEMBERED) this.goodBefore.clear();
      this.goodBefore.set(authorization, actor.id);
    }
    return actor;
  }

  private forget(authorization: string, key: string, error: unknown): never {
    if (error instanceof Fault && error.code === "UNAUTHENTICATED") {
      this.goodBefore.delete(authorization);
      if (this.bad.size >= MOST_REMEMBERED) this.bad.clear();
      this.bad.set(key, Date.now() + BAD_FOR_MS);
    }
    throw error;
  }
}

