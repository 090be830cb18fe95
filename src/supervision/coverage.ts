import { enumeration } from "../platform/entity/enumeration.js";
import { extend } from "../platform/entity/entity.js";
import { computed } from "../platform/entity/fields.js";
import type { ReadSql } from "../platform/read/read-sql.js";
import { Subject } from "../subjects/subject.js";
import { hasLead, hasResponsible } from "./regulation.js";

/** 监管空白 (domain 3.7, INV-01, INV-03): demanded of every active subject, and of no other. */
export const active = (subject: string) => `${subject}.status = 'ACTIVE'`;
/** An active subject without a lead (or shared) regulator at the effective instant. */
export const withoutLead = (subject: string, read: ReadSql) => `${active(subject)} and not ${hasLead(subject, read)}`;
/** An active subject without a named person in office at the effective instant. */
export const withoutResponsible = (subject: string, read: ReadSql) => `${active(subject)} and not ${hasResponsible(subject, read)}`;

/** The gravest first. */
export const supervisionCoverage = enumeration("SupervisionCoverage", { zh: "监管覆盖(在册监管对象)", en: "coverage by supervision, of active subjects" }, {
  UNCOVERED: ["监管空白:无牵头监管部门,亦无在任责任人", "blind spot: neither a lead regulator nor a responsible person"],
  WITHOUT_LEAD: ["监管空白:无牵头监管部门", "blind spot: no lead regulator in force"],
  WITHOUT_RESPONSIBLE: ["无在任责任人", "no responsible person in office"],
  COVERED: ["监管到位", "covered"],
});

const coverage = (subject: string, read: ReadSql) =>
  `case when ${active(subject)} then case when ${hasLead(subject, read)} then case when ${hasResponsible(subject, read)} then 'COVERED' else 'WITHOUT_RESPONSIBLE' end when ${hasResponsible(subject, read)} then 'WITHOUT_LEAD' else 'UNCOVERED' end end`;

extend(Subject, "coverage", computed("enum", "所取时点的监管覆盖;非在册为空", "coverage by supervision at the instant asked for; null unless active", coverage, { nullable: true, enumeration: supervisionCoverage, filter: true, group: true, besideFeatures: true }));
