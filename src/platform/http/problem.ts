import type { Fault } from "../fault.js";
import type { Exchange } from "./exchange.js";
import { headersOf, spareConnection } from "./refusal.js";

/** Answers a fault as a problem document (RFC 9457), for clients that speak HTTP and not GraphQL. Its detail tells the facts and the remedy, for those that show nothing else. */
export function sendProblem({ request, response, requestId }: Pick<Exchange, "request" | "response" | "requestId">, fault: Fault): void {
  if (response.headersSent) return;
  const { remedy, code, retryable, ...facts } = fault.extensions as { remedy: { zh: string; en: string }; code: string; retryable: boolean };
  const told = Object.entries(facts).map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`);
  const body = JSON.stringify({ type: "about:blank", title: fault.message, status: fault.status, detail: [...told, `${remedy.zh} / ${remedy.en}`].join("; "), code, retryable, ...facts, remedy, requestId });
  spareConnection(request, response);
  for (const [name, value] of Object.entries(headersOf(fault))) response.setHeader(name, value);
  response.setHeader("cache-control", "no-store");
  response.writeHead(fault.status, { "content-type": "application/problem+json", "content-length": Buffer.byteLength(body) });
  response.end(request.method === "HEAD" ? undefined : body);
}
