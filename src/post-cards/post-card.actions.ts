import { actions } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { Risk } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";
import { ResponsibilitySlot } from "../supervision/regulation.js";
import { PostCard, postCardKind } from "./post-card.js";
import { acceptCard, draftCard, enterOnline, issueCard, reviseCard, withdrawCard } from "./post-card.service.js";

const REGULATORS: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE"];
const KEEPERS: readonly Role[] = ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL", ...REGULATORS, "INTEGRATION_CLIENT"];

const says = {
  content: given.text("内容", "content", { max: 8000 }),
  items: given.text("条目,按次序", "items, in order", { list: true, max: 1000 }),
  risks: given.id(() => Risk, "所列风险(仅风险清单),须属同一监管对象", "risks it names, of a risk list only; of the same subject", { list: true }),
};

/** 两单两卡的拟、发、验、撤 (domain F01-F04). */
actions({
  "postCard.draft": {
    zh: "拟写两单两卡", en: "draft a post card", on: PostCard, creates: true, to: "DRAFT", by: KEEPERS,
    input: {
      subject: given.id(() => Subject, "监管对象", "subject", { required: true }),
      post: given.text("岗位;与 slot 必居其一", "post; either this or slot", { max: 100 }),
      slot: given.id(() => ResponsibilitySlot, "自然灾害责任人席位", "slot of a natural-hazard scheme"),
      kind: given.oneOf(postCardKind, "类别", "kind", { required: true }),
      ...says,
    },
    work: draftCard,
  },
  "postCard.revise": { zh: "修改拟稿", en: "revise the draft", on: PostCard, from: ["DRAFT"], by: KEEPERS, input: says, work: reviseCard },
  "postCard.issue": { zh: "发放到岗", en: "issue to the post", on: PostCard, from: ["DRAFT"], to: "ISSUED", by: KEEPERS, input: {}, work: issueCard },
  "postCard.accept": { zh: "验收", en: "accept", on: PostCard, from: ["ISSUED"], to: "ACCEPTED", by: REGULATORS, input: {}, work: acceptCard },
  "postCard.enterOnline": { zh: "登记线上入网", en: "record that it is entered online", on: PostCard, from: ["ISSUED", "ACCEPTED"], by: KEEPERS, input: {}, work: enterOnline },
  "postCard.withdraw": {
    zh: "撤回", en: "withdraw", on: PostCard, from: ["DRAFT", "ISSUED", "ACCEPTED"], to: "WITHDRAWN", by: KEEPERS,
    input: { reason: given.text("理由", "reason", { required: true, max: 1000 }) }, work: withdrawCard,
  },
});
