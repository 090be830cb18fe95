import type { Unit } from "./unit.js";

/** A human number such as YH-500112-2025-000123: prefix, county, year of the unit's clock, running number from a sequence. */
export async function nextCode(unit: Unit, prefix: string, sequence: string, regionUuid: string): Promise<string> {
  const [row] = await unit.query<{ county: string; number: string }>(
    `select coalesce((select left(d.code, 6) from regions r join regions d on d.path @> r.path and d.level = 'DISTRICT' where r.id = $1), '000000') as county, nextval('${sequence}')::text as number`,
    [regionUuid],
  );
  return `${prefix}-${row!.county}-${unit.today.slice(0, 4)}-${row!.number.padStart(6, "0")}`;
}
