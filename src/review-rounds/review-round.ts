import { Attachment } from "../attachments/attachment.js";
import { Organization } from "../organizations/organization.js";
import { Person } from "../people/person.js";
import { allowedActions } from "../platform/actions.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { computed, date, dateTime, many, one, oneOf, text } from "../platform/entity/fields.js";
import { Region } from "../regions/region.js";
import { Risk, riskDomain, RiskLevelChange, riskLevel } from "../risks/risk.js";
import { reviewRoundKind } from "./review-round-rule.js";

export const reviewRoundStatus = enumeration("RiskReviewRoundStatus", { zh: "研判轮次状态", en: "state of a review round" }, {
  PLANNED: ["已计划", "planned"],
  HELD: ["已召开", "held"],
  CONCLUDED: ["已作结论", "concluded"],
  PUBLISHED: ["已发布", "published"],
  CANCELLED: ["已取消", "cancelled"],
});

/**
 * 研判轮次: where the level of risks is talked over and decided. That its window passed without it (已失期) is computed and never stored.
 * A regulator sees the rounds of the area whatever the sector; what they decided is seen as the risk is.
 */
export const ReviewRound = entity({
  name: "RiskReviewRound",
  zh: "风险研判轮次",
  en: "risk review round",
  plural: "riskReviewRounds",
  table: "risk_review_rounds",
  scope: { kind: "placed" },
  order: [["updatedAt", "desc"]],
  fields: {
    code: text("编号", "code", { filter: true, sort: true }),
    kind: oneOf(reviewRoundKind, "类别", "kind", { filter: true, group: true }),
    title: text("名称", "title", { filter: true }),
    domain: oneOf(riskDomain, "领域", "domain", { filter: true, group: true }),
    sector: text("行业领域代码;为空则为全部行业", "code of the sector; null for all", { nullable: true, filter: true, group: true }),
    periodFrom: date("所属期间起", "first day of its period", { filter: true, sort: true }),
    periodTo: date("所属期间止(不含)", "end of its period, exclusive", { filter: true }),
    occasion: text("何活动、何节点、何预警", "which event, date or warning", { nullable: true, filter: true }),
    plannedFor: date("计划召开日期", "day it is planned for", { nullable: true, filter: true }),
    status: oneOf(reviewRoundStatus, "状态", "state", { filter: true, sort: true, group: true }),
    lapsed: computed("boolean", "是否已失期:至所取时点期间已过而未召开", "lapsed: the period passed without it by the instant asked for", (alias, read) => `${alias}.status = 'PLANNED' and ${alias}.period_to <= ${read.today()}`, { filter: true, group: true }),
    heldAt: dateTime("召开时间", "held at", { nullable: true, filter: true, sort: true }),
    venue: text("召开地点(方式)", "where or how it was held", { nullable: true }),
    conclusion: text("结论", "conclusion", { nullable: true }),
    concludedAt: dateTime("结论时间", "concluded at", { nullable: true, filter: true, sort: true }),
    publishedAt: dateTime("发布时间", "published at", { nullable: true, filter: true }),
    publicationRef: text("发布文号", "reference of the publication", { nullable: true }),
    cancelReason: text("取消理由", "why it was cancelled", { nullable: true }),
    allowedActions: allowedActions(() => ReviewRound),
  },
  relations: {
    region: one(() => Region, "region_id", "召开范围(区划)", "region it is for", { owned: true }),
    participants: many(() => ReviewParticipant, "round_id", "参加人", "participants", { owned: true }),
    decisions: many(() => ReviewDecision, "round_id", "对各风险的决定(可见者)", "decisions on risks, as far as they are visible"),
    bases: many(() => ReviewBasis, "round_id", "引用的每月识别", "monthly rounds it cites", { owned: true }),
    documents: many(() => ReviewDocument, "round_id", "材料", "documents", { owned: true }),
  },
});

export const participantRole = enumeration("RiskReviewParticipantRole", { zh: "参加人身份", en: "role of a participant" }, { CONVENOR: ["召集人", "convenor"], MEMBER: ["成员", "member"], EXPERT: ["专家", "expert"] });

/** 轮次参加人; an expert with speciality and opinion. */
export const ReviewParticipant = entity({
  name: "RiskReviewParticipant",
  zh: "研判轮次参加人",
  en: "participant of a review round",
  plural: "riskReviewParticipants",
  table: "review_round_participants",
  scope: { kind: "through", relation: "round" },
  order: [["createdAt", "asc"]],
  root: false,
  fields: {
    role: oneOf(participantRole, "身份", "role", { filter: true }),
    speciality: text("专业(专家)", "speciality, of an expert", { nullable: true }),
    opinion: text("意见", "opinion", { nullable: true }),
  },
  relations: {
    round: one(() => ReviewRound, "round_id", "轮次", "round", { owned: true }),
    person: one(() => Person, "person_id", "人员", "person", { owned: true }),
    organization: one(() => Organization, "organization_id", "单位", "organisation", { owned: true }),
  },
});

export const reviewDecision = enumeration("RiskReviewDecisionKind", { zh: "研判决定", en: "what a round decides on a risk" }, {
  KEEP: ["维持", "keep"],
  RAISE: ["升级", "raise"],
  LOWER: ["降级", "lower"],
  RETIRE: ["消除", "retire"],
  ELEVATE: ["临时提级", "elevate for a time"],
});

/** 研判决定: the leave by which a level is lowered, a major risk approved, a risk retired or raised for a time; each is used once. */
export const ReviewDecision = entity({
  name: "RiskReviewDecision",
  zh: "研判轮次对风险的决定",
  en: "decision of a review round on a risk",
  plural: "riskReviewDecisions",
  table: "review_round_decisions",
  scope: { kind: "through", relation: "risk" },
  order: [["createdAt", "desc"]],
  root: false,
  fields: {
    decision: oneOf(reviewDecision, "决定", "decision", { filter: true }),
    fromLevel: oneOf(riskLevel, "原等级", "from", { filter: true }),
    toLevel: oneOf(riskLevel, "决定的等级;消除时为空", "to; null where it is retired", { nullable: true, filter: true }),
    reason: text("理由", "reason"),
  },
  relations: {
    round: one(() => ReviewRound, "round_id", "轮次", "round"),
    risk: one(() => Risk, "risk_id", "风险", "risk"),
  },
});

/** 季度会商引用的每月识别. */
export const ReviewBasis = entity({
  name: "RiskReviewBasis",
  zh: "季度会商对每月识别的引用",
  en: "monthly round cited by a consultation",
  plural: "riskReviewBases",
  table: "review_round_bases",
  scope: { kind: "through", relation: "round" },
  order: [["createdAt", "asc"]],
  root: false,
  fields: {},
  relations: {
    round: one(() => ReviewRound, "round_id", "季度会商", "the consultation", { owned: true }),
    monthlyRound: one(() => ReviewRound, "basis_id", "每月识别", "the monthly round", { owned: true }),
  },
});

/** 轮次材料. */
export const ReviewDocument = entity({
  name: "RiskReviewDocument",
  zh: "研判轮次材料",
  en: "document of a review round",
  plural: "riskReviewDocuments",
  table: "review_round_documents",
  scope: { kind: "through", relation: "round" },
  order: [["createdAt", "asc"]],
  root: false,
  fields: {},
  relations: {
    round: one(() => ReviewRound, "round_id", "轮次", "round", { owned: true }),
    attachment: one(() => Attachment, "attachment_id", "附件", "attachment", { owned: true }),
  },
});

relate(Risk, "reviewDecisions", many(() => ReviewDecision, "risk_id", "研判决定", "decisions of review rounds", { owned: true }));
relate(Person, "reviewParticipations", many(() => ReviewParticipant, "person_id", "参加研判记录(履职)", "review rounds taken part in"));
relate(Region, "reviewRounds", many(() => ReviewRound, "region_id", "研判轮次", "review rounds"));
relate(RiskLevelChange, "round", one(() => ReviewRound, "round_id", "所据轮次", "the round it rests on"));
relate(RiskLevelChange, "decision", one(() => ReviewDecision, "decision_id", "所据决定", "the decision it rests on", { owned: true }));
