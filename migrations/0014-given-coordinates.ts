import type { MigrationInterface, QueryRunner } from "typeorm";

/** Coordinates as coarse as a policy asks, the same for every door; the systems a policy gives; when elevations begin and end. */
export class GivenCoordinates1700000000014 implements MigrationInterface {
  name = "GivenCoordinates1700000000014";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- An area smaller than the digits would vanish: it is given as the point it stands at.
      create function coarse_geometry(place geometry, digits integer) returns geometry language plpgsql immutable strict parallel safe as $$
      declare
        side float8 := power(10::float8, -digits);
        coarse geometry := st_snaptogrid(place, side);
      begin
        if coarse is null or st_isempty(coarse) then return st_snaptogrid(st_pointonsurface(place), side); end if;
        return coarse;
      end $$;
      comment on function coarse_geometry(geometry, integer) is '按位数取整的几何;过小的面为点 / a geometry rounded to so many digits; an area too small for them is a point';

      -- Of the systems named, those in which a layer is given to one of the audiences.
      create function coordinate_systems(of_layer text, to_audiences text[], named text[]) returns text[] language sql stable as $$
        select coalesce(array_agg(n.crs order by n.at), '{}') from unnest(named) with ordinality n(crs, at)
        where cardinality(to_audiences) = 0 or exists (select 1 from unnest(to_audiences) told(audience) left join coordinate_policies p on p.layer = of_layer and p.audience = told.audience where p.crs is null or n.crs = any(p.crs))
      $$;

      -- The last moment at which an elevation began or ended is asked for with every tile.
      create index temporary_risk_elevations_begin on temporary_risk_elevations (valid_from);
      create index temporary_risk_elevations_end on temporary_risk_elevations (valid_to);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index temporary_risk_elevations_begin, temporary_risk_elevations_end;
      drop function coordinate_systems(text, text[], text[]), coarse_geometry(geometry, integer);
    `);
  }
}
