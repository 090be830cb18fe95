import { entity, relate } from "../platform/entity/entity.js";
import { bool, date, many, one, text } from "../platform/entity/fields.js";
import { Region } from "../regions/region.js";

/** 代码表: one edition of a standard's list; editions stand side by side. */
export const CodeList = entity({
  name: "CodeList",
  zh: "代码表",
  en: "code list",
  plural: "codeLists",
  table: "code_lists",
  scope: { kind: "shared", public: true, owner: { relation: "owner" } },
  order: [["code", "asc"]],
  fields: {
    code: text("代码表标识", "code of the list", { filter: true, sort: true }),
    standard: text("标准", "standard", { nullable: true, filter: true }),
    edition: text("版本", "edition", { filter: true }),
    nameZh: text("名称", "name in Chinese"),
    nameEn: text("英文名称", "name in English"),
    validFrom: date("启用日期", "valid from", { nullable: true }),
    validTo: date("停用日期(不含)", "valid to, exclusive", { nullable: true }),
    defaultFrom: date("切换日期:自此未写明版本者按本版本;空则同启用日期", "switch date: from it a code without edition is of this one; its valid-from where empty", { nullable: true }),
    provisional: bool("是否暂定(官方代码未公布,代码为本系统暂用)", "provisional: no official codes were to be had, these are this register's own", { filter: true }),
  },
  relations: { owner: one(() => Region, "owner_region_id", "所属区划(由其更改);为空则为全国、全树通用", "place it belongs to, which changes it; null for the whole tree", { owned: true }) },
});

/** 代码项. */
export const CodeItem = entity({
  name: "CodeItem",
  zh: "代码项",
  en: "code",
  plural: "codeItems",
  table: "code_items",
  scope: { kind: "shared", public: true, owner: { relation: "list" } },
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

/** 新旧版本代码对应: one to many, for people to choose from; never applied by itself. */
export const CodeMapping = entity({
  name: "CodeMapping",
  zh: "代码对应",
  en: "correspondence of codes",
  plural: "codeMappings",
  table: "code_mappings",
  scope: { kind: "shared", public: true, owner: { relation: "from" } },
  order: [["createdAt", "asc"]],
  root: false,
  fields: { note: text("说明(依据)", "note, with its ground", { nullable: true }) },
  relations: {
    from: one(() => CodeItem, "from_item_id", "代码项", "code", { owned: true }),
    to: one(() => CodeItem, "to_item_id", "对应的代码项", "code it may correspond to", { owned: true }),
  },
});

relate(CodeItem, "mappedTo", many(() => CodeMapping, "from_item_id", "在其他版本中的对应(一对多)", "what it may be in another edition, one to many", { owned: true }));
relate(CodeItem, "mappedFrom", many(() => CodeMapping, "to_item_id", "其他版本中与之对应者", "what of another edition may be this", { owned: true }));
relate(CodeList, "items", many(() => CodeItem, "code_list_id", "代码项", "codes", { owned: true }));
