import type { MigrationInterface, QueryRunner } from "typeorm";

/** What reads by instant, counts by place and numbering need to cost one index scan or one expression. */
export class ReadPaths1700000000006 implements MigrationInterface {
  name = "ReadPaths1700000000006";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(histories);
    await runner.query(counts);
    await runner.query(numbering);
    await runner.query(whole);
    // What a key was used for is what its event says; writing it twice cost every action an update.
    await runner.query("alter table idempotency_keys drop column entity, drop column entity_id, drop column recorded_at");
    await runner.query(dependencies);
    await runner.query(counties);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table idempotency_keys add column entity text, add column entity_id uuid, add column recorded_at timestamptz;
      drop trigger c_county on regions;
      drop function region_keeps_county();
      drop function too_many_rows(integer);
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

/** With this, a row's county_code says exactly what lies below the district, and an index on it needs no second look at the path. */
const counties = `
  create function region_keeps_county() returns trigger language plpgsql as $$
  begin
    if tg_op = 'UPDATE' and (new.level <> old.level or left(new.code, 6) <> left(old.code, 6)) then
      raise exception '区划的层级与所属县不在原处更改;撤并改码另立后继区划 / a region keeps its level and county; a recoding makes a successor' using errcode = '23514', constraint = 'regions_recoded_by_successor';
    end if;
    if exists (select 1 from regions above where above.id = new.parent_id and above.level in ('DISTRICT', 'TOWN') and left(above.code, 6) <> left(new.code, 6)) then
      raise exception '区县以下区划的前六位代码须与所属区县相同 / below a district, regions share its first six digits' using errcode = '23514', constraint = 'regions_share_county';
    end if;
    return new;
  end $$;
  create trigger c_county before insert or update on regions for each row execute function region_keeps_county();
`;

/** A report is whole or refused: an answer cut short without a word would be taken for all there is. Volatile, or the planner would call it once to see. */
const whole = `
  create function too_many_rows(maximum integer) returns json language plpgsql volatile as $$
  begin
    raise exception '超过 % 行 / more than % rows', maximum, maximum using errcode = '54000', detail = maximum::text;
  end $$;
`;

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
