import type { PGlite } from "@electric-sql/pglite";

const SYNC = 0x53;
const QUERY = 0x51;
const TERMINATE = 0x58;
const ERROR_RESPONSE = 0x45;
const READY_FOR_QUERY = 0x5a;
const READY_LENGTH = 6;

/** A simple-query message, for the few statements the session itself sends. */
function queryMessage(sql: string): Buffer {
  const body = Buffer.from(`${sql}\0`, "utf8");
  const message = Buffer.alloc(5 + body.length);
  message[0] = QUERY;
  message.writeInt32BE(4 + body.length, 1);
  body.copy(message, 5);
  return message;
}

/** Whether an answer holds an ErrorResponse; hops from header to header. */
function hasError(answer: Buffer): boolean {
  for (let at = 0; at + 5 <= answer.length; at += 1 + answer.readInt32BE(at + 1)) {
    if (answer[at] === ERROR_RESPONSE) return true;
  }
  return false;
}

const endsReady = (answer: Buffer) => {
  const at = answer.length - READY_LENGTH;
  return at >= 0 && answer[at] === READY_FOR_QUERY && answer.readInt32BE(at + 1) === 5;
};

/** Told when the engine begins and ends with a message. */
export interface Progressing {
  begin(): void;
  end(): void;
}

/**
 * One connection's conversation with the engine, on the engine's side.
 *
 * The engine answers an error of the extended protocol with ReadyForQuery twice (PostgreSQL: once), which would
 * shift every later answer by one. So messages are cut out of the byte stream, handed over one at a time, and a
 * trailing ReadyForQuery passes only after Sync, Query or start-up. The engine is one session: whatever an earlier
 * connection left open is rolled back when the next one starts.
 */
export class WireSession {
  private pending: Buffer = Buffer.alloc(0);
  private started = false;
  /** After an error the protocol ignores everything up to the next Sync. */
  private skipping = false;

  constructor(private readonly database: PGlite, private readonly mark: Progressing) {}

  /** Takes what the client sent, in pieces of any size. @returns what the engine says to it. */
  async take(chunk: Uint8Array): Promise<Buffer[]> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    const said: Buffer[] = [];
    for (const message of this.cut()) await this.handOver(message, said);
    return said;
  }

  /** Takes the whole messages off the front of what has arrived. */
  private cut(): Buffer[] {
    const messages: Buffer[] = [];
    let at = 0;
    for (;;) {
      // Only the start-up message comes without a type byte.
      const header = this.started ? 1 : 0;
      if (this.pending.length - at < header + 4) break;
      const end = at + header + this.pending.readInt32BE(at + header);
      if (end > this.pending.length) break;
      messages.push(this.pending.subarray(at, end));
      this.started = true;
      at = end;
    }
    this.pending = this.pending.subarray(at);
    return messages;
  }

  private async handOver(message: Buffer, said: Buffer[]) {
    const startUp = message[0] === 0;
    const type = startUp ? 0 : message[0];
    if (type === TERMINATE) return;
    if (startUp) await this.resetSession();
    if (this.skipping && type !== SYNC) return;
    const answer = await this.exchange(message);
    const endsExchange = startUp || type === SYNC || type === QUERY;
    if (endsExchange) this.skipping = false;
    else if (hasError(answer)) this.skipping = true;
    const passed = !endsExchange && endsReady(answer) ? answer.subarray(0, -READY_LENGTH) : answer;
    if (passed.length > 0) said.push(passed);
  }

  private async exchange(message: Uint8Array): Promise<Buffer> {
    const parts: Buffer[] = [];
    this.mark.begin();
    try {
      await this.database.execProtocolRawStream(message, {
        syncToFs: false,
        // A copy: the chunk is a window on the engine's memory and changes with the next message.
        onRawData: (part) => void parts.push(Buffer.from(part)),
      });
    } finally {
      this.mark.end();
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }

  private async resetSession() {
    await this.exchange(queryMessage("rollback"));
    await this.exchange(queryMessage("discard all"));
  }
}
