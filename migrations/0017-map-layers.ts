import type { MigrationInterface, QueryRunner } from "typeorm";

/** What the further layers of the map rest on: when coverage last changed by itself, and risks that stretch along a line or over an area. */
export class MapLayers1700000000017 implements MigrationInterface {
  name = "MapLayers1700000000017";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(turns);
    await runner.query(extents);
    await runner.query(drawn);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function tile_shape(geometry, boolean, boolean, float8, float8, float8, geometry, float8);
      drop trigger d_extent on risks;
      drop function risk_extent_sound();
      drop index risks_extent, risks_history_extent;
      alter table risks drop constraint inv_23_extent_in_china;
      select drop_tracked_column('risks', 'extent');
      drop function extent_in_china(geometry);
      drop index regulation_relations_begin, regulation_relations_end, regulator_assignments_begin, regulator_assignments_end;
    `);
  }
}

/** The last relation or term that began or ended is asked for with every tile that shows coverage. */
const turns = ["regulation_relations", "regulator_assignments"]
  .map(
    (table) => `
  create index ${table}_begin on ${table} (valid_from);
  create index ${table}_end on ${table} (valid_to) where valid_to is not null;`,
  )
  .join("\n");

const extents = `
  create function extent_in_china(extent geometry) returns boolean language sql immutable parallel safe as $$
    select extent is null or (geometrytype(extent) in ('LINESTRING', 'MULTILINESTRING', 'POLYGON', 'MULTIPOLYGON') and not st_isempty(extent) and st_xmin(extent) >= 73 and st_xmax(extent) <= 136 and st_ymin(extent) >= 3 and st_ymax(extent) <= 54)
  $$;
  select add_tracked_column('risks', 'extent geometry(Geometry, 4490)');
  comment on column risks.extent is '风险的范围(线或面),CGCS2000;点位见 location / where the risk stretches, a line or an area, in CGCS2000; its point is the location';
  alter table risks add constraint inv_23_extent_in_china check (extent_in_china(extent));
  create index risks_extent on risks using gist (extent) where extent is not null;
  create index risks_history_extent on risks_history using gist (extent) where extent is not null;

  -- Rings that cross and lines of one place are refused with where: an extent is drawn as it is kept, never mended.
  create function risk_extent_sound() returns trigger language plpgsql as $$
  declare
    sound boolean;
    why text;
    place geometry;
  begin
    if new.extent is null then return new; end if;
    select d.valid, d.reason, d.location into sound, why, place from st_isvaliddetail(new.extent) d;
    if not sound then
      raise exception '范围不是有效的线或面 / the extent is no valid line or area: %', why using errcode = '23514', constraint = 'inv_23_extent_sound',
        detail = jsonb_build_object('reason', why, 'at', jsonb_build_array(st_x(place), st_y(place)))::text;
    end if;
    return new;
  end $$;
  create trigger d_extent before insert or update of extent on risks for each row execute function risk_extent_sound();
`;

const drawn = `
  create function tile_shape(shape geometry, shift boolean, mercator boolean, scale float8, tile_left float8, tile_top float8, box geometry, margin float8) returns geometry language plpgsql immutable parallel safe as $$
  declare
    drawn geometry := shape;
    factor float8;
  begin
    -- A line of less than two pixels would vanish: as an area so small, it is drawn as a point, in the tile its point lies in.
    if st_dimension(shape) <> 1 or greatest(st_xmax(shape) - st_xmin(shape), st_ymax(shape) - st_ymin(shape)) * scale / 360 < 16 then
      return tile_area(case when st_dimension(shape) = 1 then st_pointonsurface(shape) else shape end, shift, mercator, scale, tile_left, tile_top, box, margin);
    end if;
    if not st_covers(box, st_envelope(shape)) then drawn := st_clipbybox2d(shape, box::box2d); end if;
    if drawn is null or st_isempty(drawn) then return null; end if;
    if shift then
      drawn := (select st_collect(line order by at) from (
        select part.path as at, (select st_makeline(gcj02_point(corner.geom) order by corner.path) from st_dumppoints(part.geom) corner(path, geom)) as line
        from st_dump(st_segmentize(st_collectionextract(drawn, 2), 0.005)) part(path, geom)) parts);
    end if;
    if mercator then
      factor := scale / 40075016.685578488;
      drawn := st_affine(st_setsrid(st_transform(drawn, 3857), 0), factor, 0, 0, -factor, 20037508.342789244 * factor - tile_left, 20037508.342789244 * factor - tile_top);
    else
      factor := scale / 360;
      drawn := st_affine(st_setsrid(drawn, 0), factor, 0, 0, -factor, 180 * factor - tile_left, 90 * factor - tile_top);
    end if;
    drawn := st_clipbybox2d(drawn, st_makebox2d(st_makepoint(-margin, -margin), st_makepoint(4096 + margin, 4096 + margin)));
    drawn := st_collectionextract(st_snaptogrid(st_simplify(drawn, 1, true), 1), 2);
    return case when not st_isempty(drawn) then drawn end;
  end $$;
  comment on function tile_shape(geometry, boolean, boolean, float8, float8, float8, geometry, float8) is '线或面在瓦片单位中的图形;面同 tile_area,过小者为点 / a line or an area in the units of a tile; areas as tile_area has them, a point where it is too small to see';
`;
