import type { Actor, Role } from "../actor.js";
import type { EnumType } from "./enumeration.js";
import type { ReadSql } from "../read/read-sql.js";

/** Chinese first, English beside; both are shown to clients as the description. */
export interface Description {
  zh: string;
  en: string;
}

/** One line for the schema: Chinese, then English. */
export const describe = ({ zh, en }: Description) => `${zh} / ${en}`;

/** How a value is stored, filtered and written in an answer. */
export type FieldKind =
  | "text"
  | "int"
  | "float"
  | "decimal"
  | "boolean"
  | "date"
  | "dateTime"
  | "enum"
  | "textList"
  | "json"
  | "geometry";

/** A row of an entity as ordinary execution sees it: GraphQL names, values as they leave in JSON. */
export type Row = Readonly<Record<string, unknown>> & { readonly uuid: string };

interface FieldBase extends Description {
  kind: FieldKind;
  enumeration?: EnumType;
  nullable?: boolean;
  /** Column name; snake case of the field's name unless given. */
  column?: string;
  /** Offered in the filter input. Every offered filter has an index or stands under one that has. */
  filter?: boolean;
  /** Offered in the order input. */
  sort?: boolean;
  /** Offered as a dimension of counts. */
  group?: boolean;
  /** Who sees the value in clear; others get null. Also refuses filter and sort by it. */
  mask?: (actor: Actor) => boolean;
}

/** A stored column. */
export interface ColumnField extends FieldBase {
  from: "column";
}

/** A value computed by SQL on the row's alias. Uses the request's clock, never now(). */
export interface SqlField extends FieldBase {
  from: "sql";
  sql: (alias: string, read: ReadSql) => string;
}

/** A value only code can compute, from columns of the row (named in `needs`) and the actor. */
export interface CodeField extends FieldBase {
  from: "code";
  needs: readonly string[];
  list?: boolean;
  compute: (row: Row, actor: Actor) => unknown;
}

export type Field = ColumnField | SqlField | CodeField;

/** A link to another entity. `owned`: who sees the one end sees the other, so scope is not asked again. */
export interface Relation extends Description {
  cardinality: "one" | "many";
  target: () => Entity;
  /** one: this entity's key column. many: the target's key column that points back here. */
  key: string;
  owned?: boolean;
  /** A further condition on the target's rows (many) — for example "in force at the effective instant". */
  where?: (alias: string, read: ReadSql) => string;
}

/**
 * Who sees rows of an entity.
 * shared: everybody, the public included. placed: by the grants' areas, sectors and own subjects.
 * through: as far as the row's `relation` is visible.
 */
export type Scope =
  | { kind: "shared"; public?: boolean }
  | { kind: "placed"; sector?: string; subject?: string; placeless?: boolean }
  | { kind: "through"; relation: string };

export interface EntityDeclaration extends Description {
  name: string;
  plural: string;
  table: string;
  pluralZh?: string;
  scope: Scope;
  /** Roles that may read at all; business readers unless given. */
  readers?: readonly Role[];
  /** Rows exist only as now recorded (append-only tables): as-of reads filter by this instant column. */
  appendOnly?: string;
  /** Natural order: field, direction; the id breaks ties. */
  order: readonly (readonly [field: string, direction: "asc" | "desc"])[];
  /** GraphQL interface shown for the table, with one object type per value of the discriminating column. */
  variants?: { column: string; types: Readonly<Record<string, Description & { name: string; fields: Readonly<Record<string, Field>>; relations?: Readonly<Record<string, Relation>> }>> };
  fields: Readonly<Record<string, Field>>;
  relations?: Readonly<Record<string, Relation>>;
  /** Order in which features are kept when a limit applies: most important first. */
  featureOrder?: (alias: string) => string;
  /** Columns that filters, scopes or computed fields name though no field shows them. */
  hiddenColumns?: readonly string[];
  /** Offers the root list and single fields unless false (rows that are read only beneath their parent). */
  root?: boolean;
}

export interface Entity extends Omit<EntityDeclaration, "relations"> {
  readonly relations: Record<string, Relation>;
  readonly prefix: string;
}

const entities = new Map<string, Entity>();

/** What every tracked row has. */
const kept: Readonly<Record<string, Field>> = {
  version: { from: "column", kind: "int", zh: "版本号,更新和流转时须带上读到的版本", en: "version; updates and transitions name the version they read" },
  createdAt: { from: "column", kind: "dateTime", zh: "登记时间", en: "time of registration", filter: true, sort: true },
  updatedAt: { from: "column", kind: "dateTime", zh: "最近变更时间", en: "time of the last change", filter: true, sort: true },
};

/** Registers an entity: the one declaration from which types, filters, loaders and statements are made. */
export function entity(declaration: EntityDeclaration): Entity {
  if (entities.has(declaration.name)) throw new Error(`entity ${declaration.name} is declared twice`);
  const made: Entity = {
    ...declaration,
    fields: declaration.appendOnly ? { ...declaration.fields } : { ...declaration.fields, ...kept },
    relations: { ...declaration.relations },
    prefix: `${declaration.name}_`,
  };
  entities.set(made.name, made);
  return made;
}

/** Adds a relation to an entity from the folder of the feature that knows both ends. */
export function relate(from: Entity, name: string, relation: Relation): void {
  if (from.relations[name] || from.fields[name]) throw new Error(`${from.name}.${name} is declared twice`);
  from.relations[name] = relation;
}

/** Adds a computed field to an entity from the folder of the feature that can compute it. */
export function extend(target: Entity, name: string, field: Field): void {
  if (target.relations[name] || target.fields[name]) throw new Error(`${target.name}.${name} is declared twice`);
  (target.fields as Record<string, Field>)[name] = field;
}

export const allEntities = (): readonly Entity[] => [...entities.values()];

export function entityNamed(name: string): Entity | undefined {
  return entities.get(name);
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const columnOf = (name: string, field: Pick<Field, "column">) => field.column ?? snake(name);

/** All fields of an entity, those of its variants included. */
export function fieldsOf(target: Entity): Record<string, Field> {
  const merged: Record<string, Field> = { ...target.fields };
  for (const variant of Object.values(target.variants?.types ?? {})) Object.assign(merged, variant.fields);
  return merged;
}

/** All relations of an entity, those of its variants included. */
export function relationsOf(target: Entity): Record<string, Relation> {
  const merged: Record<string, Relation> = { ...target.relations };
  for (const variant of Object.values(target.variants?.types ?? {})) Object.assign(merged, variant.relations);
  return merged;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Splits a global id into entity and UUID; undefined when it has not that shape. */
export function parseId(id: string): { entity: Entity; uuid: string } | undefined {
  const at = id.indexOf("_");
  const found = entities.get(id.slice(0, at));
  const uuid = id.slice(at + 1);
  return found && UUID.test(uuid) ? { entity: found, uuid } : undefined;
}

export const globalId = (target: Entity, uuid: string) => target.prefix + uuid;
