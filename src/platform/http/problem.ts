import type { Fault } from "../fault.js";
import type { Exchange } from "./server.js";

/** Answers a fault as a problem document (RFC 9457), for clients that speak HTTP and not GraphQL. Its detail tells the facts and the remedy, for those that show nothing else. */
export function sendProblem({ request, response, requestId }: Exchange, fault: Fault): void {
  const { remedy, code, retryable, ...facts } = fault.extensions as { remedy: { zh: string; en: string }; code: string; retryable: boolean };
  const told = Object.entries(facts).map(([name, value]) => `${name}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`);
  const body = JSON.stringify({ type: "about:blank", title: fault.message, status: fault.status, detail: [...told, `${remedy.zh} / ${remedy.en}`].join("; "), code, retryable, ...facts, remedy, requestId });
  if (fault.code === "OVERLOADED" || fault.code === "TIMEOUT") response.setHeader("retry-after", "1");
  if (fault.code === "UNAUTHENTICATED") response.setHeader("www-authenticate", "Bearer");
  response.setHeader("cache-control", "no-store");
  response.writeHead(fault.status, { "content-type": "application/problem+json", "content-length": Buffer.byteLength(body) });
  response.end(request.method === "HEAD" ? undefined : body);
}
