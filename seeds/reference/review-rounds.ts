import { newUuid } from "../../src/platform/write/identifier.js";
import type { Unit } from "../../src/platform/write/unit.js";

/** TR-01, TR-02 (000 L44): monthly by town, quarterly by district and town; days to conclude are a decision of ours. */
const RULES = [
  ["MONTHLY_TOWN", "MONTHLY_IDENTIFICATION", "TOWN", "MONTH", 5],
  ["QUARTERLY_DISTRICT", "QUARTERLY_CONSULTATION", "DISTRICT", "QUARTER", 10],
  ["QUARTERLY_TOWN", "QUARTERLY_CONSULTATION", "TOWN", "QUARTER", 10],
] as const;

/** Three experts with an opinion, a decision of ours; other rounds need somebody who took part. */
const QUORUMS = [["MONTHLY_IDENTIFICATION", 1, 0], ["QUARTERLY_CONSULTATION", 2, 0], ["EXPERT_ARGUMENTATION", 3, 3], ["MAJOR_EVENT", 1, 0], ["KEY_DATE", 1, 0], ["IMMINENT_DISASTER", 1, 0]] as const;

const SINCE = "2021-01-01";

/** Loads which rounds are owed and how many must take part; what is there already is left as it is. */
export async function loadReviewRoundRules(unit: Unit): Promise<void> {
  for (const [code, kind, level, period, grace] of RULES)
    await unit.query(
      `insert into review_round_rules (id, code, kind, domain, region_level, period, grace_days, basis, valid_from) select $1, $2, $3, 'WORK_SAFETY', $4, $5, $6, '每月风险识别,季度会商研判', $7
       where not exists (select 1 from review_round_rules where code = $2::text)`,
      [newUuid(), code, kind, level, period, grace, SINCE],
    );
  for (const [kind, participants, experts] of QUORUMS)
    await unit.query(
      "insert into review_round_quorums (id, kind, minimum_participants, minimum_experts, valid_from) select $1, $2, $3, $4, $5 where not exists (select 1 from review_round_quorums where kind = $2::text)",
      [newUuid(), kind, participants, experts, SINCE],
    );
}
