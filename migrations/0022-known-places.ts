import type { MigrationInterface, QueryRunner } from "typeorm";

/** Places as a caller may know them: what a policy keeps coarse is coarse in every question, not only in what is given. */
export class KnownPlaces1700000000022 implements MigrationInterface {
  name = "KnownPlaces1700000000022";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Digits to which a layer may be known, whatever the system: those its coordinates are given to; the most generous of the audiences holds.
      create function known_digits(of_layer text, to_audiences text[]) returns integer language sql stable as $$
        select coalesce(max(coalesce(p.decimals, 15)), 15) from unnest(to_audiences) told(audience) left join coordinate_policies p on p.layer = of_layer and p.audience = told.audience
      $$;
      comment on function known_digits(text, text[]) is '某图层的位置可知到几位小数(度);15 为不限 / decimals of a degree to which places of a layer may be known; 15 is all of them';

      -- Digits can make an outline cross itself, and a question needs a sound one.
      create function known_place(place geometry, digits integer) returns geometry language plpgsql immutable strict parallel safe as $$
      declare
        coarse geometry;
      begin
        if digits >= 15 then return place; end if;
        coarse := coarse_geometry(place, digits);
        if st_dimension(coarse) = 2 and not st_isvalid(coarse) then return st_makevalid(coarse); end if;
        return coarse;
      end $$;
      comment on function known_place(geometry, integer) is '按可知位数取整的位置,条件、距离、排序一律用它 / a place to the digits it may be known to: what conditions, distances and orders are made of';

      -- How far, in degrees, a place may lie from the one it is known as.
      create function moved_by(digits integer) returns double precision language sql immutable strict parallel safe as $$
        select case when digits >= 15 then 0 else power(10::double precision, -digits) end
      $$;

      -- A record of a row, whose geometries stand in it as GeoJSON.
      create function known_record(record jsonb, digits integer) returns jsonb language sql immutable parallel safe as $$
        select case when record is null or digits >= 15 then record else (
          select coalesce(jsonb_object_agg(m.key, case
            when jsonb_typeof(m.value) = 'object' and m.value ?& array['type', 'coordinates'] then st_asgeojson(known_place(st_setsrid(st_geomfromgeojson(m.value::text), 4490), digits), digits, 0)::jsonb
            else m.value end), '{}') from jsonb_each(record) m) end
      $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query("drop function known_record(jsonb, integer), moved_by(integer), known_place(geometry, integer), known_digits(text, text[])");
  }
}
