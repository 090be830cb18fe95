import { Kind, type DocumentNode, type FragmentDefinitionNode, type GraphQLSchema, type OperationDefinitionNode } from "graphql";
import type { Actor } from "../actor.js";
import type { Hints } from "./hints.js";
import { actorShape, ReadSql, timeShape, type Instant, type RequestValues } from "./read-sql.js";
import { shapeOf } from "./shape.js";
import { statementSql } from "./statement.js";
import { NeedsCode, treeOf, type Tree } from "./tree.js";

/** A statement ready to send; only values differ between its uses. */
export interface Statement {
  text: string;
  replan: boolean;
  bind: (values: RequestValues) => unknown[];
}

class Bounded<K, V> {
  private readonly map = new Map<K, V>();
  constructor(private readonly limit: number) {}
  get(key: K): V | undefined {
    const value = this.map.get(key);
    if (value !== undefined) {
      this.map.delete(key);
      this.map.set(key, value);
    }
    return value;
  }
  set(key: K, value: V): V {
    this.map.set(key, value);
    if (this.map.size > this.limit) this.map.delete(this.map.keys().next().value as K);
    return value;
  }
}

/** How many shapes are remembered. */
const REMEMBERED = 500;

interface KnownOperation {
  /** Variables that directives turn on: they change the tree, so they are part of its key. */
  switches: readonly string[];
  trees: Bounded<string, Tree | "code">;
  fragments: Record<string, FragmentDefinitionNode>;
}

/** Turns operations into statements and remembers them: by document, then by the shape of the arguments and of the actor. */
export class Compiler {
  private readonly operations = new WeakMap<OperationDefinitionNode, KnownOperation>();
  private readonly statements = new Bounded<string, Statement>(REMEMBERED);
  private readonly treeNumbers = new WeakMap<Tree, number>();
  private count = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly hints: Hints,
  ) {}

  /** The typed tree of an operation, or undefined when something in it needs code. */
  tree(document: DocumentNode, operation: OperationDefinitionNode, variables: Record<string, unknown>): Tree | undefined {
    let known = this.operations.get(operation);
    if (!known) {
      const fragments = Object.fromEntries(document.definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [])));
      known = { switches: switchesIn(document), trees: new Bounded(16), fragments };
      this.operations.set(operation, known);
    }
    const key = known.switches.map((name) => String(variables[name])).join();
    let tree = known.trees.get(key);
    const root = this.schema.getRootType(operation.operation);
    if (!root) return undefined;
    if (!tree) {
      try {
        tree = known.trees.set(key, treeOf(this.schema, root, operation.selectionSet, known.fragments, variables));
      } catch (error) {
        if (!(error instanceof NeedsCode)) throw error;
        tree = known.trees.set(key, "code");
      }
      if (tree !== "code") this.treeNumbers.set(tree, (this.count += 1));
    }
    return tree === "code" ? undefined : tree;
  }

  /** The statement of a tree for arguments of this shape. Faults of the arguments (page size, say) are thrown here. */
  statement(tree: Tree, args: readonly Record<string, unknown>[], actor: Actor, instant: Instant): Statement {
    const time = timeShape(instant, this.hints);
    const key = `${this.treeNumbers.get(tree)}|${time}|${actorShape(actor)}|${args.map((given, at) => shapeOf(given, this.hints, tree.sites[at]?.chosen)).join()}`;
    const known = this.statements.get(key);
    if (known) return known;
    const read = new ReadSql(actor, time, args, this.hints);
    const text = statementSql(tree.items, read);
    return this.statements.set(key, { text, replan: read.replan, bind: (values) => read.bind(values) });
  }
}


function switchesIn(document: DocumentNode): string[] {
  const names = new Set<string>();
  JSON.stringify(document, (key, value: unknown) => {
    if (key === "loc") return undefined;
    const node = value as { kind?: string; name?: { value: string }; arguments?: { value: { kind: string; name?: { value: string } } }[] } | null;
    if (node?.kind === Kind.DIRECTIVE && (node.name?.value === "skip" || node.name?.value === "include"))
      for (const argument of node.arguments ?? []) if (argument.value.kind === Kind.VARIABLE) names.add(argument.value.name!.value);
    return value;
  });
  return [...names];
}
