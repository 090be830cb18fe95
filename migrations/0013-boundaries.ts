import type { MigrationInterface, QueryRunner } from "typeorm";
import { KEPT } from "./tables.js";

/** Boundaries of regions, their former codes, what coordinates may be given to whom, and places held to their regions. */
export class Boundaries1700000000013 implements MigrationInterface {
  name = "Boundaries1700000000013";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(boundaries);
    await runner.query(formerCodes);
    await runner.query(policies);
    await runner.query(soundness);
    await runner.query("alter table system_settings add column boundary_tolerance_metres integer not null default 500 check (boundary_tolerance_metres between 0 and 10000)");
    for (const [table, held] of HELD) await runner.query(insideRegion(table, held));
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table] of HELD) await runner.query(`drop trigger inside_region on ${table}; drop function ${table}_inside_region()`);
    await runner.query(`
      alter table system_settings drop column boundary_tolerance_metres;
      drop function sound_geometry(text), coordinate_digits(text, text, text[]);
      select untrack('coordinate_policies'), untrack('region_codes');
      drop table coordinate_policies, region_codes;
      drop trigger b_boundary on regions;
      drop function region_boundary();
      drop index regions_drawn, regions_bounded;
      alter table regions drop constraint inv_23_boundary_in_china, drop constraint boundary_says_where_from;
      select drop_tracked_column('regions', name) from unnest(array['area_km2', 'boundary_doubt', 'boundary_quality', 'boundary_datum', 'boundary_source', 'boundary_given']) name;
    `);
  }
}

/** Tables whose places are held to their region, and in which states. */
const HELD = [["subjects", "status = 'ACTIVE'"], ["risks", "status in ('IN_FORCE', 'REVIEWING')"]] as const;

const boundaries = `
  select add_tracked_column('regions', 'boundary_given geometry(MultiPolygon, 4490)');
  select add_tracked_column('regions', 'boundary_source text');
  select add_tracked_column('regions', 'boundary_datum text check (boundary_datum in (''CGCS2000'', ''WGS84'', ''GCJ02'', ''BD09''))');
  select add_tracked_column('regions', 'boundary_quality text check (boundary_quality in (''CONFIRMED'', ''UNCONFIRMED'', ''REPAIRED''))');
  select add_tracked_column('regions', 'boundary_doubt text');
  select add_tracked_column('regions', 'area_km2 numeric generated always as (round((st_area(boundary::geography) / 1000000)::numeric, 4)) stored');
  comment on column regions.boundary_given is '边界原样(坐标已转 CGCS2000),不修补 / the boundary as given, in CGCS2000, never mended';
  comment on column regions.boundary is '可用的边界:有效、环向合 RFC 7946;原样无效时为修补后的副本 / the boundary to draw and compare with: valid, rings by the right-hand rule; a mended copy where the given one is not valid';
  comment on column regions.area_km2 is '椭球面积,平方千米 / area on the ellipsoid, km2';

  create function region_boundary() returns trigger language plpgsql as $$
  declare
    given geometry;
    fault record;
  begin
    if tg_op = 'INSERT' then
      given := coalesce(new.boundary_given, new.boundary);
    elsif new.boundary_given is distinct from old.boundary_given then
      given := new.boundary_given;
    elsif new.boundary is distinct from old.boundary then
      given := new.boundary;
    else
      return new;
    end if;
    new.boundary_given := given;
    new.boundary := given;
    new.boundary_doubt := null;
    if given is null then
      new.boundary_quality := null;
      return new;
    end if;
    if not st_isvalid(given) then
      select reason, st_x(location) as lon, st_y(location) as lat into fault from st_isvaliddetail(given);
      new.boundary := st_multi(st_collectionextract(st_makevalid(given, 'method=structure keepcollapsed=false'), 3));
      new.boundary_quality := 'REPAIRED';
      new.boundary_doubt := format('%s (%s, %s)', fault.reason, round(fault.lon::numeric, 6), round(fault.lat::numeric, 6));
      if st_isempty(new.boundary) then
        raise exception '边界无法修补:% / the boundary cannot be mended', new.boundary_doubt using errcode = '23514', constraint = 'boundary_has_area';
      end if;
    else
      new.boundary_quality := case when new.boundary_quality = 'CONFIRMED' then 'CONFIRMED' else 'UNCONFIRMED' end;
    end if;
    new.boundary := st_forcepolygonccw(new.boundary);
    -- A place to draw at, where none is stated.
    new.point := coalesce(new.point, st_pointonsurface(new.boundary));
    return new;
  end $$;
  create trigger b_boundary before insert or update of boundary, boundary_given on regions for each row execute function region_boundary();
  alter table regions add constraint inv_23_boundary_in_china check (boundary is null or (st_xmin(boundary) >= 73 and st_xmax(boundary) <= 136 and st_ymin(boundary) >= 3 and st_ymax(boundary) <= 54));
  alter table regions add constraint boundary_says_where_from check (boundary_source is null or boundary_datum is not null);
  -- What is drawn of a region, and looked for in a box.
  create index regions_drawn on regions using gist ((coalesce(boundary, point)));
  -- The narrowest known boundary around a place is asked for at every activation.
  create index regions_bounded on regions using gist (path) where boundary is not null;
`;

const formerCodes = `
  create table region_codes (${KEPT},
    region_id uuid not null references regions(id),
    code text not null check (code ~ '^[0-9]{12}$'),
    name text not null,
    valid_from date,
    valid_to date not null,
    basis text,
    constraint region_code_period check (valid_from is null or valid_to > valid_from),
    constraint inv_24_code_of_one_region exclude using gist (code with =, daterange(valid_from, valid_to) with &&)
  );
  select track('region_codes');
  comment on table region_codes is '区划曾用代码与名称;现行代码在 regions / former codes and names of regions; the code in force stands with the region';
  create index on region_codes (region_id, valid_to);
`;

const policies = `
  create table coordinate_policies (${KEPT},
    layer text not null,
    audience text not null,
    decimals integer check (decimals between 0 and 9),
    crs text[],
    unique (layer, audience)
  );
  select track('coordinate_policies');
  comment on table coordinate_policies is '坐标给出规则:某图层对某类人员至多几位小数(度)、可用哪些坐标系;无规则即不限 / how precisely, in decimals of a degree, and in which systems the coordinates of a layer are given to an audience; no row, no limit';

  -- Digits a caller is given; the most generous of its audiences holds.
  create function coordinate_digits(of_layer text, in_crs text, to_audiences text[]) returns integer language plpgsql stable as $$
  declare
    digits integer;
    allowed boolean;
  begin
    select max(coalesce(p.decimals, 15)), bool_or(p.crs is null or in_crs = any(p.crs)) into digits, allowed
    from unnest(to_audiences) told(audience) left join coordinate_policies p on p.layer = of_layer and p.audience = told.audience;
    if not allowed then
      raise exception '不以此坐标系给出 / not given in this system' using errcode = 'YG403', detail = json_build_object('layer', of_layer, 'crs', in_crs)::text;
    end if;
    return coalesce(digits, 15);
  end $$;
`;

const soundness = `
  -- A geometry of a question. Unlike a boundary it is not mended: an answer about another place than meant would mislead.
  create function sound_geometry(told text) returns geometry language plpgsql immutable strict parallel safe as $$
  declare
    made geometry := st_setsrid(st_geomfromgeojson(told), 4490);
    fault record;
  begin
    if not st_isvalid(made) then
      select reason, st_x(location) as lon, st_y(location) as lat into fault from st_isvaliddetail(made);
      raise exception '几何无效:% / the geometry is not valid', fault.reason using errcode = 'YG400',
        detail = json_build_object('field', 'geometry', 'rule', '面不得自相交、环不得相交 / rings cross neither themselves nor each other', 'reason', fault.reason, 'at', json_build_array(round(fault.lon::numeric, 7), round(fault.lat::numeric, 7)))::text;
    end if;
    return made;
  end $$;
`;

/** INV-23, judged by the row as it stands when the unit ends, and by the narrowest boundary known around it. */
const insideRegion = (table: string, held: string) => `
  create function ${table}_inside_region() returns trigger language plpgsql as $$
  declare
    stands ${table};
    around geometry;
  begin
    select * into stands from ${table} where id = new.id and location is not null and ${held};
    if not found then return null; end if;
    select boundary into around from regions where path @> stands.region_path and boundary is not null order by nlevel(path) desc limit 1;
    if around is not null and not st_covers(around, stands.location)
      and not st_dwithin(around::geography, stands.location::geography, (select boundary_tolerance_metres from system_settings)) then
      raise exception '位置在所属区划边界之外 / the place lies outside its region' using errcode = '23514', constraint = 'inv_23_inside_region';
    end if;
    return null;
  end $$;
  create constraint trigger inside_region after insert or update of location, region_id, status on ${table} deferrable initially deferred
    for each row when (new.location is not null and new.${held}) execute function ${table}_inside_region();
`;
