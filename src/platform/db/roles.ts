/** A name as it stands in SQL without quotes: what is made for others to type. */
const NAME = /^[a-z_][a-z0-9_]{0,62}$/;

export interface Roles {
  /** Owns the schema and runs the migrations. */
  owner: string;
  /** The service's own: owns nothing. */
  runtime: string;
}

/**
 * SQL that makes the two roles of a database and hands the schema `public` to the owner; to be run in that database by its
 * superuser, as often as wanted. What the runtime role may do in the schema stands in the database itself (runtime_rights)
 * and is applied here, where there are tables already, and after every migration.
 */
export function rolesSql({ owner, runtime }: Roles): string {
  for (const name of [owner, runtime]) if (!NAME.test(name)) throw new Error(`角色名须为小写字母、数字、下划线 / a name of a role must match ${NAME.source}: ${name}`);
  if (owner === runtime) throw new Error("属主与运行角色须不同 / owner and runtime role must differ");
  return `-- ${owner}: 属主,只用于迁移;${runtime}: 服务运行 / the owner, for migrations alone, and the role the service runs under
begin;
do $$ begin
  if not exists (select from pg_roles where rolname = '${owner}') then create role ${owner} login; end if;
  if not exists (select from pg_roles where rolname = '${runtime}') then create role ${runtime} login; end if;
end $$;
alter role ${owner} nosuperuser nocreatedb nocreaterole nobypassrls;
alter role ${runtime} nosuperuser nocreatedb nocreaterole nobypassrls noinherit;
do $$ begin
  if pg_has_role('${runtime}', '${owner}', 'member') then revoke ${owner} from ${runtime}; end if;
end $$;

create extension if not exists postgis;
create extension if not exists ltree;
create extension if not exists btree_gist;
create extension if not exists pg_trgm;
create extension if not exists pgcrypto;

-- 除属主外无人可建表(临时表也不可)、函数、模式 / nobody but the owner makes tables, temporary ones included, functions or schemas
do $$ begin
  execute format('revoke all on database %I from public, ${runtime}', current_database());
  execute format('grant connect on database %I to ${owner}, ${runtime}', current_database());
  execute format('grant temporary on database %I to ${owner}', current_database());
  execute format('alter database %I set app.runtime_role = %L', current_database(), '${runtime}');
end $$;
revoke create on schema public from public, ${runtime};
grant usage, create on schema public to ${owner};
grant usage on schema public to ${runtime};

-- 已有的库:扩展之外的一切归属主 / where there are tables already: all but the extensions' becomes the owner's
do $$ declare made record; begin
  for made in
    select case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end as kind, c.oid::regclass::text as name
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S') and c.relowner <> '${owner}'::regrole
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('e', 'a', 'i'))
  loop execute format('alter %s %s owner to ${owner}', made.kind, made.name); end loop;
  for made in
    select p.oid::regprocedure::text as name from pg_proc p where p.pronamespace = 'public'::regnamespace and p.proowner <> '${owner}'::regrole
      and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  loop execute format('alter function %s owner to ${owner}', made.name); end loop;
  if to_regprocedure('grant_runtime(text)') is not null then
    set local role ${owner};
    perform grant_runtime('${runtime}');
  end if;
end $$;
commit;
`;
}
