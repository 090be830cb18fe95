import { Fault } from "../platform/fault.js";
import type { Exchange, Route } from "../platform/http/server.js";
import type { Call, WriteDoor } from "../platform/write/act.js";
import { importParameters, takeUpload, type Uploads } from "../imports/import-upload.js";
import type { LedgerRows } from "../ledgers/ledger.rows.js";
import { importLedgers, permitLedgers } from "./ledger-import.service.js";

/** POST /imports/ledgers?mode=&file= with an exported ledger, edited, as body; answers the report row by row. Stands before the imports by mapping, among whose names "ledgers" would be one. */
export function ledgerImportRoute(rows: LedgerRows, door: WriteDoor, callFor: (exchange: Exchange) => Promise<Call>, uploads: Uploads): Route {
  return {
    method: "POST",
    pattern: /^\/imports\/ledgers$/,
    async handle(exchange) {
      const call = await callFor(exchange);
      if (call.actor.kind === "PUBLIC") throw new Fault("UNAUTHENTICATED", {});
      permitLedgers(call.actor);
      const { mode, fileName } = importParameters(exchange, ["mode", "file"]);
      await takeUpload(uploads, exchange, call, (file, reader) => importLedgers(rows, door, call, { fileName, file, mode, reader }));
    },
  };
}
