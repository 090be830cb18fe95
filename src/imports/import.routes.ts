import { Fault } from "../platform/fault.js";
import type { Exchange, Route } from "../platform/http/server.js";
import type { Call, WriteDoor } from "../platform/write/act.js";
import { prepareImport } from "./import.file.js";
import { importParameters, takeUpload, type Uploads } from "./import-upload.js";
import { shippedMapping } from "./mappings.js";

/** POST /imports/{mapping}?mode=&datum=&region=&file= with the file as body; answers the report row by row. Nothing of the body is read before it is known that the caller may import it. */
export function importRoutes(door: WriteDoor, callFor: (exchange: Exchange) => Promise<Call>, uploads: Uploads): Route[] {
  return [
    {
      method: "POST",
      pattern: /^\/imports\/([a-z0-9-]{1,60})$/,
      async handle(exchange) {
        const call = await callFor(exchange);
        if (call.actor.kind === "PUBLIC") throw new Fault("UNAUTHENTICATED", {});
        const mapping = await shippedMapping(exchange.matched[0]!);
        const { mode, fileName } = importParameters(exchange, ["mode", "datum", "region", "file"]);
        const { searchParams } = exchange.url;
        const work = await prepareImport(door, call, { mapping, fileName, datum: searchParams.get("datum"), mode, regionCode: searchParams.get("region") });
        await takeUpload(uploads, exchange, call, (file, reader) => work(file, undefined, reader));
      },
    },
  ];
}
