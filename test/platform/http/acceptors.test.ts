import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Acceptors } from "../../../src/platform/http/acceptors.js";

const HANDLES = 16;
const MOST = 20;

describe("several handles on one queue of connections", () => {
  const server = createServer((_, response) => response.end("ok"));
  const acceptors = new Acceptors(server, MOST);
  const clients: Socket[] = [];
  let taken = 0;
  let port = 0;

  const came = async (count: number) => {
    for (let number = 0; number < count; number++) clients.push(connect(port, "127.0.0.1").on("error", () => undefined));
    await Promise.all(clients.map((client) => client.connecting && once(client, "connect")));
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  beforeAll(async () => {
    server.on("connection", () => taken++);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
    await acceptors.add(HANDLES - 1);
  });

  afterAll(() => clients.forEach((client) => client.destroy()));

  it("take as many connections in one turn of the event loop as there are handles", async () => {
    for (let number = 0; number < MOST; number++) clients.push(connect(port, "127.0.0.1").on("error", () => undefined));
    let most = 0;
    for (let turns = 0; turns < 200 && taken < MOST; turns++) {
      const before = taken;
      await turn();
      most = Math.max(most, taken - before);
    }
    expect(taken).toBe(MOST);
    expect(most).toBeGreaterThan(4);
  });

  it("hold to one limit together, and take new ones when old ones end", async () => {
    await came(30);
    await pause(100);
    expect(clients.filter((client) => !client.destroyed && !client.readableEnded)).toHaveLength(MOST);
    clients.splice(0).forEach((client) => client.destroy());
    await pause(100);
    await came(MOST);
    await pause(100);
    expect(clients.filter((client) => !client.destroyed && !client.readableEnded)).toHaveLength(MOST);
    expect(await (async () => {
      clients[0]!.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
      return String((await once(clients[0]!, "data"))[0]);
    })()).toMatch(/^HTTP\/1.1 200/);
  });

  it("are closed together: none takes connections any more, open ones end in their time", async () => {
    let closed = false;
    const closing = acceptors.close().then(() => (closed = true));
    await expect(once(connect(port, "127.0.0.1"), "connect")).rejects.toThrow("ECONNREFUSED");
    expect(closed).toBe(false);
    clients.splice(0).forEach((client) => client.destroy());
    await closing;
  });
});
