/** What kind of value a cell's text is: by this two texts of one value are known as the same. */
export type CellKind = "text" | "date" | "dateTime" | "number";

const plain = (text: string) => text.replace(/\r\n?/g, "\n").normalize("NFC").trim();

/** A day or a minute as spreadsheets rewrite it (2026/6/5 8:05), in the form it is exported in. */
function moment(text: string): string | undefined {
  const [, year, month, day, hour, minute] = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T](\d{1,2}):(\d{2})(?::\d{2})?)?$/.exec(text) ?? [];
  if (!year) return undefined;
  const date = `${year}-${month!.padStart(2, "0")}-${day!.padStart(2, "0")}`;
  return hour ? `${date} ${hour.padStart(2, "0")}:${minute}` : date;
}

/** A row of figures as a spreadsheet shows it once it took it for a number: without leading zeros, or as 5.00112E+14. */
function takenForNumber(figures: string, cell: string): boolean {
  if (!/^\d+$/.test(figures) || !/^\d+(\.\d+)?(E\+?\d+)?$/i.test(cell)) return false;
  const mantissa = cell.split(/E/i)[0]!.replace(".", "").length;
  return /E/i.test(cell) ? Number(Number(figures).toPrecision(mantissa)) === Number(cell) : Number(figures) === Number(cell);
}

/** Whether a cell still says what was exported; what a spreadsheet does to a text by itself is no change. */
export function sameCell(kind: CellKind, exported: string, cell: string): boolean {
  const [before, after] = [plain(exported), plain(cell)];
  if (before === after || takenForNumber(before, after)) return true;
  if (kind === "date" || kind === "dateTime") return moment(before) !== undefined && moment(before) === moment(after);
  return kind === "number" && before !== "" && after !== "" && Number(before) === Number(after);
}

/** A longitude and a latitude written into one cell. */
export function pointOf(text: string): { type: "Point"; coordinates: [number, number] } | undefined {
  const parts = text.split(/[,,\s]+/).filter(Boolean).map(Number);
  const [lon, lat] = parts;
  if (parts.length !== 2 || !Number.isFinite(lon) || !Number.isFinite(lat) || Math.abs(lon!) > 180 || Math.abs(lat!) > 90) return undefined;
  return { type: "Point", coordinates: [lon!, lat!] };
}

export const truthOf = (text: string): boolean | undefined => ({ 是: true, 否: false, true: true, false: false, TRUE: true, FALSE: false })[text];

export const listOf = (text: string): string[] => [...new Set(text.split(/[、,,;;\n]/).map((part) => part.trim()).filter(Boolean))];
