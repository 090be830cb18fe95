import { Arg, Field, Float, ID, InputType, Int, Mutation, Resolver, type ClassType } from "type-graphql";
import { allActions, mutationName, type Action, type InputField } from "../actions.js";
import { describe } from "../entity/entity.js";
import { describeInput } from "../entity/input-fields.js";
import { mean } from "../read/meaning.js";
import { KEPT_DAYS } from "../write/key-retention.js";
import { bboxInput, classNamed, entityType, outputType } from "./types.js";

type Made = ClassType<object>;

const inputs = new Map<string, Made>();
const pascal = (name: string) => name[0]!.toUpperCase() + name.slice(1);

/** The GraphQL type of an input field. */
export function argumentType(name: string, field: InputField): () => unknown {
  const nested = field.kind === "object" ? inputType(field.typeName ?? `${name}Input`, field.fields!, describe(field)) : undefined;
  const box = field.kind === "bbox" ? bboxInput() : undefined;
  const single = (): unknown => {
    if (field.kind === "id") return ID;
    if (field.kind === "object") return nested;
    if (field.kind === "bbox") return box;
    if (field.kind === "float") return Float;
    return outputType({ kind: field.kind, enumeration: field.enumeration })();
  };
  return field.list ? () => [single()] : single;
}

function inputType(name: string, fields: Readonly<Record<string, InputField>>, description: string): Made {
  const known = inputs.get(name);
  if (known) return known;
  const target = classNamed(name);
  inputs.set(name, target);
  InputType(name, { description })(target);
  for (const [key, field] of Object.entries(fields)) Field(argumentType(name + pascal(key), field) as never, { nullable: !field.required, description: describeInput(field) })(target.prototype as object, key, undefined as never);
  return target;
}

const stateText = (action: Action) => {
  if (!action.to && !action.from) return "";
  const from = action.from?.join(" | ") ?? "(new)";
  return `。${from} → ${action.to ?? from}`;
};

/** Mutations, made from the action tables: there is none without an action, and no action without one. */
export function mutationResolver(): Made {
  const target = classNamed("ActionMutations");
  Resolver()(target);
  for (const [name, action] of allActions()) {
    const mutation = mutationName(name);
    Object.defineProperty(target.prototype, mutation, { value: () => undefined, writable: true, configurable: true });
    mean("Mutation", mutation, { kind: "acted", entity: action.on, action: name });
    const description = `${describe(action)}${stateText(action)}。角色 / roles: ${action.by.join(", ")}`;
    Mutation((() => entityType(action.on)) as never, { description })(target.prototype as object, mutation, Object.getOwnPropertyDescriptor(target.prototype, mutation)!);
    const take = (argument: string, type: () => unknown, index: number, text: string, nullable = false) =>
      Arg(argument, type as never, { description: text, nullable })(target.prototype as object, mutation, index);
    take("idempotencyKey", () => String, 0, `幂等键,8-200 个可见 ASCII 字符;${KEPT_DAYS} 天内同键重发得到同一结果,其后视为新请求 / idempotency key, 8 to 200 printable ASCII characters; within ${KEPT_DAYS} days the same key gives the same answer, afterwards it is a new request`);
    if (!action.creates) {
      take("id", () => ID, 1, "对象标识 / id of the object");
      take("expectedVersion", () => Int, 2, "读到的版本;已被改动则返回 CONFLICT / the version that was read; CONFLICT when it moved on");
    }
    if (Object.keys(action.input).length > 0) {
      const type = inputType(`${pascal(mutation)}Input`, action.input, `${action.zh}的内容 / content of: ${action.en}`);
      const required = Object.values(action.input).some((field) => field.required);
      take("input", () => type, 3, "内容 / content", !required);
    }
  }
  return target;
}
