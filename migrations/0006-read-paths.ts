import type { MigrationInterface, QueryRunner } from "typeorm";

/** What reads by instant, counts by place and numbering need to cost one index scan or one expression. */
export class ReadPaths1700000000006 implements MigrationInterface {
  name = "ReadPaths1700000000006";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(histories);
    await runner.query(counts);
    await runner.query(numbering);
    await runner.query(dependencies);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop statistics subjects_place, risks_place, hidden_dangers_place;
      drop function next_code(text, regclass, uuid);
      drop index risks_counted;
      create index on risks (county_code, town_id, current_level);
      drop function track(text, text[]);
      alter function track_rows(text, text[]) rename to track;
      do $$ declare tracked text; begin
        for tracked in select name from tracked_tables loop execute format('drop index %I', tracked || '_history_by_end'); end loop;
      end $$;
    `);
  }
}

/** A read as of a recent instant wants the few versions that have ended since; without this index it walks all that ended before. */
const histories = `
  alter function track(text, text[]) rename to track_rows;
  create function track(of_table text, redact text[] default '{}') returns void language plpgsql as $$
  begin
    perform track_rows(of_table, redact);
    execute format('create index %I on %I (recorded_to)', of_table || '_history_by_end', of_table || '_history');
  end $$;
  comment on function track(text, text[]) is '为表建立历史、变更记录与写入保护;redact 为个人信息列 / gives a table history, change records and the guard on writes; redact names its personal columns';
  do $$ declare tracked text; begin
    for tracked in select name from tracked_tables loop execute format('create index %I on %I (recorded_to)', tracked || '_history_by_end', tracked || '_history'); end loop;
  end $$;
`;

/** Counting reads the index alone, scope included. */
const counts = `
  drop index risks_county_code_town_id_current_level_idx;
  create index risks_counted on risks (county_code, town_id, current_level) include (region_path, sector);
`;

/** A town lies in one county: asked for both, the planner must not take the chance of one times the chance of the other. */
const dependencies = ["subjects", "risks", "hidden_dangers"].map((table) => `create statistics ${table}_place (dependencies) on region_id, town_id, county_code from ${table};`).join("\n");

const numbering = `
  create function next_code(prefix text, numbers regclass, region uuid) returns text language plpgsql volatile as $$
  declare
    county text := (select left(d.code, 6) from regions r join regions d on d.path @> r.path and d.level = 'DISTRICT' where r.id = region);
    number text := nextval(numbers)::text;
  begin
    -- lpad also cuts: the millionth number keeps its seven digits.
    return prefix || '-' || coalesce(county, '000000') || '-' || extract(year from app_today())::text || '-' || lpad(number, greatest(6, length(number)), '0');
  end $$;
  comment on function next_code(text, regclass, uuid) is '编号:前缀-县代码-年份-流水号 / a human number: prefix, county, year of the unit''s clock, running number';
`;
