import { SaxesParser } from "saxes";
import { fromBuffer, type Entry, type ZipFile } from "yauzl";
import { damaged } from "./reading-fault.js";

/** A cell as stored: numbers under a date format are days, formulas are told, never computed. */
export interface Cell {
  column: string;
  kind: "text" | "number" | "date" | "boolean" | "formula" | "error";
  value: string;
}

export interface SheetRow {
  line: number;
  cells: ReadonlyMap<string, Cell>;
}

const MAX_ENTRY_BYTES = 96 * 1024 * 1024;
const MAX_TOTAL_BYTES = 160 * 1024 * 1024;
/** XML compresses well, zeros compress a thousandfold. */
const MAX_RATIO = 150;
/** Built-in number formats that show a date; 27-36 and 50-58 are the Chinese ones (58 is m月d日). */
const isDateFormat = (id: number) => (id >= 14 && id <= 17) || id === 22 || (id >= 27 && id <= 36) || (id >= 50 && id <= 58);

/** Rows of the first or named sheet of an XLSX workbook. Faults: FILE_DAMAGED. */
export async function readWorkbook(bytes: Buffer, sheetName?: string): Promise<SheetRow[]> {
  const { sheets, rowsOf } = await openWorkbook(bytes);
  const sheet = sheetName ? sheets.find(({ name }) => name === sheetName) : sheets[0];
  if (!sheet) throw damaged("NO_SHEET", "工作簿中没有该工作表", "the workbook has no such sheet", { sheet: sheetName ?? null });
  return rowsOf(sheet);
}

/** Rows of every sheet, one sheet after the other. Faults: FILE_DAMAGED. */
export async function* readSheets(bytes: Buffer): AsyncGenerator<{ name: string; rows: SheetRow[] }> {
  const { sheets, rowsOf } = await openWorkbook(bytes);
  for (const sheet of sheets) yield { name: sheet.name, rows: rowsOf(sheet) };
}

async function openWorkbook(bytes: Buffer) {
  const parts = await unzip(bytes);
  const sheets: { name: string; target: string }[] = [];
  const targets = new Map<string, string>();
  parse(parts.get("xl/_rels/workbook.xml.rels"), (tag, attributes) => {
    if (tag === "Relationship") targets.set(attributes["Id"]!, attributes["Target"]!.replace(/^\/?(xl\/)?/, "xl/"));
  });
  parse(parts.get("xl/workbook.xml"), (tag, attributes) => {
    if (tag === "sheet") sheets.push({ name: attributes["name"]!, target: targets.get(attributes["r:id"]!) ?? "" });
  });
  const dates = dateStyles(parts.get("xl/styles.xml"));
  const strings = sharedStrings(parts.get("xl/sharedStrings.xml"));
  return { sheets, rowsOf: (sheet: { target: string }) => readSheet(parts.get(sheet.target), dates, strings) };
}

function unzip(bytes: Buffer): Promise<Map<string, Buffer>> {
  return new Promise((resolve, reject) => {
    const broken = () => reject(damaged("NOT_A_WORKBOOK", "不是完整的 XLSX 文件", "not a whole XLSX file"));
    fromBuffer(bytes, { lazyEntries: true }, (error: Error | null, zip?: ZipFile) => {
      if (error || !zip) return broken();
      const parts = new Map<string, Buffer>();
      let total = 0;
      zip.on("error", broken);
      zip.on("end", () => resolve(parts));
      zip.on("entry", (entry: Entry) => {
        if (!/^xl\/(workbook\.xml|styles\.xml|sharedStrings\.xml|_rels\/workbook\.xml\.rels|worksheets\/[^/]+\.xml)$/.test(entry.fileName)) return zip.readEntry();
        total += entry.uncompressedSize;
        if (entry.uncompressedSize > MAX_ENTRY_BYTES || total > MAX_TOTAL_BYTES || (entry.uncompressedSize > 1_000_000 && entry.uncompressedSize > entry.compressedSize * MAX_RATIO)) {
          zip.close();
          return reject(damaged("TOO_LARGE", "解压后过大", "too large once unpacked"));
        }
        zip.openReadStream(entry, (failure: Error | null, stream?: NodeJS.ReadableStream) => {
          if (failure || !stream) return broken();
          const chunks: Buffer[] = [];
          stream.on("data", (chunk: Buffer) => chunks.push(chunk));
          stream.on("error", broken);
          stream.on("end", () => {
            parts.set(entry.fileName, Buffer.concat(chunks));
            zip.readEntry();
          });
        });
      });
      zip.readEntry();
    });
  });
}

function parse(part: Buffer | undefined, open: (tag: string, attributes: Record<string, string>) => void, close: (tag: string, text: string) => void = () => {}): void {
  if (!part) return;
  const parser = new SaxesParser();
  let text = "";
  parser.on("opentag", ({ name, attributes }) => {
    text = "";
    open(name, attributes as Record<string, string>);
  });
  parser.on("text", (more) => (text += more));
  parser.on("closetag", ({ name }) => {
    close(name, text);
    text = "";
  });
  try {
    parser.write(part.toString("utf8")).close();
  } catch {
    throw damaged("XML_BROKEN", "工作簿内容残缺", "the workbook's XML is broken");
  }
}

function sharedStrings(part: Buffer | undefined): string[] {
  const strings: string[] = [];
  let current = "";
  parse(
    part,
    (tag) => {
      if (tag === "si") current = "";
    },
    (tag, text) => {
      if (tag === "t") current += text;
      else if (tag === "si") strings.push(current);
    },
  );
  return strings;
}

function dateStyles(part: Buffer | undefined): boolean[] {
  const custom = new Map<number, boolean>();
  const styles: boolean[] = [];
  let inCells = false;
  parse(
    part,
    (tag, attributes) => {
      if (tag === "numFmt") custom.set(Number(attributes["numFmtId"]), /[ymd年月日]/i.test(attributes["formatCode"]!.replace(/"[^"]*"|\[[^\]]*\]/g, "")));
      else if (tag === "cellXfs") inCells = true;
      else if (tag === "xf" && inCells) styles.push(custom.get(Number(attributes["numFmtId"])) ?? isDateFormat(Number(attributes["numFmtId"])));
    },
    (tag) => {
      if (tag === "cellXfs") inCells = false;
    },
  );
  return styles;
}

function readSheet(part: Buffer | undefined, dates: readonly boolean[], strings: readonly string[]): SheetRow[] {
  if (!part) throw damaged("NO_SHEET", "工作表缺失", "the sheet is missing");
  const rows: SheetRow[] = [];
  let cells = new Map<string, Cell>();
  let line = 0;
  let at: { column: string; type: string; style: number } = { column: "", type: "", style: 0 };
  let value = "";
  let formula = false;
  parse(
    part,
    (tag, attributes) => {
      if (tag === "row") {
        cells = new Map();
        line = Number(attributes["r"] ?? line + 1);
      } else if (tag === "c") {
        at = { column: (attributes["r"] ?? "").replace(/\d+$/, ""), type: attributes["t"] ?? "n", style: Number(attributes["s"] ?? 0) };
        value = "";
        formula = false;
      } else if (tag === "f") formula = true;
    },
    (tag, text) => {
      if (tag === "v" || tag === "t") value += text;
      else if (tag === "c" && (value !== "" || formula)) cells.set(at.column, cellOf(at, value, formula, dates, strings));
      else if (tag === "row") rows.push({ line, cells });
    },
  );
  return rows;
}

function cellOf({ column, type, style }: { column: string; type: string; style: number }, value: string, formula: boolean, dates: readonly boolean[], strings: readonly string[]): Cell {
  if (formula) return { column, kind: "formula", value };
  if (type === "s") return { column, kind: "text", value: characters(strings[Number(value)] ?? "") };
  if (type === "inlineStr" || type === "str") return { column, kind: "text", value: characters(value) };
  if (type === "b") return { column, kind: "boolean", value };
  if (type === "e") return { column, kind: "error", value };
  return dates[style] ? { column, kind: "date", value: dayOfSerial(Number(value)) } : { column, kind: "number", value };
}

/** Characters XML cannot hold stand as _x000D_ (ECMA-376, ST_Xstring). */
const characters = (text: string) => text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));

/** Days since 1899-12-30, as spreadsheets count; 43613 is 2019-05-28. */
export const dayOfSerial = (serial: number): string => new Date(Date.UTC(1899, 11, 30) + Math.floor(serial) * 86_400_000).toISOString().slice(0, 10);
