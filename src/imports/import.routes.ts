import { Fault } from "../platform/fault.js";
import { readBody } from "../platform/http/body.js";
import type { Exchange, Route } from "../platform/http/server.js";
import type { Call, WriteDoor } from "../platform/write/act.js";
import { importFile } from "./import.file.js";
import { importMode } from "./import-batch.js";
import type { ImportRequest } from "./import.service.js";
import { shippedMapping } from "./mappings.js";

const MAX_UPLOAD_BYTES = 64 * 1024 * 1024;

/** POST /imports/{mapping}?mode=&datum=&region=&file= with the file as body; answers the report row by row. */
export function importRoutes(door: WriteDoor, callFor: (exchange: Exchange) => Promise<Call>): Route[] {
  return [
    {
      method: "POST",
      pattern: /^\/imports\/([a-z0-9-]{1,60})$/,
      async handle(exchange) {
        const call = await callFor(exchange);
        if (call.actor.kind === "PUBLIC") throw new Fault("UNAUTHENTICATED", {});
        const { searchParams } = exchange.url;
        const unknown = [...searchParams.keys()].find((name) => !["mode", "datum", "region", "file"].includes(name));
        if (unknown) throw new Fault("INVALID_INPUT", { field: unknown, rule: "one of mode, datum, region, file" });
        const mode = searchParams.get("mode") ?? "VALID_ROWS";
        if (!importMode.values.includes(mode as ImportRequest["mode"])) throw new Fault("INVALID_INPUT", { field: "mode", rule: importMode.values.join(", ") });
        const mapping = await shippedMapping(exchange.matched[0]!);
        const bytes = await readBody(exchange.request, MAX_UPLOAD_BYTES);
        const report = await importFile(door, call, {
          mapping,
          fileName: (searchParams.get("file") ?? "upload").slice(0, 200),
          bytes,
          datum: searchParams.get("datum"),
          mode: mode as ImportRequest["mode"],
          regionCode: searchParams.get("region"),
        });
        exchange.response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(report));
      },
    },
  ];
}
