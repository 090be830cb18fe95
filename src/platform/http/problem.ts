import type { Fault } from "../fault.js";
import type { Exchange } from "./server.js";

/** Answers a fault as a problem document (RFC 9457), for clients that speak HTTP and not GraphQL. */
export function sendProblem({ request, response, requestId }: Exchange, fault: Fault): void {
  const { remedy, ...facts } = fault.extensions as { remedy: { zh: string; en: string } };
  if (fault.code === "OVERLOADED" || fault.code === "TIMEOUT") response.setHeader("retry-after", "1");
  if (fault.code === "UNAUTHENTICATED") response.setHeader("www-authenticate", "Bearer");
  response.setHeader("cache-control", "no-store");
  response.writeHead(fault.status, { "content-type": "application/problem+json; charset=utf-8" });
  response.end(request.method === "HEAD" ? undefined : JSON.stringify({ type: "about:blank", title: fault.message, status: fault.status, detail: `${remedy.zh} / ${remedy.en}`, requestId, ...facts }));
}
