/** Statements that leave the district with gaps of every kind, as lapses, imports and old systems do; run in one unit. */
export const disturbances = [
  // Two subjects lose their lead.
  "update regulation_relations set valid_to = greatest(now(), valid_from + interval '1 millisecond') where id in (select r.id from regulation_relations r join subjects s on s.id = r.subject_id where r.role = 'LEAD' and s.status = 'ACTIVE' and r.valid_to is null order by s.code limit 2)",
  // Of a risk in force the database keeps the last one.
  "update control_measures set effective = false, withdrawn_at = now(), withdraw_reason = '示例' where effective and risk_id = (select id from risks where status = 'ASSESSED' order by code limit 1)",
  "update risks set next_review_due = date '2025-03-01' where id = (select id from risks where status = 'IN_FORCE' order by code offset 1 limit 1)",
  "update risks set responsible_person_id = null where id = (select id from risks where status = 'ASSESSED' or status = 'IDENTIFIED' order by code limit 1)",
  // Latitude first; and a place in the ocean, of a risk not yet in force.
  "update subjects set location = st_setsrid(st_makepoint(29.7, 106.6), 4490) where id = (select id from subjects where status = 'UNCONFIRMED' order by code limit 1)",
  "update risks set location = st_setsrid(st_makepoint(10, 10), 4490) where id = (select id from risks where status = 'IDENTIFIED' order by code limit 1)",
  // The two sites every district begins with, of two enterprises in two towns.
  "update subjects set location = st_setsrid(st_makepoint(106.625, 29.705), 4490) where name in ('示例场所0', '示例场所1')",
  // The boundary comes when the points are there: what comes later is held to it, these are told as gaps.
  "set constraints all immediate",
  "set constraints all deferred",
  "update regions set boundary = st_multi(st_makeenvelope(106.55, 29.65, 106.62, 29.7, 4490)) where code = '500112004000'",
  // The first is in no list; the second of a layer below the one listed, and valid.
  "update risks set accident_type = '99', hazard_factor = '2108', quality = '{CODE_NOT_VALID}' where id = (select id from risks where status = 'IDENTIFIED' order by code desc limit 1)",
];

const OUTSIDE = "not (st_x(location) >= 73 and st_x(location) <= 136 and st_y(location) >= 3 and st_y(location) <= 54)";
/** Points of subjects, and of risks those that are not simply their subject's. */
const POINTS = `(
  select code, region_path, location from subjects where status <> 'CLOSED' and location is not null
  union all
  select r.code, r.region_path, r.location from risks r join subjects s on s.id = r.subject_id where r.status <> 'RETIRED' and r.location is not null and st_asbinary(r.location) is distinct from st_asbinary(s.location))`;
const STANDING = "r.status not in ('SUSPENDED', 'RETIRED')";

/** By kind, the codes of what shows the gap now, as the tables stand. */
export const gapOracle = {
  SUBJECT_WITHOUT_LEAD: "select s.code from subjects s left join regulation_relations r on r.subject_id = s.id and r.role in ('LEAD', 'SHARED') and tstzrange(r.valid_from, r.valid_to) @> now() where s.status = 'ACTIVE' group by s.code having count(r.id) = 0",
  SUBJECT_WITHOUT_RESPONSIBLE: "select s.code from subjects s left join regulator_assignments a on a.subject_id = s.id and a.status <> 'DRAFT' and tstzrange(a.valid_from, a.valid_to) @> now() where s.status = 'ACTIVE' group by s.code having count(a.id) = 0",
  RISK_WITHOUT_MEASURE: `select r.code from risks r left join control_measures m on m.risk_id = r.id and m.effective where ${STANDING} group by r.code having count(m.id) = 0`,
  RISK_WITHOUT_PERSON: `select r.code from risks r where ${STANDING} and r.responsible_person_id is null`,
  REVIEW_OVERDUE: "select r.code from risks r where r.status in ('IN_FORCE', 'REVIEWING') and (r.next_review_due + 1)::timestamp at time zone 'Asia/Shanghai' <= now()",
  POINT_OUTSIDE_CHINA_OR_SWAPPED: `select code from ${POINTS} p where ${OUTSIDE}`,
  POINT_DOUBLED: "select distinct a.code from subjects a join subjects b on st_asbinary(a.location) = st_asbinary(b.location) and a.enterprise_id <> b.enterprise_id where a.status <> 'CLOSED' and b.status <> 'CLOSED'",
  // The one boundary drawn is a town's box, so that all below it are judged by it; a degree of latitude has 110.8 km here, one of longitude 96.7.
  POINT_FAR_FROM_REGION: `select p.code from ${POINTS} p join regions t on t.boundary is not null and t.path @> p.region_path
    where not (${OUTSIDE}) and (greatest(106.55 - st_x(location), st_x(location) - 106.62, 0) * 96.7) ^ 2 + (greatest(29.65 - st_y(location), st_y(location) - 29.7, 0) * 110.8) ^ 2 > 0.25`,
  CODE_NOT_VALID: `select r.code from risks r cross join lateral (values ('sector', r.sector), ('accidentType', r.accident_type), ('disasterType', r.disaster_type), ('hazardFactor', left(r.hazard_factor, 2))) v(list, stated)
    where r.status <> 'RETIRED' and v.stated is not null and v.stated not in (select i.code from code_items i join code_lists l on l.id = i.code_list_id where l.code = v.list)`,
} as const;
