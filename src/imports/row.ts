/** What is wrong with one row, told by place and remedy. */
export interface RowProblem {
  column?: string;
  code: string;
  zh: string;
  en: string;
  suggestion?: string;
  /** Of a conflict: what was read, what stands now, what the file says. */
  changes?: readonly { field: string; base: unknown; current: unknown; yours?: unknown }[];
}

/** A row of a file as its mapping reads it. */
export interface MappedRow {
  line: number;
  externalId: string | null;
  /** The key letter by letter as the file has it, where it is compared in another form. */
  asWritten?: string;
  /** A key by which it may be known from before, if the row known by it is the same by what it says. */
  formerId?: string;
  values: Record<string, unknown>;
  doubts: readonly string[];
  problems: readonly RowProblem[];
}
