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
} from "graphql";
import { Fault } from "../fault.js";
import { meaningOf } from "../read/meaning.js";

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

  /** Faults: TOO_COSTLY, with the five costliest parts by path. */
  check(operation: OperationDefinitionNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>, variables: Record<string, unknown>): void {
    if (this.known.has(operation)) return;
    const root = this.schema.getRootType(operation.operation);
    if (!root) return;
    const defaults = Object.fromEntries((operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) => (defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [])));
    const walk: Walk = { schema: this.schema, fragments, variables: { ...defaults, ...variables }, parts: [], varies: false };
    const cost = Math.ceil(costOf(walk, operation.selectionSet, root, 1, ""));
    if (cost > MAX_COST) throw new Fault("TOO_COSTLY", { cost, maximum: MAX_COST, breakdown: walk.parts.toSorted((a, b) => b.cost - a.cost).slice(0, 5) });
    if (!walk.varies) this.known.set(operation, cost);
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
    const kind = meaningOf(type.name, field.name)?.kind;
    const filter = selection.arguments?.find((argument) => argument.name.value === "filter");
    if (filter) add(`${here}(filter:)`, factor * filterCost(walk, field, filter));
    if (kind === "features") add(here, size * WEIGHTS.feature);
    else if (kind === "counts") add(here, WEIGHTS.counts);
    else if (selection.name.value === "totalCount" || selection.name.value === "totalCountIsExact") add(here, factor === 1 ? WEIGHTS.total : (factor * WEIGHTS.total) / 100);
    else if (size > 0) add(here, factor * size * WEIGHTS.row);
    if (selection.selectionSet) sum += costOf(walk, selection.selectionSet, getNamedType(field.type), factor * Math.max(size, 1), here);
  }
  return sum;
}

function valueOf(walk: Walk, argument: ArgumentNode): unknown {
  if (hasVariable(argument.value)) walk.varies = true;
  return valueFromASTUntyped(argument.value, walk.variables);
}

const hasVariable = (value: ArgumentNode["value"]): boolean =>
  value.kind === Kind.VARIABLE || (value.kind === Kind.LIST && value.values.some(hasVariable)) || (value.kind === Kind.OBJECT && value.fields.some((field) => hasVariable(field.value)));

function sizeOf(walk: Walk, args: readonly ArgumentNode[] | undefined): number {
  const size = args?.find((argument) => argument.name.value === "first" || argument.name.value === "last");
  const value = size && Number(valueOf(walk, size));
  return value && Number.isFinite(value) && value > 0 ? value : 0;
}

function filterCost(walk: Walk, field: GraphQLField<unknown, unknown>, filter: ArgumentNode): number {
  const type = field.args.find((argument) => argument.name === "filter")?.type;
  return type ? conditionCost(type, valueOf(walk, filter)) : 0;
}

/** An entity's filter is told by its "and": what leads from one to another, or to a quantified list, is a relation. */
function conditionCost(type: GraphQLInputType, value: unknown, depth = 0): number {
  const named = getNamedType(type);
  if (!isInputObjectType(named) || typeof value !== "object" || value === null || depth > 20) return 0;
  if (Array.isArray(value)) return value.reduce<number>((sum, member) => sum + conditionCost(type, member, depth + 1), 0);
  const fields = named.getFields();
  let sum = 0;
  for (const [key, inner] of Object.entries(value)) {
    const at = fields[key];
    if (!at || inner === null || inner === undefined) continue;
    const target = getNamedType(at.type);
    const leads = isInputObjectType(target) && ("and" in target.getFields() || "some" in target.getFields());
    if (LINKS.has(key)) sum += conditionCost(at.type, inner, depth + 1);
    else if (leads) sum += (QUANTIFIERS.has(key) ? 0 : WEIGHTS.relation) + conditionCost(at.type, inner, depth + 1);
    else sum += WEIGHTS.condition;
  }
  return sum;
}
