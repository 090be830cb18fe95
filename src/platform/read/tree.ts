import {
  Kind,
  getArgumentValues,
  getDirectiveValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  getNamedType,
  isAbstractType,
  isObjectType,
  typeFromAST,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import { allEntities, fieldsOf, relationsOf, type CodeField, type Entity, type Relation } from "../entity/entity.js";
import type { Report } from "../entity/report.js";
import { shiftedGeometry } from "./drawing.js";
import { meaningOf, objectTypesOf, type Meaning } from "./meaning.js";

/** A response key: a constant of the schema, or an alias of the client's (bound as a value, never written as text). */
export interface Item {
  key: string;
  aliased: boolean;
  part: Part;
}

export type Part =
  | { kind: "typename"; value: string }
  | { kind: "variantName"; entity: Entity }
  | { kind: "id"; entity: Entity }
  | { kind: "column"; entity: Entity; name: string }
  | { kind: "code"; entity: Entity; field: CodeField; mark: number }
  | { kind: "one"; relation: Relation; selection: Selection }
  | { kind: "list"; entity: Entity; relation: Relation | null; site: number; connection: ConnectionItem[] }
  | { kind: "versionAt"; site: number; selection: Selection }
  | { kind: "single"; entity: Entity; site: number; selection: Selection }
  | { kind: "node"; site: number; selections: Map<Entity, Selection> }
  | { kind: "counts"; entity: Entity; site: number; items: CountItem[] }
  | { kind: "drawn"; entity: Entity; name: string; site: number; mark: number }
  | { kind: "features"; entity: Entity; site: number; mark: number }
  | { kind: "reportFeatures"; report: Report; site: number; mark: number }
  | { kind: "report"; report: Report; site: number; selection: Selection };

/** The selection on a row: one list of items, or one per variant of an interface. */
export interface Selection {
  entity: Entity;
  items: Item[] | null;
  variants: Map<string, Item[]> | null;
}

export interface ConnectionItem {
  key: string;
  aliased: boolean;
  part:
    | { kind: "typename"; value: string }
    | { kind: "edges"; items: { key: string; aliased: boolean; part: { kind: "typename"; value: string } | { kind: "cursor" } | { kind: "node"; selection: Selection } }[] }
    | { kind: "nodes"; selection: Selection }
    | { kind: "pageInfo"; items: { key: string; aliased: boolean; name: string }[] }
    | { kind: "totalCount" | "totalCountIsExact" };
}

export interface CountItem {
  key: string;
  aliased: boolean;
  part: { kind: "typename"; value: string } | { kind: "count" } | { kind: "dimension"; name: string } | { kind: "region"; selection: Selection };
}

/** Where arguments stand; values are read from each request anew. */
export interface Site {
  field: GraphQLField<unknown, unknown>;
  node: FieldNode;
  /** Arguments whose values choose the text. */
  chosen?: ReadonlySet<string>;
  varies?: boolean;
  /** The arguments, where no variable stands in them. */
  constant?: Record<string, unknown>;
}

export interface Tree {
  items: Item[];
  sites: Site[];
  /** Fields only code can compute, by their mark: the statement brings what they need, code puts the value in its place. */
  coded: CodeField[];
  /** Parts it is made of, at every depth. */
  size: number;
}

/** Thrown (and caught by the caller) when an operation holds something no statement can answer: introspection. */
export class NeedsCode extends Error {}

interface Walk {
  schema: GraphQLSchema;
  fragments: Record<string, FragmentDefinitionNode>;
  variables: Record<string, unknown>;
  sites: Site[];
  coded: CodeField[];
  size: number;
}

/** Walks an operation's selection against the declarations. Throws NeedsCode where ordinary execution must answer. */
export function treeOf(schema: GraphQLSchema, root: GraphQLObjectType, selection: SelectionSetNode, fragments: Record<string, FragmentDefinitionNode>, variables: Record<string, unknown>): Tree {
  const walk: Walk = { schema, fragments, variables, sites: [], coded: [], size: 0 };
  return { items: itemsOn(walk, root, [selection]), sites: walk.sites, coded: walk.coded, size: walk.size };
}

/** Fields of one object type by response key, as the specification's CollectFields merges them. */
function collect(walk: Walk, type: GraphQLObjectType, sets: readonly SelectionSetNode[], into = new Map<string, FieldNode[]>(), seen = new Set<string>()): Map<string, FieldNode[]> {
  for (const set of sets)
    for (const selection of set.selections) {
      if (getDirectiveValues(GraphQLSkipDirective, selection, walk.variables)?.["if"] === true) continue;
      if (getDirectiveValues(GraphQLIncludeDirective, selection, walk.variables)?.["if"] === false) continue;
      if (selection.kind === Kind.FIELD) {
        walk.size += 1;
        const key = selection.alias?.value ?? selection.name.value;
        const known = into.get(key);
        if (known) known.push(selection);
        else into.set(key, [selection]);
        continue;
      }
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? walk.fragments[selection.name.value] : selection;
      if (!fragment || (selection.kind === Kind.FRAGMENT_SPREAD && seen.has(selection.name.value))) continue;
      if (selection.kind === Kind.FRAGMENT_SPREAD) seen.add(selection.name.value);
      const condition = fragment.typeCondition && typeFromAST(walk.schema, fragment.typeCondition);
      if (condition && condition !== type && !(isAbstractType(condition) && walk.schema.isSubType(condition, type))) continue;
      collect(walk, type, [fragment.selectionSet], into, seen);
    }
  return into;
}

const subsets = (nodes: readonly FieldNode[]) => nodes.flatMap((node) => (node.selectionSet ? [node.selectionSet] : []));
const label = (key: string, node: FieldNode) => ({ key, aliased: key !== node.name.value });

function itemsOn(walk: Walk, type: GraphQLObjectType, sets: readonly SelectionSetNode[]): Item[] {
  return [...collect(walk, type, sets)].map(([key, nodes]) => {
    const node = nodes[0]!;
    if (node.name.value === "__typename") return { ...label(key, node), part: { kind: "typename", value: type.name } };
    const field = type.getFields()[node.name.value];
    const meaning = meaningOf(type.name, node.name.value);
    if (!field || !meaning) throw new NeedsCode(`${type.name}.${node.name.value}`);
    return { ...label(key, node), part: partOf(walk, meaning, field, nodes) };
  });
}

function site(walk: Walk, field: GraphQLField<unknown, unknown>, node: FieldNode): number {
  walk.sites.push({ field, node });
  return walk.sites.length - 1;
}

/** Where the arguments of a geometry stand, and the mark code finds its work by; which system is asked for chooses the text. */
function drawing(walk: Walk, field: GraphQLField<unknown, unknown>, node: FieldNode, shapes: readonly string[] = []) {
  const at = site(walk, field, node);
  walk.sites[at]!.chosen = new Set(["crs", ...shapes]);
  return { site: at, mark: walk.coded.push(shiftedGeometry) - 1 };
}

function partOf(walk: Walk, meaning: Meaning, field: GraphQLField<unknown, unknown>, nodes: readonly FieldNode[]): Part {
  const node = nodes[0]!;
  switch (meaning.kind) {
    case "id":
      return { kind: "id", entity: meaning.entity };
    case "field": {
      const declared = fieldsOf(meaning.entity)[meaning.name];
      if (!declared) throw new NeedsCode(meaning.name);
      if (declared.kind === "geometry" && (node.arguments?.length ?? 0) > 0) return { kind: "drawn", entity: meaning.entity, name: meaning.name, ...drawing(walk, field, node) };
      if (declared.from === "code") return { kind: "code", entity: meaning.entity, field: declared, mark: walk.coded.push(declared) - 1 };
      return { kind: "column", entity: meaning.entity, name: meaning.name };
    }
    case "one": {
      const relation = relationsOf(meaning.entity)[meaning.name]!;
      return { kind: "one", relation, selection: selectionOn(walk, relation.target(), subsets(nodes)) };
    }
    case "many": {
      const relation = relationsOf(meaning.entity)[meaning.name]!;
      const at = site(walk, field, node);
      return { kind: "list", entity: relation.target(), relation, site: at, connection: connectionOf(walk, relation.target(), field, nodes) };
    }
    case "versionAt": {
      const at = site(walk, field, node);
      return { kind: "versionAt", site: at, selection: selectionOn(walk, meaning.versions, subsets(nodes)) };
    }
    case "rootList": {
      const at = site(walk, field, node);
      return { kind: "list", entity: meaning.entity, relation: null, site: at, connection: connectionOf(walk, meaning.entity, field, nodes) };
    }
    // What an action gives is its row, read when the deed is done.
    case "acted":
    case "rootOne": {
      const at = site(walk, field, node);
      return { kind: "single", entity: meaning.entity, site: at, selection: selectionOn(walk, meaning.entity, subsets(nodes)) };
    }
    case "node":
      return { kind: "node", site: site(walk, field, node), selections: nodeSelections(walk, subsets(nodes)) };
    case "report": {
      const at = site(walk, field, node);
      walk.sites[at]!.chosen = new Set(meaning.report.shapes);
      return { kind: "report", report: meaning.report, site: at, selection: selectionOn(walk, meaning.report.row, subsets(nodes)) };
    }
    case "counts":
      return { kind: "counts", entity: meaning.entity, site: site(walk, field, node), items: countItems(walk, field, nodes) };
    case "features":
      return { kind: "features", entity: meaning.entity, ...drawing(walk, field, node) };
    case "reportFeatures":
      return { kind: "reportFeatures", report: meaning.report, ...drawing(walk, field, node, meaning.report.shapes) };
  }
}

/** Which entity a node is only its id will tell: the selection on each. */
const nodeSelections = (walk: Walk, sets: readonly SelectionSetNode[]) =>
  new Map(allEntities().filter((entity) => !entity.versionsOf).map((entity) => [entity, selectionOn(walk, entity, sets)]));

/** The selection on rows of an entity; variants are told apart only where a fragment tells them apart. */
export function selectionOn(walk: Walk, entity: Entity, sets: readonly SelectionSetNode[]): Selection {
  const types = objectTypesOf(entity);
  if (!entity.variants) {
    const only = walk.schema.getType(types.get("")!);
    if (!isObjectType(only)) throw new NeedsCode(entity.name);
    return { entity, items: itemsOn(walk, only, sets), variants: null };
  }
  // Most selections ask the same of every variant: then one walk serves them all.
  if (!tellsApart(walk, sets, new Set(types.values()))) {
    const any = walk.schema.getType([...types.values()][0]!);
    if (!isObjectType(any)) throw new NeedsCode(entity.name);
    const items = itemsOn(walk, any, sets).map((item): Item => (item.part.kind === "typename" ? { ...item, part: { kind: "variantName", entity } } : item));
    return { entity, items, variants: null };
  }
  const variants = new Map<string, Item[]>();
  for (const [value, name] of types) {
    const type = walk.schema.getType(name);
    if (!isObjectType(type)) throw new NeedsCode(name);
    variants.set(value, itemsOn(walk, type, sets));
  }
  return { entity, items: null, variants };
}

/** Whether a fragment at this level holds for some of the types only. */
const tellsApart = (walk: Walk, sets: readonly SelectionSetNode[], types: ReadonlySet<string>): boolean =>
  sets.some((set) =>
    set.selections.some((selection) => {
      if (selection.kind === Kind.FIELD) return false;
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? walk.fragments[selection.name.value] : selection;
      return fragment !== undefined && (types.has(fragment.typeCondition?.name.value ?? "") || tellsApart(walk, [fragment.selectionSet], types));
    }),
  );

const objectUnder = (field: GraphQLField<unknown, unknown>) => {
  const type = getNamedType(field.type);
  if (!isObjectType(type)) throw new NeedsCode(field.name);
  return type;
};

function connectionOf(walk: Walk, entity: Entity, field: GraphQLField<unknown, unknown>, nodes: readonly FieldNode[]): ConnectionItem[] {
  const type = objectUnder(field);
  return [...collect(walk, type, subsets(nodes))].map(([key, inner]): ConnectionItem => {
    const node = inner[0]!;
    const name = node.name.value;
    const at = label(key, node);
    switch (name) {
      case "__typename":
        return { ...at, part: { kind: "typename", value: type.name } };
      case "nodes":
        return { ...at, part: { kind: "nodes", selection: selectionOn(walk, entity, subsets(inner)) } };
      case "totalCount":
      case "totalCountIsExact":
        return { ...at, part: { kind: name } };
      case "pageInfo":
        return { ...at, part: { kind: "pageInfo", items: [...collect(walk, objectUnder(type.getFields()["pageInfo"]!), subsets(inner))].map(([k, [n]]) => ({ ...label(k, n!), name: n!.name.value })) } };
      default: {
        const edge = objectUnder(type.getFields()["edges"]!);
        const items = [...collect(walk, edge, subsets(inner))].map(([k, ns]) => {
          const n = ns[0]!;
          const on = label(k, n);
          if (n.name.value === "__typename") return { ...on, part: { kind: "typename" as const, value: edge.name } };
          if (n.name.value === "cursor") return { ...on, part: { kind: "cursor" as const } };
          return { ...on, part: { kind: "node" as const, selection: selectionOn(walk, entity, subsets(ns)) } };
        });
        return { ...at, part: { kind: "edges", items } };
      }
    }
  });
}

function countItems(walk: Walk, field: GraphQLField<unknown, unknown>, nodes: readonly FieldNode[]): CountItem[] {
  const type = objectUnder(field);
  return [...collect(walk, type, subsets(nodes))].map(([key, inner]): CountItem => {
    const node = inner[0]!;
    const name = node.name.value;
    const at = label(key, node);
    if (name === "__typename") return { ...at, part: { kind: "typename", value: type.name } };
    if (name === "count") return { ...at, part: { kind: "count" } };
    if (name === "region") {
      const meaning = meaningOf(type.name, "region");
      if (meaning?.kind !== "id") throw new NeedsCode("region");
      return { ...at, part: { kind: "region", selection: selectionOn(walk, meaning.entity, subsets(inner)) } };
    }
    return { ...at, part: { kind: "dimension", name } };
  });
}

/** Coerced arguments of every site for one request; those in which no variable stands are the same for all. */
export const argumentsAt = (sites: readonly Site[], variables: Record<string, unknown>): Record<string, unknown>[] =>
  sites.map((at) => {
    if (at.constant) return at.constant;
    const values = getArgumentValues(at.field, at.node, variables) as Record<string, unknown>;
    at.varies ??= (at.node.arguments ?? []).some(({ value }) => holdsVariable(value));
    if (!at.varies) at.constant = values;
    return values;
  });

const holdsVariable = (value: ValueNode): boolean =>
  value.kind === Kind.VARIABLE || (value.kind === Kind.LIST && value.values.some(holdsVariable)) || (value.kind === Kind.OBJECT && value.fields.some((field) => holdsVariable(field.value)));
