import { actions, type Input } from "../platform/actions.js";
import { given } from "../platform/entity/input-fields.js";
import { Fault } from "../platform/fault.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { ReviewDecision } from "../review-rounds/review-round.js";
import { CONVENORS } from "../review-rounds/review-round.service.js";
import { Risk } from "../risks/risk.js";
import { Elevation } from "./elevation.js";

/** Raises a risk for a time on a round's decision; when the time is over it is over, and nobody writes anything. */
async function elevate(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const decision = unit.cited(ReviewDecision, input["decision"]);
  if (decision["key:risk"] !== row.uuid || decision["decision"] !== "ELEVATE") throw new Fault("INVALID_INPUT", { field: "input.decision", rule: "a decision to elevate this risk" });
  const from = (input["validFrom"] as string | undefined) ?? unit.now;
  const until = input["validTo"] as string;
  // What was in force yesterday is not decided today.
  if (Date.parse(from) < Date.parse(unit.now) && input["validFrom"]) throw new Fault("INVALID_INPUT", { field: "input.validFrom", rule: "now or later" });
  if (Date.parse(until) <= Date.parse(from)) throw new Fault("INVALID_INPUT", { field: "input.validTo", rule: "after it begins" });
  await unit.add(Elevation, { risk: row.uuid, toLevel: decision["toLevel"], validFrom: from, validTo: until, round: decision["key:round"], decision: decision.uuid, reason: input["reason"] });
  return row.uuid;
}

/** Ends early; one that has not begun never does. */
async function end(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const [from, until, now] = [row["validFrom"], row["validTo"], unit.now].map((moment) => Date.parse(String(moment))) as [number, number, number];
  if (until <= now) throw new Fault("RULE_VIOLATED", { rule: "elevation_has_lapsed", validTo: row["validTo"] });
  return unit.change(Elevation, row, { validTo: from > now ? row["validFrom"] : unit.now, endReason: input["reason"] });
}

actions({
  "risk.elevate": {
    zh: "临时提级(须有重大活动、重要节点或临灾研判的提级决定),到期自行失效", en: "elevate for a time, on the decision of a round; lapses by itself", on: Risk, from: ["IN_FORCE", "REVIEWING"], by: CONVENORS,
    input: {
      decision: given.id(() => ReviewDecision, "提级决定", "the decision to elevate", { required: true }),
      validFrom: given.dateTime("起,缺省为现在", "from; now unless given"),
      validTo: given.dateTime("止(不含)", "to, exclusive", { required: true }),
      reason: given.text("理由", "reason", { required: true, max: 1000 }),
    },
    work: elevate,
  },
  "temporaryRiskElevation.end": {
    zh: "提前结束临时提级", en: "end an elevation early", on: Elevation, by: CONVENORS,
    input: { reason: given.text("理由", "reason", { required: true, max: 1000 }) },
    work: end,
  },
});
