import { createHash } from "node:crypto";
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { parseId } from "../platform/entity/entity.js";
import { Fault } from "../platform/fault.js";
import { readBody } from "../platform/http/body.js";
import type { Exchange, Route } from "../platform/http/server.js";
import { actAs, type Call, type WriteDoor } from "../platform/write/act.js";
import { MAX_ATTACHMENT_BYTES } from "./attachment.actions.js";
import { Attachment } from "./attachment.js";

/** PUT /files/{id}: the bytes of a prepared attachment; kept by hash, durable before the row says STORED. */
export function fileRoute(door: WriteDoor, directory: string, callFor: (exchange: Exchange) => Promise<Call>): Route {
  return {
    method: "PUT",
    pattern: /^\/files\/([A-Za-z]+_[0-9a-f-]{36})$/,
    async handle(exchange) {
      const call = await callFor(exchange);
      if (call.actor.kind === "PUBLIC") throw new Fault("UNAUTHENTICATED", {});
      const target = parseId(exchange.matched[0]!);
      const { rows } = await door.pool.query("select sha256, size_bytes, status, version from attachments where id = $1 and created_by = $2", [target?.entity === Attachment ? target.uuid : null, call.actor.id]);
      const prepared = rows[0] as { sha256: string; size_bytes: number; status: string } | undefined;
      if (!prepared || !target) throw new Fault("NOT_FOUND", { entity: "Attachment" });
      const bytes = await readBody(exchange.request, MAX_ATTACHMENT_BYTES);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      if (sha256 !== prepared.sha256 || bytes.length !== prepared.size_bytes) throw new Fault("INVALID_INPUT", { field: "body", rule: "the stated SHA-256 and size", actual: { sha256, sizeBytes: bytes.length } });
      await store(directory, sha256, bytes);
      if (prepared.status === "PREPARED")
        await actAs(door, call, "attachment.store", async (unit) => {
          await unit.query("update attachments set status = 'STORED' where id = $1 and status = 'PREPARED'", [target.uuid]);
        });
      exchange.response.writeHead(204).end();
    },
  };
}

async function store(directory: string, sha256: string, bytes: Buffer): Promise<void> {
  const folder = join(directory, sha256.slice(0, 2));
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `${sha256}.${process.pid}.${Date.now()}.part`);
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, join(folder, sha256));
}
