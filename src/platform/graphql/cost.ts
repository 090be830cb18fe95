import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInputType,
  isInterfaceType,
  isListType,
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
import { entityNamed, fieldsOf, relationsOf, type Entity, type Field } from "../entity/entity.js";
import { propertiesOf } from "../read/features.js";
import { MAX_VALUES } from "../read/filter.js";
import { meaningOf, type Meaning } from "../read/meaning.js";
import { computedCost, listedCost, MAX_COST, NARROW, tooCostly, WEIGHTS, type Costed } from "../read/weights.js";

export { MAX_COST };

interface Walk {
  schema: GraphQLSchema;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  variables: Record<string, unknown>;
  parts: Costed[];
  /** Whether it asks, and does nothing. */
  reads: boolean;
  /** Whether a variable had a say in the cost. */
  varies: boolean;
}

const LINKS = new Set(["and", "or", "not"]);
const QUANTIFIERS = new Set(["some", "every", "none"]);

/** Costs of operations; one that no variable changes is computed once for its document. */
export class Costs {
  private readonly known = new WeakMap<OperationDefinitionNode, number>();

  constructor(private readonly schema: GraphQLSchema) {}

  /** The cost of an operation. Faults: TOO_COSTLY, with the five costliest parts by path; LIMIT_EXCEEDED for a list of too many values. */
  check(operation: OperationDefinitionNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>, variables: Record<string, unknown>): number {
    const known = this.known.get(operation);
    if (known !== undefined) return known;
    const root = this.schema.getRootType(operation.operation);
    if (!root) return 0;
    const defaults = Object.fromEntries((operation.variableDefinitions ?? []).flatMap(({ variable, defaultValue }) => (defaultValue ? [[variable.name.value, valueFromASTUntyped(defaultValue)]] : [])));
    const walk: Walk = { schema: this.schema, fragments, variables: { ...defaults, ...variables }, parts: [], reads: operation.operation !== "mutation", varies: false };
    const cost = Math.ceil(costOf(walk, operation.selectionSet, root, 1, ""));
    if (cost > MAX_COST) throw tooCostly(cost, walk.parts);
    if (!walk.varies) this.known.set(operation, cost);
    return cost;
  }
}

/** What a filter of an entity costs where it stands alone: of a tile's layer, a legend. Faults: as for operations. */
export function checkFilter(schema: GraphQLSchema, entity: Entity, filter: unknown, path: string): number {
  const type = schema.getType(`${entity.name}Filter`);
  if (!isInputType(type)) throw new Error(`${entity.name} has no filter`);
  const cost = Math.ceil(givenCost(type, filter, new Conditions(false)));
  if (cost > MAX_COST) throw tooCostly(cost, [{ path, cost }]);
  return cost;
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
    const meaning = meaningOf(type.name, field.name);
    const kind = meaning?.kind;
    const size = sizeOf(walk, selection.arguments);
    for (const argument of selection.arguments ?? []) add(`${here}(${argument.name.value}:)`, factor * argumentCost(walk, field, argument, factor > 1 || meaning?.kind === "many"));
    if (meaning?.kind === "features") add(here, size * (WEIGHTS.feature + WEIGHTS.property * propertiesOf(meaning.entity).length + computedOf(propertiesOf(meaning.entity).map(([, one]) => one))));
    else if (kind === "counts") add(here, WEIGHTS.counts);
    else if (meaning?.kind === "report" || meaning?.kind === "reportFeatures") add(here, meaning.report.cost);
    else if (selection.name.value === "totalCount" || selection.name.value === "totalCountIsExact") add(here, factor === 1 ? WEIGHTS.total : (factor * WEIGHTS.total) / 100);
    else if (size > 0) add(here, factor * (size * WEIGHTS.row + (matches(meaning) ? WEIGHTS.match : 0)));
    else if (meaning?.kind === "field") add(here, factor * valueCost(fieldsOf(meaning.entity)[meaning.name]));
    if (selection.selectionSet) sum += costOf(walk, selection.selectionSet, getNamedType(field.type), factor * Math.max(size, 1), here);
  }
  return sum;
}

/** Values of a row are looked up one by one and nothing is passed over for them: they weigh far less than a condition, which is tried on many more. */
const COMPUTED_VALUE = 1 / 300;
const computedOf = (fields: readonly Field[]) => fields.reduce((sum, field) => sum + computedCost(field) * COMPUTED_VALUE, 0);

const valueCost = (field: Field | undefined): number =>
  field ? (field.spread ? WEIGHTS.spread : field.kind === "geometry" || field.kind === "json" ? WEIGHTS.bulk : WEIGHTS.value) + computedOf([field]) : WEIGHTS.value;

function sizeOf(walk: Walk, args: readonly ArgumentNode[] | undefined): number {
  const size = args?.find((argument) => argument.name.value === "first" || argument.name.value === "last")?.value;
  if (!size) return 0;
  if (size.kind === Kind.VARIABLE) walk.varies = true;
  const value = Number(valueFromASTUntyped(size, walk.variables));
  return Number.isFinite(value) && value > 0 ? value : 0;
}

function argumentCost(walk: Walk, field: GraphQLField<unknown, unknown>, argument: ArgumentNode, narrow: boolean): number {
  const type = field.args.find(({ name }) => name === argument.name.value)?.type;
  return type && walk.reads ? writtenCost(walk, type, argument.value, new Conditions(narrow)) : 0;
}

/** Inputs whose members are conditions. An entity's filter is told by its "and": what leads from one to another, or to a quantified list, is a relation. */
const leads = (type: GraphQLInputType) => {
  const named = getNamedType(type);
  return isInputObjectType(named) && ("and" in named.getFields() || "some" in named.getFields());
};

/** Whether a field, or a condition, is on rows found by what they are. */
const matches = (meaning: Meaning | undefined) => meaning?.kind === "many" && relationsOf(meaning.entity)[meaning.name]?.match !== undefined;

const FILTER = /Filter$/;
const PLACES = new Set(["bbox", "insidePolygon", "intersects", "near"]);

/** Conditions on one row, through all links between them: what is computed of it is computed once. */
class Conditions {
  private readonly met = new Set<string>();

  constructor(
    /** Few rows are considered. */
    private readonly narrow: boolean,
  ) {}

  /** What each row considered costs beside the condition itself. */
  private each(cost: number): number {
    return cost * (this.narrow ? NARROW : 1);
  }

  member(on: string, key: string, type: GraphQLInputType, operators: readonly string[], below: (row: Conditions) => number): number {
    if (LINKS.has(key)) return below(this);
    if (QUANTIFIERS.has(key) && leads(type)) return below(new Conditions(this.narrow));
    if (leads(type)) return (matches(meaningOf(on, key)) ? WEIGHTS.matching : WEIGHTS.relation) + below(new Conditions(this.narrow));
    if (PLACES.has(key)) return WEIGHTS.condition + this.each(WEIGHTS.place);
    const patterns = operators.filter((operator) => operator === "contains").length;
    return WEIGHTS.condition * Math.max(1, operators.length) + this.each(patterns * WEIGHTS.pattern + this.computed(on, key) + below(this));
  }

  private computed(on: string, key: string): number {
    const field = FILTER.test(on) ? fieldsOfNamed(on.replace(FILTER, ""))?.[key] : undefined;
    if (!field || this.met.has(key)) return 0;
    this.met.add(key);
    return computedCost(field);
  }
}

const fieldsOfNamed = (name: string) => {
  const entity = entityNamed(name);
  return entity && fieldsOf(entity);
};

/** What the values of a list cost. Fault: LIMIT_EXCEEDED. */
function listCost(type: GraphQLInputType, length: number): number {
  if (leads(type) || length <= 1) return 0;
  if (length > MAX_VALUES) throw new Fault("LIMIT_EXCEEDED", { limit: "listValues", maximum: MAX_VALUES, actual: length });
  return listedCost(length);
}

/** Conditions as written in the document; only a variable that stands for conditions, or for a list, makes the cost vary. */
function writtenCost(walk: Walk, type: GraphQLInputType, node: ValueNode, row: Conditions): number {
  if (node.kind === Kind.VARIABLE) {
    if (isInputObjectType(getNamedType(type)) || isListType(getNullableType(type))) walk.varies = true;
    return givenCost(type, walk.variables[node.name.value], row);
  }
  if (node.kind === Kind.LIST) return listCost(type, node.values.length) + node.values.reduce((sum, member) => sum + writtenCost(walk, type, member, row), 0);
  const named = getNamedType(type);
  if (node.kind !== Kind.OBJECT || !isInputObjectType(named)) return 0;
  return node.fields.reduce((sum, { name, value }) => {
    const at = named.getFields()[name.value]?.type;
    if (!at || value.kind === Kind.NULL) return sum;
    if (!leads(named)) return sum + writtenCost(walk, at, value, row);
    const told = value.kind === Kind.VARIABLE ? walk.variables[value.name.value] : undefined;
    const operators = value.kind === Kind.OBJECT ? value.fields.map((field) => field.name.value) : typeof told === "object" && told !== null ? Object.keys(told) : [];
    return sum + row.member(named.name, name.value, at, operators, (below) => writtenCost(walk, at, value, below));
  }, 0);
}

/** Conditions as given in a variable. */
function givenCost(type: GraphQLInputType, value: unknown, row: Conditions, depth = 0): number {
  if (typeof value !== "object" || value === null || depth > 20) return 0;
  if (Array.isArray(value)) return isListType(getNullableType(type)) || isInputObjectType(getNamedType(type)) ? listCost(type, value.length) + value.reduce<number>((sum, member) => sum + givenCost(type, member, row, depth + 1), 0) : 0;
  const named = getNamedType(type);
  if (!isInputObjectType(named)) return 0;
  return Object.entries(value).reduce((sum, [key, inner]) => {
    const at = named.getFields()[key]?.type;
    if (!at || inner === null || inner === undefined) return sum;
    if (!leads(named)) return sum + givenCost(at, inner, row, depth + 1);
    const operators = typeof inner === "object" && !Array.isArray(inner) ? Object.keys(inner) : [];
    return sum + row.member(named.name, key, at, operators, (below) => givenCost(at, inner, below, depth + 1));
  }, 0);
}
