import pino from "pino";

/**
 * The service's log: lines of JSON on standard error. Troubles of one kind are told with their stack the first times and
 * counted after that, so that an outage of minutes is some dozens of lines. No keys, no telephone numbers, no stored values.
 */
const logger = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters: { level: (level) => ({ level }) } }, pino.destination({ fd: 2, sync: true }));

/** Of each kind so many are told whole within a window; the rest is counted. */
const TOLD_WHOLE = 3;
const WINDOW_MS = 60_000;
/** Kinds kept apart; beyond it the rest is one kind. */
const MOST_KINDS = 200;
const MOST_LETTERS = 4_000;

type Level = "warn" | "error";

interface Kind {
  level: Level;
  seen: number;
  told: number;
  since: number;
}

/** Facts beside a line. Nothing of a client's input but what was checked. */
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Takes out what must not be kept: keys, and numbers of telephones and identity cards. */
export const withoutSecrets = (text: string): string =>
  text
    .slice(0, MOST_LETTERS)
    .replace(/ytb_[0-9a-f]{12}\.?[A-Za-z0-9_-]*/g, "ytb_…")
    .replace(/(?<!\d)1[3-9]\d{9}(?!\d)/g, "1…")
    .replace(/(?<!\d)\d{17}[\dXx](?!\d)/g, "…");

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** What of an error may be kept. The database quotes stored and given values in its messages: they are left out. */
function toldOf(error: unknown): { code?: string; cause: string } {
  const { code, message, stack: trace } = (error ?? {}) as { code?: unknown; message?: unknown; stack?: unknown };
  if (typeof message !== "string") return { cause: withoutSecrets(String(error)) };
  const stack = typeof trace === "string" ? trace : message;
  if (typeof code === "string" && SQLSTATE.test(code)) {
    const frames = stack.slice(stack.indexOf("\n    at "));
    return { code, cause: withoutSecrets(`${message.replace(/"[^"]*"/g, '"…"')}${frames.startsWith("\n") ? frames : ""}`) };
  }
  return { ...(typeof code === "string" ? { code } : {}), cause: withoutSecrets(stack) };
}

/** Lines of kinds that come again and again. */
export class Troubles {
  private readonly kinds = new Map<string, Kind>();

  constructor(
    private readonly write: (level: Level, line: Record<string, unknown>, message: string) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** @param what In both languages; with the error's class and code it is the kind. */
  note(level: Level, what: string, error?: unknown, facts: Facts = {}): void {
    const made = error as { code?: unknown; name?: unknown } | undefined;
    const named = `${what}|${String(made?.code ?? "")}|${String(made?.name ?? "")}`;
    const key = this.kinds.has(named) || this.kinds.size < MOST_KINDS ? named : "…";
    this.summarize();
    let kind = this.kinds.get(key);
    if (!kind) this.kinds.set(key, (kind = { level, seen: 0, told: 0, since: this.now() }));
    kind.seen += 1;
    if (kind.told >= TOLD_WHOLE) return;
    kind.told += 1;
    this.write(level, { ...facts, ...(error === undefined ? {} : toldOf(error)) }, what);
  }

  /** Tells how often each kind whose window is over was met beyond what was told, and forgets it. */
  summarize(all = false): void {
    const now = this.now();
    for (const [key, kind] of this.kinds) {
      if (!all && now - kind.since < WINDOW_MS) continue;
      this.kinds.delete(key);
      if (kind.seen > kind.told) this.write(kind.level, { further: kind.seen - kind.told, withinSeconds: Math.round((now - kind.since) / 1_000) }, `又有 / again: ${key.replaceAll("|", " ").trim()}`);
    }
  }
}

const troubles = new Troubles((level, line, message) => logger[level](line, message));
setInterval(() => troubles.summarize(), WINDOW_MS / 4).unref();
process.once("exit", () => troubles.summarize(true));

export const log = {
  /** Once in a life: start, stop, a change of state. */
  info: (message: string, facts: Facts = {}): void => logger.info(facts, message),
  /** What may come often and needs no stack. */
  warn: (message: string, facts: Facts = {}): void => troubles.note("warn", message, undefined, facts),
  /** What went wrong and may go wrong again: sampled by kind. */
  trouble: (message: string, error: unknown, facts: Facts = {}): void => troubles.note("error", message, error, facts),
  /** The last words before an exit: never left out. */
  fatal: (message: string, error: unknown): void => logger.fatal(toldOf(error), message),
};
