import type { GraphQLSchema } from "graphql";
import { Arg, Resolver, Subscription, type ClassType } from "type-graphql";
import { describe } from "../entity/entity.js";
import { allStreams, type Listening } from "../entity/stream.js";
import { argumentType } from "./mutations.js";
import { classNamed, entityType } from "./types.js";

/** Event types of all streams; prepared before type-graphql gathers what exists. */
export const eventTypes = () => allStreams().map(({ row }) => entityType(row));

/** Events come from async iterables of our own: whatever asks for a topic is mistaken. */
export const NO_TOPICS = {
  publish: () => {
    throw new Error("nothing is published by topic");
  },
  subscribe: () => {
    throw new Error("nothing is subscribed to by topic");
  },
};

/** The fields of the subscription, made from the declarations of streams. */
export function streamResolver(): ClassType<object> {
  const target = classNamed("StreamSubscriptions");
  Resolver()(target);
  for (const stream of allStreams()) {
    const { name, args, row } = stream;
    Object.defineProperty(target.prototype, name, { value: () => undefined, writable: true, configurable: true });
    const type = entityType(row);
    const open = ({ args: given, context }: { args: unknown; context: unknown }) => events(name, stream.open(given as Record<string, unknown>, context as Listening));
    Subscription((() => type) as never, { description: describe(stream), subscribe: open as never })(target.prototype as object, name, Object.getOwnPropertyDescriptor(target.prototype, name)!);
    Object.entries(args).forEach(([argument, declared], index) => Arg(argument, argumentType(`${name}_${argument}`, declared as never) as never, { description: describe(declared), nullable: !declared.required })(target.prototype as object, name, index));
  }
  return target;
}

/** Each event as the value of its field. */
async function events(name: string, opened: Promise<AsyncIterableIterator<object>>): Promise<AsyncIterableIterator<object>> {
  const told = await opened;
  const named = async (next: Promise<IteratorResult<object>>): Promise<IteratorResult<object>> => {
    const { done, value } = await next;
    return done ? { done, value: undefined } : { done: false, value: { [name]: value as object } };
  };
  const made: AsyncIterableIterator<object> = { next: () => named(told.next()), return: () => named(told.return!()), [Symbol.asyncIterator]: () => made };
  return made;
}

/** Says what the subscription is, where there is one. */
export function describeStreams(schema: GraphQLSchema): void {
  const type = schema.getSubscriptionType();
  if (type) type.description = "订阅;经 /graphql 的 WebSocket(graphql-transport-ws),密钥放在 connection_init 的 authorization 或请求头 / Subscriptions: by WebSocket at /graphql (graphql-transport-ws), the key as authorization in connection_init or as header";
}
