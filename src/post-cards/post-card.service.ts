import type { Input } from "../platform/actions.js";
import { Fault } from "../platform/fault.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { Subject } from "../subjects/subject.js";
import { PostCard, PostCardRisk } from "./post-card.js";

/** Makes the risks of a list those given: what is new is named, what is missing is dropped and stays to be read. */
async function nameRisks(unit: Unit, card: string, wanted: readonly string[]): Promise<void> {
  const named = await unit.query<{ id: string; risk_id: string }>("select id, risk_id from post_card_risks where post_card_id = $1 and dropped_at is null", [card]);
  for (const { id, risk_id: risk } of named) if (!wanted.includes(risk)) await unit.query("update post_card_risks set dropped_at = $2 where id = $1", [id, unit.now]);
  for (const risk of new Set(wanted))
    if (!named.some((known) => known.risk_id === risk)) await unit.add(PostCardRisk, { card, risk });
}

/** Drafts a card of a post, or of a slot. Whose risks, and whether the slot is one of natural hazards, the database holds. */
export async function draftCard(unit: Unit, input: Input): Promise<string> {
  const { risks, ...values } = input;
  if ((input["post"] == null) === (input["slot"] == null)) throw new Fault("INVALID_INPUT", { field: "input.post", rule: "either a post or a slot" });
  const subject = unit.cited(Subject, input["subject"]);
  const card = await unit.add(PostCard, { ...values, subject: subject.uuid });
  if (risks) await nameRisks(unit, card, risks as string[]);
  return card;
}

export async function reviseCard(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const { risks, ...values } = input;
  await unit.change(PostCard, row, values);
  if (risks) await nameRisks(unit, row.uuid, risks as string[]);
  return row.uuid;
}

export const issueCard = (unit: Unit, _input: Input, row: TakenRow) => unit.move(PostCard, row, { issuedAt: unit.now });
export const acceptCard = (unit: Unit, _input: Input, row: TakenRow) => unit.move(PostCard, row, { acceptedAt: unit.now });
export const withdrawCard = (unit: Unit, input: Input, row: TakenRow) => unit.move(PostCard, row, { withdrawReason: input["reason"] });
export const enterOnline = (unit: Unit, _input: Input, row: TakenRow) => unit.change(PostCard, row, { onlineEntered: true });
