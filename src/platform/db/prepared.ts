import { createHash } from "node:crypto";
import pg, { type Pool, type PoolClient, type QueryResult } from "pg";
import { Bounded } from "../bounded.js";
import { Fault } from "../fault.js";

/** Letters of texts that are remembered. */
const REMEMBERED = 16_000_000;
/** Letters of statements a connection may keep prepared: a plan takes some 180 bytes of the server's memory for each. */
const KEPT_LETTERS = 300_000;
const USES_BEFORE_NAME = 2;

interface Known {
  uses: number;
  name: string | undefined;
}

const known = new Bounded<string, Known>(REMEMBERED, (_, text) => text.length);

/** Letters of the texts that are remembered. */
export const preparedLetters = (): number => known.weight;

/**
 * The name under which a statement's text is prepared on a connection: given from its second use on, so that
 * texts met once (an auditor's question, an attacker's variations) leave nothing behind on the server.
 */
export function preparedName(text: string): string | undefined {
  const met = known.get(text);
  if (!met) {
    known.set(text, { uses: 1, name: undefined });
    return undefined;
  }
  met.uses += 1;
  if (met.uses >= USES_BEFORE_NAME) met.name ??= `s${createHash("sha256").update(text).digest("base64url").slice(0, 20)}`;
  return met.name;
}

type Named = Record<string, string>;

/**
 * Lets go of what a connection has prepared once it is much: plans are kept as long as the connection, and ten thousand
 * different questions would take gigabytes of each. What is in use is prepared anew at its next use.
 */
export function boundPrepared(pool: Pool): void {
  const kept = new WeakMap<PoolClient, PreparedTexts>();
  pool.on("release", (error: Error | undefined, client: PoolClient) => {
    if (error) return;
    const { connection } = client as unknown as { connection: { parsedStatements: Named } };
    let texts = kept.get(client);
    if (!texts) {
      kept.set(client, (texts = new PreparedTexts(connection.parsedStatements)));
      connection.parsedStatements = texts.named;
    }
    // Nothing is under way on a connection just given back; what is sent next comes after this.
    if (texts.letters <= KEPT_LETTERS) return;
    connection.parsedStatements = texts.empty();
    client.query("deallocate all").catch(() => undefined);
  });
}

/** What the driver knows to be prepared on a connection, counted as it is noted: a few long texts are much between one look and the next. */
class PreparedTexts {
  letters = 0;
  named: Named;

  constructor(known: Named) {
    this.named = this.counted(known);
    for (const text of Object.values(known)) this.letters += text.length;
  }

  empty(): Named {
    this.letters = 0;
    return (this.named = this.counted({}));
  }

  private counted(of: Named): Named {
    return new Proxy(of, {
      set: (named, name, text: string) => {
        if (!((name as string) in named)) this.letters += text.length;
        named[name as string] = text;
        return true;
      },
    });
  }
}

/** A statement as the driver takes it. */
export const statementOf = (text: string, values: readonly unknown[]) => ({ name: preparedName(text), text, values: values as unknown[] });

/** A statement ready to be sent. */
export interface Ready {
  text: string;
  values: readonly unknown[];
  /** Its best plan depends on its values (a range, a pattern, a box): planned anew each time. Others keep one plan for all values. */
  replan: boolean;
  /** JSON is wanted as the text it comes as. */
  unparsed?: boolean;
}

const JSON_TYPE = 114;
const UNPARSED = { getTypeParser: ((type: number, format?: "text" | "binary") => (type === JSON_TYPE ? (text: string) => text : pg.types.getTypeParser(type, format as "text"))) as typeof pg.types.getTypeParser };

/** A few conditions on what is computed of much else are said in a few lines, and planning them takes the server's memory: some kilobytes for a hundred letters. */
export const MOST_LETTERS = 80_000;

/** Sends a read outside any transaction. Faults: LIMIT_EXCEEDED for one that is too long to be planned. */
export async function sendRead(pool: Pool, { text, values, replan, unparsed }: Ready): Promise<QueryResult<Record<string, unknown>>> {
  if (text.length > MOST_LETTERS) throw new Fault("LIMIT_EXCEEDED", { limit: "statement", maximum: MOST_LETTERS, actual: text.length });
  const statement = { ...statementOf(text, values), ...(unparsed ? { types: UNPARSED } : {}) };
  if (!replan) return pool.query(statement);
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const [, , answer] = await inOneWrite(client, () => [client.query("begin read only"), client.query("set local plan_cache_mode = force_custom_plan"), client.query(statement), client.query("commit")] as const);
    return answer;
  } catch (error) {
    // A connection that cannot even undo is not handed to the next caller.
    await client.query("rollback").catch((failure: Error) => (broken = failure));
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Sends statements that do not wait for each other in one write: what a statement costs the client is mostly its write. */
export function inOneWrite<const T extends readonly (Promise<unknown> | undefined)[]>(client: PoolClient, send: () => T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  // The driver has no word for it; its stream, a socket or the engine's wire, has.
  const { stream } = (client as unknown as { connection: { stream: { cork(): void; uncork(): void } } }).connection;
  stream.cork();
  try {
    return Promise.all(send());
  } finally {
    stream.uncork();
  }
}
