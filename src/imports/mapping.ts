import { datums, isDatum, type Datum } from "../platform/coordinates.js";
import { Fault } from "../platform/fault.js";
import type { GeometryType } from "../platform/geometry.js";
import type { Layout } from "./reading/table.js";

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

export interface Doubt {
  code: string;
  later?: string;
  than?: string;
  column?: string;
  values?: readonly string[];
}

/**
 * A part of a row's key: a column; the region the import is for; or what the form's own heading says, found by a pattern
 * whose one group is taken. The latter two may be absent and then tell nothing apart.
 */
export type KeyPart = string | { region: true } | { heading: string };

/** A file's description, written by a user: no code per source. */
export interface Mapping {
  name: string;
  target: string;
  sourceSystem: string;
  layout: Layout;
  /** What makes a row known again: its parts together are the external key. */
  key: readonly KeyPart[];
  /** Keys rows of this source had under an earlier description: a row known by one, and the same by what it says, is not made anew. */
  formerKey?: readonly KeyPart[];
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
  if (!Array.isArray(mapping.key) || !mapping.key.some((part) => typeof part === "string")) throw refuse("key", "one column or more");
  for (const name of ["key", "formerKey"] as const) if (!(mapping[name] ?? []).every(isKeyPart)) throw refuse(name, "columns, { region: true }, or { heading: a pattern with one group }");
  if (typeof mapping.fields !== "object" || mapping.fields === null) throw refuse("fields", "an object");
  for (const [name, field] of Object.entries(mapping.fields)) {
    if (field.column === undefined && field.constant === undefined && !ofFeature(field)) throw refuse(`fields.${name}`, "a column or a constant");
    if (field.as === "enum" && !field.values) throw refuse(`fields.${name}.values`, "the source's values and what they mean");
    if (field.as === "point" && field.column !== undefined && !Array.isArray(field.column)) throw refuse(`fields.${name}.column`, "[longitude, latitude]");
  }
  if (mapping.datum !== undefined && !isDatum(mapping.datum)) throw refuse("datum", `one of ${datums.join(", ")}`);
  return { ...mapping, layout: mapping.layout ?? {} };
}

function isKeyPart(part: unknown): part is KeyPart {
  if (typeof part === "string") return part !== "";
  const { region, heading } = (part ?? {}) as { region?: unknown; heading?: unknown };
  return region === true || (typeof heading === "string" && isPattern(heading));
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(`${text}|`).exec("")!.length === 2;
  } catch {
    return false;
  }
}

/** Read from the geometry of a feature. */
const ofFeature = (field: FieldMapping) => field.as === "geometry" || (field.as === "point" && field.column === undefined);

const hasCoordinates = (mapping: Mapping) => Object.values(mapping.fields).some((field) => field.as === "point" || field.as === "geometry");

/** The datum of an import; one that brings coordinates and states none is refused. */
export function datumOf(mapping: Mapping, told: string | null): Datum | null {
  if (told !== null && !isDatum(told)) throw new Fault("INVALID_INPUT", { field: "datum", rule: `one of ${datums.join(", ")}` });
  const datum = told ?? mapping.datum ?? null;
  if (datum === null && hasCoordinates(mapping)) throw new Fault("DATUM_MISSING", { mapping: mapping.name });
  return datum;
}
