import type { Input } from "../platform/actions.js";
import { Fault } from "../platform/fault.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { requireLead } from "../risks/lead.js";
import { Risk } from "../risks/risk.js";
import { StopRecord } from "./stop-record.js";

/** Asks for a stop. Nothing is laid aside before the lead has confirmed it: until then the risk is controlled as before. */
const asks = (carrier: "risk" | "unit") => async (unit: Unit, input: Input, row: TakenRow): Promise<string> => {
  const [from, to] = [(input["validFrom"] as string | undefined) ?? unit.now, input["validTo"] as string];
  if (Date.parse(to) <= Date.parse(from) || Date.parse(to) <= Date.parse(unit.now)) throw new Fault("INVALID_INPUT", { field: "input.validTo", rule: "after it begins, and after now" });
  await unit.add(StopRecord, { subject: row["key:subject"], [carrier]: row.uuid, kind: input["kind"], reason: input["reason"], validFrom: from, validTo: to, requested_by: unit.actor.id });
  return row.uuid;
};

export const suspend = asks("risk");
export const stopUnit = asks("unit");

async function confirm(unit: Unit, input: Input, row: TakenRow, carrier: "risk" | "unit"): Promise<void> {
  await requireLead(unit, row);
  const record = await unit.take(StopRecord, input["stopRecord"] as string);
  if (record[`key:${carrier}`] !== row.uuid) throw new Fault("INVALID_INPUT", { field: "input.stopRecord", rule: `a stop record of this ${carrier}` });
  if (record["confirmedAt"]) throw new Fault("RULE_VIOLATED", { rule: "stop_already_confirmed" });
  const [from, to, now] = [record["validFrom"], record["validTo"], unit.now].map((moment) => Date.parse(String(moment))) as [number, number, number];
  if (from > now || to <= now) throw new Fault("RULE_VIOLATED", { rule: "suspension_needs_a_confirmed_stop", validFrom: record["validFrom"], validTo: record["validTo"] });
  await unit.change(StopRecord, record, { confirmedAt: unit.now, confirmed_by: unit.actor.id });
}

export async function confirmStop(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await confirm(unit, input, row, "risk");
  return unit.move(Risk, row);
}

/** Confirms the stop of a unit and lays aside its risks in force; those under review stay so and are concluded first. */
export async function confirmUnitStop(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  await confirm(unit, input, row, "unit");
  await unit.query("update risks set status = 'SUSPENDED' where unit_id = $1 and status = 'IN_FORCE'", [row.uuid]);
  return row.uuid;
}

/** Records the check before the start on the stop that lies over a carrier, and ends that stop where it still runs. */
async function checked(unit: Unit, input: Input, carrier: "risk_id" | "unit_id", id: unknown): Promise<boolean> {
  const [record] = await unit.query<{ id: string }>(`select id from stop_records where ${carrier} = $1 and confirmed_at is not null and checked_at is null and valid_from <= $2 order by confirmed_at desc, valid_from desc, id desc limit 1`, [id, unit.now]);
  if (!record) return false;
  const taken = await unit.take(StopRecord, record.id);
  const runs = Date.parse(String(taken["validTo"])) > Date.parse(unit.now);
  await unit.change(StopRecord, taken, { preStartCheck: input["preStartCheck"], checkedBy: input["checkedBy"], checkedAt: unit.now, ...(runs ? { validTo: unit.now } : {}) });
  return true;
}

/** Takes up a risk again, into review; one whose unit stands still is taken up with the unit. */
export async function resume(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  if (!(await checked(unit, input, "risk_id", row.uuid))) throw new Fault("RULE_VIOLATED", { rule: "resumed_with_its_unit" });
  return unit.move(Risk, row, { reassessTrigger: "RESUMPTION" });
}

/** Ends the stop of a unit: its risks laid aside by it go into review, save those that have a stop of their own. */
export async function endUnitStop(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  if (!(await checked(unit, input, "unit_id", row.uuid))) throw new Fault("RULE_VIOLATED", { rule: "unit_is_not_stopped" });
  await unit.query(
    `update risks r set status = 'REVIEWING', reassess_trigger = 'RESUMPTION' where r.unit_id = $1 and r.status = 'SUSPENDED'
       and not exists (select 1 from stop_records s where s.risk_id = r.id and s.confirmed_at is not null and s.checked_at is null)`,
    [row.uuid],
  );
  return row.uuid;
}

