import { disasterTypeName } from "../codes/coded-fields.js";
import { entity, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { date, dateTime, geometry, many, matching, one, oneOf, text } from "../platform/entity/fields.js";
import { KnownPlace } from "../platform/read/known-place.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Region } from "../regions/region.js";
import { Risk } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";

/** Grade of a census zone (domain 2.7): five of its own, never the four colours of a risk. */
export const zoneGrade = enumeration("RiskZoneGrade", { zh: "风险区划等级(普查,非四色等级)", en: "grade of a risk zone, of the census; not the four colours" }, {
  HIGH: ["高", "high"],
  MEDIUM_HIGH: ["中高", "medium to high"],
  MEDIUM: ["中", "medium"],
  MEDIUM_LOW: ["中低", "medium to low"],
  LOW: ["低", "low"],
});
export const zoneStatus = enumeration("RiskZoneStatus", { zh: "区划成果状态", en: "state of a risk zone" }, { STANDING: ["现行", "standing"], SUPERSEDED: ["已被替代", "superseded"] });

/** 风险区划 (domain A07, A09): a result of the natural-disaster census. Read-only; a newer result supersedes it. */
export const RiskZone = entity({
  name: "RiskZone",
  zh: "风险区划",
  en: "risk zone",
  plural: "riskZones",
  table: "risk_zones",
  scope: { kind: "placed" },
  order: [["updatedAt", "desc"]],
  featureOrder: (alias) => `array_position(array['HIGH','MEDIUM_HIGH','MEDIUM','MEDIUM_LOW','LOW'], ${alias}.grade)`,
  fields: {
    code: text("编号", "code", { filter: true, sort: true }),
    name: text("名称", "name", { filter: true, sort: true }),
    disasterType: text("灾害类型代码", "code of the disaster type", { filter: true, group: true }),
    disasterTypeName,
    grade: oneOf(zoneGrade, "区划等级", "grade", { filter: true, group: true }),
    boundary: geometry("范围(面)", "extent, a polygon or several", { spread: true }),
    censusBatch: text("普查批次", "batch of the census", { filter: true, group: true }),
    censusSource: text("成果来源", "source of the result", { filter: true }),
    surveyedAt: date("调查日期", "surveyed on", { filter: true, sort: true }),
    status: oneOf(zoneStatus, "状态", "state", { filter: true, group: true }),
    supersededAt: dateTime("替代时间", "superseded at", { nullable: true, filter: true }),
    supersedeReason: text("替代理由", "reason for superseding", { nullable: true }),
  },
  relations: {
    region: one(() => Region, "region_id", "所在区划", "region", { owned: true }),
    supersededBy: one(() => RiskZone, "superseded_by_id", "替代它的成果", "what superseded it"),
  },
});

/** As the caller may know both: else the zones of a place would say more of it than its digits. */
function within(zone: string, place: KnownPlace, read: ReadSql): string {
  const boundary = KnownPlace.of(RiskZone, "boundary", zone, read).sql;
  return place.meets(boundary, (at) => `st_intersects(${boundary}, ${at})`);
}

/** Membership is by place, at the instant asked for: touching the edge is inside. A superseded zone holds nothing. */
const riskIn = (zone: string, risk: string, read: ReadSql) => `${zone}.status = 'STANDING' and ${within(zone, KnownPlace.of(Risk, "location", risk, read), read)}`;
/** By its area where a subject has one, else by its point; the index is on that very expression. */
const subjectIn = (zone: string, subject: string, read: ReadSql) => `${zone}.status = 'STANDING' and ${within(zone, KnownPlace.ofLayer(`coalesce(${subject}.boundary, ${subject}.location)`, Subject.name, read), read)}`;

relate(RiskZone, "risks", matching(() => Risk, riskIn, "落入其中的风险", "risks that lie in it"));
relate(RiskZone, "subjects", matching(() => Subject, subjectIn, "落入其中的监管对象", "regulated subjects that lie in it"));
// What hazard one's own place lies in is never kept from one.
relate(Risk, "zones", matching(() => RiskZone, (risk, zone, read) => riskIn(zone, risk, read), "所落入的风险区划", "risk zones it lies in", { owned: true }));
relate(Subject, "zones", matching(() => RiskZone, (subject, zone, read) => subjectIn(zone, subject, read), "所落入的风险区划", "risk zones it lies in", { owned: true }));
relate(Region, "riskZones", many(() => RiskZone, "region_id", "风险区划", "risk zones"));
