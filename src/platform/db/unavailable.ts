/** Why a database cannot be asked now. */
export type Unavailable = "CONNECTION" | "CHECKOUT" | "RESTARTING" | "FROZEN";

/** What the driver says of a connection that is gone; it has no codes for it. */
const GONE = /^(Connection terminated|Client has encountered a connection error|Client was closed and is not queryable|Query read timeout|Cannot use a pool after calling end)/;
const CHECKOUT = "timeout exceeded when trying to connect";
const NETWORK = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN", "ENOENT"]);

/** The server takes no bytes and gives none: its connection was given up. */
export class FrozenConnection extends Error {
  override readonly name = "FrozenConnection";
}

/** Whether an error means that the database is away, and how; undefined for what it refused or did wrong. */
export function unavailable(error: unknown): Unavailable | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if (error instanceof FrozenConnection) return "FROZEN";
  // By what it says and not by its class: Node's own errors are of its own realm.
  const { code = "", syscall, message = "", errors } = error as NodeJS.ErrnoException & { errors?: unknown };
  // Shut down, starting, in recovery, too many connections, a standby that takes no writes.
  if (/^(57P0[1-5]|53300|25006)$/.test(code)) return "RESTARTING";
  if (/^08[0-9A-Z]{3}$/.test(code)) return "CONNECTION";
  if (NETWORK.has(code) && (code !== "ENOENT" || syscall === "connect")) return "CONNECTION";
  if (message === CHECKOUT) return "CHECKOUT";
  if (GONE.test(message)) return "CONNECTION";
  return Array.isArray(errors) ? errors.map(unavailable).find((found) => found !== undefined) : undefined;
}
