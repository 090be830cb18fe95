import { GraphQLError } from "graphql";
import { globalId } from "../entity/entity.js";
import type { RequestContext } from "../request.js";
import type { Done, Payload } from "./act.js";

/** Does what a mutation asks for and turns the request's reader to the instant its payload is read at: of a repeated key, that of the first answer. */
export async function doAction(name: string, args: Readonly<Record<string, unknown>>, context: RequestContext, payload?: Payload): Promise<Done> {
  const asked = {
    idempotencyKey: String(args["idempotencyKey"]),
    id: args["id"] as string | undefined,
    expectedVersion: args["expectedVersion"] as number | undefined,
    // Plain objects: type-graphql wraps inputs in classes of its own.
    input: args["input"] === undefined ? undefined : (JSON.parse(JSON.stringify(args["input"])) as Record<string, unknown>),
  };
  const done = await context.act(name, asked, payload);
  context.reader = context.readerAt({ recorded: done.replayed ? done.recorded : null, effective: done.effective });
  if (done.replayed) context.notes["idempotencyReplayed"] = true;
  return done;
}

/** The deed is done even where its doer does not see the row afterwards (handed to another area, say). */
export const outOfScope = (done: Done) =>
  new GraphQLError("已完成,但该对象已不在您的可见范围内 / done, but the object is no longer within your scope", { extensions: { code: "OUT_OF_SCOPE", id: globalId(done.entity, done.uuid) } });
