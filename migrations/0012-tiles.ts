import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * What vector tiles stand on: a number for every region of the map, GCJ-02 in SQL, areas cut to a tile, and revisions:
 * every change of a tracked row leaves, in its own transaction, a mark of the table and the cells it touched.
 */
export class Tiles1700000000012 implements MigrationInterface {
  name = "Tiles1700000000012";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(numbers);
    await runner.query(shifted);
    await runner.query(areas);
    await runner.query(revisions);
    await runner.query(tracking);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      do $$ declare tracked text; begin
        for tracked in select name from tracked_tables loop
          execute format('drop trigger y_revised_new on %1$I; drop trigger y_revised_both on %1$I; drop function %2$I()', tracked, 'revise_' || tracked);
        end loop;
      end $$;
      drop function track(text, text[]), untrack(text), add_tracked_column(text, text), drop_tracked_column(text, text);
      alter function track_unrevised(text, text[]) rename to track;
      alter function untrack_unrevised(text) rename to untrack;
      alter function add_tracked_column_unrevised(text, text) rename to add_tracked_column;
      alter function drop_tracked_column_unrevised(text, text) rename to drop_tracked_column;
      drop function build_revisions(text), compact_tile_revisions(), tile_cells(geometry);
      drop table tile_revisions;
      drop function tile_area(geometry, boolean, boolean, float8, float8, float8, geometry, float8), gcj02(geometry), gcj02_point(geometry);
      select drop_tracked_column('regions', 'fid');
    `);
  }
}

/** Features of tiles are numbered by integers. Versions of the past get the number of their row. */
const numbers = `
  select add_tracked_column('regions', 'fid bigint generated always as identity unique');
  alter table regions_history disable trigger append_only;
  update regions_history h set fid = r.fid from regions r where r.id = h.id;
  alter table regions_history enable trigger append_only;
`;

const shifted = `
  create function gcj02_point(place geometry) returns geometry language plpgsql immutable strict parallel safe as $$
  declare
    lon constant float8 := st_x(place);
    lat constant float8 := st_y(place);
    x constant float8 := lon - 105;
    y constant float8 := lat - 35;
    shared float8;
    east float8;
    north float8;
    flat float8;
  begin
    if lon is null or lon < 72.004 or lon > 137.8347 or lat < 0.8293 or lat > 55.8271 then return place; end if;
    shared := 20 * sin(6 * x * pi()) + 20 * sin(2 * x * pi());
    east := 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x))
      + (shared + 20 * sin(x * pi()) + 40 * sin(x / 3 * pi()) + 150 * sin(x / 12 * pi()) + 300 * sin(x / 30 * pi())) * 2 / 3;
    north := -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x))
      + (shared + 20 * sin(y * pi()) + 40 * sin(y / 3 * pi()) + 160 * sin(y / 12 * pi()) + 320 * sin(y * pi() / 30)) * 2 / 3;
    -- The ellipsoid of Krasovsky, metres and squared eccentricity.
    flat := 1 - 0.006693421622965823 * sin(radians(lat)) ^ 2;
    return st_setsrid(st_makepoint(
      lon + east * 180 / (6378245.0 / sqrt(flat) * cos(radians(lat)) * pi()),
      lat + north * 180 / (6378245.0 * (1 - 0.006693421622965823) / (flat * sqrt(flat)) * pi())), st_srid(place));
  end $$;

  create function gcj02(place geometry) returns geometry language sql immutable strict parallel safe as $$
    select case
      when st_geometrytype($1) = 'ST_Point' then gcj02_point($1)
      when st_dimension($1) = 2 then (
        select st_collect(part order by at) from (
          select at, st_makepolygon((array_agg(ring order by number))[1], coalesce((array_agg(ring order by number))[2:], '{}')) as part from (
            select polygon.path as at, rings.path[1] as number, (select st_makeline(gcj02_point(corner.geom) order by corner.path) from st_dumppoints(rings.geom) corner(path, geom)) as ring
            from st_dump($1) polygon(path, geom), st_dumprings(polygon.geom) outlines(path, geom), lateral (select outlines.path, st_exteriorring(outlines.geom) as geom) rings) ringed
          group by at) parts)
      else (select st_collect(gcj02_point(corner.geom) order by corner.path) from st_dumppoints($1) corner(path, geom))
    end
  $$;
  comment on function gcj02(geometry) is 'CGCS2000 经纬度转为 GCJ-02,逐点;框外不偏移 / degrees of CGCS2000 as GCJ-02, each position by itself; not shifted outside the box of the algorithm';
`;

const areas = `
  create function tile_area(shape geometry, shift boolean, mercator boolean, scale float8, tile_left float8, tile_top float8, box geometry, margin float8) returns geometry language plpgsql immutable parallel safe as $$
  declare
    drawn geometry := shape;
    factor float8;
  begin
    -- An area of less than two pixels would vanish: it is drawn as a point, in the tile its point lies in.
    if st_dimension(shape) = 2 and greatest(st_xmax(shape) - st_xmin(shape), st_ymax(shape) - st_ymin(shape)) * scale / 360 < 16 then
      drawn := st_pointonsurface(shape);
    elsif st_dimension(shape) = 2 and not st_covers(box, st_envelope(shape)) then
      drawn := st_clipbybox2d(shape, box::box2d);
    end if;
    if drawn is null or st_isempty(drawn) then return null; end if;
    -- Long sides bend when they are shifted: half a kilometre of one stays straight within a hand's breadth.
    if shift then drawn := gcj02(case when st_dimension(drawn) = 2 then st_segmentize(st_collectionextract(drawn, 3), 0.005) else drawn end); end if;
    if mercator then
      factor := scale / 40075016.685578488;
      drawn := st_affine(st_setsrid(st_transform(drawn, 3857), 0), factor, 0, 0, -factor, 20037508.342789244 * factor - tile_left, 20037508.342789244 * factor - tile_top);
    else
      factor := scale / 360;
      drawn := st_affine(st_setsrid(drawn, 0), factor, 0, 0, -factor, 180 * factor - tile_left, 90 * factor - tile_top);
    end if;
    if st_dimension(drawn) < 2 then
      drawn := st_makepoint(floor(st_x(st_centroid(drawn))), floor(st_y(st_centroid(drawn))));
      return case when st_x(drawn) >= -margin and st_x(drawn) < 4096 + margin and st_y(drawn) >= -margin and st_y(drawn) < 4096 + margin then drawn end;
    end if;
    drawn := st_clipbybox2d(drawn, st_makebox2d(st_makepoint(-margin, -margin), st_makepoint(4096 + margin, 4096 + margin)));
    drawn := st_simplifypreservetopology(drawn, 1);
    -- Rounding can make an outline cross itself, and mending one can leave the grid.
    for attempt in 1..4 loop
      drawn := st_collectionextract(st_snaptogrid(drawn, 1), 3);
      if drawn is null or st_isempty(drawn) then return null; end if;
      exit when st_isvalid(drawn);
      drawn := st_collectionextract(st_makevalid(drawn), 3);
    end loop;
    -- Rows grow downwards in a tile: this turn is the one in which outlines must run.
    return st_forcepolygonccw(drawn);
  end $$;
  comment on function tile_area(geometry, boolean, boolean, float8, float8, float8, geometry, float8) is '面在瓦片单位中的图形:裁切、化简、取整、有效;过小者为点 / an area in the units of a tile: cut, simplified, rounded, valid; a point where it is too small to see';
`;

const revisions = `
  create table tile_revisions (
    source text not null,
    level smallint not null,
    x integer not null,
    y integer not null,
    changes bigint not null
  ) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500);
  create index tile_revisions_by_cell on tile_revisions (source, level, x, y) include (changes);
  comment on table tile_revisions is '每次变更所及的表与格,同一事务内只增;压缩时相加,故可见各行之和即版本 / the table and cells each change touched, appended in its transaction; compaction adds them up, so the sum of what is visible is the revision';
  comment on column tile_revisions.level is '格的级:整个经纬度方框的 2^level 等分;-1 为无位置的行 / level of the cell, by halving the square of degrees; -1 for rows without a place';

  -- Cells of level twelve are 0.088 degrees wide. What spans many is marked by a few wider ones.
  create function tile_cells(place geometry) returns table (level smallint, x integer, y integer) language plpgsql immutable parallel safe as $$
  declare
    side float8;
    west integer; east integer; north integer; south integer;
  begin
    if place is null or st_isempty(place) then
      return query select -1::smallint, 0, 0;
      return;
    end if;
    for depth in reverse 12..0 loop
      side := 360.0 / (1 << depth);
      west := floor((st_xmin(place) + 180) / side); east := floor((st_xmax(place) + 180) / side);
      north := floor((90 - st_ymax(place)) / side); south := floor((90 - st_ymin(place)) / side);
      if (east - west + 1) * (south - north + 1) <= 16 then
        return query select depth::smallint, a, b from generate_series(west, east) a, generate_series(north, south) b;
        return;
      end if;
    end loop;
  end $$;

  -- What this deletes, and only that, it adds up again; a write in flight is not seen and stays.
  create function compact_tile_revisions() returns integer language plpgsql as $$
  declare
    removed integer;
  begin
    if not pg_try_advisory_xact_lock(4790917300012) then return 0; end if;
    with many as (
      select source, level, x, y from tile_revisions group by source, level, x, y having count(*) > 3 limit 5000
    ), gone as (
      delete from tile_revisions t using many m where t.source = m.source and t.level = m.level and t.x = m.x and t.y = m.y returning t.*
    ), kept as (
      insert into tile_revisions select source, level, x, y, sum(changes) from gone group by source, level, x, y
    )
    select count(*) into removed from gone;
    return removed;
  end $$;
`;

const tracking = `
  -- One function per table: its statements keep their plans. Points, which are most, find their cell without a call.
  create function build_revisions(of_table text) returns void language plpgsql as $$
  declare
    touched text := (
      select string_agg(case
        when c.type ~ '^geometry\\(Point' then format('select case when st_x(%1$I) is null then -1 else 12 end as level, coalesce(floor((st_x(%1$I) + 180) / 360 * 4096)::integer, 0) as x, coalesce(floor((90 - st_y(%1$I)) / 360 * 4096)::integer, 0) as y from new_rows', c.name)
        else format('select c.level, c.x, c.y from new_rows, tile_cells(%I) c', c.name) end, ' union all ')
      from tracked_columns(of_table) c where c.type ~ '^geometry');
    marks constant text := 'insert into tile_revisions (source, level, x, y, changes) select distinct %L, level, x, y, 1 from (%s) cells;';
    unplaced constant text := format('insert into tile_revisions values (%L, -1, 0, 0, 1);', of_table);
  begin
    execute format($body$
      create or replace function %1$I() returns trigger language plpgsql as $revise$
      begin
        if tg_op = 'INSERT' then
          %2$s
        else
          %3$s
        end if;
        return null;
      end $revise$ $body$,
      'revise_' || of_table,
      case when touched is null then unplaced else format(marks, of_table, touched) end,
      case when touched is null then unplaced else format(marks, of_table, touched || ' union all ' || replace(touched, 'new_rows', 'old_rows')) end);
    execute format('drop trigger if exists y_revised_new on %1$I; drop trigger if exists y_revised_both on %1$I', of_table);
    execute format('create trigger y_revised_new after insert on %I referencing new table as new_rows for each statement execute function %I()', of_table, 'revise_' || of_table);
    execute format('create trigger y_revised_both after update on %I referencing old table as old_rows new table as new_rows for each statement execute function %I()', of_table, 'revise_' || of_table);
  end $$;

  alter function track(text, text[]) rename to track_unrevised;
  create function track(of_table text, redact text[] default '{}') returns void language plpgsql as $$
  begin
    perform track_unrevised(of_table, redact);
    perform build_revisions(of_table);
  end $$;
  comment on function track(text, text[]) is '为表建立历史、变更记录、写入保护与版本标记;redact 为个人信息列 / gives a table history, change records, the guard on writes and marks of revision; redact names its personal columns';

  alter function untrack(text) rename to untrack_unrevised;
  create function untrack(of_table text) returns void language plpgsql as $$
  begin
    execute format('drop trigger y_revised_new on %1$I; drop trigger y_revised_both on %1$I; drop function %2$I()', of_table, 'revise_' || of_table);
    perform untrack_unrevised(of_table);
  end $$;

  alter function add_tracked_column(text, text) rename to add_tracked_column_unrevised;
  create function add_tracked_column(of_table text, definition text) returns void language plpgsql as $$
  begin
    perform add_tracked_column_unrevised(of_table, definition);
    perform build_revisions(of_table);
  end $$;

  alter function drop_tracked_column(text, text) rename to drop_tracked_column_unrevised;
  create function drop_tracked_column(of_table text, dropped text) returns void language plpgsql as $$
  begin
    perform drop_tracked_column_unrevised(of_table, dropped);
    perform build_revisions(of_table);
  end $$;

  do $$ declare tracked text; begin
    for tracked in select name from tracked_tables loop perform build_revisions(tracked); end loop;
  end $$;
`;
