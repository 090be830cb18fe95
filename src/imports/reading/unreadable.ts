import { BOUNDS, type Bound } from "./bounds.js";

/** A file that cannot be read as a whole, and why. Knows nothing of what clients are told, so that the reading thread starts quickly. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
  constructor(
    readonly reason: string,
    readonly zh: string,
    readonly en: string,
    readonly facts: Readonly<Record<string, unknown>> = {},
  ) {
    super(`${zh} / ${en}`);
  }
}

/** Refuses a file that holds more than it may, naming the bound. */
export const tooMuch = (bound: Bound) => new Unreadable("LIMIT", `超出读取界限 ${bound}(${BOUNDS[bound]});请拆分文件`, `beyond the bound of ${bound} (${BOUNDS[bound]}); split the file`, { bound, maximum: BOUNDS[bound] });

/** Counts what is read of one file against its bounds. */
export class Meter {
  private readonly counted: Partial<Record<Bound, number>> = {};

  /** Throws {@link Unreadable} once the bound is passed. */
  count(bound: Bound, more = 1): void {
    const now = (this.counted[bound] ?? 0) + more;
    this.counted[bound] = now;
    if (now > BOUNDS[bound]) throw tooMuch(bound);
  }

  /** A cell that will be handed on. */
  cell(text: string): void {
    if (text.length > BOUNDS.cellLetters) throw tooMuch("cellLetters");
    this.count("cells");
    this.count("letters", text.length);
  }
}
