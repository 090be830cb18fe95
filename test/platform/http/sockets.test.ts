import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { WebSocket } from "ws";
import { startService } from "../../../src/app.js";
import { inUnit } from "../../support/database.js";
import { useDistrict } from "../../support/district.js";
import { pause } from "../../support/raw.js";

const district = useDistrict();
const opened: WebSocket[] = [];
afterEach(() => opened.splice(0).forEach((socket) => socket.terminate()));

interface Opened {
  socket: WebSocket;
  /** 101 where it is open, the refusal's status, or the code it was closed with. */
  outcome: () => number | undefined;
}

function open(url: string, headers: Record<string, string> = {}, authorization?: string): Opened {
  const socket = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws", { headers });
  opened.push(socket);
  let outcome: number | undefined;
  socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: authorization ? { authorization } : {} })));
  socket.on("message", (data: Buffer) => {
    if (data.toString().includes("connection_ack")) outcome = 101;
  });
  socket.on("unexpected-response", (_, response) => {
    outcome = response.statusCode;
    response.resume();
  });
  socket.on("error", () => undefined);
  socket.on("close", (code) => (outcome = outcome === undefined || outcome === 101 ? code : outcome));
  return { socket, outcome: () => outcome };
}

const settled = async (all: readonly Opened[]) => {
  for (let n = 0; n < 200 && all.some(({ outcome }) => outcome() === undefined); n += 1) await pause(20);
  return all.map(({ outcome }) => outcome());
};
const subscribe = { id: "1", type: "subscribe", payload: { query: "subscription { layerChanged { layer } }" } };

describe("WebSockets", () => {
  test("of one address without a key take some of the places, of one key too, and places are left for other keys", async () => {
    const { url } = district.service;
    const strangers = await settled(Array.from({ length: 230 }, () => open(url)));
    expect(strangers.filter((outcome) => outcome === 101)).toHaveLength(40);
    expect(strangers.filter((outcome) => outcome === 503)).toHaveLength(190);
    const auditor = district.as("auditor").authorization!;
    // A page tells its key once it is connected; where strangers fill its address, the key is known by the handshake.
    await district.as("auditor").ask("{ regions(first: 1) { nodes { id } } }");
    const own = await settled(Array.from({ length: 60 }, () => open(url, { authorization: auditor }, auditor)));
    expect(own.filter((outcome) => outcome === 101)).toHaveLength(40);
    await district.as("office").ask("{ regions(first: 1) { nodes { id } } }");
    const office = district.as("office").authorization!;
    expect(await settled([open(url, { authorization: office }, office)])).toEqual([101]);
    // What is closed is free again.
    opened.splice(0).forEach((socket) => socket.terminate());
    await pause(300);
    expect((await settled(Array.from({ length: 40 }, () => open(url)))).filter((outcome) => outcome === 101)).toHaveLength(40);
  }, 30_000);

  test("of pages are those of this service and of the origins allowed", async () => {
    const { url } = district.service;
    const host = new URL(url).host;
    const outcomes = await settled(["https://evil.example", `http://${host}`, "null", `https://${host}.evil.example`, "http://[", ""].map((origin) => open(url, origin ? { origin } : {})));
    expect(outcomes).toEqual([403, 101, 403, 403, 403, 101]);
    const service = await startService({ host: "127.0.0.1", port: 0, dataDir: district.database.config.dataDir, databaseUrl: undefined, demo: false, poolSize: 4, deadlineMs: 8_000, compileReads: true, corsOrigins: ["https://map.example"], publicBaseUrl: "https://register.example/base" }, { ...district.database.engine, close: () => Promise.resolve() });
    try {
      expect(await settled(["https://map.example", "https://register.example", "https://evil.example"].map((origin) => open(service.url, { origin })))).toEqual([101, 101, 403]);
    } finally {
      await service.close();
    }
  }, 30_000);

  test("hear what is wrong with a document as their own fault", async () => {
    const { socket } = open(district.service.url);
    const codes: unknown[] = [];
    socket.on("message", (data: Buffer) => {
      const { type, payload } = JSON.parse(data.toString()) as { type: string; payload?: { extensions: { code: string } }[] & { errors?: { extensions: { code: string } }[] } };
      // What is refused before a subscription begins is an error; of its variables, the first answer.
      if (type === "error" || type === "next") codes.push((payload?.errors ?? payload)?.[0]?.extensions.code);
      if (type !== "connection_ack") return;
      for (const [at, payload] of [{ query: "subscription {" }, { query: "subscription { nothing }" }, { query: "subscription($a:[String!]){layerChanged(layers:$a){layer}}", variables: { a: [null] } }, { query: "{ __typename }" }].entries()) socket.send(JSON.stringify({ id: String(at), type: "subscribe", payload }));
    });
    for (let n = 0; n < 100 && codes.length < 4; n += 1) await pause(20);
    expect(codes).toHaveLength(4);
    expect(codes).not.toContain("INTERNAL");
  });

  test("that say nothing, or too much, are closed", async () => {
    const { url } = district.service;
    const silent = new WebSocket(`${url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    opened.push(silent);
    const closed = new Promise<number>((resolve) => silent.on("close", resolve));
    const loud = open(url);
    await settled([loud]);
    loud.socket.send(JSON.stringify(subscribe));
    const ended = new Promise<number>((resolve) => loud.socket.on("close", resolve));
    for (let n = 0; n < 500; n += 1) loud.socket.send('{"type":"ping"}');
    expect(await ended).toBe(1008);
    expect(await closed).toBe(4408);
    expect((await fetch(`${url}/livez`)).status).toBe(200);
  }, 30_000);

  test("without a subscription are closed after a minute, those with one stay", async () => {
    const idle = open(district.service.url);
    const listening = open(district.service.url);
    await settled([idle, listening]);
    listening.socket.send(JSON.stringify(subscribe));
    await pause(1_200);
    const standing = Date.now.bind(Date);
    const ahead = jest.spyOn(Date, "now").mockImplementation(() => standing() + 61_000);
    try {
      for (let n = 0; n < 200 && idle.outcome() === 101; n += 1) await pause(20);
    } finally {
      ahead.mockRestore();
    }
    expect([idle.outcome(), listening.outcome()]).toEqual([4408, 101]);
  }, 30_000);

  test("hear nothing more once their key has expired", async () => {
    await district.admit("leaver", "AUDITOR", "yubei");
    const authorization = district.as("leaver").authorization!;
    const leaver = open(district.service.url, {}, authorization);
    const stayer = open(district.service.url, {}, district.as("auditor").authorization);
    const heard = { leaver: [] as string[], stayer: [] as string[] };
    const told = (data: Buffer) => data.toString();
    leaver.socket.on("message", (data: Buffer) => heard.leaver.push(told(data)));
    stayer.socket.on("message", (data: Buffer) => heard.stayer.push(told(data)));
    await settled([leaver, stayer]);
    for (const { socket } of [leaver, stayer]) socket.send(JSON.stringify(subscribe));
    await pause(1_500);
    await inUnit(district.database.engine, (client) => client.query("update api_keys set expires_at = now() where principal_id = (select id from principals where name = 'leaver')"));
    // What is known of a key is looked at again after three seconds.
    await pause(3_200);
    const before = heard.leaver.length;
    const { subjectUpdate } = await district.as("office").ask("mutation($k:String!,$id:ID!,$v:Int!){subjectUpdate(idempotencyKey:$k,id:$id,expectedVersion:$v,input:{name:\"改名场所\"}){id version}}", { k: district.key(), id: district.sites[0], v: (await district.as("office").ask("query($id:ID!){regulatedSubject(id:$id){version}}", { id: district.sites[0] })).regulatedSubject.version });
    expect(subjectUpdate.id).toBe(district.sites[0]);
    for (let n = 0; n < 300 && !heard.stayer.some((message) => message.includes('"layerChanged"')); n += 1) await pause(20);
    await pause(500);
    expect(heard.stayer.some((message) => message.includes('"layerChanged"'))).toBe(true);
    expect(heard.leaver.slice(before).filter((message) => message.includes('"layerChanged":{'))).toEqual([]);
    expect(leaver.outcome() !== 101 || heard.leaver.some((message) => message.includes("UNAUTHENTICATED"))).toBe(true);
  }, 30_000);
});
