import { add, KEPT, listed, PLACED } from "./tables.js";

/** 风险区划: rows of a census, read-only but for being superseded. Part of 0008. */
export const zones = `
  create sequence risk_zone_numbers;
  create table risk_zones (${KEPT}, ${PLACED},
    fid bigint generated always as identity unique,
    code text not null unique,
    name text not null,
    disaster_type text not null,
    grade text not null check (grade in ('HIGH', 'MEDIUM_HIGH', 'MEDIUM', 'MEDIUM_LOW', 'LOW')),
    boundary geometry(Geometry, 4490) not null,
    census_batch text not null,
    census_source text not null,
    surveyed_at date not null,
    status text not null default 'STANDING' check (status in ('STANDING', 'SUPERSEDED')),
    superseded_by_id uuid references risk_zones(id),
    superseded_at timestamptz,
    supersede_reason text,
    constraint inv_23_boundary_in_china check (area_in_china(boundary)),
    constraint zone_superseded_whole check ((status = 'SUPERSEDED') = (superseded_at is not null) and (status = 'SUPERSEDED') = (supersede_reason is not null) and (status = 'SUPERSEDED' or superseded_by_id is null)),
    constraint zone_superseded_by_another check (superseded_by_id <> id)
  );
  select track('risk_zones');
  ${listed("risk_zones", "", "county_code", "county_code, grade", "town_id")}
  create index on risk_zones (region_id);
  create index on risk_zones using gist (boundary);
  create index on risk_zones_history using gist (boundary);
  create trigger d_boundary before insert or update of boundary on risk_zones for each row execute function boundary_sound();

  create function risk_zone_keeps() returns trigger language plpgsql as $$
  begin
    if tg_op = 'UPDATE' and (old.status = 'SUPERSEDED' or row(new.name, new.code, new.disaster_type, new.grade, new.census_batch, new.census_source, new.surveyed_at, new.region_id, new.source_system, new.external_id)
      is distinct from row(old.name, old.code, old.disaster_type, old.grade, old.census_batch, old.census_source, old.surveyed_at, old.region_id, old.source_system, old.external_id) or not st_orderingequals(new.boundary, old.boundary)) then
      raise exception '普查成果只读,只能以新成果替代 / results of a census are read-only; a newer result supersedes them' using errcode = '23514', constraint = 'census_read_only';
    end if;
    if tg_op = 'INSERT' and not code_is_valid('disasterType', null, new.disaster_type, (new.created_at at time zone 'Asia/Shanghai')::date) then
      perform refuse_code('disasterType', null, new.disaster_type, (new.created_at at time zone 'Asia/Shanghai')::date);
    end if;
    return new;
  end $$;
  create trigger d_keeps before insert or update on risk_zones for each row execute function risk_zone_keeps();
`;

/** 两单两卡, of a post or of the slot of a natural-hazard scheme. Part of 0008. */
export const cards = `
  ${add("responsibility_schemes", "domain text not null default 'WORK_SAFETY' check (domain in ('WORK_SAFETY', 'NATURAL_DISASTER'))")}
  alter table responsibility_schemes disable trigger user;
  update responsibility_schemes set domain = 'NATURAL_DISASTER' where code in ('FLOOD_3', 'GEO_4', 'FOREST_1_3');
  alter table responsibility_schemes enable trigger user;

  create table post_cards (${KEPT},
    subject_id uuid not null references subjects(id),
    post text check (post <> ''),
    slot_id uuid references responsibility_slots(id),
    kind text not null check (kind in ('RISK_LIST', 'DUTY_LIST', 'OPERATION_CARD', 'EMERGENCY_CARD')),
    content text,
    items text[] not null default '{}',
    status text not null default 'DRAFT' check (status in ('DRAFT', 'ISSUED', 'ACCEPTED', 'WITHDRAWN')),
    issued_at timestamptz,
    accepted_at timestamptz,
    online_entered boolean not null default false,
    withdraw_reason text,
    constraint card_of_post_or_slot check (num_nonnulls(post, slot_id) = 1),
    constraint card_issued_with_time check (status in ('DRAFT', 'WITHDRAWN') or issued_at is not null),
    constraint card_accepted_with_time check (status <> 'ACCEPTED' or accepted_at is not null),
    constraint card_withdrawn_with_reason check ((status = 'WITHDRAWN') = (withdraw_reason is not null))
  );
  select track('post_cards');
  ${listed("post_cards", "", "subject_id", "slot_id")}
  create unique index one_card_of_a_kind on post_cards (subject_id, coalesce(post, slot_id::text), kind) where status <> 'WITHDRAWN';

  create table post_card_risks (${KEPT},
    post_card_id uuid not null references post_cards(id),
    risk_id uuid not null references risks(id),
    dropped_at timestamptz
  );
  select track('post_card_risks');
  create unique index card_names_risk_once on post_card_risks (post_card_id, risk_id) where dropped_at is null;
  create index on post_card_risks (risk_id);
  create index on post_card_risks_history (post_card_id);
  create index on post_card_risks_history (risk_id);

  create function post_card_keeps() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT' then
      if new.status <> 'DRAFT' then
        raise exception '两单两卡自拟稿起 / a post card begins as a draft' using errcode = '23514', constraint = 'post_card_transition';
      end if;
      if new.slot_id is not null and not exists (select 1 from responsibility_slots s join responsibility_schemes c on c.id = s.scheme_id where s.id = new.slot_id and c.domain = 'NATURAL_DISASTER') then
        raise exception '席位须属自然灾害责任人体系 / the slot is one of a natural-hazard scheme' using errcode = '23514', constraint = 'card_slot_of_natural_hazards';
      end if;
      return new;
    end if;
    if new.status <> old.status and (old.status, new.status) not in (('DRAFT', 'ISSUED'), ('ISSUED', 'ACCEPTED'), ('DRAFT', 'WITHDRAWN'), ('ISSUED', 'WITHDRAWN'), ('ACCEPTED', 'WITHDRAWN')) then
      raise exception '两单两卡状态不可由 % 变为 % / a post card does not go from % to %', old.status, new.status, old.status, new.status using errcode = '23514', constraint = 'post_card_transition';
    end if;
    if row(new.subject_id, new.post, new.slot_id, new.kind) is distinct from row(old.subject_id, old.post, old.slot_id, old.kind)
      or (old.status <> 'DRAFT' and row(new.content, new.items, new.issued_at) is distinct from row(old.content, old.items, old.issued_at)) or old.status = 'WITHDRAWN' then
      raise exception '已发放的两单两卡内容不改;撤回后另发 / an issued card keeps what it says; withdraw it and issue another' using errcode = '23514', constraint = 'issued_card_stays';
    end if;
    return new;
  end $$;
  create trigger d_keeps before insert or update on post_cards for each row execute function post_card_keeps();

  create function post_card_whole() returns trigger language plpgsql as $$
  declare
    stands post_cards;
  begin
    select * into stands from post_cards where id = new.id;
    if stands.status in ('DRAFT', 'WITHDRAWN') then return null; end if;
    if stands.kind = 'RISK_LIST' and not exists (select 1 from post_card_risks where post_card_id = stands.id and dropped_at is null) then
      raise exception '风险清单须列出岗位风险 / a risk list names the risks of its post' using errcode = '23514', constraint = 'risk_list_names_risks';
    end if;
    if stands.kind <> 'RISK_LIST' and stands.content is null and cardinality(stands.items) = 0 then
      raise exception '清单、卡片须有内容 / a list or card says something' using errcode = '23514', constraint = 'card_says_something';
    end if;
    return null;
  end $$;
  create constraint trigger whole after insert or update of status on post_cards deferrable initially deferred for each row execute function post_card_whole();

  create function post_card_risk_fits() returns trigger language plpgsql as $$
  declare
    card post_cards;
  begin
    select * into card from post_cards where id = new.post_card_id for no key update;
    if card.status <> 'DRAFT' then
      raise exception '已发放的风险清单不改 / the risks of an issued card stay' using errcode = '23514', constraint = 'issued_card_stays';
    end if;
    if card.kind <> 'RISK_LIST' then
      raise exception '只有风险清单列出风险 / only a risk list names risks' using errcode = '23514', constraint = 'risks_of_risk_lists';
    end if;
    if not exists (select 1 from risks where id = new.risk_id and subject_id = card.subject_id) then
      raise exception '所列风险须属同一监管对象 / the risks of a card are those of its subject' using errcode = '23514', constraint = 'card_risks_of_its_subject';
    end if;
    return new;
  end $$;
  create trigger d_fits before insert or update on post_card_risks for each row execute function post_card_risk_fits();
`;
