import { Fault } from "../platform/fault.js";
import { readBody } from "../platform/http/body.js";
import type { Exchange, Route } from "../platform/http/server.js";
import type { Call, WriteDoor } from "../platform/write/act.js";
import { importMode } from "../imports/import-batch.js";
import type { ImportRequest } from "../imports/import.service.js";
import type { LedgerRows } from "../ledgers/ledger.rows.js";
import { importLedgers } from "./ledger-import.service.js";

const MAX_UPLOAD_BYTES = 64 * 1024 * 1024;

/** POST /imports/ledgers?mode=&file= with an exported ledger, edited, as body; answers the report row by row. Stands before the imports by mapping, among whose names "ledgers" would be one. */
export function ledgerImportRoute(rows: LedgerRows, door: WriteDoor, callFor: (exchange: Exchange) => Promise<Call>): Route {
  return {
    method: "POST",
    pattern: /^\/imports\/ledgers$/,
    async handle(exchange) {
      const call = await callFor(exchange);
      if (call.actor.kind === "PUBLIC") throw new Fault("UNAUTHENTICATED", {});
      const { searchParams } = exchange.url;
      const unknown = [...searchParams.keys()].find((name) => name !== "mode" && name !== "file");
      if (unknown) throw new Fault("INVALID_INPUT", { field: unknown, rule: "one of mode, file" });
      const mode = searchParams.get("mode") ?? "VALID_ROWS";
      if (!importMode.values.includes(mode as ImportRequest["mode"])) throw new Fault("INVALID_INPUT", { field: "mode", rule: importMode.values.join(", ") });
      const bytes = await readBody(exchange.request, MAX_UPLOAD_BYTES);
      const report = await importLedgers(rows, door, call, { fileName: (searchParams.get("file") ?? "upload").slice(0, 200), bytes, mode: mode as ImportRequest["mode"] });
      exchange.response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(report));
    },
  };
}
