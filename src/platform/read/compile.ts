import { Kind, type DocumentNode, type FragmentDefinitionNode, type GraphQLSchema, type OperationDefinitionNode } from "graphql";
import type { Actor } from "../actor.js";
import type { Hints } from "./hints.js";
import { Bounded } from "../bounded.js";
import { actorShape, ReadSql, timeShape, type Instant, type Statement } from "./read-sql.js";
import { shapeOf } from "./shape.js";
import { statementSql } from "./statement.js";
import { NeedsCode, treeOf, type Tree } from "./tree.js";

/** Bytes of statements, and of trees, that are remembered. */
const REMEMBERED = { statements: 48_000_000, trees: 32_000_000 } as const;
/** What a part of a tree, and a value of a statement, takes about. */
const BYTES = { item: 400, source: 200 } as const;

/** A statement, and how much of the first request that asked for it hangs on it. */
interface Kept {
  statement: Statement;
  held: number;
}

interface KnownOperation {
  /** Variables that directives turn on: they change the tree, so they are part of its key. */
  switches: readonly string[];
  number: number;
  fragments: Record<string, FragmentDefinitionNode>;
}

/** Turns operations into statements and remembers them: by document, then by the shape of the arguments and of the actor. */
export class Compiler {
  private readonly operations = new WeakMap<OperationDefinitionNode, KnownOperation>();
  private readonly statements = new Bounded<string, Kept>(REMEMBERED.statements, ({ statement, held }, key) => 2 * (statement.text.length + key.length + held));
  private readonly trees = new Bounded<string, Tree | "code">(REMEMBERED.trees, (tree, key) => 2 * key.length + BYTES.item * (tree === "code" ? 1 : tree.size));
  private readonly treeNumbers = new WeakMap<Tree, number>();
  private count = 0;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly hints: Hints,
  ) {}

  /** Bytes of what is remembered. */
  get remembered(): { statements: number; trees: number } {
    return { statements: this.statements.weight, trees: this.trees.weight };
  }

  /** The typed tree of an operation, or undefined when something in it needs code. */
  tree(document: DocumentNode, operation: OperationDefinitionNode, variables: Record<string, unknown>): Tree | undefined {
    let known = this.operations.get(operation);
    if (!known) {
      const fragments = Object.fromEntries(document.definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [])));
      known = { switches: switchesIn(document), number: (this.count += 1), fragments };
      this.operations.set(operation, known);
    }
    const key = `${known.number}|${known.switches.map((name) => String(variables[name])).join()}`;
    let tree = this.trees.get(key);
    const root = this.schema.getRootType(operation.operation);
    if (!root) return undefined;
    if (!tree) {
      try {
        tree = this.trees.set(key, treeOf(this.schema, root, operation.selectionSet, known.fragments, variables));
      } catch (error) {
        if (!(error instanceof NeedsCode)) throw error;
        tree = this.trees.set(key, "code");
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
    if (known) return known.statement;
    const read = new ReadSql(actor, time, args, this.hints);
    const statement = read.finished(statementSql(tree.items, read));
    this.statements.set(key, { statement, held: BYTES.source * read.sources.length + JSON.stringify(args).length });
    return statement;
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
