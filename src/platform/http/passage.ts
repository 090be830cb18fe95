import { IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Stay } from "../admission/gate.js";
import { Fault } from "../fault.js";
import { log } from "../log.js";

/** A client has to move so many bytes in every window, either way; what the service itself holds up does not count. */
const WINDOW_MS = 10_000;
const LEAST_BYTES_A_SECOND = 1_000;
/** The rest of a refused body, which is thrown away to keep the connection, has to be there within this time. */
const REST_WITHIN_MS = 2_000;
/** What may lie in this process for clients that do not take it; beyond it the slowest are let go. */
const MOST_BUFFERED_BYTES = 128 * 1024 * 1024;

/** What libuv holds of a socket, which Node tells nobody but itself. */
interface Handle {
  bytesWritten?: number;
  writeQueueSize?: number;
}

const handleOf = (socket: Socket) => (socket as unknown as { _handle: Handle | null })._handle;

/** Bytes the system has taken for the client. */
const takenOf = (socket: Socket) => {
  const handle = handleOf(socket);
  return (handle?.bytesWritten ?? 0) - (handle?.writeQueueSize ?? 0);
};

/** One request between its first line and the last byte of its answer. */
export class Passage {
  readonly socket: Socket;
  readonly beganAt: number;
  /** The place of the caller, once he has one, and since when. */
  stay: Stay | undefined;
  atWorkSince = 0;
  /** Not bound by the deadline of requests. */
  long = false;
  /** Bytes of its body that lie in memory. */
  bodyBytes = 0;
  /** Whose budget its body is read by. */
  budget = "";
  /** Ends the reading of its body; set while somebody reads it. */
  cut: ((fault: Fault) => void) | undefined;
  private direction: "sends" | "takes" | undefined;
  private windowAt = 0;
  private moved = 0;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
    now: number,
  ) {
    this.socket = request.socket;
    this.beganAt = now;
  }

  takes(stay: Stay): Stay {
    this.stay = stay;
    this.atWorkSince = performance.now();
    return stay;
  }

  /** How fast the body has come, in bytes a second. */
  rate(now: number): number {
    return (this.bodyBytes / Math.max(1, now - this.beganAt)) * 1_000;
  }

  /** Bytes that lie in this process until the client takes them. */
  get buffered(): number {
    return this.socket.destroyed ? 0 : this.socket.writableLength;
  }

  /** In what the client is too slow, if in anything; asked by the sweep. */
  lagging(now: number): "sends" | "takes" | undefined {
    const before = this.direction;
    this.direction = this.awaited();
    if (!this.direction) return undefined;
    const total = this.direction === "takes" ? takenOf(this.socket) : this.socket.bytesRead;
    if (this.direction === before && now - this.windowAt < WINDOW_MS) return undefined;
    const slow = this.direction === before && ((total - this.moved) / (now - this.windowAt)) * 1_000 < LEAST_BYTES_A_SECOND;
    this.windowAt = now;
    this.moved = total;
    return slow ? this.direction : undefined;
  }

  /** What the service waits for: bytes of the body, where all that came was read, or the client to take the answer. */
  private awaited(): "sends" | "takes" | undefined {
    if (this.response.headersSent && this.buffered > 0) return "takes";
    const { request } = this;
    return !this.response.writableEnded && !request.complete && request.readableFlowing && request.readableLength === 0 ? "sends" : undefined;
  }
}

/** A request that knows its passage. A field, for a table of all requests by weak keys costs the collector more than the requests. */
export class PassingRequest extends IncomingMessage {
  passage: Passage | undefined;
}

/** The passage a request belongs to; none outside of the service's own server. */
export const passageOf = (request: IncomingMessage): Passage | undefined => (request instanceof PassingRequest ? request.passage : undefined);

/** All requests under way; one sweep for all of them looks after their pace, instead of timers of each. */
export class Passages {
  private readonly open = new Set<Passage>();
  /** Answered, and the rest of the body still to come. */
  private rests: { request: IncomingMessage; since: number }[] = [];
  /** When the last of them that was served began. */
  lastAt = 0;

  constructor(
    private readonly deadlineMs: number,
    private readonly overdue: (passage: Passage) => void,
  ) {}

  get size(): number {
    return this.open.size;
  }

  add(request: PassingRequest, response: ServerResponse, ended: (passage: Passage) => void): Passage {
    const passage = new Passage(request, response, performance.now());
    request.passage = passage;
    this.open.add(passage);
    response.on("close", () => {
      ended(passage);
      this.open.delete(passage);
      if (!request.complete) this.watchRest(request);
    });
    return passage;
  }

  /** What is left of a body that nobody reads is thrown away, but not for ever. */
  watchRest(request: IncomingMessage): void {
    this.rests.push({ request, since: performance.now() });
  }

  sweep(): void {
    const now = performance.now();
    let buffered = 0;
    for (const passage of this.open) {
      const { response, socket } = passage;
      if (socket.destroyed) {
        this.open.delete(passage);
        continue;
      }
      const lagging = passage.lagging(now);
      if (lagging === "takes") this.drop(passage, "读取过慢,连接已断开 / a client took its answer too slowly and was let go");
      else if (lagging === "sends" && passage.cut) passage.cut(new Fault("BODY_TOO_SLOW", { leastBytesPerSecond: LEAST_BYTES_A_SECOND }));
      else if (lagging === "sends") socket.destroy();
      else buffered += passage.buffered;
      if (!passage.long && passage.stay?.inside && !response.headersSent && now - passage.atWorkSince > this.deadlineMs) this.overdue(passage);
    }
    if (buffered > MOST_BUFFERED_BYTES) this.relieve(buffered);
    this.rests = this.rests.filter(({ request, since }) => {
      if (request.complete || request.socket.destroyed) return false;
      if (now - since <= REST_WITHIN_MS) return true;
      request.socket.destroy();
      return false;
    });
  }

  /** Those go first for whom most is held. */
  private relieve(buffered: number): void {
    let held = buffered;
    for (const passage of [...this.open].sort((a, b) => b.buffered - a.buffered)) {
      if (held <= MOST_BUFFERED_BYTES) return;
      held -= passage.buffered;
      this.drop(passage, "待取走的答复过多,连接已断开 / too much waited to be taken by clients; a connection was let go");
    }
  }

  private drop(passage: Passage, why: string): void {
    log.warn(why, { bufferedBytes: passage.buffered });
    passage.socket.destroy();
  }
}
