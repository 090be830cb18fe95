import { entity, relate } from "../platform/entity/entity.js";
import { date, many, one, text } from "../platform/entity/fields.js";

/** 代码表: one edition of a standard's list; editions stand side by side. */
export const CodeList = entity({
  name: "CodeList",
  zh: "代码表",
  en: "code list",
  plural: "codeLists",
  table: "code_lists",
  scope: { kind: "shared", public: true },
  order: [["code", "asc"]],
  fields: {
    code: text("代码表标识", "code of the list", { filter: true, sort: true }),
    standard: text("标准", "standard", { nullable: true, filter: true }),
    edition: text("版本", "edition", { filter: true }),
    nameZh: text("名称", "name in Chinese"),
    nameEn: text("英文名称", "name in English"),
    validFrom: date("启用日期", "valid from", { nullable: true }),
    validTo: date("停用日期(不含)", "valid to, exclusive", { nullable: true }),
  },
});

/** 代码项. */
export const CodeItem = entity({
  name: "CodeItem",
  zh: "代码项",
  en: "code",
  plural: "codeItems",
  table: "code_items",
  scope: { kind: "shared", public: true },
  order: [["code", "asc"]],
  fields: {
    code: text("代码", "code", { filter: true, sort: true }),
    nameZh: text("名称", "name in Chinese", { filter: true }),
    nameEn: text("英文名称", "name in English", { nullable: true }),
    validFrom: date("启用日期", "valid from", { nullable: true }),
    validTo: date("停用日期(不含)", "valid to, exclusive", { nullable: true }),
  },
  relations: { list: one(() => CodeList, "code_list_id", "代码表", "list", { owned: true }) },
});

relate(CodeList, "items", many(() => CodeItem, "code_list_id", "代码项", "codes", { owned: true }));
