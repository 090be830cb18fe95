import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * What the service's own role may do, where another owns the schema: data in `runtime_rights`, applied by grant_runtime().
 * History, changes and marks are written by triggers in the owner's name, so that the role whose write they record can
 * neither make nor alter them; the clock of a unit cannot be told to be another than it is.
 */
export class LeastRights1700000000021 implements MigrationInterface {
  name = "LeastRights1700000000021";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ownersName);
    await runner.query(clock);
    await runner.query(rights);
    await runner.query(granting);
    await runner.query(tracking);
    await runner.query(declared);
    await runner.query(keys);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function purge_idempotency_keys(interval, integer);
      drop function track(text, text[]), untrack(text), build_record_change(text), build_revisions(text);
      alter function track_unguarded(text, text[]) rename to track;
      alter function untrack_unguarded(text) rename to untrack;
      alter function build_record_change_unguarded(text) rename to build_record_change;
      alter function build_revisions_unguarded(text) rename to build_revisions;
      do $$ declare made regprocedure; begin
        for made in select p.oid::regprocedure from pg_proc p where p.pronamespace = current_schema()::regnamespace and p.prosecdef and pg_has_role(p.proowner, 'usage') and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e') loop
          execute format('alter function %s security invoker reset search_path; grant execute on function %1$s to public', made);
        end loop;
      end $$;
      grant execute on function redacted(text) to public;
      drop function grant_runtime(text), runtime_grants(text), in_owners_name(text);
      drop table runtime_rights;
      alter table audit_events alter column at drop default;
      ${clockOf("coalesce(nullif(current_setting('app.began', true), '')::timestamptz, now())")}
    `);
  }
}

/** A function that acts as the owner: names mean what they meant when it was made, and nobody hangs it on a table of his own. */
const ownersName = `
  create function in_owners_name(made text) returns void language plpgsql as $$
  begin
    execute format('alter function %s security definer set search_path = %s, pg_temp', made::regprocedure, (select string_agg(quote_ident(s), ', ' order by n) from unnest(current_schemas(false)) with ordinality u(s, n)));
    execute format('revoke execute on function %s from public', made::regprocedure);
  end $$;
  comment on function in_owners_name(text) is '使函数以属主身份执行:搜索路径固定,他人不得调用或挂为触发器 / lets a function act as the owner, with its search path pinned, for nobody else to call or to make a trigger of';
`;

/** @param own the clock of a unit outside of a story. */
const clockOf = (own: string) => `
  create or replace function app_clock() returns timestamptz language plpgsql stable as $$
  declare
    told text := current_setting('app.clock', true);
  begin
    -- Only a database marked as demo tells a story; everywhere else the clock of a unit is its own.
    if told is null or told = '' or not (select demo from system_settings) then
      return ${own};
    end if;
    return told::timestamptz;
  end $$;
`;

/** A unit begins within its transaction: told otherwise, its records would bear another time than that of their making. */
const clock = `
  ${clockOf("least(greatest(nullif(current_setting('app.began', true), '')::timestamptz, now()), clock_timestamp())")}
  alter table audit_events alter column at set default app_clock();
`;

const rights = `
  create table runtime_rights (
    of_table text primary key,
    reads text[] not null default '{*}',
    inserts text[] not null default '{}',
    updates text[] not null default '{}'
  );
  comment on table runtime_rights is '服务运行角色对每张表的权限:列名,* 为全部;未列的表无任何权限;从无删除与清空 / what the service''s role may do with each table: columns, * for all; a table not listed is closed; it never deletes nor truncates';
`;

const granting = `
  -- Rights as they would be granted: one statement each.
  create function runtime_grants(to_role text) returns setof text language sql stable as $$
    select format('grant %s%s on %I to %I', u.verb, case when u.columns <> '{*}' then (select format(' (%s)', string_agg(quote_ident(c), ', ')) from unnest(u.columns) c) end, r.of_table, to_role)
    from runtime_rights r cross join lateral (values ('select', r.reads), ('insert', r.inserts), ('update', r.updates)) u(verb, columns)
    where cardinality(u.columns) > 0 and to_regclass(quote_ident(r.of_table)) is not null
    union all
    -- Numbers are drawn and never set; those of identity columns need no right.
    select format('grant usage on sequence %I to %I', c.relname, to_role) from pg_class c
    where c.relkind = 'S' and c.relnamespace = current_schema()::regnamespace and pg_has_role(c.relowner, 'usage') and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i', 'e'))
    union all
    select format('grant execute on function %s to %I', f, to_role) from unnest(array['compact_tile_revisions()', 'purge_idempotency_keys(interval, integer)']) f
  $$;

  -- Gives a role exactly the declared rights; to be run by the owner after every migration.
  create function grant_runtime(to_role text) returns void language plpgsql as $$
  declare
    made record;
    statement text;
  begin
    if exists (select from pg_roles where rolname = to_role and (rolsuper or pg_has_role(oid, current_user::regrole, 'member'))) then
      raise exception '运行角色 % 不得是超级用户或属主的成员 / the runtime role % must be neither a superuser nor a member of the owner', to_role, to_role using errcode = '42501';
    end if;
    execute format('grant usage on schema %I to %I', current_schema(), to_role);
    for made in
      select c.relname, c.relkind from pg_class c
      where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S') and pg_has_role(c.relowner, 'usage') and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    loop
      execute format('revoke all on %s %I from %I', case when made.relkind = 'S' then 'sequence' else 'table' end, made.relname, to_role);
    end loop;
    for statement in select g from runtime_grants(to_role) g loop execute statement; end loop;
  end $$;
  revoke execute on function grant_runtime(text), runtime_grants(text), in_owners_name(text) from public;
`;

const tracking = `
  alter function build_record_change(text) rename to build_record_change_unguarded;
  create function build_record_change(of_table text) returns void language plpgsql as $$
  begin
    perform build_record_change_unguarded(of_table);
    perform in_owners_name(format('%I()', 'record_change_' || of_table));
  end $$;

  alter function build_revisions(text) rename to build_revisions_unguarded;
  create function build_revisions(of_table text) returns void language plpgsql as $$
  begin
    perform build_revisions_unguarded(of_table);
    perform in_owners_name(format('%I()', 'revise_' || of_table));
  end $$;

  alter function track(text, text[]) rename to track_unguarded;
  create function track(of_table text, redact text[] default '{}') returns void language plpgsql as $$
  begin
    perform track_unguarded(of_table, redact);
    insert into runtime_rights (of_table, inserts, updates) values (of_table, '{*}', '{*}'), (of_table || '_history', '{}', '{}');
  end $$;
  comment on function track(text, text[]) is '为表建立历史、变更记录、写入保护、版本标记与运行权限;redact 为个人信息列 / gives a table history, change records, the guard on writes, marks of revision and the rights of the service; redact names its personal columns';

  alter function untrack(text) rename to untrack_unguarded;
  create function untrack(of_table text) returns void language plpgsql as $$
  begin
    perform untrack_unguarded(of_table);
    delete from runtime_rights r where r.of_table in (untrack.of_table, untrack.of_table || '_history');
  end $$;

  do $$ declare tracked text; begin
    for tracked in select name from tracked_tables loop
      perform in_owners_name(format('%I()', 'record_change_' || tracked));
      perform in_owners_name(format('%I()', 'revise_' || tracked));
      insert into runtime_rights (of_table, inserts, updates) values (tracked, '{*}', '{*}'), (tracked || '_history', '{}', '{}');
    end loop;
    perform in_owners_name('compact_tile_revisions()');
    perform in_owners_name('assessment_enumerate()');
  end $$;
  -- The salt of commitments stays with the owner: whoever could salt values could look the hidden ones up.
  revoke execute on function redacted(text) from public;
`;

/** What is not tracked, and what is tracked but written once or by the reference data alone. */
const declared = `
  insert into runtime_rights (of_table, reads, inserts, updates) values
    ('audit_events', '{*}', (select array_agg(attname::text order by attnum) from pg_attribute where attrelid = 'audit_events'::regclass and attnum > 0 and not attisdropped and attname not in ('at', 'xid')), '{}'),
    ('change_events', '{*}', '{}', '{}'),
    ('idempotency_keys', '{*}', '{*}', '{}'),
    ('import_rows', '{*}', '{*}', '{}'),
    ('imported_values', '{*}', '{*}', '{*}'),
    ('api_keys', '{*}', '{}', '{last_used_at}'),
    ('principals', '{*}', '{}', '{}'),
    ('grants', '{*}', '{}', '{}'),
    ('assessment_outcomes', '{*}', '{}', '{}'),
    ('tile_revisions', '{*}', '{}', '{}'),
    ('migrations', '{*}', '{}', '{}'),
    ('system_settings', '{only_row,demo,epoch,story_last_day,boundary_tolerance_metres}', '{}', '{}');
  update runtime_rights set inserts = '{}', updates = '{}' where of_table in ('duty_rules', 'responsibility_schemes', 'responsibility_slots', 'review_round_rules', 'review_round_quorums');
  update runtime_rights set updates = '{}' where of_table in ('acceptance_records', 'code_mappings', 'hidden_danger_evidence', 'rectification_plans', 'region_codes', 'review_round_bases', 'review_round_documents', 'risk_assessments', 'risk_evidence', 'risk_level_changes', 'visit_participants');
`;

const keys = `
  -- Sent again within its time, a key gives the first answer; older ones are let go of, a few at a time and by one node at a time.
  create function purge_idempotency_keys(kept interval, most integer) returns integer language plpgsql as $$
  declare
    removed integer;
  begin
    if kept < interval '30 days' then
      raise exception '幂等键至少保留 30 天 / idempotency keys are kept for 30 days at least' using errcode = '22023';
    end if;
    if not pg_try_advisory_xact_lock(4790917300021) then return 0; end if;
    delete from idempotency_keys where ctid = any(array(select ctid from idempotency_keys where created_at < now() - kept order by created_at limit least(most, 10000) for update skip locked));
    get diagnostics removed = row_count;
    return removed;
  end $$;
  select in_owners_name('purge_idempotency_keys(interval, integer)');
  comment on function purge_idempotency_keys(interval, integer) is '分批清除过期的幂等键,返回条数;审计事件不动 / lets go of old idempotency keys in batches and says how many; their audit events stay';
`;
