import { bool, int, json, text } from "../platform/entity/fields.js";
import { report } from "../platform/entity/report.js";
import { literal } from "../platform/read/json.js";
import { printedColumns, sheetName, type Ledger, type LedgerSheet } from "./ledger.js";
import { LEDGERS } from "./three-ledgers.js";

/** Its columns as the schema's readers need them; which codes a list has is for the code tables to say. */
const columnsOf = (sheet: LedgerSheet) => printedColumns(sheet, new Map()).map(({ key, zh, en, machine, editable, choices }) => ({ key, zh, en, machine: machine ?? false, editable: editable ?? false, ...(choices && choices.length > 0 ? { choices } : {}) }));

function rowSql(ledger: Ledger, sheet: LedgerSheet, position: number): string {
  const link = (format: string) => `/ledgers/${ledger.key}.${format}${ledger.sheets.length > 1 ? `?sheet=${sheet.key}` : ""}`;
  const texts = [sheetName(ledger, sheet), ledger.zh, ledger.en, sheet.zh, sheet.en, ledger.filterOf.name, link("html"), link("xlsx"), link("csv")];
  return `(${position}, ${[...texts.map(literal), `${literal(JSON.stringify(columnsOf(sheet)))}::json`, sheet.update ? "true" : "false"].join(", ")})`;
}

/** 三套台账: which there are, what stands in them, and where they are to be had. */
report({
  name: "ledgers",
  zh: "三套台账(基础、隐患、整改)的各表:列与下载地址;地址可带 asOf(截至)、effective、within(区划)、filter(JSON),CSV 与 XLSX 改后可经 POST /imports/ledgers 导回",
  en: "the sheets of the three ledgers (basic, hidden dangers, rectifications): columns and addresses, which take asOf, effective, within and filter (JSON); edited CSV and XLSX come back by POST /imports/ledgers",
  args: {},
  cost: 1,
  fields: {
    position: int("次序", "position"),
    name: text("机读名称(行内 ledger 列的值)", "name for machines, as in the column `ledger` of its rows"),
    ledgerZh: text("台账", "ledger, in Chinese"),
    ledgerEn: text("台账英文名", "ledger, in English"),
    sheetZh: text("表", "sheet, in Chinese"),
    sheetEn: text("表英文名", "sheet, in English"),
    filterOf: text("filter 参数所用筛选输入的对象类型", "type whose filter input the parameter `filter` takes"),
    html: text("可打印网页地址", "page to print"),
    xlsx: text("XLSX 工作簿地址", "XLSX workbook"),
    csv: text("CSV 文件地址", "CSV file"),
    columns: json("列:key 机读名,zh、en 表头,machine 机读列,editable 可改后导回,choices 可选值", "columns: key, headers zh and en, machine (for machines), editable (comes back by import), choices"),
    updatable: bool("是否可改后导回", "whether edits come back by import"),
  },
  sql: () =>
    `select * from (values ${LEDGERS.flatMap((ledger) => ledger.sheets.map((sheet) => [ledger, sheet] as const))
      .map(([ledger, sheet], index) => rowSql(ledger, sheet, index + 1))
      .join(", ")}) as l(position, name, ledger_zh, ledger_en, sheet_zh, sheet_en, filter_of, html, xlsx, csv, columns, updatable) order by l.position`,
});
