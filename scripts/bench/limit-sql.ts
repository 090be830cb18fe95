/**
 * The hand-written statements of the limit: what a patient person would send to answer one question and no other.
 * Each gives the finished text of `data`. The texts are joined by concat(), which is a third cheaper than
 * json_build_object(); free text goes through to_json(), values that cannot need escaping stand as they are.
 * Every statement was chosen by its plan among alternatives, at 100,000 risks in one county.
 */
import { rawTile } from "./raw-tile.js";

/** JSON of a nullable text column. */
const text = (column: string) => `coalesce(to_json(${column})::text, 'null')`;
/** JSON of a nullable column whose values need no escaping. */
const plain = (column: string) => `coalesce('"' || ${column} || '"', 'null')`;
const flag = (condition: string) => `case when ${condition} then 'true' else 'false' end`;

/**
 * A page of fifty of the rows `from` brings in order; the one beyond them only tells that there is more.
 * Rows become JSON all at once as an array of records: a quarter cheaper than joining texts row by row.
 * The cursor is the sort key in clear.
 */
const page = (shown: string, from: string) => `
  select concat('{"risks":{"nodes":', coalesce(array_to_json(found[1:50]), '[]'), ',"pageInfo":{"hasNextPage":', ${flag("fetched > 50")},
    ',"endCursor":', coalesce('"' || times[least(50, fetched)] || '~' || ids[least(50, fetched)] || '"', 'null'), '}}}') as data
  from (select count(*) as fetched, array_agg(shown) as found, array_agg(risk.updated_at) as times, array_agg(risk.id) as ids
        from (${from} order by updated_at desc, id desc limit 51) risk
        cross join lateral (select ${shown}) shown) gathered`;

const BRIEF = `'Risk_' || id as id, code, name, current_level as "currentLevel", status, updated_at as "updatedAt"`;
const LISTED = `'Risk_' || id as id, code, name, current_level as "currentLevel", status, sector, accident_type as "accidentType", key_attention as "keyAttention", next_review_due as "nextReviewDue", updated_at as "updatedAt"`;
const COLUMNS = "id, code, name, current_level, status, sector, accident_type, key_attention, next_review_due, updated_at";

/** Towns and the district are asked by different columns, each with an index in the very order of the list. */
const IN_TOWN = "town_id = $1::uuid and current_level = $2 and county_code = $3";
const IN_COUNTY = "county_code = $1 and current_level = $2";

/**
 * The subject of a risk by a lateral join: PostgreSQL remembers the subjects it has met in the page (Memoize),
 * and the "limit 1" keeps it from flattening the join into one that does not.
 */
const nested = (where: string, county: string) => `
  select concat('{"risks":{"nodes":[', array_to_string(array(
    select concat('{"code":', to_json(p.code), ',"name":', to_json(p.name), ',"currentLevel":', ${plain("p.current_level")}, ',"subject":', coalesce(s.json, 'null'), '}')
    from (select id, code, name, current_level, subject_id, updated_at from risks where ${where} order by updated_at desc, id desc limit 50) p
    left join lateral (
      select concat('{"name":', to_json(s.name), ',"region":{"name":', to_json(r.name), '},"currentAssignments":{"nodes":[', array_to_string(array(
        select concat('{"validFrom":', to_json(a.valid_from), ',"slot":', slot.json, ',"person":', person.json, '}')
        from (select id, valid_from, slot_id, person_id from regulator_assignments
              where subject_id = s.id and valid_from <= now() and (valid_to is null or valid_to > now()) order by valid_from desc, id desc limit 3) a
        join lateral (select concat('{"nameZh":', to_json(name_zh), '}') as json from responsibility_slots where id = a.slot_id limit 1) slot on true
        join lateral (select concat('{"name":', to_json(name), ',"post":', ${text("post")}, '}') as json from people where id = a.person_id limit 1) person on true
        order by a.valid_from desc, a.id desc), ','), ']}}') as json
      from subjects s join regions r on r.id = s.region_id where s.id = p.subject_id and s.county_code = ${county} limit 1) s on true
    order by p.updated_at desc, p.id desc), ','), ']}}') as data`;

const version = (alias: string, recordedTo: string) =>
  `concat('{"version":', ${alias}.version, ',"recordedFrom":', to_json(${alias}.recorded_from), ',"recordedTo":', ${recordedTo}, ',"status":"', ${alias}.status, '","currentLevel":', ${plain(`${alias}.current_level`)}, ',"nextReviewDue":', ${plain(`${alias}.next_review_due`)}, '}')`;

const colour = (level: string) => `case ${level} when 'MAJOR' then '#D9001B' when 'CONSIDERABLE' then '#F59A23' when 'MODERATE' then '#FFD500' when 'LOW' then '#1E6FFF' else '#BFBFBF' end`;
const CONTROLLED = "status in ('IN_FORCE', 'REVIEWING')";
const FEATURE = `'{"type":"Feature","id":"Risk_', id, '","geometry":', st_asgeojson(location, 7, 0), ',"properties":{"code":', to_json(code), ',"name":', to_json(name), ',"domain":"', domain,
  '","sector":', ${text("sector")}, ',"hazardFactor":', ${text("hazard_factor")}, ',"accidentType":', ${text("accident_type")}, ',"disasterType":', ${text("disaster_type")},
  ',"inherentLevel":', ${plain("inherent_level")}, ',"currentLevel":', ${plain("current_level")}, ',"controlLevel":', ${text("control_level")}, ',"originClass":', ${plain("origin_class")},
  ',"keyAttention":', ${flag("key_attention")}, ',"status":"', status, '","nextReviewDue":', ${plain("next_review_due")}, ',"quality":', case when quality = '{}' then '[]' else to_json(quality)::text end,
  ',"levelColour":"', ${colour("current_level")}, '","reviewOverdue":', ${flag(`${CONTROLLED} and next_review_due < today.day`)}, ',"createdAt":', to_json(created_at), ',"updatedAt":', to_json(updated_at), ',"effectiveLevel":', ${plain("effective_level")}, ',"elevated":', ${flag("elevated")}, ',"effectiveColour":"', ${colour("effective_level")}, '"}}'`;

/** What the limit sends, by the name of the path it is asked under; parameters are those of the request's array. */
export const limitStatements: Readonly<Record<string, string>> = {
  listInTown: page(LISTED, `select ${COLUMNS} from risks where ${IN_TOWN}`),
  listInCounty: page(LISTED, `select ${COLUMNS} from risks where ${IN_COUNTY}`),
  nestedInTown: nested(IN_TOWN, "$3"),
  nestedInCounty: nested(IN_COUNTY, "$1"),

  // The current row is the newest version; the nineteen before it come off the index by id.
  versions: `
    select concat('{"risk":', coalesce((
      select concat('{"code":', to_json(r.code), ',"name":', to_json(r.name), ',"currentLevel":', ${plain("r.current_level")}, ',"status":"', r.status, '","updatedAt":', to_json(r.updated_at), ',"versions":{"nodes":[',
        array_to_string(${version("r", "'null'")} || array(
          select ${version("h", "to_json(h.recorded_to)")} from risks_history h where h.id = r.id order by h.recorded_from desc limit 19), ','), ']}}')
      from risks r where r.id = $1::uuid and r.county_code = $2), 'null'), '}') as data`,

  counts: `
    select concat('{"riskCounts":[', string_agg(concat('{"count":', g.counted, ',"currentLevel":', ${plain("g.current_level")}, ',"region":', coalesce(
      (select concat('{"code":', to_json(code), ',"name":', to_json(name), '}') from regions where id = g.town_id), 'null'), '}'), ',' order by g.counted desc, g.current_level, g.town_id), ']}') as data
    from (select town_id, current_level, count(*) as counted from risks where county_code = $1 group by town_id, current_level) g`,

  features: `
    select concat('{"riskFeatures":{"type":"FeatureCollection","features":[', string_agg(feature, ',') filter (where n <= 2000), '],"truncated":', ${flag("count(*) > 2000")}, '}}') as data
    from (select row_number() over () as n, concat(${FEATURE}) as feature
          from (select * from (
                  select r.*, e.to_level is not null as elevated, case when level_rank(e.to_level) < level_rank(r.current_level) then e.to_level else r.current_level end as effective_level
                  from risks r left join (select risk_id, to_level from temporary_risk_elevations where valid_from <= now() and valid_to > now()) e
                    on e.risk_id = r.id and r.${CONTROLLED}
                  where r.county_code = $1 and st_intersects(r.location, st_makeenvelope($2, $3, $4, $5, 4490))) found
                order by array_position(array['MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW'], effective_level), id limit 2001) risk,
            (select (now() at time zone 'Asia/Shanghai')::date as day) today) numbered`,

  tile: `select encode(tile, 'base64') as tile from (${rawTile("$1::integer", "$2::integer", "$3::integer", "$4")}) t`,

  firstPage: page(BRIEF, `select ${COLUMNS} from risks where county_code = $1`),
  laterPage: page(BRIEF, `select ${COLUMNS} from risks where county_code = $1 and (updated_at, id) < ($2::timestamptz, $3::uuid)`),

  // The settings are made before the first row is: the insert reads them through `unit`.
  register: `
    with unit as materialized (
      select set_config('app.actor', $1, true), set_config('app.action', 'hiddenDanger.register', true), set_config('app.request', $2, true), set_config('app.event', $3, true)),
    made as (
      insert into hidden_dangers (id, region_id, code, title, kind, grade, manage_type, discovery_source, discovered_at, self_reported_at, subject_id, sector, location, status)
      select $4::uuid, s.region_id, 'YH-' || s.county_code || '-' || to_char(now() at time zone 'Asia/Shanghai', 'YYYY') || '-' || lpad(nextval('hidden_danger_numbers')::text, 6, '0'),
        $5, 'PHYSICAL', 'GENERAL', 'DEADLINE', 'SELF_CHECK', now(), now(), s.id, s.sector, s.location, 'REGISTERED'
      from unit, subjects s where s.id = $6::uuid and s.county_code = $7
      returning id, code, version, status, county_code, region_path),
    event as (
      insert into audit_events (id, at, actor_id, actor_kind, actor_name, roles, action, outcome, request_id, entity, entity_id, county_code, region_path)
      select $3::uuid, now(), $1::uuid, 'CLIENT', $8, array['INTEGRATION_CLIENT'], 'hiddenDanger.register', 'SUCCESS', $2, 'HiddenDanger', id, county_code, region_path from made)
    select concat('{"hiddenDangerRegister":{"id":"HiddenDanger_', id, '","code":', to_json(code), ',"version":', version, ',"status":"', status, '"}}') as data from made`,
};
