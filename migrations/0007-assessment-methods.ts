import type { MigrationInterface, QueryRunner } from "typeorm";

/**
 * Assessment as data: a version of a method is drafted, its combinations are enumerated, it is activated from a day on and never changes.
 * An assessment says what its version says of its inputs, and a risk names the assessment its level stands on.
 */
export class AssessmentMethods1700000000007 implements MigrationInterface {
  name = "AssessmentMethods1700000000007";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(outcomes);
    await runner.query(definitions);
    await runner.query(versions);
    await runner.query(assessments);
    await runner.query(current);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger level_agrees on risk_assessments;
      drop trigger level_agrees on risks;
      ${levelAgreesBefore}
      select drop_tracked_column('risks', 'current_assessment_id');
      drop trigger c_holds on risk_assessments;
      select add_tracked_column('risk_assessments', 'method_version text');
      ${filled("risk_assessments", "method_version = (select v.version_code from assessment_method_versions v where v.id = t.method_version_id)")}
      alter table risk_assessments alter column method_version set not null;
      select drop_tracked_column('risk_assessments', 'method_version_id');
      drop trigger c_moves on assessment_method_versions;
      drop trigger d_enumerate on assessment_method_versions;
      ${filled("assessment_method_versions", `definition = jsonb_build_object('bands', t.definition -> 'bands',
        'inputs', (select jsonb_object_agg(i ->> 'code', (select jsonb_agg(x -> 'value') from jsonb_array_elements(i -> 'values') x)) from jsonb_array_elements(t.definition -> 'inputs') i))`)}
      drop index assessment_version_once;
      alter table assessment_method_versions drop constraint one_version_in_force, drop constraint in_force_from_a_day, drop constraint version_period;
      alter table assessment_method_versions
        add constraint one_version_in_force exclude using gist (method_id with =, daterange(valid_from, valid_to) with &&),
        add unique (method_id, version_code),
        alter column valid_from set not null;
      select drop_tracked_column('assessment_method_versions', 'status');
      drop table assessment_outcomes;
      drop function assessment_holds(), assessment_version_moves(), assessment_enumerate(), outcome_of_its_version(), assessment_outcomes_of(jsonb), assessment_band(jsonb, numeric);
    `);
  }
}

/** Sets a column of a tracked table, and of its history, to what the rows say already: nothing new is recorded, so no version is made. */
const filled = (table: string, set: string, past = set) =>
  [[table, set], [`${table}_history`, past]].map(([on, to]) => `alter table ${on} disable trigger user; update ${on} t set ${to}; alter table ${on} enable trigger user;`).join("\n");

const outcomes = `
  create function assessment_band(definition jsonb, score numeric) returns jsonb language sql immutable as $$
    select b.band || jsonb_build_object('to', above.band -> 'from', 'toIncluded', coalesce((above.band ->> 'exclusive')::boolean, false))
    from jsonb_array_elements($1 -> 'bands') with ordinality as b(band, place)
    cross join lateral (select case when b.place > 1 then $1 -> 'bands' -> (b.place::integer - 2) end as band) above
    where case when (b.band ->> 'exclusive')::boolean then $2 > (b.band ->> 'from')::numeric else $2 >= (b.band ->> 'from')::numeric end
    order by b.place limit 1
  $$;
  comment on function assessment_band(jsonb, numeric) is '得分所在的等级区间:level、from、exclusive(不含下限)、to(上一区间的下限)、toIncluded(含上限) / the band of a score; its upper edge is the lower one of the band above';

  create function assessment_outcomes_of(definition jsonb) returns table (inputs jsonb, score numeric, level text) language plpgsql immutable as $$
  declare
    kind constant text := definition #>> '{formula,kind}';
    combinations numeric := 1;
    one jsonb;
  begin
    if kind is null or kind not in ('PRODUCT', 'SUM', 'MATRIX') then
      raise exception '未知公式 / unknown formula %', kind using errcode = '23514', constraint = 'assessment_formula_known';
    end if;
    for one in select i from jsonb_array_elements(definition -> 'inputs') i loop
      combinations := combinations * jsonb_array_length(one -> 'values');
    end loop;
    if coalesce(jsonb_array_length(definition -> 'inputs') = 0 or combinations not between 1 and 20000, true) then
      raise exception '取值组合须为 1 至 20000 个 / from 1 to 20000 combinations of values' using errcode = '23514', constraint = 'assessment_combinations';
    end if;
    return query
      with recursive listed as (
        select i.place, i.input ->> 'code' as code, v.listed -> 'value' as value, v.place::integer as at
        from jsonb_array_elements(definition -> 'inputs') with ordinality as i(input, place), jsonb_array_elements(i.input -> 'values') with ordinality as v(listed, place)
      ), combined as (
        select 0::bigint as place, '{}'::jsonb as inputs, '{}'::integer[] as at, case kind when 'PRODUCT' then 1 when 'SUM' then 0 end::numeric as score
        union all
        select l.place, c.inputs || jsonb_build_object(l.code, l.value), c.at || l.at, case kind when 'PRODUCT' then c.score * (l.value #>> '{}')::numeric when 'SUM' then c.score + (l.value #>> '{}')::numeric end
        from combined c join listed l on l.place = c.place + 1
      ), scored as (
        select c.inputs, case when kind = 'MATRIX' then definition -> 'formula' -> 'cells' -> (c.at[1] - 1) -> (c.at[2] - 1) else to_jsonb(trim_scale(c.score)) end as cell
        from combined c where c.place = jsonb_array_length(definition -> 'inputs')
      )
      select s.inputs, case jsonb_typeof(s.cell) when 'number' then (s.cell #>> '{}')::numeric end,
        case jsonb_typeof(s.cell) when 'number' then assessment_band(definition, (s.cell #>> '{}')::numeric) ->> 'level' when 'string' then s.cell #>> '{}' end
      from scored s;
  end $$;
  comment on function assessment_outcomes_of(jsonb) is '方法定义的全部取值组合及其得分与等级 / every combination of values of a definition, with score and level';

  create table assessment_outcomes (
    version_id uuid not null references assessment_method_versions(id),
    inputs jsonb not null,
    score numeric,
    level text not null check (level in ('MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW')),
    primary key (version_id, inputs)
  );
  comment on table assessment_outcomes is '各方法版本的全部取值组合;评估的得分与等级须为其中之一 / all that a version can say: score and level of an assessment are one of these';
  create trigger append_only before update or delete or truncate on assessment_outcomes for each statement execute function append_only();
`;

/** What the values of LEC and LS mean was known to the trade and not to the table: input, value (null for the input itself), Chinese, English; inputs in the order they are spoken in. */
const MEANINGS: readonly (readonly [method: string, input: string, value: number | null, zh: string, en: string])[] = [
  ["LEC", "L", null, "可能性", "likelihood"], ["LEC", "L", 10, "完全可以预料", "to be expected"], ["LEC", "L", 6, "相当可能", "quite possible"], ["LEC", "L", 3, "可能,但不经常", "possible but unusual"],
  ["LEC", "L", 1, "可能性小,完全意外", "only remotely possible"], ["LEC", "L", 0.5, "很不可能,可以设想", "conceivable but very unlikely"], ["LEC", "L", 0.2, "极不可能", "extremely unlikely"], ["LEC", "L", 0.1, "实际不可能", "practically impossible"],
  ["LEC", "E", null, "暴露频次", "exposure"], ["LEC", "E", 10, "连续暴露", "continuous"], ["LEC", "E", 6, "每天工作时间内暴露", "daily during working hours"], ["LEC", "E", 3, "每周一次或偶然暴露", "weekly or occasional"],
  ["LEC", "E", 2, "每月一次暴露", "monthly"], ["LEC", "E", 1, "每年几次暴露", "a few times a year"], ["LEC", "E", 0.5, "非常罕见地暴露", "very rare"],
  ["LEC", "C", null, "后果", "consequence"], ["LEC", "C", 100, "大灾难,许多人死亡", "catastrophe, many deaths"], ["LEC", "C", 40, "灾难,数人死亡", "disaster, several deaths"], ["LEC", "C", 15, "非常严重,一人死亡", "very serious, one death"],
  ["LEC", "C", 7, "严重,重伤", "serious injury"], ["LEC", "C", 3, "重大,致残", "disability"], ["LEC", "C", 1, "引人注目,需要救护", "noticeable, first aid needed"],
  ["LS", "L", null, "可能性", "likelihood"], ["LS", "L", 1, "极不可能发生", "rare"], ["LS", "L", 2, "不太可能发生", "unlikely"], ["LS", "L", 3, "可能发生", "possible"], ["LS", "L", 4, "很可能发生", "likely"], ["LS", "L", 5, "几乎必然发生", "almost certain"],
  ["LS", "S", null, "严重性", "severity"], ["LS", "S", 1, "无伤亡", "no injury"], ["LS", "S", 2, "轻微受伤", "slight injury"], ["LS", "S", 3, "截肢、骨折、听力丧失、慢性病", "amputation, fracture, loss of hearing, chronic illness"],
  ["LS", "S", 4, "丧失劳动能力", "loss of working capacity"], ["LS", "S", 5, "死亡", "death"],
];
const REASONS = [
  { code: "LAW_VIOLATED", zh: "违反法律法规强制性要求", en: "mandatory law or standard violated" },
  { code: "DEATH_CONDITION_PERSISTS", zh: "曾致死亡重伤且条件仍在", en: "death or serious injury happened and the condition persists" },
  { code: "MAJOR_HAZARD_INSTALLATION", zh: "构成重大危险源", en: "forms a major hazard installation" },
  { code: "OVER_TEN_PEOPLE", zh: "有中毒爆炸火灾危险场所作业 10 人以上", en: "more than ten people at a place of poisoning, explosion or fire danger" },
];

/** From closed lists by code to closed data with names. What is not known here keeps its code, or the number itself, for a name. */
const definitions = `
  create temporary table meanings (place integer generated always as identity, method text, input text, value numeric, zh text, en text) on commit drop;
  insert into meanings (method, input, value, zh, en) select r ->> 0, r ->> 1, (r ->> 2)::numeric, r ->> 3, r ->> 4 from jsonb_array_elements($json$${JSON.stringify(MEANINGS)}$json$) r;
  ${filled(
    "assessment_method_versions",
    `definition = (
      select jsonb_build_object(
        'inputs', jsonb_agg(jsonb_build_object('code', i.code, 'nameZh', coalesce(n.zh, i.code), 'nameEn', coalesce(n.en, i.code), 'values', (
            select jsonb_agg(jsonb_build_object('value', x.value, 'zh', coalesce(k.zh, x.value #>> '{}'), 'en', coalesce(k.en, x.value #>> '{}')) order by x.place)
            from jsonb_array_elements(i.list) with ordinality as x(value, place) left join meanings k on k.method = m.code and k.input = i.code and k.value = (x.value #>> '{}')::numeric)) order by n.place, i.code),
        'formula', '{"kind": "PRODUCT"}'::jsonb,
        'bands', (select jsonb_agg('{"exclusive": false}'::jsonb || b.band order by b.place) from jsonb_array_elements(t.definition -> 'bands') with ordinality as b(band, place)),
        'directMajorReasons', $json$${JSON.stringify(REASONS)}$json$::jsonb)
      from assessment_methods m cross join jsonb_each(t.definition -> 'inputs') as i(code, list) left join meanings n on n.method = m.code and n.input = i.code and n.value is null
      where m.id = t.method_id)`,
  )}
  insert into assessment_outcomes select v.id, o.inputs, o.score, o.level from assessment_method_versions v cross join lateral assessment_outcomes_of(v.definition) o;
`;

const versions = `
  select add_tracked_column('assessment_method_versions', $$status text not null default 'ACTIVATED' check (status in ('DRAFT', 'ACTIVATED', 'WITHDRAWN'))$$);
  alter table assessment_method_versions alter column status drop default;
  alter table assessment_method_versions alter column valid_from drop not null;
  alter table assessment_method_versions_history alter column valid_from drop not null;
  alter table assessment_method_versions
    drop constraint assessment_method_versions_method_id_version_code_key,
    drop constraint one_version_in_force,
    add constraint one_version_in_force exclude using gist (method_id with =, daterange(valid_from, valid_to) with &&) where (status = 'ACTIVATED'),
    add constraint in_force_from_a_day check ((status = 'ACTIVATED') = (valid_from is not null) and (status = 'ACTIVATED' or valid_to is null)),
    add constraint version_period check (valid_to is null or valid_to > valid_from);
  -- A draft withdrawn leaves its code to the next.
  create unique index assessment_version_once on assessment_method_versions (method_id, version_code) where status <> 'WITHDRAWN';

  -- What was assessed by a version must be readable by it for ever.
  create function assessment_version_moves() returns trigger language plpgsql as $$
  begin
    if tg_op = 'INSERT' then
      if new.status = 'WITHDRAWN' then
        raise exception '版本自草案起 / a version begins as a draft' using errcode = '23514', constraint = 'assessment_version_transition';
      end if;
      return new;
    end if;
    if (new.method_id, new.version_code, new.definition) is distinct from (old.method_id, old.version_code, old.definition) then
      raise exception '方法版本的定义不可更改,须另立版本 / the definition of a version never changes: draft another' using errcode = '23514', constraint = 'assessment_version_final';
    end if;
    if old.status = 'DRAFT' then
      if new.status = 'ACTIVATED' and new.valid_from < app_today() then
        raise exception '启用日期不得早于今日 / a version comes into force today at the earliest' using errcode = '23514', constraint = 'assessment_version_from_today';
      end if;
    elsif (new.status, new.valid_from) is distinct from (old.status, old.valid_from) then
      raise exception '已启用或已撤回的版本不可更改 / a version activated or withdrawn stays as it is' using errcode = '23514', constraint = 'assessment_version_final';
    elsif new.valid_to is distinct from old.valid_to and (new.valid_to is null or new.valid_to > old.valid_to or new.valid_to < app_today()) then
      raise exception '有效期只可提前终止,且不早于今日 / its period may only end sooner, and not before today' using errcode = '23514', constraint = 'assessment_version_final';
    end if;
    return new;
  end $$;
  create trigger c_moves before insert or update on assessment_method_versions for each row execute function assessment_version_moves();

  create function assessment_enumerate() returns trigger language plpgsql as $$
  begin
    insert into assessment_outcomes select new.id, o.inputs, o.score, o.level from assessment_outcomes_of(new.definition) o;
    return null;
  end $$;
  create trigger d_enumerate after insert on assessment_method_versions for each row execute function assessment_enumerate();

  create function outcome_of_its_version() returns trigger language plpgsql as $$
  begin
    -- The trigger of the version stands above this one; a statement of anybody else does not.
    if pg_trigger_depth() < 2 then
      raise exception '取值组合只由方法定义生成 / outcomes are made from the definition alone' using errcode = '55000';
    end if;
    return null;
  end $$;
  create trigger outcome_of_its_version before insert on assessment_outcomes for each statement execute function outcome_of_its_version();
`;

const assessments = `
  select add_tracked_column('risk_assessments', 'method_version_id uuid references assessment_method_versions(id)');
  ${filled("risk_assessments", "method_version_id = (select v.id from assessment_method_versions v join assessment_methods m on m.id = v.method_id where m.code = t.method and v.version_code = t.method_version)")}
  alter table risk_assessments alter column method_version_id set not null;
  select drop_tracked_column('risk_assessments', 'method_version');
  do $$ declare wrong integer; begin
    select count(*) into wrong from risk_assessments a left join assessment_outcomes o on o.version_id = a.method_version_id and o.inputs = a.inputs
      where o.version_id is null or a.score is distinct from o.score or (a.computed_level <> o.level and a.direct_major_reason is null);
    if wrong > 0 then
      raise exception '% 条评估与其方法版本不符 / % assessments are not what their version says', wrong, wrong;
    end if;
  end $$;

  create function assessment_holds() returns trigger language plpgsql as $$
  declare
    by_version assessment_method_versions;
    outcome assessment_outcomes;
    day constant date := (new.assessed_at at time zone 'Asia/Shanghai')::date;
  begin
    if tg_op = 'UPDATE' then
      if (new.risk_id, new.method, new.method_version_id, new.inputs, new.score, new.computed_level, new.direct_major_reason, new.stage, new.assessed_at)
        is distinct from (old.risk_id, old.method, old.method_version_id, old.inputs, old.score, old.computed_level, old.direct_major_reason, old.stage, old.assessed_at) then
        raise exception '评估不可更改,须重新评估 / an assessment never changes: assess anew' using errcode = '23514', constraint = 'assessment_final';
      end if;
      return new;
    end if;
    select * into by_version from assessment_method_versions where id = new.method_version_id;
    if new.method is distinct from (select code from assessment_methods where id = by_version.method_id) then
      raise exception '方法代码与方法版本不符 / the method named is not that of the version' using errcode = '23514', constraint = 'assessment_method_is_its_versions';
    end if;
    if by_version.status <> 'ACTIVATED' or day < by_version.valid_from or day >= by_version.valid_to then
      raise exception '方法版本在评估之日未生效 / the version is not in force on the day of the assessment' using errcode = '23514', constraint = 'assessment_version_in_force';
    end if;
    if new.direct_major_reason is not null and not jsonb_path_exists(by_version.definition, '$.directMajorReasons[*] ? (@.code == $reason)', jsonb_build_object('reason', new.direct_major_reason)) then
      raise exception '该方法版本没有此直接判定情形 / the version has no such reason' using errcode = '23514', constraint = 'assessment_reason_of_its_version';
    end if;
    -- Directly judged: level 1 without scoring, or whatever the score.
    if new.direct_major_reason is not null and new.inputs = '{}' and new.score is null then
      return new;
    end if;
    select * into outcome from assessment_outcomes where version_id = new.method_version_id and inputs = new.inputs;
    if outcome.version_id is null or new.score is distinct from outcome.score or (new.direct_major_reason is null and new.computed_level <> outcome.level) then
      raise exception '得分或等级与方法版本的计算不符 / score or level is not what the version makes of the inputs' using errcode = '23514', constraint = 'inv_05_level_is_computed';
    end if;
    return new;
  end $$;
  create trigger c_holds before insert or update on risk_assessments for each row execute function assessment_holds();
`;

const LATEST = "select a.* from risk_assessments a where a.stage = 'CURRENT' and a.risk_id";
const NEWEST_FIRST = "order by a.assessed_at desc, a.recorded_from desc, a.id desc limit 1";

const current = `
  select add_tracked_column('risks', 'current_assessment_id uuid references risk_assessments(id)');
  ${filled("risks", `current_assessment_id = (select id from (${LATEST} = t.id ${NEWEST_FIRST}) latest)`, `current_assessment_id = (select id from (${LATEST} = t.id and a.recorded_from <= t.recorded_from ${NEWEST_FIRST}) latest)`)}

  drop trigger level_agrees on risks;
  create or replace function risk_level_agrees() returns trigger language plpgsql as $$
  declare
    of_risk uuid;
    stands risks;
    latest risk_assessments;
  begin
    if tg_table_name = 'risks' then
      of_risk := new.id;
    elsif new.stage = 'CURRENT' then
      of_risk := new.risk_id;
    else
      return null;
    end if;
    select * into stands from risks where id = of_risk;
    ${LATEST.replace("a.*", "a.* into latest")} = of_risk ${NEWEST_FIRST};
    if stands.current_level is distinct from latest.computed_level then
      raise exception '现状等级须等于最近一次评估的等级 / the current level is that of the latest assessment' using errcode = '23514', constraint = 'inv_05_level_is_computed';
    end if;
    if stands.current_assessment_id is distinct from latest.id then
      raise exception '现状评估须为最近一次评估 / the current assessment is the latest one' using errcode = '23514', constraint = 'inv_05_assessment_is_latest';
    end if;
    return null;
  end $$;
  create constraint trigger level_agrees after insert or update of current_level, current_assessment_id on risks deferrable initially deferred for each row execute function risk_level_agrees();
  -- An assessment no risk takes its level from would leave the level standing on an older one.
  create constraint trigger level_agrees after insert on risk_assessments deferrable initially deferred for each row execute function risk_level_agrees();
`;

const levelAgreesBefore = `
  create or replace function risk_level_agrees() returns trigger language plpgsql as $$
  declare
    stands risks;
    assessed text;
  begin
    select * into stands from risks where id = new.id;
    select computed_level into assessed from risk_assessments where risk_id = new.id and stage = 'CURRENT' order by assessed_at desc, recorded_from desc, id desc limit 1;
    if stands.current_level is distinct from assessed then
      raise exception '现状等级须等于最近一次评估的等级 / the current level is that of the latest assessment' using errcode = '23514', constraint = 'inv_05_level_is_computed';
    end if;
    return null;
  end $$;
  create constraint trigger level_agrees after insert or update of current_level on risks deferrable initially deferred for each row execute function risk_level_agrees();
`;
