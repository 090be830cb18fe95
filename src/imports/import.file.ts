import { createHash } from "node:crypto";
import type { Call, WriteDoor } from "../platform/write/act.js";
import { Fault } from "../platform/fault.js";
import { isGeoJson, readGeoJson } from "./geojson.js";
import { importRows, type ImportReport, type ImportRequest, type MappedRow } from "./import.service.js";
import { datumOf, mapRow, type Mapping } from "./mapping.js";
import { readTable, type TableRow } from "./table.js";

export interface FileImport {
  mapping: Mapping;
  fileName: string;
  bytes: Buffer;
  datum: string | null;
  mode: ImportRequest["mode"];
  /** Twelve-digit code of the region rows lie in where the source names none. */
  regionCode: string | null;
}

/** Imports one file. Faults: FILE_DAMAGED, DATUM_MISSING, INVALID_INPUT, FORBIDDEN. */
export async function importFile(door: WriteDoor, call: Call, { mapping, fileName, bytes, datum, mode, regionCode }: FileImport, progress?: (read: number) => void): Promise<ImportReport> {
  const told = datumOf(mapping, datum);
  let defaultRegion: string | null = null;
  if (regionCode !== null) {
    const { rows } = await door.pool.query("select id from regions where code = $1 and valid_to is null", [regionCode]);
    defaultRegion = (rows[0] as { id: string } | undefined)?.id ?? null;
    if (!defaultRegion) throw new Fault("INVALID_INPUT", { field: "region", rule: "a code of a region in force" });
  }
  const table = isGeoJson(bytes) ? readGeoJson(bytes) : await readTable(bytes, mapping.layout);
  const columns = new Set(table.flatMap((row) => [...row.cells.keys()]));
  const wanted = Object.values(mapping.fields).flatMap((field) => (field.required && typeof field.column === "string" ? [field.column] : []));
  const lacking = wanted.filter((column) => !columns.has(column));
  if (lacking.length > 0) throw new Fault("FILE_DAMAGED", { reason: "COLUMNS_MISSING", columns: lacking, detail: { zh: "文件缺少映射要求的列", en: "the file lacks columns the mapping needs" } });
  const request: ImportRequest = {
    mapping: mapping.name,
    target: mapping.target,
    sourceSystem: mapping.sourceSystem,
    fileName,
    fileSha256: createHash("sha256").update(bytes).digest("hex"),
    datum: told,
    mode,
    defaultRegion,
  };
  return importRows(door, call, request, mapped(mapping, table, told), progress);
}

async function* mapped(mapping: Mapping, table: readonly TableRow[], datum: ReturnType<typeof datumOf>): AsyncIterable<MappedRow> {
  for (const row of table) yield mapRow(mapping, row, datum);
}
