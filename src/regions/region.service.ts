import type { Input } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { storedGeometry, type Datum, type Geometry } from "../platform/coordinates.js";
import { Fault } from "../platform/fault.js";
import { Computed, type TakenRow, type Unit } from "../platform/write/unit.js";
import { Region, RegionCode } from "./region.js";

/** Writes a polygon to a MultiPolygon column. */
export const asMultiPolygon = (geometry: Geometry) => new Computed("st_multi(st_setsrid(st_geomfromgeojson(?), 4490))", [JSON.stringify(geometry)]);

/** Who keeps boundaries and codes. */
export const KEEPERS: readonly Role[] = ["COMMITTEE_OFFICE", "SYSTEM_ADMIN", "IMPORT", "SEED"];

/** Registers a region below one of one's own area; the top of a tree only where one's area is everything: a region is its own owner. */
export async function registerRegion(unit: Unit, { externalSystem, externalId, ...values }: Input): Promise<string> {
  return unit.add(Region, { ...values, source_system: externalSystem, external_id: externalId });
}

/** Corrects what a region is called and since when. Its code and place in the tree stay: a recoding makes a successor. */
export const updateRegion = (unit: Unit, input: Input, row: TakenRow): Promise<string> => unit.change(Region, row, input);

/** Sets or replaces a boundary. One that crosses itself is taken as it is, marked, and mended beside. */
export async function setBoundary(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const datum = input["datum"] as Datum;
  const boundary = storedGeometry(input["boundary"] as Geometry, datum);
  const [valid] = await unit.query<{ valid: boolean }>("select st_isvalid(st_setsrid(st_geomfromgeojson($1), 4490)) as valid", [JSON.stringify(boundary)]);
  if (input["confirmed"] && !valid!.valid) throw new Fault("INVALID_INPUT", { field: "input.confirmed", rule: "无效的边界不能确认 / a boundary that is not valid is not confirmed" });
  return unit.change(Region, row, { boundary_given: asMultiPolygon(boundary), boundaryQuality: input["confirmed"] ? "CONFIRMED" : "UNCONFIRMED", boundarySource: input["source"], boundaryDatum: datum });
}

/** Records what a region was coded and called before. */
export async function addFormerCode(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await unit.add(RegionCode, { ...input, region: row.uuid });
  return row.uuid;
}
