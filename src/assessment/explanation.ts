import { AssessmentMethod, AssessmentMethodVersion } from "../assessment-methods/assessment-method.js";
import { extend } from "../platform/entity/entity.js";
import { computed } from "../platform/entity/fields.js";
import { literal } from "../platform/read/json.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Risk, riskLevel } from "../risks/risk.js";
import { RiskAssessment } from "./assessment.js";

/** Words in Chinese and in English. */
type Words = Readonly<Record<"zh" | "en", string>>;
const inBoth = (make: (side: "zh" | "en") => string): Words => ({ zh: make("zh"), en: make("en") });

const levelName = (level: string) =>
  inBoth((side) => `case ${level} ${riskLevel.values.map((value) => `when '${value}' then ${literal(riskLevel.labels[value][side])}`).join(" ")} end`);

/** A number of jsonb without trailing noughts. */
const plain = (number: string) => `trim_scale((${number} #>> '{}')::numeric)`;

/** "at least 160 and at most 320" of a band as assessment_band() gives it; an edge at nought bounds nothing. */
const range = (band: string): Words => {
  const edges = (above: string, least: string, most: string, below: string, unit: string, joint: string) =>
    `concat_ws(${literal(joint)}, case when (${band} ->> 'exclusive')::boolean then ${literal(above)} || ${plain(`${band} -> 'from'`)} || ${literal(unit)} when ${plain(`${band} -> 'from'`)} > 0 or ${band} ->> 'to' is null then ${literal(least)} || ${plain(`${band} -> 'from'`)} || ${literal(unit)} end,
      case when ${band} ->> 'to' is null then null when (${band} ->> 'toIncluded')::boolean then ${literal(most)} || ${plain(`${band} -> 'to'`)} || ${literal(unit)} else ${literal(below)} || ${plain(`${band} -> 'to'`)} || ${literal(unit)} end)`;
  return { zh: edges("高于", "不低于", "不高于", "低于", "分", "、"), en: edges("above ", "at least ", "at most ", "below ", "", " and ") };
};

/**
 * The assessments a risk's two levels stand on, at the instant asked for: the current one, and for the inherent level the latest inherent
 * one, or where there is none the first of all, by which it was set. One that does not give the level recorded explains nothing.
 */
function chosen(risk: string, read: ReadSql): string {
  const [now, before] = [read.alias(), read.alias()];
  const columns = (alias: string) => ["method_version_id", "inputs", "score", "computed_level", "direct_major_reason", "basis", "assessed_at"].map((column) => `${alias}.${column}`).join(", ");
  const inherent = `(${before}.stage = 'INHERENT')`;
  return `select 'current' as part, ${columns(now)} from ${read.source(RiskAssessment, now)} where ${now}.id = ${risk}.current_assessment_id and ${now}.computed_level = ${risk}.current_level
    union all select 'inherent', found.* from (
      select ${columns(before)} from ${read.source(RiskAssessment, before)} where ${before}.risk_id = ${risk}.id
      order by ${inherent} desc, case when ${inherent} then ${before}.assessed_at end desc, ${before}.assessed_at, ${before}.id limit 1) found
    where found.computed_level = ${risk}.inherent_level`;
}

/** One sentence that says it all, from the parts named a (assessment), v (version), m (method), i (inputs), r (reason), b (band). */
function sentence(a: string, v: string, m: string): Words {
  const level = levelName(`${a}.computed_level`);
  const within = range("b.band");
  const day = `to_char(${a}.assessed_at at time zone 'Asia/Shanghai', 'YYYY-MM-DD')`;
  const points = `trim_scale(${a}.score)`;
  return {
    zh: `concat(case ${a}.part when 'current' then '现状风险' else '固有风险(未计管控措施)' end, case when r.reason is null then '为' else '直接判定为' end, ${level.zh}, ':',
      case when r.reason is not null then concat(r.reason ->> 'zh', case when i.zh is null then ',不论得分' end) end, case when r.reason is not null and i.zh is not null then ',不论得分;' end,
      case when i.zh is not null then concat('按', ${m}.name_zh, '(', ${v}.version_code, '版),', i.zh, case when ${a}.score is null then '在矩阵中对应该等级' when i.kind = 'MATRIX' then concat('在矩阵中得', ${points}, '分') else concat('=', ${points}, '分') end,
        case when b.band is not null and r.reason is null then concat(',', ${within.zh}, '者为', ${level.zh}) end) end,
      '。评估于', ${day}, case when ${a}.basis is not null then concat(',依据:', ${a}.basis) end, '。')`,
    en: `concat('The ', case ${a}.part when 'current' then 'current risk' else 'inherent risk (before control measures)' end, case when r.reason is null then ' is ' else ' is directly judged ' end, ${level.en}, ': ',
      case when r.reason is not null then concat(r.reason ->> 'en', ', whatever the score') end, case when r.reason is not null and i.en is not null then '; ' end,
      case when i.en is not null then concat('by ', ${m}.name_en, ' (', ${v}.version_code, '), ', i.en, case when ${a}.score is null then ' meet in the matrix at this level' when i.kind = 'MATRIX' then concat(' meet in the matrix at ', ${points}, ' points') else concat(' = ', ${points}, ' points') end,
        case when b.band is not null and r.reason is null then concat('; ', ${within.en}, ' is ', ${level.en}) end) end,
      '. Assessed on ', ${day}, case when ${a}.basis is not null then concat('; basis: ', ${a}.basis) end, '.')`,
  };
}

/** Why a risk has its levels, as JSON made in SQL; null where nothing explains either. */
function explanation(risk: string, read: ReadSql): string {
  const [a, v, m, told] = [read.alias(), read.alias(), read.alias(), read.alias()];
  const words = sentence(a, v, m);
  const part = (name: string) => `(array_agg(${told}.object) filter (where ${told}.part = '${name}'))[1]`;
  return `select json_build_object('current', ${part("current")}, 'inherent', ${part("inherent")}) from (
    select ${a}.part, json_build_object(
      'method', json_build_object('code', ${m}.code, 'nameZh', ${m}.name_zh, 'nameEn', ${m}.name_en), 'version', ${v}.version_code, 'inputs', coalesce(i.told, '[]'::json), 'formula', i.kind,
      'score', trim_scale(${a}.score), 'level', ${a}.computed_level, 'band', b.band, 'directMajorReason', r.reason, 'basis', ${a}.basis, 'assessedAt', ${a}.assessed_at, 'zh', ${words.zh}, 'en', ${words.en}) as object
    from (${chosen(risk, read)}) ${a}
    join ${read.source(AssessmentMethodVersion, v)} on ${v}.id = ${a}.method_version_id
    join ${read.source(AssessmentMethod, m)} on ${m}.id = ${v}.method_id
    cross join lateral (
      select ${v}.definition #>> '{formula,kind}' as kind, json_agg(json_build_object('code', d.input ->> 'code', 'nameZh', d.input ->> 'nameZh', 'nameEn', d.input ->> 'nameEn', 'value', l.one -> 'value', 'labelZh', l.one ->> 'zh', 'labelEn', l.one ->> 'en') order by d.place) as told,
        string_agg(concat(d.input ->> 'nameZh', l.one ->> 'value', '(', l.one ->> 'zh', ')'), case ${v}.definition #>> '{formula,kind}' when 'PRODUCT' then '×' when 'SUM' then '+' else '、' end order by d.place) as zh,
        string_agg(concat(d.input ->> 'nameEn', ' ', l.one ->> 'value', ' (', l.one ->> 'en', ')'), case ${v}.definition #>> '{formula,kind}' when 'PRODUCT' then ' × ' when 'SUM' then ' + ' else ' and ' end order by d.place) as en
      from jsonb_array_elements(${v}.definition -> 'inputs') with ordinality as d(input, place)
      join lateral jsonb_array_elements(d.input -> 'values') as l(one) on l.one -> 'value' = ${a}.inputs -> (d.input ->> 'code')) i
    cross join lateral (select assessment_band(${v}.definition, ${a}.score) as band) b
    left join lateral (select reason from jsonb_array_elements(${v}.definition -> 'directMajorReasons') as listed(reason) where reason ->> 'code' = ${a}.direct_major_reason) r on true) ${told}
    having count(*) > 0`;
}

extend(
  Risk,
  "levelExplanation",
  computed(
    "json",
    "等级说明:current 现状、inherent 固有(未单独评估者取首次评估),各含方法、版本、取值及其含义、公式、得分、得分所在区间、直接判定情形、依据、评估时间,及中英文各一句话(zh、en)",
    "why the risk has its levels: current and inherent (the first assessment where none was made of it), each with method, version, values and what they mean, formula, score, band of the score, reason for direct major, basis, time of assessment, and one sentence in Chinese and one in English (zh, en)",
    explanation,
    { nullable: true },
  ),
);
