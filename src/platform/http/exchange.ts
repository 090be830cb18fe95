import type { IncomingMessage, ServerResponse } from "node:http";
import type { Stay } from "../admission/gate.js";
import type { Actor } from "../actor.js";

/** One request of a known caller, at work. */
export interface Known {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  /** Who asks; the public on open routes, where no key is looked at. */
  actor: Actor;
  /** The client's address, told by a proxy where that is trusted. */
  clientIp: string;
  /** The place at work. Bodies are awaited without it (`readBody` sees to that); whoever writes slowly leaves it meanwhile. */
  stay: Stay;
}

/** One request on its way through a route. */
export interface Exchange extends Known {
  url: URL;
  /** What the pattern's groups matched. */
  matched: readonly string[];
}

export interface Route {
  method: "GET" | "PUT" | "POST";
  pattern: RegExp;
  handle: (exchange: Exchange) => Promise<void> | void;
  /** Read-only, for pages of other origins as well, where the setting allows them. */
  crossOrigin?: true;
  /** Desktop clients that know no bearer may send the key as a password (HTTP Basic). Only where nothing is written. */
  basic?: true;
  /** Refusals are told as problem documents (RFC 9457). */
  problems?: true;
  /** The same for everybody and no work for the database: no key is looked at, and no place is needed. */
  open?: true;
  /** Takes as long as a file takes, either way: the deadline of a request does not hold for it. */
  long?: true;
}
