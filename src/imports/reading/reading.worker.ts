import { readlinkSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import type { MappedRow } from "../row.js";
import type { SheetRow } from "./cell.js";
import { isGeoJson, readGeoJson } from "./geojson.js";
import { mapRow } from "./map-row.js";
import type { RawRow, Told, Work } from "./reading.js";
import { readRaw, readTable } from "./table.js";
import { Unreadable } from "./unreadable.js";

/**
 * The thread in which files are read. The file is read twice: once to the end, so that one that is broken anywhere is
 * refused before a row of it is handed on; then row by row, a batch whenever it is asked for.
 */

/** What is handed over at once: little enough that taking it over does not hold the other thread up. */
const BATCH = { rows: 200, values: 5_000, letters: 200_000 } as const;

const port = parentPort!;
const { file, work, thread } = workerData as { file: { fd: number; sizeBytes: number }; work: Work; thread: Int32Array };
beNice();

/** Of the processor, reading gets what others leave. Only Linux can be told this of a thread alone, and tells its number. */
function beNice(): void {
  if (process.platform !== "linux") return;
  setPriority(0, constants.priority.PRIORITY_LOW);
  thread[0] = Number(readlinkSync("/proc/thread-self").split("/").at(-1));
}

async function* mappedRows(work: Extract<Work, { kind: "mapped" }>): AsyncGenerator<MappedRow> {
  const { mapping } = work;
  const table = isGeoJson(file) ? readGeoJson(file) : await readTable(file, mapping.layout);
  const wanted = Object.values(mapping.fields).flatMap((field) => (field.required && typeof field.column === "string" ? [field.column] : []));
  const lacking = wanted.filter((column) => !table.headers.has(column));
  if (lacking.length > 0) throw new Unreadable("COLUMNS_MISSING", "文件缺少映射要求的列", "the file lacks columns the mapping needs", { columns: lacking });
  for await (const row of table.rows) yield mapRow(mapping, row, { ...work.facts, heading: table.heading });
}

async function* rawRows(): AsyncGenerator<RawRow> {
  let sheet = 0;
  for await (const { name, rows, csv } of readRaw(file)) {
    for await (const row of rows) yield { sheet, name, csv, line: row.line, cells: cellsOf(row) };
    sheet += 1;
  }
}

const cellsOf = ({ cells }: SheetRow) => [...cells.values()];

const sizeOf = (row: MappedRow | RawRow): { values: number; letters: number } => {
  const told: readonly unknown[] = "cells" in row ? row.cells.map(({ value }) => value) : Object.values(row.values);
  return { values: told.length, letters: told.reduce<number>((sum, value) => sum + (typeof value === "string" ? value.length : typeof value === "object" && value !== null ? JSON.stringify(value).length : 8), 0) };
};

async function* batches(): AsyncGenerator<Told> {
  const open = (): AsyncGenerator<MappedRow | RawRow> => (work.kind === "mapped" ? mappedRows(work) : rawRows());
  for await (const row of open()) void row;
  let batch: (MappedRow | RawRow)[] = [];
  let held = { values: 0, letters: 0 };
  for await (const row of open()) {
    batch.push(row);
    const { values, letters } = sizeOf(row);
    held = { values: held.values + values, letters: held.letters + letters };
    if (batch.length < BATCH.rows && held.values < BATCH.values && held.letters < BATCH.letters) continue;
    yield { kind: "rows", rows: batch };
    batch = [];
    held = { values: 0, letters: 0 };
  }
  if (batch.length > 0) yield { kind: "rows", rows: batch };
}

const told = batches();

async function next(): Promise<Told> {
  try {
    const step = await told.next();
    return step.done ? { kind: "end" } : step.value;
  } catch (error) {
    if (error instanceof Unreadable) return { kind: "unreadable", reason: error.reason, zh: error.zh, en: error.en, facts: error.facts };
    // Nesting too deep for the stack, a text too long for a string.
    if (error instanceof RangeError) return { kind: "unreadable", reason: "LIMIT", zh: "文件内容嵌套过深或过长;请拆分文件", en: "nested too deep, or too long; split the file", facts: { bound: "nesting" } };
    throw error;
  }
}

port.on("message", () => void next().then((answer) => port.postMessage(answer)));
