import { entity } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { date, int, oneOf, text, textList } from "../platform/entity/fields.js";
import { regionLevel } from "../regions/region.js";
import { riskDomain } from "../risks/risk.js";

/** 研判机制: 每月风险识别,季度会商研判,专家综合论证,重大活动、重要节点和临灾研判 (domain 1 A02, A04, A08). */
export const reviewRoundKind = enumeration("RiskReviewRoundKind", { zh: "研判轮次类别", en: "kind of review round" }, {
  MONTHLY_IDENTIFICATION: ["每月识别", "monthly identification"],
  QUARTERLY_CONSULTATION: ["季度会商", "quarterly consultation"],
  EXPERT_ARGUMENTATION: ["专家论证", "expert argumentation"],
  MAJOR_EVENT: ["重大活动研判", "major event"],
  KEY_DATE: ["重要节点研判", "key date"],
  IMMINENT_DISASTER: ["临灾研判", "imminent disaster"],
});

export const reviewPeriod = enumeration("ReviewRoundPeriod", { zh: "研判周期", en: "period of review rounds" }, { MONTH: ["每月", "each calendar month"], QUARTER: ["每季度", "each calendar quarter"] });

/** 研判周期规则: which rounds are owed where and how often; rows are data, with the days they hold. */
export const ReviewRoundRule = entity({
  name: "RiskReviewRoundRule",
  zh: "研判周期规则",
  en: "rule of which review rounds are owed",
  plural: "riskReviewRoundRules",
  table: "review_round_rules",
  scope: { kind: "shared", public: true, owner: "tree" },
  order: [["code", "asc"]],
  fields: {
    code: text("代码", "code", { filter: true, sort: true }),
    kind: oneOf(reviewRoundKind, "轮次类别", "kind of round", { filter: true }),
    domain: oneOf(riskDomain, "领域", "domain", { filter: true }),
    regionLevel: oneOf(regionLevel, "由哪一级区划召开", "level of region that owes it", { filter: true }),
    period: oneOf(reviewPeriod, "周期", "period", { filter: true }),
    sectors: textList("逐行业召开的行业代码;为空则各行业合并召开一次", "sectors that each owe one; null for one round of all", { nullable: true }),
    graceDays: int("期末后多少天内须有结论", "days after the period within which it must be concluded"),
    basis: text("依据", "basis", { nullable: true }),
    validFrom: date("启用日期", "valid from", { filter: true }),
    validTo: date("停用日期(不含)", "valid to, exclusive", { nullable: true, filter: true }),
  },
});

/** 轮次法定人数: how many must have taken part before a round of a kind is concluded. */
entity({
  name: "RiskReviewRoundQuorum",
  zh: "研判轮次法定人数",
  en: "quorum of review rounds",
  plural: "riskReviewRoundQuorums",
  table: "review_round_quorums",
  scope: { kind: "shared", public: true, owner: "tree" },
  order: [["validFrom", "desc"]],
  fields: {
    kind: oneOf(reviewRoundKind, "轮次类别", "kind of round", { filter: true }),
    minimumParticipants: int("至少多少参加人(专家在内)", "least number of participants, experts among them"),
    minimumExperts: int("至少多少名提出意见的专家", "least number of experts with an opinion"),
    validFrom: date("启用日期", "valid from", { sort: true, filter: true }),
    validTo: date("停用日期(不含)", "valid to, exclusive", { nullable: true, filter: true }),
  },
});
