import { unwrapResolverError } from "@apollo/server/errors";
import { GraphQLError, type GraphQLFormattedError } from "graphql";
import { Fault, faultFromDatabase, faults } from "../fault.js";
import { log } from "../log.js";

const KEPT = new Set(["GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "OPERATION_RESOLUTION_FAILURE", "BAD_REQUEST", "OUT_OF_SCOPE", ...Object.keys(faults)]);
/** How Apollo Server masks what a hook threw. */
const MASKED = "Internal server error";

/** The one shape of an error that leaves: a fault keeps its code and facts, an error of the request its own, anything else is INTERNAL and logged. */
export function formatError(formatted: GraphQLFormattedError, raw: unknown): GraphQLFormattedError {
  const cause = unwrapResolverError(raw);
  const known = faultFromDatabase(cause);
  if (known instanceof Fault) return { ...formatted, message: known.message, extensions: { ...known.extensions } };
  const code = String(formatted.extensions?.["code"] ?? "");
  if (cause instanceof GraphQLError && KEPT.has(code)) return { ...formatted, message: formatted.message.slice(0, 500), extensions: { ...formatted.extensions, retryable: false } };
  // An argument graphql-js itself refuses while executing: the only errors of its own that carry nodes.
  if (cause instanceof GraphQLError && cause.nodes && !cause.originalError) return { ...formatted, message: formatted.message.slice(0, 500), extensions: { code: "BAD_USER_INPUT", retryable: false } };
  // What a hook threw comes here twice; the first time masked, with nothing in it to tell.
  if (!(cause instanceof Error && cause.message === MASKED)) log.trouble("内部错误 / internal error", cause);
  const internal = new Fault("INTERNAL", {});
  return { message: internal.message, path: formatted.path, locations: formatted.locations, extensions: { ...internal.extensions } };
}
