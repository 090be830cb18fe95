import type { MigrationInterface, QueryRunner } from "typeorm";
import { KEPT, listed, PLACED } from "./tables.js";

/** Review rounds with what they decide; by what leave a level is lowered, a risk approved, retired, laid aside or raised for a time. */
export class ReviewRounds1700000000009 implements MigrationInterface {
  name = "ReviewRounds1700000000009";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(rules);
    await runner.query(rounds);
    await runner.query(roundInvariants);
    await runner.query(leave);
    await runner.query(leaveInvariants);
    await runner.query(elevations);
    await runner.query(stops);
    await runner.query(highest);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger level_told on risks; drop trigger major_argued on risks; drop trigger retirement_argued on risks; drop trigger stop_confirmed on risks;
      drop trigger lowering_argued on risk_level_changes; drop trigger level_told on risk_level_changes;
      drop function risk_level_told(), major_is_argued(), retirement_is_argued(), lowering_is_argued(), stop_is_confirmed();
      drop index risks_highest_by_region, subjects_by_grid, subjects_history_by_grid, level_change_by_decision, risks_by_retire_decision;
      alter table risk_level_changes drop constraint level_change_names_its_round;
      select drop_tracked_column('risk_level_changes', c) from unnest(array['reassess_trigger', 'approved_by', 'approved_by_id', 'round_id', 'decision_id']) c;
      alter table risks drop constraint review_has_trigger;
      select drop_tracked_column('risks', c) from unnest(array['reassess_trigger', 'retire_decision_id']) c;
    `);
    for (const table of ["stop_records", "temporary_risk_elevations", "risk_evidence", "review_round_documents", "review_round_bases", "review_round_decisions", "review_round_participants", "risk_review_rounds", "review_round_rules", "review_round_quorums"]) await runner.query(`select untrack('${table}'); drop table ${table} cascade`);
    await runner.query("drop function review_round_moves(), review_round_open(), review_round_expert(), review_round_decides(), review_round_cites(), review_round_gates(), elevation_is_decided(), stop_record_keeps(), level_rank(text); drop sequence review_round_numbers");
  }
}

const LEVELS = "('MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW')";
const KINDS = "('MONTHLY_IDENTIFICATION', 'QUARTERLY_CONSULTATION', 'EXPERT_ARGUMENTATION', 'MAJOR_EVENT', 'KEY_DATE', 'IMMINENT_DISASTER')";
const DOMAINS = "('WORK_SAFETY', 'NATURAL_DISASTER')";
const TRIGGERS = "('NEW_PROCESS', 'NEW_TECH', 'NEW_EQUIPMENT', 'NEW_MATERIAL', 'NEW_PRODUCT', 'MAJOR_CHANGE', 'HAZARDOUS_OPERATION', 'ACCIDENT', 'LAW_CHANGE', 'ROUND', 'PERIODIC', 'RESUMPTION')";
const refuse = (constraint: string, zh: string, en: string) => `raise exception '${zh} / ${en}' using errcode = '23514', constraint = '${constraint}'`;

const rules = `
  create function level_rank(level text) returns integer language sql immutable parallel safe as $$
    select array_position(array['MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW'], level)
  $$;
  comment on function level_rank(text) is '等级次序,1 为最高 / place of a level, 1 the highest';

  create table review_round_quorums (${KEPT},
    kind text not null check (kind in ${KINDS}),
    minimum_participants integer not null check (minimum_participants >= 1),
    minimum_experts integer not null check (minimum_experts >= 0),
    valid_from date not null,
    valid_to date,
    constraint quorum_period check (valid_to > valid_from),
    constraint one_quorum_in_force exclude using gist (kind with =, daterange(valid_from, valid_to) with &&)
  );
  select track('review_round_quorums');

  create table review_round_rules (${KEPT},
    code text not null unique,
    kind text not null check (kind in ('MONTHLY_IDENTIFICATION', 'QUARTERLY_CONSULTATION')),
    domain text not null check (domain in ${DOMAINS}),
    region_level text not null check (region_level in ('DISTRICT', 'TOWN')),
    period text not null check (period in ('MONTH', 'QUARTER')),
    sectors text[] check (cardinality(sectors) > 0),
    grace_days integer not null default 0 check (grace_days between 0 and 31),
    basis text,
    valid_from date not null,
    valid_to date,
    constraint rule_period check (valid_to > valid_from),
    constraint period_of_kind check ((kind = 'MONTHLY_IDENTIFICATION') = (period = 'MONTH')),
    constraint one_rule_in_force exclude using gist (kind with =, domain with =, region_level with =, daterange(valid_from, valid_to) with &&)
  );
  comment on column review_round_rules.sectors is '逐行业应开;为空则合并开一次 / a round for each sector; null for one round of all';
  comment on column review_round_rules.grace_days is '期末后多少天内须有结论 / days after the period within which it must be concluded';
  select track('review_round_rules');
`;

const rounds = `
  create sequence review_round_numbers;
  create table risk_review_rounds (${KEPT}, ${PLACED},
    code text not null unique,
    kind text not null check (kind in ${KINDS}),
    title text not null,
    domain text not null check (domain in ${DOMAINS}),
    sector text,
    period_from date not null,
    period_to date not null,
    occasion text,
    planned_for date,
    status text not null check (status in ('PLANNED', 'HELD', 'CONCLUDED', 'PUBLISHED', 'CANCELLED')),
    held_at timestamptz,
    venue text,
    conclusion text,
    concluded_at timestamptz,
    published_at timestamptz,
    publication_ref text,
    cancel_reason text,
    constraint round_period check (period_to > period_from),
    constraint monthly_round_is_of_a_month check (kind <> 'MONTHLY_IDENTIFICATION' or (extract(day from period_from) = 1 and period_to = (period_from + interval '1 month')::date)),
    constraint quarterly_round_is_of_a_quarter check (kind <> 'QUARTERLY_CONSULTATION' or (extract(day from period_from) = 1 and extract(month from period_from) in (1, 4, 7, 10) and period_to = (period_from + interval '3 months')::date)),
    constraint occasion_named check (kind not in ('MAJOR_EVENT', 'KEY_DATE', 'IMMINENT_DISASTER') or occasion is not null),
    constraint round_held_with_time check (status in ('PLANNED', 'CANCELLED') or held_at is not null),
    constraint round_concluded_with_conclusion check (status not in ('CONCLUDED', 'PUBLISHED') or (conclusion is not null and conclusion <> '' and concluded_at is not null and concluded_at >= held_at)),
    constraint round_published_with_time check (status <> 'PUBLISHED' or published_at is not null),
    constraint round_cancelled_with_reason check (status <> 'CANCELLED' or cancel_reason is not null)
  );
  comment on column risk_review_rounds.period_to is '止(不含) / to, exclusive';
  select track('risk_review_rounds');
  ${listed("risk_review_rounds", "", "county_code", "town_id")}
  create index on risk_review_rounds (region_id, kind, period_from);
  create index on risk_review_rounds_history (region_id, kind, period_from);
  create unique index one_round_a_window on risk_review_rounds (kind, region_id, domain, coalesce(sector, ''), period_from) where kind in ('MONTHLY_IDENTIFICATION', 'QUARTERLY_CONSULTATION') and status <> 'CANCELLED';

  create table review_round_participants (${KEPT},
    round_id uuid not null references risk_review_rounds(id),
    person_id uuid references people(id),
    organization_id uuid references organizations(id),
    role text not null check (role in ('CONVENOR', 'MEMBER', 'EXPERT')),
    speciality text,
    opinion text,
    constraint participant_named check (person_id is not null or organization_id is not null),
    constraint expert_is_a_person_with_speciality check (role <> 'EXPERT' or (person_id is not null and speciality is not null))
  );
  select track('review_round_participants');
  create unique index one_seat_a_person on review_round_participants (round_id, person_id);
  create index on review_round_participants_history (round_id);
  create index on review_round_participants (person_id);
  create index on review_round_participants_history (person_id);

  create table review_round_decisions (${KEPT},
    round_id uuid not null references risk_review_rounds(id),
    risk_id uuid not null references risks(id),
    decision text not null check (decision in ('KEEP', 'RAISE', 'LOWER', 'RETIRE', 'ELEVATE')),
    from_level text not null check (from_level in ${LEVELS}),
    to_level text check (to_level in ${LEVELS}),
    reason text not null check (reason <> ''),
    unique (id, round_id),
    constraint one_decision_a_risk unique (round_id, risk_id),
    constraint decision_moves_as_named check (coalesce(case decision when 'KEEP' then to_level = from_level when 'LOWER' then level_rank(to_level) > level_rank(from_level) when 'RETIRE' then to_level is null else level_rank(to_level) < level_rank(from_level) end, false))
  );
  select track('review_round_decisions');
  ${listed("review_round_decisions", "round_id", "risk_id")}

  create table review_round_bases (${KEPT},
    round_id uuid not null references risk_review_rounds(id),
    basis_id uuid not null references risk_review_rounds(id),
    constraint cited_once unique (round_id, basis_id)
  );
  select track('review_round_bases');
  create index on review_round_bases (basis_id);
  create index on review_round_bases_history (round_id);
  create index on review_round_bases_history (basis_id);

  create table review_round_documents (${KEPT},
    round_id uuid not null references risk_review_rounds(id),
    attachment_id uuid not null references attachments(id),
    constraint document_once unique (round_id, attachment_id)
  );
  select track('review_round_documents');
  create index on review_round_documents_history (round_id);
`;

const roundInvariants = `
  create function review_round_moves() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT' then
      if new.status <> 'PLANNED' then
        ${refuse("review_round_transition", "轮次自已计划起", "a round begins as planned")};
      end if;
      return new;
    end if;
    if new.status <> old.status and (old.status, new.status) not in (('PLANNED', 'HELD'), ('HELD', 'CONCLUDED'), ('CONCLUDED', 'PUBLISHED'), ('PLANNED', 'CANCELLED')) then
      raise exception '轮次状态不可由 % 变为 % / a round does not go from % to %', old.status, new.status, old.status, new.status using errcode = '23514', constraint = 'review_round_transition';
    end if;
    if (new.kind, new.domain, new.period_from, new.period_to) is distinct from (old.kind, old.domain, old.period_from, old.period_to) or new.region_id <> old.region_id or new.sector is distinct from old.sector
      or (old.status in ('CONCLUDED', 'PUBLISHED') and (new.conclusion, new.held_at, new.concluded_at) is distinct from (old.conclusion, old.held_at, old.concluded_at)) then
      ${refuse("review_round_stands", "轮次的类别、范围、期间不可更改,结论作出后不可改写", "kind, scope and period of a round never change, nor does a conclusion once drawn")};
    end if;
    if new.held_at > app_clock() then
      ${refuse("review_round_not_held_yet", "召开时间不得晚于现在", "a round is not held in the future")};
    end if;
    return new;
  end $$;
  create trigger c_moves before insert or update on risk_review_rounds for each row execute function review_round_moves();

  -- The lock keeps a round from being concluded between this look and the row it admits.
  create function review_round_open() returns trigger language plpgsql as $$
  declare
    state text;
  begin
    select status into state from risk_review_rounds where id = new.round_id for share;
    if not state = any(tg_argv[0]::text[]) then
      ${refuse("review_round_is_open", "轮次当前状态下不可增改其内容", "what belongs to a round is not added or changed in its state")};
    end if;
    return new;
  end $$;
  create trigger c_open before insert or update on review_round_participants for each row execute function review_round_open('{PLANNED,HELD}');
  create trigger c_open before insert or update on review_round_bases for each row execute function review_round_open('{PLANNED,HELD}');
  create trigger c_open before insert or update on review_round_decisions for each row execute function review_round_open('{HELD}');
  create trigger c_open before insert or update on review_round_documents for each row execute function review_round_open('{PLANNED,HELD,CONCLUDED}');

  create function review_round_expert() returns trigger language plpgsql as $$
  begin
    if new.role = 'EXPERT' and (select kind from people where id = new.person_id) is distinct from 'EXPERT' then
      ${refuse("expert_is_an_expert", "专家须为专家库人员", "who sits as an expert is registered as one")};
    end if;
    return new;
  end $$;
  create trigger d_expert before insert or update on review_round_participants for each row execute function review_round_expert();

  create function review_round_decides() returns trigger language plpgsql as $$
  declare
    round risk_review_rounds;
    risk risks;
  begin
    select * into round from risk_review_rounds where id = new.round_id;
    select * into risk from risks where id = new.risk_id;
    if tg_op = 'UPDATE' and (new.risk_id <> old.risk_id or new.round_id <> old.round_id or exists (select 1 from temporary_risk_elevations where decision_id = old.id)) then
      ${refuse("decision_stands", "已据以提级的决定不可更改", "a decision acted upon never changes")};
    end if;
    if not risk.region_path <@ round.region_path or risk.domain <> round.domain or (round.sector is not null and risk.sector is distinct from round.sector) then
      ${refuse("decision_within_scope", "风险不在轮次范围内", "the risk lies outside the scope of the round")};
    end if;
    if risk.status in ('IDENTIFIED', 'RETIRED') or new.from_level is distinct from risk.current_level then
      ${refuse("decision_from_the_level_standing", "决定须自现状等级出发", "a decision begins at the level that stands")};
    end if;
    return new;
  end $$;
  create trigger d_decides before insert or update on review_round_decisions for each row execute function review_round_decides();

  create function review_round_cites() returns trigger language plpgsql as $$
  declare
    round risk_review_rounds;
    basis risk_review_rounds;
  begin
    select * into round from risk_review_rounds where id = new.round_id;
    select * into basis from risk_review_rounds where id = new.basis_id;
    if round.kind <> 'QUARTERLY_CONSULTATION' or basis.kind <> 'MONTHLY_IDENTIFICATION' or not basis.region_path <@ round.region_path or basis.domain <> round.domain
      or (round.sector is not null and basis.sector is distinct from round.sector) or basis.period_from < round.period_from or basis.period_to > round.period_to then
      ${refuse("monthly_round_within_quarter", "季度会商只可引用本范围、本季度的每月识别", "a consultation cites the monthly rounds of its own scope and quarter")};
    end if;
    return new;
  end $$;
  create trigger d_cites before insert or update on review_round_bases for each row execute function review_round_cites();

  create function review_round_gates() returns trigger language plpgsql as $$
  declare
    held date := (new.held_at at time zone 'Asia/Shanghai')::date;
    quorum review_round_quorums;
  begin
    if new.status <> 'CONCLUDED' then return null; end if;
    select * into quorum from review_round_quorums where kind = new.kind and daterange(valid_from, valid_to) @> held;
    if (select count(*) from review_round_participants where round_id = new.id) < coalesce(quorum.minimum_participants, 1) then
      ${refuse("round_needs_participants", "轮次结论须有足够的参加人", "a round is concluded with enough participants")};
    end if;
    if (select count(distinct person_id) from review_round_participants where round_id = new.id and role = 'EXPERT' and opinion <> '') < coalesce(quorum.minimum_experts, case new.kind when 'EXPERT_ARGUMENTATION' then 3 else 0 end) then
      ${refuse("round_needs_experts", "专家论证须有足够的专家意见", "an expert round is concluded on enough opinions of experts")};
    end if;
    if new.kind = 'QUARTERLY_CONSULTATION' and (select count(distinct m.period_from) from review_round_bases b join risk_review_rounds m on m.id = b.basis_id where b.round_id = new.id and m.status in ('CONCLUDED', 'PUBLISHED')) < 3 then
      ${refuse("quarter_needs_its_three_months", "季度会商须引用本季度三个月已有结论的每月识别", "a consultation cites concluded monthly rounds of all three months")};
    end if;
    return null;
  end $$;
  create constraint trigger gates after update of status on risk_review_rounds deferrable initially deferred for each row execute function review_round_gates();
`;

/** What a change of level, an approval and a retirement name as their leave. */
const leave = `
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

const leaveInvariants = `
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

const elevations = `
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

const stops = `
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
const highest = `
  create index risks_highest_by_region on risks (region_id, current_level) where status in ('IN_FORCE', 'REVIEWING');
  create index subjects_by_grid on subjects (grid_id) where grid_id is not null;
  create index subjects_history_by_grid on subjects_history (grid_id) where grid_id is not null;
`;
