import { Arg, Query, Resolver, type ClassType } from "type-graphql";
import { allReports } from "../entity/report.js";
import { describe } from "../entity/entity.js";
import { mean } from "../read/meaning.js";
import { argumentType } from "./mutations.js";
import { classNamed, entityType, filterInput } from "./types.js";

/** Row types of all reports; prepared before type-graphql gathers what exists. */
export const reportTypes = () => allReports().map(({ row }) => entityType(row));

/** The root fields of reports, made from their declarations. */
export function reportResolver(): ClassType<object> {
  const target = classNamed("ReportQueries");
  Resolver()(target);
  for (const report of allReports()) {
    Object.defineProperty(target.prototype, report.name, { value: () => undefined, writable: true, configurable: true });
    const type = entityType(report.row);
    Query((() => (report.single ? type : [type])) as never, { nullable: report.single ?? false, description: describe(report) })(target.prototype as object, report.name, Object.getOwnPropertyDescriptor(target.prototype, report.name)!);
    Object.entries(report.args).forEach(([name, argument], index) => {
      const filter = argument.filterOf && filterInput(argument.filterOf());
      Arg(name, (filter ? () => filter : argumentType(`${report.name}_${name}`, argument as never)) as never, { description: describe(argument), nullable: !argument.required })(target.prototype as object, report.name, index);
    });
    mean("Query", report.name, { kind: "report", report });
  }
  return target;
}
