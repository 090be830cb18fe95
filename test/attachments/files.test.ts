import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { byteRange } from "../../src/attachments/byte-range.js";
import { FileStore } from "../../src/attachments/file-store.js";
import { Attachment } from "../../src/attachments/attachment.js";
import { citationsOf } from "../../src/platform/entity/entity.js";
import { deedsIn } from "../support/deeds.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const { done, refused } = deedsIn(district);
const hashOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const directory = () => join(district.database.config.dataDir, "files");
const pathOf = (bytes: Buffer) => join(directory(), hashOf(bytes).slice(0, 2), hashOf(bytes));
const leftovers = () => readdirSync(join(directory(), "incoming"));

const prepare = async (by: string, bytes: Buffer, more: Record<string, unknown> = {}): Promise<string> =>
  (await done("attachmentPrepare", { by, input: { sha256: hashOf(bytes), mediaType: "image/jpeg", fileName: "照片 1.jpg", sizeBytes: bytes.length, ...more } })).id;

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** A request as it is, by its own connection. */
function send(by: string, method: string, id: string, { headers = {}, chunks, cutOff = false }: { headers?: Record<string, string>; chunks?: readonly Buffer[]; cutOff?: boolean } = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(`${district.service.url}/files/${id}`, { method, agent: false, headers: { ...district.headers(by), ...headers } }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part)).on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }));
    });
    sent.on("error", reject);
    for (const chunk of chunks ?? []) sent.write(chunk);
    if (cutOff) setTimeout(() => sent.destroy(), 100);
    else sent.end();
  });
}

const put = (by: string, id: string, bytes: Buffer) => send(by, "PUT", id, { headers: { "content-length": String(bytes.length) }, chunks: [bytes] });
const stored = async (by: string, bytes: Buffer, more: Record<string, unknown> = {}): Promise<string> => {
  const id = await prepare(by, bytes, more);
  expect((await put(by, id, bytes)).status).toBe(204);
  return id;
};
const danger = (by: string, more: Record<string, unknown>) => done("hiddenDangerRegister", { by, input: { subject: district.sites[0], title: "示例隐患", discoverySource: "SELF_CHECK", grade: "GENERAL", ...more } });
const opened = async (by: string, id: string, way: "compiled" | "plain" = "compiled") => (await district.as(by, way).ask("query($id:ID!){node(id:$id){...on Attachment{fileName sha256}}}", { id })).node;

describe("an attachment", () => {
  const bytes = randomBytes(2_000);
  let id: string;
  beforeAll(async () => void (id = await stored("street", bytes)));
  const OTHERS = ["office", "neighbour", "enterprise", "auditor", "system_admin", "security_admin", "nobody"];

  test("that nothing cites is seen by who prepared it and opens to nobody else", async () => {
    for (const way of ["compiled", "plain"] as const) {
      expect(await opened("street", id, way)).toMatchObject({ fileName: "照片 1.jpg" });
      for (const by of OTHERS) expect([by, await opened(by, id, way)]).toEqual([by, null]);
    }
    for (const by of OTHERS) expect([by, (await send(by, "GET", id)).status]).toEqual([by, by === "nobody" ? 401 : 404]);
  });

  test("of another's is no evidence of one's own: it is refused as one that is not there", async () => {
    const input = { subject: district.sites[0], title: "示例", discoverySource: "SELF_CHECK", grade: "GENERAL", evidence: [id] };
    for (const by of ["enterprise", "office"]) expect(await refused("hiddenDangerRegister", { by, input })).toMatchObject({ code: "NOT_FOUND", entity: "Attachment", field: "input.evidence.0" });
  });

  test("that is cited is seen by who sees what cites it, then and as of that instant, and by no administrator", async () => {
    const before = new Date().toISOString();
    await pause(20);
    await danger("street", { evidence: [id] });
    for (const way of ["compiled", "plain"] as const) {
      for (const by of ["office", "enterprise", "auditor"]) expect([by, await opened(by, id, way)]).toEqual([by, { fileName: "照片 1.jpg", sha256: hashOf(bytes) }]);
      for (const by of ["neighbour", "stranger", "system_admin", "security_admin", "nobody"]) expect([by, await opened(by, id, way)]).toEqual([by, null]);
    }
    expect((await district.as("office").ask(`query($id:ID!)@asOf(recorded:"${before}"){node(id:$id){id}}`, { id })).node).toBeNull();
    for (const by of ["office", "enterprise", "auditor"]) expect((await send(by, "GET", id)).body.equals(bytes)).toBe(true);
    for (const by of ["neighbour", "stranger", "system_admin", "security_admin"]) expect((await send(by, "GET", id)).status).toBe(404);
    // Who sees it may cite it in turn.
    expect(await danger("enterprise", { evidence: [id] })).toMatchObject({ version: 1 });
  });

  test("is found cited by every relation that is declared", () => {
    expect(citationsOf(Attachment).map(([from]) => from.name).toSorted()).toEqual(expect.arrayContaining(["HiddenDangerEvidence"]));
    expect(citationsOf(Attachment).length).toBeGreaterThanOrEqual(3);
  });
});

describe("its bytes, got back,", () => {
  const bytes = randomBytes(300_000);
  const etag = `"${hashOf(bytes)}"`;
  let id: string;
  beforeAll(async () => void (id = await stored("street", bytes)));

  test("are what was sent, as their own declared type and nothing else, in a page where nothing runs", async () => {
    const { status, headers, body } = await send("street", "GET", id);
    expect(status).toBe(200);
    expect(body.equals(bytes)).toBe(true);
    expect(headers).toMatchObject({
      "content-type": "image/jpeg", "content-length": "300000", etag, "accept-ranges": "bytes", "x-content-type-options": "nosniff", "cache-control": "private, no-cache",
      "content-disposition": "inline; filename=\"__ 1.jpg\"; filename*=UTF-8''%E7%85%A7%E7%89%87%201.jpg",
    });
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*sandbox/);
  });

  test("are told of without being sent, and not sent again to who has them", async () => {
    const head = await send("street", "HEAD", id);
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([200, "300000", 0]);
    for (const told of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const answer = await send("street", "GET", id, { headers: { "if-none-match": told } });
      expect([answer.status, answer.body.length, answer.headers.etag]).toEqual([304, 0, etag]);
    }
    expect((await send("street", "GET", id, { headers: { "if-none-match": '"other"' } })).status).toBe(200);
    expect((await send("neighbour", "GET", id, { headers: { "if-none-match": etag } })).status).toBe(404);
  });

  test("are sent in part, as a player or a broken download asks", async () => {
    for (const [range, from, to] of [["bytes=0-0", 0, 1], ["bytes=100-199", 100, 200], ["bytes=299990-", 299_990, 300_000], ["bytes=-10", 299_990, 300_000], ["bytes=0-999999999", 0, 300_000]] as const) {
      const { status, headers, body } = await send("street", "GET", id, { headers: { range } });
      expect([range, status, headers["content-range"]]).toEqual([range, 206, `bytes ${from}-${to - 1}/300000`]);
      expect(body.equals(bytes.subarray(from, to))).toBe(true);
    }
    for (const range of ["bytes=5-2", "bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=a-b"]) expect([range, (await send("street", "GET", id, { headers: { range } })).status]).toEqual([range, 200]);
    const beyond = await send("street", "GET", id, { headers: { range: "bytes=300000-" } });
    expect([beyond.status, beyond.headers["content-range"]]).toEqual([416, "bytes */300000"]);
    expect((await send("street", "GET", id, { headers: { range: "bytes=0-9", "if-range": etag } })).status).toBe(206);
    expect((await send("street", "GET", id, { headers: { range: "bytes=0-9", "if-range": '"other"' } })).status).toBe(200);
    expect(byteRange("bytes=-0", 5)).toBe("unsatisfiable");
  });

  test("are shown in place only of types that are safe to show", async () => {
    const of = async (mediaType: string) => (await send("street", "HEAD", await stored("street", randomBytes(10), { mediaType, fileName: "a\"b\r\n';.bin" }))).headers;
    expect(await of("text/plain")).toMatchObject({ "content-type": "text/plain; charset=utf-8", "content-disposition": expect.stringMatching(/^inline; filename="a_b__';.bin"; filename\*=UTF-8''a%22b%0D%0A%27%3B.bin$/) });
    expect((await of("application/pdf"))["content-disposition"]).toMatch(/^inline;/);
    expect(await of("video/mp4")).toMatchObject({ "content-type": "video/mp4", "content-disposition": expect.stringMatching(/^attachment;/) });
  });

  test("that were never sent are told as missing", async () => {
    const { status, body } = await send("street", "GET", await prepare("street", randomBytes(10)));
    expect(status).toBe(422);
    expect(JSON.parse(body.toString())).toMatchObject({ errors: [{ extensions: { code: "EVIDENCE_MISSING" } }] });
  });

  test("that are lost or no longer whole are not passed off as them", async () => {
    const damaged = randomBytes(5_000);
    const damagedId = await stored("street", damaged);
    truncateSync(pathOf(damaged), 4_999);
    const told = async () => {
      const { status, body } = await send("street", "GET", damagedId);
      return [status, (JSON.parse(body.toString()) as { errors: { extensions: { code: string } }[] }).errors[0]!.extensions.code];
    };
    expect(await told()).toEqual([500, "FILE_LOST"]);
    unlinkSync(pathOf(damaged));
    expect(await told()).toEqual([500, "FILE_LOST"]);
    // Sent once more they are whole again.
    expect((await put("street", damagedId, damaged)).status).toBe(204);
    expect((await send("street", "GET", damagedId)).body.equals(damaged)).toBe(true);
  });
});

describe("the bytes of a prepared attachment, sent,", () => {
  test("fifty times at once are one file, and each sender is told so", async () => {
    const bytes = randomBytes(200_000);
    const id = await prepare("street", bytes);
    const other = await prepare("office", bytes);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => (index % 2 ? put("street", id, bytes) : put("office", other, bytes))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([204]));
    expect(readFileSync(pathOf(bytes)).equals(bytes)).toBe(true);
    expect(readdirSync(join(directory(), hashOf(bytes).slice(0, 2))).filter((name) => name.startsWith(hashOf(bytes)))).toEqual([hashOf(bytes)]);
    expect(leftovers()).toEqual([]);
  });

  test("in pieces of unknown number are taken, up to what was stated and no further", async () => {
    const bytes = randomBytes(3_000_000);
    const pieces = Array.from({ length: 30 }, (_, index) => bytes.subarray(index * 100_000, (index + 1) * 100_000));
    expect((await send("street", "PUT", await prepare("street", bytes), { chunks: pieces })).status).toBe(204);
    const id = await prepare("street", randomBytes(1_000));
    // A sender that does not stop may meet a closed connection before it reads the answer.
    const answer = await send("street", "PUT", id, { chunks: [randomBytes(999), randomBytes(2)] });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ errors: [{ extensions: { code: "INVALID_INPUT", field: "body", actual: { sizeBytes: 1_001 } } }] });
    expect(leftovers()).toEqual([]);
  });

  test("that are others than stated leave nothing behind", async () => {
    const [bytes, others] = [randomBytes(1_000), randomBytes(1_000)];
    const id = await prepare("street", bytes);
    expect((await put("street", id, others)).status).toBe(400);
    expect((await put("street", id, others.subarray(1))).status).toBe(400);
    expect([existsSync(pathOf(bytes)), existsSync(pathOf(others))]).toEqual([false, false]);
    for (const by of ["office", "neighbour"]) expect((await put(by, id, bytes)).status).toBe(404);
    expect((await put("nobody", id, bytes)).status).toBe(401);
    expect(leftovers()).toEqual([]);
  });

  test("and cut off in the middle leave nothing behind, and can be sent again", async () => {
    const bytes = randomBytes(100_000);
    const id = await prepare("street", bytes);
    await expect(send("street", "PUT", id, { headers: { "content-length": "100000" }, chunks: [bytes.subarray(0, 50_000)], cutOff: true })).rejects.toThrow(/hang up|ECONNRESET/);
    for (let tries = 0; tries < 50 && leftovers().length > 0; tries += 1) await pause(50);
    expect(leftovers()).toEqual([]);
    expect((await put("street", id, bytes)).status).toBe(204);
  });

  test("are asked for with evidence before they are there: refused", async () => {
    expect(await refused("hiddenDangerRegister", { by: "street", input: { subject: district.sites[0], title: "示例", discoverySource: "SELF_CHECK", grade: "GENERAL", evidence: [await prepare("street", randomBytes(10))] } })).toMatchObject({ code: "EVIDENCE_MISSING" });
  });
});

test("what a process killed in the middle left is removed at the next start, and what another is receiving is not", async () => {
  const own = join(district.database.config.dataDir, "files-of-a-start");
  mkdirSync(join(own, "incoming"), { recursive: true });
  for (const name of ["old.part", "new.part"]) writeFileSync(join(own, "incoming", name), "half");
  const hourAgo = new Date(Date.now() - 3_600_000);
  utimesSync(join(own, "incoming", "old.part"), hourAgo, hourAgo);
  await new FileStore(own).prepare();
  expect(readdirSync(join(own, "incoming"))).toEqual(["new.part"]);
});
