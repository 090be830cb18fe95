import type { ApolloServerPlugin } from "@apollo/server";
import { getVariableValues, GraphQLError, locatedError, type DocumentNode, type GraphQLFormattedError, type GraphQLSchema, type OperationDefinitionNode } from "graphql";
import type { Pool } from "pg";
import type { Actor } from "../actor.js";
import { sendRead, type Ready } from "../db/prepared.js";
import { globalId } from "../entity/entity.js";
import { Fault, faultFromDatabase } from "../fault.js";
import { formatError } from "../graphql/format-error.js";
import type { RequestContext } from "../request.js";
import { doAction, outOfScope } from "../write/deed.js";
import { checkAnswer, isTooLarge } from "./answer-size.js";
import { Compiler } from "./compile.js";
import type { Hints } from "./hints.js";
import { instantOf } from "./instant.js";
import type { Instant, Statement } from "./read-sql.js";
import { isTooLong } from "./letters.js";
import { meaningOf } from "./meaning.js";
import { argumentsAt, type Tree } from "./tree.js";
import { weaveText } from "./weave.js";

/** The finished text of `data`, on its way through Apollo Server unparsed. */
class AnswerText {
  constructor(readonly text: string) {}
}

/** Apollo Server's `stringifyResult`: finished text leaves as it is. */
export function stringifyAnswer(value: { data?: unknown; extensions?: unknown }): string {
  if (!(value.data instanceof AnswerText)) return JSON.stringify(value);
  return value.extensions ? `{"data":${value.data.text},"extensions":${JSON.stringify(value.extensions)}}` : `{"data":${value.data.text}}`;
}

export interface Clock {
  now: () => string;
  /** When recorded history begins; null while there is none. */
  began: () => Promise<string | null>;
}

/**
 * Answers operations with the text of one statement, inside Apollo Server: its parsing, validation, limits, CSRF check
 * and plugins have run by then. What no statement can answer, and every refusal of arguments, is left to ordinary execution.
 */
export function compiledAnswers(schema: GraphQLSchema, pool: Pool, hints: Hints, clock: Clock, compile = true): ApolloServerPlugin<RequestContext> {
  const compiler = new Compiler(schema, hints);
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ operation, request, document, contextValue }) {
          if (!operation) return;
          const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables ?? {}, { maxErrors: 1 });
          // A refused variable is told by ordinary execution.
          if (!coerced) return;
          contextValue.variables = coerced;
          contextValue.reader = contextValue.readerAt(operation.operation === "query" ? instantOf(operation, coerced, document, clock.now, await clock.began()) : { recorded: null, effective: clock.now() });
        },
        async responseForOperation({ operation, document, request, contextValue, response }) {
          if (!compile || !contextValue.variables) return null;
          const asked = askedOf(compiler, document, operation, contextValue.variables);
          if (!asked) return null;
          const answered = await (operation.operation === "mutation" ? answerDeed(compiler, pool, asked, contextValue) : answerQuery(compiler, pool, asked, contextValue));
          if (!answered) return null;
          response.http.headers.set("content-type", responseType(request.http?.headers.get("accept")));
          return { http: response.http, body: { kind: "single" as const, singleResult: answered } };
        },
      };
    },
  };
}

interface Asked {
  tree: Tree;
  args: Record<string, unknown>[];
}

interface Answered {
  data: Record<string, unknown> | null;
  errors?: GraphQLFormattedError[];
}

/** The tree and its arguments, or undefined where ordinary execution has to answer or to refuse. */
function askedOf(compiler: Compiler, document: DocumentNode, operation: OperationDefinitionNode, variables: Record<string, unknown>): Asked | undefined {
  try {
    const tree = compiler.tree(document, operation, variables);
    return tree && { tree, args: argumentsAt(tree.sites, variables) };
  } catch (error) {
    if (error instanceof GraphQLError) return undefined;
    throw error;
  }
}

/** Statements whose arguments are refused are undefined: ordinary execution tells why, with the path of the field. */
function statementFor(compiler: Compiler, { tree, args }: Asked, { actor, reader }: RequestContext): Statement | undefined {
  try {
    return compiler.statement(tree, args, actor, reader.instant);
  } catch (error) {
    // Read field by field it would be no shorter.
    if (error instanceof Fault && !isTooLong(error)) return undefined;
    throw error;
  }
}

const textOf = async (pool: Pool, ready: Ready): Promise<string> => (await sendRead(pool, ready)).rows[0]!["data"] as string;

/** Only what an answer marks is parsed: a geometry leaves a mark only in a shifted system. */
const dataOf = async (text: string, { tree }: Asked, actor: Actor) => new AnswerText(await weaveText(text, tree.coded, actor)) as unknown as Record<string, unknown>;

async function answerQuery(compiler: Compiler, pool: Pool, asked: Asked, context: RequestContext): Promise<Answered | undefined> {
  const statement = statementFor(compiler, asked, context);
  if (!statement) return undefined;
  const { actor, reader } = context;
  try {
    const values = statement.bind({ actor, instant: reader.instant, args: asked.args });
    const text = await textOf(pool, { ...statement, values });
    checkAnswer(Buffer.byteLength(text));
    return { data: await dataOf(text, asked, actor) };
  } catch (error) {
    // Values, too, may be refused as they are bound: a cursor of another list, a box turned over.
    const fault = faultFromDatabase(error);
    if (fault instanceof Fault && !fault.retryable && !isTooLarge(fault)) return undefined;
    throw fault;
  }
}

/** One action and the statement of its payload. Several actions in one request go through ordinary execution, one after the other. */
async function answerDeed(compiler: Compiler, pool: Pool, asked: Asked, context: RequestContext): Promise<Answered | undefined> {
  const [item] = asked.tree.items;
  const [site] = asked.tree.sites;
  const meaning = site && meaningOf("Mutation", site.field.name);
  if (asked.tree.items.length !== 1 || !item || !site || meaning?.kind !== "acted") return undefined;
  const [given] = asked.args as [Record<string, unknown>];
  const payload: Asked = { tree: asked.tree, args: [{ id: globalId(meaning.entity, NO_UUID) }, ...asked.args.slice(1)] };
  const { actor } = context;
  const reading = (uuid: string, instant: Instant): Ready => {
    payload.args[0] = { id: globalId(meaning.entity, uuid) };
    const statement = compiler.statement(payload.tree, payload.args, actor, instant);
    return { ...statement, values: statement.bind({ actor, instant, args: payload.args }) };
  };
  try {
    // A payload that cannot be given is refused before anything is done.
    reading(NO_UUID, context.reader.instant);
    const done = await doAction(meaning.action, given, context, (uuid, effective) => reading(uuid, { recorded: null, effective }));
    const text = done.payload ?? (await textOf(pool, reading(done.uuid, context.reader.instant)));
    if (NOTHING.test(text)) throw outOfScope(done);
    return { data: await dataOf(text, payload, actor) };
  } catch (error) {
    const located = locatedError(faultFromDatabase(error), site.node, [item.key]);
    return { data: null, errors: [formatError(located.toJSON(), located)] };
  }
}

const NO_UUID = "00000000-0000-0000-0000-000000000000";
/** The one field of an answer being null. */
const NOTHING = /^\{"\w+"\s*:\s*null\}$/;

const responseType = (accept: string | undefined) =>
  accept?.includes("application/graphql-response+json") ? "application/graphql-response+json; charset=utf-8" : "application/json; charset=utf-8";
