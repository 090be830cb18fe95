import { AssessmentMethodVersion } from "../assessment-methods/assessment-method.js";
import { given } from "../platform/entity/input-fields.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { decimal, int, one, oneOf, text } from "../platform/entity/fields.js";
import { report, type Given, type ReportArgument } from "../platform/entity/report.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Region } from "../regions/region.js";
import { RANK, Risk, riskLevel } from "../risks/risk.js";
import { RiskAssessment } from "./assessment.js";

/** In the order the rows are shown. */
const previewChange = enumeration("AssessmentMethodPreviewChange", { zh: "按拟用版本重算的结果", en: "what recomputing by a version would do" }, {
  RAISED: ["升级", "raised to a higher level"],
  LOWERED: ["降级", "lowered to a lower level"],
  NOT_APPLICABLE: ["无法重算:原取值在该版本中缺项或不在取值表内", "cannot be recomputed: a value is missing, or is not in the closed list of the version"],
});

const args: Readonly<Record<string, ReportArgument>> = {
  version: given.id(() => AssessmentMethodVersion, "拟用的方法版本,通常为草案", "the version to recompute by, a draft as a rule", { required: true }),
  filter: { zh: "范围", en: "which risks", filterOf: () => Risk },
};

/**
 * Every risk not retired whose current assessment is by the method of the version, with what the version would make of the values given then:
 * those it knows; a value it has no input for is left aside. Directly judged risks stay major where the version keeps their reason.
 * Both versions' outcomes were enumerated when they were drafted: one is looked up for the other once for each combination, not for each risk.
 */
function recomputed(asked: Given, read: ReadSql): string {
  const [risk, assessment, by, version] = [read.alias(), read.alias(), read.alias(), read.alias()];
  const rank = (level: string) => `array_position(${RANK}, ${level})`;
  return `
    with asked as materialized (
      select ${version}.id, ${version}.method_id, array(select d ->> 'code' from jsonb_array_elements(${version}.definition -> 'inputs') d) as inputs, array(select d ->> 'code' from jsonb_array_elements(${version}.definition -> 'directMajorReasons') d) as reasons
      from ${read.source(AssessmentMethodVersion, version)} where ${version}.id = ${asked.uuid("version", AssessmentMethodVersion)} and ${read.scope(AssessmentMethodVersion, version)}
    ), by_version as materialized (
      select ${by}.id from asked v join ${read.source(AssessmentMethodVersion, by)} on ${by}.method_id = v.method_id and ${by}.status = 'ACTIVATED'
    ), projected as materialized (
      select was.version_id, was.inputs, (select jsonb_object_agg(k, was.inputs -> k) from unnest(v.inputs) k where was.inputs ? k) as kept
      from asked v cross join by_version b join assessment_outcomes was on was.version_id = b.id
    ), moved as materialized (
      select p.version_id, p.inputs, o.score, o.level from asked v cross join projected p cross join lateral (select score, level from assessment_outcomes where version_id = v.id and inputs = p.kept limit 1) o
    )
    select w.*, case when w.to_level is null then 'NOT_APPLICABLE' when ${rank("w.to_level")} < ${rank("w.from_level")} then 'RAISED' when ${rank("w.to_level")} > ${rank("w.from_level")} then 'LOWERED' else 'SAME' end as change
    from (select ${risk}.id as risk_id, ${risk}.code, ${risk}.name, ${risk}.town_id, ${risk}.current_level as from_level, m.score, case when ${assessment}.direct_major_reason = any(v.reasons) then 'MAJOR' else m.level end as to_level
      from ${read.source(Risk, risk)} join ${read.source(RiskAssessment, assessment)} on ${assessment}.id = ${risk}.current_assessment_id
      join by_version b on b.id = ${assessment}.method_version_id cross join asked v
      left join moved m on m.version_id = ${assessment}.method_version_id and m.inputs = ${assessment}.inputs
      where ${risk}.status <> 'RETIRED' and ${read.scope(Risk, risk)} and ${asked.filter("filter", Risk, risk, read)}) w`;
}

/** 启用前预览: whose level would change. */
report({
  name: "assessmentMethodPreview",
  zh: "方法版本启用前预览:现行评估按该版本重算后等级会变动(或无法重算)的风险,升为重大者在前;不改动任何数据",
  en: "preview of a version: the risks whose level would change, or could not be recomputed, were their current assessments made by it; those raised to major first. Nothing is changed",
  args,
  cost: 300,
  fields: {
    change: oneOf(previewChange, "结果", "what would happen"),
    code: text("风险编号", "code of the risk"),
    name: text("风险名称", "name of the risk"),
    fromLevel: oneOf(riskLevel, "现状等级", "level now"),
    toLevel: oneOf(riskLevel, "重算等级;无法重算为空", "level by the version; null where it cannot be recomputed", { nullable: true }),
    score: decimal("重算得分;版本只给等级或无法重算为空", "score by the version; null where it gives none", { nullable: true }),
  },
  relations: {
    risk: one(() => Risk, "risk_id", "风险", "the risk", { owned: true }),
    town: one(() => Region, "town_id", "所在街镇", "town", { owned: true }),
  },
  sql: (asked, read) => `
    select p.* from (${recomputed(asked, read)}) p where p.change <> 'SAME'
    order by (p.change = 'RAISED' and p.to_level = 'MAJOR') desc, array_position(array[${previewChange.values.map((value) => `'${value}'`).join(",")}], p.change), array_position(${RANK}, p.to_level), p.code, p.risk_id`,
});

const LEVELS = riskLevel.values.map((level) => ({ level, name: level.toLowerCase() }));

/** 启用前预览的数量: however many risks there are, one row. */
report({
  name: "assessmentMethodPreviewCounts",
  zh: "方法版本启用前预览的数量:升级、降级、不变、无法重算,及重算前后各等级数量;版本不存在则为空",
  en: "numbers of the preview of a version: raised, lowered, same, not applicable, and of each level before and after; null where there is no such version",
  args,
  single: true,
  cost: 300,
  fields: {
    assessed: int("以该方法评估、未消除的风险", "risks assessed by the method and not retired"),
    raised: int("升级", "raised"),
    lowered: int("降级", "lowered"),
    same: int("不变", "same"),
    notApplicable: int("无法重算", "not applicable"),
    ...Object.fromEntries(LEVELS.flatMap(({ level, name }) => [
      [`${name}Before`, int(`现为${riskLevel.labels[level].zh}`, `${riskLevel.labels[level].en} now`)],
      [`${name}After`, int(`重算为${riskLevel.labels[level].zh};无法重算者不计`, `${riskLevel.labels[level].en} by the version, without those that cannot be recomputed`)],
    ])),
  },
  sql: (asked, read) => {
    const version = read.alias();
    const count = (condition: string) => `count(*) filter (where ${condition})::integer`;
    const levels = LEVELS.flatMap(({ level, name }) => [`${count(`p.from_level = '${level}'`)} as ${name}_before`, `${count(`p.to_level = '${level}'`)} as ${name}_after`]);
    return `
      select ${count("p.change is not null")} as assessed, ${count("p.change = 'RAISED'")} as raised, ${count("p.change = 'LOWERED'")} as lowered, ${count("p.change = 'SAME'")} as same, ${count("p.change = 'NOT_APPLICABLE'")} as not_applicable, ${levels.join(", ")}
      from ${read.source(AssessmentMethodVersion, version)} left join (${recomputed(asked, read)}) p on true
      where ${version}.id = ${asked.uuid("version", AssessmentMethodVersion)} and ${read.scope(AssessmentMethodVersion, version)} group by ${version}.id`;
  },
});
