import { KEPT, listed, refuse } from "./tables.js";

// Part of migration 0009: what rests on decisions. Like a migration, it is never changed once released.
const TRIGGERS = "('NEW_PROCESS', 'NEW_TECH', 'NEW_EQUIPMENT', 'NEW_MATERIAL', 'NEW_PRODUCT', 'MAJOR_CHANGE', 'HAZARDOUS_OPERATION', 'ACCIDENT', 'LAW_CHANGE', 'ROUND', 'PERIODIC', 'RESUMPTION')";

/** What a change of level, an approval and a retirement name as their leave. */
export const leave = `
  select add_tracked_column('risk_level_changes', 'reassess_trigger text check (reassess_trigger in ${TRIGGERS.replaceAll("'", "''")})');
  select add_tracked_column('risk_level_changes', 'approved_by uuid');
  select add_tracked_column('risk_level_changes', 'approved_by_id uuid references people(id)');
  select add_tracked_column('risk_level_changes', 'round_id uuid');
  select add_tracked_column('risk_level_changes', 'decision_id uuid');
  alter table risk_level_changes add constraint level_change_names_its_round foreign key (decision_id, round_id) references review_round_decisions (id, round_id) match full;
  create unique index level_change_by_decision on risk_level_changes (decision_id);

  select add_tracked_column('risks', 'reassess_trigger text check (reassess_trigger in ${TRIGGERS.replaceAll("'", "''")})');
  select add_tracked_column('risks', 'retire_decision_id uuid references review_round_decisions(id)');
  -- Reviews begun before triggers were told stay as they are.
  alter table risks add constraint review_has_trigger check (status <> 'REVIEWING' or reassess_trigger is not null) not valid;
  create unique index risks_by_retire_decision on risks (retire_decision_id) where retire_decision_id is not null;

  create table risk_evidence (${KEPT},
    risk_id uuid not null references risks(id),
    attachment_id uuid not null references attachments(id),
    constraint risk_evidence_once unique (risk_id, attachment_id)
  );
  select track('risk_evidence');
  create index on risk_evidence_history (risk_id);
`;

export const leaveInvariants = `
  -- INV-07: every change of level is written down, and by its leave.
  create function risk_level_told() returns trigger language plpgsql as $$
  declare
    risk uuid;
  begin
    if tg_table_name = 'risks' then risk := new.id; else risk := new.risk_id; end if;
    if (select current_level from risks where id = risk) is distinct from (select to_level from risk_level_changes where risk_id = risk order by changed_at desc, recorded_from desc, id desc limit 1) then
      ${refuse("inv_07_level_change_written", "等级变动须有变动记录,且与现状等级一致", "a change of level is written down as one, and the last says the level that stands")};
    end if;
    return null;
  end $$;
  create constraint trigger level_told after insert or update of current_level on risks deferrable initially deferred for each row execute function risk_level_told();
  create constraint trigger level_told after insert on risk_level_changes deferrable initially deferred for each row execute function risk_level_told();

  create function lowering_is_argued() returns trigger language plpgsql as $$
  declare
    decided review_round_decisions;
    round risk_review_rounds;
  begin
    -- Before a risk is first in force there is no approved level that could be lowered.
    if new.from_level is null or (select status from risks where id = new.risk_id) in ('IDENTIFIED', 'ASSESSED') then return null; end if;
    if new.reassess_trigger is null or new.approved_by is null then
      ${refuse("inv_07_change_names_trigger_and_approver", "等级变动须载明触发情形和审定人", "a change of level names what triggered it and who approved it")};
    end if;
    if new.decision_id is not null then
      select * into decided from review_round_decisions where id = new.decision_id;
      select * into round from risk_review_rounds where id = decided.round_id;
      if decided.risk_id <> new.risk_id or decided.decision not in ('RAISE', 'LOWER') or (decided.from_level, decided.to_level) is distinct from (new.from_level, new.to_level) or round.status not in ('CONCLUDED', 'PUBLISHED') then
        ${refuse("inv_07_decision_is_of_this_change", "所引决定须出自有结论的轮次且针对本风险的本次变动", "the decision named is of a concluded round, of this risk and of this very change")};
      end if;
    end if;
    if level_rank(new.to_level) < level_rank(new.from_level) then return null; end if;
    if (new.from_level = 'MAJOR' and round.kind is distinct from 'EXPERT_ARGUMENTATION')
      or (new.from_level = 'CONSIDERABLE' and (round.kind is null or round.kind not in ('EXPERT_ARGUMENTATION', 'QUARTERLY_CONSULTATION'))) then
      ${refuse("inv_07_lowering_needs_a_round", "重大风险降级须经专家论证,较大风险降级须经季度会商或专家论证", "lowering from major needs an expert round, from considerable a consultation or an expert round")};
    end if;
    return null;
  end $$;
  create constraint trigger lowering_argued after insert on risk_level_changes deferrable initially deferred for each row execute function lowering_is_argued();

  -- Into force as major on what experts said since it became so; a level raised by this very review holds at once.
  create function major_is_argued() returns trigger language plpgsql as $$
  declare
    since risk_level_changes;
  begin
    if new.status <> 'IN_FORCE' or old.status = 'IN_FORCE' or new.current_level is distinct from 'MAJOR' or (old.status = 'REVIEWING' and old.current_level <> 'MAJOR') then return null; end if;
    select * into since from risk_level_changes where risk_id = new.id order by changed_at desc, recorded_from desc, id desc limit 1;
    if not exists (
      select 1 from review_round_decisions d join risk_review_rounds r on r.id = d.round_id
      where d.risk_id = new.id and d.decision in ('KEEP', 'RAISE') and d.to_level = 'MAJOR' and r.kind = 'EXPERT_ARGUMENTATION' and r.status in ('CONCLUDED', 'PUBLISHED') and (r.concluded_at >= since.changed_at or d.id = since.decision_id)) then
      ${refuse("inv_07_major_needs_experts", "重大风险纳入管控须经专家论证", "a major risk comes into force on an expert round")};
    end if;
    return null;
  end $$;
  create constraint trigger major_argued after update of status on risks deferrable initially deferred for each row execute function major_is_argued();

  create function retirement_is_argued() returns trigger language plpgsql as $$
  declare
    decided review_round_decisions;
    round risk_review_rounds;
  begin
    if new.status <> 'RETIRED' or old.status = 'RETIRED' or new.current_level not in ('MAJOR', 'CONSIDERABLE') then return null; end if;
    select * into decided from review_round_decisions where id = new.retire_decision_id;
    select * into round from risk_review_rounds where id = decided.round_id;
    if decided.id is null or decided.risk_id <> new.id or decided.decision <> 'RETIRE' or decided.from_level <> new.current_level or round.status not in ('CONCLUDED', 'PUBLISHED')
      or (new.current_level = 'MAJOR' and round.kind <> 'EXPERT_ARGUMENTATION') or round.kind not in ('EXPERT_ARGUMENTATION', 'QUARTERLY_CONSULTATION') then
      ${refuse("retirement_needs_a_round", "消除重大、较大风险须经轮次决定", "a major or considerable risk is retired by decision of a round")};
    end if;
    if not exists (select 1 from risk_evidence where risk_id = new.id) then
      ${refuse("retirement_needs_evidence", "消除重大、较大风险须有佐证材料", "a major or considerable risk is retired on evidence")};
    end if;
    return null;
  end $$;
  create constraint trigger retirement_argued after update of status on risks deferrable initially deferred for each row execute function retirement_is_argued();
`;

export const elevations = `
  create table temporary_risk_elevations (${KEPT},
    risk_id uuid not null references risks(id),
    to_level text not null check (to_level in ('MAJOR', 'CONSIDERABLE', 'MODERATE')),
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    round_id uuid not null,
    decision_id uuid not null constraint elevation_by_decision unique,
    reason text not null check (reason <> ''),
    end_reason text,
    foreign key (decision_id, round_id) references review_round_decisions (id, round_id),
    constraint elevation_period check (valid_to > valid_from or (valid_to = valid_from and end_reason is not null)),
    constraint one_elevation_at_a_time exclude using gist (risk_id with =, tstzrange(valid_from, valid_to) with &&)
  );
  comment on table temporary_risk_elevations is '到期自行失效,不写任何东西 / lapses by itself: nothing is written then';
  select track('temporary_risk_elevations');
  create index on temporary_risk_elevations (risk_id, valid_from desc);
  create index on temporary_risk_elevations_history (risk_id, valid_from desc);
  create index on temporary_risk_elevations (valid_to, to_level);
  create index on temporary_risk_elevations_history (valid_to, to_level);
  create index on temporary_risk_elevations (round_id);

  create function elevation_is_decided() returns trigger language plpgsql as $$
  declare
    decided review_round_decisions;
    round risk_review_rounds;
    risk risks;
  begin
    if tg_op = 'UPDATE' then
      if (new.risk_id, new.to_level, new.valid_from, new.decision_id) is distinct from (old.risk_id, old.to_level, old.valid_from, old.decision_id) or new.valid_to > old.valid_to or new.end_reason is null then
        ${refuse("elevation_only_ends", "临时提级只可提前结束;延长须经新的轮次", "an elevation can only be ended early; a new round extends it")};
      end if;
      return new;
    end if;
    -- Held until the end of the transaction, so that the decision is not changed beside it.
    select * into decided from review_round_decisions where id = new.decision_id for share;
    select * into round from risk_review_rounds where id = decided.round_id;
    select * into risk from risks where id = new.risk_id for share;
    if round.kind not in ('MAJOR_EVENT', 'KEY_DATE', 'IMMINENT_DISASTER') or decided.decision <> 'ELEVATE' or decided.risk_id <> new.risk_id or decided.to_level <> new.to_level then
      ${refuse("elevation_needs_a_round", "临时提级须有重大活动、重要节点或临灾研判对本风险提至该级的决定", "an elevation needs a decision to that level on this risk by a round of an event, a key date or an imminent disaster")};
    end if;
    if risk.status not in ('IN_FORCE', 'REVIEWING') or level_rank(new.to_level) >= level_rank(risk.current_level) then
      ${refuse("elevation_raises", "只有管控中的风险可以提级,且须高于现状等级", "only a controlled risk is elevated, and above its level")};
    end if;
    return new;
  end $$;
  create trigger c_decided before insert or update on temporary_risk_elevations for each row execute function elevation_is_decided();
`;

export const stops = `
  create table stop_records (${KEPT},
    subject_id uuid not null references subjects(id),
    risk_id uuid references risks(id),
    unit_id uuid references risk_units(id),
    kind text not null check (kind in ('STOPPED', 'MAINTENANCE')),
    reason text not null check (reason <> ''),
    valid_from timestamptz not null,
    valid_to timestamptz not null,
    requested_by uuid not null,
    confirmed_at timestamptz,
    confirmed_by uuid,
    pre_start_check text,
    checked_by_id uuid references people(id),
    checked_at timestamptz,
    constraint stop_of_one_carrier check (num_nonnulls(risk_id, unit_id) = 1),
    constraint stop_period check (valid_to > valid_from or (valid_to = valid_from and pre_start_check is not null)),
    constraint stop_confirmed_by_someone check ((confirmed_at is null) = (confirmed_by is null)),
    constraint stop_confirmed_by_another check (confirmed_by is null or confirmed_by <> requested_by),
    constraint pre_start_check_whole check (num_nonnulls(pre_start_check, checked_by_id, checked_at) in (0, 3) and pre_start_check <> ''),
    constraint one_stop_a_risk exclude using gist (risk_id with =, tstzrange(valid_from, valid_to) with &&) where (risk_id is not null),
    constraint one_stop_a_unit exclude using gist (unit_id with =, tstzrange(valid_from, valid_to) with &&) where (unit_id is not null)
  );
  select track('stop_records');
  ${listed("stop_records", "", "subject_id")}
  create index on stop_records (risk_id, valid_from desc);
  create index on stop_records_history (risk_id, valid_from desc);
  create index on stop_records (unit_id, valid_from desc);
  create index on stop_records_history (unit_id, valid_from desc);

  create function stop_record_keeps() returns trigger language plpgsql as $$
  begin
    if (new.risk_id, new.unit_id, new.subject_id, new.kind, new.valid_from, new.requested_by) is distinct from (old.risk_id, old.unit_id, old.subject_id, old.kind, old.valid_from, old.requested_by)
      or new.valid_to > old.valid_to or (old.confirmed_at is not null and new.confirmed_at is distinct from old.confirmed_at) or (old.checked_at is not null and new.checked_at is distinct from old.checked_at) then
      ${refuse("stop_record_stands", "停用记录只可确认、提前结束和补记开工前排查", "a stop record is only confirmed, ended and given its check before the start")};
    end if;
    return new;
  end $$;
  create trigger c_keeps before update on stop_records for each row execute function stop_record_keeps();

  -- Laid aside while a confirmed stop runs; taken up again after a check before the start.
  create function stop_is_confirmed() returns trigger language plpgsql as $$
  declare
    -- Over the risk or its unit, confirmed, begun, and not yet followed by a check.
    unchecked integer;
  begin
    if new.status = old.status or not (new.status = 'SUSPENDED' or (old.status = 'SUSPENDED' and new.status = 'REVIEWING')) then return null; end if;
    select count(*) filter (where new.status = 'REVIEWING' or valid_to > app_clock()) into unchecked
    from stop_records where (risk_id = new.id or unit_id = new.unit_id) and confirmed_at is not null and checked_at is null and valid_from <= app_clock();
    if new.status = 'SUSPENDED' and unchecked = 0 then
      ${refuse("suspension_needs_a_confirmed_stop", "停用须有经牵头部门确认、正在生效的停用记录", "a risk is suspended under a stop record in force, confirmed by the lead")};
    end if;
    if new.status = 'REVIEWING' and (unchecked > 0 or not exists (select 1 from stop_records where (risk_id = new.id or unit_id = new.unit_id) and checked_at is not null)) then
      ${refuse("resumption_needs_a_check", "恢复前须有复产复工前排查", "a risk is resumed after a check before the start")};
    end if;
    return null;
  end $$;
  create constraint trigger stop_confirmed after update of status on risks deferrable initially deferred for each row execute function stop_is_confirmed();
`;

/** 就高: the highest level at a place is found by at most one look per level. */
export const highest = `
  create index risks_highest_by_region on risks (region_id, current_level) where status in ('IN_FORCE', 'REVIEWING');
  create index subjects_by_grid on subjects (grid_id) where grid_id is not null;
  create index subjects_history_by_grid on subjects_history (grid_id, recorded_to) where grid_id is not null;
`;
