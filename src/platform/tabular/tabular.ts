import type { Description } from "../entity/entity.js";

/** A column as people and machines meet it. */
export interface PrintedColumn extends Description {
  /** Its stable name, by which a file is read again. */
  key: string;
  /** Width in Chinese characters. */
  width: number;
  /** For machines: in files after the others (hidden in workbooks), not in print. */
  machine?: boolean;
  /** May be changed in the file and imported again. */
  editable?: boolean;
  /** Values people choose among. */
  choices?: readonly string[];
  /** Whole numbers, kept as numbers. */
  numeric?: boolean;
}

export interface PrintedSheet extends Description {
  columns: readonly PrintedColumn[];
  /** Rows in pages, each a text a column; made as they are asked for. */
  pages: () => AsyncIterable<readonly (readonly string[])[]>;
}

/** What is printed, signed and filed: a title, the facts beneath it, places to sign, and its sheets. */
export interface PrintedDocument extends Description {
  facts: readonly (Description & { value: string })[];
  signatures: readonly Description[];
  sheets: readonly PrintedSheet[];
  /** The instant it shows; also the time its file bears, so that the same ledger is the same bytes. */
  at: Date;
}

/** The header of a column in a table of one header line: Chinese for people, the stable name for machines. */
export const headerOf = ({ zh, key, machine }: PrintedColumn) => (machine ? key : `${zh} / ${key}`);

/** The stable name in such a header. */
export const keyOfHeader = (header: string) => header.split(" / ").at(-1)!.trim();
