import { deflateRawSync } from "node:zlib";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { readTable } from "../../src/imports/table.js";
import { dayOfSerial, readWorkbook } from "../../src/imports/workbook.js";

/** A workbook of one sheet, zipped here so that a test can damage it. */
function workbook(sheet: string): Buffer {
  const files: [string, string][] = [
    ["xl/workbook.xml", '<workbook xmlns:r="r"><sheets><sheet name="S" sheetId="1" r:id="a"/></sheets></workbook>'],
    ["xl/_rels/workbook.xml.rels", '<Relationships><Relationship Id="a" Target="worksheets/sheet1.xml"/></Relationships>'],
    ["xl/styles.xml", '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="58"/><xf numFmtId="14"/></cellXfs></styleSheet>'],
    ["xl/worksheets/sheet1.xml", `<worksheet><sheetData>${sheet}</sheetData></worksheet>`],
  ];
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of files) {
    const bytes = Buffer.from(text);
    const packed = deflateRawSync(bytes);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32Of(bytes), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(bytes.length, 18);
    common.writeUInt16LE(name.length, 22);
    bodies.push(Buffer.from("PK\u0003\u0004"), common, Buffer.from(name), packed);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\u0001\u0002"), Buffer.from([20, 0]), common, tail, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...bodies, listed, Buffer.from("PK\u0005\u0006"), end]);
}

function crc32Of(bytes: Buffer): number {
  let value = ~0;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (0xedb88320 & -(value & 1));
  }
  return ~value >>> 0;
}

const text = (at: string, value: string) => `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`;
const FORM = [
  `<row r="1">${text("A1", "统计表")}</row>`,
  `<row r="2">${text("A2", "序号")}${text("B2", "项目名称:示例")}</row>`,
  `<row r="3">${text("B3", "隐患内容")}${text("C3", "排查日期")}</row>`,
  `<row r="4"><c r="A4"><v>1</v></c>${text("B4", "临边防护缺失\n")}<c r="C4" s="1"><v>43613</v></c></row>`,
  `<row r="5"><c r="A5"><v>2</v></c><c r="B5"><f>1+1</f><v>2</v></c><c r="C5" s="2"><v>43614</v></c></row>`,
  `<row r="6">${text("A6", "说明:")}${text("B6", "注")}</row>`,
].join("");
const LAYOUT = { headerLines: [2, 3], rowsWhile: { column: "序号", matches: "^\\d+$" } };

test("a form with a title, a header over two rows, Chinese dates and notes at the end reads as its rows", async () => {
  const rows = await readTable(workbook(FORM), LAYOUT);
  expect(rows.map((row) => row.line)).toEqual([4, 5]);
  expect(rows[0]!.cells.get("排查日期")).toMatchObject({ kind: "date", value: "2019-05-28" });
  expect(rows[1]!.cells.get("排查日期")).toMatchObject({ kind: "date", value: "2019-05-29" });
  expect(rows[1]!.cells.get("隐患内容")).toMatchObject({ kind: "formula" });
  expect(dayOfSerial(43_613)).toBe("2019-05-28");
});

test("a workbook cut anywhere is refused, and so is one that swells", async () => {
  const whole = workbook(FORM);
  for (const share of [0.1, 0.4, 0.7, 0.95]) await expect(readWorkbook(whole.subarray(0, Math.floor(whole.length * share)))).rejects.toMatchObject({ code: "FILE_DAMAGED" });
  await expect(readWorkbook(workbook(`<row r="1">${text("A1", "0".repeat(3_000_000))}</row>`))).rejects.toMatchObject({ code: "FILE_DAMAGED" });
});

const real = process.env["REAL_DATA_DIR"];
if (real && existsSync(real)) {
  test("the real form gives its 38 hidden dangers", async () => {
    const folder = join(real, "hazards_cn");
    const file = readdirSync(folder).find((name) => name.endsWith(".xlsx"))!;
    const rows = await readTable(readFileSync(join(folder, file)), LAYOUT);
    expect(rows).toHaveLength(38);
    expect(rows[0]!.cells.get("整改期限")).toMatchObject({ kind: "date", value: "2019-05-28" });
  });
}
