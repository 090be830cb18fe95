import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";

/** Headers of an answer that a page of another origin may read. */
const EXPOSED = "etag, link, content-crs, ogc-numbermatched, ogc-numberreturned, x-tile-crowded, x-request-id, retry-after";

/** Lets pages of the origins allowed read an answer (CORS). Keys are sent by header, never by cookie: credentials are not allowed. */
export function allowOrigin(request: IncomingMessage, response: ServerResponse, allowed: readonly string[] | undefined): void {
  if (!allowed) return;
  const { origin } = request.headers;
  const everybody = allowed.includes("*");
  if (!everybody) varyByOrigin(response);
  if (!everybody && !(origin && allowed.includes(origin))) return;
  response.setHeader("access-control-allow-origin", everybody ? "*" : origin!);
  response.setHeader("access-control-expose-headers", EXPOSED);
}

/** Answers the question a browser asks before, and whoever wants to know the methods. */
export function answerOptions(response: ServerResponse): void {
  response.setHeader("allow", "GET, HEAD, OPTIONS");
  if (response.hasHeader("access-control-allow-origin")) {
    response.setHeader("access-control-allow-methods", "GET, HEAD, OPTIONS");
    response.setHeader("access-control-allow-headers", "authorization, accept, if-none-match");
    response.setHeader("access-control-max-age", "600");
  }
  response.writeHead(204).end();
}

/** Routes say by which headers their answers vary; the origin is added to whatever they say. */
function varyByOrigin(response: ServerResponse): void {
  const write = response.writeHead.bind(response) as (status: number, headers?: OutgoingHttpHeaders) => ServerResponse;
  response.writeHead = ((status: number, headers: OutgoingHttpHeaders = {}) => {
    const { vary = response.getHeader("vary"), ...others } = headers;
    response.setHeader("vary", vary ? `${String(vary)}, Origin` : "Origin");
    return write(status, others);
  }) as typeof response.writeHead;
}
