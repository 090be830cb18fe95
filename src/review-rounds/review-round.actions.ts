import { Attachment } from "../attachments/attachment.js";
import { namedBody } from "../organizations/named-body.js";
import { expertsAbove, namedPerson } from "../people/named-person.js";
import { actions, type Action } from "../platform/actions.js";
import { given } from "../platform/entity/input-fields.js";
import { shownBy } from "../platform/write/elsewhere.js";
import { Region } from "../regions/region.js";
import { Risk, riskDomain, riskLevel } from "../risks/risk.js";
import { participantRole, reviewDecision, ReviewParticipant, ReviewRound } from "./review-round.js";
import { reviewRoundKind } from "./review-round-rule.js";
import { addParticipant, cancel, conclude, convenesFor, CONVENORS, decide, hold, OWN_SECTOR, plan, publish } from "./review-round.service.js";

const ownSector: Action["when"] = { rule: OWN_SECTOR, reads: ["sector"], holds: (row, { grants }) => grants.some((grant) => convenesFor(grant, row["sector"])) };
const ofSector: Action["entitles"] = { rule: OWN_SECTOR, holds: (grant, { sector }) => convenesFor(grant, sector) };
const documents = given.id(() => Attachment, "材料(已上传的附件)", "documents: attachments already uploaded", { list: true });
const monthlyRounds = given.id(() => ReviewRound, "引用的每月识别(季度会商)", "monthly rounds cited, of a consultation", { list: true });
/** Who sits in a round already is completed by whoever convenes it. */
const seated = shownBy(() => ReviewParticipant, "person", { zh: "已登记为可见轮次参加人者", en: "who takes part in a round within sight" });
const level = given.oneOf(riskLevel, "决定的等级;维持、消除时不填", "level decided on; left out to keep or retire");

/** 研判轮次的一生 (domain 3.5, RiskReviewRound): PLANNED, HELD, CONCLUDED, PUBLISHED; that the window was missed is computed. */
actions({
  "riskReviewRound.plan": {
    zh: "计划研判轮次", en: "plan a review round", on: ReviewRound, creates: true, to: "PLANNED", by: CONVENORS, entitles: ofSector,
    input: {
      region: given.id(() => Region, "召开范围(区划)", "region it is for", { required: true }),
      kind: given.oneOf(reviewRoundKind, "类别", "kind", { required: true }),
      title: given.text("名称", "title", { required: true, max: 200 }),
      domain: given.oneOf(riskDomain, "领域,缺省为安全生产", "domain; work safety unless given"),
      sector: given.text("行业领域代码;缺省为全部行业", "code of the sector; all unless given", { max: 50 }),
      periodFrom: given.date("所属期间起;每月识别为月首日,季度会商为季首日", "first day of its period; the first of the month or quarter for a regular round", { required: true }),
      periodTo: given.date("所属期间止(不含);定期轮次由起日推定", "end of its period, exclusive; follows from the first day for a regular round"),
      occasion: given.text("何活动、何节点、何预警", "which event, date or warning", { max: 200 }),
      plannedFor: given.date("计划召开日期", "day it is planned for"),
      monthlyRounds,
    },
    work: plan,
  },
  "riskReviewRound.addParticipant": {
    zh: "登记参加人及其意见;同一人再次登记为补正", en: "add a participant with an opinion; a person named again is completed", on: ReviewRound, from: ["PLANNED", "HELD"], by: CONVENORS, when: ownSector,
    input: {
      role: given.oneOf(participantRole, "身份", "role", { required: true }),
      person: namedPerson("人员(专家必填)", "person; needed for an expert", { alsoFrom: [expertsAbove, seated] }),
      organization: namedBody("单位", "organisation"),
      speciality: given.text("专业(专家必填)", "speciality; needed for an expert", { max: 100 }),
      opinion: given.text("意见", "opinion", { max: 4000 }),
    },
    work: addParticipant,
  },
  "riskReviewRound.hold": {
    zh: "召开", en: "hold", on: ReviewRound, from: ["PLANNED"], to: "HELD", by: CONVENORS, when: ownSector,
    input: { heldAt: given.dateTime("召开时间,缺省为现在", "held at; now unless given"), venue: given.text("召开地点(方式)", "where or how it was held", { max: 200 }) },
    work: hold,
  },
  "riskReviewRound.decide": {
    zh: "对风险作出决定;同一风险再次决定为更正", en: "decide on a risk; a risk decided on again is corrected", on: ReviewRound, from: ["HELD"], by: CONVENORS, when: ownSector,
    input: {
      risk: given.id(() => Risk, "风险", "risk", { required: true }),
      decision: given.oneOf(reviewDecision, "决定", "decision", { required: true }),
      toLevel: level,
      reason: given.text("理由", "reason", { required: true, max: 2000 }),
    },
    work: decide,
  },
  "riskReviewRound.conclude": {
    zh: "作出结论", en: "conclude", on: ReviewRound, from: ["HELD"], to: "CONCLUDED", by: CONVENORS, when: ownSector,
    input: { conclusion: given.text("结论", "conclusion", { required: true, max: 10_000 }), monthlyRounds, documents },
    work: conclude,
  },
  "riskReviewRound.publish": {
    zh: "发布", en: "publish", on: ReviewRound, from: ["CONCLUDED"], to: "PUBLISHED", by: CONVENORS, when: ownSector,
    input: { publicationRef: given.text("发布文号", "reference of the publication", { max: 100 }), documents },
    work: publish,
  },
  "riskReviewRound.cancel": {
    zh: "取消未召开的轮次", en: "cancel a round not held", on: ReviewRound, from: ["PLANNED"], to: "CANCELLED", by: CONVENORS, when: ownSector,
    input: { reason: given.text("理由", "reason", { required: true, max: 1000 }) },
    work: cancel,
  },
});
