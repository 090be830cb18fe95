import type { Call, WriteDoor } from "../platform/write/act.js";
import { Fault } from "../platform/fault.js";
import { importRows, permittedTarget, type ImportReport, type ImportRequest } from "./import.service.js";
import { datumOf, type Mapping } from "./mapping.js";
import { readMapped, type Reader } from "./reading/reading.js";
import type { ImportedFile } from "./spool.js";

/** All that is said of an import beside its file. */
export interface FileImport {
  mapping: Mapping;
  fileName: string;
  datum: string | null;
  mode: ImportRequest["mode"];
  /** Twelve-digit code of the region rows lie in where the source names none. */
  regionCode: string | null;
}

/** An import that may take place; what is left is its file. */
export type PreparedImport = (file: ImportedFile, progress?: (read: number) => void, reader?: Reader) => Promise<ImportReport>;

/** Settles what can be settled without the file: who may, into what, in which datum and region. Faults: UNAUTHENTICATED, FORBIDDEN, DATUM_MISSING, INVALID_INPUT. */
export async function prepareImport(door: WriteDoor, call: Call, { mapping, fileName, datum, mode, regionCode }: FileImport): Promise<PreparedImport> {
  const target = permittedTarget(call.actor, mapping.target);
  const unknown = Object.keys(mapping.fields).find((name) => !target.fields.has(name));
  if (unknown) throw new Fault("INVALID_INPUT", { field: `mapping.fields.${unknown}`, rule: `one of ${[...target.fields].join(", ")}` });
  const told = datumOf(mapping, datum);
  const defaultRegion = regionCode === null ? null : await regionNamed(door, regionCode);
  return (file, progress, reader) => {
    const request: ImportRequest = { mapping: mapping.name, target: mapping.target, sourceSystem: mapping.sourceSystem, fileName, fileSha256: file.sha256, datum: told, mode, defaultRegion };
    const rows = readMapped(file, mapping, { datum: told, regionCode, geometryAsGiven: target.geometryAsGiven ?? false }, reader);
    return importRows(door, call, request, rows, progress, () => reader?.stay?.giveWay() ?? Promise.resolve());
  };
}

async function regionNamed(door: WriteDoor, code: string): Promise<string> {
  const { rows } = await door.pool.query("select id from regions where code = $1 and valid_to is null", [code]);
  const found = (rows[0] as { id: string } | undefined)?.id;
  if (!found) throw new Fault("INVALID_INPUT", { field: "region", rule: "a code of a region in force" });
  return found;
}

/** Imports one file and closes it. Faults: FILE_DAMAGED, DATUM_MISSING, INVALID_INPUT, FORBIDDEN. */
export async function importFile(door: WriteDoor, call: Call, asked: FileImport, file: ImportedFile, progress?: (read: number) => void): Promise<ImportReport> {
  try {
    return await (await prepareImport(door, call, asked))(file, progress);
  } finally {
    file.close();
  }
}
