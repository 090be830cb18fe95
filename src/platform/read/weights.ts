import type { Actor } from "../actor.js";
import type { Field } from "../entity/entity.js";
import { Fault } from "../fault.js";
import { ReadSql } from "./read-sql.js";

/**
 * What a question costs, in rows a database must touch divided by ten; pages multiply downwards. One scale for every door:
 * documents, tiles, legends, features. The greatest cost is set so that every known document passes with room.
 */
export const WEIGHTS = {
  /** A row of a page. */
  row: 0.1,
  /** A stored value of a row: what a wide selection writes is carried and held as often as there are rows. */
  value: 0.004,
  /** A document of a row, or a geometry that is a point. */
  bulk: 0.03,
  /** A line or an area of a row: some thousand positions. */
  spread: 5,
  /** A feature of a collection, made without children, and each of its properties. */
  feature: 0.04,
  property: 0.003,
  /** Counting to the bound of exact counts, for each list that asks. */
  total: 10,
  /** Grouping the rows in scope. */
  counts: 100,
  /** A condition on a relation: one look-up for each row considered. */
  relation: 20,
  /** Rows found by what they are and not by a key, an area by the points in it say: for each parent. */
  match: 1,
  /** A condition on such rows: one look-up in a box index and a comparison of shapes for each row considered. */
  matching: 100,
  /** A condition on a field. */
  condition: 0.5,
  /** A pattern that may stand anywhere in a text: no index serves it, and every row considered is looked through. */
  pattern: 12,
  /** A value of a list: every row considered is compared with it. */
  listed: 0.1,
  /** A place to lie in or to meet. */
  place: 3,
} as const;

export const MAX_COST = 2_000;

/** Values of a list that a condition has for nothing. */
const FEW_LISTED = 20;

export const listedCost = (values: number): number => Math.max(0, values - FEW_LISTED) * WEIGHTS.listed;

/** Rows are few that belong to a row already found: what is asked of each of them weighs a tenth. */
export const NARROW = 0.1;

/** Letters of a computed value that cost as much as a condition. */
const LETTERS_A_CONDITION = 80;

const lengths = new WeakMap<Field, number>();
const anybody: Actor = { id: "", kind: "CLIENT", name: "", personId: null, grants: [{ role: "AUDITOR", regionPath: "1", countyCode: "1", whole: "county", sectors: null, subjectId: null }] };

/** What computing a value of a row costs, by how much it is told in; nothing where it is stored. */
export function computedCost(field: Field): number {
  if (field.from !== "sql") return 0;
  let known = lengths.get(field);
  if (known === undefined) lengths.set(field, (known = field.sql("t", new ReadSql(anybody, "now")).length));
  return (known / LETTERS_A_CONDITION) * WEIGHTS.condition;
}

export interface Costed {
  path: string;
  cost: number;
}

/** The refusal of what costs too much, with the costliest parts. */
export const tooCostly = (cost: number, parts: readonly Costed[]): Fault => new Fault("TOO_COSTLY", { cost, maximum: MAX_COST, breakdown: parts.toSorted((a, b) => b.cost - a.cost).slice(0, 5) });
