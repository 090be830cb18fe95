import type { Input } from "../platform/actions.js";
import { Fault } from "../platform/fault.js";
import { nextCode } from "../platform/write/code-number.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { Subject } from "../subjects/subject.js";
import { gradeOfR, RiskObject, RiskUnit } from "./risk-object.js";

/** The grade of a major hazard installation is computed of R; a stated one that differs is refused. Faults: LEVEL_DISAGREES. */
function gradeOf(type: unknown, rValue: unknown, stated: unknown): string | null | undefined {
  if (type !== "MAJOR_HAZARD_INSTALLATION" || rValue == null) return stated as string | null | undefined;
  const computed = gradeOfR(String(rValue));
  if (stated != null && stated !== computed) throw new Fault("LEVEL_DISAGREES", { stated, computed, rValue, standard: "GB 18218-2018" });
  return computed;
}

export async function registerObject(unit: Unit, input: Input): Promise<string> {
  const subject = unit.cited(Subject, input["subject"]);
  return unit.add(RiskObject, {
    ...input,
    subject: subject.uuid,
    code: nextCode("FX", "risk_object_numbers", subject["key:region"] as string),
    hazardInstallationGrade: gradeOf(input["type"], input["rValue"], input["hazardInstallationGrade"]),
  });
}

/** What is not given stays; a new R brings its grade. */
export function updateObject(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const given = (name: string) => (name in input ? input[name] : row[name]);
  // A grade that stands is not a stated one: it gives way to that of a new R.
  const graded = "rValue" in input || "hazardInstallationGrade" in input || "type" in input;
  const hazardInstallationGrade = graded ? gradeOf(given("type"), given("rValue"), "hazardInstallationGrade" in input || given("rValue") == null ? given("hazardInstallationGrade") : null) : undefined;
  return unit.change(RiskObject, row, { ...input, hazardInstallationGrade });
}

export async function registerUnit(unit: Unit, input: Input): Promise<string> {
  const object = unit.cited(RiskObject, input["object"]);
  return unit.add(RiskUnit, { ...input, object: object.uuid, subject: object["key:subject"] });
}

export const updateUnit = (unit: Unit, input: Input, row: TakenRow): Promise<string> => unit.change(RiskUnit, row, input);
