import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { parseId } from "../platform/entity/entity.js";
import { sendRead } from "../platform/db/prepared.js";
import { Fault } from "../platform/fault.js";
import type { Exchange, Route } from "../platform/http/server.js";
import { ReadSql } from "../platform/read/read-sql.js";
import { actAs, type Call, type WriteDoor } from "../platform/write/act.js";
import { Attachment } from "./attachment.js";
import { byteRange } from "./byte-range.js";
import type { FileStore } from "./file-store.js";

const PATTERN = /^\/files\/([A-Za-z]+_[0-9a-f-]{36})$/;

/** What a browser may show in place: nothing in these runs, and the policy lets nothing run. Everything else is saved. */
const SHOWN = /^(image\/(jpeg|png|webp)|application\/pdf|text\/plain)$/;

interface StoredFile {
  id: string;
  sha256: string;
  sizeBytes: number;
  mediaType: string;
  fileName: string;
  status: "PREPARED" | "STORED";
}

const COLUMNS = 'e.id, e.sha256, e.size_bytes as "sizeBytes", e.media_type as "mediaType", e.file_name as "fileName", e.status';

/** The bytes of attachments: put by who prepared them, got by who sees them. */
export const fileRoutes = (door: WriteDoor, store: FileStore, callFor: (exchange: Exchange) => Promise<Call>): Route[] => [
  { method: "PUT", pattern: PATTERN, handle: async (exchange) => put(door, store, exchange, await knownCaller(exchange, callFor)) },
  { method: "GET", pattern: PATTERN, handle: async (exchange) => get(door, store, exchange, await knownCaller(exchange, callFor)) },
];

async function knownCaller(exchange: Exchange, callFor: (exchange: Exchange) => Promise<Call>): Promise<Call> {
  const call = await callFor(exchange);
  if (call.actor.kind === "PUBLIC") throw new Fault("UNAUTHENTICATED", {});
  return call;
}

/** UUID in the address; of another entity none. */
function uuidIn({ matched }: Exchange): string | null {
  const target = parseId(matched[0]!);
  return target?.entity === Attachment ? target.uuid : null;
}

/** PUT /files/{id}: the bytes of a prepared attachment; kept by hash, durable before the row says STORED. */
async function put(door: WriteDoor, store: FileStore, exchange: Exchange, call: Call): Promise<void> {
  const { rows } = await door.pool.query(`select ${COLUMNS} from attachments e where e.id = $1 and e.created_by = $2`, [uuidIn(exchange), call.actor.id]);
  const prepared = rows[0] as StoredFile | undefined;
  if (!prepared) throw new Fault("NOT_FOUND", { entity: Attachment.name });
  if (call.actor.readOnly) throw new Fault("FORBIDDEN", { action: "attachment.store" });
  await exchange.stay.outside(() => store.receive(exchange.request, prepared));
  if (prepared.status === "PREPARED")
    await actAs(door, call, "attachment.store", async (unit) => {
      await unit.query("update attachments set status = 'STORED' where id = $1 and status = 'PREPARED'", [prepared.id]);
    });
  exchange.response.writeHead(204).end();
}

/** GET and HEAD /files/{id}: the bytes, or some of them, to who sees the attachment. */
async function get(door: WriteDoor, store: FileStore, exchange: Exchange, call: Call): Promise<void> {
  const { request, response } = exchange;
  const stored = await seen(door, exchange, call);
  if (!stored) throw new Fault("NOT_FOUND", { entity: Attachment.name });
  if (stored.status !== "STORED") throw new Fault("EVIDENCE_MISSING", { attachment: exchange.matched[0], rule: "its bytes were never sent" });
  const etag = `"${stored.sha256}"`;
  // Asked again each time, for who may see it can change; the bytes of a hash cannot.
  response.setHeader("cache-control", "private, no-cache");
  response.setHeader("etag", etag);
  response.setHeader("vary", "authorization");
  if (named(request.headers["if-none-match"], etag)) return void response.writeHead(304).end();
  const file = await store.open(stored);
  try {
    const held = request.headers["if-range"];
    const range = held === undefined || held === etag ? byteRange(request.headers.range, stored.sizeBytes) : null;
    if (range === "unsatisfiable") {
      response.setHeader("content-range", `bytes */${stored.sizeBytes}`);
      throw new Fault("RANGE_NOT_SATISFIABLE", { sizeBytes: stored.sizeBytes });
    }
    describe(response, stored);
    const { first, last } = range ?? { first: 0, last: stored.sizeBytes - 1 };
    response.setHeader("content-length", last - first + 1);
    if (range) response.setHeader("content-range", `bytes ${first}-${last}/${stored.sizeBytes}`);
    response.statusCode = range ? 206 : 200;
    if (request.method === "HEAD") return void response.end();
    exchange.stay.leave();
    await pipeline(file.createReadStream({ start: first, end: last, autoClose: false }), response).catch((error: NodeJS.ErrnoException) => {
      // Whoever goes away in the middle wants no answer.
      if (error.code !== "ERR_STREAM_PREMATURE_CLOSE" && error.code !== "ECONNRESET" && error.code !== "EPIPE") throw error;
    });
  } finally {
    await file.close();
  }
}

async function seen(door: WriteDoor, exchange: Exchange, call: Call): Promise<StoredFile | undefined> {
  const read = new ReadSql(call.actor, "now");
  const id = read.param("uuid", () => uuidIn(exchange));
  const text = `select ${COLUMNS} from ${read.source(Attachment, "e")} where e.id = ${id} and ${read.scope(Attachment, "e")}`;
  const values = read.bind({ actor: call.actor, instant: { recorded: null, effective: new Date().toISOString() }, args: [] });
  return (await sendRead(door.pool, { text, values, replan: false })).rows[0] as unknown as StoredFile | undefined;
}

/** Whether a list of validators names this one; bytes of a hash are equal in either sense. */
const named = (header: string | undefined, etag: string) => header !== undefined && header.split(",").some((one) => ["*", etag, `W/${etag}`].includes(one.trim()));

/** Headers that keep bytes of others from being taken for anything but what they were declared as. */
function describe(response: ServerResponse, { mediaType, fileName }: StoredFile): void {
  const shown = SHOWN.test(mediaType);
  const plain = fileName.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const exact = encodeURIComponent(fileName).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  response.setHeader("content-type", mediaType === "text/plain" ? "text/plain; charset=utf-8" : mediaType);
  response.setHeader("content-disposition", `${shown ? "inline" : "attachment"}; filename="${plain}"; filename*=UTF-8''${exact}`);
  response.setHeader("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("accept-ranges", "bytes");
}
