import type { Role } from "../platform/actor.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { int, json, many, one, oneOf, text, textList } from "../platform/entity/fields.js";

export const importMode = enumeration("ImportMode", { zh: "导入方式", en: "mode of an import" }, {
  DRY_RUN: ["试运行,不写入", "dry run, nothing is written"],
  VALID_ROWS: ["写入有效行,其余报告", "take valid rows, report the others"],
  ALL_OR_NOTHING: ["有一行无效则全部不写", "all rows or none"],
});
export const importStatus = enumeration("ImportStatus", { zh: "导入状态", en: "state of an import" }, {
  RUNNING: ["进行中", "running"],
  DONE: ["完成", "done"],
  REFUSED: ["拒绝", "refused"],
});

/** Who reads batches of others: whose charge is the whole of an area, since a batch tells what was conflicting in any sector of it. */
const READERS: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "COMMITTEE_OFFICE", "DISTRICT_LEADER", "AUDITOR"];

/** 导入批次: seen by who sent it, and by those whose area covers all its rows; its region is the narrowest that does. */
export const ImportBatch = entity({
  name: "ImportBatch",
  zh: "导入批次",
  en: "import batch",
  plural: "importBatches",
  table: "import_batches",
  scope: { kind: "placed", maker: true },
  readers: READERS,
  order: [["createdAt", "desc"]],
  fields: {
    mapping: text("映射", "mapping", { filter: true }),
    fileName: text("文件名", "file name"),
    fileSha256: text("文件 SHA-256", "SHA-256 of the file", { filter: true, column: "file_sha256" }),
    datum: text("坐标基准", "datum", { nullable: true }),
    mode: oneOf(importMode, "方式", "mode", { filter: true }),
    status: oneOf(importStatus, "状态", "state", { filter: true }),
    rowsRead: int("读取行数", "rows read"),
    rowsCreated: int("新增行数", "rows created"),
    rowsUpdated: int("更新行数", "rows updated"),
    rowsUnchanged: int("未变行数", "rows unchanged"),
    rowsRejected: int("拒绝行数", "rows rejected"),
    problem: json("整体问题", "what is wrong with the file as a whole", { nullable: true }),
  },
});

export const importOutcome = enumeration("ImportRowOutcome", { zh: "行结果", en: "outcome of a row" }, {
  CREATED: ["新增", "created"],
  UPDATED: ["更新", "updated"],
  UNCHANGED: ["未变", "unchanged"],
  REJECTED: ["拒绝", "rejected"],
});

/** 导入行报告: every row read has one; a rejected row never disappears. */
export const ImportRow = entity({
  name: "ImportRow",
  zh: "导入行报告",
  en: "report of a row",
  plural: "importRows",
  table: "import_rows",
  appendOnly: "created_at",
  scope: { kind: "through", relation: "batch" },
  order: [["sheet", "asc"], ["line", "asc"]],
  root: false,
  fields: {
    sheet: text("工作表;单表文件为空串", "sheet; empty where the file has one only", { sort: true, filter: true }),
    line: int("行号", "line", { sort: true, filter: true }),
    outcome: oneOf(importOutcome, "结果", "outcome", { filter: true }),
    externalId: text("外部主键", "external key", { nullable: true, filter: true }),
    entityId: text("对象标识", "id of the object", { nullable: true, column: "entity_global_id" }),
    problems: json("问题:列、代码、说明、建议", "problems: column, code, message, suggestion", { nullable: true }),
    doubts: textList("存疑", "doubts", { filter: true }),
  },
  relations: { batch: one(() => ImportBatch, "batch_id", "批次", "batch", { owned: true }) },
});

relate(ImportBatch, "rows", many(() => ImportRow, "batch_id", "行报告", "rows", { owned: true }));
