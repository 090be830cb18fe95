import { columnOf, type Field } from "../entity/entity.js";
import type { ReadSql } from "./read-sql.js";

/** The column or expression of a field on an alias. */
export const fieldSql = (name: string, field: Field, alias: string, read: ReadSql): string => {
  if (field.from === "code") throw new Error(`field ${name} has no SQL`);
  return field.from === "sql" ? `(${field.sql(alias, read)})` : `${alias}.${columnOf(name, field)}`;
};
