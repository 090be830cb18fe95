/**
 * An open loop, in a process of its own: requests are sent when they are due, whether or not earlier ones are answered,
 * as many clients would that know nothing of each other. Latency counts from when a request was due, so that a service
 * that stalls cannot hide behind requests that were never sent. With a rate of nothing it is a closed loop, by which the
 * capacity is found.
 *
 * Plain sockets kept open, one request on each at a time; every caller has an address of its own (127.0.1.N) and a key.
 * How late it is itself is told with the rest. Told what to do by overload.ts over the channel between processes.
 */
import { connect, type Socket } from "node:net";
import { spread, type Spread } from "./spread.js";

export interface OpenJob {
  url: string;
  callers: readonly { key: string; address: string }[];
  bodies: readonly string[];
  /** How every good answer begins. */
  begins: string;
  /** Requests a second; 0: each of `connections` sends its next request when the last is answered. */
  perSecond: number;
  connections: number;
  /** Before counting begins. */
  lead: number;
  seconds: number;
}

export interface OpenResult {
  seconds: number;
  due: number;
  /** Good answers that came while the load lasted. */
  served: number;
  accepted: Spread;
  /** 429 and 503. */
  refused: Spread;
  /** Connections broken or refused before an answer. */
  broken: number;
  /** Other answers: none may be. */
  wrong: number;
  firstWrong: string;
  /** No socket was left to send it on. */
  unsent: number;
  /** How late the generator itself sent what was due. */
  lag: Spread;
  sockets: number;
}

/** A generator with more is no longer the clients it stands for. */
const MOST_SOCKETS = 15_000;
const TICK_MS = 2;
/** After the last request is sent, for those under way. */
const LINGER_MS = 30_000;
/** Of the closed loop: before a client that was refused asks again, as it is told. */
const REFUSED_MS = 1_000;
const HEAD_END = "\r\n\r\n";

class OpenRun {
  private readonly port: number;
  private readonly requests: readonly (readonly Buffer[])[];
  private readonly idle: Socket[][];
  private readonly accepted: number[] = [];
  private readonly refused: number[] = [];
  private readonly lag: number[] = [];
  private served = 0;
  private broken = 0;
  private wrong = 0;
  private firstWrong = "";
  private unsent = 0;
  private sockets = 0;
  private most = 0;
  private underWay = 0;
  private sent = 0;
  private over = false;
  private countFrom = 0;

  constructor(private readonly job: OpenJob, private readonly tell: (result: OpenResult) => void) {
    const { host, port } = new URL(job.url);
    this.port = Number(port);
    this.idle = job.callers.map(() => []);
    this.requests = job.callers.map(({ key }) => job.bodies.map((body) => Buffer.from(`POST /graphql HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\nauthorization: Bearer ${key}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)));
  }

  start() {
    const { perSecond, connections, lead, seconds } = this.job;
    const began = performance.now();
    this.countFrom = began + lead * 1_000;
    const until = this.countFrom + seconds * 1_000;
    if (perSecond === 0) {
      for (let number = 0; number < connections; number += 1) this.send(performance.now(), () => this.again());
      setTimeout(() => this.finish(), until - began);
      return;
    }
    const tick = () => {
      const now = performance.now();
      const due = Math.floor(((Math.min(now, until) - began) / 1_000) * perSecond);
      while (this.sent < due) {
        const when = began + ((this.sent + 1) / perSecond) * 1_000;
        if (when >= this.countFrom) this.lag.push(now - when);
        this.send(when);
      }
      if (now < until) setTimeout(tick, TICK_MS);
      else this.finish();
    };
    tick();
  }

  private again() {
    if (!this.over) this.send(performance.now(), () => this.again());
  }

  private send(when: number, then?: () => void) {
    const number = this.sent;
    this.sent += 1;
    const caller = number % this.job.callers.length;
    const socket = this.idle[caller]!.pop() ?? this.open(caller);
    if (!socket) {
      if (when >= this.countFrom) this.unsent += 1;
      return;
    }
    this.underWay += 1;
    this.exchange(socket, caller, when, then);
    const list = this.requests[caller]!;
    socket.write(list[Math.floor(number / this.job.callers.length) % list.length]!);
  }

  private open(caller: number): Socket | null {
    if (this.sockets >= MOST_SOCKETS) return null;
    const socket = connect({ port: this.port, host: "127.0.0.1", localAddress: this.job.callers[caller]!.address });
    socket.setNoDelay(true);
    this.sockets += 1;
    this.most = Math.max(this.most, this.sockets);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.sockets -= 1;
      const at = this.idle[caller]!.indexOf(socket);
      if (at >= 0) this.idle[caller]!.splice(at, 1);
    });
    return socket;
  }

  /** One answer on one socket. */
  private exchange(socket: Socket, caller: number, when: number, then?: () => void) {
    let head: Buffer = Buffer.alloc(0);
    let missing = -1;
    let status = 0;
    let closes = false;
    const counted = () => when >= this.countFrom && !(this.over && this.job.perSecond === 0);
    /** A service that refuses is not asked again at once. */
    const later = () => {
      const next = then;
      then = next && (() => void setTimeout(next, REFUSED_MS));
    };
    const end = () => {
      socket.removeListener("data", read);
      socket.removeListener("close", broke);
      this.underWay -= 1;
      then?.();
    };
    const broke = () => {
      if (counted()) this.broken += 1;
      later();
      end();
    };
    const read = (chunk: Buffer) => {
      if (missing < 0) {
        head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
        const at = head.indexOf(HEAD_END);
        if (at < 0) return;
        const lines = head.toString("latin1", 0, at);
        const size = Number(/\r\ncontent-length: *(\d+)/i.exec(lines)?.[1] ?? 0);
        const beginsAt = at + HEAD_END.length;
        if (head.length < beginsAt + Math.min(size, this.job.begins.length)) return;
        status = Number(lines.slice(9, 12));
        closes = /\r\nconnection: *close/i.test(lines);
        missing = size - (head.length - beginsAt);
        if (status === 200 && !head.toString("utf8", beginsAt, beginsAt + this.job.begins.length).startsWith(this.job.begins)) status = 0;
      } else missing -= chunk.length;
      if (missing > 0) return;
      const took = performance.now() - when;
      if (counted()) {
        if (status === 200) {
          this.accepted.push(took);
          if (!this.over) this.served += 1;
        } else if (status === 429 || status === 503) this.refused.push(took);
        else {
          this.wrong += 1;
          this.firstWrong ||= head.toString("utf8", 0, 600);
        }
      }
      if (status !== 200) later();
      end();
      if (closes) socket.destroy();
      else this.idle[caller]!.push(socket);
    };
    socket.on("data", read);
    socket.on("close", broke);
  }

  private finish() {
    this.over = true;
    const latest = performance.now() + LINGER_MS;
    const wait = () => {
      if (this.underWay > 0 && performance.now() < latest && this.job.perSecond > 0) return void setTimeout(wait, 50);
      const { seconds } = this.job;
      this.tell({ seconds, due: Math.round(this.job.perSecond * seconds), served: this.served, accepted: spread(this.accepted), refused: spread(this.refused), broken: this.broken, wrong: this.wrong, firstWrong: this.firstWrong, unsent: this.unsent, lag: spread(this.lag), sockets: this.most });
      for (const list of this.idle) for (const socket of list.splice(0)) socket.destroy();
    };
    wait();
  }
}

process.on("message", (job: OpenJob) => new OpenRun(job, (result) => process.send!(result)).start());
process.on("disconnect", () => process.exit(0));
