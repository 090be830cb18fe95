import { Fault } from "../fault.js";
import type { Given, Report } from "../entity/report.js";
import { checkValue } from "../write/input.js";
import { filterSql } from "./filter.js";
import { uuidOf } from "./identity.js";
import type { Show } from "./json.js";
import type { ReadSql } from "./read-sql.js";
import type { Selection } from "./tree.js";

/** Rows a report may give; one that would give more is refused: an auditor must not take a part for the whole. */
const MAX_ROWS = 5_000;

/** The rows of a report as one JSON array, or its one row. */
export function reportSql(report: Report, selection: Selection, site: number, show: Show, read: ReadSql): string {
  const row = read.alias();
  const rows = `(select * from (${report.sql(givenAt(report, site, read), read)}) ${row} limit ${MAX_ROWS + 1}) ${row}`;
  const object = show.rows(selection, row, read);
  if (report.single) return `(select ${object.value} from ${rows}${object.joins} limit 1)`;
  return `(select case when count(*) > ${MAX_ROWS} then too_many_rows(${MAX_ROWS}) else coalesce(array_to_json(array_agg(${object.record ?? object.value})), '[]'::json) end from ${rows}${object.joins})`;
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
      return make ? make(value, values) : value;
    }, make ? undefined : `report${site}:${name}`),
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
