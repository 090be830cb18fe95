import { randomUUID } from "node:crypto";
import { request } from "node:http";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { WebSocket } from "ws";
import { Keys } from "../../src/auth/keys.js";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const query = async (sql: string, values: unknown[] = []) => (await district.database.engine.pool.query(sql, values)).rows as Record<string, unknown>[];
const keyOf = (name: string) => district.headers(name)["authorization"]!;
const prefixOf = (name: string) => /ytb_([0-9a-f]{12})/.exec(keyOf(name))![1]!;
const bind = (name: string, ranges: string[] | null) => inUnit(district.database.engine, (client) => client.query("update api_keys set ip_ranges = $2::cidr[] where prefix = $1", [prefixOf(name), ranges]));
/** Whether the key is one from that address, asked of a service that has not met it yet. */
const isKeyFrom = (name: string, address: string | undefined) =>
  new Keys(district.database.engine.pool).actorOf(keyOf(name), address).then(() => true, (fault: { code: string }) => {
    expect(fault.code).toBe("UNAUTHENTICATED");
    return false;
  });

describe("a key bound to ranges of addresses", () => {
  beforeAll(async () => {
    for (const name of ["bound", "here"]) await district.admit(name, "AUDITOR", "yubei");
    await bind("bound", ["10.0.0.0/8", "192.168.7.9", "2001:db8::/32"]);
    await bind("here", ["127.0.0.0/8", "::1"]);
  });

  test.each([
    ["10.255.3.4", true], ["11.0.0.1", false], ["9.255.255.255", false], ["192.168.7.9", true], ["192.168.7.10", false], ["::ffff:10.1.2.3", true], ["::FFFF:11.1.2.3", false],
    ["2001:db8::1", true], ["2001:db8:ffff::1%eth0", true], ["2001:db9::1", false], ["", false], [undefined, false], ["10.1.2.3, 11.1.1.1", false], ["nonsense", false],
  ])("is one from %s: %s", async (address, is) => {
    expect(await isKeyFrom("bound", address)).toBe(is);
  });

  test("is held to them each time, also where it was proven from another address a moment ago", async () => {
    const keys = new Keys(district.database.engine.pool);
    await keys.actorOf(keyOf("bound"), "10.0.0.1");
    await expect(keys.actorOf(keyOf("bound"), "127.0.0.1")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    await keys.actorOf(keyOf("bound"), "10.0.0.2");
  });

  test("and to none of them is a key from nowhere; without ranges it is one from everywhere", async () => {
    await district.admit("nowhere", "AUDITOR", "yubei");
    await bind("nowhere", []);
    expect(await isKeyFrom("nowhere", "127.0.0.1")).toBe(false);
    expect(await isKeyFrom("auditor", undefined)).toBe(true);
  });

  const basic = (name: string) => `Basic ${Buffer.from(`user:${keyOf(name).slice(7)}`).toString("base64")}`;
  test.each([
    ["POST", "/graphql"], ["GET", "/tiles/risks/12/3261/1711.mvt"], ["GET", "/ogc/collections"], ["GET", "/legends/risks.json"], ["GET", "/ledgers/hidden-dangers.csv"], ["PUT", `/files/Attachment_${randomUUID()}`], ["POST", "/imports/divisions"], ["POST", "/imports/ledgers"],
  ])("is refused from elsewhere, and taken from its own address, at %s %s", async (method, path) => {
    const status = async (headers: Record<string, string>) => {
      const response = await fetch(`${district.service.url}${path}`, { method, headers: { "content-type": path === "/graphql" ? "application/json" : "text/plain", ...headers }, ...(method === "GET" ? {} : { body: path === "/graphql" ? '{"query":"{recordExtent{recordedFrom}}"}' : "x" }) });
      return { status: response.status, text: await response.text() };
    };
    expect((await status({ authorization: keyOf("bound") })).text).toContain("UNAUTHENTICATED");
    expect((await status({ authorization: keyOf("here") })).text).not.toContain("UNAUTHENTICATED");
  });

  test.each(["/tiles/risks/12/3261/1711.mvt", "/ogc/collections", "/legends/risks.json"])("is the same key as a password at %s", async (path) => {
    const status = async (name: string) => (await fetch(`${district.service.url}${path}`, { headers: { authorization: basic(name) } })).status;
    expect([await status("bound"), (await status("here")) < 300]).toEqual([401, true]);
  });

  test("is refused by WebSocket, told at the handshake or when the connection begins", async () => {
    const answered = (name: string, told: boolean) =>
      new Promise<string>((resolve, reject) => {
        const socket = new WebSocket(`${district.service.url.replace("http", "ws")}/graphql`, "graphql-transport-ws", told ? {} : { headers: { authorization: keyOf(name) } });
        socket.on("error", reject);
        socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", ...(told ? { payload: { authorization: keyOf(name) } } : {}) })));
        socket.on("message", (data) => (resolve((JSON.parse(String(data)) as { type: string }).type), socket.terminate()));
        socket.on("close", (code) => resolve(String(code)));
      });
    for (const told of [true, false]) expect([await answered("bound", told), await answered("here", told)]).toEqual(["4401", "connection_ack"]);
  });
});

describe("the last use of a key", () => {
  test("is written once for many requests, beside them, and no act is made of it", async () => {
    const keys = new Keys(district.database.engine.pool);
    const lastUse = async (name: string) => (await query("select last_used_at as at from api_keys where prefix = $1", [prefixOf(name)]))[0]!["at"] as Date | null;
    const before = await query("select count(*)::integer as changes, (select count(*)::integer from audit_events) as acts from change_events");
    expect(await lastUse("sector")).toBeNull();
    for (let use = 0; use < 50; use += 1) await keys.actorOf(keyOf("sector"), "127.0.0.1");
    expect(await lastUse("sector")).toBeNull();
    const version = async () => (await query("select xmin::text as written from api_keys where prefix = $1", [prefixOf("sector")]))[0]!["written"];
    await keys.stop();
    const written = await version();
    expect(Math.abs((await lastUse("sector"))!.getTime() - Date.now())).toBeLessThan(30_000);
    await keys.stop();
    expect(await version()).toBe(written);
    // An older use told later by another node does not set it back.
    await inUnit(district.database.engine, (client) => client.query("update api_keys set last_used_at = '2099-06-01' where prefix = $1", [prefixOf("sector")]));
    await keys.actorOf(keyOf("sector"), "127.0.0.1");
    await keys.stop();
    expect((await lastUse("sector"))!.getFullYear()).toBe(2099);
    expect(await query("select count(*)::integer as changes, (select count(*)::integer from audit_events) as acts from change_events")).toEqual(before);
  });

  test("of a key that is refused is none", async () => {
    const keys = new Keys(district.database.engine.pool);
    await keys.actorOf(`${keyOf("street").slice(0, -3)}AAA`, "127.0.0.1").catch(() => undefined);
    await keys.actorOf(keyOf("bound"), "127.0.0.1").catch(() => undefined);
    await keys.stop();
    expect(await query("select prefix from api_keys where prefix = any($1) and last_used_at is not null", [[prefixOf("street"), prefixOf("bound")]])).toEqual([]);
  });
});

test("a prefix there is none of is looked up once for a while, requests at once ask once, and guesses push no known key out", async () => {
  const { pool } = district.database.engine;
  let asked = 0;
  const counted = Object.create(pool, { query: { value: (...given: unknown[]) => ((asked += 1), (pool.query as (...given: unknown[]) => unknown)(...given)) } }) as typeof pool;
  const keys = new Keys(counted);
  const guess = () => keys.actorOf(`Bearer ytb_${"0".repeat(12)}.${"A".repeat(43)}`, "127.0.0.1").then(() => "known", () => "unknown");
  expect(await Promise.all([guess(), guess(), guess()])).toEqual(["unknown", "unknown", "unknown"]);
  expect(await guess()).toBe("unknown");
  expect(asked).toBe(1);
  await keys.actorOf(keyOf("office"), "127.0.0.1");
  for (let prefix = 0; prefix < 6_000; prefix += 200) await Promise.all(Array.from({ length: 200 }, (_, at) => keys.actorOf(`Bearer ytb_${String(prefix + at).padStart(12, "0")}.${"A".repeat(43)}`, "127.0.0.1").catch(() => undefined)));
  const maps = ["known", "proven", "unknown", "asking"].map((name) => (keys as unknown as Record<string, Map<string, unknown>>)[name]!.size);
  expect(maps.every((size) => size <= 5_000)).toBe(true);
  expect(maps[0]).toBe(1);
});

test("the address is that of the socket, whatever a header says of it", async () => {
  const said = await new Promise<string>((resolve, reject) => {
    const sent = request(`${district.service.url}/graphql`, { method: "POST", headers: { "content-type": "application/json", authorization: keyOf("bound"), "x-forwarded-for": "10.0.0.1", forwarded: "for=10.0.0.1", "x-real-ip": "10.0.0.1" } }, (response) => {
      let text = "";
      response.on("data", (part) => (text += String(part)));
      response.on("end", () => resolve(text));
    });
    sent.on("error", reject);
    sent.end('{"query":"{recordExtent{recordedFrom}}"}');
  });
  expect(said).toContain("UNAUTHENTICATED");
});
