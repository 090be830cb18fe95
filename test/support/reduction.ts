import { Kind, parse, print, validate, visit, type ASTNode, type DocumentNode, type FragmentDefinitionNode, type GraphQLSchema, type SelectionNode } from "graphql";

export interface Asked {
  text: string;
  variables: Record<string, unknown>;
}

const ATTEMPTS = 500;
const REMOVABLE: ReadonlySet<string> = new Set([Kind.FIELD, Kind.INLINE_FRAGMENT, Kind.FRAGMENT_SPREAD, Kind.ARGUMENT, Kind.DIRECTIVE, Kind.OBJECT_FIELD, Kind.STRING, Kind.OBJECT, Kind.ENUM]);

/** Takes away part after part while the query still fails, so that what is told of a failure is what it needs. */
export async function reduced(schema: GraphQLSchema, query: Asked, fails: (query: Asked) => Promise<boolean>): Promise<Asked> {
  let best = query;
  let left = ATTEMPTS;
  for (let before = ""; before !== best.text && left > 0; ) {
    before = best.text;
    for (let at = 0; left > 0; ) {
      const { document, done } = lesser(parse(best.text), at);
      if (!done) break;
      const candidate = sound(schema, document, best.variables);
      if (candidate && (left -= 1) >= 0 && (await fails(candidate))) best = candidate;
      else at += 1;
    }
  }
  return best;
}

/** The document after the change of a number: a part removed, an alias dropped, a fragment replaced by what it holds. */
function lesser(document: DocumentNode, wanted: number): { document: DocumentNode; done: boolean } {
  const fragments = new Map(document.definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [])));
  let count = -1;
  const isNext = () => (count += 1) === wanted;
  const changed = visit(document, {
    enter(node, _key, parent) {
      if (count >= wanted) return undefined;
      if (Array.isArray(parent) && REMOVABLE.has(node.kind) && isNext()) return null;
      if (node.kind === Kind.FIELD && node.alias && isNext()) return { ...node, alias: undefined };
      if (node.kind !== Kind.SELECTION_SET) return undefined;
      for (const [at, selection] of node.selections.entries()) if (selection.kind !== Kind.FIELD && isNext()) return { ...node, selections: node.selections.toSpliced(at, 1, ...contents(selection, fragments)) };
      return undefined;
    },
  });
  return { document: changed, done: count >= wanted };
}

const contents = (selection: SelectionNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>) =>
  (selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection)?.selectionSet?.selections ?? [];

/** The document as text, with its variables; undefined where it is no valid document any more. */
function sound(schema: GraphQLSchema, changed: DocumentNode, variables: Record<string, unknown>): Asked | undefined {
  try {
    const document = parse(print(withoutUnused(changed)));
    if (validate(schema, document).length > 0) return undefined;
    const declared = new Set<string>();
    visit(document, { VariableDefinition: (node) => void declared.add(node.variable.name.value) });
    return { text: print(document).replaceAll(/\s+/g, " "), variables: Object.fromEntries(Object.entries(variables).filter(([name]) => declared.has(name))) };
  } catch {
    return undefined;
  }
}

/** Fragments and variables nothing names any more go too. */
function withoutUnused(document: DocumentNode): DocumentNode {
  const named = new Set<string>();
  visit(document, {
    FragmentSpread: (node) => void named.add(`...${node.name.value}`),
    Variable: (node, _key, parent) => void ((parent as ASTNode | undefined)?.kind !== Kind.VARIABLE_DEFINITION && named.add(`$${node.name.value}`)),
  });
  const fewer = visit(document, {
    FragmentDefinition: (node) => (named.has(`...${node.name.value}`) ? undefined : null),
    VariableDefinition: (node) => (named.has(`$${node.variable.name.value}`) ? undefined : null),
  });
  return print(fewer) === print(document) ? document : withoutUnused(fewer);
}
