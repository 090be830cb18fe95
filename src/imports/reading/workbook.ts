import { BOUNDS } from "./bounds.js";
import { dayOfSerial, type Cell, type SheetRow } from "./cell.js";
import type { OpenFile } from "./open-file.js";
import { openPackage, type Package } from "./package.js";
import { Meter, tooMuch, Unreadable } from "./unreadable.js";
import { parseXml, readXml } from "./xml.js";

/** Built-in number formats that show a date; 27-36 and 50-58 are the Chinese ones (58 is m月d日). */
const isDateFormat = (id: number) => (id >= 14 && id <= 17) || id === 22 || (id >= 27 && id <= 36) || (id >= 50 && id <= 58);

interface Sheet {
  name: string;
  rows: AsyncGenerator<SheetRow>;
}

/** Rows of the first or named sheet of an XLSX workbook. Throws {@link Unreadable}. */
export async function* readWorkbook(file: OpenFile, sheetName?: string): AsyncGenerator<SheetRow> {
  const { sheets, rowsOf } = await openWorkbook(file);
  const sheet = sheetName ? sheets.find(({ name }) => name === sheetName) : sheets[0];
  if (!sheet) throw new Unreadable("NO_SHEET", "工作簿中没有该工作表", "the workbook has no such sheet", { sheet: sheetName ?? null });
  yield* rowsOf(sheet);
}

/** Every sheet, one after the other. Throws {@link Unreadable}. */
export async function* readSheets(file: OpenFile): AsyncGenerator<Sheet> {
  const { sheets, rowsOf } = await openWorkbook(file);
  for (const sheet of sheets) yield { name: sheet.name, rows: rowsOf(sheet) };
}

async function openWorkbook(file: OpenFile) {
  const meter = new Meter();
  const parts = await openPackage(file, meter);
  const sheets: { name: string; target: string }[] = [];
  const targets = new Map<string, string>();
  await readXml(await parts.part("xl/_rels/workbook.xml.rels"), meter, {
    open: (tag, attributes) => {
      if (tag === "Relationship") targets.set(attributes["Id"] ?? "", (attributes["Target"] ?? "").replace(/^\/?(xl\/)?/, "xl/"));
    },
  });
  await readXml(await parts.part("xl/workbook.xml"), meter, {
    open: (tag, attributes) => {
      if (tag === "sheet") sheets.push({ name: attributes["name"] ?? "", target: targets.get(attributes["r:id"] ?? "") ?? "" });
    },
  });
  const dates = await dateStyles(parts, meter);
  const strings = await sharedStrings(parts, meter);
  return { sheets, rowsOf: (sheet: { target: string }) => readSheet(parts, sheet.target, dates, strings, meter) };
}

/** Each string is decoded once, however many cells look it up. */
async function sharedStrings(parts: Package, meter: Meter): Promise<string[]> {
  const strings: string[] = [];
  let current = "";
  await readXml(await parts.part("xl/sharedStrings.xml"), meter, {
    open: (tag) => {
      if (tag === "si") current = "";
    },
    close: (tag, text) => {
      if (tag === "t") {
        current += text;
        if (current.length > BOUNDS.cellLetters) throw tooMuch("cellLetters");
      } else if (tag === "si") {
        meter.count("sharedStrings");
        meter.count("letters", current.length);
        strings.push(characters(current));
      }
    },
  });
  return strings;
}

async function dateStyles(parts: Package, meter: Meter): Promise<boolean[]> {
  const custom = new Map<number, boolean>();
  const styles: boolean[] = [];
  let inCells = false;
  await readXml(await parts.part("xl/styles.xml"), meter, {
    open: (tag, attributes) => {
      if (tag === "numFmt") custom.set(Number(attributes["numFmtId"]), /[ymd年月日]/i.test((attributes["formatCode"] ?? "").replace(/"[^"]*"|\[[^\]]*\]/g, "")));
      else if (tag === "cellXfs") inCells = true;
      else if (tag === "xf" && inCells) styles.push(custom.get(Number(attributes["numFmtId"])) ?? isDateFormat(Number(attributes["numFmtId"])));
    },
    close: (tag) => {
      if (tag === "cellXfs") inCells = false;
    },
  });
  return styles;
}

const LAST_LINE = 2_000_000_000;

async function* readSheet(parts: Package, target: string, dates: readonly boolean[], strings: readonly string[], meter: Meter): AsyncGenerator<SheetRow> {
  const part = await parts.part(target);
  if (!part) throw new Unreadable("NO_SHEET", "工作表缺失", "the sheet is missing");
  let ready: SheetRow[] = [];
  let cells = new Map<string, Cell>();
  let line = 0;
  let at: { column: string; type: string; style: number } = { column: "", type: "", style: 0 };
  let value = "";
  let formula = false;
  const parsing = parseXml(part, meter, {
    open: (tag, attributes) => {
      if (tag === "row") {
        meter.count("rowElements");
        cells = new Map();
        line = lineAfter(line, attributes["r"]);
      } else if (tag === "c") {
        at = { column: (attributes["r"] ?? "").replace(/\d+$/, ""), type: attributes["t"] ?? "n", style: Number(attributes["s"] ?? 0) };
        value = "";
        formula = false;
      } else if (tag === "f") formula = true;
    },
    close: (tag, text) => {
      if (tag === "v" || tag === "t") {
        value += text;
        if (value.length > BOUNDS.cellLetters) throw tooMuch("cellLetters");
      } else if (tag === "c" && (value !== "" || formula)) {
        const cell = cellOf(at, value, formula, dates, strings);
        meter.cell(cell.value);
        cells.set(at.column, cell);
        if (cells.size > BOUNDS.columns) throw tooMuch("columns");
      } else if (tag === "row" && cells.size > 0) {
        meter.count("rows");
        ready.push({ line, cells });
      }
    },
  });
  while (!(await parsing.next()).done) {
    const rows = ready;
    ready = [];
    yield* rows;
  }
}

/** Lines only go forward: two rows of one number would be told as one. */
function lineAfter(line: number, told: string | undefined): number {
  const stated = Number(told ?? line + 1);
  if (!Number.isInteger(stated) || stated > LAST_LINE) throw new Unreadable("XML_BROKEN", "工作簿内容残缺", "the workbook's XML is broken");
  return Math.max(stated, line + 1);
}

function cellOf({ column, type, style }: { column: string; type: string; style: number }, value: string, formula: boolean, dates: readonly boolean[], strings: readonly string[]): Cell {
  if (formula) return { column, kind: "formula", value };
  if (type === "s") return { column, kind: "text", value: strings[Number(value)] ?? "" };
  if (type === "inlineStr" || type === "str") return { column, kind: "text", value: characters(value) };
  if (type === "b") return { column, kind: "boolean", value };
  if (type === "e") return { column, kind: "error", value };
  return dates[style] ? { column, kind: "date", value: dayOfSerial(Number(value)) } : { column, kind: "number", value };
}

/** Characters XML cannot hold stand as _x000D_ (ECMA-376, ST_Xstring). */
const characters = (text: string) => (text.includes("_x") ? text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))) : text);
