import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import type { Mapping } from "../../src/imports/mapping.js";
import { dayOfSerial } from "../../src/imports/reading/cell.js";
import { mappedOf, sheetsOf } from "../support/read-file.js";
import { workbook } from "../support/workbook.js";

const text = (at: string, value: string) => `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`;
const FORM = [
  `<row r="1">${text("A1", "统计表")}</row>`,
  `<row r="2">${text("A2", "序号")}${text("B2", "项目名称:示例")}</row>`,
  `<row r="3">${text("B3", "隐患内容")}${text("C3", "排查日期")}</row>`,
  `<row r="4"><c r="A4"><v>1</v></c>${text("B4", "临边防护缺失\n")}<c r="C4" s="1"><v>43613</v></c></row>`,
  `<row r="5"><c r="A5"><v>2</v></c><c r="B5"><f>1+1</f><v>2</v></c><c r="C5" s="2"><v>43614</v></c></row>`,
  `<row r="6">${text("A6", "说明:")}${text("B6", "注")}</row>`,
].join("");
const MAPPING: Mapping = {
  name: "form", target: "hiddenDanger", sourceSystem: "test", layout: { headerLines: [2, 3], rowsWhile: { column: "序号", matches: "^\\d+$" } }, key: [{ heading: "项目名称:(.+)" }, "序号"],
  fields: { title: { column: "隐患内容" }, discoveredAt: { column: "排查日期", as: "date" } },
};

test("a form with a title, a header over two rows, Chinese dates and notes at the end reads as its rows", async () => {
  const rows = await mappedOf(workbook(FORM), MAPPING);
  expect(rows.map(({ line, externalId, values }) => [line, externalId, values["discoveredAt"]])).toEqual([[4, "示例|1", "2019-05-28"], [5, "示例|2", "2019-05-29"]]);
  expect(rows[1]!.problems).toMatchObject([{ column: "隐患内容", code: "FORMULA_CELL" }]);
  expect(dayOfSerial(43_613)).toBe("2019-05-28");
});

test("a workbook cut anywhere is refused, and so is one that swells", async () => {
  const whole = workbook(FORM);
  for (const share of [0.1, 0.4, 0.7, 0.95]) await expect(sheetsOf(whole.subarray(0, Math.floor(whole.length * share)))).rejects.toMatchObject({ code: "FILE_DAMAGED" });
  await expect(sheetsOf(workbook(`<row r="1">${text("A1", "0".repeat(3_000_000))}</row>`))).rejects.toMatchObject({ code: "FILE_DAMAGED" });
});

const real = process.env["REAL_DATA_DIR"];
if (real && existsSync(real)) {
  test("the real form gives its 38 hidden dangers", async () => {
    const folder = join(real, "hazards_cn");
    const file = readdirSync(folder).find((name) => name.endsWith(".xlsx"))!;
    const rows = await mappedOf(readFileSync(join(folder, file)), { ...MAPPING, fields: { ...MAPPING.fields, originalDeadline: { column: "整改期限", as: "date" } } });
    expect(rows).toHaveLength(38);
    expect(rows[0]!.values["originalDeadline"]).toBe("2019-05-28");
  });
}
