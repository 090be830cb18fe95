create schema if not exists bench;
create or replace function bench.risks_geojson(risk public.risks) returns json language sql stable parallel safe as $$ select st_asgeojson(risk.location, 7, 0)::json $$;
create or replace function bench.risks_level_colour(risk public.risks) returns text language sql immutable parallel safe as $$
  select case risk.current_level when 'MAJOR' then '#D9001B' when 'CONSIDERABLE' then '#F59A23' when 'MODERATE' then '#FFD500' when 'LOW' then '#1E6FFF' else '#BFBFBF' end
$$;
create or replace function bench.risks_review_overdue(risk public.risks) returns boolean language sql stable parallel safe as $$
  select coalesce(risk.status in ('IN_FORCE', 'REVIEWING') and risk.next_review_due < (now() at time zone 'Asia/Shanghai')::date, false)
$$;
create or replace function bench.risks_effective_level(risk public.risks) returns text language sql stable parallel safe as $$
  select coalesce((select e.to_level from public.temporary_risk_elevations e where e.risk_id = risk.id and e.valid_from <= now() and e.valid_to > now() and risk.status in ('IN_FORCE', 'REVIEWING') and public.level_rank(e.to_level) < public.level_rank(risk.current_level)), risk.current_level)
$$;
create or replace function bench.risks_elevated(risk public.risks) returns boolean language sql stable parallel safe as $$
  select risk.status in ('IN_FORCE', 'REVIEWING') and exists (select from public.temporary_risk_elevations e where e.risk_id = risk.id and e.valid_from <= now() and e.valid_to > now())
$$;
create or replace function bench.risks_effective_colour(risk public.risks) returns text language sql stable parallel safe as $$
  select case bench.risks_effective_level(risk) when 'MAJOR' then '#D9001B' when 'CONSIDERABLE' then '#F59A23' when 'MODERATE' then '#FFD500' when 'LOW' then '#1E6FFF' else '#BFBFBF' end
$$;
create or replace function bench.risks_one(risk public.risks) returns integer language sql immutable parallel safe as $$ select 1 $$;
create or replace function bench.subjects_current_assignments(subject public.subjects) returns setof public.regulator_assignments language sql stable parallel safe rows 3 as $$
  select a.* from public.regulator_assignments a
  where a.subject_id = subject.id and a.valid_from <= now() and (a.valid_to is null or a.valid_to > now())
  order by a.valid_from desc, a.id desc
$$;
create or replace function bench.risks_in_box(county text, west float8, south float8, east float8, north float8) returns setof public.risks language sql stable parallel safe rows 2000 as $$
  select r.* from public.risks r
  where r.county_code = county and public.st_intersects(r.location, public.st_makeenvelope(west, south, east, north, 4490))
  order by array_position(array['MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW'], bench.risks_effective_level(r)), r.id
$$;
