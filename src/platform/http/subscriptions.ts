import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { getOperationAST, GraphQLError, Kind, parse, validate, type GraphQLSchema } from "graphql";
import { CloseCode, type SubscribePayload } from "graphql-ws";
import { useServer, type Extra } from "graphql-ws/use/ws";
import { WebSocketServer } from "ws";
import type { Actor } from "../actor.js";
import type { Changes, Listening } from "../entity/stream.js";
import { Fault, faultFromDatabase } from "../fault.js";
import { Costs } from "../graphql/cost.js";
import { formatError } from "../graphql/format-error.js";
import { checkDocument, LIMITS, MAX_TOKENS } from "../graphql/limits.js";

export interface Subscriptions {
  schema: GraphQLSchema;
  /** @param request the handshake, which says from where. */
  actorOf: (authorization: string | undefined, request: IncomingMessage) => Promise<Actor>;
  changes: Changes;
}

/** Open connections; beyond it the handshake is answered with 503. */
const MAX_CONNECTIONS = 200;
const MAX_SUBSCRIPTIONS = 20;
const MAX_PAYLOAD_BYTES = 64 * 1024;
const INIT_WITHIN_MS = 5_000;
const KEEP_ALIVE_MS = 15_000;

interface Known extends Record<PropertyKey, unknown> {
  authorization?: string | undefined;
}

/** The key of a connection: told when it begins, for browsers cannot set headers; else that of the handshake. */
function authorizationOf(told: Record<string, unknown> | undefined, request: IncomingMessage): string | undefined {
  const given = told?.["authorization"] ?? told?.["Authorization"];
  if (given === undefined || given === null) return request.headers.authorization;
  if (typeof given !== "string") throw new Fault("UNAUTHENTICATED", {});
  return given;
}

/** Subscriptions by WebSocket at /graphql (graphql-transport-ws): the same limits on documents as elsewhere, and nothing but subscriptions. */
export function serveSubscriptions(server: Server, { schema, actorOf, changes }: Subscriptions): { close: () => Promise<void> } {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES, perMessageDeflate: false, clientTracking: true });
  const costs = new Costs(schema);
  let closing = false;

  const asked = (payload: SubscribePayload, open: number, listening: Listening) => {
    const length = payload.query.length;
    if (length > LIMITS.characters) throw new Fault("LIMIT_EXCEEDED", { limit: "characters", maximum: LIMITS.characters, actual: length });
    if (open > MAX_SUBSCRIPTIONS) throw new Fault("LIMIT_EXCEEDED", { limit: "subscriptions", maximum: MAX_SUBSCRIPTIONS, actual: open });
    const document = parse(payload.query, { maxTokens: MAX_TOKENS });
    checkDocument(document);
    const errors = validate(schema, document, undefined, { maxErrors: 5 });
    if (errors.length > 0) return errors;
    const operation = getOperationAST(document, payload.operationName);
    if (operation?.operation !== "subscription") throw new Fault("INVALID_INPUT", { field: "query", rule: "a subscription; queries and mutations by HTTP / 订阅;查询与操作用 HTTP" });
    costs.check(operation, new Map(document.definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : []))), payload.variables ?? {});
    return { schema, document, operationName: payload.operationName, variableValues: payload.variables, contextValue: listening };
  };

  const served = useServer<Record<string, unknown>, Known>(
    {
      connectionInitWaitTimeout: INIT_WITHIN_MS,
      async onConnect({ connectionParams, extra }) {
        const known = extra as Extra & Known;
        try {
          known.authorization = authorizationOf(connectionParams, known.request);
          await actorOf(known.authorization, known.request);
          return true;
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          known.socket.close(CloseCode.Unauthorized, error.code);
          return false;
        }
      },
      onSubscribe({ extra, subscriptions }, _id, payload) {
        const { authorization, request } = extra as Extra & Known;
        try {
          return asked(payload, Object.keys(subscriptions).length, { actorNow: () => actorOf(authorization, request), changes });
        } catch (error) {
          return [told(error)];
        }
      },
      onNext: (_context, _id, _payload, _args, result) => (result.errors ? { ...result, errors: result.errors.map((error) => told(error)) } : undefined),
      onError: (_context, _id, _payload, errors) => errors.map((error) => told(error)),
    },
    sockets,
    KEEP_ALIVE_MS,
  );

  const refuse = (socket: Duplex, status: string) => void socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    if (new URL(request.url ?? "/", "http://service.invalid").pathname !== "/graphql") return refuse(socket, "404 Not Found");
    if (closing || sockets.clients.size >= MAX_CONNECTIONS) return refuse(socket, "503 Service Unavailable");
    sockets.handleUpgrade(request, socket, head, (accepted) => sockets.emit("connection", accepted, request));
  });

  return {
    async close() {
      closing = true;
      await served.dispose();
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

/** An error as every other door tells it. */
function told(error: unknown): GraphQLError {
  const cause = faultFromDatabase(error instanceof GraphQLError && error.originalError ? error.originalError : error);
  const source = error instanceof GraphQLError ? error : undefined;
  const { message, extensions } = formatError({ message: cause.message, extensions: cause instanceof GraphQLError ? { ...cause.extensions } : {} }, cause);
  return new GraphQLError(message, { ...(source?.nodes ? { nodes: source.nodes } : {}), ...(source?.path ? { path: source.path } : {}), extensions: extensions ?? {} });
}
