import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Every record lies somewhere: what belongs to a placed row is recorded where that row lies, all else where its actor
 * stands. Until now such records lay nowhere, and what lies nowhere was read by the auditors of every district.
 * Who discovered a hidden danger stands in the record as a commitment only: reports are sealed (domain 5.2).
 */
export class PlacedRecords1700000000018 implements MigrationInterface {
  name = "PlacedRecords1700000000018";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(placing);
    await runner.query(recording);
    for (const [table, link] of PLACED_BY) await runner.query("select place_by($1, $2)", [table, link]);
    await runner.query(`
      update tracked_tables set redact = redact || array['discovered_by_id'] where name = 'hidden_dangers';
      ${rebuilding}
    `);
    await runner.query(earlier);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function build_record_change(text);
      alter function build_record_change_without_place(text) rename to build_record_change;
      update tracked_tables set redact = array_remove(redact, 'discovered_by_id') where name = 'hidden_dangers';
      ${rebuilding}
      drop function place_by(text, text), place_of(text, text), place_column(text);
      alter table tracked_tables drop column placed_by;
    `);
  }
}

/** Tables whose rows belong to a row that lies somewhere, with the column that names it. */
const PLACED_BY = [
  ["region_codes", "region_id"],
  ["regulation_relations", "subject_id"],
  ["regulator_assignments", "subject_id"],
  ["project_contractors", "subject_id"],
  ["risk_objects", "subject_id"],
  ["risk_units", "subject_id"],
  ["stop_records", "subject_id"],
  ["post_cards", "subject_id"],
  ["post_card_risks", "post_card_id"],
  ["risk_assessments", "risk_id"],
  ["risk_level_changes", "risk_id"],
  ["risk_evidence", "risk_id"],
  ["control_measures", "risk_id"],
  ["temporary_risk_elevations", "risk_id"],
  ["hazard_assignments", "hidden_danger_id"],
  ["rectification_plans", "hidden_danger_id"],
  ["acceptance_records", "hidden_danger_id"],
  ["hidden_danger_evidence", "hidden_danger_id"],
  ["review_round_participants", "round_id"],
  ["review_round_decisions", "round_id"],
  ["review_round_bases", "round_id"],
  ["review_round_documents", "round_id"],
  ["visit_participants", "visit_id"],
] as const;

const rebuilding = `
  do $$
  declare
    tracked text;
  begin
    for tracked in select name from tracked_tables loop perform build_record_change(tracked); end loop;
  end $$;
`;

const placing = `
  alter table tracked_tables add column placed_by text;
  comment on column tracked_tables.placed_by is '所属对象的外键列:记录位于该对象所在之处 / the key of the row it belongs to: records lie where that row lies';

  create function place_column(of_table text) returns text language sql stable as $$
    select case when of_table = 'regions' then 'path' when exists (select from tracked_columns(of_table) c where c.name = 'region_path') then 'region_path' end
  $$;

  -- Where a row of a table lies, as "path and county from ... where ...": through what it belongs to, as far as it takes. Null where such rows lie nowhere.
  create function place_of(of_table text, of_row text) returns text language plpgsql stable as $$
  declare
    lies text := place_column(of_table);
    link text;
    parent text;
  begin
    if lies is not null then
      return format('p.%I, p.county_code from %I p where p.id = %s', lies, of_table, of_row);
    end if;
    select t.placed_by, c.confrelid::regclass::text into link, parent
      from tracked_tables t
      join pg_constraint c on c.conrelid = t.name::regclass and c.contype = 'f' and cardinality(c.conkey) = 1
      join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1] and a.attname = t.placed_by
      where t.name = of_table;
    if link is null then
      return null;
    end if;
    return place_of(parent, format('(select %I from %I where id = %s)', link, of_table, of_row));
  end $$;

  create function place_by(of_table text, link text) returns void language plpgsql as $$
  begin
    update tracked_tables set placed_by = link where name = of_table;
    if place_of(of_table, 'null') is null then
      raise exception '% 不经 % 位于任何地方 / rows of % lie nowhere by %', of_table, link, of_table, link;
    end if;
  end $$;
  comment on function place_by(text, text) is '声明一表的记录随其所属对象定位;其后须 build_record_change / declares that records of a table lie where what its rows belong to lies; build_record_change has to follow';
`;

const recording = `
  alter function build_record_change(text) rename to build_record_change_without_place;

  -- One function per table: every statement in it has a fixed plan, and no row is taken apart by name.
  create function build_record_change(of_table text) returns void language plpgsql as $$
  declare
    -- What every version changes anyway stands in the event's own columns.
    kept constant text[] := array['id', 'version', 'recorded_from', 'created_at', 'created_by', 'updated_at', 'updated_by', 'county_code', 'region_path'];
    redacts text[] := (select redact from tracked_tables where name = of_table);
    columns text[] := array(select c.name from tracked_columns(of_table) c);
    names text := (select string_agg(quote_ident(c), ', ') from unnest(columns) c);
    olds text := (select string_agg('old.' || quote_ident(c), ', ') from unnest(columns) c);
    subject text := case when of_table = 'subjects' then 'new.id' when 'subject_id' = any(columns) then 'new.subject_id' else 'null' end;
    sector text := case when 'sector' = any(columns) then 'new.sector' else 'null' end;
    lies text := place_column(of_table);
    link text := (select placed_by from tracked_tables where name = of_table);
    parent text := (
      select c.confrelid::regclass::text from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
      where c.conrelid = of_table::regclass and c.contype = 'f' and cardinality(c.conkey) = 1 and a.attname = link limit 1);
    place text;
    differences text;
    whole text;
  begin
    place := case
      when lies is not null then format('lies_at := new.%I; lies_in := new.county_code;', lies)
      when link is not null then format('select %s;', regexp_replace(place_of(parent, format('new.%I', link)), ' from ', ' into lies_at, lies_in from '))
      else '' end;
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
        lies_at ltree;
        lies_in text;
      begin
        if tg_op = 'UPDATE' then
          insert into %2$I (%3$s, recorded_to) values (%4$s, new.recorded_from);
          was := '{}';
          is_now := '{}';
          %5$s
        else
          is_now := %6$s;
        end if;
        %8$s
        if lies_at is null then
          lies_at := nullif(current_setting('app.place', true), '')::ltree;
          lies_in := coalesce(nullif(current_setting('app.county', true), ''), '000000');
        end if;
        insert into change_events (event_id, action, actor_id, request_id, entity, entity_id, op, version, county_code, region_path, subject_id, sector, before, after, at)
        values (nullif(current_setting('app.event', true), '')::uuid, current_setting('app.action', true), new.updated_by, nullif(current_setting('app.request', true), ''),
          %7$L, new.id, left(tg_op, 1), new.version, lies_in, lies_at, %9$s, %10$s, was, is_now, new.recorded_from);
        return null;
      end $record$ $body$,
      'record_change_' || of_table, of_table || '_history', names, olds, differences, whole, of_table, place, subject, sector);
  end $$;
`;

/** Records made before: placed as far as what they are of lies somewhere now, or their actor has one area; what is sealed is made a commitment. Nothing else of them changes. */
const earlier = `
  alter table change_events disable trigger append_only;
  alter table audit_events disable trigger append_only;
  do $$
  declare
    tracked text;
  begin
    for tracked in select name from tracked_tables where placed_by is not null loop
      execute format('update change_events c set (region_path, county_code) = (select %s) where c.entity = %L and c.region_path is null and exists (select %s)',
        place_of(tracked, 'c.entity_id'), tracked, place_of(tracked, 'c.entity_id'));
    end loop;
  end $$;
  update change_events set after = jsonb_set(after, '{discovered_by_id}', to_jsonb(redacted(after ->> 'discovered_by_id')))
    where entity = 'hidden_dangers' and after ->> 'discovered_by_id' is not null;
  update change_events set before = jsonb_set(before, '{discovered_by_id}', to_jsonb(redacted(before ->> 'discovered_by_id')))
    where entity = 'hidden_dangers' and before ->> 'discovered_by_id' is not null;
  update audit_events a set region_path = c.region_path, county_code = c.county_code
    from (select distinct on (event_id) event_id, region_path, county_code from change_events where region_path is not null order by event_id, seq) c
    where c.event_id = a.id and a.region_path is null and a.entity is not null;
  update audit_events a set region_path = g.path, county_code = g.county_code
    from (select principal_id, min(r.path::text)::ltree as path, min(r.county_code) as county_code from grants g join regions r on r.id = g.region_id group by 1 having count(distinct r.id) = 1) g
    where g.principal_id = a.actor_id and a.region_path is null;
  update change_events c set region_path = a.region_path, county_code = a.county_code from audit_events a where a.id = c.event_id and c.region_path is null and a.region_path is not null;
  alter table change_events enable trigger append_only;
  alter table audit_events enable trigger append_only;
`;
