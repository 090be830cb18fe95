import type { IncomingMessage, ServerResponse } from "node:http";
import type { ApolloServer } from "@apollo/server";
import { type Admission, PLAIN_COST, REFUSED_COST } from "../admission/admission.js";
import { Stay, type Caller } from "../admission/gate.js";
import { PUBLIC_ACTOR, type Actor } from "../actor.js";
import { Fault } from "../fault.js";
import type { RequestContext } from "../request.js";
import { householdOf, type ClientAddresses } from "./client-address.js";
import { allowOrigin, answerOptions } from "./cross-origin.js";
import type { Known, Route } from "./exchange.js";
import { answerGraphql, graphqlBody } from "./graphql.js";
import type { Passage } from "./passage.js";
import { sendProblem } from "./problem.js";
import { faultOf, refuseFull, shed, type Refusal } from "./refusal.js";
import { targetOf } from "./target.js";

export interface FrontOptions {
  admission: Admission;
  addresses: ClientAddresses;
  apollo: ApolloServer<RequestContext>;
  routes: readonly Route[];
  corsOrigins?: readonly string[] | undefined;
  actorOf: (authorization: string | undefined, clientIp: string) => Promise<Actor>;
  /** Whether a key of this header was good a moment ago. */
  provenBefore: (authorization: string | undefined) => string | undefined;
  /** The key a client without bearers sends as its password. */
  basicOf: (authorization: string | undefined) => string | undefined;
  contextFor: (known: Known) => Omit<RequestContext, "charge">;
}

const isGraphql = ({ url = "" }: IncomingMessage) => url === "/graphql" || url.startsWith("/graphql?");

/**
 * What happens to a request, in order: its address is taken apart, a GraphQL body is read, its sender is known, a place
 * at work is taken, the work is done, the place is given back. Uploads are read by their routes once the sender is known.
 */
export class Front {
  constructor(private readonly options: FrontOptions) {}

  /** How a request is refused of which nothing was read yet but its head. */
  refuses(request: IncomingMessage): Refusal | undefined {
    const { authorization } = request.headers;
    const known = this.options.provenBefore(authorization);
    const household = authorization === undefined ? householdOf(this.options.addresses.of(request)) : undefined;
    const refused = this.options.admission.refusesUnread(known, household, isGraphql(request));
    return refused === "late" ? shed : refused === "full" ? refuseFull : undefined;
  }

  async serve(request: IncomingMessage, response: ServerResponse, requestId: string, passage: Passage): Promise<void> {
    const clientIp = this.options.addresses.of(request);
    const known = this.options.provenBefore(request.headers.authorization);
    passage.budget = known ?? householdOf(clientIp);
    // Most requests are a POST to this very address: nothing in it to take apart.
    if (request.url === "/graphql") return this.graphql(request, response, "", requestId, passage, clientIp);
    const url = targetOf(request.url);
    if (!url) throw new Fault("INVALID_INPUT", { field: "url", rule: "a path of this service" });
    if (url.pathname === "/graphql") return this.graphql(request, response, url.search, requestId, passage, clientIp);
    return this.route(request, response, url, requestId, passage, clientIp);
  }

  private async graphql(request: IncomingMessage, response: ServerResponse, search: string, requestId: string, passage: Passage, clientIp: string): Promise<void> {
    const reading = graphqlBody({ request });
    const body = reading && (await reading);
    const actor = await this.options.actorOf(request.headers.authorization, clientIp);
    const caller = this.options.admission.callerOf(actor, householdOf(clientIp));
    await this.atWork(caller, passage, (stay) => {
      const exchange: Known = { request, response, requestId, actor, clientIp, stay };
      // An action of a caller without a key is refused anyway; trying is not free.
      const charge: RequestContext["charge"] = (cost, operation) => this.options.admission.charge(caller, caller.public && operation === "mutation" ? cost + REFUSED_COST : cost);
      const context: RequestContext = Object.assign(this.options.contextFor(exchange), { charge });
      return answerGraphql(this.options.apollo, exchange, search, body, context);
    });
  }

  /** Works in a place that is given back, whatever comes of it. Faults: RATE_LIMITED, OVERLOADED. */
  private async atWork(caller: Caller, passage: Passage, work: (stay: Stay) => Promise<void> | void): Promise<void> {
    const entering = this.options.admission.enter(caller);
    // A free place costs no turn of the event loop.
    const stay = passage.takes(entering instanceof Stay ? entering : await entering);
    try {
      await work(stay);
    } finally {
      stay.end();
    }
  }

  private async route(request: IncomingMessage, response: ServerResponse, url: URL, requestId: string, passage: Passage, clientIp: string): Promise<void> {
    const { admission, routes, corsOrigins } = this.options;
    const at = routes.filter(({ pattern }) => pattern.test(url.pathname));
    if (at.length === 0) throw new Fault("NOT_FOUND", {});
    if (at.every(({ crossOrigin }) => crossOrigin)) {
      allowOrigin(request, response, corsOrigins);
      if (request.method === "OPTIONS") return answerOptions(response);
    }
    const route = at.find(({ method }) => method === request.method || (method === "GET" && request.method === "HEAD"));
    if (!route) throw new Fault("METHOD_NOT_ALLOWED", { allowed: at.map(({ method }) => method) });
    const matched = route.pattern.exec(url.pathname)!.slice(1);
    passage.long = route.long === true;
    if (route.open) return route.handle({ request, response, url, matched, requestId, actor: PUBLIC_ACTOR, clientIp, stay: Stay.nowhere });
    try {
      const { authorization } = request.headers;
      const actor = await this.options.actorOf(route.basic ? this.options.basicOf(authorization) : authorization, clientIp);
      const caller = admission.callerOf(actor, householdOf(clientIp));
      admission.charge(caller, PLAIN_COST);
      await this.atWork(caller, passage, (stay) => route.handle({ request, response, url, matched, requestId, actor, clientIp, stay }));
    } catch (error) {
      if (!route.problems || response.headersSent) throw error;
      for (const name of ["etag", "vary"]) response.removeHeader(name);
      sendProblem({ request, response, requestId }, faultOf(error, requestId));
    }
  }
}
