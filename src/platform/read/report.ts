import { Fault } from "../fault.js";
import { withinPositions } from "./answer-size.js";
import type { Given, Report } from "../entity/report.js";
import { nameableSql } from "../write/cited.js";
import { checkValue } from "../write/input.js";
import { fieldsOf } from "../entity/entity.js";
import { drawnSql } from "./drawing.js";
import { fieldSql, filterSql } from "./filter.js";
import { uuidOf } from "./identity.js";
import { literal } from "./literal.js";
import { objectOfSql, rowObject, valueSql, type Pair, type Show } from "./json.js";
import type { ReadSql } from "./read-sql.js";
import type { Selection } from "./tree.js";

/** Rows a report may give; one that would give more is refused: an auditor must not take a part for the whole. */
const MAX_ROWS = 5_000;

/** The answer of a report whose arguments name rows: they are seen as those of an action's input, and one that is not refuses the whole. */
function ofNamed(report: Report, site: number, answer: string, read: ReadSql): string {
  const shape = read.shape[site] ?? {};
  const named = Object.entries(report.args).flatMap(([name, argument]) => {
    if (argument.filterOf || argument.kind !== "id" || shape[name] === undefined || shape[name] === null) return [];
    const target = argument.of!();
    const row = read.alias();
    const asked = read.param("uuid", (values) => uuidOf(values.args[site]![name], target));
    const nameable = nameableSql(target, argument.alsoFrom ?? [], row, read);
    return [`(exists (select 1 from ${read.source(target, row)} where ${row}.id = ${asked} and ${nameable}) or not_cited(${literal(target.name)}, ${literal(name)}))`];
  });
  // The answer stands within the case: what is not named rightly is not worked out.
  return named.length === 0 ? answer : `(case when ${named.join(" and ")} then ${answer} end)`;
}

/** The rows of a report as one JSON array, or its one row. */
export function reportSql(report: Report, selection: Selection, site: number, show: Show, read: ReadSql): string {
  const row = read.alias();
  const rows = `(select * from (${report.sql(givenAt(report, site, read), read)}) ${row} limit ${MAX_ROWS + 1}) ${row}`;
  const object = show.rows(selection, row, read);
  if (report.single) return ofNamed(report, site, `(select ${object.value} from ${rows}${object.joins} limit 1)`, read);
  return ofNamed(report, site, `(select case when count(*) > ${MAX_ROWS} then too_many_rows(${MAX_ROWS}) else coalesce(array_to_json(array_agg(${object.record ?? object.value})), '[]'::json) end from ${rows}${object.joins})`, read);
}

/** The rows of a report as one FeatureCollection: its geometry, and every other value as a property. */
export function reportFeaturesSql(report: Report, site: number, mark: number, read: ReadSql): string {
  const row = read.alias();
  const fields = Object.entries(fieldsOf(report.row));
  const [geometryName, geometry] = fields.find(([name]) => name === report.features)!;
  const pair = (key: string, value: string): Pair => ({ key, aliased: false, value });
  const properties = rowObject(fields.filter(([, field]) => field.kind !== "geometry" && field.from !== "code").map(([name, field]) => pair(name, valueSql(name, field, row, read))), read);
  const feature = rowObject([pair("type", "'Feature'::text"), pair("geometry", drawnSql(fieldSql(geometryName, geometry, row, read), geometry, site, mark, read)), pair("properties", properties.record ?? properties.value)], read);
  const asked = `(select * from (${report.sql(givenAt(report, site, read), read)}) ${row} limit ${MAX_ROWS + 1}) ${row}`;
  const rows = geometry.spread ? withinPositions(asked, row, fieldSql(geometryName, geometry, row, read)) : asked;
  const features = `case when count(*) > ${MAX_ROWS} then too_many_rows(${MAX_ROWS}) else coalesce(array_to_json(array_agg(${feature.record ?? feature.value})), '[]'::json) end`;
  return ofNamed(report, site, objectOfSql([pair("type", "'FeatureCollection'::text"), pair("features", features)], `from ${rows}${properties.joins}${feature.joins}`, read), read);
}

function givenAt(report: Report, site: number, read: ReadSql): Given {
  const shape = read.shape[site] ?? {};
  const has = (name: string) => shape[name] !== undefined && shape[name] !== null;
  // Bounds and patterns of a value are those of its declaration, as for the inputs of actions.
  const valueOf = (name: string, given: unknown) => {
    const argument = report.args[name];
    if (!argument || argument.filterOf || argument.kind === "id" || given === undefined || given === null) return given ?? null;
    return argument.list ? (given as unknown[]).map((item, at) => checkValue(argument, item, `${name}.${at}`)) : checkValue(argument, given, name);
  };
  return {
    param: (type, name, make) => read.param(type, (values) => {
      const value = valueOf(name, values.args[site]![name]);
      return make ? make(value, values, values.args[site]!) : value;
    }, make ? undefined : `report${site}:${name}`),
    args: (values) => values.args[site]!,
    uuid: (name, entity) => read.param("uuid", (values) => uuidOf(values.args[site]![name], entity)),
    has,
    choice(name) {
      if (!report.shapes?.includes(name)) throw new Fault("INTERNAL", { argument: name });
      return shape[name];
    },
    at: (name, make) => read.at(`${site}:${name}`, (values) => make(values.args[site]!, values)),
    filter: (name, entity, alias, at = read) => filterSql(entity, shape[name], (values) => values.args[site]![name], alias, at),
  };
}
