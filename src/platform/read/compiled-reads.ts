import type { ApolloServerPlugin } from "@apollo/server";
import { getVariableValues, type GraphQLSchema } from "graphql";
import type { Pool } from "pg";
import { sendRead } from "../db/prepared.js";
import { Fault, faultFromDatabase } from "../fault.js";
import type { RequestContext } from "../request.js";
import { Compiler } from "./compile.js";
import { instantOf } from "./instant.js";
import type { Hints } from "./hints.js";
import { argumentsAt } from "./tree.js";
import { weave } from "./weave.js";

/** The finished text of `data`, on its way through Apollo Server unparsed. */
class AnswerText {
  constructor(readonly text: string) {}
}

/** Apollo Server's `stringifyResult`: finished text leaves as it is. */
export function stringifyAnswer(value: { data?: unknown; extensions?: unknown }): string {
  if (!(value.data instanceof AnswerText)) return JSON.stringify(value);
  return value.extensions ? `{"data":${value.data.text},"extensions":${JSON.stringify(value.extensions)}}` : `{"data":${value.data.text}}`;
}

/**
 * Answers queries with the text of one statement, inside Apollo Server: its parsing, validation, limits, CSRF check
 * and plugins have run by then. What needs code, and every refusal of arguments, is left to ordinary execution.
 */
export function compiledReads(schema: GraphQLSchema, pool: Pool, hints: Hints, now: () => string, compile = true): ApolloServerPlugin<RequestContext> {
  const compiler = new Compiler(schema, hints);
  return {
    async requestDidStart() {
      return {
        async didResolveOperation({ operation, request, document, contextValue }) {
          if (operation?.operation === "query") contextValue.reader = contextValue.readerAt(instantOf(operation, request.variables ?? {}, document, now));
        },
        async responseForOperation({ operation, document, request, contextValue, response }) {
          if (!compile || operation.operation !== "query") return null;
          const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables ?? {}, { maxErrors: 1 });
          if (!coerced.coerced) return null;
          const tree = compiler.tree(document, operation, coerced.coerced);
          if (!tree) return null;
          const { actor, reader } = contextValue;
          let text: string;
          try {
            const args = argumentsAt(tree.sites, coerced.coerced);
            const statement = compiler.statement(tree, args, actor, reader.instant);
            const values = statement.bind({ actor, instant: reader.instant, args });
            reader.statements += 1;
            text = (await sendRead(pool, { ...statement, values })).rows[0]!["data"] as string;
          } catch (error) {
            // Refused arguments are told by ordinary execution, with the path of the field they belong to.
            if (error instanceof Fault) return null;
            throw faultFromDatabase(error);
          }
          const data = tree.coded.length > 0 ? weave(JSON.parse(text), tree.coded, actor) : new AnswerText(text);
          response.http.headers.set("content-type", responseType(request.http?.headers.get("accept")));
          return { http: response.http, body: { kind: "single" as const, singleResult: { data: data as Record<string, unknown> } } };
        },
      };
    },
  };
}

const responseType = (accept: string | undefined) =>
  accept?.includes("application/graphql-response+json") ? "application/graphql-response+json; charset=utf-8" : "application/json; charset=utf-8";
