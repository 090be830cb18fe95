import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import type { Exchange, Route } from "../platform/http/server.js";

const FILES: Readonly<Record<string, string>> = {
  "index.html": "text/html; charset=utf-8",
  "app.js": "text/javascript; charset=utf-8",
  "app.css": "text/css; charset=utf-8",
  "worker.js": "text/javascript; charset=utf-8",
};

/** Nothing may be loaded from elsewhere; the library sets styles by script and starts its worker from here. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

interface Asset {
  type: string;
  plain: Buffer;
  brotli: Buffer;
  etag: string;
}

/** Where the build puts the page: beside this file, which in the sources' case is under dist. */
function folder(): URL | undefined {
  return [new URL("./page/", import.meta.url), new URL("../../dist/src/map/page/", import.meta.url)].find((candidate) => existsSync(new URL("app.js", candidate)));
}

/** `/map`: the four-colour map as a page of the service itself. Holds the page's files in memory; without a built page there is no route. */
export function mapRoutes(): Route[] {
  const from = folder();
  if (!from) return [];
  const assets = new Map(
    Object.entries(FILES).map(([name, type]): [string, Asset] => {
      const plain = readFileSync(fileURLToPath(new URL(name, from)));
      const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } });
      return [name, { type, plain, brotli, etag: createHash("sha256").update(plain).digest("base64url").slice(0, 22) }];
    }),
  );
  return [
    { method: "GET", pattern: /^\/map\/?$/, handle: (exchange) => send(exchange, assets.get("index.html")!) },
    { method: "GET", pattern: /^\/map\/(app\.js|app\.css|worker\.js)$/, handle: (exchange) => send(exchange, assets.get(exchange.matched[0]!)!) },
  ];
}

function send({ request, response }: Exchange, { type, plain, brotli, etag }: Asset): void {
  const packed = /\bbr\b/.test(String(request.headers["accept-encoding"] ?? ""));
  const tag = `"${etag}${packed ? "-br" : ""}"`;
  response.setHeader("cache-control", "no-cache");
  response.setHeader("vary", "accept-encoding");
  response.setHeader("etag", tag);
  response.setHeader("content-security-policy", POLICY);
  if (request.headers["if-none-match"] === tag) return void response.writeHead(304).end();
  const body = packed ? brotli : plain;
  if (packed) response.setHeader("content-encoding", "br");
  response.writeHead(200, { "content-type": type, "content-length": body.length }).end(request.method === "HEAD" ? undefined : body);
}
