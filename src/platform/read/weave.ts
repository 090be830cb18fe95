import type { Actor } from "../actor.js";
import type { CodeField, Row } from "../entity/entity.js";

/** Key under which a statement leaves the mark of a field that code computes. */
const MARK = "\u0000";

/** Puts the values only code can compute in the places a statement marked for them. */
export function weave(value: unknown, coded: readonly CodeField[], actor: Actor): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (MARK in value) {
    const { [MARK]: mark, row } = value as unknown as { [MARK]: number; row: Row };
    const field = coded[mark]!;
    const made = field.compute(row, actor) ?? null;
    if (made === null && !field.nullable) throw new Error(`a field that is never null was computed as null: ${field.en}`);
    return made;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === "object" && inner !== null) (value as Record<string, unknown>)[key] = weave(inner, coded, actor);
  }
  return value;
}
