import { connect, type Socket } from "node:net";

/** A connection that sends what it is told and keeps what comes back, for requests no client would make. */
export class RawConnection {
  readonly socket: Socket;
  received = "";
  closed = false;

  constructor(url: string, localAddress?: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect({ host: hostname, port: Number(port), ...(localAddress ? { localAddress } : {}) });
    this.socket.on("data", (bytes: Buffer) => (this.received += bytes.toString("latin1")));
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => (this.closed = true));
  }

  send(text: string | Buffer): this {
    if (!this.closed) this.socket.write(text);
    return this;
  }

  /** Status of the last answer begun. */
  get status(): number | undefined {
    const found = [...this.received.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].at(-1);
    return found && Number(found[1]);
  }

  /** Waits for an answer or the end of the connection. */
  async answered(withinMs = 5_000): Promise<number | undefined> {
    const until = Date.now() + withinMs;
    while (Date.now() < until && this.status === undefined && !this.closed) await new Promise((resolve) => setTimeout(resolve, 5));
    return this.status;
  }

  end(): void {
    this.socket.destroy();
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** How long something takes. */
export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const from = performance.now();
  const result = await work();
  return { ms: performance.now() - from, result };
}
