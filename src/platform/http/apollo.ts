import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginInlineTraceDisabled, ApolloServerPluginLandingPageDisabled, ApolloServerPluginSchemaReportingDisabled, ApolloServerPluginUsageReportingDisabled } from "@apollo/server/plugin/disabled";
import { GraphQLError, type GraphQLSchema } from "graphql";
import { Fault, faultFromDatabase, faults } from "../fault.js";
import { log } from "../log.js";
import { headersOf } from "./refusal.js";
import type { RequestContext } from "../request.js";
import { formatError } from "../graphql/format-error.js";
import { documentLimits, MAX_TOKENS } from "../graphql/limits.js";
import { stringifyAnswer } from "../read/compiled-answers.js";

const MAX_ERRORS = 5;

/** Apollo Server with its extras off, limits on, and errors of one shape. */
export function makeApollo(schema: GraphQLSchema, plugins: readonly ApolloServerPlugin<RequestContext>[]): ApolloServer<RequestContext> {
  return new ApolloServer<RequestContext>({
    schema,
    introspection: true,
    csrfPrevention: true,
    includeStacktraceInErrorResponses: false,
    hideSchemaDetailsFromClientErrors: true,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: MAX_TOKENS },
    stringifyResult: async (value) => stringifyAnswer(value),
    formatError,
    logger,
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      documentLimits(schema),
      ...plugins,
      answers(),
      { unexpectedErrorProcessingRequest: async ({ requestContext, error }) => void (requestContext.contextValue.failure.error = error) },
    ],
  });
}

/** What Apollo Server has to say of itself; what a hook threw is told where it is answered. */
const logger = {
  debug() {},
  info() {},
  warn: (message?: unknown) => log.warn(`Apollo Server: ${String(message).slice(0, 200)}`),
  error: (message?: unknown) => {
    if (!String(message).startsWith("Unexpected error processing request")) log.warn(`Apollo Server: ${String(message).slice(0, 200)}`);
  },
};

const WELL_FORMED = new Set(["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"]);
const MODERN = "application/graphql-response+json";

/** The HTTP status of an answer without data (GraphQL over HTTP: clients that know only application/json read the errors of a well-formed request at 200). */
function statusOf(codes: readonly string[], accept: string | undefined, proposed: number | undefined): number | undefined {
  const modern = (accept ?? "*/*").includes(MODERN);
  if (!modern && proposed === 400 && codes.every((code) => WELL_FORMED.has(code))) return 200;
  const fault = faults[codes[0] as keyof typeof faults] as { status: number } | undefined;
  // A client's fault is never told as one of the service's, whatever media type the client knows.
  if (!modern && proposed !== undefined && !(proposed >= 500 && fault)) return proposed;
  return fault && (modern || fault.status >= 500 || (proposed ?? 0) >= 500) ? fault.status : proposed;
}

/** The answer to a request that a hook refused or that failed as a whole: its status is the fault's, whatever media type the client knows. */
export function failureAnswer(error: unknown, context: RequestContext, accept: string | undefined): { status: number; headers: Record<string, string>; body: string } {
  const cause = faultFromDatabase(error);
  const formatted = formatError({ message: cause.message, extensions: cause instanceof GraphQLError ? { ...cause.extensions } : {} }, cause);
  const told = { ...formatted, extensions: { ...formatted.extensions, requestId: context.requestId } as Record<string, unknown> };
  const notes = Object.keys(context.notes).length > 0 ? { extensions: context.notes } : {};
  const known = faults[told.extensions["code"] as keyof typeof faults] as { status: number } | undefined;
  return {
    status: known?.status ?? 400,
    headers: { "content-type": `${accept?.includes(MODERN) ? MODERN : "application/json"}; charset=utf-8`, ...(cause instanceof Fault ? headersOf(cause) : {}) },
    body: JSON.stringify({ errors: [told], ...notes }),
  };
}

/** Status, request id, notes: what every answer carries. */
function answers(): ApolloServerPlugin<RequestContext> {
  return {
    async requestDidStart() {
      return {
        async willSendResponse({ response, request, contextValue }) {
          if (response.body.kind !== "single") return;
          const result = response.body.singleResult;
          const notes = contextValue.notes;
          if (Object.keys(notes).length > 0) result.extensions = { ...result.extensions, ...notes };
          if (!result.errors) return;
          result.errors = result.errors.slice(0, MAX_ERRORS).map((error) => ({ ...error, extensions: { ...error.extensions, requestId: contextValue.requestId } }));
          if (result.data !== undefined && result.data !== null) return;
          const status = statusOf(result.errors.map((error) => String(error.extensions?.["code"])), request.http?.headers.get("accept"), response.http.status);
          if (status !== undefined) response.http.status = status;
          for (const [name, value] of Object.entries(headersOf(result.errors[0] ?? {}))) response.http.headers.set(name, value);
        },
      };
    },
  };
}
