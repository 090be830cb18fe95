import {
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  Kind,
  valueFromASTUntyped,
  type ArgumentNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValueNode,
} from "graphql";
import { Fault } from "../fault.js";
import { relationsOf } from "../entity/entity.js";
import { meaningOf, type Meaning } from "../read/meaning.js";

/**
 * What a question costs, in rows a database must touch divided by ten; pages multiply downwards.
 * The greatest cost is set so that every known document passes with room.
 */
const WEIGHTS = {
  /** A row of a page. */
  row: 0.1,
  /** A feature of a collection: narrow, and made without children. */
  feature: 0.02,
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
} as const;

export const MAX_COST = 2_000;

export interface Costed {
  path: string;
  cost: number;
}

interface Walk {
  schema: GraphQLSchema;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  variables: Record<string, unknown>;
  parts: Costed[];
  /** Whether a variable had a say in the cost. */
  varies: boolean;
}

const LINKS = new Set(["and", "or", "not"]);
const QUANTIFIERS = new Set(["some", "every", "none"]);

/** Costs of operations; one that no variable changes is computed once for its document. */
export class Costs {
  private readonly known = new WeakMap<OperationDefinitionNode, number>();

  constructor(private readonly schema: GraphQLSchema) {}

  /** What it costs. Faults: TOO_COSTLY, with the five costliest parts by path. */
  check(operation: OperationDefinitionNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>, variables: Record<string, unknown>): number {
    const known = this.known.get(operation);
    if (known !== undefined) return known;
    const root = this.schema.getRootType(operation.operation);
    if (!root) return 0;
    const defaults = Object.fromEntries((operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) => (defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [])));
    const walk: Walk = { schema: this.schema, fragments, variables: { ...defaults, ...variables }, parts: [], varies: false };
    const cost = Math.ceil(costOf(walk, operation.selectionSet, root, 1, ""));
    if (cost > MAX_COST) throw new Fault("TOO_COSTLY", { cost, maximum: MAX_COST, breakdown: walk.parts.toSorted((a, b) => b.cost - a.cost).slice(0, 5) });
    if (!walk.varies) this.known.set(operation, cost);
    return cost;
  }
}

function costOf(walk: Walk, set: SelectionSetNode, type: GraphQLNamedType, factor: number, path: string): number {
  let sum = 0;
  const add = (at: string, cost: number) => {
    if (cost <= 0) return;
    walk.parts.push({ path: at, cost: Math.ceil(cost) });
    sum += cost;
  };
  for (const selection of set.selections) {
    if (selection.kind !== Kind.FIELD) {
      const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? walk.fragments.get(selection.name.value) : selection;
      const condition = fragment?.typeCondition?.name.value;
      if (fragment) sum += costOf(walk, fragment.selectionSet, (condition && walk.schema.getType(condition)) || type, factor, path);
      continue;
    }
    const field = isObjectType(type) || isInterfaceType(type) ? type.getFields()[selection.name.value] : undefined;
    if (!field) continue;
    const here = path ? `${path}.${selection.name.value}` : selection.name.value;
    const size = sizeOf(walk, selection.arguments);
    const meaning = meaningOf(type.name, field.name);
    const kind = meaning?.kind;
    const filter = selection.arguments?.find((argument) => argument.name.value === "filter");
    if (filter) add(`${here}(filter:)`, factor * filterCost(walk, field, filter));
    if (kind === "features") add(here, size * WEIGHTS.feature);
    else if (kind === "counts") add(here, WEIGHTS.counts);
    else if (meaning?.kind === "report" || meaning?.kind === "reportFeatures") add(here, meaning.report.cost);
    else if (selection.name.value === "totalCount" || selection.name.value === "totalCountIsExact") add(here, factor === 1 ? WEIGHTS.total : (factor * WEIGHTS.total) / 100);
    else if (size > 0) add(here, factor * (size * WEIGHTS.row + (matches(meaning) ? WEIGHTS.match : 0)));
    if (selection.selectionSet) sum += costOf(walk, selection.selectionSet, getNamedType(field.type), factor * Math.max(size, 1), here);
  }
  return sum;
}

function sizeOf(walk: Walk, args: readonly ArgumentNode[] | undefined): number {
  const size = args?.find((argument) => argument.name.value === "first" || argument.name.value === "last")?.value;
  if (!size) return 0;
  if (size.kind === Kind.VARIABLE) walk.varies = true;
  const value = Number(valueFromASTUntyped(size, walk.variables));
  return Number.isFinite(value) && value > 0 ? value : 0;
}

function filterCost(walk: Walk, field: GraphQLField<unknown, unknown>, filter: ArgumentNode): number {
  const type = field.args.find((argument) => argument.name === "filter")?.type;
  return type ? writtenCost(walk, type, filter.value) : 0;
}

/** An entity's filter is told by its "and": what leads from one to another, or to a quantified list, is a relation. */
const leads = (type: GraphQLInputType) => {
  const named = getNamedType(type);
  return isInputObjectType(named) && ("and" in named.getFields() || "some" in named.getFields());
};

const memberCost = (on: string, key: string, type: GraphQLInputType, below: () => number): number => {
  if (LINKS.has(key)) return below();
  if (!leads(type)) return WEIGHTS.condition;
  if (QUANTIFIERS.has(key)) return below();
  return (matches(meaningOf(on, key)) ? WEIGHTS.matching : WEIGHTS.relation) + below();
};

/** Whether a field, or a condition, is on rows found by what they are. */
const matches = (meaning: Meaning | undefined) => meaning?.kind === "many" && relationsOf(meaning.entity)[meaning.name]?.match !== undefined;

/** Conditions as written in the document; only a variable that stands for conditions, not for a value, makes the cost vary. */
function writtenCost(walk: Walk, type: GraphQLInputType, node: ValueNode): number {
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return 0;
  if (node.kind === Kind.VARIABLE) {
    walk.varies = true;
    return givenCost(type, walk.variables[node.name.value]);
  }
  if (node.kind === Kind.LIST) return node.values.reduce((sum, member) => sum + writtenCost(walk, type, member), 0);
  if (node.kind !== Kind.OBJECT) return 0;
  return node.fields.reduce((sum, { name, value }) => {
    const at = named.getFields()[name.value]?.type;
    if (!at || value.kind === Kind.NULL) return sum;
    // The operators of a field may come as one variable: one condition more or less is not worth computing anew.
    return sum + memberCost(named.name, name.value, at, () => writtenCost(walk, at, value));
  }, 0);
}

/** Conditions as given in a variable. */
function givenCost(type: GraphQLInputType, value: unknown, depth = 0): number {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || typeof value !== "object" || value === null || depth > 20) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, member) => sum + givenCost(type, member, depth + 1), 0);
  return Object.entries(value).reduce((sum, [key, inner]) => {
    const at = named.getFields()[key]?.type;
    return at && inner !== null && inner !== undefined ? sum + memberCost(named.name, key, at, () => givenCost(at, inner, depth + 1)) : sum;
  }, 0);
}
