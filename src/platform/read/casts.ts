import type { Field } from "../entity/entity.js";

const CAST: Readonly<Record<string, string>> = {
  text: "text",
  enum: "text",
  int: "integer",
  float: "double precision",
  decimal: "numeric",
  boolean: "boolean",
  textList: "text[]",
  date: "date",
  dateTime: "timestamptz",
};

/** SQL type a value of a field is bound as. */
export const castOf = (field: Pick<Field, "kind">) => CAST[field.kind] ?? "text";
