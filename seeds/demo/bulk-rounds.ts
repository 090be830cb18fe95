import { actAs, type Call, type WriteDoor } from "../../src/platform/write/act.js";
import { newUuid } from "../../src/platform/write/identifier.js";
import type { BulkTown } from "./bulk-places.js";
import { insertRows } from "./bulk-rows.js";
import { day, iso } from "./story.js";

const HOUR = 3_600_000;

/** One expert round of a town over the major risks of a chunk, which then may come into force. */
export async function expertRound(door: WriteDoor, call: Call, town: BulkTown, risks: readonly string[], at: number): Promise<void> {
  if (risks.length === 0) return;
  const id = newUuid(at);
  await actAs(
    door,
    call,
    "riskReviewRound.plan",
    async (unit) => {
      await unit.query(
        "insert into risk_review_rounds (id, region_id, code, kind, title, domain, period_from, period_to, status) values ($1, $2, next_code('YP', 'review_round_numbers', $2), 'EXPERT_ARGUMENTATION', $3, 'WORK_SAFETY', $4, $5, 'PLANNED')",
        [id, town.id, `${town.name}重大风险专家论证(批量演示)`, day(at), day(at + 7 * 24 * HOUR)],
      );
      await insertRows(unit, "review_round_participants", { id: "uuid", round_id: "uuid", person_id: "uuid", role: "text", speciality: "text", opinion: "text" }, town.district.experts.map((person) => ({ id: newUuid(at), round_id: id, person_id: person, role: "EXPERT", speciality: "安全工程", opinion: "同意" })));
    },
    iso(at),
  );
  await actAs(
    door,
    call,
    "riskReviewRound.hold",
    async (unit) => {
      await unit.query("update risk_review_rounds set status = 'HELD', held_at = $2 where id = $1", [id, iso(at + HOUR)]);
      await insertRows(unit, "review_round_decisions", { id: "uuid", round_id: "uuid", risk_id: "uuid", decision: "text", from_level: "text", to_level: "text", reason: "text" }, risks.map((risk) => ({ id: newUuid(at), round_id: id, risk_id: risk, decision: "KEEP", from_level: "MAJOR", to_level: "MAJOR", reason: "论证属重大风险" })));
    },
    iso(at + HOUR),
  );
  await actAs(door, call, "riskReviewRound.conclude", (unit) => unit.query("update risk_review_rounds set status = 'CONCLUDED', conclusion = '属重大风险,按要求管控', concluded_at = $2 where id = $1", [id, iso(at + 2 * HOUR)]), iso(at + 2 * HOUR));
}
