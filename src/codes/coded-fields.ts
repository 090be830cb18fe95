import { ControlMeasure } from "../control-measures/control-measure.js";
import { HiddenDanger } from "../hidden-dangers/hidden-danger.js";
import { extend, vary, type Entity, type SqlField } from "../platform/entity/entity.js";
import { computed } from "../platform/entity/fields.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Risk } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";
import { CodeItem, CodeList } from "./code-list.js";

/**
 * The name of a code as its list had it at the instant asked for: of the edition stated, else of the one meant on the day the
 * row was registered. A code of a lower layer than the list holds has the name of the layer that is there (GB/T 13861).
 */
function nameOf(list: string, column: string, edition?: string): SqlField["sql"] {
  return (alias: string, read: ReadSql) => {
    const lists = read.alias();
    const items = read.alias();
    const day = `(${alias}.created_at at time zone 'Asia/Shanghai')::date`;
    const since = `coalesce(${lists}.default_from, ${lists}.valid_from, '-infinity')`;
    const code = `${alias}.${column}`;
    const matches = list === "hazardFactor" ? `${items}.code in (${code}, left(${code}, 2))` : `${items}.code = ${code}`;
    const meant = edition ? `${lists}.edition = ${alias}.${edition}` : `(${lists}.valid_from is null or ${lists}.valid_from <= ${day})`;
    return `select ${items}.name_zh from ${read.source(CodeList, lists)} join ${read.source(CodeItem, items)} on ${items}.code_list_id = ${lists}.id where ${lists}.code = '${list}' and ${matches} and ${meant} order by ${since} <= ${day} desc, ${since} desc, length(${items}.code) desc limit 1`;
  };
}

const name = (zh: string, en: string, list: string, column: string, edition?: string) => computed("text", `${zh}名称;代码不在表内为空`, `name of the ${en}; null where the code is in no list`, nameOf(list, column, edition), { nullable: true, besideFeatures: true });

const named: readonly (readonly [Entity, string, SqlField])[] = [
  [Risk, "sectorName", name("行业领域", "sector", "sector", "sector")],
  [Risk, "hazardFactorName", name("危险有害因素", "hazard factor", "hazardFactor", "hazard_factor")],
  [Risk, "accidentTypeName", name("事故类别", "accident type", "accidentType", "accident_type", "accident_type_edition")],
  [Risk, "disasterTypeName", name("灾害类型", "disaster type", "disasterType", "disaster_type")],
  [Subject, "sectorName", name("行业领域", "sector", "sector", "sector")],
  [HiddenDanger, "sectorName", name("行业领域", "sector", "sector", "sector")],
  [ControlMeasure, "class1Name", name("管控措施分类 1 ", "class 1", "measureClass", "class1")],
  [ControlMeasure, "class2Name", name("管控措施分类 2 ", "class 2", "measureClass", "class2")],
];
for (const [entity, field, sql] of named) extend(entity, field, sql);
vary(Subject, "KEY_AREA", { fields: { disasterTypeName: name("灾害类型", "disaster type", "disasterType", "disaster_type") } });

/** The name of the disaster type of a zone, declared where zones are. */
export const disasterTypeName = name("灾害类型", "disaster type", "disasterType", "disaster_type");
