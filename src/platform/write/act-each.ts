import { actingFor, allActions, mayAct } from "../actions.js";
import { parseId } from "../entity/entity.js";
import { Fault, faultFromDatabase } from "../fault.js";
import { eventStatement, refusalOf, workIn, type Call } from "./act.js";
import { newUuid } from "./identifier.js";
import { checkInput } from "./input.js";
import type { Unit } from "./unit.js";

/** One action on one row, as a client would ask for it. */
export interface Deed {
  name: string;
  /** Global id of the row. */
  id: string;
  expectedVersion: number;
  input: Record<string, unknown>;
}

/**
 * Does one of many deeds within a unit: under the action's own name, permission, state, rule and audit event, as alone.
 * One that is refused leaves nothing but its event behind, and the unit goes on. Gives the refusal, or null.
 * Faults: TIMEOUT and OVERLOADED, which are the unit's and not the deed's.
 */
export async function actWithin(unit: Unit, call: Call, deed: Deed): Promise<Fault | null> {
  const action = allActions().get(deed.name);
  if (!action) throw new Error(`no action ${deed.name}`);
  const event = newUuid();
  const audit = async (outcome: string, code: string | null, uuid: string | null) => {
    const { text, values } = eventStatement(call, deed.name, event, outcome, code, uuid ? action.on : null, uuid);
    await unit.query(text, values);
  };
  await unit.query("savepoint deed");
  try {
    const target = parseId(deed.id);
    if (!mayAct(action, call.actor)) throw new Fault("FORBIDDEN", { action: deed.name });
    if (target?.entity !== action.on) throw new Fault("NOT_FOUND", { entity: action.on.name });
    const input = checkInput(action, deed.input);
    const uuid = await workIn(await unit.under(deed.name, action, actingFor(action, call.actor, input), event), deed.name, action, target.uuid, deed.expectedVersion, input);
    // What the invariants demand is demanded of each deed, so that the one at fault is told.
    await unit.query("set constraints all immediate");
    await unit.query("set constraints all deferred");
    await audit("SUCCESS", null, uuid);
    await unit.query("release savepoint deed");
    await unit.resume();
    return null;
  } catch (raw) {
    await unit.query("rollback to savepoint deed");
    const fault = faultFromDatabase(raw);
    if (!(fault instanceof Fault) || fault.code === "TIMEOUT" || fault.code === "OVERLOADED") throw fault;
    const { code, outcome } = refusalOf(fault);
    await audit(outcome, code, null);
    return fault;
  }
}
