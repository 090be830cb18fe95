import { setImmediate as turn } from "node:timers/promises";
import { __Schema, __Type, type GraphQLFieldResolver, type GraphQLSchema } from "graphql";
import { Fault } from "../fault.js";

/** Introspection may tell everything there is some times over: fields of types of fields are told again for each. */
const TIMES = 2;

type Resolve = GraphQLFieldResolver<unknown, unknown>;

/** Lists of the schema's own that lead to further ones. */
const LISTS = ["fields", "interfaces", "possibleTypes", "enumValues", "inputFields"] as const;

/** Members told of so far, by request. */
const told = new WeakMap<object, number>();
let wrapped = false;

/**
 * Makes introspection of a schema of hundreds of types give way to others, and bounds how often it tells the same. The types of
 * introspection belong to the library: what is asked outside a request, as tools ask it, is answered as ever.
 */
export function boundIntrospection(schema: GraphQLSchema): void {
  const members = Object.values(schema.getTypeMap()).reduce((sum, type) => sum + 1 + ("getFields" in type ? Object.keys(type.getFields()).length : "getValues" in type ? type.getValues().length : 0), 0);
  mostTold = Math.max(mostTold, members * TIMES);
  if (wrapped) return;
  wrapped = true;
  const types = __Schema.getFields()["types"]!;
  types.resolve = inTurns(types.resolve as Resolve);
  for (const name of LISTS) {
    const field = __Type.getFields()[name]!;
    field.resolve = counted(field.resolve as Resolve);
  }
}

let mostTold = 0;

const refusal = () => new Fault("LIMIT_EXCEEDED", { limit: "introspection", maximum: mostTold });

const isRequest = (context: unknown): context is object => typeof context === "object" && context !== null;

/** Each member of the list is told of when it is its turn. */
const inTurns = (resolve: Resolve): Resolve => (source, args, context, info) => {
  const all = resolve(source, args, context, info) as readonly unknown[];
  if (!isRequest(context)) return all;
  let before: Promise<unknown> = Promise.resolve();
  return all.map((one) => {
    before = before.then(() => turn());
    return before.then(() => {
      // What was refused within one type is refused with all that follow.
      if ((told.get(context) ?? 0) > mostTold) throw refusal();
      return one;
    });
  });
};

const counted = (resolve: Resolve): Resolve => (source, args, context, info) => {
  const all = resolve(source, args, context, info) as readonly unknown[] | null | undefined;
  if (!isRequest(context) || !all) return all;
  const sum = (told.get(context) ?? 0) + all.length;
  told.set(context, sum);
  if (sum > mostTold) throw refusal();
  return all;
};
