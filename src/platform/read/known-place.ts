import { entityNamed, fieldsOf, type Entity } from "../entity/entity.js";
import { ALL_DIGITS, audiencesOf, layerOf } from "./drawing.js";
import { fieldSql } from "./field-sql.js";
import { literal } from "./literal.js";
import { coarseLayersOf, type ReadSql } from "./read-sql.js";

/** The entity whose rows say how precisely which layer may be known to whom. */
const POLICIES = "CoordinatePolicy";

/** Whether a policy may keep the layer coarse from the caller. Where nobody has looked, it may. */
const mayBeCoarse = (layer: string, read: ReadSql): boolean => coarseLayersOf(read.actor)?.includes(layer) ?? true;

/** Decimals of a degree to which the caller may know a layer; asked once a statement. */
function digitsKnown(layer: string, read: ReadSql): string {
  const policies = entityNamed(POLICIES);
  // What is kept of an answer must not outlive the policy it was made by.
  if (policies) read.looksAt(policies);
  return `(select known_digits(${literal(layer)}, ${read.param("text[]", audiencesOf, "audiences")}))`;
}

/**
 * Where rows lie, as the caller may know it: the only thing conditions, distances, orders and groups may be made of. To those
 * from whom no policy keeps anything it is the stored geometry. To others every question is answered of the coarse place, so
 * that no sequence of them says more than the place that is given; a box widened by the digits lets the index find it.
 */
export class KnownPlace {
  private constructor(
    private readonly stored: string,
    private readonly digits: string | null,
  ) {}

  /** A geometry field on an alias. */
  static of(entity: Entity, name: string, alias: string, read: ReadSql): KnownPlace {
    const field = fieldsOf(entity)[name];
    if (field?.kind !== "geometry") throw new Error(`${entity.name} has no geometry ${name}`);
    return KnownPlace.ofLayer(fieldSql(name, field, alias, read), layerOf(field), read);
  }

  /** Any geometry of a layer's rows. */
  static ofLayer(stored: string, layer: string, read: ReadSql): KnownPlace {
    return new KnownPlace(stored, mayBeCoarse(layer, read) ? digitsKnown(layer, read) : null);
  }

  /** The place. */
  get sql(): string {
    return this.digits === null ? this.stored : `known_place(${this.stored}, ${this.digits})`;
  }

  /** The place as a column of that name. */
  as(name: string): string {
    return this.digits === null && this.stored.endsWith(`.${name}`) ? this.stored : `${this.sql} as ${name}`;
  }

  /** Whether the place may lie in a box of degrees: what an index answers. */
  near(box: string): string {
    return `${this.stored} && ${this.digits === null ? box : `st_expand(${box}, moved_by(${this.digits}))`}`;
  }

  /** A condition that can only hold of places that meet a geometry. */
  meets(question: string, condition: (place: string) => string): string {
    return this.digits === null ? condition(this.stored) : `(${this.near(question)} and ${condition(this.sql)})`;
  }
}

/** A value that tells of a place more than its digits do: null to whom a policy keeps the layer coarse. */
export const toldWithPlace = (value: string, layer: string, read: ReadSql): string => (mayBeCoarse(layer, read) ? `(case when ${digitsKnown(layer, read)} >= ${ALL_DIGITS} then ${value} end)` : value);

/** The record of a row with its geometries as the caller may know them, by the table it is of. */
export function recordKnown(record: string, table: string, entities: readonly Entity[], read: ReadSql): string {
  const kept = entities.flatMap((entity) => [...new Set(Object.values(fieldsOf(entity)).flatMap((field) => (field.kind === "geometry" ? [layerOf(field)] : [])))].filter((layer) => mayBeCoarse(layer, read)).map((layer) => ({ entity, layer })));
  if (kept.length === 0) return record;
  return `known_record(${record}, case ${table} ${kept.map(({ entity, layer }) => `when ${literal(entity.table)} then ${digitsKnown(layer, read)}`).join(" ")} else ${ALL_DIGITS} end)`;
}
