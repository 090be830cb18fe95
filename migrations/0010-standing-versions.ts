import type { MigrationInterface, QueryRunner } from "typeorm";
import { listed } from "./tables.js";

/**
 * What makes a read as of an instant cost what stood then, however much was recorded before and since.
 *
 * Every version of the past is kept at one node of a binary tree over time: the highest node its interval covers
 * (a relational interval tree: Kriegel, Pötke, Seidl, "Managing Intervals Efficiently in Object-Relational Databases",
 * VLDB 2000). The versions that stood at an instant stand at the nodes between the root and the instant: of nodes before
 * it those that ended after it, of nodes after it those that began before it. Two indexes give exactly these.
 */
export class StandingVersions1700000000010 implements MigrationInterface {
  name = "StandingVersions1700000000010";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tree);
    await runner.query(indexes);
    await runner.query(tracking);
    await runner.query("do $$ declare tracked text; begin for tracked in select name from tracked_tables loop perform index_history(tracked); end loop; end $$");
    await runner.query(covering);
    await runner.query(towns);
    await runner.query(snapshots);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ["risks", "hidden_dangers", "subjects"]) await runner.query(`drop index ${table}_town_id_updated_at_id_idx, ${table}_history_town_id_updated_at_id_recorded_to_idx`);
    await runner.query(`
      do $$ declare tracked text; made record; begin
        for tracked in select name from tracked_tables loop
          for made in select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition from pg_index
            where indrelid = (tracked || '_history')::regclass and pg_get_indexdef(indexrelid) like '%, recorded_to)' and pg_get_indexdef(indexrelid) not like '%standing_node%' loop
            execute format('drop index %s', made.name);
            execute regexp_replace(made.definition, ', recorded_to\\)$', ')');
          end loop;
          execute format('create index %I on %I (recorded_to)', tracked || '_history_by_end', tracked || '_history');
          execute format('alter table %I drop column standing_node', tracked || '_history');
          execute (select coalesce(string_agg(format('drop index %I', standing_index_name(of_table, keys, 'standing')), '; '), 'select') from standing_indexes where of_table = tracked and cardinality(keys) > 0);
        end loop;
      end $$;
      drop function page_instant();
      create or replace function app_clock() returns timestamptz language plpgsql stable as $$
      declare
        told text := current_setting('app.clock', true);
      begin
        -- Only a database marked as demo tells a story; everywhere else the clock of a unit is its transaction's.
        if told is null or told = '' or not (select demo from system_settings) then
          return now();
        end if;
        return told::timestamptz;
      end $$;
      drop function drop_tracked_column(text, text);
      alter function drop_tracked_column_rows(text, text) rename to drop_tracked_column;
      drop function track(text, text[]), index_history(text), index_standing(text, text[], text[]), standing_index_name(text, text[], text);
      drop table standing_indexes;
      drop function standing_node(timestamptz, timestamptz), standing_cell(timestamptz);
      create function track(of_table text, redact text[] default '{}') returns void language plpgsql as $$
      begin
        perform track_rows(of_table, redact);
        execute format('create index %I on %I (recorded_to)', of_table || '_history_by_end', of_table || '_history');
      end $$;
    `);
  }
}

/**
 * Time in cells of 2^26 microseconds (67 seconds) since 2000: leaves of the tree. Cells keep the way to the root short;
 * what happens within one is told apart by the bounds themselves, so that no answer depends on their size.
 * The nodes an instant is asked at are found in the service (src/platform/read/intervals.ts), by the same cells.
 */
const tree = `
  create function standing_cell(at timestamptz) returns bigint language plpgsql immutable parallel safe as $$
  begin
    -- Numeric, not double: the same microsecond is always in the same cell.
    return least(greatest((extract(epoch from (at - to_timestamp(946684800))) * 1000000)::bigint >> 26, 1), 134217727);
  end $$;

  create function standing_node(recorded_from timestamptz, recorded_to timestamptz) returns integer language plpgsql immutable parallel safe as $$
  declare
    last_cell constant bigint := standing_cell(recorded_to);
    -- The highest bit in which the cell before the first and the last cell differ.
    height constant integer := 64 - position(B'1' in ((standing_cell(recorded_from) - 1) # last_cell)::bit(64));
  begin
    return last_cell >> height << height;
  end $$;
  comment on function standing_node(timestamptz, timestamptz) is '区间树中版本所在的节点 / the node of the interval tree a version is kept at';
`;

const indexes = `
  create table standing_indexes (of_table text not null references tracked_tables(name) on delete cascade, keys text[] not null, includes text[] not null, primary key (of_table, keys));
  comment on table standing_indexes is '按时点计数所用的索引:键列之后为节点与界限 / the indexes that reads of what stood at an instant use: after the key columns the node and a bound';

  create function standing_index_name(of_table text, keys text[], kind text) returns text language sql immutable as $$
    select left(of_table || '_' || kind || array_to_string(array[''] || keys, '_'), 63)
  $$;

  -- An index for counting what lies at one value of the keys and stood at an instant; with what is counted included, the index alone answers.
  create function index_standing(for_table text, by_keys text[], including text[] default '{}') returns void language plpgsql as $$
  declare
    key_list text := (select coalesce(string_agg(quote_ident(k) || ', ', ''), '') from unnest(by_keys) k);
    include_list text := (select coalesce(' include (' || string_agg(quote_ident(c), ', ') || ')', '') from unnest(including) c);
    history text := for_table || '_history';
  begin
    insert into standing_indexes values (for_table, by_keys, including) on conflict (of_table, keys) do update set includes = excluded.includes;
    execute format('drop index if exists %I, %I, %I', standing_index_name(for_table, by_keys, 'standing'), standing_index_name(history, by_keys, 'ended'), standing_index_name(history, by_keys, 'begun'));
    if cardinality(by_keys) > 0 then
      execute format('create index %I on %I (%s recorded_from)%s', standing_index_name(for_table, by_keys, 'standing'), for_table, key_list, include_list);
    end if;
    execute format('create index %I on %I (%s standing_node, recorded_to)%s', standing_index_name(history, by_keys, 'ended'), history, key_list, include_list);
    execute format('create index %I on %I (%s standing_node, recorded_from, recorded_to)%s', standing_index_name(history, by_keys, 'begun'), history, key_list, include_list);
  end $$;
`;

const tracking = `
  -- Lists and lookups pass over versions that had ended without fetching them: their end stands in the index.
  create function index_history(of_table text) returns void language plpgsql as $$
  declare
    history text := of_table || '_history';
    made record;
  begin
    execute format('alter table %I add column standing_node integer generated always as (standing_node(recorded_from, recorded_to)) stored', history);
    execute format('drop index if exists %I', history || '_by_end');
    for made in
      select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
      from pg_index where indrelid = history::regclass and not indisunique and pg_get_indexdef(indexrelid) like '% USING btree (%' and indpred is null
        and not exists (select from pg_attribute a where a.attrelid = indexrelid and a.attname in ('recorded_to', 'standing_node'))
    loop
      execute format('drop index %s', made.name);
      execute regexp_replace(made.definition, '\\)$', ', recorded_to)');
    end loop;
    perform index_standing(of_table, '{}');
    if exists (select from tracked_columns(of_table) c where c.name = 'region_path') then
      perform index_standing(of_table, '{county_code}');
    end if;
  end $$;

  create or replace function track(of_table text, redact text[] default '{}') returns void language plpgsql as $$
  begin
    perform track_rows(of_table, redact);
    perform index_history(of_table);
  end $$;

  -- A dropped column takes the indexes that include it along: they are made again without it.
  alter function drop_tracked_column(text, text) rename to drop_tracked_column_rows;
  create function drop_tracked_column(for_table text, dropped text) returns void language plpgsql as $$
  declare
    counted record;
  begin
    perform drop_tracked_column_rows(for_table, dropped);
    delete from standing_indexes where of_table = for_table and dropped = any(keys);
    for counted in select keys, includes from standing_indexes where of_table = for_table and dropped = any(includes) loop
      perform index_standing(for_table, counted.keys, array_remove(counted.includes, dropped));
    end loop;
  end $$;
`;

/** What is counted most is counted off the index alone, for a district and for a town. */
const covering = [
  ["risks", "current_level, status, sector"],
  ["hidden_dangers", "grade, status, sector"],
  ["subjects", "kind, status, sector"],
]
  .map(([table, counted]) => `
    select index_standing('${table}', '{county_code}', '{town_id, ${counted}, region_path, id}');
    select index_standing('${table}', '{town_id}', '{${counted}, county_code, id}');`)
  .join("");

/** What a town's people open in the morning: the newest of their own, which no index gave in its order. */
const towns = ["risks", "hidden_dangers", "subjects"].map((table) => listed(table, "town_id")).join("\n");

/**
 * The first page of a list is read from a snapshot, later pages as of an instant. That instant is no earlier than anything
 * the snapshot shows, and names what it does not show though it may be recorded before: the transactions under way.
 * A unit's clock is read when its transaction has its number, so that none without one can be recorded before either.
 */
const snapshots = `
  create or replace function app_clock() returns timestamptz language plpgsql stable as $$
  declare
    told text := current_setting('app.clock', true);
  begin
    -- Only a database marked as demo tells a story; everywhere else the clock of a unit is its own.
    if told is null or told = '' or not (select demo from system_settings) then
      return coalesce(nullif(current_setting('app.began', true), '')::timestamptz, now());
    end if;
    return told::timestamptz;
  end $$;

  create function page_instant() returns text language plpgsql stable as $$
  declare
    shown constant pg_snapshot := pg_current_snapshot();
    -- Numbers given out beyond the last that had ended: the snapshot does not list them, though their transactions are under way.
    beyond constant integer := age(pg_snapshot_xmax(shown)::xid);
    at constant timestamptz := greatest(transaction_timestamp(), (select c.at from change_events c order by c.at desc, c.id desc limit 1), (select a.at from audit_events a order by a.at desc, a.id desc limit 1));
    micros constant text := (date_part('epoch', at) * 1000000)::bigint;
  begin
    if beyond <= 0 and pg_snapshot_xmin(shown) = pg_snapshot_xmax(shown) then return micros; end if;
    return micros || coalesce((
      select string_agg('.' || number, '' order by number) from (
        select under_way::text::bigint as number from pg_snapshot_xip(shown) under_way
        union all select generate_series(pg_snapshot_xmax(shown)::text::bigint, pg_snapshot_xmax(shown)::text::bigint + beyond - 1)
        order by number limit 300) numbers), '');
  end $$;
  comment on function page_instant() is '首页所取快照的时点(微秒)及当时在途的事务号 / the instant of the snapshot a first page is read from, in microseconds, with the numbers of the transactions under way';
`;
