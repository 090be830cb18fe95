import { Organization, supervisionLevel } from "../organizations/organization.js";
import { Person } from "../people/person.js";
import { entity, extend, relate } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { bool, computed, dateTime, int, many, one, oneOf, text } from "../platform/entity/fields.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { riskDomain } from "../risks/risk.js";
import { Subject } from "../subjects/subject.js";

export const regulationRole = enumeration("RegulationRole", { zh: "监管关系", en: "role of a regulator towards a subject" }, {
  LEAD: ["牵头监管", "lead"],
  COOPERATE: ["配合监管", "co-operating"],
  GUIDE: ["指导", "guiding"],
  COMPREHENSIVE: ["综合监管", "comprehensive"],
  SHARED: ["分责共管", "shared"],
});

/** In force at the effective instant: half-open, from included, to excluded. They begin and end by time, without a write. */
const inForceOf = (table: string) => (alias: string, read: ReadSql) => {
  const now = read.nowAgainst(table, ["valid_from", "valid_to"]);
  return `${alias}.valid_from <= ${now} and (${alias}.valid_to is null or ${alias}.valid_to > ${now})`;
};
const relationInForce = inForceOf("regulation_relations");
const assignmentInForce = inForceOf("regulator_assignments");

/** 监管关系: which body regulates a subject, and how, from when to when. */
export const RegulationRelation = entity({
  name: "RegulationRelation",
  zh: "监管关系",
  en: "regulation relation",
  plural: "regulationRelations",
  table: "regulation_relations",
  scope: { kind: "through", relation: "subject" },
  order: [["validFrom", "desc"]],
  fields: {
    role: oneOf(regulationRole, "角色", "role", { filter: true, group: true }),
    level: oneOf(supervisionLevel, "监管层级", "level of supervision", { nullable: true, filter: true, group: true }),
    basis: text("依据", "basis", { nullable: true }),
    overrideReason: text("突破规模规则的理由", "reason for departing from the size rule", { nullable: true }),
    validFrom: dateTime("起", "from", { filter: true, sort: true }),
    validTo: dateTime("止(不含)", "to, exclusive", { nullable: true, filter: true }),
    inForce: computed("boolean", "所取时点是否有效", "in force at the effective instant", relationInForce, { filter: true }),
  },
  relations: {
    subject: one(() => Subject, "subject_id", "监管对象", "subject"),
    organization: one(() => Organization, "organization_id", "监管单位", "regulator", { owned: true }),
  },
});

/** 责任人体系: 三个责任人 is several schemes; which slots each has is data. */
export const ResponsibilityScheme = entity({
  name: "ResponsibilityScheme",
  zh: "责任人体系",
  en: "scheme of responsible persons",
  plural: "responsibilitySchemes",
  table: "responsibility_schemes",
  scope: { kind: "shared", public: true, owner: "tree" },
  order: [["code", "asc"]],
  fields: {
    code: text("代码", "code", { filter: true, sort: true }),
    nameZh: text("名称", "name in Chinese"),
    nameEn: text("英文名称", "name in English"),
    domain: oneOf(riskDomain, "领域", "domain", { filter: true }),
  },
});

/** 责任人席位. */
export const ResponsibilitySlot = entity({
  name: "ResponsibilitySlot",
  zh: "责任人席位",
  en: "slot of a scheme",
  plural: "responsibilitySlots",
  table: "responsibility_slots",
  scope: { kind: "shared", public: true, owner: "tree" },
  order: [["position", "asc"]],
  fields: {
    code: text("代码", "code", { filter: true }),
    nameZh: text("名称", "name in Chinese"),
    nameEn: text("英文名称", "name in English"),
    dutyText: text("职责", "duty"),
    position: int("次序", "position", { sort: true }),
  },
  relations: { scheme: one(() => ResponsibilityScheme, "scheme_id", "体系", "scheme", { owned: true }) },
});

export const assignmentStatus = enumeration("RegulatorAssignmentStatus", { zh: "任职状态", en: "state of an assignment" }, {
  DRAFT: ["拟任", "draft"],
  ACTIVE: ["在任", "active"],
  HANDING_OVER: ["交接中", "handing over"],
  ENDED: ["已离任", "ended"],
});

/** 实名责任人: a named person in a slot for a subject, from when to when. */
export const RegulatorAssignment = entity({
  name: "RegulatorAssignment",
  zh: "实名责任人",
  en: "regulator assignment",
  plural: "regulatorAssignments",
  table: "regulator_assignments",
  scope: { kind: "through", relation: "subject" },
  order: [["validFrom", "desc"]],
  fields: {
    status: oneOf(assignmentStatus, "状态", "state", { filter: true, group: true }),
    validFrom: dateTime("起", "from", { filter: true, sort: true }),
    validTo: dateTime("止(不含)", "to, exclusive", { nullable: true, filter: true }),
    appointmentDoc: text("任命文号", "number of the appointment document", { nullable: true }),
    published: bool("是否已公示", "published on the board", { filter: true }),
    inForce: computed("boolean", "所取时点是否在任", "in force at the effective instant", assignmentInForce, { filter: true }),
  },
  relations: {
    subject: one(() => Subject, "subject_id", "监管对象", "subject"),
    slot: one(() => ResponsibilitySlot, "slot_id", "席位", "slot", { owned: true }),
    person: one(() => Person, "person_id", "责任人", "person", { owned: true }),
  },
});

/** Whether a subject has a lead regulator at the effective instant (INV-01). */
export const hasLead = (subject: string, read: ReadSql) => {
  const relation = read.alias();
  return `exists (select 1 from ${read.source(RegulationRelation, relation)} where ${relation}.subject_id = ${subject}.id and ${relation}.role in ('LEAD','SHARED') and ${relationInForce(relation, read)})`;
};

/** Whether a named person is in office for a subject at the effective instant (INV-03). */
export const hasResponsible = (subject: string, read: ReadSql) => {
  const assignment = read.alias();
  return `exists (select 1 from ${read.source(RegulatorAssignment, assignment)} where ${assignment}.subject_id = ${subject}.id and ${assignment}.status <> 'DRAFT' and ${assignmentInForce(assignment, read)})`;
};

relate(ResponsibilityScheme, "slots", many(() => ResponsibilitySlot, "scheme_id", "席位", "slots", { owned: true }));
relate(Subject, "regulationRelations", many(() => RegulationRelation, "subject_id", "监管关系(全部)", "regulation relations, all", { owned: true }));
relate(Subject, "currentRegulators", many(() => RegulationRelation, "subject_id", "所取时点有效的监管关系", "regulation relations in force", { owned: true, where: relationInForce }));
relate(Subject, "assignments", many(() => RegulatorAssignment, "subject_id", "责任人(全部任期)", "assignments, all terms", { owned: true }));
relate(Subject, "currentAssignments", many(() => RegulatorAssignment, "subject_id", "所取时点在任的责任人", "persons responsible at the instant asked for", { owned: true, where: assignmentInForce }));
relate(Person, "assignments", many(() => RegulatorAssignment, "person_id", "任职", "assignments"));
extend(Subject, "hasLead", computed("boolean", "所取时点是否有牵头监管部门", "has a lead regulator at the instant asked for", hasLead, { filter: true, group: true }));
