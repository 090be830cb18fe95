import { record, type BatchArea } from "../imports/batch-record.js";
import { ImportBatch } from "../imports/import-batch.js";
import { add, CHUNK, emptyReport, nothingWritten, type ImportReport, type ImportRequest, type RowReport } from "../imports/import.service.js";
import type { Cell } from "../imports/reading/cell.js";
import { readRawRows, type RawRow, type Reader } from "../imports/reading/reading.js";
import { damaged } from "../imports/reading/reading-fault.js";
import type { RowProblem } from "../imports/row.js";
import type { ImportedFile } from "../imports/spool.js";
import { problemOf } from "../imports/take-row.js";
import { allActions, mayAct } from "../platform/actions.js";
import type { Actor } from "../platform/actor.js";
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
  file: ImportedFile;
  mode: ImportRequest["mode"];
  reader?: Reader | undefined;
}

class Undone extends Error {}

/** Whether an actor may change anything of a ledger; asked before a byte of a file is looked at. Faults: UNAUTHENTICATED, FORBIDDEN. */
export function permitLedgers(actor: Actor): void {
  const updates = LEDGERS.flatMap(({ sheets }) => sheets.flatMap(({ update }) => update ?? []));
  if (!updates.some((name) => mayAct(allActions().get(name)!, actor))) throw new Fault(actor.kind === "PUBLIC" ? "UNAUTHENTICATED" : "FORBIDDEN", { action: "import.ledgers" });
}

/**
 * Takes edited ledgers back: a cell that differs from what was exported changes that field, by the sheet's own update
 * action and with the version that was exported; all else stays. Rows are told one by one; the same file twice changes nothing more.
 * Faults: FILE_DAMAGED, FORBIDDEN.
 */
export async function importLedgers(rows: LedgerRows, door: WriteDoor, call: Call, { fileName, file, mode, reader }: LedgerFile): Promise<ImportReport> {
  permitLedgers(call.actor);
  const request: ImportRequest = { mapping: "ledgers", target: "ledgers", sourceSystem: "ledgers", fileName, fileSha256: file.sha256, datum: "CGCS2000", mode, defaultRegion: null };
  const report = emptyReport(mode);
  const edits = new Edits(rows, call.actor);
  const batch = newUuid();
  const area: BatchArea = { labels: null };
  const work = async (unit: Unit, plans: readonly Planned[]) => {
    for (const { row, deed, problems } of plans) add(report, await done(unit, call, row, deed, problems));
  };
  // What was exported is read before the unit begins: the embedded engine has one connection.
  if (mode === "VALID_ROWS") {
    for await (const chunk of chunksOf(file, reader)) {
      const plans = await edits.plan(chunk);
      const from = report.rows.length;
      await actAs(door, call, "import.ledgers", async (unit) => {
        await work(unit, plans);
        await record(unit, batch, request, report, from, area);
      });
      await reader?.stay?.giveWay();
    }
    report.batch = globalId(ImportBatch, batch);
    return report;
  }
  const plans: Planned[] = [];
  for await (const chunk of chunksOf(file, reader)) plans.push(...(await edits.plan(chunk)));
  await actAs(door, call, "import.ledgers", async (unit) => {
    await work(unit, plans);
    if (mode === "DRY_RUN" || report.rowsRejected > 0) throw new Undone();
    await record(unit, batch, request, report, 0, area);
    report.batch = globalId(ImportBatch, batch);
  }).catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error;
  });
  if (mode === "ALL_OR_NOTHING" && report.rowsRejected > 0) nothingWritten(report);
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
  const { fault } = await actWithin(unit, call, deed);
  return fault ? { ...told, outcome: "REJECTED", problems: [problemOf(fault)] } : { ...told, outcome: "UPDATED", problems: [] };
}

/** Rows of a sheet among which the row of stable names is looked for. */
const HEADER_WITHIN = 20;

/** The rows of a file, a few at a time. Sheets without the marks (choices, notes of one's own) are not ledgers'. */
async function* chunksOf(file: ImportedFile, reader: Reader | undefined): AsyncGenerator<FileRow[]> {
  let found = false;
  let chunk: FileRow[] = [];
  let sheet = -1;
  let looked = 0;
  let columns: ReadonlyMap<string, string> | undefined;
  for await (const row of readRawRows(file, reader)) {
    if (row.sheet !== sheet) {
      sheet = row.sheet;
      looked = 0;
      columns = undefined;
    }
    if (!columns) {
      if (looked < HEADER_WITHIN && holdsMarks(row)) {
        columns = new Map(row.cells.map(({ column, value }) => [column, keyOfHeader(value)]));
        found = true;
      }
      looked += 1;
      continue;
    }
    const read = fileRow(row, columns);
    // Below the names a workbook repeats them for people; a row with nothing in it is no row.
    if (!read || read.id === "id") continue;
    chunk.push(read);
    if (chunk.length === CHUNK) {
      yield chunk;
      chunk = [];
    }
  }
  if (!found) throw damaged("COLUMNS_MISSING", "不是台账导出文件:缺少机读列", "not an exported ledger: the columns for machines are missing", { columns: MARKS });
  yield chunk;
}

const holdsMarks = ({ cells }: RawRow) => {
  const keys = new Set(cells.map(({ value }) => keyOfHeader(value)));
  return MARKS.every((mark) => keys.has(mark));
};

function fileRow({ name, line, cells, csv }: RawRow, columns: ReadonlyMap<string, string>): FileRow | null {
  const read = new Map<string, Cell>();
  for (const cell of cells) {
    const key = columns.get(cell.column);
    if (key) read.set(key, csv && cell.kind === "text" ? { ...cell, value: restored(cell.value) } : cell);
  }
  if ([...read.values()].every(({ value }) => value.trim() === "")) return null;
  const mark = (key: (typeof MARKS)[number]) => read.get(key)?.value.trim() ?? "";
  return { sheetOfFile: name, line, keys: new Set(columns.values()), cells: read, sheet: SHEETS.get(mark("ledger")), id: mark("id"), version: mark("version"), asOf: mark("asOf") };
}

const SHEETS = new Map(LEDGERS.flatMap((ledger) => ledger.sheets.map((sheet) => [sheetName(ledger, sheet), sheet] as const)));
