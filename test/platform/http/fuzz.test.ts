import { describe, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { lane } from "../../support/database.js";
import { useDistrict } from "../../support/district.js";
import { pause, RawConnection } from "../../support/raw.js";

/** How many addresses, requests and messages in all; `.ci/run` asks for a hundred thousand. No engine has a say in it: one lane is enough. */
const COUNT = Number((lane === "postgresql" && process.env["FUZZ_COUNT"]) || 3_000);
const SEED = Number(process.env["FUZZ_SEED"] ?? 20_261_129);
const AT_ONCE = 40;

const district = useDistrict();

let state = SEED;
const dice = (sides: number) => (state = (state * 48_271) % 2_147_483_647) % sides;
const pick = <T>(from: readonly T[]): T => from[dice(from.length)]!;
const letters = (most: number, from: string) => Array.from({ length: dice(most) }, () => from[dice(from.length)]).join("");

const PARTS = ["/", "//", "\\", "/\\", "graphql", "livez", "readyz", "ogc", "tiles", "ledgers", "basic.csv", "imports", "files", "..", ".", "%", "%2f", "%00", "%ff", "?", "#", "@", ":", "[", "]", "::1", "http://", "https:", "javascript:", "x", "0", "map", "styles", "overview.json", "schema.graphql", "collections", "risks", "items", "渝", "é", "~", ";", "*", "&", "=", "filter", "{}", "+", "-1", "|", "^", "`", "'", '"', "<", ">", "12/3260/1693.mvt"];
const address = () => (dice(3) === 0 ? "" : "/") + Array.from({ length: 1 + dice(7) }, () => pick(PARTS)).join(dice(2) ? "/" : "");
const METHODS = ["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "CONNECT", "TRACE", "PROPFIND", "get", "G"];
const HEADERS = ["Host: x", "Host: y", "Connection: keep-alive", "Connection: close", "Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 7", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol: graphql-transport-ws", "Sec-WebSocket-Protocol: ,", "Content-Type: application/json", "Content-Type: text/plain", "Content-Encoding: gzip", "Accept: */*", "Accept: ;;;", "Authorization: Bearer x", "Authorization: Basic eDp5", "Authorization: ", "Origin: null", "Origin: http://[", "Expect: 100-continue", "Expect: 200-ok", "Range: bytes=0-", "If-None-Match: *", "If-None-Match: ,,", "X-Forwarded-For: x, 1", "Accept-Encoding: br, *", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip", "Content-Length: 5", "Content-Length: -1", "Content-Length: 99999999999", ": x", "X: \u00ff"];
const BODIES = ["", "{}", "[]", "null", '{"query":"{__typename}"}', '{"query":"{","variables":1}', '{"query":{}}', '{"query":"query($a:Int!){risks(first:$a){nodes{id}}}","variables":{"a":"x"}}', '{"query":"mutation{x}"}', "[".repeat(300), '{"a":', "\u0000\u0001", '{"query":"{risks(first:1,after:\\"x\\"){nodes{id}}}"}', '{"query":"subscription{layerChanged{layer}}"}'];
const MESSAGES = ["", "{}", "[]", "null", "x", "\u0000", '{"type":1}', '{"type":"connection_init"}', '{"type":"connection_init","payload":[]}', '{"type":"connection_init","payload":{"authorization":5}}', '{"type":"subscribe"}', '{"id":"1","type":"subscribe","payload":{"query":"{"}}', '{"id":"1","type":"subscribe","payload":{"query":"subscription{layerChanged{layer}}"}}', '{"id":"1","type":"subscribe","payload":{"query":"{risks(first:1){nodes{id}}}"}}', '{"id":"","type":"subscribe","payload":{"query":5}}', '{"id":"1","type":"complete"}', '{"type":"ping","payload":5}', '{"type":"pong"}', '{"id":1,"type":"next"}', '{"id":"1","type":"subscribe","payload":{"query":"subscription($a:[String!]){layerChanged(layers:$a){layer}}","variables":{"a":[null]}}}'];
/** Something known, cut, doubled, or with some letters changed. */
const spoilt = (text: string): string => {
  const at = dice(text.length + 1);
  return pick([() => text, () => text.slice(0, at), () => text + text, () => text.slice(0, at) + letters(6, '{}[]":,\\\u0000\u00e9x1') + text.slice(at)])();
};

/** Runs so many of something, some at once, and gives what came of it. */
async function many<T>(count: number, one: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let left = count;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while ((left -= 1) >= 0) results.push(await one());
  }));
  return results;
}

const statuses = (received: string) => [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

/** 500 says that the service did not know what it met. */
const unheardOf = (found: readonly number[]) => found.filter((status) => status >= 500 && status !== 503);

async function sent(text: string, withinMs = 300): Promise<number[]> {
  const raw = new RawConnection(district.service.url).send(Buffer.from(text, "utf8"));
  await raw.answered(withinMs);
  raw.end();
  return statuses(raw.received);
}

describe(`of ${COUNT} seeded by ${SEED} the service answers none with 500, and lives`, () => {
  const share = Math.ceil(COUNT / 4);

  test("addresses of upgrades", async () => {
    const answers = await many(share, () => sent(`GET ${address()} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`));
    expect(unheardOf(answers.flat())).toEqual([]);
    expect(answers.filter((found) => found.length > 0).length).toBeGreaterThan(share * 0.9);
  }, 120_000);

  test("requests of any method, headers and body", async () => {
    const answers = await many(share, () => {
      const body = spoilt(pick(BODIES));
      const headers = Array.from({ length: dice(6) }, () => pick(HEADERS));
      if (dice(3) > 0) headers.push(`Content-Length: ${Buffer.byteLength(body) + (dice(20) === 0 ? 1 : 0)}`);
      const head = `${pick(METHODS)} ${address()} HTTP/1.${dice(8) === 0 ? pick(["0", "9", "x"]) : 1}\r\n${headers.join("\r\n")}\r\n\r\n`;
      return sent(dice(10) === 0 ? spoilt(head) + body : head + body, 120);
    });
    expect(unheardOf(answers.flat())).toEqual([]);
  }, 240_000);

  test("well-formed requests of any address and body, many on a connection", async () => {
    const each = 25;
    const answers = await many(Math.ceil(share / each), async () => {
      const raw = new RawConnection(district.service.url);
      let asked = 0;
      for (let n = 0; n < each; n += 1) {
        const body = Buffer.from(spoilt(pick(BODIES)));
        const path = dice(3) === 0 ? "/graphql" : `/${encodeURI(address())}`.replace(/[\s]/g, "");
        raw.send(Buffer.concat([Buffer.from(`${pick(["GET", "POST", "PUT", "HEAD", "OPTIONS"])} ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAccept: ${pick(["*/*", "application/json", "text/html", "x"])}\r\nContent-Length: ${body.length}\r\n\r\n`), body]));
        asked += 1;
      }
      for (let n = 0; n < 300 && !raw.closed && statuses(raw.received).length < asked; n += 1) await pause(10);
      raw.end();
      return statuses(raw.received);
    });
    expect(unheardOf(answers.flat())).toEqual([]);
    expect(answers.flat().length).toBeGreaterThan(share * 0.9);
  }, 120_000);

  test("messages by WebSocket", async () => {
    const each = 60;
    const url = `${district.service.url.replace("http", "ws")}/graphql`;
    let left = Math.ceil(share / each);
    await Promise.all(Array.from({ length: 20 }, async () => {
      while ((left -= 1) >= 0) {
        const socket = new WebSocket(url, "graphql-transport-ws");
        socket.on("error", () => undefined);
        await new Promise((resolve) => socket.once("open", resolve).once("close", resolve));
        for (let n = 0; n < each && socket.readyState === WebSocket.OPEN; n += 1) {
          if (dice(3) > 0 && n === 0) socket.send('{"type":"connection_init"}');
          const message = spoilt(pick(MESSAGES));
          socket.send(dice(8) === 0 ? Buffer.from(message) : message);
          if (n % 4 === 0) await pause(0);
        }
        socket.terminate();
      }
    }));
    expect((await fetch(`${district.service.url}/livez`)).status).toBe(200);
  }, 120_000);

  test("and serves as before", async () => {
    expect(await district.as("office").ask("{ regions(first: 1) { nodes { id } } }")).toMatchObject({ regions: { nodes: [{ id: expect.any(String) }] } });
    expect((await fetch(`${district.service.url}/readyz`)).status).toBe(200);
  });
});
