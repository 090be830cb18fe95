import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Shedding } from "../admission/shedding.js";
import { log } from "../log.js";
import { Acceptors } from "./acceptors.js";
import { bodies } from "./bodies.js";
import { Drain } from "./drain.js";
import type { Readiness } from "./health.js";
import { Passages, PassingRequest, type Passage } from "./passage.js";
import { COMMON_HEADERS, refuse, refuseLate, type Refusal } from "./refusal.js";
import { Fault } from "../fault.js";

export type { Exchange, Route } from "./exchange.js";

export interface HttpOptions {
  host: string;
  port: number;
  maxConnections: number;
  shedding: Shedding;
  /** After so long without an answer, a request is answered with TIMEOUT. */
  deadlineMs: number;
  readiness: Readiness;
  /** How a request is refused of which nothing was read yet but its head, if it is. */
  refuses: (request: IncomingMessage) => Refusal | undefined;
  /** Does what a request asks for; what it throws is answered as a refusal. */
  serve: (request: IncomingMessage, response: ServerResponse, requestId: string, passage: Passage) => Promise<void>;
  /** Takes the connections that ask to become WebSockets. */
  subscriptions: (server: Server, overloaded: () => boolean) => { close: () => Promise<void> };
  /** What else wants to be looked at, many times a second. */
  tick: () => void;
}

export interface HttpService {
  url: string;
  /** Stops at once but for what is being answered. */
  close(): Promise<void>;
  /** Says first that it stops, answers what comes meanwhile, and then stops. */
  drain(delayMs: number): Promise<void>;
}

const SWEEP_MS = 100;
/** New connections the system keeps until they are looked at. Beyond it their first packet is lost, and sent again after a second, three, seven. */
const BACKLOG = 4_096;
/** Refusals wait so long for one another. Each by itself takes the processor from the work that is done, and what it has at hand from the caches. */
const TOGETHER_MS = 8;
/** Where work is refused under load, so many connections are taken in one turn of the event loop. */
const ACCEPTORS = 48;

/**
 * The service's one HTTP server. Health comes first, then the refusal of what is too much, then the work. No throw of a
 * listener leaves it: whatever a client sends, the process lives.
 */
export async function startHttp(options: HttpOptions): Promise<HttpService> {
  const { readiness, shedding } = options;
  const passages = new Passages(options.deadlineMs, (passage) => refuse(passage.request, passage.response, String(passage.response.getHeader("x-request-id")), new Fault("TIMEOUT", { reason: "deadline" })));
  const ended = (passage: Passage) => bodies.release(passage);

  /** What is too much is refused before anything is made for it. */
  const refusalOf = (request: PassingRequest): Refusal | undefined => {
    if (drain.isLate(request.socket)) return refuseLate;
    return options.refuses(request);
  };

  const refusals = new Refusals(({ request, response, refusal }) => {
    refusal(request, response, drain.closing);
    if (!request.complete) passages.watchRest(request);
  });

  const listener = (request: PassingRequest, response: ServerResponse) => {
    shedding.count();
    // What breaks while an answer is written breaks its own connection only.
    response.on("error", ignored);
    const health = healthOf(request);
    const refusal = health ? undefined : refusalOf(request);
    if (refusal) return refusals.push({ request, response, refusal });
    const requestId = randomUUID();
    response.setHeader("x-request-id", requestId);
    for (const [name, value] of COMMON_HEADERS) response.setHeader(name, value);
    if (drain.closing) response.setHeader("connection", "close");
    const passage = passages.add(request, response, ended);
    const answered = health ? health(readiness, request, response) : options.serve(request, response, requestId, passage);
    if (!health) passages.lastAt = passage.beganAt;
    answered.catch((error: unknown) => refuse(request, response, requestId, error));
  };

  // The pace of bodies and answers is looked after by the sweep, by rate and not by an end.
  const server = createServer<typeof PassingRequest>({ IncomingMessage: PassingRequest, maxHeaderSize: 16 * 1024, requestTimeout: 0, headersTimeout: 5_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 1_000 }, guarded(listener));
  server.maxHeadersCount = 100;
  const acceptors = new Acceptors(server, options.maxConnections);
  const drain = new Drain(server, acceptors, passages);
  const subscriptions = options.subscriptions(server, () => shedding.overloaded);
  const sweep = setInterval(() => {
    passages.sweep();
    options.tick();
  }, SWEEP_MS).unref();
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen({ port: options.port, host: options.host, backlog: BACKLOG }, resolve));
  // An error of the listening socket later on (no descriptors left) must not end the process.
  server.removeAllListeners("error").on("error", (error) => log.trouble("监听出错 / listening failed", error));
  if (shedding.on) await acceptors.add(ACCEPTORS - 1);
  const { port, family, address } = server.address() as AddressInfo;
  const stop = async () => {
    await subscriptions.close();
    await drain.stop();
    clearInterval(sweep);
  };
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    close: stop,
    drain: async (delayMs) => {
      readiness.draining = true;
      await drain.announce(delayMs);
      await drain.quieten();
      await stop();
    },
  };
}

const ignored = () => undefined;

interface Refused {
  request: PassingRequest;
  response: ServerResponse;
  refusal: Refusal;
}

/** Refusals are answered together: the same few lines for all of them, and whoever waits for several wakes once. */
class Refusals {
  private kept: Refused[] = [];

  constructor(private readonly answer: (refused: Refused) => void) {}

  push(refused: Refused): void {
    if (this.kept.push(refused) === 1) setTimeout(() => this.flush(), TOGETHER_MS);
  }

  private flush(): void {
    const kept = this.kept;
    this.kept = [];
    for (const refused of kept) {
      try {
        if (!refused.response.destroyed) this.answer(refused);
      } catch (error) {
        log.trouble("拒绝未能答复 / a refusal could not be answered", error);
        refused.response.destroy();
      }
    }
  }
}

/** A listener that cannot end the process. */
function guarded(listener: (request: PassingRequest, response: ServerResponse) => void): typeof listener {
  return (request, response) => {
    try {
      listener(request, response);
    } catch (error) {
      log.trouble("请求处理出错 / a listener failed", error);
      response.destroy();
    }
  };
}

type Health = (readiness: Readiness, request: IncomingMessage, response: ServerResponse) => Promise<void>;

const LIVE = '{"status":"ok"}';
const live: Health = async (_, request, response) => {
  response.writeHead(200, { "content-type": "application/json; charset=utf-8", "content-length": LIVE.length }).end(request.method === "HEAD" ? undefined : LIVE);
};
const ready: Health = (readiness, request, response) => readiness.answer(response, request.method === "HEAD");

/** Health is answered before everything else: whoever asks for it decides whether the process lives on. */
function healthOf({ url = "", method }: IncomingMessage): Health | undefined {
  if (!url.startsWith("/livez") && !url.startsWith("/readyz")) return undefined;
  if (method !== "GET" && method !== "HEAD") return undefined;
  const end = url.indexOf("?");
  const path = end === -1 ? url : url.slice(0, end);
  return path === "/livez" ? live : path === "/readyz" ? ready : undefined;
}
