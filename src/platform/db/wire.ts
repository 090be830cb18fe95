import { Duplex } from "node:stream";
import type { EngineThread } from "./engine-thread.js";

interface Written {
  chunk: Buffer;
}

/**
 * The socket between the pg driver and the embedded engine's thread, without a port. What is written together goes over
 * as one message.
 */
export class EngineWire extends Duplex {
  private number = 0;

  constructor(private readonly engine: EngineThread) {
    super({ allowHalfOpen: false });
  }

  connect() {
    this.engine.newWire((gone) => this.destroy(gone)).then(
      (number) => {
        this.number = number;
        if (this.destroyed) return this.engine.endWire(number);
        this.emit("connect");
      },
      (error: Error) => this.destroy(error),
    );
    return this;
  }
  setNoDelay() {
    return this;
  }
  setKeepAlive() {
    return this;
  }
  ref() {
    return this;
  }
  unref() {
    return this;
  }

  override _read() {
    // Answers are pushed when the engine gives them.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void) {
    this.send(Uint8Array.from(chunk), done);
  }

  override _writev(written: Written[], done: (error?: Error | null) => void) {
    const whole = new Uint8Array(written.reduce((length, { chunk }) => length + chunk.length, 0));
    let at = 0;
    for (const { chunk } of written) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    this.send(whole, done);
  }

  override _final(done: () => void) {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void) {
    this.engine.endWire(this.number);
    done(error);
  }

  /** The bytes become the thread's. */
  private send(bytes: Uint8Array, done: (error?: Error | null) => void) {
    this.engine.exchange(this.number, bytes).then((answer) => {
      if (answer.length > 0 && !this.destroyed) this.push(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
      done();
    }, done);
  }
}
