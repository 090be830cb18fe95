import type { ApolloServerPlugin } from "@apollo/server";
import { Kind, type DocumentNode, type FragmentDefinitionNode, type GraphQLSchema, type SelectionSetNode } from "graphql";
import { Fault } from "../fault.js";
import { Costs } from "./cost.js";
import type { RequestContext } from "../request.js";

export const MAX_TOKENS = 2_000;
/** Limits of data documents; bulk goes by import and export, not by a larger document. */
export const LIMITS = { characters: 20_000, depth: 12, fields: 400, aliases: 30, directives: 30, operations: 5, fragments: 30, variables: 50 } as const;
/** Introspection of a well-behaved explorer is deeper, and bounded on its own. */
const INTROSPECTION_DEPTH = 20;

const exceed = (limit: keyof typeof LIMITS | "introspectionDepth", maximum: number, actual: number): never => {
  throw new Fault("LIMIT_EXCEEDED", { limit, maximum, actual });
};

interface Extent {
  fields: number;
  depth: number;
  introspection: boolean;
}

/** Refuses documents too large before validation walks them: counted once a fragment, and safe against cycles. */
export function checkDocument(document: DocumentNode): void {
  const fragments = new Map<string, FragmentDefinitionNode>();
  let aliases = 0;
  let directives = 0;
  let operations = 0;
  const count = (set: SelectionSetNode, level: number): void => {
    if (level > 60) exceed("depth", LIMITS.depth, level);
    for (const selection of set.selections) {
      directives += selection.directives?.length ?? 0;
      if (selection.kind === Kind.FIELD && selection.alias) aliases += 1;
      if (selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet) count(selection.selectionSet, level + 1);
    }
  };
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    else if (definition.kind === Kind.OPERATION_DEFINITION) {
      operations += 1;
      if ((definition.variableDefinitions?.length ?? 0) > LIMITS.variables) exceed("variables", LIMITS.variables, definition.variableDefinitions!.length);
    } else continue;
    directives += definition.directives?.length ?? 0;
    count(definition.selectionSet, 1);
  }
  if (operations > LIMITS.operations) exceed("operations", LIMITS.operations, operations);
  if (fragments.size > LIMITS.fragments) exceed("fragments", LIMITS.fragments, fragments.size);
  if (aliases > LIMITS.aliases) exceed("aliases", LIMITS.aliases, aliases);
  if (directives > LIMITS.directives) exceed("directives", LIMITS.directives, directives);
  const known = new Map<string, Extent | "open">();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue;
    const extent = extentOf(definition.selectionSet, fragments, known);
    if (extent.introspection) {
      if (extent.depth > INTROSPECTION_DEPTH) exceed("introspectionDepth", INTROSPECTION_DEPTH, extent.depth);
    } else if (extent.depth > LIMITS.depth) exceed("depth", LIMITS.depth, extent.depth);
    if (extent.fields > LIMITS.fields) exceed("fields", LIMITS.fields, extent.fields);
  }
}

function extentOf(set: SelectionSetNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>, known: Map<string, Extent | "open">): Extent {
  const total: Extent = { fields: 0, depth: 0, introspection: false };
  for (const selection of set.selections) {
    let inner: Extent = { fields: 0, depth: 0, introspection: false };
    if (selection.kind === Kind.FRAGMENT_SPREAD) {
      const name = selection.name.value;
      const met = known.get(name);
      const fragment = fragments.get(name);
      // A cycle or an unknown fragment is validation's to refuse.
      if (met === "open" || !fragment) continue;
      if (met) inner = met;
      else {
        known.set(name, "open");
        known.set(name, (inner = extentOf(fragment.selectionSet, fragments, known)));
      }
    } else {
      if (selection.selectionSet) inner = extentOf(selection.selectionSet, fragments, known);
      if (selection.kind === Kind.FIELD) {
        const introspects = selection.name.value === "__schema" || selection.name.value === "__type";
        inner = { fields: inner.fields + 1, depth: inner.depth + 1, introspection: inner.introspection || introspects };
      }
    }
    total.fields += inner.fields;
    total.depth = Math.max(total.depth, inner.depth);
    total.introspection ||= inner.introspection;
    if (total.fields > LIMITS.fields * 4) return total;
  }
  return total;
}

/** The limits as a plugin: before parsing, before validation, and before execution. */
export function documentLimits(schema: GraphQLSchema): ApolloServerPlugin<RequestContext> {
  const costs = new Costs(schema);
  const fragmentsOf = new WeakMap<DocumentNode, ReadonlyMap<string, FragmentDefinitionNode>>();
  const sound = new WeakSet<DocumentNode>();
  return {
    async requestDidStart({ request }) {
      if ((request.query?.length ?? 0) > LIMITS.characters) throw new Fault("LIMIT_EXCEEDED", { limit: "characters", maximum: LIMITS.characters, actual: request.query!.length });
      return {
        async validationDidStart({ document }) {
          if (sound.has(document)) return;
          checkDocument(document);
          sound.add(document);
        },
        async didResolveOperation({ operation, document, request: asked, contextValue }) {
          if (!operation) return;
          if (operation.operation === "subscription") throw new Fault("INVALID_INPUT", { field: "query", rule: "subscriptions by WebSocket / 订阅用 WebSocket" });
          let fragments = fragmentsOf.get(document);
          if (!fragments) fragmentsOf.set(document, (fragments = new Map(document.definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [])))));
          contextValue.charge(costs.check(operation, fragments, asked.variables ?? {}), operation.operation);
        },
      };
    },
  };
}
