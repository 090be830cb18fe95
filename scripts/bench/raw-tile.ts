/** What a tile server asks of PostGIS: ST_AsMVTGeom over ST_Transform, the box widened by the buffer; whatever names the tile and the county may be parameters. */
export const rawTile = (z: string, x: string, y: string, county: string) => `select st_asmvt(t, 'risks', 4096, 'geom', 'fid') as tile from (
  select r.fid, st_asmvtgeom(st_transform(r.location, 3857), e.bounds, 4096, 128, true) as geom, r.code, r.name, r.current_level as "currentLevel",
    case when level_rank(l.to_level) < level_rank(r.current_level) then l.to_level else r.current_level end as "effectiveLevel", l.to_level is not null as elevated, r.status, r.sector,
    coalesce(r.status in ('IN_FORCE', 'REVIEWING') and r.next_review_due < current_date, false) as "reviewOverdue"
  from (select st_tileenvelope(${z}, ${x}, ${y}) as bounds) e, risks r
  left join (select risk_id, to_level from temporary_risk_elevations where valid_from <= now() and valid_to > now()) l on l.risk_id = r.id and r.status in ('IN_FORCE', 'REVIEWING') and r.current_level is not null
  where r.location && st_transform(st_tileenvelope(${z}, ${x}, ${y}, margin => 128.0 / 4096), 4490) and r.county_code = ${county}) t where geom is not null`;
