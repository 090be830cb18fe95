import { parse } from "csv-parse/sync";
import iconv from "iconv-lite";
import { damaged } from "./reading-fault.js";
import { readSheets, readWorkbook, type Cell, type SheetRow } from "./workbook.js";

/** How a table lies in its file. */
export interface Layout {
  sheet?: string;
  /** Lines that together make the header, counted from 1; the lower one wins where both have text. */
  headerLines?: readonly number[];
  /** A row whose cell in this column does not match ends the table. */
  rowsWhile?: { column: string; matches: string };
  encoding?: "utf-8" | "gb18030";
}

export interface TableRow {
  line: number;
  /** By header; columns without one are not read. */
  cells: ReadonlyMap<string, Cell>;
  /** GeoJSON: the feature's geometry, not yet checked. */
  geometry?: unknown;
}

const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Reads CSV or XLSX by what the bytes are, not by what the file is called. Faults: FILE_DAMAGED. */
export async function readTable(bytes: Buffer, layout: Layout): Promise<TableRow[]> {
  const rows = isWorkbook(bytes) ? await readWorkbook(bytes, layout.sheet) : readCsv(bytes, layout.encoding);
  return underHeader(rows, layout);
}

/** Rows as they lie in the file, sheet after sheet; a CSV is one sheet. Faults: FILE_DAMAGED. */
export async function* readRaw(bytes: Buffer): AsyncGenerator<{ name: string; rows: SheetRow[]; csv: boolean }> {
  if (!isWorkbook(bytes)) return yield { name: "", rows: readCsv(bytes, undefined), csv: true };
  for await (const { name, rows } of readSheets(bytes)) yield { name, rows, csv: false };
}

/** A file is known by its first bytes. Faults: FILE_DAMAGED where it is empty or too large to be looked at. */
function isWorkbook(bytes: Buffer): boolean {
  if (bytes.length > MAX_FILE_BYTES) throw damaged("TOO_LARGE", "文件过大", "the file is too large", { maximumBytes: MAX_FILE_BYTES });
  if (bytes.length === 0) throw damaged("EMPTY", "文件为空", "the file is empty");
  return bytes.subarray(0, 4).toString("latin1") === "PK\u0003\u0004";
}

function underHeader(rows: readonly SheetRow[], layout: Layout): TableRow[] {
  const headerLines = layout.headerLines ?? [1];
  const headers = new Map<string, string>();
  for (const row of rows) if (headerLines.includes(row.line)) for (const [column, cell] of row.cells) if (cell.value.trim()) headers.set(column, cell.value.trim());
  if (headers.size === 0) throw damaged("NO_HEADER", "没有表头", "there is no header");
  const table: TableRow[] = [];
  const end = layout.rowsWhile && new RegExp(layout.rowsWhile.matches);
  for (const row of rows) {
    if (row.line <= Math.max(...headerLines) || row.cells.size === 0) continue;
    const cells = new Map<string, Cell>();
    for (const [column, cell] of row.cells) {
      const header = headers.get(column);
      if (header) cells.set(header, cell);
    }
    if (end && !end.test(cells.get(layout.rowsWhile!.column)?.value.trim() ?? "")) break;
    table.push({ line: row.line, cells });
  }
  return table;
}

const letter = (index: number): string => (index >= 26 ? letter(Math.floor(index / 26) - 1) : "") + String.fromCharCode(65 + (index % 26));

function readCsv(bytes: Buffer, encoding: Layout["encoding"]): SheetRow[] {
  const text = decode(bytes, encoding);
  if (text.includes("\u0000")) throw damaged("NOT_TEXT", "不是文本文件", "not a text file");
  let records: { record: string[]; info: { lines: number } }[];
  try {
    records = parse(text, { bom: true, info: true, relax_column_count: false, skip_empty_lines: true }) as unknown as typeof records;
  } catch (error) {
    throw damaged("CSV_BROKEN", "CSV 结构残缺(引号或列数)", "the CSV is broken: quotes or number of columns", { line: (error as { lines?: number }).lines ?? null });
  }
  return records.map(({ record, info }, index) => {
    const cells = new Map<string, Cell>();
    record.forEach((value, at) => {
      const column = letter(at);
      if (value !== "") cells.set(column, { column, kind: value.startsWith("=") ? "formula" : "text", value });
    });
    return { line: index === 0 ? 1 : info.lines, cells };
  });
}

/** UTF-8 unless the bytes are not; then GB18030, if they are that without a single doubt. */
function decode(bytes: Buffer, encoding: Layout["encoding"]): string {
  if (encoding !== "gb18030") {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      if (encoding === "utf-8") throw damaged("ENCODING", "不是 UTF-8 编码", "not UTF-8");
    }
  }
  const text = iconv.decode(bytes, "gb18030");
  if (text.includes("\ufffd") || !iconv.encode(text, "gb18030").equals(bytes)) throw damaged("ENCODING", "既非 UTF-8 也非 GB18030", "neither UTF-8 nor GB18030");
  return text;
}
