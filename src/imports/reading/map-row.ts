import { storedGeometry, toCgcs2000, type Datum, type Geometry } from "../../platform/coordinates.js";
import { checkGeometry, GeometryFault } from "../../platform/geometry.js";
import type { FieldMapping, KeyPart, Mapping } from "../mapping.js";
import type { MappedRow, RowProblem } from "../row.js";
import { dayOfSerial, type Cell } from "./cell.js";
import type { TableRow } from "./table.js";

/** What holds for every row of a file. */
export interface FileFacts {
  datum: Datum | null;
  /** Code of the region the import is for. */
  regionCode: string | null;
  /** Texts above the table. */
  heading: readonly string[];
  /** Geometries are handed on in the datum of the source: the action that takes them converts them itself. */
  geometryAsGiven: boolean;
}

const trim = (value: string) => value.replace(/\s*[\r\n]+\s*/g, " ").trim();

/** Reads a row by its mapping: values, what is doubtful, and what is wrong, each with its column. */
export function mapRow(mapping: Mapping, row: TableRow, facts: FileFacts): MappedRow {
  const { datum } = facts;
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
    const value = ofFeature(field) ? shape(field, row.geometry, facts, bad) : typeof column === "string" ? read(field, cell(column), bad) : point(text(column[0]), text(column[1]), datum, bad, doubts);
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
  const keyOf = (parts: readonly KeyPart[], form: (part: string) => string): string | null => {
    const told = parts.map((part) => (typeof part === "string" ? form(text(part)) : form("region" in part ? (facts.regionCode ?? "") : headed(facts.heading, part.heading))));
    return parts.every((part, index) => typeof part !== "string" || told[index]) ? (mapping.keyPrefix ?? "") + told.join("|") : null;
  };
  const externalId = keyOf(mapping.key, plainKey);
  if (externalId !== null && (externalId.length > LONGEST_KEY || UNSTORABLE.test(externalId))) {
    problems.push({ code: "KEY_WRONG", zh: `主键过长或含无法保存的字符(至多 ${LONGEST_KEY} 字)`, en: `the key is too long or cannot be stored; at most ${LONGEST_KEY} characters`, suggestion: "更正主键列 / correct the key columns" });
    return { line: row.line, externalId: null, values, doubts, problems };
  }
  const other = (key: string | null): key is string => key !== null && key !== externalId && !UNSTORABLE.test(key);
  const asWritten = keyOf(mapping.key, (part) => part);
  const formerId = mapping.formerKey ? keyOf(mapping.formerKey, (part) => part) : null;
  return { line: row.line, externalId, ...(other(asWritten) ? { asWritten } : {}), ...(other(formerId) ? { formerId } : {}), values, doubts, problems };
}

const LONGEST_KEY = 200;
// PostgreSQL stores no U+0000; a lone surrogate is not text.
const UNSTORABLE = /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** A key as it is compared: two that differ by width, by blanks or by a letter nobody sees are one. */
const plainKey = (part: string) => part.normalize("NFKC").replace(/\p{Cf}/gu, "").replace(/\s+/g, " ").trim();

/** What a form's heading says, by the first text that matches. */
function headed(heading: readonly string[], pattern: string): string {
  const sought = new RegExp(pattern);
  for (const text of heading) {
    const found = sought.exec(plainKey(text))?.[1]?.trim();
    if (found) return found;
  }
  return "";
}

/** Read from the geometry of a feature. */
const ofFeature = (field: FieldMapping) => field.as === "geometry" || (field.as === "point" && field.column === undefined);

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

/** The geometry of a feature in CGCS2000, converted vertex by vertex; or as given. */
function shape(field: FieldMapping, told: unknown, { datum, geometryAsGiven }: FileFacts, bad: Bad): unknown {
  if (told === undefined || told === null) return undefined;
  try {
    const checked = checkGeometry(told, field.as === "point" ? ["Point"] : field.shapes, 3) as Geometry;
    return geometryAsGiven && field.as !== "point" ? checked : storedGeometry(checked, datum!);
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
