import type { MigrationInterface, QueryRunner } from "typeorm";
import { KEPT, listed, PLACED } from "./tables.js";

/** Methods of assessment, and the chain object - unit - risk with assessments, measures and level changes. */
export class RiskRegister1700000000003 implements MigrationInterface {
  name = "RiskRegister1700000000003";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(methods);
    await runner.query(chain);
    await runner.query(invariants);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ["risk_level_changes", "control_measures", "risk_assessments", "risks", "risk_units", "risk_objects", "assessment_method_versions", "assessment_methods"]) await runner.query(`select untrack('${table}')`);
    await runner.query(`
      drop table risk_level_changes, control_measures, risk_assessments, risks, risk_units, risk_objects, assessment_method_versions, assessment_methods;
      drop function risk_moves(), risk_level_agrees(), risk_in_force_complete(), level_chain();
      drop sequence risk_numbers, risk_object_numbers;
    `);
  }
}

const LEVELS = "('MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW')";

const methods = `
  create table assessment_methods (${KEPT},
    code text not null unique,
    name_zh text not null,
    name_en text not null
  );
  select track('assessment_methods');
  create table assessment_method_versions (${KEPT},
    method_id uuid not null references assessment_methods(id),
    version_code text not null,
    definition jsonb not null,
    valid_from date not null,
    valid_to date,
    unique (method_id, version_code),
    constraint one_version_in_force exclude using gist (method_id with =, daterange(valid_from, valid_to) with &&)
  );
  select track('assessment_method_versions');
`;

const chain = `
  create sequence risk_object_numbers;
  create table risk_objects (${KEPT},
    code text not null unique,
    name text not null,
    type text not null check (type in ('MAJOR_HAZARD_INSTALLATION', 'DEVICE', 'WAREHOUSE', 'PLACE', 'ACTIVITY', 'AREA')),
    subject_id uuid not null references subjects(id),
    hazard_installation_grade text check (hazard_installation_grade in ('LEVEL_1', 'LEVEL_2', 'LEVEL_3', 'LEVEL_4')),
    r_value numeric check (r_value >= 0),
    department text,
    constraint grade_of_installations_only check (hazard_installation_grade is null or type = 'MAJOR_HAZARD_INSTALLATION')
  );
  select track('risk_objects');
  ${listed("risk_objects", "", "subject_id")}

  create table risk_units (${KEPT},
    name text not null,
    object_id uuid not null references risk_objects(id),
    subject_id uuid not null references subjects(id),
    department text
  );
  select track('risk_units');
  ${listed("risk_units", "", "object_id", "subject_id")}

  create sequence risk_numbers;
  create table risks (${KEPT}, ${PLACED},
    fid bigint generated always as identity unique,
    code text not null unique,
    name text not null,
    domain text not null check (domain in ('WORK_SAFETY', 'NATURAL_DISASTER')),
    subject_id uuid not null references subjects(id),
    unit_id uuid references risk_units(id),
    sector text,
    hazard_factor text,
    accident_type text,
    disaster_type text,
    consequence text,
    inherent_level text check (inherent_level in ${LEVELS}),
    current_level text check (current_level in ${LEVELS}),
    control_level text,
    origin_class text check (origin_class in ('TRADITIONAL', 'NEW_BUSINESS', 'URBAN_RENEWAL', 'HISTORICAL')),
    key_attention boolean not null default false,
    responsible_person_id uuid references people(id),
    emergency_plan_ref text,
    location geometry(Point, 4490),
    status text not null check (status in ('IDENTIFIED', 'ASSESSED', 'IN_FORCE', 'REVIEWING', 'SUSPENDED', 'RETIRED')),
    next_review_due date,
    retire_reason text,
    quality text[] not null default '{}',
    constraint inv_05_level_when_assessed check (status = 'IDENTIFIED' or current_level is not null),
    constraint inv_23_place_in_china check (status in ('IDENTIFIED', 'ASSESSED') or in_china(location)),
    constraint retire_with_reason check (status <> 'RETIRED' or retire_reason is not null)
  );
  select track('risks');
  ${listed("risks", "", "county_code", "county_code, current_level", "county_code, status", "town_id, current_level", "subject_id")}
  create index on risks (county_code, town_id, current_level);
  create index on risks (region_id);
  create index on risks (unit_id);
  create index on risks (next_review_due) where status in ('IN_FORCE', 'REVIEWING');
  create index on risks using gist (location);
  create index on risks using gin (name gin_trgm_ops);

  create table risk_assessments (${KEPT},
    risk_id uuid not null references risks(id),
    method text not null,
    method_version text not null,
    inputs jsonb not null,
    score numeric,
    computed_level text not null check (computed_level in ${LEVELS}),
    direct_major_reason text,
    stage text not null check (stage in ('INHERENT', 'CURRENT')),
    assessed_at timestamptz not null,
    basis text,
    constraint direct_major_is_major check (direct_major_reason is null or computed_level = 'MAJOR')
  );
  select track('risk_assessments');
  create index on risk_assessments (risk_id, assessed_at desc);
  create index on risk_assessments_history (risk_id, assessed_at desc);

  create table control_measures (${KEPT},
    risk_id uuid not null references risks(id),
    kind text not null check (kind in ('HUMAN', 'MATERIAL', 'MANAGEMENT', 'ENGINEERING')),
    description text not null,
    responsible_person_id uuid references people(id),
    effective boolean not null default true
  );
  select track('control_measures');
  create index on control_measures (risk_id);
  create index on control_measures_history (risk_id);

  create table risk_level_changes (${KEPT},
    risk_id uuid not null references risks(id),
    from_level text check (from_level in ${LEVELS}),
    to_level text check (to_level in ${LEVELS}),
    changed_at timestamptz not null,
    reason text,
    constraint level_does_change check (from_level is distinct from to_level)
  );
  select track('risk_level_changes');
  create index on risk_level_changes (risk_id, changed_at desc);
`;

const invariants = `
  create function risk_moves() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT' then
      if new.status <> 'IDENTIFIED' then
        raise exception '风险自已辨识起 / a risk begins as identified' using errcode = '23514', constraint = 'risk_transition';
      end if;
    elsif new.status <> old.status and (old.status, new.status) not in (
      ('IDENTIFIED', 'ASSESSED'), ('ASSESSED', 'IDENTIFIED'), ('ASSESSED', 'IN_FORCE'), ('IN_FORCE', 'REVIEWING'), ('REVIEWING', 'IN_FORCE'),
      ('IN_FORCE', 'SUSPENDED'), ('SUSPENDED', 'REVIEWING'), ('IN_FORCE', 'RETIRED'), ('REVIEWING', 'RETIRED'), ('SUSPENDED', 'RETIRED')) then
      raise exception '风险状态不可由 % 变为 % / a risk does not go from % to %', old.status, new.status, old.status, new.status using errcode = '23514', constraint = 'risk_transition';
    end if;
    return new;
  end $$;
  create trigger c_moves before insert or update of status on risks for each row execute function risk_moves();

  -- INV-05: the level is the one of the latest assessment, never typed in.
  create function risk_level_agrees() returns trigger language plpgsql as $$
  declare
    stands risks;
    assessed text;
  begin
    select * into stands from risks where id = new.id;
    select computed_level into assessed from risk_assessments where risk_id = new.id and stage = 'CURRENT' order by assessed_at desc, recorded_from desc, id desc limit 1;
    if stands.current_level is distinct from assessed then
      raise exception '现状等级须等于最近一次评估的等级 / the current level is that of the latest assessment' using errcode = '23514', constraint = 'inv_05_level_is_computed';
    end if;
    return null;
  end $$;
  create constraint trigger level_agrees after insert or update of current_level on risks deferrable initially deferred for each row execute function risk_level_agrees();

  -- INV-06: in force means held by a measure and a named person; the two highest levels by a plan as well.
  create function risk_in_force_complete() returns trigger language plpgsql as $$
  declare
    stands risks;
  begin
    select * into stands from risks where id = new.id;
    if stands.status <> 'IN_FORCE' then return null; end if;
    if not exists (select 1 from control_measures where risk_id = stands.id and effective) then
      raise exception '管控中的风险须有有效管控措施 / a risk in force has a measure in effect' using errcode = '23514', constraint = 'inv_06_in_force_needs_measure';
    end if;
    if stands.responsible_person_id is null then
      raise exception '管控中的风险须有责任人 / a risk in force has a named person' using errcode = '23514', constraint = 'inv_06_in_force_needs_person';
    end if;
    if stands.current_level in ('MAJOR', 'CONSIDERABLE') and stands.emergency_plan_ref is null then
      raise exception '重大、较大风险须有应急预案 / major and considerable risks have an emergency plan' using errcode = '23514', constraint = 'inv_06_in_force_needs_plan';
    end if;
    return null;
  end $$;
  create constraint trigger in_force_complete after insert or update on risks deferrable initially deferred for each row execute function risk_in_force_complete();

  -- INV-07: the chain of levels is unbroken.
  create function level_chain() returns trigger language plpgsql as $$
  declare
    before text;
    known boolean;
  begin
    select to_level, true into before, known from risk_level_changes where risk_id = new.risk_id and id <> new.id order by changed_at desc, recorded_from desc, id desc limit 1;
    if new.from_level is distinct from (case when known then before end) then
      raise exception '等级变动须首尾相接 / a change of level begins where the one before ended' using errcode = '23514', constraint = 'inv_07_chain_unbroken';
    end if;
    return new;
  end $$;
  create trigger c_chain before insert on risk_level_changes for each row execute function level_chain();
`;
