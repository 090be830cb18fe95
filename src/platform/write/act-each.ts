import { actingFor, allActions, mayAct, type Action, type Input } from "../actions.js";
import { parseId } from "../entity/entity.js";
import { Fault, faultFromDatabase } from "../fault.js";
import { eventStatement, refusalOf, workIn, type Call } from "./act.js";
import { newUuid } from "./identifier.js";
import { checkInput } from "./input.js";
import type { Unit } from "./unit.js";

/** One action, as a client would ask for it: on one row, or making one. */
export interface Deed {
  name: string;
  /** Global id of the row; absent where the action makes one. */
  id?: string;
  /** Version the row must have; whatever it has where none is named. */
  expectedVersion?: number;
  input: Record<string, unknown>;
}

/** What became of a deed: the row it made or changed, or why it was refused. */
export type DeedOutcome = { uuid: string; fault?: undefined } | { fault: Fault };

/** What the invariants demand is demanded of each deed, so that the one at fault is told. */
const HELD = ["set constraints all immediate", "set constraints all deferred", "release savepoint deed"] as const;

/**
 * Does one of many deeds within a unit: under the action's own name, permission, state, rule and audit event, as alone.
 * One that is refused leaves nothing but its event behind, and the unit goes on.
 * Faults: TIMEOUT and OVERLOADED, which are the unit's and not the deed's.
 */
export async function actWithin(unit: Unit, call: Call, deed: Deed): Promise<DeedOutcome> {
  const action = allActions().get(deed.name);
  if (!action) throw new Error(`no action ${deed.name}`);
  const event = newUuid();
  const audit = async (outcome: string, code: string | null, uuid: string | null) => {
    const { text, values } = eventStatement(call, deed.name, event, outcome, code, uuid ? action.on : null, uuid);
    await unit.query(text, values);
  };
  const refused = async (raw: unknown): Promise<DeedOutcome> => {
    const fault = faultFromDatabase(raw);
    if (!(fault instanceof Fault) || fault.code === "TIMEOUT" || fault.code === "OVERLOADED") throw fault;
    await auditRefusal(unit, call, deed.name, fault);
    return { fault };
  };
  let asked: Asked;
  try {
    asked = askedOf(action, call, deed);
  } catch (raw) {
    return refused(raw);
  }
  const own = await unit.under(deed.name, action, actingFor(action, call.actor, asked.input), event, "savepoint deed");
  try {
    const uuid = await workIn(own, deed.name, action, asked.uuid, deed.expectedVersion, asked.input);
    await audit("SUCCESS", null, uuid);
    await unit.resume(...HELD);
    return { uuid };
  } catch (raw) {
    await unit.resume("rollback to savepoint deed", "release savepoint deed");
    return refused(raw);
  }
}

interface Asked {
  uuid: string | undefined;
  input: Input;
}

/** What a deed asks for, as far as it can be judged without the database. Faults: FORBIDDEN, NOT_FOUND, INVALID_INPUT. */
function askedOf(action: Action, { actor }: Call, { name, id, input }: Deed): Asked {
  const target = id === undefined ? undefined : parseId(id);
  if (!mayAct(action, actor)) throw new Fault("FORBIDDEN", { action: name });
  if (!action.creates && target?.entity !== action.on) throw new Fault("NOT_FOUND", { entity: action.on.name });
  return { uuid: target?.uuid, input: checkInput(action, input) };
}

/** Records a deed that was refused; of one undone together with others as well. */
export async function auditRefusal(unit: Unit, call: Call, name: string, fault: Fault): Promise<void> {
  const { code, outcome } = refusalOf(fault);
  const { text, values } = eventStatement(call, name, newUuid(), outcome, code, null, null);
  await unit.query(text, values);
}
