import { Readable } from "node:stream";
import type { Cell } from "../../src/imports/reading/cell.js";
import { readMapped, readRawRows } from "../../src/imports/reading/reading.js";
import type { Mapping } from "../../src/imports/mapping.js";
import type { MappedRow } from "../../src/imports/row.js";
import { spool, type ImportedFile } from "../../src/imports/spool.js";

/** Bytes as a file to be imported. */
export const fileOf = (bytes: Buffer): Promise<ImportedFile> => spool(Readable.from([bytes]));

async function reading<T, R>(bytes: Buffer, read: (file: ImportedFile) => AsyncIterable<T>, gather: (rows: T[]) => R): Promise<R> {
  const file = await fileOf(bytes);
  try {
    const rows: T[] = [];
    for await (const row of read(file)) rows.push(row);
    return gather(rows);
  } finally {
    file.close();
  }
}

export interface ReadSheet {
  name: string;
  rows: { line: number; cells: ReadonlyMap<string, Cell> }[];
}

/** The sheets of a file with their rows, as an import reads them: in a thread of its own. */
export const sheetsOf = (bytes: Buffer): Promise<ReadSheet[]> =>
  reading(bytes, (file) => readRawRows(file), (rows) => {
    const sheets = new Map<number, ReadSheet>();
    for (const { sheet, name, line, cells } of rows) {
      const made = sheets.get(sheet) ?? { name, rows: [] };
      sheets.set(sheet, made);
      made.rows.push({ line, cells: new Map(cells.map((cell) => [cell.column, cell])) });
    }
    return [...sheets.values()];
  });

/** The rows of a file as a mapping reads them. */
export const mappedOf = (bytes: Buffer, mapping: Mapping): Promise<MappedRow[]> =>
  reading(bytes, (file) => readMapped(file, mapping, { datum: mapping.datum ?? null, regionCode: null, geometryAsGiven: true }), (rows) => rows);
