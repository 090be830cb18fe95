import type { Actor } from "./actor.js";
import type { Instant } from "./read/read-sql.js";
import type { Reader } from "./read/reader.js";
import type { ActionArguments, Done, Payload } from "./write/act.js";

/** What every resolver receives: reads through one door, writes through one action. */
export interface RequestContext {
  readonly actor: Actor;
  readonly requestId: string;
  readonly clientIp?: string;
  /** Facts put into the answer's `extensions` (a repeated key, a story clock). */
  readonly notes: Record<string, unknown>;
  /** What a hook threw: Apollo Server masks it, so the front asks here what to answer. */
  readonly failure: { error?: unknown };
  /** Takes the cost of an operation from the caller's bucket, before anything is read or written. Faults: RATE_LIMITED. */
  charge(cost: number, operation: "query" | "mutation" | "subscription"): void;
  /** Variables of the operation, coerced and with their defaults; absent where one was refused. */
  variables?: Record<string, unknown>;
  /** The reader of this operation; set once its instant is known. */
  reader: Reader;
  /** A reader at another instant, for payloads of repeated calls. */
  readerAt(instant: Instant): Reader;
  act(name: string, args: ActionArguments, payload?: Payload): Promise<Done>;
}
