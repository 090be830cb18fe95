import type { IncomingMessage } from "node:http";
import { Fault } from "../fault.js";

export const MAX_BODY_BYTES = 256 * 1024;
const MAX_NESTING = 200;

/** Reads a body up to a limit; more is refused without reading the rest. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > limit) return Promise.reject(new Fault("PAYLOAD_TOO_LARGE", { maximumBytes: limit }));
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        request.pause();
        reject(new Fault("PAYLOAD_TOO_LARGE", { maximumBytes: limit }));
      } else chunks.push(chunk);
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
    request.on("aborted", () => reject(new Fault("INVALID_INPUT", { rule: "the body was cut off" })));
  });
}

/** Parses a GraphQL request body; nesting is bounded before any recursion. */
export function parseJsonBody(body: Buffer): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    throw new Fault("INVALID_INPUT", { rule: "UTF-8" });
  }
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (quoted) {
      if (character === 92) index += 1;
      else if (character === 34) quoted = false;
    } else if (character === 34) quoted = true;
    else if (character === 91 || character === 123) {
      depth += 1;
      if (depth > MAX_NESTING) throw new Fault("LIMIT_EXCEEDED", { limit: "jsonNesting", maximum: MAX_NESTING });
    } else if (character === 93 || character === 125) depth -= 1;
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Fault("INVALID_INPUT", { rule: "well-formed JSON" });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw new Fault("INVALID_INPUT", { rule: "a JSON object" });
  return parsed as Record<string, unknown>;
}
