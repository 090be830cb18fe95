import { readdirSync } from "node:fs";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { prepareImport } from "../../src/imports/import.file.js";
import { importCall } from "../../src/imports/import.service.js";
import { shippedMapping } from "../../src/imports/mappings.js";
import { useDistrict } from "../support/district.js";
import { fileOf, mappedOf, sheetsOf } from "../support/read-file.js";
import { workbook } from "../support/workbook.js";

const shared = (text: string) => [["xl/sharedStrings.xml", `<sst>${text}</sst>`]] as const;
/** Letters that do not compress: what swells a hundredfold is refused before it is unpacked. */
const noise = (letters: number) => {
  let state = 1;
  return Array.from({ length: letters }, () => ((state = (state * 48_271) % 2_147_483_647) % 36).toString(36)).join("");
};

/** The files by which one caller once held up all others, each with the bound it meets. */
const ATTACKS: readonly (readonly [what: string, bound: string, file: () => Buffer])[] = [
  ["a sheet of millions of empty rows behind a comment of noise", "rowElements", () => workbook(`<!--${noise(300_000)}-->${"<row/>".repeat(4_000_000)}`)],
  ["one shared string that hundreds of cells look up", "letters", () => workbook(`<row r="1">${'<c r="A1" t="s"><v>0</v></c>'.repeat(1_500)}</row>`, shared(`<si><t>${noise(99_000)}</t></si>`))],
  ["one shared string longer than any cell", "cellLetters", () => workbook(`<row r="1"><c r="A1" t="s"><v>0</v></c></row>`, shared(`<si><t>${noise(980_000)}</t></si>`))],
  ["elements within elements", "xmlDepth", () => workbook("<a>".repeat(100_000))],
  ["a table of more rows than a register has", "rows", () => Buffer.from(`a,b\n${"1,2\n".repeat(250_000)}`)],
  ["a record without end", "recordLetters", () => Buffer.from(`a,b\n"${noise(2_000_000)}`)],
  ["a row of a thousand columns and more", "columns", () => Buffer.from(`${"1,".repeat(2_000)}1\n`)],
  ["half a thousand columns without end", "cells", () => Buffer.from(`${"1,".repeat(499)}1\n`.repeat(10_100))],
];

describe("a file is refused by the bound it passes, soon, and nobody else waits for it", () => {
  for (const [what, bound, file] of ATTACKS)
    test(`${what}`, async () => {
      const bytes = file();
      // A suspicious measurement is taken again: the machine has other work.
      let longestMs = Infinity;
      for (let attempt = 0; attempt < 3 && longestMs > 100; attempt += 1) {
        const loop = monitorEventLoopDelay({ resolution: 5 });
        loop.enable();
        await expect(sheetsOf(bytes)).rejects.toMatchObject({ code: "FILE_DAMAGED", extensions: { reason: "LIMIT", bound, maximum: expect.any(Number), detail: { zh: expect.stringContaining("拆分") } } });
        loop.disable();
        longestMs = loop.max / 1e6;
      }
      expect(longestMs).toBeLessThan(100);
    });

  test("GeoJSON nested without end, and one that fills the heap", async () => {
    await expect(mappedOf(Buffer.from(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":${"[".repeat(200_000)}${"]".repeat(200_000)}},"geometry":null}]}`), { name: "f", target: "subject", sourceSystem: "t", layout: {}, key: ["a"], fields: { name: { column: "a" } } })).rejects.toMatchObject({ code: "FILE_DAMAGED", extensions: { reason: expect.stringMatching(/LIMIT|JSON_BROKEN/) } });
  });

  test("an honest file of many rows is read to its last", async () => {
    const rows = 100_000;
    const bytes = Buffer.from(`key,name,address\n${Array.from({ length: rows }, (_, index) => `${index},示例场所${index},示例路 ${index} 号`).join("\n")}\n`);
    const read = await mappedOf(bytes, { name: "f", target: "subject", sourceSystem: "t", layout: {}, key: ["key"], fields: { name: { column: "name" }, address: { column: "address" } } });
    expect(read).toHaveLength(rows);
    expect(read.at(-1)).toMatchObject({ line: rows + 1, externalId: String(rows - 1), values: { name: `示例场所${rows - 1}` } });
  });

  test("sixty thousand formatted blank rows are no rows, and no harm", async () => {
    const [sheet] = await sheetsOf(workbook(`<row r="1"><c r="A1"><v>1</v></c></row>${Array.from({ length: 60_000 }, (_, index) => `<row r="${index + 2}"><c r="A${index + 2}" s="1"/></row>`).join("")}`));
    expect(sheet!.rows).toHaveLength(1);
  });
});

describe("over HTTP", () => {
  const district = useDistrict();
  /** A request whose body is only begun, with what came of it. */
  const begun = (path: string, name: string, body: Buffer, whole = 10_000_000) => {
    const url = new URL(`${district.service.url}${path}`);
    let abort = () => {};
    const answer = new Promise<{ status: number; code: string; retryAfter: string | undefined }>((resolve, reject) => {
      const asking = httpRequest(url, { method: "POST", headers: { ...district.headers(name), "content-length": whole } }, (response: IncomingMessage) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += chunk.toString()));
        response.on("end", () => resolve({ status: response.statusCode!, code: (JSON.parse(text) as { errors: { extensions: { code: string } }[] }).errors[0]!.extensions.code, retryAfter: response.headers["retry-after"] }));
      });
      asking.on("error", reject);
      asking.write(body);
      abort = () => asking.destroy();
    });
    answer.catch(() => undefined);
    return { answer, abort: () => abort() };
  };
  const files = () => readdirSync(join(district.database.config.dataDir, "imports"), { recursive: true });

  test("a file is not read before its sender's role is known", async () => {
    for (const [path, name, status] of [
      ["/imports/divisions", "auditor", 403], ["/imports/divisions", "gis", 403], ["/imports/divisions", "integrator", 403], ["/imports/divisions", "nobody", 401], ["/imports/site-hidden-dangers", "gis", 403], ["/imports/site-hidden-dangers", "system_admin", 403],
      ["/imports/ledgers", "gis", 403], ["/imports/ledgers", "nobody", 401], ["/imports/no-such-mapping", "office", 404], ["/imports/us-nid-dams?region=500112004000", "office", 400], ["/imports/us-nid-dams?datum=WGS84&region=1", "office", 400], ["/imports/us-nid-dams?datum=WGS84&mode=X", "office", 400],
    ] as const)
      // Of the ten million bytes announced one came: whoever waited for the rest would not answer.
      expect({ path, name, ...(await begun(path, name, Buffer.from("P")).answer) }).toMatchObject({ path, name, status });
  });

  test("one file at a time: a second of the same principal is asked to wait, another's is taken", async () => {
    const path = "/imports/us-nid-dams?datum=WGS84&region=500112004000";
    const first = begun(path, "office", Buffer.from("recordid,dam_name\n"));
    await pause(200);
    const dams = Buffer.from("recordid,dam_name,county,longitude,latitude\n1,坝一,甲,106.6,29.7\n");
    expect(await begun(path, "office", dams, dams.length).answer).toMatchObject({ status: 409, code: "IMPORT_UNDER_WAY", retryAfter: "5" });
    expect((await district.as("integrator").post(path, dams)).status).toBe(200);
    first.abort();
    for (let waits = 0; waits < 100; waits += 1) {
      const again = await district.as("office").post(path, dams);
      if (again.status === 200) break;
      await pause(50);
    }
    expect((await district.as("office").post(path, dams)).body).toMatchObject({ rowsUnchanged: 1 });
    // What arrives is kept under no name.
    expect(files()).toEqual([]);
  });

  test("others are answered while a workbook of attack is read", async () => {
    const bytes = ATTACKS[0]![2]();
    let answered = 0;
    let reading = true;
    const asking = (async () => {
      while (reading) {
        await district.as("auditor").ask("{recordExtent{__typename}}");
        answered += 1;
        await pause(20);
      }
    })();
    const { status, body } = await district.as("office").post("/imports/site-hidden-dangers?region=500112004000", bytes);
    reading = false;
    await asking;
    expect({ status, ...body.errors[0].extensions }).toMatchObject({ status: 422, code: "FILE_DAMAGED", reason: "LIMIT", bound: "rowElements" });
    expect(answered).toBeGreaterThan(5);
  });

  test("a client that goes away ends the reading: what was written by then stands, the rest is not read", async () => {
    const rows = 6_000;
    const dams = Buffer.from(`recordid,dam_name,county,longitude,latitude\n${Array.from({ length: rows }, (_, index) => `gone${index},远去坝${index},甲,106.6,29.7`).join("\n")}\n`);
    const path = "/imports/us-nid-dams?datum=WGS84&region=500112004000";
    const sender = begun(path, "office", dams, dams.length);
    const count = async () => Number((await district.database.engine.pool.query("select count(*) as n from subjects where name like '远去坝%'")).rows[0].n);
    while ((await count()) === 0) await pause(50);
    sender.abort();
    // The sender's place is free again once the work has ended.
    while ((await district.as("office").post(path, Buffer.from("recordid,dam_name,county,longitude,latitude\n"))).status === 409) await pause(100);
    const written = await count();
    expect(written).toBeLessThan(rows);
    expect(written % 200).toBe(0);
    await pause(500);
    expect(await count()).toBe(written);
  });

  test("a file leaves its place while it is looked at, and after each batch that is written; not while it is one transaction", async () => {
    const dams = Buffer.from(`recordid,dam_name,county,longitude,latitude\n${Array.from({ length: 450 }, (_, n) => `way${n},让路坝${n},甲,106.6,29.7\n`).join("")}`);
    const asked = { mapping: await shippedMapping("us-nid-dams"), fileName: "dams.csv", datum: "WGS84", regionCode: "500112004000" };
    for (const [mode, ways] of [["DRY_RUN", 0], ["ALL_OR_NOTHING", 0], ["VALID_ROWS", 3]] as const) {
      const left = { outside: 0, ways: 0 };
      const stay = {
        outside: <T>(waiting: () => Promise<T>) => ((left.outside += 1), waiting()),
        giveWay: () => Promise.resolve(void (left.ways += 1)),
      };
      const file = await fileOf(dams);
      const report = await (await prepareImport(district.database.engine, importCall("test"), { ...asked, mode }))(file, undefined, { stay });
      file.close();
      expect({ mode, rows: report.rowsRead, ...left }).toEqual({ mode, rows: 450, outside: 1, ways });
    }
  });
});
