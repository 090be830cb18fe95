import type { Cell, SheetRow } from "./cell.js";
import { readCsv, type Encoding } from "./csv.js";
import { beginningOf, type OpenFile } from "./open-file.js";
import { Unreadable } from "./unreadable.js";
import { readSheets, readWorkbook } from "./workbook.js";

/** How a table lies in its file. */
export interface Layout {
  sheet?: string;
  /** Lines that together make the header, counted from 1; the lower one wins where both have text. */
  headerLines?: readonly number[];
  /** A row whose cell in this column does not match ends the table. */
  rowsWhile?: { column: string; matches: string };
  encoding?: Encoding;
}

export interface TableRow {
  line: number;
  /** By header; columns without one are not read. */
  cells: ReadonlyMap<string, Cell>;
  /** GeoJSON: the feature's geometry, not yet checked. */
  geometry?: unknown;
}

/** A table as it is read: what stands above its rows is known before the first of them. */
export interface Table {
  headers: ReadonlySet<string>;
  /** Texts of the header's lines, in which forms say whose they are. */
  heading: readonly string[];
  rows: AsyncGenerator<TableRow> | Generator<TableRow>;
}

const HEADING_TEXTS = 100;
const HEADING_LETTERS = 500;

/** Reads CSV or XLSX by what the bytes are, not by what the file is called. Throws {@link Unreadable}. */
export async function readTable(file: OpenFile, layout: Layout): Promise<Table> {
  const rows = isWorkbook(file) ? readWorkbook(file, layout.sheet) : readCsv(file, layout.encoding);
  const headerLines = layout.headerLines ?? [1];
  const last = Math.max(...headerLines);
  const headers = new Map<string, string>();
  const heading: string[] = [];
  let first: SheetRow | undefined;
  for (;;) {
    const next = await rows.next();
    if (next.done) break;
    if (next.value.line > last) {
      first = next.value;
      break;
    }
    for (const [column, { value }] of next.value.cells) {
      const text = value.trim();
      if (!text) continue;
      if (heading.length < HEADING_TEXTS) heading.push(text.slice(0, HEADING_LETTERS));
      if (headerLines.includes(next.value.line)) headers.set(column, text);
    }
  }
  if (headers.size === 0) throw new Unreadable("NO_HEADER", "没有表头", "there is no header");
  return { headers: new Set(headers.values()), heading, rows: underHeader(first, rows, headers, layout) };
}

async function* underHeader(first: SheetRow | undefined, rest: AsyncGenerator<SheetRow>, headers: ReadonlyMap<string, string>, layout: Layout): AsyncGenerator<TableRow> {
  const end = layout.rowsWhile && new RegExp(layout.rowsWhile.matches);
  for (let row = first; row; row = (await rest.next()).value as SheetRow | undefined) {
    if (row.cells.size === 0) continue;
    const cells = new Map<string, Cell>();
    for (const [column, cell] of row.cells) {
      const header = headers.get(column);
      if (header) cells.set(header, cell);
    }
    if (end && !end.test(cells.get(layout.rowsWhile!.column)?.value.trim() ?? "")) return;
    yield { line: row.line, cells };
  }
}

/** Rows as they lie in the file, sheet after sheet; a CSV is one sheet. Throws {@link Unreadable}. */
export async function* readRaw(file: OpenFile): AsyncGenerator<{ name: string; rows: AsyncGenerator<SheetRow>; csv: boolean }> {
  if (!isWorkbook(file)) return yield { name: "", rows: readCsv(file, undefined), csv: true };
  for await (const { name, rows } of readSheets(file)) yield { name, rows, csv: false };
}

/** A file is known by its first bytes. */
function isWorkbook(file: OpenFile): boolean {
  if (file.sizeBytes === 0) throw new Unreadable("EMPTY", "文件为空", "the file is empty");
  return beginningOf(file, 4).toString("latin1") === "PK\u0003\u0004";
}
