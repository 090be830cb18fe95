import type { Input } from "../platform/actions.js";
import { Fault } from "../platform/fault.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { Risk } from "../risks/risk.js";
import { ControlMeasure } from "./control-measure.js";

/** Early and by field what the database holds anyway: class 2 is of class 1, and a limit of capacity says how many. */
function checkMeasure(measure: Input, path = "input"): void {
  const { class1, class2, specialKind, capacity } = measure as Record<string, string | null | undefined>;
  if (class2 != null && !class2.startsWith(`${class1}-`)) throw new Fault("INVALID_INPUT", { field: `${path}.class2`, rule: "a class 2 of the class 1", class1: class1 ?? null });
  if ((specialKind === "CAPACITY_LIMIT") !== (capacity != null)) throw new Fault("INVALID_INPUT", { field: `${path}.capacity`, rule: "the number of a CAPACITY_LIMIT, and of nothing else" });
}

/** Puts a measure to a risk already seen. */
export function putMeasure(unit: Unit, risk: string, measure: Input, path?: string): Promise<string> {
  checkMeasure(measure, path);
  return unit.add(ControlMeasure, { ...measure, risk, effective: true });
}

export async function addMeasure(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await putMeasure(unit, row.uuid, input);
  return row.uuid;
}

/** The measure as it stands in effect, of a risk that is not over. Faults: RULE_VIOLATED. */
async function standing(unit: Unit, row: TakenRow): Promise<void> {
  if (row["effective"] !== true) throw new Fault("RULE_VIOLATED", { rule: "withdrawn_measure_stays", withdrawnAt: row["withdrawnAt"] });
  const risk = await unit.see(Risk, row["key:risk"] as string);
  if (risk["status"] === "RETIRED") throw new Fault("RULE_VIOLATED", { rule: "risk_is_retired" });
}

export async function changeMeasure(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await standing(unit, row);
  // One who makes another kind of a limit lets its number go with it.
  const freed = "specialKind" in input && input["specialKind"] !== "CAPACITY_LIMIT" && !("capacity" in input) ? { capacity: null } : {};
  const changed = { ...input, ...freed };
  checkMeasure({ class1: row["class1"], class2: row["class2"], specialKind: row["specialKind"], capacity: row["capacity"], ...changed });
  return unit.change(ControlMeasure, row, changed);
}

/** Withdraws a measure; the last one of a risk in force the database keeps (INV-06). */
export async function withdrawMeasure(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await standing(unit, row);
  return unit.change(ControlMeasure, row, { effective: false, withdrawnAt: unit.now, withdrawReason: input["reason"] });
}
