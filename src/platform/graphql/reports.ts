import { Arg, Query, Resolver, type ClassType } from "type-graphql";
import { allReports, type Report } from "../entity/report.js";
import { describe } from "../entity/entity.js";
import { describeInput } from "../entity/input-fields.js";
import { mean } from "../read/meaning.js";
import { argumentType } from "./mutations.js";
import { GeoJsonScalar } from "./scalars.js";
import { classNamed, drawingArgs, entityType, filterInput } from "./types.js";

/** Row types of all reports; prepared before type-graphql gathers what exists. */
export const reportTypes = () => allReports().map(({ row }) => entityType(row));

/** The root fields of reports, made from their declarations. */
export function reportResolver(): ClassType<object> {
  const target = classNamed("ReportQueries");
  Resolver()(target);
  const declare = (name: string, report: Report, type: () => unknown, nullable: boolean, description: string) => {
    Object.defineProperty(target.prototype, name, { value: () => undefined, writable: true, configurable: true });
    Query(type as never, { nullable, description })(target.prototype as object, name, Object.getOwnPropertyDescriptor(target.prototype, name)!);
    const given = Object.entries(report.args);
    given.forEach(([argument, declared], index) => {
      const filter = declared.filterOf && filterInput(declared.filterOf());
      Arg(argument, (filter ? () => filter : argumentType(`${report.name}_${argument}`, declared as never)) as never, { description: describeInput(declared), nullable: !declared.required })(target.prototype as object, name, index);
    });
    return given.length;
  };
  for (const report of allReports()) {
    const type = entityType(report.row);
    declare(report.name, report, () => (report.single ? type : [type]), report.single ?? false, describe(report));
    mean("Query", report.name, { kind: "report", report });
    if (!report.features) continue;
    const features = `${report.name}Features`;
    const taken = declare(features, report, () => GeoJsonScalar, false, `${report.zh};GeoJSON FeatureCollection / ${report.en}; as one GeoJSON FeatureCollection`);
    drawingArgs(target.prototype as object, features, taken);
    mean("Query", features, { kind: "reportFeatures", report });
  }
  return target;
}
