import type { InputField } from "../actions.js";
import { layered, type Description, type Entity, type Field, type Relation } from "./entity.js";
import type { Instant, ReadSql, RequestValues } from "../read/read-sql.js";

/** An argument of a report; `filterOf` takes the filter input of an entity instead of a value. */
export type ReportArgument = (InputField & { filterOf?: undefined }) | (Description & { filterOf: () => Entity; required?: boolean });

/** How a report's SQL reaches its arguments: never their text, only parameters and structure. */
export interface Given {
  /** The arguments of one request: for a value that several of them make. */
  args(values: RequestValues): Readonly<Record<string, unknown>>;
  /** A parameter of a type with an argument's value (or what is made of it, beside the others). */
  param(type: string, name: string, make?: (value: unknown, values: RequestValues, args: Readonly<Record<string, unknown>>) => unknown): string;
  /** The UUID an id argument names; null where it is of another entity. */
  uuid(name: string, entity: Entity): string;
  /** Whether an argument was given. */
  has(name: string): boolean;
  /** The value of an argument declared with `shapes`: it may choose the text. */
  choice(name: string): unknown;
  /** The statement at an instant made of the arguments: to compare one time with another. */
  at(name: string, make: (args: Readonly<Record<string, unknown>>, values: RequestValues) => Instant): ReadSql;
  /** The condition of a filter argument on an alias; "true" where it was not given. */
  filter(name: string, entity: Entity, alias: string, read?: ReadSql): string;
}

export interface ReportDeclaration extends Description {
  /** Name of the root field; the type is its Pascal case with "Row". */
  name: string;
  args: Readonly<Record<string, ReportArgument>>;
  /** Arguments whose value chooses the statement's text; a short closed list each. */
  shapes?: readonly string[];
  fields: Readonly<Record<string, Field>>;
  /** To-one links of a row, by key column. */
  relations?: Readonly<Record<string, Relation>>;
  /** The geometry by which the rows are also offered as one GeoJSON FeatureCollection, at the root field of this name with "Features". */
  features?: string;
  /** One row, or null, instead of a list. */
  single?: boolean;
  /** Cost beside that of its selection, in tenths of rows touched. */
  cost: number;
  /** A query whose columns are the fields' columns and the relations' keys, in the order the rows are shown. Scope is its concern: every source with its `read.scope`. */
  sql: (given: Given, read: ReadSql) => string;
}

/** A question with arguments whose rows no table holds: compared states, balances, gaps. Its rows are shown like an entity's, by the same rules. */
export interface Report extends ReportDeclaration {
  readonly row: Entity;
}

const reports = new Map<string, Report>();

/** Registers a report: the root field, its row type and its statement are made from it. */
export function report(declaration: ReportDeclaration): Report {
  if (reports.has(declaration.name)) throw new Error(`report ${declaration.name} is declared twice`);
  const typeName = `${declaration.name[0]!.toUpperCase()}${declaration.name.slice(1)}Row`;
  const row: Entity = {
    name: typeName,
    plural: declaration.name,
    table: declaration.name,
    zh: `${declaration.zh}的一行`,
    en: `row of: ${declaration.en}`,
    scope: { kind: "shared" },
    order: [],
    root: false,
    report: true,
    prefix: `${typeName}_`,
    fields: layered(declaration.fields, declaration.name),
    relations: { ...declaration.relations },
  };
  const made: Report = { ...declaration, row };
  reports.set(made.name, made);
  return made;
}

export const allReports = (): readonly Report[] => [...reports.values()];
