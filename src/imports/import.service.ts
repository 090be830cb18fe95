import { randomUUID } from "node:crypto";
import type { Actor } from "../platform/actor.js";
import { fieldsOf, globalId, relationsOf, type Entity } from "../platform/entity/entity.js";
import { Fault, faultFromDatabase } from "../platform/fault.js";
import { actAs, type Call, type WriteDoor } from "../platform/write/act.js";
import { newUuid } from "../platform/write/identifier.js";
import type { TakenRow, Unit, Values } from "../platform/write/unit.js";
import { ImportBatch } from "./import-batch.js";
import { targets, type Prepared, type RowProblem, type Target } from "./targets.js";

/** A row of a file as its mapping reads it. */
export interface MappedRow {
  line: number;
  externalId: string | null;
  values: Record<string, unknown>;
  doubts: readonly string[];
  problems: readonly RowProblem[];
}

export interface ImportRequest {
  mapping: string;
  target: string;
  sourceSystem: string;
  fileName: string;
  fileSha256: string;
  datum: string | null;
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

/** Rows a unit takes: large enough to be quick, small enough to be resumed soon after an interruption. */
export const CHUNK = 200;

class DryRun extends Error {}
class SomeRejected extends Error {}

/**
 * Imports rows: valid ones are written, the others reported; a row known by its external key is compared, not doubled,
 * so that an interrupted import is resumed by importing again. Faults: FORBIDDEN, INVALID_INPUT.
 */
export async function importRows(door: WriteDoor, call: Call, request: ImportRequest, rows: AsyncIterable<MappedRow>, progress: (read: number) => void = () => {}): Promise<ImportReport> {
  const target = targets[request.target];
  if (!target) throw new Fault("INVALID_INPUT", { field: "mapping.target", rule: `one of ${Object.keys(targets).join(", ")}` });
  if (call.actor.readOnly || !call.actor.grants.some((grant) => target.by.includes(grant.role))) throw new Fault(call.actor.kind === "PUBLIC" ? "UNAUTHENTICATED" : "FORBIDDEN", { action: `import.${request.target}` });
  const report: ImportReport = { batch: null, mode: request.mode, rowsRead: 0, rowsCreated: 0, rowsUpdated: 0, rowsUnchanged: 0, rowsRejected: 0, rows: [] };
  const seen = new Set<string>();
  const whole = request.mode !== "VALID_ROWS";
  let chunk: MappedRow[] = [];
  const batch = newUuid();
  const name = `import.${request.target}`;
  const work = async (unit: Unit, part: readonly MappedRow[]) => {
    for (const row of part) add(report, await takeRow(unit, target, request, row, seen));
  };
  if (whole) {
    for await (const row of rows) chunk.push(row);
    const run = actAs(door, call, name, async (unit) => {
      await work(unit, chunk);
      if (request.mode === "DRY_RUN") throw new DryRun();
      if (report.rowsRejected > 0) throw new SomeRejected();
      await record(unit, batch, request, report, 0);
    });
    await run.catch((error: unknown) => {
      if (error instanceof SomeRejected) {
        // Nothing was written: what would have been is told as read, not as done.
        report.rows = report.rows.map((row) => (row.outcome === "REJECTED" ? row : { ...row, id: null, outcome: "UNCHANGED" as const }));
        report.rowsUnchanged += report.rowsCreated + report.rowsUpdated;
        report.rowsCreated = report.rowsUpdated = 0;
      } else if (!(error instanceof DryRun)) throw error;
    });
    if (request.mode === "ALL_OR_NOTHING" && report.rowsRejected === 0) report.batch = globalId(ImportBatch, batch);
    return report;
  }
  const flush = async () => {
    const from = report.rows.length;
    await actAs(door, call, name, async (unit) => {
      await work(unit, chunk);
      await record(unit, batch, request, report, from);
    });
    chunk = [];
    progress(report.rowsRead);
  };
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length === CHUNK) await flush();
  }
  await flush();
  report.batch = globalId(ImportBatch, batch);
  return report;
}

export function add(report: ImportReport, row: RowReport): void {
  report.rows.push(row);
  report.rowsRead += 1;
  if (row.outcome === "CREATED") report.rowsCreated += 1;
  else if (row.outcome === "UPDATED") report.rowsUpdated += 1;
  else if (row.outcome === "UNCHANGED") report.rowsUnchanged += 1;
  else report.rowsRejected += 1;
}

async function takeRow(unit: Unit, target: Target, request: ImportRequest, row: MappedRow, seen: Set<string>): Promise<RowReport> {
  const told = { line: row.line, externalId: row.externalId, id: null, doubts: row.doubts };
  const rejected = (problems: readonly RowProblem[]): RowReport => ({ ...told, outcome: "REJECTED", problems });
  if (row.problems.length > 0) return rejected(row.problems);
  if (!row.externalId) return rejected([{ code: "KEY_MISSING", zh: "缺少主键", en: "the key is missing", suggestion: "补填主键列 / fill in the key column" }]);
  if (seen.has(row.externalId)) return rejected([{ code: "KEY_REPEATED", zh: `主键 ${row.externalId} 在文件中重复`, en: `the key ${row.externalId} repeats within the file`, suggestion: "保留一行 / keep one row" }]);
  seen.add(row.externalId);
  const prepared = await target.prepare(row.values, { unit, defaultRegion: request.defaultRegion });
  if (prepared.problems.length > 0) return rejected(prepared.problems);
  const doubts = [...new Set([...row.doubts, ...prepared.doubts])];
  const values: Values = "quality" in fieldsOf(target.entity) ? { ...prepared.values, quality: doubts } : prepared.values;
  const attempt = async (quality: readonly string[]): Promise<RowReport> => {
    const made = await writeRow(unit, target, request, row.externalId!, { ...prepared, values: "quality" in values ? { ...values, quality } : values });
    await unit.query("set constraints all immediate");
    await unit.query("set constraints all deferred");
    await unit.query("release savepoint row");
    return { ...told, doubts: quality, problems: [], ...made };
  };
  await unit.query("savepoint row");
  try {
    try {
      return await attempt(doubts);
    } catch (raw) {
      // INV-24: a code no list of its day holds may come in with the doubt told, as far as the row's state lets it wait.
      const fault = faultFromDatabase(raw);
      if (!("quality" in values) || !(fault instanceof Fault) || fault.extensions["rule"] !== "inv_24_code_valid") throw raw;
      await unit.query("rollback to savepoint row");
      return await attempt([...doubts, "CODE_NOT_VALID"]);
    }
  } catch (raw) {
    await unit.query("rollback to savepoint row");
    const fault = faultFromDatabase(raw);
    if (!(fault instanceof Fault) || fault.code === "TIMEOUT" || fault.code === "OVERLOADED") throw fault;
    return rejected([{ code: fault.code, zh: fault.message, en: String(fault.extensions["rule"] ?? fault.code), suggestion: String((fault.extensions["remedy"] as { zh: string }).zh) }]);
  }
}

async function writeRow(unit: Unit, target: Target, request: ImportRequest, externalId: string, { values, beside }: Prepared): Promise<Pick<RowReport, "outcome" | "id">> {
  const { entity } = target;
  const [known] = await unit.query<{ id: string }>(`select id from ${entity.table} where source_system = $1 and external_id = $2`, [request.sourceSystem, externalId]);
  const adopted = known ? undefined : await target.adopt?.(unit, values);
  const stands = known?.id ?? adopted?.uuid;
  if (!stands) {
    const made = { ...values, ...target.creating(values), source_system: request.sourceSystem, external_id: externalId };
    const uuid = await (target.placed ? unit.register(entity, made) : unit.add(entity, made));
    await beside?.(unit, uuid);
    return { outcome: "CREATED", id: globalId(entity, uuid) };
  }
  const row = await unit.take(entity, stands);
  const given = adopted?.values ?? values;
  const changed = await changes(unit, entity, row, (await target.settle?.(unit, stands, given)) ?? given);
  if (Object.keys(changed).length > 0) await unit.change(entity, row, changed);
  const more = (await beside?.(unit, stands)) ?? false;
  return { outcome: more || Object.keys(changed).length > 0 ? "UPDATED" : "UNCHANGED", id: globalId(entity, stands) };
}

/** Values that differ from the row as it stands, compared as they would leave in an answer. */
async function changes(unit: Unit, entity: Entity, row: TakenRow, values: Values): Promise<Values> {
  const fields = fieldsOf(entity);
  const relations = relationsOf(entity);
  const differing: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const field = fields[name];
    const stands = field ? row[name] : relations[name] ? row[`key:${name}`] : undefined;
    if (!same(field?.kind, value, stands)) differing[name] = value;
  }
  return differing;
}

function same(kind: string | undefined, value: unknown, stands: unknown): boolean {
  const [a, b] = [value ?? null, stands ?? null];
  if (a === null || b === null) return a === b;
  if (kind === "dateTime") return Date.parse(String(a)) === Date.parse(String(b));
  if (kind === "decimal" || kind === "float" || kind === "int") return Number(a) === Number(b);
  if (kind === "geometry") {
    const [left, right] = [a, b].map((place) => (place as { coordinates: unknown[] }).coordinates.flat(3) as number[]);
    return left!.length === right!.length && left!.every((part, index) => Math.abs(part - right![index]!) < 1e-7);
  }
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Keeps the batch and the reports of its new rows in the unit that wrote them: neither can be lost without the other. */
export async function record(unit: Unit, batch: string, request: ImportRequest, report: ImportReport, from: number): Promise<void> {
  const counts = [report.rowsRead, report.rowsCreated, report.rowsUpdated, report.rowsUnchanged, report.rowsRejected];
  await unit.query(
    `insert into import_batches (id, region_id, mapping, file_name, file_sha256, datum, mode, status, rows_read, rows_created, rows_updated, rows_unchanged, rows_rejected)
     select $1, $2, $3, $4, $5, $6, $7, 'DONE', $8, $9, $10, $11, $12 where not exists (select 1 from import_batches where id = $1)`,
    [batch, request.defaultRegion, request.mapping, request.fileName, request.fileSha256, request.datum, request.mode, ...counts],
  );
  await unit.query("update import_batches set rows_read = $2, rows_created = $3, rows_updated = $4, rows_unchanged = $5, rows_rejected = $6 where id = $1 and rows_read <> $2", [batch, ...counts]);
  for (const row of report.rows.slice(from))
    await unit.query("insert into import_rows (id, batch_id, sheet, line, outcome, external_id, entity_global_id, problems, doubts) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", [newUuid(), batch, row.sheet ?? "", row.line, row.outcome, row.externalId, row.id, JSON.stringify(row.problems), row.doubts]);
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
