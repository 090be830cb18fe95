import { Fault } from "../platform/fault.js";
import type { Input } from "../platform/actions.js";
import { nextCode } from "../platform/write/code-number.js";
import { Computed, type TakenRow, type Unit } from "../platform/write/unit.js";
import { Subject } from "./subject.js";

/** What only subjects of a kind have stands in an input of its own. */
const DETAILS: Readonly<Record<string, string>> = { facility: "KEY_FACILITY", area: "KEY_AREA", project: "CONSTRUCTION_PROJECT" };

/** The details of a kind beside what all have. Faults: INVALID_INPUT where they are of another kind. */
function valuesOf(input: Input, kind: string): Record<string, unknown> {
  const { externalSystem, externalId, facility, area, project, doubts, ...common } = input;
  const given = { facility, area, project };
  for (const [name, of] of Object.entries(DETAILS))
    if (given[name as keyof typeof given] != null && of !== kind) throw new Fault("INVALID_INPUT", { field: `input.${name}`, rule: `only of kind ${of}`, kind });
  return { ...common, ...(facility as Input | undefined), ...(area as Input | undefined), ...(project as Input | undefined), ...(doubts ? { quality: waiting(doubts as readonly string[]) } : {}), source_system: externalSystem, external_id: externalId };
}

/** A code no list of its day holds may wait with the doubt told; the database takes the doubt away where the code is one. */
const waiting = (doubts: readonly string[]) => [...new Set([...doubts, "CODE_NOT_VALID"])];

/** An area without a point of its own is counted and listed at one inside it. */
const pointOf = ({ boundary, location }: Record<string, unknown>) =>
  boundary && !location ? { location: new Computed("case when st_isvalid(st_setsrid(st_geomfromgeojson(?), 4490)) then st_pointonsurface(st_setsrid(st_geomfromgeojson(?), 4490)) end", [JSON.stringify(boundary), JSON.stringify(boundary)]) } : {};

/** Registers a subject of any kind. */
export async function registerSubject(unit: Unit, input: Input): Promise<string> {
  const values = valuesOf(input, input["kind"] as string);
  return unit.register(Subject, { ...values, ...pointOf(values), code: nextCode("JG", "subject_numbers", input["region"] as string) });
}

export async function updateSubject(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const values = valuesOf(input, row["kind"] as string);
  await unit.change(Subject, row, { ...values, ...(row["location"] ? {} : pointOf(values)) });
  // Both ends of a move are checked: one's own before, and still one's own after.
  await unit.see(Subject, row.uuid);
  return row.uuid;
}
