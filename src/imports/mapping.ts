import { Fault } from "../platform/fault.js";
import { datums, isDatum, storedGeometry, toCgcs2000, type Datum, type Geometry } from "../platform/coordinates.js";
import { checkGeometry, GeometryFault, type GeometryType } from "../platform/geometry.js";
import type { MappedRow } from "./import.service.js";
import type { Layout, TableRow } from "./table.js";
import type { RowProblem } from "./targets.js";
import { dayOfSerial, type Cell } from "./workbook.js";

/** One field of the target, described by the columns it comes from. */
export interface FieldMapping {
  /** Header of the column; point takes two: [longitude, latitude]. */
  column?: string | readonly [lon: string, lat: string];
  /** A value of the source's own, the same for every row. */
  constant?: unknown;
  /** geometry, and point without a column: the geometry of a GeoJSON feature. */
  as?: "text" | "date" | "dateTime" | "number" | "enum" | "list" | "point" | "geometry";
  /** enum: source value to target value; "*" is any other. text: what some values are written as. */
  values?: Readonly<Record<string, string>>;
  /** text: so many of the first characters. */
  take?: number;
  /** text: put behind the value. */
  suffix?: string;
  /** geometry: what it may be; any type unless told. */
  shapes?: readonly GeometryType[];
  /** list: characters that part the values. */
  separators?: string;
  required?: boolean;
}

interface Doubt {
  code: string;
  later?: string;
  than?: string;
  column?: string;
  values?: readonly string[];
}

/** A file's description, written by a user: no code per source. */
export interface Mapping {
  name: string;
  target: string;
  sourceSystem: string;
  layout: Layout;
  /** Columns whose values together are the external key. */
  key: readonly string[];
  /** Put before the key, where the key is unique only within one file. */
  keyPrefix?: string;
  fields: Readonly<Record<string, FieldMapping>>;
  /** Datum of the source's coordinates, where it is known; a caller may state another. */
  datum?: Datum;
  /** Rows to be doubted: one day column is later than another, a column holds one of some values ("" for nothing), or every row. */
  doubts?: readonly Doubt[];
}

/** Checks a mapping a user wrote. Faults: INVALID_INPUT with the place. */
export function checkMapping(told: unknown): Mapping {
  const mapping = told as Mapping;
  const refuse = (field: string, rule: string) => new Fault("INVALID_INPUT", { field: `mapping.${field}`, rule });
  for (const name of ["name", "target", "sourceSystem"] as const) if (typeof mapping?.[name] !== "string" || !mapping[name]) throw refuse(name, "text");
  if (!Array.isArray(mapping.key) || mapping.key.length === 0) throw refuse("key", "one column or more");
  if (typeof mapping.fields !== "object" || mapping.fields === null) throw refuse("fields", "an object");
  for (const [name, field] of Object.entries(mapping.fields)) {
    if (field.column === undefined && field.constant === undefined && !ofFeature(field)) throw refuse(`fields.${name}`, "a column or a constant");
    if (field.as === "enum" && !field.values) throw refuse(`fields.${name}.values`, "the source's values and what they mean");
    if (field.as === "point" && field.column !== undefined && !Array.isArray(field.column)) throw refuse(`fields.${name}.column`, "[longitude, latitude]");
  }
  if (mapping.datum !== undefined && !isDatum(mapping.datum)) throw refuse("datum", `one of ${datums.join(", ")}`);
  return { ...mapping, layout: mapping.layout ?? {} };
}

/** Read from the geometry of a feature. */
const ofFeature = (field: FieldMapping) => field.as === "geometry" || (field.as === "point" && field.column === undefined);

export const hasCoordinates = (mapping: Mapping) => Object.values(mapping.fields).some((field) => field.as === "point" || field.as === "geometry");

/** The datum of an import; one that brings coordinates and states none is refused. */
export function datumOf(mapping: Mapping, told: string | null): Datum | null {
  if (told !== null && !isDatum(told)) throw new Fault("INVALID_INPUT", { field: "datum", rule: `one of ${datums.join(", ")}` });
  const datum = told ?? mapping.datum ?? null;
  if (datum === null && hasCoordinates(mapping)) throw new Fault("DATUM_MISSING", { mapping: mapping.name });
  return datum;
}

const trim = (value: string) => value.replace(/\s*[\r\n]+\s*/g, " ").trim();

/** Reads a row by its mapping: values, what is doubtful, and what is wrong, each with its column. */
export function mapRow(mapping: Mapping, row: TableRow, datum: Datum | null): MappedRow {
  const problems: RowProblem[] = [];
  const doubts: string[] = [];
  const values: Record<string, unknown> = {};
  const cell = (column: string): Cell | undefined => {
    const found = row.cells.get(column);
    if (found?.kind !== "formula" && found?.kind !== "error") return found;
    if (!problems.some((problem) => problem.column === column)) problems.push({ column, code: "FORMULA_CELL", zh: `“${column}”是公式或错误值`, en: `${column} holds a formula or an error`, suggestion: "粘贴为数值后重新导入 / paste as values and import again" });
    return undefined;
  };
  const text = (column: string) => trim(cell(column)?.value ?? "");
  for (const [name, field] of Object.entries(mapping.fields)) {
    if (field.constant !== undefined) {
      values[name] = field.constant;
      continue;
    }
    const column = field.column ?? "geometry";
    const label = typeof column === "string" ? column : column.join("/");
    const bad = (code: string, zh: string, en: string, suggestion: string) => problems.push({ column: label, code, zh: `“${label}”${zh}`, en: `${label} ${en}`, suggestion });
    const value = ofFeature(field) ? shape(field, row.geometry, datum, bad) : typeof column === "string" ? read(field, cell(column), bad) : point(text(column[0]), text(column[1]), datum, bad, doubts);
    if (value === undefined && field.required && !problems.some((problem) => problem.column === label)) bad("REQUIRED", "不能为空", "is required", "补填 / fill it in");
    if (value !== undefined) values[name] = value;
  }
  for (const { code, later, than, column, values: held } of mapping.doubts ?? []) {
    if (column !== undefined) {
      if (held?.includes(text(column))) doubts.push(code);
    } else if (later !== undefined && than !== undefined) {
      const [a, b] = [day(cell(later)), day(cell(than))];
      if (a && b && a > b) doubts.push(code);
    } else doubts.push(code);
  }
  const key = mapping.key.map(text);
  return { line: row.line, externalId: key.every(Boolean) ? (mapping.keyPrefix ?? "") + key.join("|") : null, values, doubts, problems };
}

type Bad = (code: string, zh: string, en: string, suggestion: string) => void;

function read(field: FieldMapping, cell: Cell | undefined, bad: Bad): unknown {
  const value = trim(cell?.value ?? "");
  if (!cell || value === "") return undefined;
  switch (field.as ?? "text") {
    case "date":
    case "dateTime": {
      const found = day(cell);
      if (!found) {
        bad("DATE_WRONG", `不是日期:${value.slice(0, 40)}`, "is not a date", "写作 2019-05-28 / write 2019-05-28");
        return undefined;
      }
      return field.as === "date" ? found : `${found}T00:00:00+08:00`;
    }
    case "number":
      if (Number.isFinite(Number(value))) return Number(value);
      bad("NUMBER_WRONG", `不是数字:${value.slice(0, 40)}`, "is not a number", "只填数字 / figures only");
      return undefined;
    case "enum": {
      const mapped = field.values![value] ?? field.values!["*"];
      if (mapped === undefined) bad("VALUE_UNKNOWN", `的值“${value.slice(0, 40)}”未在映射中`, `holds a value the mapping does not know: ${value.slice(0, 40)}`, `可用 / known: ${Object.keys(field.values!).join(", ")}`);
      return mapped;
    }
    case "list":
      return [...new Set(value.split(new RegExp(`[${(field.separators ?? "、,;,;").replace(/[\]\\^-]/g, "\\$&")}]`)).map((part) => part.trim()).filter(Boolean))];
    default:
      return (field.values?.[value] ?? value).slice(0, field.take) + (field.suffix ?? "");
  }
}

/** The geometry of a feature in CGCS2000, converted vertex by vertex. */
function shape(field: FieldMapping, told: unknown, datum: Datum | null, bad: Bad): unknown {
  if (told === undefined || told === null) return undefined;
  try {
    return storedGeometry(checkGeometry(told, field.as === "point" ? ["Point"] : field.shapes, 3) as Geometry, datum!);
  } catch (error) {
    if (!(error instanceof GeometryFault)) throw error;
    bad("GEOMETRY_WRONG", `有误,${error.message}`, `is wrong at ${error.at}`, error.rule);
    return undefined;
  }
}

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

/** A day out of a date cell, a serial number, or the usual ways of writing one. */
function day(cell: Cell | undefined): string | undefined {
  if (!cell) return undefined;
  const value = trim(cell.value);
  if (cell.kind === "date") return value;
  if (/^\d{5}$/.test(value)) return dayOfSerial(Number(value));
  const western = /^(\d{1,2})-([A-Z]{3})-(\d{2}|\d{4})$/i.exec(value);
  const [, year, month, date] = western
    ? ["", western[3]!.length === 2 ? `20${western[3]}` : western[3]!, String(MONTHS.indexOf(western[2]!.toUpperCase()) + 1), western[1]!]
    : (/^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ].*)?$/.exec(value) ?? []);
  if (!year || !month || !date) return undefined;
  const made = `${year}-${month.padStart(2, "0")}-${date.padStart(2, "0")}`;
  const parsed = Date.parse(`${made}T00:00:00Z`);
  return !Number.isNaN(parsed) && new Date(parsed).toISOString().startsWith(made) ? made : undefined;
}

function point(lon: string, lat: string, datum: Datum | null, bad: Bad, doubts: string[]): unknown {
  if (lon === "" && lat === "") return undefined;
  const pair = [Number(lon), Number(lat)] as const;
  if (lon === "" || lat === "" || !pair.every(Number.isFinite) || Math.abs(pair[0]) > 180 || Math.abs(pair[1]) > 90) {
    bad("POINT_WRONG", "不是经纬度", "is not a longitude and a latitude", "经度 -180 至 180,纬度 -90 至 90 / lon -180..180, lat -90..90");
    return undefined;
  }
  if (pair[0] >= 3 && pair[0] <= 54 && pair[1] >= 73) doubts.push("AXES_SWAPPED");
  const [x, y] = toCgcs2000(pair, datum!);
  return { type: "Point", coordinates: [x, y].map((degrees) => Math.round(degrees * 1e8) / 1e8) };
}
