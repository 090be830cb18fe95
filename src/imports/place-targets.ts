import type { Geometry } from "../platform/coordinates.js";
import { Computed, type Unit, type Values } from "../platform/write/unit.js";
import { Region, RegionCode } from "../regions/region.js";
import { asMultiPolygon } from "../regions/region.service.js";
import type { Prepared, RowProblem, Surroundings, Target } from "./targets.js";

/** Rows that are places, or lie in one: by code, or by the boundary around their point. */

export const missing = (field: string, zh: string): RowProblem => ({ code: "REQUIRED", zh: `缺少${zh}`, en: `${field} is missing`, suggestion: "补填后重新导入 / fill it in and import again" });

/** The region of a code in force, or of one it had before. */
export async function regionByCode(unit: Unit, code: unknown): Promise<{ id: string; former: boolean } | undefined> {
  const [row] = await unit.query<{ id: string; former: boolean }>(
    "select id, false as former from regions where code = $1 and valid_to is null union all select region_id, true from region_codes where code = $1 order by former limit 1",
    [code],
  );
  return row;
}

interface Around {
  id: string;
  /** Whether it lies within the region of the import, or is it. */
  below: boolean;
}

/** The narrowest region whose boundary covers a point. */
async function regionAround(unit: Unit, lon: number, lat: number, within: string | null): Promise<Around | undefined> {
  const [row] = await unit.query<Around>(
    `select r.id, coalesce(r.path <@ (select path from regions where id = $3), false) as below from regions r
     where coalesce(r.boundary, r.point) && st_setsrid(st_makepoint($1, $2), 4490) and st_covers(r.boundary, st_setsrid(st_makepoint($1, $2), 4490)) and r.valid_to is null
     order by nlevel(r.path) desc, r.code limit 1`,
    [lon, lat, within],
  );
  return row;
}

/** Whether a point lies farther from its region than the tolerance, by the narrowest boundary known around it. */
async function liesOutside(unit: Unit, region: string, lon: number, lat: number): Promise<boolean> {
  const [row] = await unit.query<{ outside: boolean }>(
    `select not st_covers(b.boundary, p.place) and not st_dwithin(b.boundary::geography, p.place::geography, (select boundary_tolerance_metres from system_settings)) as outside
     from (select st_setsrid(st_makepoint($2, $3), 4490) as place) p
     cross join lateral (select o.boundary from regions r join regions o on o.path @> r.path and o.boundary is not null where r.id = $1 order by nlevel(o.path) desc limit 1) b`,
    [region, lon, lat],
  );
  return row?.outside ?? false;
}

/** Subtypes of a subject come by kind; `keyFacility` is the common one for foreign registers. */
export async function prepareSubject(values: Record<string, unknown>, { unit, defaultRegion }: Surroundings): Promise<Prepared> {
  const { regionCode, ...rest } = values;
  const doubts: string[] = [];
  const [lon, lat] = (rest["location"] as { coordinates: [number, number] } | null | undefined)?.coordinates ?? [];
  const located = lon !== undefined && lat !== undefined;
  const abroad = located && (lon < 73 || lon > 136 || lat < 3 || lat > 54);
  if (!located) doubts.push("NO_LOCATION");
  else if (abroad) doubts.push("OUTSIDE_CHINA");
  const named = regionCode ? await regionByCode(unit, regionCode) : undefined;
  if (named?.former) doubts.push("FORMER_CODE");
  // A row that names no region lies where its point does: within the import's region the narrowest, without one anywhere.
  const around = regionCode || !located || abroad ? undefined : await regionAround(unit, lon, lat, defaultRegion);
  const region = regionCode ? (named?.id ?? null) : around && (around.below || defaultRegion === null) ? around.id : defaultRegion;
  const problems = rest["name"] ? [] : [missing("name", "名称")];
  if (!region)
    problems.push(
      regionCode || !located
        ? missing("region", "所在区划")
        : { code: "OUTSIDE_KNOWN_REGIONS", zh: `坐标 ${lon}, ${lat} 不在任何已知边界的区划内`, en: `${lon}, ${lat} lies within no region whose boundary is known`, suggestion: "写明区划代码,或先导入边界 / name the region, or import boundaries first" },
    );
  else if (located && !abroad && (await liesOutside(unit, region, lon, lat))) doubts.push("OUTSIDE_REGION");
  return { values: { kind: "KEY_FACILITY", status: "UNCONFIRMED", ...rest, region }, doubts, problems };
}

async function prepareRegion(values: Record<string, unknown>, { unit }: Surroundings): Promise<Prepared> {
  const { parentCode, boundary, boundaryDatum, formerCode, formerName, formerTo, formerBasis, ...rest } = values;
  const parent = parentCode ? ((await regionByCode(unit, parentCode))?.id ?? null) : null;
  const problems = [...(rest["code"] ? [] : [missing("code", "代码")]), ...(rest["name"] ? [] : [missing("name", "名称")])];
  const doubts: string[] = [];
  // The region above a county is not part of every source; the tree then begins here.
  if (parentCode && !parent) {
    if (rest["level"] === "DISTRICT") doubts.push("PARENT_UNKNOWN");
    else problems.push({ code: "PARENT_UNKNOWN", zh: `上级区划 ${String(parentCode)} 不存在`, en: `no region ${String(parentCode)} above`, suggestion: "先导入上级区划 / import the regions above first" });
  }
  const drawn: Values = boundary ? { boundary_given: asMultiPolygon(boundary as Geometry), boundaryQuality: "UNCONFIRMED", boundaryDatum } : {};
  if (boundary && !(await isValid(unit, boundary as Geometry))) doubts.push("BOUNDARY_NOT_VALID");
  const recoded = formerCode && formerCode !== rest["code"];
  if (recoded) doubts.push("FORMER_CODE");
  return {
    values: { ...rest, parent, ...drawn },
    doubts,
    problems,
    beside: recoded ? (made, uuid) => recordFormer(made, uuid, { code: formerCode, name: formerName, validTo: formerTo, basis: formerBasis }) : undefined,
  };
}

const isValid = async (unit: Unit, boundary: Geometry) => (await unit.query<{ valid: boolean }>("select st_isvalid(st_geomfromgeojson($1)) as valid", [JSON.stringify(boundary)]))[0]!.valid;

async function recordFormer(unit: Unit, region: string, former: Values): Promise<boolean> {
  if ((await unit.query("select from region_codes where region_id = $1 and code = $2", [region, former["code"]])).length > 0) return false;
  await unit.add(RegionCode, { ...former, region });
  return true;
}

/** A boundary is the same where its positions are: whoever drew it again need not be asked. */
async function settleRegion(unit: Unit, uuid: string, values: Values): Promise<Values> {
  const { boundary_given: boundary, boundaryQuality, boundaryDatum, boundarySource, ...rest } = values;
  if (!(boundary instanceof Computed)) return values;
  const [row] = await unit.query<{ same: boolean }>("select coalesce(st_asbinary(boundary_given) = st_asbinary(st_multi(st_geomfromgeojson($2))), false) as same from regions where id = $1", [uuid, boundary.values[0]]);
  return row!.same ? rest : { ...rest, boundary_given: boundary, boundaryQuality, boundaryDatum, boundarySource };
}

/** Regions, and boundaries for regions that stand already: a code in force is one region, whoever brought it. */
export const regionTarget: Target = {
  entity: Region,
  by: ["COMMITTEE_OFFICE", "IMPORT"],
  placed: false,
  prepare: prepareRegion,
  async adopt(unit, values) {
    // A file without boundaries registers regions; where one stands under another key, the database says so.
    if (!values["boundary_given"]) return undefined;
    const found = await regionByCode(unit, values["code"]);
    if (!found || found.former) return undefined;
    const { boundary_given, boundaryQuality, boundaryDatum, boundarySource } = values;
    return { uuid: found.id, values: { boundary_given, boundaryQuality, boundaryDatum, boundarySource } };
  },
  settle: settleRegion,
  creating: () => ({}),
};
