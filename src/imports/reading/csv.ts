import { Readable } from "node:stream";
import { parse } from "csv-parse";
import iconv from "iconv-lite";
import { BOUNDS } from "./bounds.js";
import type { Cell, SheetRow } from "./cell.js";
import { slicesOf, type OpenFile } from "./open-file.js";
import { Meter, tooMuch, Unreadable } from "./unreadable.js";

export type Encoding = "utf-8" | "gb18030";

const letter = (index: number): string => (index >= 26 ? letter(Math.floor(index / 26) - 1) : "") + String.fromCharCode(65 + (index % 26));
const LETTERS = Array.from({ length: BOUNDS.columns }, (_, index) => letter(index));

interface Recorded {
  record: string[];
  info: { lines: number };
}

/** Rows of a CSV, read as they are asked for. Throws {@link Unreadable}. */
export async function* readCsv(file: OpenFile, wanted: Encoding | undefined): AsyncGenerator<SheetRow> {
  const encoding = encodingOf(file, wanted);
  const meter = new Meter();
  const parser = Readable.from(texts(file, encoding), { objectMode: true }).pipe(parse({ bom: true, info: true, relax_column_count: false, skip_empty_lines: true, max_record_size: BOUNDS.recordLetters }));
  let first = true;
  try {
    for await (const { record, info } of parser as AsyncIterable<Recorded>) {
      if (record.length > BOUNDS.columns) throw tooMuch("columns");
      meter.count("rows");
      const cells = new Map<string, Cell>();
      for (const [at, value] of record.entries()) {
        if (value === "") continue;
        meter.cell(value);
        cells.set(LETTERS[at]!, { column: LETTERS[at]!, kind: value.startsWith("=") ? "formula" : "text", value });
      }
      yield { line: first ? 1 : info.lines, cells };
      first = false;
    }
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    if ((error as { code?: string }).code === "CSV_MAX_RECORD_SIZE") throw tooMuch("recordLetters");
    throw new Unreadable("CSV_BROKEN", "CSV 结构残缺(引号或列数)", "the CSV is broken: quotes or number of columns", { line: (error as { lines?: number }).lines ?? null });
  }
}

function* texts(file: OpenFile, encoding: Encoding): Generator<string> {
  const decoder = decoderOf(encoding);
  for (const slice of slicesOf(file)) yield decoder.write(slice);
  yield decoder.end();
}

function decoderOf(encoding: Encoding): { write: (slice: Buffer) => string; end: () => string } {
  if (encoding === "gb18030") {
    const decoder = iconv.getDecoder("gb18030");
    return { write: (slice) => decoder.write(slice), end: () => decoder.end() ?? "" };
  }
  const decoder = new TextDecoder("utf-8", { fatal: true });
  return { write: (slice) => decoder.decode(slice, { stream: true }), end: () => decoder.decode() };
}

/** UTF-8 unless the bytes are not; then GB18030, if they are that without a single doubt. The whole file is looked at before a row of it is believed. */
function encodingOf(file: OpenFile, wanted: Encoding | undefined): Encoding {
  if (wanted !== "gb18030" && isUtf8(file)) return "utf-8";
  if (wanted === "utf-8") throw new Unreadable("ENCODING", "不是 UTF-8 编码", "not UTF-8");
  if (!isGb18030(file)) throw new Unreadable("ENCODING", "既非 UTF-8 也非 GB18030", "neither UTF-8 nor GB18030");
  return "gb18030";
}

const refuseNul = (text: string) => {
  if (text.includes("\u0000")) throw new Unreadable("NOT_TEXT", "不是文本文件", "not a text file");
};

function isUtf8(file: OpenFile): boolean {
  try {
    for (const text of texts(file, "utf-8")) refuseNul(text);
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Whether the bytes are what their text would be written as. */
function isGb18030(file: OpenFile): boolean {
  const decoder = iconv.getDecoder("gb18030");
  const encoder = iconv.getEncoder("gb18030");
  let ahead = Buffer.alloc(0);
  const holds = (text: string): boolean => {
    refuseNul(text);
    const written = encoder.write(text);
    const same = !text.includes("\ufffd") && written.equals(ahead.subarray(0, written.length));
    ahead = ahead.subarray(written.length);
    return same;
  };
  for (const slice of slicesOf(file)) {
    ahead = Buffer.concat([ahead, slice]);
    if (!holds(decoder.write(slice))) return false;
  }
  return holds(decoder.end() ?? "") && ahead.length === 0;
}
