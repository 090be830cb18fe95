import { createHash } from "node:crypto";
import type { Pool, PoolClient, QueryResult } from "pg";

/** How many texts are remembered; connections are renewed (see the pool's lifetime), so what they hold stays bounded too. */
const REMEMBERED = 2_000;
const USES_BEFORE_NAME = 2;

interface Known {
  uses: number;
  name: string | undefined;
}

const known = new Map<string, Known>();

/**
 * The name under which a statement's text is prepared on a connection: given from its second use on, so that
 * texts met once (an auditor's question, an attacker's variations) leave nothing behind on the server.
 */
export function preparedName(text: string): string | undefined {
  const met = known.get(text);
  if (!met) {
    if (known.size >= REMEMBERED) known.delete(known.keys().next().value as string);
    known.set(text, { uses: 1, name: undefined });
    return undefined;
  }
  met.uses += 1;
  if (met.uses >= USES_BEFORE_NAME && !met.name) {
    met.name = `s${createHash("sha256").update(text).digest("base64url").slice(0, 20)}`;
    // Moved to the young end once: a statement in use outlives those met once.
    known.delete(text);
    known.set(text, met);
  }
  return met.name;
}

/** A statement as the driver takes it. */
export const statementOf = (text: string, values: readonly unknown[]) => ({ name: preparedName(text), text, values: values as unknown[] });

/** A statement ready to be sent. */
export interface Ready {
  text: string;
  values: readonly unknown[];
  /** Its best plan depends on its values (a range, a pattern, a box): planned anew each time. Others keep one plan for all values. */
  replan: boolean;
}

/** Sends a read outside any transaction. */
export async function sendRead(pool: Pool, { text, values, replan }: Ready): Promise<QueryResult<Record<string, unknown>>> {
  if (!replan) return pool.query(statementOf(text, values));
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const [, , answer] = await inOneWrite(client, () => [client.query("begin read only"), client.query("set local plan_cache_mode = force_custom_plan"), client.query(statementOf(text, values)), client.query("commit")] as const);
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
