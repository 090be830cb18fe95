/**
 * What takes hold of a service without asking much of it, in a process of its own: bodies sent a byte at a time, answers
 * that are not read, WebSockets of a foreign page, a large file. Each kind comes from one address. Whatever the service
 * closes is opened again, half a second later, until the process that started this one lets go of it.
 */
import { connect, type Socket } from "node:net";
import WebSocket from "ws";
import { BOUNDS } from "../../src/imports/reading/bounds.js";

export interface Burdens {
  url: string;
  slowSenders: number;
  slowReaders: number;
  sockets: number;
  /** Of a file sent whole; 0 for none. */
  importBytes: number;
  readerKey: string;
  importerKey: string;
  /** Code of the region its rows lie in. */
  importRegion: string;
  /** Asked for by those who do not read. */
  largeBody: string;
}

/** What was held at the same time, at most. */
export interface Held {
  slowSenders: number;
  slowReaders: number;
  sockets: number;
  importStatus: string;
}

const AGAIN_MS = 500;
const BYTE_EVERY_MS = 2_000;
const ADDRESSES = { slowSenders: "127.0.3.1", slowReaders: "127.0.3.2", sockets: "127.0.3.3", import: "127.0.3.4" } as const;

const now = { slowSenders: 0, slowReaders: 0, sockets: 0 };
const held: Held = { slowSenders: 0, slowReaders: 0, sockets: 0, importStatus: "—" };
type Kind = keyof typeof now;
const take = (kind: Kind) => (held[kind] = Math.max(held[kind], (now[kind] += 1)));

/** Keeps one connection of a kind, for as long as this process lives. */
function keepOne(kind: "slowSenders" | "slowReaders", port: number, begin: (socket: Socket) => void) {
  const socket = connect({ port, host: "127.0.0.1", localAddress: ADDRESSES[kind] });
  let open = false;
  socket.on("connect", () => {
    open = true;
    take(kind);
    begin(socket);
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    if (open) now[kind] -= 1;
    setTimeout(() => keepOne(kind, port, begin), AGAIN_MS);
  });
}

function slowSender(socket: Socket) {
  socket.write("POST /graphql HTTP/1.1\r\nhost: service\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{");
  const timer = setInterval(() => socket.write(" "), BYTE_EVERY_MS);
  socket.on("close", () => clearInterval(timer));
  socket.resume();
}

const slowReader = (key: string, body: string) => (socket: Socket) => {
  socket.pause();
  socket.write(`POST /graphql HTTP/1.1\r\nhost: service\r\ncontent-type: application/json\r\nauthorization: Bearer ${key}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
};

/**
 * A service that looks at origins refuses these: what they cost then are the handshakes, and none is held. The page tries
 * again as the usual client of the protocol does, after a second, two, four, and some chance.
 */
function foreignSocket(url: string, attempt = 0) {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/graphql`, "graphql-transport-ws", { origin: "https://foreign.example", localAddress: ADDRESSES.sockets });
  let open = false;
  socket.on("open", () => {
    open = true;
    take("sockets");
    socket.send('{"type":"connection_init"}');
    for (let number = 0; number < 20; number += 1) socket.send(JSON.stringify({ id: String(number), type: "subscribe", payload: { query: "subscription{layerChanged{layer}}" } }));
  });
  socket.on("error", () => undefined);
  socket.on("close", () => {
    if (open) now.sockets -= 1;
    setTimeout(() => foreignSocket(url, open ? 0 : attempt + 1), 1_000 * 2 ** attempt + 300 + Math.random() * 2_700);
  });
}

/** Rows as an import of dams has them, as many as a file may have; dry, so that the register is left as it is. */
function sendFile(port: number, key: string, region: string, bytes: number) {
  const remark = "x".repeat(Math.ceil(bytes / BOUNDS.rows));
  const row = (number: number) => `${number},N,坝 ${number},X,甲,106.6,29.7,${remark}\n`;
  const socket = connect({ port, host: "127.0.0.1", localAddress: ADDRESSES.import });
  socket.on("error", () => undefined);
  socket.once("data", (chunk: Buffer) => (held.importStatus = chunk.toString("latin1", 9, 12)));
  socket.on("close", () => {
    if (held.importStatus === "—") held.importStatus = "broken";
  });
  socket.write(`POST /imports/us-nid-dams?mode=DRY_RUN&datum=WGS84&region=${region} HTTP/1.1\r\nhost: service\r\nauthorization: Bearer ${key}\r\ncontent-length: ${bytes}\r\n\r\n`);
  const heading = "recordid,nidid,dam_name,state,county,longitude,latitude,remark\n";
  let left = bytes;
  let number = 0;
  const more = () => {
    while (left > 0 && !socket.destroyed) {
      let part = number === 0 ? heading : "";
      while (part.length < 64 * 1_024) part += row((number += 1));
      const chunk = Buffer.from(part).subarray(0, left);
      left -= chunk.length;
      if (!socket.write(chunk)) return void socket.once("drain", more);
    }
  };
  more();
}

process.on("message", (burdens: Burdens | "tell") => {
  if (burdens === "tell") return void process.send!(held);
  const port = Number(new URL(burdens.url).port);
  for (let number = 0; number < burdens.slowSenders; number += 1) keepOne("slowSenders", port, slowSender);
  for (let number = 0; number < burdens.slowReaders; number += 1) keepOne("slowReaders", port, slowReader(burdens.readerKey, burdens.largeBody));
  for (let number = 0; number < burdens.sockets; number += 1) foreignSocket(burdens.url);
  if (burdens.importBytes > 0) sendFile(port, burdens.importerKey, burdens.importRegion, burdens.importBytes);
});
process.on("disconnect", () => process.exit(0));
