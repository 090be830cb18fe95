import { hasRole, type Acting, type Role } from "../platform/actor.js";
import { Fault } from "../platform/fault.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";

/** Roles that act for a lead department where nothing says which department the actor is of. */
const LEAD: readonly Role[] = ["SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE"];
export const LEAD_RULE = "the two highest levels are the lead department's";

/** Levels above which the lead department decides (domain 3.5). */
export const leadDecides = (level: unknown) => level === "MAJOR" || level === "CONSIDERABLE";

/** Whether an actor may act for a lead department at all; of a person the unit then asks of which department. */
export const mayLead = (acting: Acting) => hasRole(acting, ...LEAD) || acting.personId !== null;

/**
 * Where the actor is a person of a known organisation, that must lead (or share) the risk's subject: a town leads what is below designated size.
 * Otherwise the role says it. Faults: FORBIDDEN.
 */
export async function requireLead(unit: Unit, row: TakenRow): Promise<void> {
  const { actor, now } = unit;
  const [body] = actor.personId
    ? await unit.query<{ leads: boolean }>(
        `select exists (select 1 from regulation_relations r where r.subject_id = $2 and r.organization_id = p.organization_id and r.role in ('LEAD', 'SHARED') and r.valid_from <= $3 and (r.valid_to is null or r.valid_to > $3)) as leads
         from people p where p.id = $1 and p.organization_id is not null`,
        [actor.personId, row["key:subject"], now],
      )
    : [];
  if (!(body ? body.leads : hasRole(unit.acting, ...LEAD))) throw new Fault("FORBIDDEN", { action: unit.name, rule: LEAD_RULE });
}
