import type { PoolClient } from "pg";
import type { Elsewhere, Input, InputField } from "../actions.js";
import type { Actor } from "../actor.js";
import { inOneWrite, statementOf } from "../db/prepared.js";
import type { Entity } from "../entity/entity.js";
import { Fault } from "../fault.js";
import { NO_HINTS } from "../read/hints.js";
import { objectSql } from "../read/json.js";
import { actorShape, ReadSql, type RequestValues } from "../read/read-sql.js";
import { carrierPairs } from "../read/statement.js";
import type { TakenRow } from "./unit.js";

/** A row that an input names. */
interface Citation {
  /** Where in the input. */
  field: string;
  entity: Entity;
  uuid: string;
  alsoFrom: readonly Elsewhere[];
}

/** Rows an action was given by id, by entity and UUID. */
export type CitedRows = ReadonlyMap<string, TakenRow>;

export const citedKey = (entity: Entity, uuid: string) => `${entity.name}:${uuid}`;

/** Every row a checked input names, however deep, in the order of the declaration. */
export function citationsIn(fields: Readonly<Record<string, InputField>>, input: Input, path = "input"): Citation[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const value = input[name];
    if ((field.kind !== "id" && field.kind !== "object") || value === undefined || value === null) return [];
    const at = `${path}.${name}`;
    const values: [unknown, string][] = field.list ? (value as unknown[]).map((item, index) => [item, `${at}.${index}`]) : [[value, at]];
    return values.flatMap(([item, where]) => {
      if (field.kind === "object") return citationsIn(field.fields!, item as Input, where);
      return [{ field: where, entity: field.of!(), uuid: item as string, alsoFrom: field.alsoFrom ?? [] }];
    });
  });
}

/**
 * Sees what an input names, as far as the caller does: one round trip, whatever the number. What is out of sight and what
 * is not there are told alike, before any constraint of the database could tell them apart. Faults: NOT_FOUND with the place in the input.
 */
export async function seeCited(client: PoolClient, values: RequestValues, citations: readonly Citation[]): Promise<CitedRows> {
  const found = new Map<string, TakenRow>();
  if (citations.length === 0) return found;
  const groups = new Map<LookingUp, Citation[]>();
  for (const citation of citations) {
    const lookUp = lookingUp(citation.entity, citation.alsoFrom, values.actor);
    groups.set(lookUp, [...(groups.get(lookUp) ?? []), citation]);
  }
  const answers = await inOneWrite(client, () => [...groups].map(([looking, cited]) => rowsBy(client, looking, values, [...new Set(cited.map(({ uuid }) => uuid))])));
  const seen = new Set<Citation>();
  for (const [index, cited] of [...groups.values()].entries()) {
    const rows = answers[index]!;
    for (const citation of cited) {
      const row = rows.get(citation.uuid);
      if (!row) continue;
      seen.add(citation);
      found.set(citedKey(citation.entity, citation.uuid), row);
    }
  }
  const missing = citations.find((citation) => !seen.has(citation));
  if (missing) throw notCited(missing.entity, missing.field);
  return found;
}

/** Rows of one entity as far as the caller sees them, by their UUID. */
export const seeRows = (client: PoolClient, values: RequestValues, entity: Entity, uuids: readonly string[]) => rowsBy(client, lookingUp(entity, [], values.actor), values, uuids);

async function rowsBy(client: PoolClient, { text, read }: LookingUp, values: RequestValues, uuids: readonly string[]): Promise<Map<string, TakenRow>> {
  const { rows } = await client.query(statementOf(text, [uuids, ...read.bind(values)]));
  return new Map((rows as { row: TakenRow }[]).map(({ row }) => [row.uuid, row]));
}

/** The one refusal of what is not there and of what the caller does not see. */
export const notCited = (entity: Entity, field: string) => new Fault("NOT_FOUND", { entity: entity.name, field });

/** The condition under which a row may be named: it is seen, or comes from where the declaration says. */
export const nameableSql = (entity: Entity, alsoFrom: readonly Elsewhere[], alias: string, read: ReadSql) =>
  `(${[read.scope(entity, alias), ...alsoFrom.map(({ admits }) => admits(alias, read))].join(" or ")})`;

interface LookingUp {
  text: string;
  read: ReadSql;
}

const lookups = new WeakMap<Entity, Map<string, LookingUp>>();
const numbers = new WeakMap<Elsewhere, number>();
let numbered = 0;

/** A name of our own for a kind, so that statements are remembered by it. */
function numberOf(kind: Elsewhere): number {
  const known = numbers.get(kind);
  if (known !== undefined) return known;
  numbers.set(kind, (numbered += 1));
  return numbered;
}

/** The statement that looks rows up, the same for all actors of one shape. */
function lookingUp(entity: Entity, alsoFrom: readonly Elsewhere[], actor: Actor): LookingUp {
  const known = lookups.get(entity) ?? new Map<string, LookingUp>();
  lookups.set(entity, known);
  const key = `${alsoFrom.map(numberOf).join()}|${actorShape(actor)}`;
  let made = known.get(key);
  if (!made) {
    const read = new ReadSql(actor, "now", [], NO_HINTS, 1, true);
    const nameable = nameableSql(entity, alsoFrom, "e", read);
    made = { read, text: `select ${objectSql(carrierPairs(entity, "e", read), read)} as row from ${entity.table} e where e.id = any($1::uuid[]) and ${nameable}` };
    known.set(key, made);
  }
  return made;
}
