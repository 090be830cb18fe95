import { allowedActions } from "../platform/actions.js";
import { BUSINESS_READERS } from "../platform/actor.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { computed, date, json, many, one, oneOf, text } from "../platform/entity/fields.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Region } from "../regions/region.js";

/** 评估方法. A method without a version in force is known by name and assesses nothing. */
export const AssessmentMethod = entity({
  name: "AssessmentMethod",
  zh: "评估方法",
  en: "method of assessment",
  plural: "assessmentMethods",
  table: "assessment_methods",
  scope: { kind: "shared", owner: { relation: "owner" } },
  readers: BUSINESS_READERS,
  // The editions of a method are an entity of their own, which has the name.
  versionsName: "AssessmentMethodRecord",
  order: [["code", "asc"]],
  fields: {
    code: text("方法代码,评估时填写", "code, as written in an assessment", { filter: true, sort: true }),
    nameZh: text("名称", "name in Chinese", { filter: true }),
    nameEn: text("英文名称", "name in English", { filter: true }),
  },
  relations: { owner: one(() => Region, "owner_region_id", "所属区划(由其起草、启用版本);为空则为全国、全树通用", "place it belongs to, which drafts and activates its versions; null for the whole tree", { owned: true }) },
});

export const methodVersionStatus = enumeration("AssessmentMethodVersionStatus", { zh: "评估方法版本状态", en: "state of a version of a method" }, {
  DRAFT: ["草案", "draft"],
  ACTIVATED: ["已启用(自启用日起,至停用日前一日)", "activated: in force from its first day until the day before it ends"],
  WITHDRAWN: ["草案已撤回", "draft withdrawn"],
});

/** In force on the effective day: from its first day until the day before it ends. */
const inForce = (alias: string, read: ReadSql) => `(${alias}.status = 'ACTIVATED' and ${alias}.valid_from <= ${read.today()} and (${alias}.valid_to is null or ${alias}.valid_to > ${read.today()}))`;

/** 评估方法版本: a method as closed data. The definition never changes; another one is another version. */
export const AssessmentMethodVersion = entity({
  name: "AssessmentMethodVersion",
  zh: "评估方法版本",
  en: "version of a method of assessment",
  plural: "assessmentMethodVersions",
  table: "assessment_method_versions",
  scope: { kind: "shared", owner: { relation: "method" } },
  readers: BUSINESS_READERS,
  order: [["validFrom", "desc"]],
  fields: {
    versionCode: text("版本标识", "code of the version", { filter: true, sort: true }),
    definition: json(
      "定义:inputs 取值项及其封闭取值表,formula 公式(PRODUCT 乘积、SUM 求和、MATRIX 单元格表),bands 等级区间(自高至低),directMajorReasons 直接判定重大的情形",
      "definition: inputs with their closed lists of values, formula (PRODUCT, SUM or MATRIX, a table of cells), bands from the highest down, directMajorReasons",
    ),
    status: oneOf(methodVersionStatus, "状态", "state", { filter: true, group: true }),
    validFrom: date("启用日期", "first day in force", { nullable: true, filter: true, sort: true }),
    validTo: date("停用日期(不含)", "day from which no longer in force", { nullable: true, filter: true }),
    inForce: computed("boolean", "所取日期是否有效", "in force on the day asked for", inForce, { filter: true }),
    allowedActions: allowedActions(() => AssessmentMethodVersion),
  },
  relations: { method: one(() => AssessmentMethod, "method_id", "评估方法", "method", { owned: true }) },
});

relate(AssessmentMethod, "editions", many(() => AssessmentMethodVersion, "method_id", "各版本(含草案)", "its versions, drafts included", { owned: true }));
relate(AssessmentMethod, "editionInForce", many(() => AssessmentMethodVersion, "method_id", "所取日期有效的版本,至多一个", "the version in force on the day asked for, at most one", { owned: true, where: inForce }));
