import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * What every later migration stands on: the clock and name of a unit, the registers of change and audit, the
 * principals, and track(), which gives a table its history and refuses writes that have no name.
 */
export class Kernel1700000000001 implements MigrationInterface {
  name = "Kernel1700000000001";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(extensions);
    await runner.query(settings);
    await runner.query(registers);
    await runner.query(principals);
    await runner.query(triggers);
    await runner.query(tracking);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function track(text, text[]), untrack(text), build_record_change(text), tracked_columns(text), recorded_value(text, text, text, boolean);
      drop function add_tracked_column(text, text), drop_tracked_column(text, text);
      drop table tracked_tables, grants, api_keys, principals, idempotency_keys, change_events, audit_events;
      drop function stamp(), place(), refuse_removal(), append_only(), require_unit();
      drop function redacted(text), app_today(), app_clock(), app_setting(text);
      drop table system_settings;
      drop extension pgcrypto, pg_trgm, btree_gist, ltree, postgis;
    `);
  }
}

const extensions = `
  create extension if not exists postgis;
  create extension if not exists ltree;
  create extension if not exists btree_gist;
  create extension if not exists pg_trgm;
  create extension if not exists pgcrypto;
`;

const settings = `
  create table system_settings (
    only_row boolean primary key default true check (only_row),
    demo boolean not null default false,
    epoch uuid not null default gen_random_uuid(),
    story_last_day date,
    redaction_key bytea not null default gen_random_bytes(32)
  );
  comment on table system_settings is '单行。demo 只由演示初始化命令设置;redaction_key 用于个人信息的加盐承诺,不得外传。 / One row. demo is set by the demo seeding command alone; redaction_key salts the commitments to personal values and never leaves.';
  insert into system_settings default values;

  create function app_setting(name text) returns text language sql stable parallel safe as $$
    select nullif(current_setting($1, true), '')
  $$;

  create function app_clock() returns timestamptz language plpgsql stable as $$
  declare
    told text := current_setting('app.clock', true);
  begin
    -- Only a database marked as demo tells a story; everywhere else the clock of a unit is its transaction's.
    if told is null or told = '' or not (select demo from system_settings) then
      return now();
    end if;
    return told::timestamptz;
  end $$;
  comment on function app_clock() is '当前业务单元的时钟,微秒 / the clock of the current unit, in microseconds';

  create function app_today() returns date language sql stable as $$
    select (app_clock() at time zone 'Asia/Shanghai')::date
  $$;
  comment on function app_today() is '当前业务单元的日期(东八区) / the date of the current unit in Asia/Shanghai';

  create function redacted(value text) returns text language sql stable as $$
    select 'sha256:' || encode(hmac(value, (select encode(redaction_key, 'hex') from system_settings), 'sha256'), 'hex')
  $$;
  comment on function redacted(text) is '个人信息在变更记录中的加盐承诺 / the salted commitment that stands for a personal value in the record';
`;

const registers = `
  create function append_only() returns trigger language plpgsql as $$
  begin
    raise exception '% 只增不改 / % is append-only', tg_table_name, tg_table_name using errcode = '55000';
  end $$;

  create table audit_events (
    id uuid primary key,
    xid xid8 not null default pg_current_xact_id(),
    at timestamptz not null,
    actor_id uuid,
    actor_kind text,
    actor_name text,
    on_behalf_of uuid,
    roles text[] not null default '{}',
    action text not null,
    outcome text not null check (outcome in ('SUCCESS', 'DENIED', 'FAILURE')),
    code text,
    request_id text,
    operation_name text,
    document_hash text,
    client_ip text,
    entity text,
    entity_id uuid,
    entity_version integer,
    county_code text not null default '000000',
    region_path ltree,
    details jsonb
  );
  create index audit_events_by_time on audit_events (at desc, id desc);
  create index audit_events_by_county on audit_events (county_code, at desc, id desc);
  create index audit_events_by_actor on audit_events (actor_id, at desc, id desc);
  create index audit_events_by_entity on audit_events (entity_id, at desc) where entity_id is not null;
  create trigger append_only before update or delete or truncate on audit_events for each statement execute function append_only();

  create table change_events (
    seq bigint generated always as identity,
    id uuid not null default gen_random_uuid(),
    xid xid8 not null default pg_current_xact_id(),
    event_id uuid,
    action text not null,
    actor_id uuid,
    request_id text,
    entity text not null,
    entity_id uuid not null,
    op text not null check (op in ('I', 'U', 'D')),
    version integer not null,
    county_code text not null,
    region_path ltree,
    subject_id uuid,
    sector text,
    before jsonb,
    after jsonb,
    at timestamptz not null,
    primary key (xid, seq)
  );
  comment on column change_events.before is '更新时仅含改变的列 / on update, the changed columns only';
  create index change_events_by_entity on change_events (entity_id, seq);
  create index change_events_by_time on change_events (at desc, id desc);
  create index change_events_by_county on change_events (county_code, at desc, id desc);
  create index change_events_by_event on change_events (event_id);
  create trigger append_only before update or delete or truncate on change_events for each statement execute function append_only();

  create table idempotency_keys (
    principal_id uuid not null,
    key_hash text not null,
    request_hash text not null,
    action text not null,
    event_id uuid,
    entity text,
    entity_id uuid,
    recorded_at timestamptz,
    created_at timestamptz not null default now(),
    primary key (principal_id, key_hash)
  );
  create index idempotency_keys_by_age on idempotency_keys (created_at);
`;

const principals = `
  create function require_unit() returns trigger language plpgsql as $$
  begin
    if coalesce(current_setting('app.action', true), '') = '' then
      raise exception '写入必须在有名称的业务单元内 / a write to % must happen inside a named unit', tg_table_name using errcode = '55000';
    end if;
    return null;
  end $$;

  create table principals (
    id uuid primary key,
    kind text not null check (kind in ('CLIENT', 'PERSON', 'SYSTEM')),
    name text not null,
    person_id uuid,
    disabled_at timestamptz
  );

  create table api_keys (
    id uuid primary key,
    principal_id uuid not null references principals(id),
    prefix text not null unique,
    secret_hash bytea not null,
    label text not null,
    scopes text[] not null default '{}',
    ip_ranges cidr[],
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    last_used_at timestamptz
  );
  create index api_keys_by_principal on api_keys (principal_id);

  create table grants (
    id uuid primary key,
    principal_id uuid not null references principals(id),
    role text not null,
    region_id uuid,
    sectors text[],
    subject_id uuid,
    grid_id uuid,
    valid_from timestamptz not null default now(),
    valid_to timestamptz,
    granted_by uuid,
    check (valid_to is null or valid_to >= valid_from)
  );
  create index grants_by_principal on grants (principal_id, valid_from);

  create trigger require_unit after insert or update or delete on principals for each statement execute function require_unit();
  create trigger require_unit after insert or update or delete on grants for each statement execute function require_unit();
  -- last_used_at is a mark of use, not an act.
  create trigger require_unit after insert or delete or update of principal_id, prefix, secret_hash, label, scopes, ip_ranges, expires_at, revoked_at
    on api_keys for each statement execute function require_unit();
`;

const triggers = `
  create function stamp() returns trigger language plpgsql as $$
  declare
    clock timestamptz;
  begin
    if coalesce(current_setting('app.action', true), '') = '' then
      raise exception '写入必须在有名称的业务单元内 / a write to % must happen inside a named unit', tg_table_name using errcode = '55000';
    end if;
    clock := app_clock();
    if tg_op = 'INSERT' then
      new.version := 1;
      new.recorded_from := clock;
      new.created_at := clock;
      new.created_by := nullif(current_setting('app.actor', true), '')::uuid;
      new.updated_at := clock;
      new.updated_by := new.created_by;
      return new;
    end if;
    if new.id <> old.id then
      raise exception '标识不可更改 / the id of a row of % never changes', tg_table_name using errcode = '55000';
    end if;
    new.version := old.version + 1;
    -- Versions of a row never overlap, not even two made in one transaction.
    new.recorded_from := greatest(clock, old.recorded_from + interval '1 microsecond');
    new.created_at := old.created_at;
    new.created_by := old.created_by;
    new.updated_at := clock;
    new.updated_by := nullif(current_setting('app.actor', true), '')::uuid;
    return new;
  end $$;

  create function place() returns trigger language plpgsql as $$
  declare
    found_path ltree;
    found_code text;
    found_level text;
  begin
    if new.region_id is null then
      new.region_path := null;
      new.town_id := null;
      new.county_code := '000000';
      return new;
    end if;
    select path, code, level into found_path, found_code, found_level from regions where id = new.region_id;
    -- An unknown region is left to the foreign key; not-null columns still refuse the row.
    new.region_path := found_path;
    new.county_code := coalesce(left(found_code, 6), '000000');
    new.town_id := case found_level
      when 'TOWN' then new.region_id
      when 'VILLAGE' then (select id from regions where path = subpath(found_path, 0, -1) and level = 'TOWN')
    end;
    return new;
  end $$;

  create function refuse_removal() returns trigger language plpgsql as $$
  begin
    raise exception '% 的行只作废,不删除 / rows of % are voided, never removed', tg_table_name, tg_table_name using errcode = '55000';
  end $$;
`;

const tracking = `
  create table tracked_tables (name text primary key, redact text[] not null);
  comment on table tracked_tables is '有历史与变更记录的表 / the tables with history and change records';

  create function tracked_columns(of_table text) returns table (name text, type text, generated boolean) language sql stable as $$
    select attname::text, format_type(atttypid, atttypmod), attgenerated <> ''
    from pg_attribute where attrelid = of_table::regclass and attnum > 0 and not attisdropped order by attnum
  $$;

  -- How a column stands in the record. GeoJSON without its CRS: looking that up costs more than the rest of the row.
  create function recorded_value(side text, of_column text, type text, hidden boolean) returns text language sql immutable as $$
    select case
      when hidden then format('case when %1$s.%2$I is not null then redacted(%1$s.%2$I::text) end', side, of_column)
      when type ~ '^(geometry|geography)' then format('st_asgeojson(%s.%I, 9, 0)::jsonb', side, of_column)
      else format('%s.%I', side, of_column)
    end
  $$;

  -- One function per table: every statement in it has a fixed plan, and no row is taken apart by name.
  create function build_record_change(of_table text) returns void language plpgsql as $$
  declare
    -- What every version changes anyway stands in the event's own columns.
    kept constant text[] := array['id', 'version', 'recorded_from', 'created_at', 'created_by', 'updated_at', 'updated_by', 'county_code', 'region_path'];
    redacts text[] := (select redact from tracked_tables where name = of_table);
    columns text[] := array(select c.name from tracked_columns(of_table) c);
    names text := (select string_agg(quote_ident(c), ', ') from unnest(columns) c);
    olds text := (select string_agg('old.' || quote_ident(c), ', ') from unnest(columns) c);
    path text := case when 'region_path' = any(columns) then 'new.region_path' when of_table = 'regions' then 'new.path' else 'null' end;
    subject text := case when of_table = 'subjects' then 'new.id' when 'subject_id' = any(columns) then 'new.subject_id' else 'null' end;
    sector text := case when 'sector' = any(columns) then 'new.sector' else 'null' end;
    differences text;
    whole text;
  begin
    select coalesce(string_agg(format('if new.%1$I is distinct from old.%1$I then was := was || jsonb_build_object(%2$L, %3$s); is_now := is_now || jsonb_build_object(%2$L, %4$s); end if;',
        c.name, c.name, recorded_value('old', c.name, c.type, c.name = any(redacts)), recorded_value('new', c.name, c.type, c.name = any(redacts))), e'\\n'), '')
      into differences from tracked_columns(of_table) c where c.name <> all(kept);
    -- A function takes at most a hundred arguments.
    select coalesce(string_agg(format('jsonb_build_object(%s)', pairs), ' || '), quote_literal('{}') || '::jsonb') into whole from (
      select string_agg(format('%L, %s', name, recorded_value('new', name, type, name = any(redacts))), ', ') as pairs
      from (select c.name, c.type, row_number() over () as n from tracked_columns(of_table) c where c.name <> all(kept)) numbered
      group by (n - 1) / 45) chunks;
    execute format($body$
      create or replace function %1$I() returns trigger language plpgsql as $record$
      declare
        was jsonb;
        is_now jsonb;
      begin
        if tg_op = 'UPDATE' then
          insert into %2$I (%3$s, recorded_to) values (%4$s, new.recorded_from);
          was := '{}';
          is_now := '{}';
          %5$s
        else
          is_now := %6$s;
        end if;
        insert into change_events (event_id, action, actor_id, request_id, entity, entity_id, op, version, county_code, region_path, subject_id, sector, before, after, at)
        values (nullif(current_setting('app.event', true), '')::uuid, current_setting('app.action', true), new.updated_by, nullif(current_setting('app.request', true), ''),
          %7$L, new.id, left(tg_op, 1), new.version, new.county_code, %8$s, %9$s, %10$s, was, is_now, new.recorded_from);
        return null;
      end $record$ $body$,
      'record_change_' || of_table, of_table || '_history', names, olds, differences, whole, of_table, path, subject, sector);
  end $$;

  create function track(of_table text, redact text[] default '{}') returns void language plpgsql as $$
  declare
    columns text[] := array(select c.name from tracked_columns(of_table) c);
    demanded constant text[] := array['id', 'version', 'recorded_from', 'created_at', 'created_by', 'updated_at', 'updated_by', 'county_code'];
  begin
    if not columns @> demanded then
      raise exception '% 缺少列 / lacks columns: %', of_table, array(select unnest(demanded) except select unnest(columns));
    end if;
    if not columns @> redact then
      raise exception '% 没有列 / has no columns: %', of_table, array(select unnest(redact) except select unnest(columns));
    end if;
    insert into tracked_tables values (of_table, redact);
    execute format('create table %1$I (like %2$I); alter table %1$I add column recorded_to timestamptz not null', of_table || '_history', of_table);
    execute format('create index %I on %I (id, recorded_from desc)', of_table || '_history_by_id', of_table || '_history');
    execute format('create trigger append_only before update or delete or truncate on %I for each statement execute function append_only()', of_table || '_history');
    perform build_record_change(of_table);
    -- Triggers of one kind fire in the order of their names.
    if 'region_path' = any(columns) and of_table <> 'regions' then
      execute format('create trigger a_place before insert or update of region_id, region_path, town_id, county_code on %I for each row execute function place()', of_table);
    end if;
    execute format('create trigger b_stamp before insert or update on %I for each row execute function stamp()', of_table);
    execute format('create trigger z_record_change after insert or update on %I for each row execute function %I()', of_table, 'record_change_' || of_table);
    execute format('create trigger refuse_removal before delete or truncate on %I for each statement execute function refuse_removal()', of_table);
  end $$;
  comment on function track(text, text[]) is '为表建立历史、变更记录与写入保护;redact 为个人信息列 / gives a table history, change records and the guard on writes; redact names its personal columns';

  create function untrack(of_table text) returns void language plpgsql as $$
  begin
    execute format('drop trigger if exists a_place on %1$I; drop trigger b_stamp on %1$I; drop trigger z_record_change on %1$I; drop trigger refuse_removal on %1$I', of_table);
    execute format('drop function %I(); drop table %I', 'record_change_' || of_table, of_table || '_history');
    delete from tracked_tables where name = of_table;
  end $$;

  -- The definition as in "alter table add column"; rows of the past get its default too.
  create function add_tracked_column(of_table text, definition text) returns void language plpgsql as $$
  declare
    before text[] := array(select c.name from tracked_columns(of_table) c);
    added text;
    added_type text;
    initial text;
  begin
    execute format('alter table %I add column %s', of_table, definition);
    select c.name, c.type into added, added_type from tracked_columns(of_table) c where not c.name = any(before);
    select pg_get_expr(d.adbin, d.adrelid) into initial
      from pg_attribute a join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = of_table::regclass and a.attname = added and a.attgenerated = '';
    execute format('alter table %I add column %I %s %s', of_table || '_history', added, added_type, coalesce('default ' || initial, ''));
    if initial is not null then
      execute format('alter table %I alter column %I drop default', of_table || '_history', added);
    end if;
    perform build_record_change(of_table);
  end $$;

  create function drop_tracked_column(of_table text, dropped text) returns void language plpgsql as $$
  begin
    execute format('alter table %I drop column %I; alter table %I drop column %I', of_table, dropped, of_table || '_history', dropped);
    perform build_record_change(of_table);
  end $$;
`;
