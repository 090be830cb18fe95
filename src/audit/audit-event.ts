import { allEntities, entity } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { recordKnown } from "../platform/read/known-place.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { computed, dateTime, int, oneOf, text, textList } from "../platform/entity/fields.js";

export const auditOutcome = enumeration("AuditOutcome", { zh: "操作结果", en: "outcome" }, { SUCCESS: ["成功", "success"], DENIED: ["拒绝", "denied"], FAILURE: ["失败", "failure"] });

/** 审计事件: what someone meant to do; the changes of rows it caused are change events. Append-only. */
entity({
  name: "AuditEvent",
  zh: "审计事件",
  en: "audit event",
  plural: "auditEvents",
  table: "audit_events",
  appendOnly: "at",
  scope: { kind: "placed", placeless: true },
  readers: ["AUDITOR", "AUDIT_ADMIN"],
  order: [["at", "desc"]],
  fields: {
    at: dateTime("时间", "at", { filter: true, sort: true }),
    actorName: text("操作者", "actor", { nullable: true, filter: true }),
    actorKind: text("操作者类别", "kind of actor", { nullable: true, filter: true }),
    roles: textList("角色", "roles", { nullable: true, filter: true }),
    action: text("操作", "action", { filter: true, group: true }),
    outcome: oneOf(auditOutcome, "结果", "outcome", { filter: true, group: true }),
    code: text("错误码", "code of the refusal", { nullable: true, filter: true, group: true }),
    requestId: text("请求编号", "request id", { nullable: true, filter: true }),
    entity: text("对象类别", "entity", { nullable: true, filter: true, group: true }),
    entityId: computed("text", "对象 UUID", "UUID of the object", (alias) => `${alias}.entity_id::text`, { nullable: true, filter: true }),
    entityVersion: int("对象版本", "version of the object", { nullable: true }),
  },
});

/** What stands in a change, its geometries as the reader may know them. */
const told = (side: "before" | "after") => (alias: string, read: ReadSql) => recordKnown(`${alias}.${side}`, `${alias}.entity`, allEntities(), read);

export const changeOperation = enumeration("ChangeOperation", { zh: "变更方式", en: "kind of change" }, { I: ["新增", "inserted"], U: ["更新", "updated"] });

/** 变更记录: what rows did, with the action that did it. Personal columns are not kept in clear. */
entity({
  name: "ChangeEvent",
  zh: "变更记录",
  en: "change of a row",
  plural: "changeEvents",
  table: "change_events",
  appendOnly: "at",
  scope: { kind: "placed", placeless: true },
  readers: ["AUDITOR", "AUDIT_ADMIN"],
  order: [["at", "desc"]],
  fields: {
    at: dateTime("时间", "at", { filter: true, sort: true }),
    action: text("操作", "action", { filter: true }),
    entity: text("数据表", "table", { filter: true, group: true }),
    entityId: computed("text", "对象 UUID", "UUID of the object", (alias) => `${alias}.entity_id::text`, { filter: true }),
    op: oneOf(changeOperation, "方式", "kind", { filter: true, group: true }),
    version: int("版本", "version", { nullable: true }),
    before: computed("json", "变更前(仅变动项)", "before, changed fields only", told("before"), { nullable: true }),
    after: computed("json", "变更后(仅变动项)", "after, changed fields only", told("after"), { nullable: true }),
  },
});
