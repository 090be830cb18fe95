import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault, faultFromDatabase } from "../fault.js";
import { log } from "../log.js";

/** The rest of a refused body that is thrown away so that the connection can be used again; more closes it. */
const MOST_REST_BYTES = 64 * 1024;
const DEFAULT_RETRY_SECONDS = 1;
const REQUEST_ID_LENGTH = 36;
/** Of every answer. */
export const COMMON_HEADERS = [["x-content-type-options", "nosniff"], ["referrer-policy", "no-referrer"], ["cache-control", "no-store"]] as const;

/** What a fault says by headers, at every door: when to come again, what the limit is, how to prove oneself. */
export function headersOf({ extensions }: { extensions?: unknown }): Record<string, string> {
  const { code, retryable, retryAfterSeconds, limit, maximumPerSecond, remaining } = (extensions ?? {}) as { code?: string; retryable?: boolean; retryAfterSeconds?: number; limit?: string; maximumPerSecond?: number; remaining?: number };
  const headers: Record<string, string> = {};
  if (retryable) headers["retry-after"] = String(retryAfterSeconds ?? DEFAULT_RETRY_SECONDS);
  if (code === "RATE_LIMITED" && maximumPerSecond !== undefined) {
    headers["ratelimit-policy"] = `"${limit}";q=${maximumPerSecond};w=1`;
    headers["ratelimit"] = `"${limit}";r=${remaining ?? 0};t=${retryAfterSeconds ?? DEFAULT_RETRY_SECONDS}`;
  }
  if (code === "UNAUTHENTICATED") headers["www-authenticate"] = "Bearer";
  return headers;
}

/** What was thrown, as a fault; what is none is told as INTERNAL and kept in the log. */
export function faultOf(error: unknown, requestId: string): Fault {
  const fault = faultFromDatabase(error);
  if (fault instanceof Fault) return fault;
  log.trouble("内部错误 / internal error", error, { requestId });
  return new Fault("INTERNAL", {});
}

/** Whether the rest of a refused body is small enough to be thrown away. A storm of refusals is no storm of new connections. */
function isSpared(request: IncomingMessage): boolean {
  const length = Number(request.headers["content-length"] ?? (request.headers["transfer-encoding"] === undefined ? 0 : Number.NaN));
  // A client that waits for leave to send its body has sent none of it.
  return length <= MOST_REST_BYTES && request.headers.expect === undefined;
}

/** Keeps a connection where it can be used again. */
export function spareConnection(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete) return;
  if (isSpared(request)) request.resume();
  else response.setHeader("connection", "close");
}

const MODERN = "application/graphql-response+json";

/** Refuses a request in the shape of GraphQL's errors. Once the answer has begun, only cutting it off tells that it is not whole. */
export function refuse(request: IncomingMessage, response: ServerResponse, requestId: string, error: unknown): void {
  // Answered already, by the deadline: what the work would have said comes too late.
  if (response.writableEnded && (error as { code?: string } | undefined)?.code === "ERR_HTTP_HEADERS_SENT") return;
  const fault = faultOf(error, requestId);
  if (response.writableEnded) return;
  if (response.headersSent) return void response.destroy();
  spareConnection(request, response);
  for (const [name, value] of Object.entries(headersOf(fault))) response.setHeader(name, value);
  response.statusCode = fault.status;
  response.setHeader("content-type", `${request.headers.accept?.includes(MODERN) ? MODERN : "application/json"}; charset=utf-8`);
  const body = JSON.stringify({ errors: [{ message: fault.message, extensions: { ...fault.extensions, requestId } }] });
  response.setHeader("content-length", Buffer.byteLength(body));
  response.end(request.method === "HEAD" ? undefined : body);
}

/** A refusal that costs next to nothing: nothing is parsed for it, and nothing of it is made anew but the request's id. */
export type Refusal = (request: IncomingMessage, response: ServerResponse, closing: boolean) => void;

function prepared(reason: string): Refusal {
  const { message, extensions } = new Fault("OVERLOADED", { reason });
  const [before, after] = JSON.stringify({ errors: [{ message, extensions: { ...extensions, requestId: "\u0000" } }] }).split("\\u0000") as [string, string];
  const fixed = [...COMMON_HEADERS.flat(), "content-type", "application/json; charset=utf-8", "retry-after", String(DEFAULT_RETRY_SECONDS), "content-length", String(Buffer.byteLength(before + after) + REQUEST_ID_LENGTH)];
  return (request, response, closing) => {
    const requestId = randomUUID();
    response.writeHead(503, [...fixed, "x-request-id", requestId, ...(closing || !isSpared(request) ? ["connection", "close"] : [])]);
    response.end(request.method === "HEAD" ? undefined : before + requestId + after);
  };
}

/** What everybody hears while the service sheds load. */
export const shed = prepared("event loop");
/** What those hear for whom the wait for a place would be too long. */
export const refuseFull = prepared("places");
/** What those hear who come when the service has said that it stops. */
export const refuseLate = prepared("stopping");
