import { MOST_LETTERS } from "../db/prepared.js";
import { Fault } from "../fault.js";

/** What stands around an alias, and around a value, at the least. */
const AROUND = { alias: 30, value: 12 } as const;

/** Parts told of a refusal. */
const TOLD = 3;

/**
 * How long what is written for one request may become. It is counted while it is written: a few lines of a question may
 * unfold into megabytes, and what is refused afterwards has been made already. Planning takes the server a hundred times a statement's letters.
 */
export class Letters {
  private written = 0;
  private readonly shares = new Map<string, number>();

  /** @param within what this is a part of, as a statement of a request that needs several: it counts there as well. */
  constructor(
    private readonly most = MOST_LETTERS,
    private readonly within?: Letters,
  ) {}

  /** How much was written so far, at the least. */
  get count(): number {
    return this.written;
  }

  alias(): void {
    this.add(AROUND.alias);
  }

  value(): void {
    this.add(AROUND.value);
  }

  /** A piece that is made of others: what they do not count of it is counted, and what a part of the question became is remembered by its name. Fault: LIMIT_EXCEEDED. */
  piece(make: () => string, name?: string): string {
    const before = this.written;
    const text = make();
    this.add(Math.max(0, text.length - (this.written - before)));
    if (name) this.shares.set(name, (this.shares.get(name) ?? 0) + text.length);
    return text;
  }

  /** A text made of pieces: what was said twice is longer than its pieces. Fault: LIMIT_EXCEEDED. */
  whole(text: string): string {
    if (text.length > this.most) throw this.beyond(text.length);
    return text;
  }

  private add(letters: number): void {
    this.within?.add(letters);
    this.written += letters;
    if (this.written > this.most) throw this.beyond(this.written);
  }

  private beyond(actual: number): Fault {
    const longest = [...this.shares].toSorted(([, a], [, b]) => b - a).slice(0, TOLD).map(([part]) => part);
    return new Fault("LIMIT_EXCEEDED", { limit: STATEMENT, maximum: this.most, actual, longest, rule: "少用计算字段(longest)的条件与取值,少选字段与别名,或分几次问 / fewer conditions on and selections of computed fields (longest), fewer fields and aliases, or several requests" });
  }
}

const STATEMENT = "statement";

/** Whether a refusal is of the length of what a question becomes: asked another way it would be no shorter. */
export const isTooLong = (error: unknown): boolean => error instanceof Fault && error.code === "LIMIT_EXCEEDED" && error.extensions["limit"] === STATEMENT;
