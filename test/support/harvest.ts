import { getNamedType, GraphQLNonNull, isCompositeType, isInterfaceType, isLeafType, isObjectType, type GraphQLField, type GraphQLInterfaceType, type GraphQLObjectType, type GraphQLSchema } from "graphql";

/** Where a value was seen: the field of a type. Filters on that field then hit. */
export interface Place {
  type: string;
  field: string;
}

export type Shown = GraphQLObjectType | GraphQLInterfaceType;
type Ask = (query: string) => Promise<Record<string, unknown>>;

const KEPT_EACH = 60;

/** Asked without arguments, and giving a value rather than an object. */
export const isPlainLeaf = (field: GraphQLField<unknown, unknown>) => isLeafType(getNamedType(field.type)) && field.args.length === 0;
export const shownType = (field: GraphQLField<unknown, unknown>): Shown | undefined => {
  const type = getNamedType(field.type);
  return isObjectType(type) || isInterfaceType(type) ? type : undefined;
};
/** The type of a connection's nodes; undefined for a field that is none. */
export const nodeType = (field: GraphQLField<unknown, unknown>): Shown | undefined => {
  const nodes = shownType(field)?.getFields()["nodes"];
  return nodes && shownType(nodes);
};
const isRequired = (field: GraphQLField<unknown, unknown>) => field.args.some((argument) => argument.type instanceof GraphQLNonNull && argument.defaultValue === undefined);

/** Values that exist, gathered by walking the schema, so that new entities are harvested with no edit. */
export class Harvest {
  private readonly seen = new Map<string, Map<string, unknown>>();
  readonly cursors: string[] = [];

  constructor(
    private readonly schema: GraphQLSchema,
    /** Instants between which the data changed. */
    readonly moments: readonly string[],
  ) {}

  /** Gathers what one role sees of every list, and of what hangs on its rows. */
  async gather(ask: Ask): Promise<void> {
    for (const [name, field] of Object.entries(this.schema.getQueryType()!.getFields())) {
      const rows = nodeType(field);
      if (!rows) continue;
      const wanted = [leaves(rows), ...Object.values(rows.getFields()).map((inner) => this.beneath(inner))].filter((part) => part !== "");
      for (const part of wanted) this.note(await ask(`{${name}(first:40){edges{cursor} nodes{__typename ${part}}}}`));
    }
  }

  private beneath(field: GraphQLField<unknown, unknown>): string {
    const rows = nodeType(field);
    if (rows) return `${field.name}(first:5){nodes{__typename ${leaves(rows)}}}`;
    const one = shownType(field);
    return one && !isRequired(field) ? `${field.name}{__typename ${leaves(one)}}` : "";
  }

  private note(value: unknown): void {
    if (Array.isArray(value)) for (const item of value) this.note(item);
    else if (typeof value === "object" && value !== null) {
      const { __typename: type, cursor, ...fields } = value as Record<string, unknown>;
      if (typeof cursor === "string" && this.cursors.length < 500) this.cursors.push(cursor);
      for (const [field, inner] of Object.entries(fields)) {
        if (typeof type === "string") this.keep(type, field, inner);
        this.note(inner);
      }
    }
  }

  private keep(type: string, field: string, value: unknown): void {
    if (value === null || value === undefined) return;
    const object = this.schema.getType(type);
    for (const name of [type, ...(isObjectType(object) ? object.getInterfaces().map((one) => one.name) : [])]) {
      const key = `${name}.${field}`;
      const known = this.seen.get(key) ?? new Map<string, unknown>();
      this.seen.set(key, known);
      for (const one of Array.isArray(value) ? value : [value]) if (known.size < KEPT_EACH) known.set(JSON.stringify(one), one);
    }
  }

  at({ type, field }: Place): unknown[] {
    return [...(this.seen.get(`${type}.${field}`)?.values() ?? [])];
  }

  /** Every value seen in fields of a name: ids of whatever kind, say. */
  named(field: string): unknown[] {
    return [...this.seen].flatMap(([key, values]) => (key.endsWith(`.${field}`) ? [...values.values()] : []));
  }

  /** Positions seen in any geometry, those of rings among them. */
  positions(): [number, number][] {
    return [...this.seen.values()].flatMap((values) => [...values.values()].flatMap((value) => positionsIn((value as { coordinates?: unknown } | null)?.coordinates)));
  }
}

const positionsIn = (coordinates: unknown): [number, number][] =>
  !Array.isArray(coordinates) ? [] : typeof coordinates[0] === "number" ? [coordinates as [number, number]] : coordinates.flatMap(positionsIn);

const leaves = (type: Shown) =>
  Object.values(type.getFields())
    .filter((field) => isPlainLeaf(field) && !isCompositeType(getNamedType(field.type)))
    .map((field) => field.name)
    .join(" ");
