import type { MigrationInterface, QueryRunner } from "typeorm";
import { codes, editions } from "./coded-values.js";
import { add, KEPT, listed } from "./tables.js";
import { cards, zones } from "./zones-and-cards.js";

/** The risk chain whole: kinds of subject, objects and units, measures by class, control level, codes by edition, key attention, zones, post cards. */
export class RiskChain1700000000008 implements MigrationInterface {
  name = "RiskChain1700000000008";

  async up(runner: QueryRunner): Promise<void> {
    // What a correction of stored rows is recorded under; recodings that change no meaning are made beside the record.
    await runner.query("select set_config('app.action', 'migration.riskChain', true)");
    for (const step of [boundaries, kinds, objects, measures, controlLevel, editions, codes, attention, zones, cards]) await runner.query(step);
    await runner.query("select set_config('app.action', '', true)");
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ["post_card_risks", "post_cards", "risk_zones", "code_mappings", "project_contractors"]) await runner.query(`select untrack('${table}')`);
    await runner.query(`
      drop table post_card_risks, post_cards, risk_zones, code_mappings, project_contractors;
      drop trigger d_codes on risks; drop trigger d_codes on subjects; drop trigger d_codes on hidden_dangers; drop trigger d_attention on risks; drop trigger d_boundary on subjects;
      drop trigger kind_gate on subjects; drop trigger a_withdrawn on control_measures; drop trigger risk_held on control_measures;
      drop function post_card_keeps(), post_card_whole(), post_card_risk_fits(), risk_zone_keeps(), risk_codes(), subject_codes(), hidden_danger_codes(), refuse_code(text, text, text, date), code_is_valid(text, text, text, date), code_edition(text, date), key_attention_reviewed(), boundary_sound(), subject_kind_gate(), measure_withdrawn_stays(), measure_holds_risk();
      drop sequence risk_zone_numbers;
      drop index subjects_extent, subjects_history_extent, risks_history_location, control_measures_in_order, control_measures_history_in_order;
      alter table subjects drop constraint subjects_id_kind;
      alter table risk_objects drop constraint grade_follows_r;
    `);
    const added: Record<string, string[]> = {
      responsibility_schemes: ["domain"],
      risks: ["caused_by_id", "key_attention_reason", "key_attention_reviewer_id", "key_attention_reviewed_at", "accident_type_edition", "control_level", "stated_control_level"],
      code_lists: ["default_from", "provisional"],
      control_measures: ["class1", "class2", "class3", "mode", "responsible_level", "check_content", "special_kind", "capacity", "withdrawn_at", "withdraw_reason"],
      risk_units: ["liable_person_id"],
      risk_objects: ["liable_person_id", "location"],
      subjects: ["facility_kind", "managing_unit_id", "area_kind", "boundary", "threatened_households", "threatened_people", "disaster_type", "disposal_type", "caused_by_id", "permit_no", "owner_enterprise_id", "owner_organization_id", "stage", "planned_start", "planned_end"],
    };
    for (const [table, columns] of Object.entries(added)) for (const column of columns) await runner.query(`select drop_tracked_column('${table}', '${column}')`);
    // The level of control stood for the level itself.
    await runner.query(`
      select add_tracked_column('risks', 'control_level text');
      alter table risks disable trigger user; update risks set control_level = current_level; alter table risks enable trigger user;
      alter table risks_history disable trigger append_only; update risks_history set control_level = current_level; alter table risks_history enable trigger append_only;
      drop function demanded_control(text), installation_grade(numeric), area_in_china(geometry);
    `);
  }
}

const quoted = (values: readonly string[]) => values.map((value) => `'${value}'`).join(", ");
const CONTROL = ["COMPANY", "DEPARTMENT", "WORKSHOP", "TEAM"];

/** An area is one or several polygons whose rings do not cross, in China, longitude first; what is wrong with it, and where, is told. */
const boundaries = `
  create function area_in_china(area geometry) returns boolean language sql immutable parallel safe as $$
    select area is null or (geometrytype(area) in ('POLYGON', 'MULTIPOLYGON') and not st_isempty(area) and st_xmin(area) >= 73 and st_xmax(area) <= 136 and st_ymin(area) >= 3 and st_ymax(area) <= 54)
  $$;
  create function boundary_sound() returns trigger language plpgsql as $$
  declare
    sound boolean;
    why text;
    place geometry;
  begin
    if new.boundary is null then return new; end if;
    select d.valid, d.reason, d.location into sound, why, place from st_isvaliddetail(new.boundary) d;
    if not sound then
      raise exception '边界不是有效的多边形 / the boundary is no valid polygon: %', why using errcode = '23514', constraint = 'inv_23_boundary_sound',
        detail = jsonb_build_object('reason', why, 'at', jsonb_build_array(st_x(place), st_y(place)))::text;
    end if;
    return new;
  end $$;
`;

const FACILITIES = ["RESERVOIR", "DYKE", "BRIDGE", "TUNNEL", "TRANSPORT_HUB", "URBAN_COMPLEX", "SCHOOL", "HOSPITAL", "CARE_HOME", "POWER_PLANT", "WATER_PLANT", "SHELTER", "OTHER"];
const AREAS = ["GEO_PRONE", "GEO_HAZARD_POINT", "FLASH_FLOOD_PRONE", "SCENIC", "URBAN_FLOOD", "FOREST", "INDUSTRIAL_PARK"];

const kinds = `
  ${add(
    "subjects",
    `facility_kind text check (facility_kind in (${quoted(FACILITIES)}))`,
    "managing_unit_id uuid references organizations(id)",
    `area_kind text check (area_kind in (${quoted(AREAS)}))`,
    "boundary geometry(Geometry, 4490)",
    "threatened_households integer check (threatened_households >= 0)",
    "threatened_people integer check (threatened_people >= 0)",
    "disaster_type text",
    "disposal_type text check (disposal_type in ('ENGINEERING', 'MONITORING', 'RELOCATION'))",
    "caused_by_id uuid references subjects(id)",
    "permit_no text",
    "owner_enterprise_id uuid references enterprises(id)",
    "owner_organization_id uuid references organizations(id)",
    "stage text check (stage in ('PREPARATION', 'FOUNDATION', 'STRUCTURE', 'FINISHING', 'COMPLETION', 'HALTED'))",
    "planned_start date",
    "planned_end date",
  )}
  alter table subjects
    add constraint facility_fields_of_facilities check (kind = 'KEY_FACILITY' or facility_kind is null),
    add constraint managing_unit_of_facilities_and_areas check (kind in ('KEY_FACILITY', 'KEY_AREA') or managing_unit_id is null),
    add constraint area_fields_of_areas check (kind = 'KEY_AREA' or num_nonnulls(area_kind, boundary, threatened_households, threatened_people, disaster_type, disposal_type, caused_by_id) = 0),
    add constraint project_fields_of_projects check (kind = 'CONSTRUCTION_PROJECT' or num_nonnulls(permit_no, owner_enterprise_id, owner_organization_id, stage, planned_start, planned_end) = 0),
    add constraint disposal_of_hazard_points check (disposal_type is null or area_kind is not distinct from 'GEO_HAZARD_POINT'),
    add constraint caused_by_another check (caused_by_id <> id),
    add constraint planned_period check (planned_end >= planned_start),
    add constraint inv_23_boundary_in_china check (area_in_china(boundary));
  create trigger d_boundary before insert or update of boundary on subjects for each row execute function boundary_sound();
  create index on subjects (caused_by_id) where caused_by_id is not null;
  create index on subjects (managing_unit_id) where managing_unit_id is not null;
  -- Where a subject is: its area where it has one, else its point. Membership in zones is looked up by it, at any instant.
  create index subjects_extent on subjects using gist (coalesce(boundary, location));
  create index subjects_history_extent on subjects_history using gist (coalesce(boundary, location));
  create index risks_history_location on risks_history using gist (location);

  -- A14, A15: what is confirmed as a key facility or area says what it is and who manages it.
  create function subject_kind_gate() returns trigger language plpgsql as $$
  begin
    if new.status = 'ACTIVE' and (tg_op = 'INSERT' or old.status = 'UNCONFIRMED') and (
      (new.kind = 'KEY_FACILITY' and (new.facility_kind is null or new.managing_unit_id is null)) or (new.kind = 'KEY_AREA' and (new.area_kind is null or new.managing_unit_id is null))) then
      raise exception '重点设施、重点区域启用前须有类别与管理单位 / a key facility or area needs its kind and its managing unit' using errcode = '23514', constraint = 'key_subject_complete';
    end if;
    return null;
  end $$;
  create constraint trigger kind_gate after insert or update of status on subjects deferrable initially deferred for each row execute function subject_kind_gate();

  create table project_contractors (${KEPT},
    subject_id uuid not null references subjects(id),
    subject_kind text not null default 'CONSTRUCTION_PROJECT' check (subject_kind = 'CONSTRUCTION_PROJECT'),
    enterprise_id uuid not null references enterprises(id),
    role text not null check (role in ('GENERAL', 'SUBCONTRACTOR', 'SUPERVISOR', 'DESIGNER', 'SURVEYOR')),
    section text,
    entered_on date not null,
    left_on date,
    constraint contractor_period check (left_on >= entered_on)
  );
  alter table subjects add constraint subjects_id_kind unique (id, kind);
  alter table project_contractors add constraint contractors_of_projects foreign key (subject_id, subject_kind) references subjects(id, kind);
  select track('project_contractors');
  ${listed("project_contractors", "", "subject_id", "enterprise_id")}
  create unique index contractor_once on project_contractors (subject_id, enterprise_id, role, coalesce(section, '')) where left_on is null;
`;

const objects = `
  ${add("risk_objects", "liable_person_id uuid references people(id)", "location geometry(Point, 4490)")}
  ${add("risk_units", "liable_person_id uuid references people(id)")}
  create index on risk_objects using gist (location);

  -- GB 18218-2018: the grade of a major hazard installation follows from R.
  create function installation_grade(r numeric) returns text language sql immutable strict parallel safe as $$
    select case when r >= 100 then 'LEVEL_1' when r >= 50 then 'LEVEL_2' when r >= 10 then 'LEVEL_3' else 'LEVEL_4' end
  $$;
  update risk_objects set hazard_installation_grade = installation_grade(r_value)
    where type = 'MAJOR_HAZARD_INSTALLATION' and r_value is not null and hazard_installation_grade is distinct from installation_grade(r_value);
  alter table risk_objects
    add constraint grade_follows_r check (type <> 'MAJOR_HAZARD_INSTALLATION' or r_value is null or hazard_installation_grade is not distinct from installation_grade(r_value)),
    add constraint inv_23_place_in_china check (in_china(location)) not valid;
`;

/** Classes as the data exchange of hazardous-chemical enterprises names them (domain 2.5): 1-1 is of 1. */
const measures = `
  ${add(
    "control_measures",
    "class1 text check (class1 in ('1', '2', '3', '4'))",
    "class2 text",
    "class3 text",
    "mode text check (mode in ('AUTO', 'CHECK'))",
    `responsible_level text check (responsible_level in (${quoted(CONTROL)}))`,
    "check_content text",
    "special_kind text check (special_kind in ('CLOSE_ON_EXTREME_WEATHER', 'CAPACITY_LIMIT'))",
    "capacity integer check (capacity > 0)",
    "withdrawn_at timestamptz",
    "withdraw_reason text",
  )}
  alter table control_measures
    add constraint class2_of_class1 check (class2 is null or (class1 is not null and class2 like class1 || '-%' and class2 in ('1-1', '1-2', '1-3', '1-4', '1-5', '2-1', '2-2', '2-3', '3-1', '3-2', '3-3', '3-4', '4-1', '4-2', '4-3', '4-4', '4-5'))),
    add constraint capacity_of_capacity_limits check ((special_kind is not distinct from 'CAPACITY_LIMIT') = (capacity is not null)),
    add constraint withdrawn_with_reason check (effective or (withdraw_reason is not null and withdrawn_at is not null)) not valid;
  create index control_measures_in_order on control_measures (created_at, id);
  create index control_measures_history_in_order on control_measures_history (created_at, id);

  create function measure_withdrawn_stays() returns trigger language plpgsql as $$
  begin
    if not old.effective and new is distinct from old then
      raise exception '已撤销的措施不再更改;恢复须另立新措施 / a withdrawn measure stays as it is; to restore it, add a new one' using errcode = '23514', constraint = 'withdrawn_measure_stays';
    end if;
    return new;
  end $$;
  -- Before stamp(), which makes every update differ.
  create trigger a_withdrawn before update on control_measures for each row execute function measure_withdrawn_stays();

  -- INV-06 from the other end. The risk is locked, so that of two who withdraw its last two measures the second sees the first.
  create function measure_holds_risk() returns trigger language plpgsql as $$
  declare
    held text;
  begin
    select status into held from risks where id = old.risk_id for no key update;
    if held = 'IN_FORCE' and not exists (select 1 from control_measures where risk_id = old.risk_id and effective) then
      raise exception '管控中的风险须有有效管控措施 / a risk in force has a measure in effect' using errcode = '23514', constraint = 'inv_06_in_force_needs_measure';
    end if;
    return null;
  end $$;
  create constraint trigger risk_held after update of effective, risk_id on control_measures deferrable initially deferred for each row when (old.effective) execute function measure_holds_risk();
`;

/** Domain 2.1: the level demands who controls; one higher up may be stated, none lower. It stood for the level itself, in the register and its history. */
const controlLevel = `
  create function demanded_control(level text) returns text language sql immutable strict parallel safe as $$
    select case level when 'MAJOR' then 'COMPANY' when 'CONSIDERABLE' then 'DEPARTMENT' when 'MODERATE' then 'WORKSHOP' when 'LOW' then 'TEAM' end
  $$;
  select drop_tracked_column('risks', 'control_level');
  ${add(
    "risks",
    `stated_control_level text check (stated_control_level in (${quoted(CONTROL)}))`,
    `control_level text generated always as (case when array_position(array[${quoted(CONTROL)}], stated_control_level) < array_position(array[${quoted(CONTROL)}], demanded_control(current_level)) then stated_control_level else demanded_control(current_level) end) stored`,
  )}
  alter table risks add constraint control_not_below_level check (status = 'IDENTIFIED' or array_position(array[${quoted(CONTROL)}], control_level) <= array_position(array[${quoted(CONTROL)}], demanded_control(current_level)));
  alter table risks_history disable trigger append_only;
  update risks_history set control_level = demanded_control(current_level) where current_level is not null;
  alter table risks_history enable trigger append_only;
`;

const attention = `
  ${add(
    "risks",
    "key_attention_reason text",
    "key_attention_reviewer_id uuid references people(id)",
    "key_attention_reviewed_at timestamptz",
    "caused_by_id uuid references subjects(id)",
  )}
  alter table risks add constraint caused_by_of_natural_hazards check (caused_by_id is null or domain = 'NATURAL_DISASTER');
  create index on risks (caused_by_id) where caused_by_id is not null;

  -- A16: proposed while a risk is identified; from then on the flag moves only by a review, with its reason and reviewer.
  create function key_attention_reviewed() returns trigger language plpgsql as $$
  begin
    if new.key_attention <> old.key_attention and (new.status <> 'IDENTIFIED' or old.key_attention_reviewed_at is not null)
      and (new.key_attention_reason is null or new.key_attention_reviewer_id is null or new.key_attention_reviewed_at is not distinct from old.key_attention_reviewed_at) then
      raise exception '重点关注须经审核,写明理由与审核人 / key attention is set by a review, with its reason and its reviewer' using errcode = '23514', constraint = 'key_attention_reviewed';
    end if;
    return new;
  end $$;
  create trigger d_attention before update of key_attention on risks for each row execute function key_attention_reviewed();
`;
