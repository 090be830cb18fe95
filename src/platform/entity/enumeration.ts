import { registerEnumType } from "type-graphql";
import { describe, type Description } from "./entity.js";

/** A closed list of values shown as a GraphQL enum. Stored as the value's own upper-case text. */
export interface EnumType<V extends string = string> {
  name: string;
  values: readonly V[];
  labels: Readonly<Record<V, Description>>;
  /** The object type-graphql knows the enum by. */
  object: Readonly<Record<V, V>>;
}

/** Declares an enum once; `values` maps each value to its Chinese and English label. */
export function enumeration<const V extends string>(
  name: string,
  description: Description,
  values: Readonly<Record<V, readonly [zh: string, en: string]>>,
): EnumType<V> {
  const names = Object.keys(values) as V[];
  const object = Object.fromEntries(names.map((value) => [value, value])) as Record<V, V>;
  const labels = Object.fromEntries(names.map((value) => [value, { zh: values[value][0], en: values[value][1] }])) as Record<V, Description>;
  registerEnumType(object, {
    name,
    description: describe(description),
    valuesConfig: Object.fromEntries(names.map((value) => [value, { description: describe(labels[value]) }])) as never,
  });
  return { name, values: names, labels, object };
}
