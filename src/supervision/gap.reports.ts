import { CodeItem, CodeList } from "../codes/code-list.js";
import type { Entity } from "../platform/entity/entity.js";
import { geometry, one, oneOf, text } from "../platform/entity/fields.js";
import { given } from "../platform/entity/input-fields.js";
import { report, type Given } from "../platform/entity/report.js";
import { KnownPlace } from "../platform/read/known-place.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Region } from "../regions/region.js";
import { ControlMeasure } from "../control-measures/control-measure.js";
import { reviewOverdue, Risk } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";
import { withoutLead, withoutResponsible } from "./coverage.js";
import { GAP_KINDS, gapKind, type GapKind } from "./gap-kind.js";

/** How rows of an entity are found that show a gap, and what is said of each. */
interface Gap {
  kind: GapKind;
  on: Entity;
  find: (alias: string, read: ReadSql) => { joins?: string; where: string; detail: string };
}

/** Metres a point may lie outside the boundary of its region: a setting, the same that INV-23 is held to. */
const TOLERANCE = "(select boundary_tolerance_metres from system_settings)";

/** Stands in the register and is not laid aside: what it lacks, someone still has to supply. */
const standing = (risk: string) => `${risk}.status in ('IDENTIFIED','ASSESSED','IN_FORCE','REVIEWING')`;

/** Where a subject or a risk lies, as the caller may know it. */
const placeOf = (on: Entity, alias: string, read: ReadSql) => KnownPlace.of(on, "location", alias, read);
const boundaryOf = (alias: string, read: ReadSql) => KnownPlace.ofLayer(`${alias}.boundary`, Region.name, read).sql;

const inChina = (place: KnownPlace) => `in_china(${place.sql})`;
const swapped = (place: KnownPlace) => `st_x(${place.sql}) between 3 and 54 and st_y(${place.sql}) between 73 and 136`;

/** Whose point is judged: those not ended; of risks those with a point of their own, since a risk takes its subject's unless given. */
function hasPoint(on: Entity, alias: string, read: ReadSql): string {
  if (on === Subject) return `${alias}.location is not null and ${alias}.status <> 'CLOSED'`;
  const subject = read.alias();
  return `${alias}.location is not null and ${alias}.status <> 'RETIRED' and not exists (select 1 from ${read.source(Subject, subject)} where ${subject}.id = ${alias}.subject_id and ${subject}.location = ${alias}.location)`;
}

/** Where a boundary is known, whether the point exchanged would lie within it: then there is no doubt left. */
function exchangedInside(place: KnownPlace, alias: string, read: ReadSql): string {
  const region = read.alias();
  const exchanged = `st_flipcoordinates(${place.sql})`;
  return `(select concat(',调换后位于', ${region}.name, '边界内 / exchanged it lies within ', ${region}.name) from ${read.source(Region, region)} where ${region}.path @> ${alias}.region_path and st_covers(${boundaryOf(region, read)}, ${exchanged}) order by nlevel(${region}.path) desc limit 1)`;
}

const outsideChina = (on: Entity): Gap["find"] => (alias, read) => ({
  where: `${hasPoint(on, alias, read)} and not ${inChina(placeOf(on, alias, read))}`,
  detail: `case when ${swapped(placeOf(on, alias, read))} then concat('经纬度疑似颠倒 / longitude and latitude look swapped', ${exchangedInside(placeOf(on, alias, read), alias, read)}) else '坐标不在中国范围(73-136E,3-54N) / the point is outside 73-136 E, 3-54 N' end`,
});

/** Judged by the narrowest enclosing region whose boundary is known; where none is, nothing can be said. */
const farFromRegion = (on: Entity): Gap["find"] => (alias, read) => {
  const region = read.alias();
  const around = read.alias();
  const place = placeOf(on, alias, read);
  const boundary = boundaryOf(around, read);
  const metres = `round(st_distance(${boundary}::geography, ${place.sql}::geography))`;
  return {
    joins: ` cross join lateral (select ${region}.name, ${region}.boundary from ${read.source(Region, region)} where ${region}.path @> ${alias}.region_path and ${region}.boundary is not null order by nlevel(${region}.path) desc limit 1) ${around}`,
    where: `${hasPoint(on, alias, read)} and case when ${inChina(place)} then not st_covers(${boundary}, ${place.sql}) and not st_dwithin(${boundary}::geography, ${place.sql}::geography, ${TOLERANCE}) else false end`,
    detail: `concat('坐标在', ${around}.name, '边界外 ', ${metres}, ' 米 / the point lies ', ${metres}, ' m outside ', ${around}.name)`,
  };
};

const GAPS: readonly Gap[] = [
  { kind: "SUBJECT_WITHOUT_LEAD", on: Subject, find: (alias, read) => ({ where: withoutLead(alias, read), detail: "'在册而无有效的牵头(分责共管)监管单位 / active with no lead or shared regulator in force'" }) },
  { kind: "SUBJECT_WITHOUT_RESPONSIBLE", on: Subject, find: (alias, read) => ({ where: withoutResponsible(alias, read), detail: "'在册而无在任的实名责任人 / active with no responsible person in office'" }) },
  {
    kind: "RISK_WITHOUT_MEASURE",
    on: Risk,
    find: (alias, read) => {
      const measure = read.alias();
      return {
        where: `${standing(alias)} and not exists (select 1 from ${read.source(ControlMeasure, measure)} where ${measure}.risk_id = ${alias}.id and ${measure}.effective)`,
        detail: `concat('无有效管控措施,状态 ', ${alias}.status, ' / no control measure in effect, state ', ${alias}.status)`,
      };
    },
  },
  { kind: "RISK_WITHOUT_PERSON", on: Risk, find: (alias) => ({ where: `${standing(alias)} and ${alias}.responsible_person_id is null`, detail: `concat('无责任人,状态 ', ${alias}.status, ' / no responsible person, state ', ${alias}.status)` }) },
  {
    kind: "REVIEW_OVERDUE",
    on: Risk,
    find: (alias, read) => {
      const due = `to_char(${alias}.next_review_due, 'YYYY-MM-DD')`;
      const days = `${read.today()} - ${alias}.next_review_due`;
      return { where: reviewOverdue(alias, read), detail: `concat('复评期限 ', ${due}, ',逾期 ', ${days}, ' 天 / review due ', ${due}, ', ', ${days}, ' days overdue')` };
    },
  },
  ...[Subject, Risk].map((on): Gap => ({ kind: "POINT_OUTSIDE_CHINA_OR_SWAPPED", on, find: outsideChina(on) })),
  {
    kind: "POINT_DOUBLED",
    on: Subject,
    find: (alias, read) => {
      const other = read.alias();
      const shared = read.alias();
      // Counted among what the caller sees: how many others there are would tell of the rest.
      return {
        joins: ` join (select ${other}.location, count(distinct ${other}.enterprise_id) as enterprises from ${read.source(Subject, other)} where ${other}.location is not null and ${other}.status <> 'CLOSED' and ${read.scope(Subject, other)} group by ${other}.location having count(distinct ${other}.enterprise_id) > 1) ${shared} on ${shared}.location = ${alias}.location`,
        where: `${alias}.status <> 'CLOSED' and ${alias}.enterprise_id is not null`,
        detail: `concat(${shared}.enterprises, ' 家企业的监管对象坐标完全相同 / subjects of ', ${shared}.enterprises, ' enterprises stand at exactly this point')`,
      };
    },
  },
  ...[Subject, Risk].map((on): Gap => ({ kind: "POINT_FAR_FROM_REGION", on, find: farFromRegion(on) })),
  {
    kind: "CODE_NOT_VALID",
    on: Risk,
    find: (alias, read) => {
      const list = read.alias();
      const item = read.alias();
      const stated = read.alias();
      const judged = read.alias();
      const onDay = (of: string) => `(${of}.valid_from is null or ${of}.valid_from <= ${stated}.day) and (${of}.valid_to is null or ${of}.valid_to > ${stated}.day)`;
      const day = `(${alias}.created_at at time zone 'Asia/Shanghai')::date`;
      return {
        // GB/T 13861 is held to its second layer: a code of a lower layer is judged by the two digits it begins with.
        joins: ` cross join lateral (values ('sector', null, ${alias}.sector, ${alias}.sector, ${day}), ('hazardFactor', null, ${alias}.hazard_factor, case when ${alias}.hazard_factor ~ '^[0-9]{3,6}$' then left(${alias}.hazard_factor, 2) else ${alias}.hazard_factor end, ${day}), ('accidentType', ${alias}.accident_type_edition, ${alias}.accident_type, ${alias}.accident_type, ${day}), ('disasterType', null, ${alias}.disaster_type, ${alias}.disaster_type, ${day})) ${stated}(list, edition, code, item, day)
          left join lateral (select bool_or(${item}.id is not null) as valid from ${read.source(CodeList, list)} left join ${read.source(CodeItem, item)} on ${item}.code_list_id = ${list}.id and ${item}.code = ${stated}.item and ${onDay(item)} where ${list}.code = ${stated}.list and (${stated}.edition is null or ${list}.edition = ${stated}.edition) and ${onDay(list)}) ${judged} on true`,
        // With no edition known for the day nothing can be said of the code: null, and no row.
        where: `${alias}.status <> 'RETIRED' and ${stated}.code is not null and ${judged}.valid = false`,
        detail: `concat(${stated}.list, ' 代码 ', ${stated}.code, ' 不在登记日 ', to_char(${stated}.day, 'YYYY-MM-DD'), ' 有效的代码表内 / code ', ${stated}.code, ' is not in the edition of ', ${stated}.list, ' in force on the day of registration')`,
      };
    },
  },
];

const USUAL = 1_000;

function gapSql({ kind, on, find }: Gap, places: string | null, asked: Given, read: ReadSql): string {
  const row = read.alias();
  const { joins = "", where, detail } = find(row, read);
  // A kind not asked for is a condition without a row's column: its branch is never begun.
  const wanted = `coalesce('${kind}' = any(${asked.param("text[]", "kinds")}), true)`;
  const within = places ? ` and ${row}.region_path <@ any(array(select path from ${places}))` : "";
  return `select '${kind}'::text as kind, '${on.prefix}' || ${row}.id as object_id, ${row}.code, ${row}.name, ${detail} as detail, ${placeOf(on, row, read).as("location")}, ${row}.town_id, ${on === Subject ? `${row}.id` : `${row}.subject_id`} as subject_id from ${read.source(on, row, "set")}${joins} where ${wanted} and ${read.scope(on, row)}${within} and ${where}`;
}

/** A21, BLIND_SPOT 监管空白 (domain 3.7): what is demanded of a record and not there at the instant asked for. */
report({
  name: "gaps",
  zh: "监管空白与数据缺口清单(按所取时点),按类别、编号排列",
  en: "blind spots and gaps of the register at the instant asked for, by kind and code",
  args: {
    kinds: given.oneOf(gapKind, "类别;缺省为全部", "kinds; all unless given", { list: true }),
    within: { zh: "所在区划:位于任一符合条件的区划之内", en: "place: within any region that matches", filterOf: () => Region },
    first: given.int("至多多少条,1-5000;缺省 1000", "at most how many, 1-5000; 1000 unless given", { minimum: 1, maximum: 5_000 }),
  },
  cost: 400,
  fields: {
    kind: oneOf(gapKind, "类别", "kind"),
    objectId: text("对象标识", "global id of the object"),
    code: text("对象编号", "code of the object"),
    name: text("对象名称", "name of the object"),
    detail: text("说明(中文 / 英文)", "what is missing or doubtful, in Chinese and English"),
    location: geometry("登记的位置", "location as recorded", { nullable: true }),
  },
  relations: {
    subject: one(() => Subject, "subject_id", "监管对象", "subject concerned"),
    town: one(() => Region, "town_id", "所在街镇", "town", { owned: true }),
  },
  sql: (asked, read) => {
    // Which places are meant is asked once, not once for each kind.
    const region = read.alias();
    const places = asked.has("within") ? read.gathered(`places of gaps ${region}`, () => `select ${region}.path from ${read.source(Region, region)} where ${asked.filter("within", Region, region)}`) : null;
    return `
    select g.* from (${GAPS.map((gap) => gapSql(gap, places, asked, read)).join("\n      union all ")}) g
    order by array_position(array[${GAP_KINDS.map((kind) => `'${kind}'`).join(",")}], g.kind), g.code, g.object_id, g.detail
    limit ${asked.param("integer", "first", (value) => value ?? USUAL)}`;
  },
});
