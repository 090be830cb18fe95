import { Fault } from "../platform/fault.js";
import { actions, type Input } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { contractorRole, ProjectContractor } from "./subject-kinds.js";
import { namedEnterprise } from "./named-enterprise.js";
import { Subject } from "./subject.js";

const REGISTRARS: readonly Role[] = ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL", "TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE", "INTEGRATION_CLIENT", "SEED"];

async function enter(unit: Unit, input: Input): Promise<string> {
  const project = unit.cited(Subject, input["project"]);
  if (project["kind"] !== "CONSTRUCTION_PROJECT") throw new Fault("INVALID_INPUT", { field: "input.project", rule: "only of kind CONSTRUCTION_PROJECT", kind: project["kind"] });
  return unit.add(ProjectContractor, { ...input, enteredOn: input["enteredOn"] ?? unit.today });
}

async function leave(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  if (row["leftOn"]) throw new Fault("RULE_VIOLATED", { rule: "contractor_left_already", leftOn: row["leftOn"] });
  return unit.change(ProjectContractor, row, { leftOn: input["leftOn"] ?? unit.today });
}

/** 参建单位进退场 (domain D27). */
actions({
  "projectContractor.enter": {
    zh: "登记参建单位进场", en: "record that a contractor enters", on: ProjectContractor, creates: true, by: REGISTRARS,
    input: {
      project: given.id(() => Subject, "在建项目", "construction project", { required: true }),
      enterprise: namedEnterprise("参建企业", "enterprise", { required: true }),
      role: given.oneOf(contractorRole, "角色", "role", { required: true }),
      section: given.text("标段", "section of the works", { max: 100 }),
      enteredOn: given.date("进场日期;缺省为当日", "entered on; today unless given"),
    },
    work: enter,
  },
  "projectContractor.leave": {
    zh: "登记参建单位退场", en: "record that a contractor leaves", on: ProjectContractor, by: REGISTRARS,
    input: { leftOn: given.date("退场日期;缺省为当日", "left on; today unless given") }, work: leave,
  },
});
