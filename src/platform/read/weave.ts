import { setImmediate as turn } from "node:timers/promises";
import type { Actor } from "../actor.js";
import type { CodeField, Row } from "../entity/entity.js";

/** Key under which a statement leaves the mark of a field that code computes. */
const MARK = "\u0000";

/** How a mark begins in an answer's text. No quotation mark stands bare within a text, so that it is met nowhere else. */
const MARKED = '{"\\u0000":';

/** How long others wait for a piece of work on an answer. */
const SLICE_MS = 8;

interface Marked {
  [MARK]: number;
  row: Row;
}

function computed({ [MARK]: mark, row }: Marked, coded: readonly CodeField[], actor: Actor): unknown {
  const field = coded[mark]!;
  const made = field.compute(row, actor) ?? null;
  if (made === null && !field.nullable) throw new Error(`a field that is never null was computed as null: ${field.en}`);
  return made;
}

/** Puts the values only code can compute in the places a statement marked for them. */
export function weave(value: unknown, coded: readonly CodeField[], actor: Actor): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (MARK in value) return computed(value as unknown as Marked, coded, actor);
  for (const [key, inner] of Object.entries(value)) {
    if (typeof inner === "object" && inner !== null) (value as Record<string, unknown>)[key] = weave(inner, coded, actor);
  }
  return value;
}

/**
 * The same in an answer's text: only what is marked is parsed, and others have their turn every few milliseconds,
 * since an answer may hold thousands of geometries.
 */
export async function weaveText(text: string, coded: readonly CodeField[], actor: Actor): Promise<string> {
  let at = coded.length > 0 ? text.indexOf(MARKED) : -1;
  if (at < 0) return text;
  const pieces: string[] = [];
  let from = 0;
  let since = performance.now();
  for (; at >= 0; at = text.indexOf(MARKED, from)) {
    const end = endOfObject(text, at);
    pieces.push(text.slice(from, at), JSON.stringify(computed(JSON.parse(text.slice(at, end)) as Marked, coded, actor)));
    from = end;
    if (performance.now() - since < SLICE_MS) continue;
    await turn();
    since = performance.now();
  }
  pieces.push(text.slice(from));
  return pieces.join("");
}

/** Does something to each of many, giving others their turn every few milliseconds. */
export async function inTurns<T, R>(items: readonly T[], each: (item: T) => R): Promise<R[]> {
  const made: R[] = [];
  let since = performance.now();
  for (const item of items) {
    made.push(each(item));
    if (performance.now() - since < SLICE_MS) continue;
    await turn();
    since = performance.now();
  }
  return made;
}

const [QUOTE, ESCAPE, OPEN, CLOSE] = ['"', "\\", "{", "}"].map((character) => character.charCodeAt(0)) as [number, number, number, number];

/** The place behind the object that begins at one, in sound JSON. */
function endOfObject(text: string, begin: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = begin; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === ESCAPE) at += 1;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === OPEN) depth += 1;
    else if (code === CLOSE && (depth -= 1) === 0) return at + 1;
  }
  throw new Error("an answer ends within an object");
}
