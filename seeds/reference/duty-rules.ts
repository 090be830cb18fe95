import { newUuid } from "../../src/platform/write/identifier.js";
import type { Unit } from "../../src/platform/write/unit.js";

/** 检查指导 may be met by guidance; neither patrol, self-check nor bought service is one (domain appendix C 2). */
const NATURES = ["ADMINISTRATIVE_INSPECTION", "GUIDANCE", "SPOT_CHECK", "UNANNOUNCED", "JOINT"];
/** 001 L20. Decisions of ours: the fifteenth, thirty days, five hundred metres, and a week to record what was done in a period. */
const RULES = [
  ["SAFETY_3_MONTHLY", "COUNT_PER_PERIOD", "MONTH", 15, null, "每月至少开展1次检查指导"],
  ["SAFETY_3_HALF_YEAR", "COVERAGE", "HALF_YEAR", null, 30, "每半年完成1次挂牌企业(单位)指导检查全覆盖"],
] as const;

/** Loads to what the two official persons of 安全生产三个责任人 are obliged; what is there already is left as it is. */
export async function loadDutyRules(unit: Unit): Promise<void> {
  for (const [code, kind, period, byDay, days, basis] of RULES)
    await unit.query(
      `insert into duty_rules (id, code, kind, period, scheme_id, slots, natures, minimum, appointed_by_day, minimum_days, tolerance_metres, closes_after_days, basis, valid_from)
       select $1, $2, $3, $4, s.id, array['ADMIN_LEADER', 'SECTOR_LEADER'], $5, 1, $6, $7, 500, 7, $8, '2021-01-01' from responsibility_schemes s
       where s.code = 'SAFETY_3' and not exists (select 1 from duty_rules where code = $2::text)`,
      [newUuid(), code, kind, period, NATURES, byDay, days, basis],
    );
}
