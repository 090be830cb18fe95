import { createHash } from "node:crypto";
import { ImportBatch } from "../imports/import-batch.js";
import { add, CHUNK, record, type ImportReport, type ImportRequest, type RowReport } from "../imports/import.service.js";
import { damaged } from "../imports/reading-fault.js";
import { readRaw } from "../imports/table.js";
import type { RowProblem } from "../imports/targets.js";
import type { Cell, SheetRow } from "../imports/workbook.js";
import { allActions, mayAct } from "../platform/actions.js";
import { globalId, parseId } from "../platform/entity/entity.js";
import { Fault } from "../platform/fault.js";
import { restored } from "../platform/tabular/csv.js";
import { keyOfHeader } from "../platform/tabular/tabular.js";
import { actWithin, type Deed } from "../platform/write/act-each.js";
import { actAs, type Call, type WriteDoor } from "../platform/write/act.js";
import { newUuid } from "../platform/write/identifier.js";
import type { Unit } from "../platform/write/unit.js";
import { MARKS, sheetName } from "../ledgers/ledger.js";
import { Edits, type FileRow } from "./edits.js";
import type { LedgerRows } from "../ledgers/ledger.rows.js";
import { LEDGERS } from "../ledgers/three-ledgers.js";

export interface LedgerFile {
  fileName: string;
  bytes: Buffer;
  mode: ImportRequest["mode"];
}

class Undone extends Error {}

/**
 * Takes edited ledgers back: a cell that differs from what was exported changes that field, by the sheet's own update
 * action and with the version that was exported; all else stays. Rows are told one by one; the same file twice changes nothing more.
 * Faults: FILE_DAMAGED, FORBIDDEN.
 */
export async function importLedgers(rows: LedgerRows, door: WriteDoor, call: Call, { fileName, bytes, mode }: LedgerFile): Promise<ImportReport> {
  const updates = LEDGERS.flatMap(({ sheets }) => sheets.flatMap(({ update }) => update ?? []));
  if (!updates.some((name) => mayAct(allActions().get(name)!, call.actor))) throw new Fault("FORBIDDEN", { action: "import.ledgers" });
  const request: ImportRequest = { mapping: "ledgers", target: "ledgers", sourceSystem: "ledgers", fileName, fileSha256: createHash("sha256").update(bytes).digest("hex"), datum: "CGCS2000", mode, defaultRegion: null };
  const report: ImportReport = { batch: null, mode, rowsRead: 0, rowsCreated: 0, rowsUpdated: 0, rowsUnchanged: 0, rowsRejected: 0, rows: [] };
  const edits = new Edits(rows, call.actor);
  const batch = newUuid();
  const work = async (unit: Unit, plans: readonly Planned[]) => {
    for (const { row, deed, problems } of plans) add(report, await done(unit, call, row, deed, problems));
  };
  // What was exported is read before the unit begins: the embedded engine has one connection.
  if (mode === "VALID_ROWS") {
    for await (const chunk of chunksOf(bytes)) {
      const plans = await edits.plan(chunk);
      const from = report.rows.length;
      await actAs(door, call, "import.ledgers", async (unit) => {
        await work(unit, plans);
        await record(unit, batch, request, report, from);
      });
    }
    report.batch = globalId(ImportBatch, batch);
    return report;
  }
  const plans: Planned[] = [];
  for await (const chunk of chunksOf(bytes)) plans.push(...(await edits.plan(chunk)));
  await actAs(door, call, "import.ledgers", async (unit) => {
    await work(unit, plans);
    if (mode === "DRY_RUN" || report.rowsRejected > 0) throw new Undone();
    await record(unit, batch, request, report, 0);
    report.batch = globalId(ImportBatch, batch);
  }).catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error;
  });
  if (mode === "ALL_OR_NOTHING" && report.rowsRejected > 0) {
    // Nothing was written: what would have been is told as read, not as done.
    report.rows = report.rows.map((row) => (row.outcome === "UPDATED" ? { ...row, outcome: "UNCHANGED" as const } : row));
    report.rowsUnchanged += report.rowsUpdated;
    report.rowsUpdated = 0;
  }
  return report;
}

/** A row of the file with what it asks for: nothing, a deed, or what is wrong with it. */
export interface Planned {
  row: FileRow;
  deed: Deed | null;
  problems: readonly RowProblem[];
}

async function done(unit: Unit, call: Call, row: FileRow, deed: Deed | null, problems: readonly RowProblem[]): Promise<RowReport> {
  const told = { ...(row.sheetOfFile ? { sheet: row.sheetOfFile } : {}), line: row.line, externalId: null, id: parseId(row.id) ? row.id : null, doubts: [] };
  if (problems.length > 0) return { ...told, outcome: "REJECTED", problems };
  if (!deed) return { ...told, outcome: "UNCHANGED", problems: [] };
  const fault = await actWithin(unit, call, deed);
  if (!fault) return { ...told, outcome: "UPDATED", problems: [] };
  const { rule, field, changes, remedy } = fault.extensions as { rule?: string; field?: string; changes?: RowProblem["changes"]; remedy?: { zh: string; en: string } };
  return { ...told, outcome: "REJECTED", problems: [{ code: fault.code, zh: fault.message, en: [field, rule].filter(Boolean).join(": ") || fault.code, suggestion: remedy && `${remedy.zh} / ${remedy.en}`, ...(changes ? { changes } : {}) }] };
}

/** Lines in which the row of stable names is looked for. */
const HEADER_WITHIN = 20;

/** The rows of a file, a few at a time. Sheets without the marks (choices, notes of one's own) are not ledgers'. */
async function* chunksOf(bytes: Buffer): AsyncGenerator<FileRow[]> {
  let found = false;
  let chunk: FileRow[] = [];
  for await (const { name, rows, csv } of readRaw(bytes)) {
    const at = rows.slice(0, HEADER_WITHIN).findIndex(holdsMarks);
    if (at < 0) continue;
    found = true;
    const columns = new Map([...rows[at]!.cells].map(([column, { value }]) => [column, keyOfHeader(value)]));
    for (const row of rows.slice(at + 1)) {
      const read = fileRow(name, row, columns, csv);
      // Below the names a workbook repeats them for people; a row with nothing in it is no row.
      if (!read || read.id === "id") continue;
      chunk.push(read);
      if (chunk.length === CHUNK) {
        yield chunk;
        chunk = [];
      }
    }
  }
  if (!found) throw damaged("COLUMNS_MISSING", "不是台账导出文件:缺少机读列", "not an exported ledger: the columns for machines are missing", { columns: MARKS });
  yield chunk;
}

const holdsMarks = ({ cells }: SheetRow) => {
  const keys = new Set([...cells.values()].map(({ value }) => keyOfHeader(value)));
  return MARKS.every((mark) => keys.has(mark));
};

function fileRow(sheetOfFile: string, { line, cells }: SheetRow, columns: ReadonlyMap<string, string>, csv: boolean): FileRow | null {
  const read = new Map<string, Cell>();
  for (const [column, cell] of cells) {
    const key = columns.get(column);
    if (key) read.set(key, csv && cell.kind === "text" ? { ...cell, value: restored(cell.value) } : cell);
  }
  if ([...read.values()].every(({ value }) => value.trim() === "")) return null;
  const mark = (key: (typeof MARKS)[number]) => read.get(key)?.value.trim() ?? "";
  return { sheetOfFile, line, keys: new Set(columns.values()), cells: read, sheet: SHEETS.get(mark("ledger")), id: mark("id"), version: mark("version"), asOf: mark("asOf") };
}

const SHEETS = new Map(LEDGERS.flatMap((ledger) => ledger.sheets.map((sheet) => [sheetName(ledger, sheet), sheet] as const)));
