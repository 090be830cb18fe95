import { hasGrant, type Actor } from "../actor.js";
import { columnOf, entityNamed, type Field } from "../entity/entity.js";
import { castOf } from "./casts.js";
import type { ReadSql } from "./read-sql.js";

/** The column or expression of a field on an alias, as far as the caller is told it: whatever asks for the value, none but this gives it. */
export const fieldSql = (name: string, field: Field, alias: string, read: ReadSql): string => {
  if (field.from === "code") throw new Error(`field ${name} has no SQL`);
  const value = () => (field.from === "sql" ? read.letters.piece(() => `(${field.sql(alias, read)})`, name) : `${alias}.${columnOf(name, field)}`);
  if (!field.clear || read.plain) return value();
  if (!field.clear.of) throw new Error(`field ${name} does not know what it is a value of`);
  const target = entityNamed(field.clear.of);
  // A row of a report is no entity's: which of its values are told is its statement's concern.
  const told = target ? read.clear(target, alias, field.clear) : String(mayBeTold(field, read.actor));
  return told === "true" ? value() : told === "false" ? `null::${castOf(field)}` : `(case when ${told} then ${value()} end)`;
};

/** Whether there can be a row of which the caller is told the value. */
export const mayBeTold = ({ clear }: Pick<Field, "clear">, actor: Actor): boolean => !clear || clear.only !== undefined || hasGrant(actor, clear.to);
