import { allowedActions } from "../platform/actions.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { bool, dateTime, many, matching, one, oneOf, text, textList } from "../platform/entity/fields.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Risk } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";
import { ResponsibilitySlot } from "../supervision/regulation.js";

export const postCardKind = enumeration("PostCardKind", { zh: "两单两卡类别", en: "kind of post card" }, {
  RISK_LIST: ["岗位风险清单", "list of risks"],
  DUTY_LIST: ["岗位职责清单", "list of duties"],
  OPERATION_CARD: ["岗位操作卡", "operation card"],
  EMERGENCY_CARD: ["应急处置卡", "emergency card"],
});
export const postCardStatus = enumeration("PostCardStatus", { zh: "两单两卡状态", en: "state of a post card" }, {
  DRAFT: ["拟稿", "draft"],
  ISSUED: ["已发放", "issued"],
  ACCEPTED: ["已验收", "accepted"],
  WITHDRAWN: ["已撤回", "withdrawn"],
});

/** 两单两卡 (domain F01-F04): one list or card of a post, or of the slot of a natural-hazard scheme. */
export const PostCard = entity({
  name: "PostCard",
  zh: "两单两卡",
  en: "post card",
  plural: "postCards",
  table: "post_cards",
  scope: { kind: "through", relation: "subject" },
  order: [["updatedAt", "desc"]],
  fields: {
    kind: oneOf(postCardKind, "类别", "kind", { filter: true, group: true }),
    post: text("岗位;属责任人席位者为空", "post; null where it is of a slot", { nullable: true, filter: true, sort: true }),
    content: text("内容", "content", { nullable: true }),
    items: textList("条目,按次序", "items, in order"),
    status: oneOf(postCardStatus, "状态", "state", { filter: true, group: true }),
    issuedAt: dateTime("发放时间", "issued at", { nullable: true, filter: true, sort: true }),
    acceptedAt: dateTime("验收时间", "accepted at", { nullable: true, filter: true, sort: true }),
    onlineEntered: bool("是否线上入网", "entered online", { filter: true, group: true }),
    withdrawReason: text("撤回理由", "reason for withdrawing", { nullable: true }),
    allowedActions: allowedActions(() => PostCard),
  },
  relations: {
    subject: one(() => Subject, "subject_id", "监管对象", "subject"),
    slot: one(() => ResponsibilitySlot, "slot_id", "自然灾害责任人席位", "slot of a natural-hazard scheme", { owned: true }),
  },
});

/** 岗位风险: a risk that a risk list names, or named until it was dropped. */
export const PostCardRisk = entity({
  name: "PostCardRisk",
  zh: "风险清单所列风险",
  en: "risk named by a risk list",
  plural: "postCardRisks",
  table: "post_card_risks",
  scope: { kind: "through", relation: "card" },
  order: [["createdAt", "asc"]],
  root: false,
  fields: { droppedAt: dateTime("移出时间", "dropped at", { nullable: true }) },
  relations: {
    card: one(() => PostCard, "post_card_id", "风险清单", "risk list", { owned: true }),
    risk: one(() => Risk, "risk_id", "风险", "risk"),
  },
});

const names = (card: string, risk: string, read: ReadSql) => {
  const named = read.alias();
  return `exists (select 1 from ${read.source(PostCardRisk, named)} where ${named}.post_card_id = ${card}.id and ${named}.risk_id = ${risk}.id and ${named}.dropped_at is null)`;
};

relate(PostCard, "risks", matching(() => Risk, names, "所列风险(风险清单)", "risks it names, of a risk list"));
relate(Risk, "postCards", matching(() => PostCard, (risk, card, read) => names(card, risk, read), "列出它的岗位风险清单", "risk lists of posts that name it"));
relate(Subject, "postCards", many(() => PostCard, "subject_id", "两单两卡", "post cards", { owned: true }));
