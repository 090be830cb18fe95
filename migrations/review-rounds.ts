import { KEPT, listed, PLACED, refuse } from "./tables.js";

// Part of migration 0009: rounds, their people and decisions. Like a migration, it is never changed once released.
const LEVELS = "('MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW')";
const KINDS = "('MONTHLY_IDENTIFICATION', 'QUARTERLY_CONSULTATION', 'EXPERT_ARGUMENTATION', 'MAJOR_EVENT', 'KEY_DATE', 'IMMINENT_DISASTER')";
const DOMAINS = "('WORK_SAFETY', 'NATURAL_DISASTER')";

/** Which rounds are owed, and how many must have taken part. */
export const rules = `
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

export const rounds = `
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

export const roundInvariants = `
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
