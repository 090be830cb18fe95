import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { HeaderMap, type ApolloServer } from "@apollo/server";
import { Fault } from "../fault.js";
import type { RequestContext } from "../request.js";
import { allowOrigin, answerOptions } from "./cross-origin.js";
import { failureAnswer } from "./apollo.js";
import { MAX_BODY_BYTES, parseJsonBody, readBody } from "./body.js";

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  /** What the pattern's groups matched. */
  matched: readonly string[];
  requestId: string;
}

export interface Route {
  method: "GET" | "PUT" | "POST";
  pattern: RegExp;
  handle: (exchange: Exchange) => Promise<void> | void;
  /** Read-only, for pages of other origins as well, where the setting allows them. */
  crossOrigin?: true;
}

export interface HttpOptions {
  host: string;
  port: number;
  apollo: ApolloServer<RequestContext>;
  contextFor: (request: IncomingMessage, requestId: string) => Promise<RequestContext>;
  routes: readonly Route[];
  corsOrigins?: readonly string[] | undefined;
  /** Takes the connections that ask to become WebSockets. */
  subscriptions: (server: Server) => { close: () => Promise<void> };
}

/** Requests in work at once; beyond it the answer is 503 at once rather than late. */
const MAX_IN_FLIGHT = 256;

const HEADERS = [["x-content-type-options", "nosniff"], ["referrer-policy", "no-referrer"], ["cache-control", "no-store"]] as const;

/** Starts the service's one HTTP server: strict limits, GraphQL through Apollo Server, other routes by table. */
export async function startHttp(options: HttpOptions): Promise<{ url: string; close(): Promise<void> }> {
  let inFlight = 0;
  let closing = false;
  const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 15_000, headersTimeout: 5_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 1_000 }, (request, response) => {
    const requestId = randomUUID();
    response.setHeader("x-request-id", requestId);
    for (const [name, value] of HEADERS) response.setHeader(name, value);
    if (closing) response.setHeader("connection", "close");
    inFlight += 1;
    response.on("close", () => (inFlight -= 1));
    const serve = inFlight > MAX_IN_FLIGHT ? Promise.reject(new Fault("OVERLOADED", {})) : dispatch(options, request, response, requestId);
    serve.catch((error: unknown) => refuse(request, response, requestId, error));
  });
  server.maxHeadersCount = 100;
  const subscriptions = options.subscriptions(server);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(options.port, options.host, resolve));
  const { port, family, address } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    close: async () => {
      closing = true;
      await subscriptions.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 10_000).unref();
      });
    },
  };
}

async function dispatch(options: HttpOptions, request: IncomingMessage, response: ServerResponse, requestId: string): Promise<void> {
  // Most requests are a POST to this very address: nothing in it to take apart.
  if (request.url === "/graphql") return graphql(options, request, response, "", requestId);
  const url = new URL(request.url ?? "/", "http://service.invalid");
  if (url.pathname === "/graphql") return graphql(options, request, response, url.search, requestId);
  const at = options.routes.filter((route) => route.pattern.test(url.pathname));
  if (at.length === 0) throw new Fault("NOT_FOUND", {});
  if (at.every(({ crossOrigin }) => crossOrigin)) {
    allowOrigin(request, response, options.corsOrigins);
    if (request.method === "OPTIONS") return answerOptions(response);
  }
  const route = at.find((candidate) => candidate.method === request.method || (candidate.method === "GET" && request.method === "HEAD"));
  if (!route) throw new Fault("METHOD_NOT_ALLOWED", { allowed: at.map((candidate) => candidate.method) });
  await route.handle({ request, response, url, matched: route.pattern.exec(url.pathname)!.slice(1), requestId });
}

async function graphql(options: HttpOptions, request: IncomingMessage, response: ServerResponse, search: string, requestId: string): Promise<void> {
  const { method } = request;
  if (method !== "POST" && method !== "GET") throw new Fault("METHOD_NOT_ALLOWED", { allowed: ["POST", "GET"] });
  let body: Record<string, unknown> = {};
  if (method === "POST") {
    const type = (request.headers["content-type"] ?? "").toLowerCase();
    if (!/^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/.test(type)) throw new Fault("UNSUPPORTED_MEDIA_TYPE", {});
    if (request.headers["content-encoding"] && request.headers["content-encoding"] !== "identity") throw new Fault("UNSUPPORTED_MEDIA_TYPE", { rule: "no content-encoding" });
    body = parseJsonBody(await readBody(request, MAX_BODY_BYTES));
  }
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  let context: RequestContext | undefined;
  const answer = await options.apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method, headers, search, body },
    context: async () => (context = await options.contextFor(request, requestId)),
  });
  if (context?.failure.error !== undefined) {
    const { status, contentType, body: text } = failureAnswer(context.failure.error, context, request.headers.accept);
    response.writeHead(status, { "content-type": contentType }).end(text);
    return;
  }
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  response.statusCode = answer.status ?? 200;
  if (answer.body.kind !== "complete") throw new Error("incremental delivery is not offered");
  response.end(answer.body.string);
}

function refuse(request: IncomingMessage, response: ServerResponse, requestId: string, error: unknown): void {
  const fault = error instanceof Fault ? error : new Fault("INTERNAL", {});
  if (!(error instanceof Fault)) process.stderr.write(`${JSON.stringify({ level: "error", requestId, cause: error instanceof Error ? error.stack : String(error) })}\n`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (!request.complete) response.setHeader("connection", "close");
  if (fault.code === "OVERLOADED") response.setHeader("retry-after", "1");
  response.statusCode = fault.status;
  response.setHeader("content-type", "application/json; charset=utf-8");
  response.end(JSON.stringify({ errors: [{ message: fault.message, extensions: { ...fault.extensions, requestId } }] }));
}
