import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { startService, type Service } from "../../../src/app.js";
import { ClientAddresses, householdOf } from "../../../src/platform/http/client-address.js";
import { inUnit, lane } from "../../support/database.js";
import { useDistrict } from "../../support/district.js";
import { pause, RawConnection, timed } from "../../support/raw.js";

const district = useDistrict();
const MODERN = "application/graphql-response+json";
const CLASSIC = "application/json";

/** A POST to /graphql as a client would make it that names what it accepts. */
async function post(body: unknown, { accept = MODERN, authorization, url = district.service.url }: { accept?: string; authorization?: string | undefined; url?: string } = {}) {
  const response = await fetch(`${url}/graphql`, { method: "POST", headers: { "content-type": "application/json", accept, ...(authorization ? { authorization } : {}) }, body: JSON.stringify(body) });
  const told = (await response.json()) as { data?: unknown; errors?: { extensions: Record<string, unknown> }[] };
  return { status: response.status, headers: response.headers, code: told.errors?.[0]?.extensions["code"], told };
}

// What takes its time goes on beside the other tests.
let phone: Promise<{ ms: number; status: number | undefined }>;
let readers: Promise<{ whole: number; stopped: RawConnection; steady: RawConnection }>;
beforeAll(() => {
  phone = sendByPhone();
  readers = readSlowly();
  for (const going of [phone, readers]) going.catch(() => undefined);
});

async function sendByPhone() {
  const content = Buffer.alloc(1_800_000, "x");
  const street = district.as("street");
  const prepared = await street.ask("mutation($k:String!,$i:AttachmentPrepareInput!){attachmentPrepare(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { sha256: createHash("sha256").update(content).digest("hex"), mediaType: "text/plain", fileName: "x.txt", sizeBytes: content.length } });
  const raw = new RawConnection(district.service.url).send(`PUT /files/${prepared.attachmentPrepare.id} HTTP/1.1\r\nHost: x\r\nAuthorization: ${street.authorization}\r\nContent-Length: ${content.length}\r\n\r\n`);
  const { ms } = await timed(async () => {
    for (let at = 0; at < content.length; at += 10_000) {
      raw.send(content.subarray(at, at + 10_000));
      await pause(100);
    }
  });
  const status = await raw.answered();
  raw.end();
  return { ms, status };
}

/** Two who ask for more than the system takes on its way: one reads nothing, one a little again and again. */
async function readSlowly() {
  const { byteLength } = await (await fetch(`${district.service.url}/schema.graphql`)).arrayBuffer();
  const times = Math.ceil(24_000_000 / byteLength);
  const ask = () => {
    const raw = new RawConnection(district.service.url).send("GET /schema.graphql HTTP/1.1\r\nHost: x\r\n\r\n".repeat(times));
    raw.socket.pause();
    return raw;
  };
  const stopped = ask();
  const steady = ask();
  const taking = setInterval(() => {
    steady.socket.resume();
    setImmediate(() => steady.socket.pause());
  }, 250);
  await pause(21_000);
  clearInterval(taking);
  stopped.socket.resume();
  steady.socket.resume();
  const whole = times * byteLength;
  const until = Date.now() + 10_000;
  while (Date.now() < until && (steady.received.length < whole || !stopped.closed)) await pause(50);
  stopped.end();
  steady.end();
  return { whole, stopped, steady };
}

describe("an address", () => {
  test.each(["//", "/\\", "//graphql", "/\\evil.example/graphql", "*", "http://", "///", "//[", "/\u0001"])("%j that is none is refused with 400, plain or as an upgrade, and the service lives", async (address) => {
    for (const upgrade of ["", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"]) {
      const raw = new RawConnection(district.service.url).send(`GET ${address} HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`);
      expect(await raw.answered()).toBe(400);
      raw.end();
    }
    expect((await fetch(`${district.service.url}/livez`)).status).toBe(200);
  });

  test("in the form proxies use is the same address", async () => {
    const raw = new RawConnection(district.service.url).send(`GET ${district.service.url}/schema.graphql HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await raw.answered()).toBe(200);
    raw.end();
  });
});

describe("a client's fault is told as the client's, whatever it accepts", () => {
  test.each([MODERN, CLASSIC, "*/*"])("by %s", async (accept) => {
    const { authorization } = district.as("office");
    const ask = (query: string, variables?: unknown, key = authorization) => post({ query, variables }, { accept, authorization: key });
    for (const after of ["nonsense", "eyJ9", "x".repeat(3_000)]) {
      const { status, code } = await ask("query($a:String){risks(first:1,after:$a){nodes{id}}}", { a: after });
      expect([code, status]).toEqual(["INVALID_INPUT", 400]);
    }
    expect(await ask(`{${Array.from({ length: 19 }, (_, n) => `a${n}: riskCounts(by:[]) { count }`).join(" ")} ${Array.from({ length: 9 }, (_, n) => `b${n}: riskFeatures(first: 5000)`).join(" ")}}`)).toMatchObject({ status: 400, code: "TOO_COSTLY" });
    expect(await ask('query @asOf(recorded: "1990-01-01") { risks(first: 1) { nodes { id } } }')).toMatchObject({ status: 400, code: "AS_OF_BEFORE_HISTORY" });
    expect(await ask("subscription { layerChanged { layer } }")).toMatchObject({ status: 400, code: "INVALID_INPUT" });
    for (const key of ["Bearer nonsense", "Bearer", "Basic eDp5", "Bearer ytb_000000000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", `${authorization}x`, "x".repeat(5_000)]) {
      const { status, code, headers } = await ask("{ risks(first: 1) { nodes { id } } }", undefined, key);
      expect([status, code, headers.get("www-authenticate")]).toEqual([401, "UNAUTHENTICATED", "Bearer"]);
    }
  });

  test("a revoked and an expired key are told 401 a few seconds later", async () => {
    await district.admit("leaving", "AUDITOR", "yubei");
    const { authorization } = district.as("leaving");
    expect((await post({ query: "{ risks(first: 1) { nodes { id } } }" }, { authorization })).status).toBe(200);
    const { id } = await district.actor("leaving");
    await inUnit(district.database.engine, (client) => client.query("update api_keys set revoked_at = now() where principal_id = $1", [id]));
    await pause(3_100);
    expect(await post({ query: "{ risks(first: 1) { nodes { id } } }" }, { authorization, accept: CLASSIC })).toMatchObject({ status: 401, code: "UNAUTHENTICATED" });
  });
});

describe("nobody without a key", () => {
  test("makes the database write: a refused action leaves no row in the audit, and costs", async () => {
    const count = async () => (await district.database.engine.pool.query("select count(*)::int as n from audit_events where actor_kind = 'PUBLIC'")).rows[0] as { n: number };
    const before = await count();
    const query = 'mutation { riskReturn(idempotencyKey: "kkkkkkkk", id: "Risk_00000000-0000-0000-0000-000000000000", expectedVersion: 1, input: { reason: "x" }) { id } }';
    for (let n = 0; n < 20; n += 1) expect((await post({ query })).code).toBe("UNAUTHENTICATED");
    expect(await count()).toEqual(before);
    // A key that may not is in the audit as ever.
    const events = async () => (await district.database.engine.pool.query("select count(*)::int as n from audit_events where outcome = 'DENIED'")).rows[0] as { n: number };
    const { n } = await events();
    await post({ query }, { authorization: district.as("system_admin").authorization });
    expect((await events()).n).toBe(n + 1);
  });

  test("takes more than the rate of an address: 429 with when to come again, and keys of the same address go on", async () => {
    const tight = await district.start(district.database.engine, true, { ratePerPublic: 5 });
    try {
      const query = "{ regions(first: 20) { totalCount nodes { id } } }";
      const answers = await Promise.all(Array.from({ length: 30 }, () => post({ query }, { url: tight.url })));
      const refused = answers.filter(({ status, headers }) => status === 429 && headers.has("ratelimit-policy"));
      expect(refused.length).toBeGreaterThan(10);
      expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
      expect(refused[0]).toMatchObject({ code: "RATE_LIMITED" });
      expect(Number(refused[0]!.headers.get("retry-after"))).toBeGreaterThan(0);
      expect(refused[0]!.headers.get("ratelimit-policy")).toBe('"cost";q=5;w=1');
      expect(refused[0]!.told.errors![0]!.extensions["retryable"]).toBe(true);
      // Trying keys is paid from the same bucket, before the database is asked; one that was good before pays nothing.
      const { authorization } = district.as("office");
      expect((await post({ query }, { url: tight.url, authorization: "Bearer ytb_0123456789ab.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" })).status).toBe(429);
      await pause(6_000);
      expect((await post({ query }, { url: tight.url, authorization })).status).toBe(200);
      await Promise.all(Array.from({ length: 30 }, () => post({ query }, { url: tight.url })));
      expect((await post({ query }, { url: tight.url, authorization })).status).toBe(200);
    } finally {
      await tight.close();
    }
  }, 30_000);
});

describe("places", () => {
  test("are for work: three hundred half-sent bodies keep nobody waiting, health least of all, and are let go in the end", async () => {
    const slow = Array.from({ length: 300 }, () => new RawConnection(district.service.url).send("POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"));
    const trickle = setInterval(() => slow.forEach((raw) => raw.send(" ")), 500);
    try {
      await pause(1_500);
      const { authorization } = district.as("office");
      const query = "{ regions(first: 1) { nodes { id } } }";
      const innocent = await Promise.all(Array.from({ length: 20 }, () => timed(() => post({ query }, { authorization }))));
      expect(innocent.map(({ result }) => result.status)).toEqual(innocent.map(() => 200));
      expect((await post({ query })).status).toBe(200);
      for (const path of ["/livez", "/readyz"]) {
        const { ms, result } = await timed(() => fetch(`${district.service.url}${path}`));
        expect(result.status).toBe(200);
        expect(ms).toBeLessThan(1_000);
      }
      // Of one address only so many are kept; the slowest gave way with 408 or were refused.
      expect(slow.filter(({ status }) => status !== undefined).length).toBeGreaterThan(200);
      await pause(11_500);
      expect(slow.filter(({ status, closed }) => status === undefined && !closed)).toEqual([]);
      expect(new Set(slow.map(({ status }) => status))).toEqual(new Set([408, 429]));
    } finally {
      clearInterval(trickle);
      slow.forEach((raw) => raw.end());
    }
  }, 40_000);

  test("a body that comes steadily may take longer than any limit of time: a phone's evidence at a hundred kilobytes a second", async () => {
    const { ms, status } = await phone;
    expect(ms).toBeGreaterThan(16_000);
    expect(status).toBe(204);
  }, 60_000);

  test("a refused small body leaves its connection open for the next request, a large one does not", async () => {
    const head = (length: number) => `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n`;
    const raw = new RawConnection(district.service.url).send(head(5_000));
    expect(await raw.answered()).toBe(415);
    expect(raw.received).not.toMatch(/connection: close/i);
    raw.received = "";
    raw.send(`${"x".repeat(5_000)}GET /livez HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(await raw.answered()).toBe(200);
    raw.end();
    const large = new RawConnection(district.service.url).send(head(200_000));
    expect(await large.answered()).toBe(415);
    expect(large.received).toMatch(/connection: close/i);
    large.end();
    // The rest of a refused body that never comes holds no connection.
    const idle = new RawConnection(district.service.url).send(head(5_000));
    expect(await idle.answered()).toBe(415);
    await pause(2_600);
    expect(idle.closed).toBe(true);
  });
});

describe("many at once of what is heavy", () => {
  // One that takes a second; the service's own statements are short.
  test("by the public leaves a share to keys, and by one key to the others", async () => {
    if (lane !== "postgresql") return;
    const service: Service = await startService({ host: "127.0.0.1", port: 0, dataDir: district.database.config.dataDir, databaseUrl: undefined, demo: false, poolSize: 4, deadlineMs: 8_000, compileReads: true, limits: { queueMs: 500 } }, { ...district.database.engine, close: () => Promise.resolve() });
    const { pool } = district.database.engine;
    const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
    // Every list of enterprises is slow, as if there were millions.
    pool.query = (async (...args: unknown[]) => {
      const [first] = args as [{ text?: string } | string];
      const text = typeof first === "string" ? first : (first.text ?? "");
      if (/from enterprises/.test(text)) await query("select pg_sleep(1)");
      return query(...args);
    }) as typeof pool.query;
    try {
      const heavy = (authorization?: string) => Array.from({ length: 24 }, () => timed(() => post({ query: "{ enterprises(first: 1) { totalCount } }" }, { url: service.url, authorization })));
      const light = (authorization: string | undefined) => timed(() => post({ query: "{ regions(first: 1) { nodes { id } } }" }, { url: service.url, authorization }));
      const office = district.as("office").authorization;
      const auditor = district.as("auditor").authorization;
      for (const flooding of [undefined, auditor]) {
        await light(office);
        const flood = heavy(flooding);
        await pause(150);
        for (let n = 0; n < 5; n += 1) {
          const { ms, result } = await light(office);
          expect(result.status).toBe(200);
          expect(ms).toBeLessThan(400);
        }
        const answers = await Promise.all(flood);
        const refused = answers.filter(({ result }) => result.status !== 200);
        expect(refused.length).toBeGreaterThan(8);
        for (const { ms, result } of refused) {
          expect([429, 503]).toContain(result.status);
          expect(Number(result.headers.get("retry-after"))).toBeGreaterThan(0);
          expect(ms).toBeLessThan(1_500);
        }
      }
    } finally {
      pool.query = query as typeof pool.query;
      await service.close();
    }
  }, 30_000);
});

describe("who takes an answer too slowly", () => {
  test("is let go after a while, and who takes it steadily is not", async () => {
    const { whole, stopped, steady } = await readers;
    expect(stopped.received.length).toBeLessThan(whole);
    expect(stopped.closed).toBe(true);
    expect(steady.received.length).toBeGreaterThan(whole);
  }, 60_000);
});

describe("a client's address", () => {
  const request = (remoteAddress: string, forwarded?: string) => ({ socket: { remoteAddress }, headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded } }) as never;

  test("is the connection's own unless a trusted proxy tells another, and nobody else's word is taken", () => {
    const none = new ClientAddresses();
    expect(none.of(request("::ffff:10.1.2.3", "1.1.1.1"))).toBe("10.1.2.3");
    const some = new ClientAddresses(["10.0.0.0/8", "2001:db8::/32"]);
    expect(some.of(request("192.0.2.1", "1.1.1.1"))).toBe("192.0.2.1");
    expect(some.of(request("10.1.2.3", "1.1.1.1"))).toBe("1.1.1.1");
    // What a client writes itself stands before what the proxy appended.
    expect(some.of(request("10.1.2.3", "6.6.6.6, 1.1.1.1, 10.9.9.9"))).toBe("1.1.1.1");
    expect(some.of(request("10.1.2.3", "nonsense, 10.9.9.9"))).toBe("10.9.9.9");
    expect(some.of(request("10.1.2.3", "1.1.1.1, nonsense"))).toBe("10.1.2.3");
    expect(some.of(request("10.1.2.3"))).toBe("10.1.2.3");
    expect(some.of(request("2001:db8::1", "::ffff:9.9.9.9"))).toBe("9.9.9.9");
  });

  test("of IPv6 stands for its /64", () => {
    expect(householdOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2::/64");
    expect(householdOf("2001:db8:1:2::1")).toBe(householdOf("2001:0db8:0001:0002:ffff::"));
    expect(householdOf("::1")).toBe("0:0:0:0::/64");
    expect(householdOf("fe80::1%eth0")).toBe("fe80:0:0:0::/64");
    expect(householdOf("192.0.2.7")).toBe("192.0.2.7");
  });
});
