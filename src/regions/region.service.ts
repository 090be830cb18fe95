import type { Input } from "../platform/actions.js";
import type { Actor, Role } from "../platform/actor.js";
import { storedGeometry, type Datum, type Geometry } from "../platform/coordinates.js";
import { Fault } from "../platform/fault.js";
import { Computed, type TakenRow, type Unit } from "../platform/write/unit.js";
import { Region, RegionCode } from "./region.js";

/** Writes a polygon to a MultiPolygon column. */
export const asMultiPolygon = (geometry: Geometry) => new Computed("st_multi(st_setsrid(st_geomfromgeojson(?), 4490))", [JSON.stringify(geometry)]);

/** Regions are everybody's to read and only their own office's to change. Faults: FORBIDDEN. */
async function ownRegion(unit: Unit, region: string, roles: readonly Role[]): Promise<void> {
  const areas = areasOf(unit.actor, roles);
  const [found] = await unit.query<{ own: boolean }>("select path <@ any($2::text[]::ltree[]) as own from regions where id = $1", [region, areas]);
  if (!found?.own) throw new Fault("FORBIDDEN", { action: unit.name, reason: "outside your area" });
}

const areasOf = (actor: Actor, roles: readonly Role[]) => actor.grants.flatMap((grant) => (roles.includes(grant.role) && grant.regionPath !== null && !grant.subjectId ? [grant.regionPath] : []));

/** Who keeps boundaries and codes. */
export const KEEPERS: readonly Role[] = ["COMMITTEE_OFFICE", "SYSTEM_ADMIN", "IMPORT", "SEED"];

/** Who registers regions, each below a region of their own. */
const REGISTRARS: readonly Role[] = ["COMMITTEE_OFFICE", "IMPORT", "SEED"];

/** Registers a region below one of one's own area; the top of a tree only where one's area is everything. Faults: FORBIDDEN. */
export async function registerRegion(unit: Unit, input: Input): Promise<string> {
  const { externalSystem, externalId, ...values } = input;
  const parent = input["parent"] as string | null | undefined;
  if (parent) await ownRegion(unit, parent, REGISTRARS);
  else if (!areasOf(unit.actor, REGISTRARS).includes("")) throw new Fault("FORBIDDEN", { action: unit.name, reason: "outside your area" });
  return unit.register(Region, { ...values, source_system: externalSystem, external_id: externalId });
}

/** Corrects what a region is called and since when. Its code and place in the tree stay: a recoding makes a successor. */
export async function updateRegion(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await ownRegion(unit, row.uuid, KEEPERS);
  return unit.change(Region, row, input);
}

/** Sets or replaces a boundary. One that crosses itself is taken as it is, marked, and mended beside. */
export async function setBoundary(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await ownRegion(unit, row.uuid, KEEPERS);
  const datum = input["datum"] as Datum;
  const boundary = storedGeometry(input["boundary"] as Geometry, datum);
  const [valid] = await unit.query<{ valid: boolean }>("select st_isvalid(st_setsrid(st_geomfromgeojson($1), 4490)) as valid", [JSON.stringify(boundary)]);
  if (input["confirmed"] && !valid!.valid) throw new Fault("INVALID_INPUT", { field: "input.confirmed", rule: "无效的边界不能确认 / a boundary that is not valid is not confirmed" });
  return unit.change(Region, row, { boundary_given: asMultiPolygon(boundary), boundaryQuality: input["confirmed"] ? "CONFIRMED" : "UNCONFIRMED", boundarySource: input["source"], boundaryDatum: datum });
}

/** Records what a region was coded and called before. */
export async function addFormerCode(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await ownRegion(unit, row.uuid, KEEPERS);
  await unit.add(RegionCode, { ...input, region: row.uuid });
  return row.uuid;
}
