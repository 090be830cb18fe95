import { headerOf, type PrintedSheet } from "./tabular.js";

/**
 * What a spreadsheet may take for a formula (also in full-width form, or after blanks), with the apostrophes already
 * before it. One apostrophe more makes it text; reading takes that one away again, so that no text is ever altered.
 */
const FORMULA = /^'*(?:\s*[=+\-@＝＋－＠]|[\t\r\n])/;

export const neutralised = (text: string) => (FORMULA.test(text) ? `'${text}` : text);

/** The text a neutralised cell stands for. */
export const restored = (cell: string) => (cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell);

const quoted = (text: string) => (/[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const line = (cells: readonly string[]) => `${cells.map((cell) => quoted(neutralised(cell))).join(",")}\r\n`;

/** A sheet as CSV (RFC 4180: CRLF), UTF-8 with the mark by which Excel knows it. */
export async function* csvOf({ columns, pages }: PrintedSheet): AsyncGenerator<string> {
  yield `\ufeff${line(columns.map(headerOf))}`;
  for await (const rows of pages()) yield rows.map(line).join("");
}
