import type { Unit } from "../platform/write/unit.js";

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
export async function regionAround(unit: Unit, lon: number, lat: number, within: string | null): Promise<Around | undefined> {
  const [row] = await unit.query<Around>(
    `select r.id, coalesce(r.path <@ (select path from regions where id = $3), false) as below from regions r
     where coalesce(r.boundary, r.point) && st_setsrid(st_makepoint($1, $2), 4490) and st_covers(r.boundary, st_setsrid(st_makepoint($1, $2), 4490)) and r.valid_to is null
     order by nlevel(r.path) desc, r.code limit 1`,
    [lon, lat, within],
  );
  return row;
}

/** Whether a point lies farther from its region than the tolerance, by the narrowest boundary known around it. */
export async function liesOutside(unit: Unit, region: string, lon: number, lat: number): Promise<boolean> {
  const [row] = await unit.query<{ outside: boolean }>(
    `select not st_covers(b.boundary, p.place) and not st_dwithin(b.boundary::geography, p.place::geography, (select boundary_tolerance_metres from system_settings)) as outside
     from (select st_setsrid(st_makepoint($2, $3), 4490) as place) p
     cross join lateral (select o.boundary from regions r join regions o on o.path @> r.path and o.boundary is not null where r.id = $1 order by nlevel(o.path) desc limit 1) b`,
    [region, lon, lat],
  );
  return row?.outside ?? false;
}
