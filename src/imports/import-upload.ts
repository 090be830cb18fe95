import type { ServerResponse } from "node:http";
import { Fault } from "../platform/fault.js";
import type { Exchange } from "../platform/http/server.js";
import type { Call } from "../platform/write/act.js";
import { importMode } from "./import-batch.js";
import type { ImportPlaces } from "./import-places.js";
import type { ImportReport, ImportRequest } from "./import.service.js";
import type { Reader } from "./reading/reading.js";
import { spoolBody, type ImportedFile } from "./spool.js";

/** What imports by HTTP share: places to be had, and where files lie while they are imported. */
export interface Uploads {
  places: ImportPlaces;
  directory: string;
}

/** What a request says of itself in its address. Faults: INVALID_INPUT. */
export function importParameters({ url }: Exchange, names: readonly string[]): { mode: ImportRequest["mode"]; fileName: string } {
  const unknown = [...url.searchParams.keys()].find((name) => !names.includes(name));
  if (unknown) throw new Fault("INVALID_INPUT", { field: unknown, rule: `one of ${names.join(", ")}` });
  const mode = url.searchParams.get("mode") ?? "VALID_ROWS";
  if (!importMode.values.includes(mode as ImportRequest["mode"])) throw new Fault("INVALID_INPUT", { field: "mode", rule: importMode.values.join(", ") });
  return { mode: mode as ImportRequest["mode"], fileName: (url.searchParams.get("file") ?? "upload").slice(0, 200) };
}

/**
 * Takes the file of an import that may take place, imports it and answers the report. The body is read only now, by one who has
 * a place; when the client goes away the reading ends, and what was written so far stands. Faults: IMPORT_UNDER_WAY, OVERLOADED, those of the work.
 */
export async function takeUpload({ places, directory }: Uploads, { request, response, stay }: Exchange, call: Call, work: (file: ImportedFile, reader: Reader) => Promise<ImportReport>): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  await places.hold(call.actor.id, async () => {
    // Neither a file on its way nor one that waits for its turn holds a place before the database.
    stay.leave();
    const file = await spoolBody(request, directory);
    try {
      const report = await places.turn(gone.signal, async () => {
        await stay.back();
        return work(file, { signal: gone.signal, stay });
      });
      stay.leave();
      await answer(response, report);
    } finally {
      file.close();
    }
  });
}

const ROWS_AT_ONCE = 500;

/** A report of many rows is written in pieces, so that making its text holds nobody up. */
async function answer(response: ServerResponse, { rows, ...summary }: ImportReport): Promise<void> {
  response.writeHead(200, { "content-type": "application/json; charset=utf-8" });
  response.write(`${JSON.stringify(summary).slice(0, -1)},"rows":[`);
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const text = JSON.stringify(rows.slice(from, from + ROWS_AT_ONCE)).slice(1, -1);
    if (!response.write(from === 0 ? text : `,${text}`)) await drained(response);
    else await new Promise(setImmediate);
    if (response.destroyed) return;
  }
  response.end("]}");
}

const drained = (response: ServerResponse) =>
  new Promise<void>((resolve) => {
    response.once("drain", resolve);
    response.once("close", resolve);
  });
