/**
 * The limit: node:http, one prepared statement a request, its text passed on. No schema, no parsing of queries,
 * no key, no mask: the caller's county in the request is all the authorisation there is. What any service over this
 * database can at most be. Started by bench.ts: limit.ts DATABASE_URL SESSION_OPTIONS FIRST_STATEMENT; prints its URL.
 */
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import pg from "pg";
import { newUuid } from "../../src/platform/write/identifier.js";
import { limitStatements } from "./limit-sql.js";

const [connectionString, options, firstStatement] = process.argv.slice(2) as [string, string, string];
const pool = new pg.Pool({ connectionString, max: 8, idleTimeoutMillis: 0, application_name: "bench-limit", options });
pool.on("connect", (client) => void client.query(firstStatement));

/** Values a client does not send: marks in the array of the request. */
const made: Readonly<Record<string, () => string>> = { "@uuid": newUuid, "@request": randomUUID };

const server = createServer((request, response) => {
  const name = request.url!.slice(1);
  const text = limitStatements[name];
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (chunk: string) => (body += chunk));
  request.on("end", () => {
    if (text === undefined) return void response.writeHead(404).end();
    const values = (JSON.parse(body) as unknown[]).map((value) => made[value as string]?.() ?? value);
    pool.query({ name, text, values }).then(
      ({ rows }) => {
        const [row] = rows as [{ data?: string; tile?: string }];
        if (row.tile !== undefined) {
          // The driver reads every value as text: base64 is the shortest that bytes can be.
          response.setHeader("content-type", "application/vnd.mapbox-vector-tile");
          return void response.end(Buffer.from(row.tile, "base64"));
        }
        response.setHeader("content-type", "application/json; charset=utf-8");
        response.end(`{"data":${row.data}}`);
      },
      (error: unknown) => response.writeHead(500).end(JSON.stringify({ errors: [{ message: String(error) }] })),
    );
  });
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`));
process.once("SIGTERM", () => process.exit(0));
