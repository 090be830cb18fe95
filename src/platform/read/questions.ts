import { getOperationAST, getVariableValues, parse, type DocumentNode, type GraphQLSchema } from "graphql";
import type { Pool } from "pg";
import type { Actor } from "../actor.js";
import { sendRead } from "../db/prepared.js";
import { Fault, faultFromDatabase } from "../fault.js";
import { Costs } from "../graphql/cost.js";
import { Compiler } from "./compile.js";
import type { Hints } from "./hints.js";
import type { Instant } from "./read-sql.js";
import { argumentsAt } from "./tree.js";
import { weave } from "./weave.js";

/**
 * The service's own questions (a ledger's pages, say): documents answered by the same compiled door as a client's,
 * with its scope, masks and instant, and without the front that stands between clients and it.
 */
export class Questions {
  private readonly compiler: Compiler;
  private readonly costs: Costs;
  private readonly documents = new Map<string, DocumentNode>();

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly pool: Pool,
    hints: Hints,
  ) {
    this.compiler = new Compiler(schema, hints);
    this.costs = new Costs(schema);
  }

  /** Refuses variables that would make a document cost more than a client's may. Faults: TOO_COSTLY. */
  refuseCostly(text: string, variables: Record<string, unknown>): void {
    this.costs.check(getOperationAST(this.document(text))!, new Map(), variables);
  }

  private document(text: string): DocumentNode {
    const known = this.documents.get(text) ?? parse(text);
    this.documents.set(text, known);
    return known;
  }

  /** Answers a document of the service's own; only its variables may be a client's. Faults: INVALID_INPUT for a variable, those of its arguments. */
  async ask(text: string, variables: Record<string, unknown>, actor: Actor, instant: Instant): Promise<Record<string, unknown>> {
    const document = this.document(text);
    const operation = getOperationAST(document)!;
    const { coerced, errors } = getVariableValues(this.schema, operation.variableDefinitions ?? [], variables, { maxErrors: 1 });
    if (!coerced) throw new Fault("INVALID_INPUT", { rule: errors[0]?.message });
    const tree = this.compiler.tree(document, operation, coerced);
    if (!tree) throw new Error(`not a question one statement answers: ${text.slice(0, 100)}`);
    const args = argumentsAt(tree.sites, coerced);
    const statement = this.compiler.statement(tree, args, actor, instant);
    try {
      const { rows } = await sendRead(this.pool, { ...statement, values: statement.bind({ actor, instant, args }) });
      return weave(JSON.parse(rows[0]!["data"] as string), tree.coded, actor) as Record<string, unknown>;
    } catch (error) {
      throw faultFromDatabase(error);
    }
  }
}
