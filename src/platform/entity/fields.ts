import type { EnumType } from "./enumeration.js";
import type { ColumnField, Entity, FieldKind, KeyRelation, MatchRelation, SqlField } from "./entity.js";
import type { ReadSql } from "../read/read-sql.js";

type Options = Partial<Omit<ColumnField, "from" | "kind" | "zh" | "en">>;

const column = (kind: FieldKind) => (zh: string, en: string, options: Options = {}): ColumnField => ({ from: "column", kind, zh, en, ...options });

/** Column fields, one function a kind: `text("名称", "name", { filter: true })`. */
export const text = column("text");
export const int = column("int");
export const decimal = column("decimal");
export const bool = column("boolean");
export const date = column("date");
export const dateTime = column("dateTime");
export const textList = column("textList");
export const json = column("json");
export const geometry = column("geometry");

/** A column that holds one value of a closed list. */
export const oneOf = (enumeration: EnumType, zh: string, en: string, options: Options = {}): ColumnField => ({
  from: "column",
  kind: "enum",
  enumeration,
  zh,
  en,
  ...options,
});

/** A value computed in SQL. */
export const computed = (
  kind: FieldKind,
  zh: string,
  en: string,
  sql: (alias: string, read: ReadSql) => string,
  options: Options = {},
): SqlField => ({ from: "sql", kind, zh, en, sql, ...options });

/** Link by this entity's key column. */
export const one = (target: () => Entity, key: string, zh: string, en: string, options: Partial<Omit<KeyRelation, "match">> = {}): KeyRelation => ({
  cardinality: "one",
  target,
  key,
  zh,
  en,
  ...options,
});

/** Link to the rows whose key column points here. */
export const many = (target: () => Entity, key: string, zh: string, en: string, options: Partial<Omit<KeyRelation, "match">> = {}): KeyRelation => ({
  cardinality: "many",
  target,
  key,
  zh,
  en,
  ...options,
});

/** Link to the rows that match by what both are, as in "lies in". */
export const matching = (target: () => Entity, match: MatchRelation["match"], zh: string, en: string, options: Partial<MatchRelation> = {}): MatchRelation => ({
  cardinality: "many",
  target,
  match,
  zh,
  en,
  ...options,
});
