import { HeaderMap, type ApolloServer } from "@apollo/server";
import { Fault } from "../fault.js";
import type { RequestContext } from "../request.js";
import { failureAnswer } from "./apollo.js";
import { MAX_BODY_BYTES, parseJsonBody, readBody } from "./body.js";
import type { Known } from "./exchange.js";

const JSON_TYPE = /^application\/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?$/;
const NO_BODY: Record<string, unknown> = {};

/** Reads what a GraphQL request brings before anybody is asked who sent it. Faults: METHOD_NOT_ALLOWED, UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE. */
export function graphqlBody({ request }: Pick<Known, "request">): Promise<Buffer> | undefined {
  if (request.method === "GET") return undefined;
  if (request.method !== "POST") throw new Fault("METHOD_NOT_ALLOWED", { allowed: ["POST", "GET"] });
  if (!JSON_TYPE.test((request.headers["content-type"] ?? "").toLowerCase())) throw new Fault("UNSUPPORTED_MEDIA_TYPE", {});
  if (request.headers["content-encoding"] && request.headers["content-encoding"] !== "identity") throw new Fault("UNSUPPORTED_MEDIA_TYPE", { rule: "no content-encoding" });
  return readBody(request, MAX_BODY_BYTES);
}

/** Answers one GraphQL request through Apollo Server; the place at work is left before the answer is sent. */
export async function answerGraphql(apollo: ApolloServer<RequestContext>, known: Known, search: string, body: Buffer | undefined, context: RequestContext): Promise<void> {
  const { request, response, stay } = known;
  const headers = new HeaderMap();
  for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  const answer = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: request.method!, headers, search, body: body ? parseJsonBody(body) : NO_BODY },
    context: () => Promise.resolve(context),
  });
  stay.leave();
  // The deadline has answered already.
  if (response.headersSent) return;
  if (context.failure.error !== undefined) {
    const { status, headers: told, body: text } = failureAnswer(context.failure.error, context, request.headers.accept);
    response.writeHead(status, told).end(text);
    return;
  }
  for (const [name, value] of answer.headers) response.setHeader(name, value);
  response.statusCode = answer.status ?? 200;
  if (answer.body.kind !== "complete") throw new Error("incremental delivery is not offered");
  response.end(answer.body.string);
}
