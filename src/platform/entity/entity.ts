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

/**
 * Who sees a value in clear, decided for each row by the grants that cover it: whoever sees one row by another role sees
 * nothing more of this one for it.
 */
export interface Clear {
  to: readonly Role[];
  /** Also of rows that lie above the area of such a grant: the line of supervision upwards. */
  above?: true;
  /** The rows it is about; of others everybody sees the value. */
  only?: (alias: string) => string;
  /** The entity it is a value of; known once declared. */
  of?: string;
}

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
  /** A geometry: the layer whose policy says how precisely it is given; the entity's own name unless told. */
  layer?: string;
  /** Who sees the value in clear; it is null for others, in answers, conditions, orders and groups alike. */
  clear?: Clear;
  /** A geometry: lines or areas, which may have thousands of positions. */
  spread?: boolean;
  /** Left out of the properties of features: what one reads of a single object, not of five thousand. */
  besideFeatures?: boolean;
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
  /** It also needs to know which of the actor's grants cover the row. */
  covering?: true;
  list?: boolean;
  compute: (row: Row, actor: Actor) => unknown;
}

export type Field = ColumnField | SqlField | CodeField;

interface RelationBase extends Description {
  target: () => Entity;
  /** Who sees the one end sees the other, so scope is not asked again. */
  owned?: boolean;
  /** Rows whose link is told to nobody: it is kept, and by every door as if there were none. */
  sealed?: (alias: string) => string;
  /** A further condition on the target's rows (many) — for example "in force at the effective instant". */
  where?: (alias: string, read: ReadSql) => string;
}

/** A link by key. one: this entity's key column. many: the target's key column that points back here. */
export interface KeyRelation extends RelationBase {
  cardinality: "one" | "many";
  key: string;
  match?: undefined;
}

/**
 * A link by what both rows are, not by a key either holds: "lies in", "is named by". Both aliases stand for rows at the
 * instant asked for. Written so that an index of the target answers it, in the target's history as well.
 */
export interface MatchRelation extends RelationBase {
  cardinality: "many";
  key?: undefined;
  match: (from: string, to: string, read: ReadSql) => string;
}

/** The key of a to-one link on an alias, as far as it is told. */
export const keySql = ({ key, sealed }: Pick<Relation, "key" | "sealed">, alias: string): string => (sealed ? `(case when not (${sealed(alias)}) then ${alias}.${key} end)` : `${alias}.${key}`);

/** Under which key a row tells which of the actor's grants cover it, by their place among them. */
export const COVERING = "grants:covering";

/** A link to another entity. */
export type Relation = KeyRelation | MatchRelation;

/** The condition that joins the rows of a to-many relation to the row they belong to. */
export const linkSql = (relation: Relation, from: string, to: string, read: ReadSql): string => (relation.match ? relation.match(from, to, read) : `${to}.${relation.key} = ${from}.id`);

/** The to-one links of an entity with their key columns. */
export const linksOf = (target: Entity): [name: string, relation: KeyRelation][] =>
  Object.entries(relationsOf(target)).filter((entry): entry is [string, KeyRelation] => entry[1].cardinality === "one");

/**
 * Whose a row is that all may read: who changes it acts for an area that covers its owner's.
 * itself: the row is a place. tree: the whole tree's, which who acts for its top changes.
 * Otherwise by a to-one relation: to the place it belongs to (the whole tree's where it names none), or to the row whose owner is its own.
 */
export type Owner = "itself" | "tree" | { relation: string };

/**
 * Who sees rows of an entity.
 * shared: everybody, the public included; what writes one needs its owner. placed: by the grants' areas, sectors and own subjects.
 * A placed row with `maker` is seen by who made it as well, wherever it lies.
 * through: as far as the row's `relation` is visible. cited: by who made it, and as far as any row that cites it is visible.
 */
export type Scope =
  | { kind: "shared"; public?: boolean; owner?: Owner }
  | { kind: "placed"; sector?: string; subject?: string; placeless?: boolean; maker?: boolean }
  | { kind: "through"; relation: string }
  | { kind: "cited" };

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
  /** The geometry features show and spatial conditions speak of; the first one unless told. */
  place?: string;
  /** Order in which features are kept when a limit applies: most important first. */
  featureOrder?: (alias: string, read: ReadSql) => string;
  /** Columns that filters, scopes or computed fields name though no field shows them. */
  hiddenColumns?: readonly string[];
  /** Name of the type its versions are shown as; its own name with "Version" unless given. */
  versionsName?: string;
  /** Offers the root list and single fields unless false (rows that are read only beneath their parent). */
  root?: boolean;
  /** Declared by the one entity that is the tree every placed row lies in. */
  tree?: Tree;
}

/** The tree of places: columns of its table, and by which column of a placed row the subtree of a node is found. */
export interface Tree {
  path: string;
  level: string;
  /** Level of a node to the column of placed rows that equals `of` the node for the rows below it and no others. */
  narrows: Readonly<Record<string, { column: PlaceColumn; of: "id" | "county_code" }>>;
  /** Levels rows can be counted by, with the column of placed rows that holds the id of their node, where there is one. */
  counts: Readonly<Record<string, Description & { column?: PlaceColumn }>>;
}

/** Columns the database fills on every row that lies somewhere. */
export type PlaceColumn = "region_id" | "town_id" | "county_code";

export interface Entity extends Omit<EntityDeclaration, "relations"> {
  readonly relations: Record<string, Relation>;
  readonly prefix: string;
  /** Set on the entity that stands for the versions of another's rows. */
  readonly versionsOf?: Entity;
  /** Set on what stands for the rows of a report: they have no id. */
  readonly report?: true;
}

const entities = new Map<string, Entity>();

/** What every tracked row has. */
const kept: Readonly<Record<string, Field>> = {
  version: { from: "column", kind: "int", zh: "版本号,更新和流转时须带上读到的版本", en: "version; updates and transitions name the version they read" },
  createdAt: { from: "column", kind: "dateTime", zh: "登记时间", en: "time of registration", filter: true, sort: true },
  updatedAt: { from: "column", kind: "dateTime", zh: "最近变更时间", en: "time of the last change", filter: true, sort: true },
};

/** Geometries know their layer and values not for everybody their entity, so that neither its policy nor its grants can be forgotten wherever they are shown. */
export const layered = (fields: Readonly<Record<string, Field>>, of: string): Record<string, Field> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.kind === "geometry" ? { ...field, layer: field.layer ?? of } : field.clear ? { ...field, clear: { ...field.clear, of: field.clear.of ?? of } } : field]));

/** Registers an entity: the one declaration from which types, filters, loaders and statements are made. */
export function entity(declaration: EntityDeclaration): Entity {
  if (entities.has(declaration.name)) throw new Error(`entity ${declaration.name} is declared twice`);
  const fields = layered(declaration.fields, declaration.name);
  const made: Entity = {
    ...declaration,
    fields: declaration.appendOnly ? fields : { ...fields, ...kept },
    relations: { ...declaration.relations },
    prefix: `${declaration.name}_`,
  };
  for (const variant of Object.values(made.variants?.types ?? {})) Object.assign(variant.fields, layered(variant.fields, made.name));
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
  Object.assign(target.fields, layered({ [name]: field }, target.name));
}

/** Gives one variant of an entity the fields and relations that only rows of its kind have; their columns stand in the entity's table. */
export function vary(target: Entity, variant: string, { fields = {}, relations = {} }: { fields?: Readonly<Record<string, Field>>; relations?: Readonly<Record<string, Relation>> }): void {
  const type = target.variants?.types[variant];
  if (!type) throw new Error(`${target.name} has no variant ${variant}`);
  for (const name of [...Object.keys(fields), ...Object.keys(relations)]) if (target.fields[name] || target.relations[name]) throw new Error(`${target.name}.${name} is declared twice`);
  Object.assign(type, { fields: { ...type.fields, ...layered(fields, target.name) }, relations: { ...type.relations, ...relations } });
}

export const allEntities = (): readonly Entity[] => [...entities.values()];

export function entityNamed(name: string): Entity | undefined {
  return entities.get(name);
}

/** The links by which rows of other entities cite rows of this one. */
export const citationsOf = (target: Entity): [from: Entity, relation: KeyRelation][] =>
  allEntities().flatMap((from) => {
    const links = from.versionsOf ? [] : linksOf(from).filter(([, relation]) => relation.target() === target);
    return links.map(([, relation]): [Entity, KeyRelation] => [from, relation]);
  });

/** The entity whose rows are the tree of places. */
export function placeTree(): Entity & { tree: Tree } {
  const found = allEntities().find((candidate) => candidate.tree);
  if (!found) throw new Error("no entity declares the tree of places");
  return found as Entity & { tree: Tree };
}

/**
 * Gives every tracked entity that stands at the root its `versions`: the rows it was, newest first. Called once, when all are declared.
 * @param seesActor roles to whom it is told by whom a version was made.
 */
export function declareVersions(seesActor: readonly Role[]): void {
  for (const base of allEntities()) {
    if (base.appendOnly || base.root === false || base.versionsOf) continue;
    const columns = Object.entries(fieldsOf(base)).filter(([name, field]) => field.from === "column" && name !== "version");
    const links = linksOf(base);
    const name = base.versionsName ?? `${base.name}Version`;
    if (entities.has(name)) throw new Error(`entity ${name} is declared twice: give ${base.name} a versionsName`);
    const made: Entity = {
      name,
      zh: `${base.zh}的版本`,
      en: `version of: ${base.en}`,
      plural: `${base.plural}Versions`,
      table: base.table,
      scope: { kind: "shared" },
      order: [["recordedFrom", "desc"]],
      root: false,
      versionsOf: base,
      prefix: `${name}_`,
      fields: {
        version: { from: "column", kind: "int", zh: "版本号", en: "version" },
        recordedFrom: { from: "column", kind: "dateTime", zh: "记录起", en: "recorded from" },
        recordedTo: { from: "column", kind: "dateTime", zh: "记录止(不含);仍在用者为空", en: "recorded to, exclusive; null while it stands", nullable: true },
        action: { from: "sql", kind: "text", zh: "形成此版本的操作", en: "the action that made this version", nullable: true, sql: (alias) => `(select c.action from change_events c where c.entity_id = ${alias}.id and c.version = ${alias}.version limit 1)` },
        changedBy: { from: "sql", kind: "text", zh: "何人(系统)所为", en: "by whom it was made", nullable: true, clear: { to: seesActor, of: base.name }, sql: (alias) => `(select a.actor_name from change_events c join audit_events a on a.id = c.event_id where c.entity_id = ${alias}.id and c.version = ${alias}.version limit 1)` },
        ...Object.fromEntries(columns.map(([name, field]) => [name, { ...field, nullable: true, filter: false, sort: false, group: false } as Field])),
      },
      relations: Object.fromEntries(links),
    };
    entities.set(made.name, made);
    relate(base, "versions", { cardinality: "many", target: () => made, key: "id", owned: true, zh: "历次版本,新者在前", en: "its versions, newest first" });
  }
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
export const columnOf = (name: string, field: Pick<Field, "column">) => field.column ?? snake(name);

/** All fields of an entity, those of its variants included. */
export function fieldsOf(target: Entity): Record<string, Field> {
  const merged: Record<string, Field> = { ...target.fields };
  for (const variant of Object.values(target.variants?.types ?? {})) Object.assign(merged, variant.fields);
  return merged;
}

/** The geometry features show and spatial conditions speak of. */
export function placeFieldOf(target: Entity): readonly [name: string, field: Field] {
  const fields = Object.entries(fieldsOf(target));
  const found = fields.find(([name, field]) => (target.place ? name === target.place : field.kind === "geometry"));
  if (!found) throw new Error(`${target.name} has no geometry`);
  return found;
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
