import type { Input } from "../platform/actions.js";
import { Fault } from "../platform/fault.js";
import { nextCode } from "../platform/write/code-number.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { HiddenDanger } from "./hidden-danger.js";

/** States of a loop run elsewhere; what is verified, rejected, handed over or voided is so by an act of this system. */
const STATES: ReadonlySet<string> = new Set(["REGISTERED", "ASSIGNED", "RECTIFYING", "PENDING_ACCEPTANCE", "ACCEPTED", "CLOSED"]);

/** What is never another system's to say once anybody here has acted on the row. */
const OURS = ["status", "grade", "criterionClause", "expertJudgement", "originalDeadline", "effectiveDeadline", "rectifiedAt", "acceptedAt", "closedAt"] as const;

/** Actions by which another system's account came in; the last one stands for versions made before actions were told apart. */
export const EXTERNAL_ACTIONS = ["hiddenDanger.registerExternal", "hiddenDanger.updateExternal", "import.hiddenDanger"] as const;

/** Registers what another system runs. It proves nothing here, so it stands as external and what it lacks is told. */
export async function registerExternal(unit: Unit, input: Input): Promise<string> {
  const { externalSystem, externalId, doubts, ...told } = input;
  const values = { kind: "PHYSICAL", discoverySource: "UPPER_ASSIGNED", manageType: "DEADLINE", ...present(told) };
  checkTold(unit, values);
  checkMajor(values);
  const region = input["region"] as string;
  return unit.register(HiddenDanger, {
    ...values,
    category: input["category"] ?? [],
    code: nextCode("YH", "hidden_danger_numbers", region),
    origin: "EXTERNAL",
    quality: doubtsOf(values, doubts),
    source_system: externalSystem,
    external_id: externalId,
  });
}

/** Brings a row up to what another system says now, as far as nobody here has acted on it. Both ends of a move are the actor's own. */
export async function updateExternal(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const { doubts, ...told } = input;
  checkTold(unit, told);
  const ours = OURS.filter((name) => name in told && !sameValue(told[name], row[name]));
  if (ours.length > 0 && (await actedOnHere(unit, row.uuid))) throw new Fault("RULE_VIOLATED", { rule: "acted_on_here", field: `input.${ours[0]}`, fields: ours });
  if (ours.includes("grade") || ours.includes("status")) checkMajor({ ...row, ...told });
  await unit.change(HiddenDanger, row, { ...told, ...("category" in told ? { category: told["category"] ?? [] } : {}), quality: doubtsOf({ ...row, ...told }, doubts ?? row["quality"]) });
  if ("region" in told) await unit.see(HiddenDanger, row.uuid);
  return row.uuid;
}

const present = (input: Input) => Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null && value !== undefined));

/** What the source doubts, and what its account lacks. A code no list of its day holds may wait with that told; the database takes it away where the code is one. */
function doubtsOf(values: Input, doubts: unknown): string[] {
  const closed = values["status"] === "CLOSED";
  const lacks = [...(closed ? ["CLOSED_WITHOUT_EVIDENCE"] : []), ...(closed && lacksClause(values) ? ["MAJOR_WITHOUT_CLAUSE"] : [])];
  const told = ((doubts as readonly string[] | null | undefined) ?? []).filter((doubt) => doubt !== "CLOSED_WITHOUT_EVIDENCE" && doubt !== "MAJOR_WITHOUT_CLAUSE");
  return [...new Set([...told, ...lacks, "CODE_NOT_VALID"])];
}

const lacksClause = (values: Input) => values["grade"] === "MAJOR" && !values["criterionClause"] && !values["expertJudgement"];

function checkTold(unit: Unit, told: Input): void {
  if (told["status"] !== undefined && !STATES.has(String(told["status"]))) throw new Fault("INVALID_INPUT", { field: "input.status", rule: [...STATES].join(", ") });
  const discoveredAt = told["discoveredAt"] as string | null | undefined;
  if (discoveredAt && Date.parse(discoveredAt) > Date.parse(unit.now)) throw new Fault("INVALID_INPUT", { field: "input.discoveredAt", rule: "not in the future" });
}

/** A major hidden danger that is still open has its clause, wherever its loop is run; of one written off elsewhere the lack is history. */
function checkMajor(values: Input): void {
  if (values["status"] !== "CLOSED" && lacksClause(values)) throw new Fault("RULE_VIOLATED", { rule: "inv_09_major_needs_clause", field: "input.criterionClause" });
}

const sameValue = (a: unknown, b: unknown) => {
  const [left, right] = [a ?? null, b ?? null];
  return left === right || (left !== null && right !== null && String(left).includes("T") && Date.parse(String(left)) === Date.parse(String(right)));
};

/** Whether any version of a row was made by an act of this system. */
async function actedOnHere(unit: Unit, uuid: string): Promise<boolean> {
  return (await unit.query("select 1 from change_events where entity_id = $1 and action <> all($2::text[]) limit 1", [uuid, EXTERNAL_ACTIONS])).length > 0;
}
