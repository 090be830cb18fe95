import type { Actor } from "../actor.js";
import { fieldsOf, type Description, type Entity, type Field } from "../entity/entity.js";
import { Fault } from "../fault.js";
import { mayBeTold } from "../read/field-sql.js";
import { ReadSql } from "../read/read-sql.js";
import { shownSql } from "../tiles/map-layer.js";
import { queryablesOf, type Queryables } from "../cql2/queryables.js";

/** What a collection of features is declared by. */
export interface Collection extends Description {
  id: string;
  entity: () => Entity;
  /** The geometry field shown; rows without a value are not of the collection. */
  geometry: string;
  /** Which of the entity's rows are of the collection, where not all are. */
  rows?: (alias: string, read: ReadSql) => string;
  kinds: readonly string[];
  /** Properties of each feature, by the entity's names. */
  fields: readonly string[];
  /** The field, or the first and (not included) last, that say when a feature is. */
  time?: string | readonly [from: string, to: string] | undefined;
  /** West, south, east, north within which positions can lie. */
  extent?: readonly [number, number, number, number] | undefined;
}

/** Bounds of what is accepted as lying in China; see the check `in_china`. */
const CHINA = [73, 3, 136, 54] as const;

/** A collection as one caller sees it. */
export interface Shown {
  collection: Collection;
  entity: Entity;
  /** Fields whose values are shown in clear. */
  properties: readonly (readonly [name: string, field: Field])[];
  geometry: Field;
  queryables: Queryables;
  sortables: readonly string[];
  time: readonly [from: string, to: string | undefined] | undefined;
  extent: readonly [number, number, number, number];
}

/** Collections of which the caller may see rows; others are not there for him. */
export function shownTo(actor: Actor, collections: readonly Collection[]): Shown[] {
  return collections.flatMap((collection) => {
    const entity = collection.entity();
    const read = new ReadSql(actor, "now");
    if (shownSql(collection, "t", read) === "false") return [];
    const fields = fieldsOf(entity);
    const fieldNamed = (name: string): Field => {
      const field = fields[name];
      if (!field || field.from === "code") throw new Error(`collection ${collection.id}: no field ${name} of ${entity.name} can be shown`);
      return field;
    };
    const { time } = collection;
    return [
      {
        collection,
        entity,
        properties: collection.fields.map((name) => [name, fieldNamed(name)] as const).filter(([, field]) => mayBeTold(field, actor)),
        geometry: fieldNamed(collection.geometry),
        queryables: queryablesOf(entity, collection.geometry, read),
        sortables: Object.entries(fields).flatMap(([name, field]) => (field.sort && mayBeTold(field, actor) ? [name] : [])),
        time: time === undefined ? undefined : typeof time === "string" ? [time, undefined] : time,
        extent: collection.extent ?? CHINA,
      },
    ];
  });
}

/** Fault: NOT_FOUND where there is none of that name for this caller. */
export function collectionNamed(id: string, shown: readonly Shown[]): Shown {
  const found = shown.find(({ collection }) => collection.id === id);
  if (!found) throw new Fault("NOT_FOUND", { collection: id });
  return found;
}
