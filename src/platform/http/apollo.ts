import { ApolloServer, type ApolloServerPlugin } from "@apollo/server";
import { unwrapResolverError } from "@apollo/server/errors";
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginInlineTraceDisabled, ApolloServerPluginLandingPageDisabled, ApolloServerPluginSchemaReportingDisabled, ApolloServerPluginUsageReportingDisabled } from "@apollo/server/plugin/disabled";
import { GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from "graphql";
import { Fault, faultFromDatabase, faults } from "../fault.js";
import type { RequestContext } from "../request.js";
import { documentLimits, MAX_TOKENS } from "../graphql/limits.js";
import { stringifyAnswer } from "../read/compiled-reads.js";

const KEPT = new Set(["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "OPERATION_RESOLUTION_FAILURE", "BAD_REQUEST", "OUT_OF_SCOPE", ...Object.keys(faults)]);
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
    formatError: format,
    plugins: [
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      documentLimits(),
      ...plugins,
      answers(),
    ],
  });
}

function format(formatted: GraphQLFormattedError, raw: unknown): GraphQLFormattedError {
  const cause = unwrapResolverError(raw);
  const known = faultFromDatabase(cause);
  if (known instanceof Fault) return { ...formatted, message: known.message, extensions: { ...known.extensions } };
  const code = String(formatted.extensions?.["code"] ?? "");
  if (cause instanceof GraphQLError && KEPT.has(code)) return { ...formatted, message: formatted.message.slice(0, 500), extensions: { ...formatted.extensions, retryable: false } };
  process.stderr.write(`${JSON.stringify({ level: "error", cause: cause instanceof Error ? cause.stack : String(cause) })}\n`);
  const internal = new Fault("INTERNAL", {});
  return { message: internal.message, path: formatted.path, locations: formatted.locations, extensions: { ...internal.extensions } };
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
          const codes = result.errors.map((error) => String(error.extensions?.["code"]));
          const modern = (request.http?.headers.get("accept") ?? "*/*").includes("application/graphql-response+json");
          const wellFormed = ["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"];
          // Clients that know only application/json read the errors of a well-formed request at status 200 (GraphQL over HTTP).
          if (!modern && response.http.status === 400 && result.data === undefined && codes.every((code) => wellFormed.includes(code))) response.http.status = 200;
          else if (modern || response.http.status === undefined) {
            const fault = faults[codes[0] as keyof typeof faults] as { status: number } | undefined;
            if (fault && (modern || fault.status >= 500)) response.http.status = fault.status;
          }
        },
      };
    },
  };
}
