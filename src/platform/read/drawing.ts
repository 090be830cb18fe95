import type { Actor } from "../actor.js";
import { shiftFromCgcs2000, type Datum, type Geometry } from "../coordinates.js";
import { projectionOf, STORED_CRS } from "../crs.js";
import type { CodeField, Field } from "../entity/entity.js";
import { Fault } from "../fault.js";
import { literal } from "./literal.js";
import type { ReadSql, RequestValues } from "./read-sql.js";

/**
 * How geometries leave: stored degrees, simplified where asked, in the system asked for, with as many digits as were
 * asked for and the layer's policy allows the caller. SQL does all of it but the shifts of GCJ-02 and BD-09, which code does.
 */
interface Drawing {
  crs?: string | null;
  precision?: number | null;
  simplifyMetres?: number | null;
}

/** Decimals given unless asked for otherwise: about a centimetre in degrees, a millimetre in metres. */
const DIGITS = { degrees: 7, metres: 3 } as const;
const MOST_DIGITS = 9;
const COARSEST_METRES = 100_000;
const METRES_A_DEGREE = 111_320;

/** For whom a policy may be written: each role, and the public. The service's own units are given everything. */
export const audiencesOf = ({ actor, unlimited }: Pick<RequestValues, "actor" | "unlimited">): readonly string[] => (unlimited || actor.kind === "SYSTEM" ? [] : actor.grants.length === 0 ? ["PUBLIC"] : actor.grants.map(({ role }) => role));

/** Decimals of a degree the caller is given of a layer; asked once a statement. Refuses a system the policy does not give. */
export const digitsGiven = (layer: string, crs: string, read: ReadSql) => `(select coordinate_digits(${literal(layer)}, ${literal(crs)}, ${read.param("text[]", audiencesOf, "audiences")}))`;

/** From so many digits on nothing is taken away. */
export const ALL_DIGITS = 15;

/** A geometry to the digits a caller is given: the one place where a policy makes coordinates coarse, whatever the door. */
export const coarsened = (raw: string, digits: string) => `case when ${digits} < ${ALL_DIGITS} then coarse_geometry(${raw}, ${digits}) else ${raw} end`;

/** The layer whose policies hold for a geometry. */
export const layerOf = (field: Field): string => {
  if (!field.layer) throw new Error(`a geometry without a layer: ${field.en}`);
  return field.layer;
};

/** A geometry as it leaves when nothing is asked of it: stored degrees. */
export const geometrySql = (raw: string, field: Field, read: ReadSql): string => {
  const given = digitsGiven(layerOf(field), STORED_CRS, read);
  return `st_asgeojson(${coarsened(raw, given)}, least(${DIGITS.degrees}, ${given}), 0)::json`;
};

/** Code puts the shifted geometry where a statement left the stored one. */
export const shiftedGeometry: CodeField = {
  from: "code",
  kind: "geometry",
  needs: [],
  zh: "偏移坐标系中的几何",
  en: "geometry in a shifted system",
  compute: (row: Readonly<Record<string, unknown>>, _actor: Actor) => {
    const { geometry, datum, digits } = row as unknown as { geometry: Geometry; datum: Datum; digits: number };
    return shiftFromCgcs2000(geometry, datum, digits);
  },
};

function numberBetween(name: keyof Drawing, value: unknown, maximum: number): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value !== "number" || value < 0 || value > maximum) throw new Fault("INVALID_INPUT", { field: name, rule: `between 0 and ${maximum}` });
  return value;
}

/** A geometry as its arguments ask. `mark` is where code finds its work, should the system be a shifted one. */
export function drawnSql(raw: string, field: Field, site: number, mark: number, read: ReadSql): string {
  const { crs, precision, simplifyMetres } = (read.shape[site] ?? {}) as Drawing;
  const system = crs ?? STORED_CRS;
  const projection = projectionOf(system);
  const given = digitsGiven(layerOf(field), system, read);
  const asked = (name: keyof Drawing, maximum: number, type: string) => read.param(type, (values) => numberBetween(name, values.args[site]![name], maximum));
  // Degrees of latitude are the longest: what is left out deviates by no more than was allowed.
  const simple = simplifyMetres == null ? raw : `st_simplifypreservetopology(${raw}, ${asked("simplifyMetres", COARSEST_METRES, "double precision")} / ${METRES_A_DEGREE})`;
  const drawn = coarsened(simple, given);
  const usual = projection.by === "srid" ? DIGITS.metres : DIGITS.degrees;
  const digits = precision == null ? String(usual) : asked("precision", MOST_DIGITS, "integer");
  if (projection.by === "none") return `st_asgeojson(${drawn}, least(${digits}, ${given}), 0)::json`;
  if (projection.by === "datum") {
    const row = `json_build_object('geometry', st_asgeojson(${drawn}, ${given}, 0)::json, 'datum', ${literal(projection.datum)}, 'digits', least(${digits}, ${given}))`;
    return `case when ${raw} is not null then ('{"\\u0000":${mark},"row":' || ${row}::text || '}')::json end`;
  }
  const reach = projection.meridian === null ? `st_ymin(${raw}) >= -85.06 and st_ymax(${raw}) <= 85.06` : `st_xmin(${raw}) >= ${projection.meridian - 9} and st_xmax(${raw}) <= ${projection.meridian + 9} and st_ymin(${raw}) >= -85.06 and st_ymax(${raw}) <= 85.06`;
  return `case when ${reach} then st_asgeojson(st_transform(${drawn}, ${projection.srid}), ${digits}, 0)::json end`;
}
