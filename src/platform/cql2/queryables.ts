import { fieldsOf, globalId, keySql, relationsOf, type Description, type Entity, type Field, type FieldKind } from "../entity/entity.js";
import type { EnumType } from "../entity/enumeration.js";
import { fieldSql, mayBeTold } from "../read/field-sql.js";
import { KnownPlace } from "../read/known-place.js";
import type { ReadSql } from "../read/read-sql.js";
import type { Sort } from "./tree.js";

/** What a filter may name: the declared, unmasked filters of an entity, those of what it links to, and its geometry. */
export interface Queryable extends Description {
  name: string;
  kind: FieldKind;
  enumeration?: EnumType | undefined;
  nullable: boolean;
  /** The declared field, where it is one. */
  field?: Field | undefined;
  /** A value on the entity's alias. */
  sql(alias: string, read: ReadSql): string;
  /** Of a geometry: where rows lie, which is what `sql` gives. */
  place?: ((alias: string, read: ReadSql) => KnownPlace) | undefined;
}

export type Queryables = ReadonlyMap<string, Queryable>;

export const SORT_OF: Readonly<Record<FieldKind, Sort | undefined>> = { text: "text", enum: "text", int: "number", float: "number", decimal: "number", boolean: "boolean", date: "date", dateTime: "timestamp", textList: "array", geometry: "geometry", json: undefined };

const offered = (field: Field, read: ReadSql) => field.filter === true && field.from !== "code" && mayBeTold(field, read.actor);

/** @param geometry the name of the entity's geometry field. */
export function queryablesOf(entity: Entity, geometry: string, read: ReadSql): Queryables {
  const made = new Map<string, Queryable>();
  const put = (name: string, { zh, en, kind, enumeration, nullable }: Pick<Field, "zh" | "en" | "kind" | "enumeration" | "nullable">, sql: Queryable["sql"], { field, place }: Pick<Queryable, "field" | "place"> = {}) => made.set(name, { name, zh, en, kind, enumeration, nullable: nullable === true, field, sql, place });
  put("id", { zh: "全局标识", en: "global id", kind: "text" }, (alias) => `('${globalId(entity, "")}' || ${alias}.id)`);
  for (const [name, field] of Object.entries(fieldsOf(entity))) {
    if (name === geometry) {
      const place = (alias: string, inner: ReadSql) => KnownPlace.of(entity, name, alias, inner);
      put(name, field, (alias, inner) => place(alias, inner).sql, { field, place });
    } else if (offered(field, read) && SORT_OF[field.kind] && field.kind !== "geometry") put(name, field, (alias, inner) => fieldSql(name, field, alias, inner), { field });
  }
  for (const [link, relation] of Object.entries(relationsOf(entity))) {
    const target = relation.target();
    if (relation.cardinality !== "one" || target.versionsOf) continue;
    for (const [name, field] of Object.entries(fieldsOf(target))) {
      if (!offered(field, read) || !SORT_OF[field.kind] || field.kind === "geometry") continue;
      // What one may not see is absent: its values are null, as in the answer.
      put(`${link}.${name}`, { ...field, zh: `${relation.zh}:${field.zh}`, en: `${relation.en}: ${field.en}`, nullable: true }, (alias, inner) => {
        const other = inner.alias();
        const scope = relation.owned ? "" : ` and ${inner.scope(target, other)}`;
        return `(select ${fieldSql(name, field, other, inner)} from ${inner.source(target, other)} where ${other}.id = ${keySql(relation, alias)}${scope})`;
      }, { field });
    }
  }
  return made;
}
