import { enumeration } from "../platform/entity/enumeration.js";

/** 管控层级 (domain 2.1): 上级负责,下级同时管控. From the highest down. */
export const controlLevel = enumeration("ControlLevel", { zh: "管控层级(上级负责、下级同时管控)", en: "level of control: the higher answers, the lower controls too" }, {
  COMPANY: ["公司(厂)级", "company"],
  DEPARTMENT: ["部门级", "department"],
  WORKSHOP: ["车间级", "workshop"],
  TEAM: ["班组(岗位)级", "team or post"],
});
type ControlLevel = (typeof controlLevel.values)[number];

/** Who must control a risk of a level; the database computes the same (demanded_control). */
export const DEMANDED_CONTROL: Readonly<Record<string, ControlLevel>> = { MAJOR: "COMPANY", CONSIDERABLE: "DEPARTMENT", MODERATE: "WORKSHOP", LOW: "TEAM" };

/** Whether one level of control stands higher than another, or is it. */
export const notBelow = (stated: string, demanded: ControlLevel) => controlLevel.values.indexOf(stated as ControlLevel) <= controlLevel.values.indexOf(demanded);
