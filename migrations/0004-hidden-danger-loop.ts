import type { MigrationInterface, QueryRunner } from "typeorm";
import { KEPT, listed, PLACED } from "./tables.js";

/** Hidden dangers and their closed loop; what the invariants demand is demanded on entering the state they gate. */
export class HiddenDangerLoop1700000000004 implements MigrationInterface {
  name = "HiddenDangerLoop1700000000004";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
    await runner.query(invariants);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ["hidden_danger_evidence", "attachments", "acceptance_records", "rectification_plans", "hazard_assignments", "hidden_dangers"]) await runner.query(`select untrack('${table}')`);
    await runner.query(`
      drop table hidden_danger_evidence, attachments, acceptance_records, rectification_plans, hazard_assignments, hidden_dangers;
      drop function hidden_danger_moves(), hidden_danger_gates(), acceptor_differs();
      drop sequence hidden_danger_numbers, write_off_numbers;
    `);
  }
}

const tables = `
  create sequence hidden_danger_numbers;
  create sequence write_off_numbers;
  create table hidden_dangers (${KEPT}, ${PLACED},
    fid bigint generated always as identity unique,
    code text not null unique,
    title text not null,
    description text,
    kind text not null default 'PHYSICAL' check (kind in ('PHYSICAL', 'SYSTEMIC')),
    grade text check (grade in ('GENERAL', 'MAJOR')),
    criterion_clause text,
    expert_judgement text,
    discovery_source text not null,
    category text[] not null default '{}',
    discovered_at timestamptz not null,
    discovered_by_id uuid references people(id),
    self_reported_at timestamptz,
    subject_id uuid references subjects(id),
    risk_id uuid references risks(id),
    measure_id uuid references control_measures(id),
    sector text,
    location geometry(Point, 4490),
    cause text,
    manage_type text check (manage_type in ('ON_SPOT', 'DEADLINE')),
    original_deadline date,
    effective_deadline date,
    status text not null check (status in ('REPORTED', 'REJECTED', 'REGISTERED', 'ASSIGNED', 'RECTIFYING', 'PENDING_ACCEPTANCE', 'ACCEPTED', 'CLOSED', 'TRANSFERRED', 'VOIDED')),
    responsible_org_text text,
    responsible_person_text text,
    rectified_at timestamptz,
    rectified_by uuid,
    accepted_at timestamptz,
    closed_at timestamptz,
    write_off_no text unique,
    closing_reason text,
    recurrence_of_id uuid references hidden_dangers(id),
    origin text not null default 'NATIVE' check (origin in ('NATIVE', 'EXTERNAL')),
    quality text[] not null default '{}',
    voided_at timestamptz,
    voided_by uuid,
    void_reason text,
    constraint graded_from_registered check (status in ('REPORTED', 'REJECTED', 'VOIDED') or grade is not null),
    constraint inv_09_major_needs_clause check (grade is distinct from 'MAJOR' or status in ('REPORTED', 'REJECTED', 'VOIDED') or origin = 'EXTERNAL' or criterion_clause is not null or expert_judgement is not null),
    constraint deadline_from_assigned check (status not in ('ASSIGNED', 'RECTIFYING', 'PENDING_ACCEPTANCE', 'ACCEPTED') or effective_deadline is not null),
    constraint inv_23_place_in_china check (in_china(location)),
    constraint reject_with_reason check (status <> 'REJECTED' or closing_reason is not null),
    constraint void_with_reason check ((status = 'VOIDED') = (voided_at is not null) and (voided_at is null or void_reason is not null)),
    constraint closed_with_time check (status <> 'CLOSED' or closed_at is not null or origin = 'EXTERNAL'),
    constraint write_off_with_number check (status <> 'CLOSED' or write_off_no is not null or origin = 'EXTERNAL')
  );
  select track('hidden_dangers');
  ${listed("hidden_dangers", "", "county_code", "county_code, status", "county_code, grade", "town_id, status", "subject_id")}
  create index on hidden_dangers (county_code, discovered_at desc, id desc);
  create index on hidden_dangers (risk_id);
  create index on hidden_dangers (region_id);
  create index on hidden_dangers (effective_deadline, county_code) where status in ('REGISTERED', 'ASSIGNED', 'RECTIFYING', 'TRANSFERRED');
  create index on hidden_dangers using gist (location);
  create index on hidden_dangers using gin (title gin_trgm_ops);

  create table hazard_assignments (${KEPT},
    hidden_danger_id uuid not null references hidden_dangers(id),
    leg text not null check (leg in ('RECTIFY', 'OVERSEE')),
    to_organization_id uuid references organizations(id),
    to_person_id uuid references people(id),
    to_enterprise_id uuid references enterprises(id),
    issued_at timestamptz not null,
    received_at timestamptz,
    due_at date,
    closed_at timestamptz,
    result text
  );
  select track('hazard_assignments');
  create index on hazard_assignments (hidden_danger_id, issued_at);
  create index on hazard_assignments_history (hidden_danger_id, issued_at);
  create unique index one_open_leg on hazard_assignments (hidden_danger_id, leg) where closed_at is null;

  create table rectification_plans (${KEPT},
    hidden_danger_id uuid not null references hidden_dangers(id),
    responsible text not null check (responsible <> ''),
    measures text not null check (measures <> ''),
    funds numeric not null check (funds >= 0),
    deadline date not null,
    emergency_plan text not null check (emergency_plan <> ''),
    goals text,
    safety_measures text,
    approved_at timestamptz
  );
  comment on table rectification_plans is '五落实:责任、措施、资金、时限、预案缺一不可 / five-fix: none of the five may be absent';
  select track('rectification_plans');
  create index on rectification_plans (hidden_danger_id);
  create index on rectification_plans_history (hidden_danger_id);

  create table acceptance_records (${KEPT},
    hidden_danger_id uuid not null references hidden_dangers(id),
    accepted_at timestamptz not null,
    result text not null check (result in ('PASS', 'FAIL')),
    comment text,
    acceptor_id uuid references people(id),
    accepted_by uuid
  );
  select track('acceptance_records');
  create index on acceptance_records (hidden_danger_id, accepted_at desc);
  create index on acceptance_records_history (hidden_danger_id, accepted_at desc);

  create table attachments (${KEPT},
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    media_type text not null,
    file_name text not null,
    size_bytes integer not null check (size_bytes > 0),
    taken_at timestamptz,
    status text not null check (status in ('PREPARED', 'STORED'))
  );
  select track('attachments');

  create table hidden_danger_evidence (${KEPT},
    hidden_danger_id uuid not null references hidden_dangers(id),
    attachment_id uuid not null references attachments(id),
    phase text not null check (phase in ('BEFORE', 'AFTER', 'PLAN', 'DOCUMENT')),
    taken_at timestamptz not null
  );
  select track('hidden_danger_evidence');
  create index on hidden_danger_evidence (hidden_danger_id, taken_at);
  create index on hidden_danger_evidence_history (hidden_danger_id, taken_at);
`;

const invariants = `
  create function hidden_danger_moves() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT' then
      if new.origin = 'NATIVE' and new.status not in ('REPORTED', 'REGISTERED') then
        raise exception '隐患自待核实或已登记起 / a hidden danger begins as reported or registered' using errcode = '23514', constraint = 'hidden_danger_transition';
      end if;
      return new;
    end if;
    if old.status = 'CLOSED' and old.origin = 'NATIVE' then
      raise exception '已销号不再变动;反弹另立新隐患 / written off is final; a rebound is a new one' using errcode = '23514', constraint = 'inv_14_closed_is_final';
    end if;
    if new.status <> old.status and not (new.origin = 'EXTERNAL' and old.origin = 'EXTERNAL') and (old.status, new.status) not in (
      ('REPORTED', 'REJECTED'), ('REPORTED', 'REGISTERED'), ('REGISTERED', 'CLOSED'), ('REGISTERED', 'ASSIGNED'), ('ASSIGNED', 'RECTIFYING'),
      ('RECTIFYING', 'PENDING_ACCEPTANCE'), ('PENDING_ACCEPTANCE', 'RECTIFYING'), ('PENDING_ACCEPTANCE', 'ACCEPTED'), ('ACCEPTED', 'CLOSED'))
      and not (new.status in ('TRANSFERRED', 'VOIDED') and old.status not in ('REJECTED', 'CLOSED', 'VOIDED')) then
      raise exception '隐患状态不可由 % 变为 % / a hidden danger does not go from % to %', old.status, new.status, old.status, new.status using errcode = '23514', constraint = 'hidden_danger_transition';
    end if;
    if old.original_deadline is not null and new.original_deadline is distinct from old.original_deadline then
      raise exception '原整改期限不可更改 / the original deadline never changes' using errcode = '23514', constraint = 'inv_13_original_deadline';
    end if;
    if old.grade = 'MAJOR' and new.grade is distinct from 'MAJOR' then
      raise exception '重大隐患不可直接降级 / a major hidden danger is not lowered' using errcode = '23514', constraint = 'inv_10_grade_not_lowered';
    end if;
    return new;
  end $$;
  create trigger c_moves before insert or update on hidden_dangers for each row execute function hidden_danger_moves();

  create function hidden_danger_gates() returns trigger language plpgsql as $$
  declare
    stands hidden_dangers;
  begin
    select * into stands from hidden_dangers where id = new.id;
    if stands.origin = 'EXTERNAL' then return null; end if;
    if stands.grade = 'MAJOR' and stands.status in ('RECTIFYING', 'PENDING_ACCEPTANCE', 'ACCEPTED', 'CLOSED')
      and not exists (select 1 from rectification_plans where hidden_danger_id = stands.id) then
      raise exception '重大隐患整改须五落实 / a major hidden danger is rectified under a five-fix plan' using errcode = '23514', constraint = 'inv_09_major_needs_five_fix';
    end if;
    if stands.status in ('PENDING_ACCEPTANCE', 'ACCEPTED', 'CLOSED')
      and not exists (select 1 from hidden_danger_evidence where hidden_danger_id = stands.id and phase = 'AFTER' and taken_at > stands.discovered_at) then
      raise exception '须有晚于发现时间的整改后佐证 / evidence of the state after, later than the discovery, is needed' using errcode = '23514', constraint = 'inv_15_after_evidence';
    end if;
    if stands.status = 'CLOSED' and exists (select 1 from hazard_assignments where hidden_danger_id = stands.id and closed_at is null) then
      raise exception '交办单未办结不得销号 / no write-off while a slip is open' using errcode = '23514', constraint = 'inv_12_legs_closed';
    end if;
    if stands.status = 'CLOSED' and stands.manage_type is distinct from 'ON_SPOT'
      and not exists (select 1 from acceptance_records where hidden_danger_id = stands.id and result = 'PASS') then
      raise exception '未经验收不得销号 / no write-off without acceptance' using errcode = '23514', constraint = 'accepted_before_closed';
    end if;
    return null;
  end $$;
  create constraint trigger gates after insert or update on hidden_dangers deferrable initially deferred for each row execute function hidden_danger_gates();

  create function acceptor_differs() returns trigger language plpgsql as $$
  begin
    if new.accepted_by is not null and new.accepted_by = (select rectified_by from hidden_dangers where id = new.hidden_danger_id) then
      raise exception '验收人不得为整改人 / who rectified does not accept' using errcode = '23514', constraint = 'inv_11_acceptor_is_not_rectifier';
    end if;
    return new;
  end $$;
  create trigger c_differs before insert on acceptance_records for each row execute function acceptor_differs();
`;
