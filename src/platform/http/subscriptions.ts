import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { getOperationAST, GraphQLError, Kind, parse, validate, type GraphQLSchema } from "graphql";
import { CloseCode, type SubscribePayload } from "graphql-ws";
import { useServer, type Extra } from "graphql-ws/use/ws";
import { WebSocketServer, type WebSocket } from "ws";
import type { Actor } from "../actor.js";
import type { Changes, Listening } from "../entity/stream.js";
import { Fault, faultFromDatabase } from "../fault.js";
import { Costs } from "../graphql/cost.js";
import { formatError } from "../graphql/format-error.js";
import { checkDocument, LIMITS, MAX_TOKENS } from "../graphql/limits.js";
import { log } from "../log.js";
import type { ClientAddresses } from "./client-address.js";
import { householdOf } from "./client-address.js";
import { originAllowed, SocketPlaces, type SocketPlace } from "./sockets.js";
import { targetOf } from "./target.js";

export interface Subscriptions {
  schema: GraphQLSchema;
  actorOf: (authorization: string | undefined, clientIp: string) => Promise<Actor>;
  /** Whether a key of this header was good a moment ago. */
  provenBefore: (authorization: string | undefined) => string | undefined;
  changes: Changes;
  addresses: ClientAddresses;
  /** Takes the cost of a subscription from its caller's bucket. */
  charge: (actor: Actor, clientIp: string, cost: number) => void;
  /** Whether new work is refused now. */
  overloaded: () => boolean;
  corsOrigins?: readonly string[] | undefined;
  publicBaseUrl?: string | undefined;
}

const MAX_SUBSCRIPTIONS = 20;
const MAX_PAYLOAD_BYTES = 64 * 1024;
const INIT_WITHIN_MS = 5_000;
const KEEP_ALIVE_MS = 15_000;
/** A connection without a subscription is closed after so long. */
const IDLE_MS = 60_000;
/** Messages and pings of one connection: in a burst, and a second. */
const MESSAGES = { burst: 100, perSecond: 20 };
/** What may wait for a client that does not read. */
const MOST_BUFFERED_BYTES = 1024 * 1024;
const LOOK_EVERY_MS = 1_000;

interface Known extends Record<PropertyKey, unknown> {
  authorization?: string | undefined;
  actor?: Actor;
}

/** What is known of an open connection beside its protocol. */
interface Connection {
  place: SocketPlace;
  clientIp: string;
  /** Since when it has had no subscription. */
  idleSince: number;
  subscriptions: Readonly<Record<string, unknown>> | undefined;
  messagesLeft: number;
  messagesAt: number;
}

/** The key of a connection: told when it begins, for browsers cannot set headers; else that of the handshake. */
function authorizationOf(told: Record<string, unknown> | undefined, request: IncomingMessage): string | undefined {
  const given = told?.["authorization"] ?? told?.["Authorization"];
  if (given === undefined || given === null) return request.headers.authorization;
  if (typeof given !== "string") throw new Fault("UNAUTHENTICATED", {});
  return given;
}

/** Subscriptions by WebSocket at /graphql (graphql-transport-ws): the same limits on documents as elsewhere, and nothing but subscriptions. */
export function serveSubscriptions(server: Server, options: Subscriptions): { close: () => Promise<void> } {
  const { schema, actorOf, changes } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES, perMessageDeflate: false, clientTracking: true });
  const costs = new Costs(schema);
  const places = new SocketPlaces();
  const connections = new WeakMap<WebSocket, Connection>();
  let closing = false;

  const asked = (payload: SubscribePayload, open: number, listening: Listening, charge: (cost: number) => void) => {
    const length = payload.query.length;
    if (length > LIMITS.characters) throw new Fault("LIMIT_EXCEEDED", { limit: "characters", maximum: LIMITS.characters, actual: length });
    if (open > MAX_SUBSCRIPTIONS) throw new Fault("LIMIT_EXCEEDED", { limit: "subscriptions", maximum: MAX_SUBSCRIPTIONS, actual: open });
    const document = parse(payload.query, { maxTokens: MAX_TOKENS });
    checkDocument(document);
    const errors = validate(schema, document, undefined, { maxErrors: 5 });
    if (errors.length > 0) return errors;
    const operation = getOperationAST(document, payload.operationName);
    if (operation?.operation !== "subscription") throw new Fault("INVALID_INPUT", { field: "query", rule: "a subscription; queries and mutations by HTTP / 订阅;查询与操作用 HTTP" });
    charge(costs.check(operation, new Map(document.definitions.flatMap((definition) => (definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : []))), payload.variables ?? {}));
    return { schema, document, operationName: payload.operationName, variableValues: payload.variables, contextValue: listening };
  };

  const served = useServer<Record<string, unknown>, Known>(
    {
      connectionInitWaitTimeout: INIT_WITHIN_MS,
      async onConnect({ connectionParams, extra, subscriptions }) {
        const known = extra as Extra & Known;
        const connection = connections.get(known.socket)!;
        try {
          known.authorization = authorizationOf(connectionParams, known.request);
          known.actor = await actorOf(known.authorization, connection.clientIp);
        } catch (error) {
          const fault = faultFromDatabase(error);
          if (!(fault instanceof Fault)) throw error;
          known.socket.close(fault.code === "UNAUTHENTICATED" ? CloseCode.Unauthorized : TRY_AGAIN_LATER, fault.code);
          return false;
        }
        connection.subscriptions = subscriptions;
        if (known.actor.kind === "PUBLIC" || connection.place.known(known.actor.id)) return true;
        known.socket.close(TRY_AGAIN_LATER, "RATE_LIMITED");
        return false;
      },
      onSubscribe({ extra, subscriptions }, _id, payload) {
        const { authorization, actor, socket } = extra as Extra & Known;
        const { clientIp } = connections.get(socket)!;
        try {
          return asked(payload, Object.keys(subscriptions).length, { actorNow: () => actorOf(authorization, clientIp), changes }, (cost) => options.charge(actor!, clientIp, cost));
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

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const target = targetOf(request.url);
    if (!target) return refuse(socket, "400 Bad Request");
    if (target.pathname !== "/graphql") return refuse(socket, "404 Not Found");
    if (!originAllowed(request, options.corsOrigins, options.publicBaseUrl)) return refuse(socket, "403 Forbidden");
    if (closing || options.overloaded()) return refuse(socket, "503 Service Unavailable\r\nretry-after: 1");
    const clientIp = options.addresses.of(request);
    const principal = options.provenBefore(request.headers.authorization);
    const place = principal === undefined ? places.take(householdOf(clientIp)) : places.takeKnown(principal);
    if (!place) return refuse(socket, "503 Service Unavailable\r\nretry-after: 5");
    // A handshake that fails is answered by the library, which closes the connection.
    socket.once("close", () => place.free());
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      const now = Date.now();
      const connection: Connection = { place, clientIp, idleSince: now, subscriptions: undefined, messagesLeft: MESSAGES.burst, messagesAt: now };
      connections.set(accepted, connection);
      const counted = () => {
        if (!spend(connection)) accepted.close(POLICY_VIOLATION, "RATE_LIMITED");
      };
      // What a client breaks of the protocol closes its own connection.
      accepted.on("error", () => accepted.terminate());
      accepted.on("message", counted).on("ping", counted).on("pong", counted);
      sockets.emit("connection", accepted, request);
    });
  };

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", () => socket.destroy());
    try {
      upgrade(request, socket, head);
    } catch (error) {
      log.trouble("握手出错 / a handshake failed", error);
      socket.destroy();
    }
  });

  const look = setInterval(() => {
    const now = Date.now();
    for (const socket of sockets.clients) {
      const connection = connections.get(socket);
      if (!connection) continue;
      if (socket.bufferedAmount > MOST_BUFFERED_BYTES) socket.terminate();
      else if (connection.subscriptions && Object.keys(connection.subscriptions).length > 0) connection.idleSince = now;
      else if (now - connection.idleSince > IDLE_MS) socket.close(CloseCode.ConnectionInitialisationTimeout, "IDLE");
    }
  }, LOOK_EVERY_MS).unref();

  return {
    async close() {
      closing = true;
      clearInterval(look);
      await served.dispose();
      for (const socket of sockets.clients) socket.terminate();
    },
  };
}

const TRY_AGAIN_LATER = 1013;
const POLICY_VIOLATION = 1008;

/** Takes one message from what a connection may send. */
function spend(connection: Connection): boolean {
  const now = Date.now();
  connection.messagesLeft = Math.min(MESSAGES.burst, connection.messagesLeft + ((now - connection.messagesAt) / 1_000) * MESSAGES.perSecond) - 1;
  connection.messagesAt = now;
  return connection.messagesLeft >= 0;
}

/** An error as every other door tells it. */
function told(error: unknown): GraphQLError {
  const cause = faultFromDatabase(error instanceof GraphQLError && error.originalError ? error.originalError : error);
  const source = error instanceof GraphQLError ? error : undefined;
  // What graphql-js refuses of a document or its variables has no code of its own here: it is the client's fault.
  const { message, extensions } = formatError({ message: cause.message, extensions: cause instanceof GraphQLError ? { code: "BAD_USER_INPUT", ...cause.extensions } : {} }, cause);
  return new GraphQLError(message, { ...(source?.nodes ? { nodes: source.nodes } : {}), ...(source?.path ? { path: source.path } : {}), extensions: extensions ?? {} });
}
