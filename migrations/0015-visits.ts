import type { MigrationInterface, QueryRunner } from "typeorm";
import { KEPT, listed, PLACED, refuse } from "./tables.js";

/** Visits with who took part; rules by which terms of office oblige to visits. What is owed is computed and has no table. */
export class Visits1700000000015 implements MigrationInterface {
  name = "Visits1700000000015";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(rules);
    await runner.query(visits);
    await runner.query(invariants);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ["visit_participants", "visits", "duty_rules"]) await runner.query(`select untrack('${table}'); drop table ${table} cascade`);
    await runner.query(`
      drop function duty_rule_names_slots(), visit_stands(), visit_participants_stand(), visit_gates();
      drop sequence visit_numbers;
      drop index regulator_assignments_by_slot, regulator_assignments_history_by_slot;
    `);
  }
}

const NATURES = "('ADMINISTRATIVE_INSPECTION', 'GUIDANCE', 'PATROL', 'SPOT_CHECK', 'SELF_CHECK', 'THIRD_PARTY_SERVICE', 'EXPERT_DIAGNOSIS', 'UNANNOUNCED', 'JOINT')";

const rules = `
  create table duty_rules (${KEPT},
    code text not null unique,
    kind text not null check (kind in ('COUNT_PER_PERIOD', 'COVERAGE')),
    period text not null check (period in ('MONTH', 'HALF_YEAR')),
    scheme_id uuid not null references responsibility_schemes(id),
    slots text[] not null check (cardinality(slots) > 0),
    natures text[] not null check (cardinality(natures) > 0 and natures <@ array[${NATURES.slice(1, -1)}]),
    minimum integer not null check (minimum >= 1),
    appointed_by_day integer check (appointed_by_day between 1 and 28),
    minimum_days integer check (minimum_days between 1 and 180),
    tolerance_metres integer check (tolerance_metres > 0),
    closes_after_days integer check (closes_after_days between 0 and 90),
    basis text,
    valid_from date not null,
    valid_to date,
    constraint duty_rule_period check (valid_to > valid_from),
    constraint duty_period_of_kind check ((kind = 'COUNT_PER_PERIOD') = (period = 'MONTH')),
    constraint duty_base_of_kind check ((kind = 'COUNT_PER_PERIOD') = (appointed_by_day is not null) and (kind = 'COVERAGE') = (minimum_days is not null)),
    constraint one_duty_rule_in_force exclude using gist (kind with =, scheme_id with =, daterange(valid_from, valid_to) with &&)
  );
  comment on column duty_rules.slots is '所约束席位的代码 / codes of the slots it binds';
  comment on column duty_rules.appointed_by_day is '当月此日在任者负当月义务 / who holds a slot on this day of a month owes the month';
  comment on column duty_rules.minimum_days is '在册不足此天数的不入基数 / listed for fewer days a subject is no part of the base';
  comment on column duty_rules.tolerance_metres is '签到点距监管对象不超过此米数;为空则不查到场 / farthest check-in from the subject; null where presence is not asked';
  comment on column duty_rules.closes_after_days is '期末后多少天内登记的记录有效;为空则不关账 / days after the period within which a visit must be recorded; null where periods stay open';

  create function duty_rule_names_slots() returns trigger language plpgsql as $$
  begin
    if exists (select 1 from unnest(new.slots) named(code) where not exists (select 1 from responsibility_slots s where s.scheme_id = new.scheme_id and s.code = named.code)) then
      ${refuse("duty_rule_names_slots", "履职规则只可约束其体系内的席位", "a duty rule binds slots of its own scheme")};
    end if;
    -- What was owed under a rule stays owed: a change is a new rule after the old one's end.
    if tg_op = 'UPDATE' and (new.kind, new.period, new.scheme_id, new.slots, new.natures, new.minimum, new.appointed_by_day, new.minimum_days, new.tolerance_metres, new.closes_after_days, new.valid_from)
      is distinct from (old.kind, old.period, old.scheme_id, old.slots, old.natures, old.minimum, old.appointed_by_day, old.minimum_days, old.tolerance_metres, old.closes_after_days, old.valid_from) then
      ${refuse("duty_rule_stands", "履职规则不可改写,只可止用并另立", "a duty rule is never rewritten: it is ended and another follows")};
    end if;
    return new;
  end $$;
  create trigger c_names_slots before insert or update on duty_rules for each row execute function duty_rule_names_slots();
  select track('duty_rules');

  -- Who holds the slots a rule binds, everywhere.
  create index regulator_assignments_by_slot on regulator_assignments (slot_id, person_id);
  create index regulator_assignments_history_by_slot on regulator_assignments_history (slot_id, person_id, recorded_to);
`;

const visits = `
  create sequence visit_numbers;
  create table visits (${KEPT}, ${PLACED},
    code text not null unique,
    subject_id uuid not null references subjects(id),
    sector text,
    nature text not null check (nature in ${NATURES}),
    visit_trigger text not null check (visit_trigger in ('PLAN', 'SPECIAL_PERIOD', 'REPORT', 'RECHECK', 'RANDOM', 'ASSIGNED')),
    started_at timestamptz not null,
    ended_at timestamptz,
    check_in_metres integer check (check_in_metres >= 0),
    presence_confirmation text check (presence_confirmation <> ''),
    organization_id uuid references organizations(id),
    approval_no text check (approval_no <> ''),
    entry_code text check (entry_code <> ''),
    item_codes text[],
    emergency boolean not null default false,
    findings text check (findings <> ''),
    no_finding boolean not null default false,
    status text not null check (status in ('RECORDED', 'WITHDRAWN')),
    withdrawn_at timestamptz,
    withdrawn_by uuid,
    withdraw_reason text check (withdraw_reason <> ''),
    constraint visit_ends_after_its_start check (ended_at > started_at),
    constraint visit_tells_what_was_found check (no_finding = (findings is null)),
    constraint visit_withdrawn_with_reason check (num_nonnulls(withdrawn_at, withdrawn_by, withdraw_reason) = case status when 'WITHDRAWN' then 3 else 0 end),
    constraint inv_17_inspection_is_approved check (nature <> 'ADMINISTRATIVE_INSPECTION' or (organization_id is not null and (emergency or num_nonnulls(approval_no, entry_code) = 2)))
  );
  comment on column visits.check_in_metres is '签到点距监管对象的米数;签到点本身不存 / metres from check-in to subject; the point itself is not kept';
  select track('visits');
  ${listed("visits", "", "county_code", "town_id")}
  create index on visits (subject_id, started_at);
  create index on visits_history (subject_id, started_at, recorded_to);
  create index on visits (county_code, started_at desc, id desc);

  create table visit_participants (${KEPT},
    visit_id uuid not null references visits(id),
    person_id uuid not null references people(id),
    constraint once_a_visit unique (visit_id, person_id)
  );
  select track('visit_participants');
  create index on visit_participants (person_id);
  create index on visit_participants_history (person_id, recorded_to);
  create index on visit_participants_history (visit_id, recorded_to);
`;

const invariants = `
  create function visit_stands() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT' then
      if new.status <> 'RECORDED' then
        ${refuse("visit_transition", "检查指导记录自登记起", "a visit begins as recorded")};
      end if;
      if new.started_at > app_clock() or new.ended_at > app_clock() then
        ${refuse("visit_not_in_the_future", "检查指导时间不得晚于现在", "a visit is not in the future")};
      end if;
      if new.region_id is distinct from (select region_id from subjects where id = new.subject_id) then
        ${refuse("visit_lies_with_its_subject", "检查指导记录的区划为监管对象所在区划", "a visit lies where its subject does")};
      end if;
      return new;
    end if;
    if old.status = 'WITHDRAWN' then
      ${refuse("visit_withdrawn_is_final", "已撤回的记录不再变动", "a visit withdrawn never changes")};
    end if;
    if (new.code, new.subject_id, new.region_id, new.nature, new.visit_trigger, new.started_at, new.emergency, new.no_finding) is distinct from (old.code, old.subject_id, old.region_id, old.nature, old.visit_trigger, old.started_at, old.emergency, old.no_finding)
      or (new.sector, new.ended_at, new.check_in_metres, new.presence_confirmation, new.organization_id, new.approval_no, new.entry_code, new.item_codes, new.findings) is distinct from (old.sector, old.ended_at, old.check_in_metres, old.presence_confirmation, old.organization_id, old.approval_no, old.entry_code, old.item_codes, old.findings) then
      ${refuse("visit_stands", "检查指导记录不可改写,只可撤回后重新登记", "a visit is never rewritten: it is withdrawn and recorded anew")};
    end if;
    return new;
  end $$;
  create trigger c_stands before insert or update on visits for each row execute function visit_stands();

  -- Who took part is said by the unit that records the visit, and by none after it.
  create function visit_participants_stand() returns trigger language plpgsql as $$
  begin
    if tg_op = 'UPDATE' or not exists (select 1 from visits where id = new.visit_id and version = 1 and recorded_from = app_clock()) then
      ${refuse("visit_participants_stand", "参加人在登记时写明,此后不可更改", "who took part is told as the visit is recorded and never changes")};
    end if;
    return new;
  end $$;
  create trigger c_stand before insert or update on visit_participants for each row execute function visit_participants_stand();

  create function visit_gates() returns trigger language plpgsql as $$
  begin
    if not exists (select 1 from visit_participants where visit_id = new.id) then
      ${refuse("visit_has_participants", "检查指导须有参加人", "a visit has somebody who took part")};
    end if;
    if new.nature <> 'ADMINISTRATIVE_INSPECTION' then return null; end if;
    if not (select can_inspect from organizations where id = new.organization_id) then
      ${refuse("inv_17_inspection_by_an_inspecting_body", "行政检查须由行政检查主体实施", "an inspection is carried out by a body that may inspect")};
    end if;
    if (select count(*) from visit_participants v join people p on p.id = v.person_id where v.visit_id = new.id and p.kind = 'OFFICIAL' and p.enforcement_cert_no <> '') < 2 then
      ${refuse("inv_17_inspection_by_two_officers", "行政检查须有两名以上持执法证的公职人员", "an inspection is carried out by two officials with a certificate, or more")};
    end if;
    return null;
  end $$;
  create constraint trigger gates after insert on visits deferrable initially deferred for each row execute function visit_gates();
`;
