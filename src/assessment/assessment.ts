import { AssessmentMethodVersion } from "../assessment-methods/assessment-method.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { dateTime, decimal, json, many, one, oneOf, text } from "../platform/entity/fields.js";
import { Risk, riskLevel } from "../risks/risk.js";

const assessmentStage = enumeration("AssessmentStage", { zh: "评估对象", en: "what is assessed" }, { INHERENT: ["固有风险", "inherent risk"], CURRENT: ["现状风险", "current risk"] });

/** 风险评估: inputs, version of the method and the level they give by it. The database holds the three together. */
export const RiskAssessment = entity({
  name: "RiskAssessment",
  zh: "风险评估",
  en: "risk assessment",
  plural: "riskAssessments",
  table: "risk_assessments",
  scope: { kind: "through", relation: "risk" },
  order: [["assessedAt", "desc"]],
  root: false,
  fields: {
    method: text("方法代码", "code of the method", { filter: true }),
    inputs: json("取值,以取值项代码为键;直接判定而未取值者为空对象", "values by code of the input; an empty object where directly judged without any"),
    score: decimal("得分;方法只给等级或未取值者为空", "score; null where the method gives a level only, or no values were given", { nullable: true }),
    computedLevel: oneOf(riskLevel, "计算等级", "computed level", { filter: true }),
    directMajorReason: text("直接判定重大的情形代码,见方法版本", "code of the reason for direct major, as the version of the method lists it", { nullable: true, filter: true }),
    stage: oneOf(assessmentStage, "评估对象", "what is assessed", { filter: true }),
    assessedAt: dateTime("评估时间", "time of assessment", { sort: true, filter: true }),
    basis: text("依据", "basis", { nullable: true }),
  },
  relations: {
    risk: one(() => Risk, "risk_id", "风险", "risk", { owned: true }),
    methodVersion: one(() => AssessmentMethodVersion, "method_version_id", "方法版本", "version of the method", { owned: true }),
  },
});

relate(Risk, "assessments", many(() => RiskAssessment, "risk_id", "评估记录", "assessments", { owned: true }));
relate(Risk, "currentAssessment", one(() => RiskAssessment, "current_assessment_id", "现状等级所依据的评估", "the assessment the current level stands on", { owned: true }));
