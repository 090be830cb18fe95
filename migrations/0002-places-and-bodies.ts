import type { MigrationInterface, QueryRunner } from "typeorm";
import { KEPT, listed, PLACED } from "./tables.js";

/** Places, bodies, people and regulated subjects. */
export class PlacesAndBodies1700000000002 implements MigrationInterface {
  name = "PlacesAndBodies1700000000002";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(places);
    await runner.query(bodies);
    await runner.query(subjects);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ["subjects", "enterprises", "people", "organizations", "grids", "regions"]) await runner.query(`select untrack('${table}')`);
    await runner.query(`
      alter table people drop constraint people_enterprise_id_fkey;
      drop table subjects, enterprises, people, organizations, grids, regions;
      drop function region_tree(), subject_gate(), is_uscc(text), in_china(geometry);
      drop sequence region_keys, subject_numbers;
    `);
  }
}

const places = `
  create sequence region_keys;
  create table regions (${KEPT},
    code text not null check (code ~ '^[0-9]{12}$'),
    name text not null,
    level text not null check (level in ('PROVINCE', 'CITY', 'DISTRICT', 'TOWN', 'VILLAGE')),
    parent_id uuid references regions(id),
    path ltree not null,
    urban_class text,
    valid_from date,
    valid_to date,
    superseded_by_id uuid references regions(id),
    point geometry(Point, 4490),
    boundary geometry(MultiPolygon, 4490),
    constraint regions_validity check (valid_to is null or valid_from is null or valid_to > valid_from)
  );
  comment on column regions.path is '由区划自身稳定键构成的路径,改码不改路径 / made of the regions'' own stable keys, so that a recoding rewrites nothing';

  create function region_tree() returns trigger language plpgsql as $$
  declare
    above regions;
  begin
    if tg_op = 'UPDATE' and new.parent_id is not distinct from old.parent_id then
      new.path := old.path;
    else
      if tg_op = 'UPDATE' and exists (select 1 from regions where parent_id = new.id) then
        raise exception '有下级的区划不能直接改隶 / a region with regions below is not moved' using errcode = '23514', constraint = 'regions_move_leaves_only';
      end if;
      select * into above from regions where id = new.parent_id;
      new.path := coalesce(above.path, ''::ltree) || case when tg_op = 'UPDATE' then subpath(old.path, -1) else ('r' || nextval('region_keys'))::ltree end;
      if above.id is not null and array_position(array['PROVINCE','CITY','DISTRICT','TOWN','VILLAGE'], above.level) >= array_position(array['PROVINCE','CITY','DISTRICT','TOWN','VILLAGE'], new.level) then
        raise exception '上级区划的层级须高于下级 / a region lies below a higher level' using errcode = '23514', constraint = 'regions_levels_descend';
      end if;
    end if;
    new.county_code := case when new.level in ('PROVINCE', 'CITY') then '000000' else left(new.code, 6) end;
    return new;
  end $$;
  create trigger a_tree before insert or update on regions for each row execute function region_tree();
  select track('regions');
  create unique index regions_code_in_force on regions (code) where valid_to is null;
  create index on regions using gist (path);
  create unique index on regions (path);
  create index on regions (parent_id, code);
  create index on regions (level, code);
  create index on regions using gin (name gin_trgm_ops);

  create table grids (${KEPT}, ${PLACED},
    code text not null check (code ~ '^[0-9]{15}$'),
    name text not null,
    kind text not null default 'UNIT' check (kind in ('UNIT', 'SPECIAL')),
    status text not null default 'ACTIVE' check (status in ('ACTIVE', 'CLOSED')),
    constraint grids_code unique (code)
  );
  select track('grids');
  create index on grids (region_id, code);
`;

const bodies = `
  -- GB 32100-2015: thirty-one characters without I O S V Z, weights 3^(i-1) mod 31.
  create function is_uscc(told text) returns boolean language plpgsql immutable strict parallel safe as $$
  declare
    alphabet constant text := '0123456789ABCDEFGHJKLMNPQRTUWXY';
    weights constant integer[] := array[1,3,9,27,19,26,16,17,20,29,25,13,8,24,10,30,28];
    total integer := 0;
    at integer;
  begin
    if length(told) <> 18 then return false; end if;
    for i in 1..17 loop
      at := strpos(alphabet, substr(told, i, 1)) - 1;
      if at < 0 then return false; end if;
      total := total + at * weights[i];
    end loop;
    return substr(alphabet, (31 - total % 31) % 31 + 1, 1) = substr(told, 18, 1);
  end $$;

  create function in_china(place geometry) returns boolean language sql immutable parallel safe as $$
    select place is null or (st_x(place) between 73 and 136 and st_y(place) between 3 and 54)
  $$;

  create table organizations (${KEPT}, ${PLACED},
    name text not null,
    uscc text constraint inv_24_uscc check (is_uscc(uscc)),
    kind text not null check (kind in ('GOV_DEPT', 'TOWN_GOV', 'COMMUNITY', 'COMMITTEE', 'THIRD_PARTY', 'RESCUE', 'ENTERPRISE')),
    level text check (level in ('DISTRICT', 'TOWN', 'COMMUNITY', 'GRID')),
    supervision_role text check (supervision_role in ('COMPREHENSIVE', 'SECTOR', 'TERRITORIAL')),
    sectors text[] not null default '{}',
    can_inspect boolean not null default false,
    parent_id uuid references organizations(id)
  );
  select track('organizations');
  create index on organizations (county_code, name);
  create index on organizations (parent_id);

  create table people (${KEPT}, ${PLACED},
    name text not null,
    organization_id uuid references organizations(id),
    enterprise_id uuid,
    post text,
    rank text check (rank in ('TING', 'CHU', 'KE', 'OTHER')),
    kind text not null check (kind in ('OFFICIAL', 'GRID_WORKER', 'ENTERPRISE', 'EXPERT', 'TECH_INSPECTOR')),
    duty_phone text,
    mobile text,
    enforcement_cert_no text
  );
  select track('people', array['name', 'mobile', 'enforcement_cert_no']);
  create index on people (organization_id);
  create index on people (county_code, name);
`;

const subjects = `
  create table enterprises (${KEPT}, ${PLACED},
    legal_name text not null,
    uscc text,
    industry_section text check (industry_section ~ '^[A-T]$'),
    industry_code text check (industry_code ~ '^[0-9]{4}$'),
    size_class text check (size_class in ('ABOVE_DESIGNATED', 'BELOW_DESIGNATED', 'MICRO', 'SOLE_TRADER')),
    state_owned boolean,
    high_risk boolean,
    employees integer check (employees >= 0),
    company_code9 text check (company_code9 ~ '^[0-9]{9}$'),
    parent_id uuid references enterprises(id),
    constraint inv_24_uscc check (is_uscc(uscc) or uscc ~ '^[0-9]{15}$')
  );
  select track('enterprises');
  create index on enterprises (uscc);
  create index on enterprises (county_code, legal_name);
  create index on enterprises using gin (legal_name gin_trgm_ops);
  alter table people add constraint people_enterprise_id_fkey foreign key (enterprise_id) references enterprises(id);
  create index on people (enterprise_id);

  create sequence subject_numbers;
  create table subjects (${KEPT}, ${PLACED},
    fid bigint generated always as identity unique,
    code text not null unique,
    name text not null,
    kind text not null check (kind in ('ENTERPRISE_SITE', 'KEY_FACILITY', 'KEY_AREA', 'CONSTRUCTION_PROJECT')),
    enterprise_id uuid references enterprises(id),
    grid_id uuid references grids(id),
    sector text,
    address text,
    location geometry(Point, 4490),
    key_controlled boolean not null default false,
    supervision_class text check (supervision_class in ('A', 'B', 'C', 'D')),
    status text not null default 'UNCONFIRMED' check (status in ('UNCONFIRMED', 'ACTIVE', 'SUSPENDED', 'CLOSED')),
    quality text[] not null default '{}',
    constraint inv_23_place_in_china check (status = 'UNCONFIRMED' or in_china(location))
  );
  select track('subjects');

  -- INV-01: at activation a subject has its lead; afterwards a lapse is a computed gap.
  create function subject_gate() returns trigger language plpgsql as $$
  begin
    if new.status = 'ACTIVE' and (tg_op = 'INSERT' or old.status = 'UNCONFIRMED') then
      if new.sector is null or (new.kind = 'ENTERPRISE_SITE' and new.enterprise_id is null) then
        raise exception '启用前须有行业与所属企业 / sector and enterprise are needed' using errcode = '23514', constraint = 'subject_complete';
      end if;
      if not exists (select 1 from regulation_relations r where r.subject_id = new.id and r.role in ('LEAD', 'SHARED') and r.valid_from <= app_clock() and (r.valid_to is null or r.valid_to > app_clock())) then
        raise exception '启用前须有牵头监管部门 / a lead regulator is needed' using errcode = '23514', constraint = 'inv_01_active_needs_lead';
      end if;
    end if;
    return null;
  end $$;
  create constraint trigger gate after insert or update of status on subjects deferrable initially deferred for each row execute function subject_gate();
  ${listed("subjects", "", "county_code", "county_code, status", "county_code, sector", "town_id, status")}
  create index on subjects (region_id);
  create index on subjects (enterprise_id);
  create index on subjects using gist (location);
  create index on subjects using gin (name gin_trgm_ops);
`;
