import { entityNamed, parseId } from "../platform/entity/entity.js";
import { newUuid } from "../platform/write/identifier.js";
import type { Unit } from "../platform/write/unit.js";
import type { ImportReport, ImportRequest, RowReport } from "./import.service.js";

/** Places, as labels of their paths, of what a batch has to do with so far; null until anything is known. */
export interface BatchArea {
  labels: readonly string[] | null;
}

/** Rows whose report is one statement: more would hold others up while its text is made. */
const ROWS_AT_ONCE = 500;

/** Keeps the batch and the reports of its new rows in the unit that wrote them: neither can be lost without the other. */
export async function record(unit: Unit, batch: string, request: ImportRequest, report: ImportReport, from: number, area: BatchArea): Promise<void> {
  const slices: RowReport[][] = [];
  for (let at = from; at < report.rows.length; at += ROWS_AT_ONCE) slices.push(report.rows.slice(at, at + ROWS_AT_ONCE));
  for (const rows of slices) await widen(unit, area, rows.flatMap(({ id }) => id ?? []));
  const labels = area.labels ?? commonOf(unit.actor.grants.flatMap(({ regionPath }) => (regionPath === null ? [] : [labelsOf(regionPath)])));
  const counts = [report.rowsRead, report.rowsCreated, report.rowsUpdated, report.rowsUnchanged, report.rowsRejected];
  const [place] = labels && labels.length > 0 ? await unit.query<{ id: string }>("select id from regions where path = $1::ltree", [labels.join(".")]) : [];
  const region = place?.id ?? null;
  await unit.query(
    `insert into import_batches (id, region_id, mapping, file_name, file_sha256, datum, mode, status, rows_read, rows_created, rows_updated, rows_unchanged, rows_rejected)
     select $1, $2, $3, $4, $5, $6, $7, 'DONE', $8, $9, $10, $11, $12 where not exists (select 1 from import_batches where id = $1)`,
    [batch, region, request.mapping, storable(request.fileName), request.fileSha256, request.datum, request.mode, ...counts],
  );
  await unit.query("update import_batches set region_id = $2, rows_read = $3, rows_created = $4, rows_updated = $5, rows_unchanged = $6, rows_rejected = $7 where id = $1 and (rows_read <> $3 or region_id is distinct from $2)", [batch, region, ...counts]);
  for (const rows of slices) await recordRows(unit, batch, rows);
}

async function recordRows(unit: Unit, batch: string, rows: readonly RowReport[]): Promise<void> {
  const told = rows.map((row) => ({ id: newUuid(), sheet: row.sheet ?? "", line: row.line, outcome: row.outcome, external_id: row.externalId, entity_global_id: row.id, problems: row.problems, doubts: row.doubts }));
  await unit.query(
    `insert into import_rows (id, batch_id, sheet, line, outcome, external_id, entity_global_id, problems, doubts)
     select t.id, $1, t.sheet, t.line, t.outcome, t.external_id, t.entity_global_id, t.problems, array(select jsonb_array_elements_text(t.doubts))
     from jsonb_to_recordset($2::jsonb) t(id uuid, sheet text, line integer, outcome text, external_id text, entity_global_id text, problems jsonb, doubts jsonb)`,
    [batch, storable(JSON.stringify(told))],
  );
}

/** JSON writes what PostgreSQL cannot keep as escapes: U+0000, and halves of pairs. */
const storable = (text: string) => text.replace(/\\u0000|\\ud[89a-f][0-9a-f]{2}|\u0000/gi, "\\ufffd");

/** Takes in where the rows lie that the sender sees. Of others nothing is known to him, and so nothing to the batch. */
async function widen(unit: Unit, area: BatchArea, ids: readonly string[]): Promise<void> {
  const byEntity = new Map<string, string[]>();
  for (const id of ids) {
    const parsed = parseId(id);
    if (parsed) byEntity.set(parsed.entity.name, [...(byEntity.get(parsed.entity.name) ?? []), parsed.uuid]);
  }
  for (const [name, uuids] of byEntity)
    for (const { place } of await unit.seen(entityNamed(name)!, uuids)) if (place !== null) area.labels = commonOf([...(area.labels ? [area.labels] : []), labelsOf(place)]);
}

const labelsOf = (path: string): readonly string[] => (path === "" ? [] : path.split("."));

/** The narrowest place that holds all of some. */
function commonOf(paths: readonly (readonly string[])[]): readonly string[] | null {
  const [first, ...rest] = paths;
  if (!first) return null;
  const parts = first.findIndex((label, at) => rest.some((path) => path[at] !== label));
  return parts < 0 ? first : first.slice(0, parts);
}
