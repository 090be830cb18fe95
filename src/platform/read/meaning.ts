import type { Entity } from "../entity/entity.js";
import type { Report } from "../entity/report.js";

/** What a field of the schema stands for; written once when the types are made, read by both ways of answering. */
export type Meaning =
  | { kind: "id"; entity: Entity }
  | { kind: "field"; entity: Entity; name: string }
  | { kind: "one" | "many"; entity: Entity; name: string }
  | { kind: "versionAt"; versions: Entity }
  | { kind: "rootOne"; entity: Entity }
  | { kind: "rootList"; entity: Entity }
  | { kind: "counts"; entity: Entity }
  | { kind: "features"; entity: Entity }
  | { kind: "node" }
  | { kind: "acted"; entity: Entity; action: string }
  | { kind: "report"; report: Report }
  | { kind: "reportFeatures"; report: Report };

/** Key under which a row reached by its global id alone says which object type it is. */
export const TYPE = "objectType";

const meanings = new Map<string, Meaning>();

export const mean = (typeName: string, fieldName: string, meaning: Meaning) => meanings.set(`${typeName}.${fieldName}`, meaning);
export const meaningOf = (typeName: string, fieldName: string) => meanings.get(`${typeName}.${fieldName}`);

/** Object type names by entity and discriminating value; one entry with the empty value where the entity has no variants. */
const objectTypes = new Map<Entity, Map<string, string>>();

export function meanObjectType(entity: Entity, value: string, typeName: string): void {
  const known = objectTypes.get(entity) ?? new Map<string, string>();
  objectTypes.set(entity, known.set(value, typeName));
}

export const objectTypesOf = (entity: Entity): ReadonlyMap<string, string> => objectTypes.get(entity) ?? new Map();
