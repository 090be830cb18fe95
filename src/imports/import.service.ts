import { randomUUID } from "node:crypto";
import { actingBy, allActions, mayAct } from "../platform/actions.js";
import type { Actor } from "../platform/actor.js";
import type { Datum } from "../platform/coordinates.js";
import { globalId } from "../platform/entity/entity.js";
import { Fault } from "../platform/fault.js";
import { actAs, type Call, type WriteDoor } from "../platform/write/act.js";
import { newUuid } from "../platform/write/identifier.js";
import type { Unit } from "../platform/write/unit.js";
import { record, type BatchArea } from "./batch-record.js";
import { ImportBatch } from "./import-batch.js";
import { keepTaken, knownRows, type KnownRow, type Taken } from "./known-rows.js";
import type { MappedRow, RowProblem } from "./row.js";
import { changedFields, saidOf, takeRow } from "./take-row.js";
import type { Target } from "./target.js";
import { targets } from "./targets.js";

export interface ImportRequest {
  mapping: string;
  target: string;
  sourceSystem: string;
  fileName: string;
  fileSha256: string;
  datum: Datum | null;
  mode: "DRY_RUN" | "VALID_ROWS" | "ALL_OR_NOTHING";
  /** UUID of the region rows lie in where the source names none. */
  defaultRegion: string | null;
}

export interface RowReport {
  /** Of a workbook with several sheets: the one the line is counted in. */
  sheet?: string;
  line: number;
  outcome: "CREATED" | "UPDATED" | "UNCHANGED" | "REJECTED";
  externalId: string | null;
  id: string | null;
  problems: readonly RowProblem[];
  doubts: readonly string[];
}

export interface ImportReport {
  batch: string | null;
  mode: ImportRequest["mode"];
  rowsRead: number;
  rowsCreated: number;
  rowsUpdated: number;
  rowsUnchanged: number;
  rowsRejected: number;
  rows: RowReport[];
}

export const emptyReport = (mode: ImportRequest["mode"]): ImportReport => ({ batch: null, mode, rowsRead: 0, rowsCreated: 0, rowsUpdated: 0, rowsUnchanged: 0, rowsRejected: 0, rows: [] });

/** Rows a unit takes: large enough to be quick, small enough to be resumed soon after an interruption. */
export const CHUNK = 200;

class Undone extends Error {}

/** The target a mapping names, for one who may bring it: known before a byte of the file is looked at. Faults: UNAUTHENTICATED, FORBIDDEN, INVALID_INPUT. */
export function permittedTarget(actor: Actor, name: string): Target {
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (!target) throw new Fault("INVALID_INPUT", { field: "mapping.target", rule: `one of ${Object.keys(targets).join(", ")}` });
  if (!mayAct(allActions().get(target.creates)!, actor)) throw new Fault(actor.kind === "PUBLIC" ? "UNAUTHENTICATED" : "FORBIDDEN", { action: `import.${name}` });
  return target;
}

/**
 * Imports rows: valid ones are written, each by its own action, the others reported; a row known by its external key is compared,
 * not doubled, so that an interrupted import is resumed by importing again. Between two chunks it gives way to others. Faults: FORBIDDEN, INVALID_INPUT, and those of the rows' source.
 */
export async function importRows(door: WriteDoor, call: Call, request: ImportRequest, rows: AsyncIterable<MappedRow>, progress: (read: number) => void = () => {}, giveWay: () => Promise<void> = () => Promise.resolve()): Promise<ImportReport> {
  const target = permittedTarget(call.actor, request.target);
  const report = emptyReport(request.mode);
  const batch = newUuid();
  const area: BatchArea = { labels: null };
  const seen = new Set<string>();
  const name = `import.${request.target}`;
  const work = (unit: Unit, chunk: readonly MappedRow[]) => takeChunk(unit, call, target, request, batch, chunk, seen, report);
  if (request.mode === "VALID_ROWS") {
    let told = false;
    for await (const chunk of chunksOf(rows)) {
      const from = report.rows.length;
      await actAs(door, call, name, async (unit) => {
        await work(unit, chunk);
        await record(unit, batch, request, report, from, area);
      });
      told = true;
      progress(report.rowsRead);
      // Not where the file is one transaction: whoever came in then might wait for what it holds.
      await giveWay();
    }
    // A file without rows was imported too.
    if (!told) await actAs(door, call, name, (unit) => record(unit, batch, request, report, 0, area));
    report.batch = globalId(ImportBatch, batch);
    return report;
  }
  const chunks = chunksOf(rows);
  // A file is looked at as a whole before its first row, and no transaction waits for that.
  const first = await chunks.next();
  await actAs(door, call, name, async (unit) => {
    for (let step = first; !step.done; step = await chunks.next()) {
      await work(unit, step.value);
      progress(report.rowsRead);
    }
    if (request.mode === "DRY_RUN" || report.rowsRejected > 0) throw new Undone();
    await record(unit, batch, request, report, 0, area);
    report.batch = globalId(ImportBatch, batch);
  })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    })
    .finally(() => chunks.return(undefined));
  if (request.mode === "ALL_OR_NOTHING" && report.rowsRejected > 0) nothingWritten(report);
  return report;
}

/** Nothing was written: what would have been is told as read, not as done. */
export function nothingWritten(report: ImportReport): void {
  report.rows = report.rows.map((row) => (row.outcome === "REJECTED" ? row : { ...row, id: row.outcome === "CREATED" ? null : row.id, outcome: "UNCHANGED" as const }));
  report.rowsUnchanged += report.rowsCreated + report.rowsUpdated;
  report.rowsCreated = report.rowsUpdated = 0;
}

export function add(report: ImportReport, row: RowReport): void {
  report.rows.push(row);
  report.rowsRead += 1;
  if (row.outcome === "CREATED") report.rowsCreated += 1;
  else if (row.outcome === "UPDATED") report.rowsUpdated += 1;
  else if (row.outcome === "UNCHANGED") report.rowsUnchanged += 1;
  else report.rowsRejected += 1;
}

async function* chunksOf(rows: AsyncIterable<MappedRow>): AsyncGenerator<MappedRow[]> {
  let chunk: MappedRow[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

async function takeChunk(unit: Unit, call: Call, target: Target, request: ImportRequest, batch: string, chunk: readonly MappedRow[], seen: Set<string>, report: ImportReport): Promise<void> {
  const sound = chunk.filter(({ problems }) => problems.length === 0);
  // What is looked up is what the actor may act on, so it is looked up in the name of the action.
  const creates = allActions().get(target.creates)!;
  const acting = await unit.under(target.creates, creates, actingBy(creates, call.actor), newUuid());
  const known = await knownRows(acting, target, request, sound);
  const place = request.defaultRegion && known.size > 0 ? ((await acting.query<{ path: string }>("select path::text as path from regions where id = $1", [request.defaultRegion]))[0]?.path ?? null) : null;
  const rows = chunk.map((row) => {
    const problems = refusedBeforehand(row, seen);
    return { row, problems, found: problems ? [] : meant(row, known, place) };
  });
  const touched = rows.flatMap(({ row, found }) => (found.length === 1 && changedFields(found[0]!, saidOf(target, request, row))?.size !== 0 ? [found[0]!.uuid] : []));
  const standing = await acting.seeAll(target.entity, touched);
  await unit.resume();
  const taken: Taken[] = [];
  const from = report.rows.length;
  for (const { row, problems, found } of rows) {
    if (problems || found.length > 1) {
      add(report, { line: row.line, externalId: row.externalId, id: null, doubts: row.doubts, outcome: "REJECTED", problems: problems ?? [AMBIGUOUS] });
      continue;
    }
    const outcome = await takeRow({ unit, call, target, request, standing, known: found[0] }, row);
    add(report, outcome.report);
    if (outcome.taken) taken.push(outcome.taken);
  }
  await keepTaken(unit, target, request, batch, taken);
  await tellDoubts(unit, target, report, from);
}

const AMBIGUOUS: RowProblem = { code: "KEY_AMBIGUOUS", zh: "该主键在您的范围内对应多个对象", en: "the key means several objects within your scope", suggestion: "以 region 参数写明区划 / name the region by the parameter" };

function refusedBeforehand(row: MappedRow, seen: Set<string>): readonly RowProblem[] | undefined {
  if (row.problems.length > 0) return row.problems;
  if (!row.externalId) return [{ code: "KEY_MISSING", zh: "缺少主键", en: "the key is missing", suggestion: "补填主键列 / fill in the key column" }];
  if (seen.has(row.externalId)) return [{ code: "KEY_REPEATED", zh: `主键 ${row.externalId} 在文件中重复`, en: `the key ${row.externalId} repeats within the file`, suggestion: "保留一行 / keep one row" }];
  seen.add(row.externalId);
  return undefined;
}

/** The rows a row's key means: where there are several, those that lie in the region of the import. A key from before counts only where the present one is not known. */
function meant({ externalId, asWritten, formerId }: MappedRow, known: ReadonlyMap<string, readonly KnownRow[]>, place: string | null): readonly KnownRow[] {
  const of = (key: string | null | undefined): readonly KnownRow[] => (key == null ? [] : (known.get(key) ?? []));
  const found = [of(externalId), of(asWritten), of(formerId).map((row) => ({ ...row, ifSame: true as const }))].find((rows) => rows.length > 0) ?? [];
  if (found.length < 2 || place === null) return found;
  return found.filter((row) => row.place === place || row.place?.startsWith(`${place}.`));
}

/** Codes no list of their day holds wait with the doubt told: the database says which. */
async function tellDoubts(unit: Unit, { entity }: Target, report: ImportReport, from: number): Promise<void> {
  if (!entity.fields["quality"]) return;
  const written = report.rows.slice(from).filter(({ outcome }) => outcome === "CREATED" || outcome === "UPDATED");
  if (written.length === 0) return;
  const waiting = await unit.query<{ id: string }>(`select id from ${entity.table} where id = any($1::uuid[]) and 'CODE_NOT_VALID' = any(quality)`, [written.map(({ id }) => id!.slice(entity.prefix.length))]);
  const doubted = new Set(waiting.map(({ id }) => globalId(entity, id)));
  for (const row of written) if (doubted.has(row.id!)) row.doubts = [...row.doubts, "CODE_NOT_VALID"];
}

/** Who imports by command: the service itself, with who ordered it in its name. */
const importActor = (orderedBy: string): Actor => ({
  id: newUuid(),
  kind: "SYSTEM",
  name: `导入(${orderedBy}) / import`,
  personId: null,
  grants: [{ role: "IMPORT", regionPath: "", countyCode: null, sectors: null, subjectId: null }],
});

export const importCall = (orderedBy: string): Call => ({ actor: importActor(orderedBy), requestId: randomUUID() });
