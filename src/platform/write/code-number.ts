import { Computed } from "./unit.js";

/** A human number such as YH-500112-2025-000123: prefix, county, year of the unit's clock, running number from a sequence. */
export const nextCode = (prefix: string, sequence: string, regionUuid: string): Computed => new Computed("next_code(?, ?::regclass, ?)", [prefix, sequence, regionUuid]);
