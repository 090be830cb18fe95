import type { IncomingMessage } from "node:http";
import { Fault } from "../fault.js";
import { bodies } from "./bodies.js";
import { passageOf, type Passage } from "./passage.js";

export const MAX_BODY_BYTES = 256 * 1024;
const MAX_NESTING = 200;

/** Reads a body up to a limit; more is refused without reading the rest. Whoever has a place at work leaves it meanwhile. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > limit) throw new Fault("PAYLOAD_TOO_LARGE", { maximumBytes: limit });
  const passage = passageOf(request);
  if (!passage?.stay) return collected(request, limit, passage);
  return passage.stay.outside(() => collected(request, limit, passage));
}

function collected(request: IncomingMessage, limit: number, passage: Passage | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const refuse = (fault: Fault) => {
      request.off("data", take);
      request.pause();
      if (passage) bodies.end(passage);
      reject(fault);
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) return refuse(new Fault("PAYLOAD_TOO_LARGE", { maximumBytes: limit }));
      try {
        if (passage) bodies.came(passage, chunk.length);
      } catch (error) {
        return refuse(error as Fault);
      }
      chunks.push(chunk);
    };
    if (passage) {
      bodies.begin(passage);
      passage.cut = refuse;
    }
    request.on("data", take);
    request.on("end", () => {
      if (passage) bodies.end(passage);
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    // Cut off, or its connection broken: there is nobody left to tell.
    request.on("error", () => refuse(CUT_OFF()));
    request.on("aborted", () => refuse(CUT_OFF()));
  });
}

const CUT_OFF = () => new Fault("INVALID_INPUT", { rule: "the body was cut off" });

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
