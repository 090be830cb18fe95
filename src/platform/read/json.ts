import { type Field } from "../entity/entity.js";
import { geometrySql } from "./drawing.js";
import { fieldSql } from "./filter.js";
import { literal } from "./literal.js";
import type { ReadSql } from "./read-sql.js";
import type { Selection } from "./tree.js";

export { literal };

/** A response key with the SQL of its value. An aliased key is the client's word: it is bound as a value and never becomes text. */
export interface Pair {
  key: string;
  aliased: boolean;
  value: string;
  /** The value is SQL text and not yet JSON: a type's name. */
  quoted?: boolean;
  /** The value is JSON already, or its text, and never absent. */
  sure?: boolean;
}

/** Columns named by the schema's own words: the row they make, as JSON, is an object. Quoted, since SQL folds case. */
const columns = (pairs: readonly Pair[], read: ReadSql) => read.letters.whole(pairs.map(({ key, value }) => `${value} as "${key}"`).join(", "));

const nameable = (pairs: readonly Pair[]) => pairs.length > 0 && pairs.every(({ aliased }) => !aliased);

/** json_build_object takes a hundred arguments; wider objects go through text. */
function built(pairs: readonly Pair[], read: ReadSql): string {
  const keyOf = ({ key, aliased }: Pair) => (aliased ? read.param("text", () => key, `alias:${key}`) : literal(key));
  if (pairs.length <= 50) return read.letters.whole(`json_build_object(${pairs.map((pair) => `${keyOf(pair)}, ${pair.value}`).join(", ")})`);
  const members = pairs.map((pair) => `to_json(${keyOf(pair)}::text)::text || ':' || coalesce(to_json(${pair.value})::text, 'null')`);
  return read.letters.whole(`('{' || ${members.join(" || ',' || ")} || '}')::json`);
}

/** A JSON object. A row made JSON costs half of what an object built of keys and values does. */
export const objectSql = (pairs: readonly Pair[], read: ReadSql): string => {
  if (!nameable(pairs)) return built(pairs, read);
  const row = read.alias();
  return `(select row_to_json(${row}) from (select ${columns(pairs, read)}) ${row})`;
};

/** The object of the one row a query finds: `from` begins with "from" and may find no row at all. */
export const objectOfSql = (pairs: readonly Pair[], from: string, read: ReadSql): string => {
  if (!nameable(pairs)) return `(select ${built(pairs, read)} ${from})`;
  const row = read.alias();
  return `(select row_to_json(${row}) from (select ${columns(pairs, read)} ${from}) ${row})`;
};

/** A call takes a hundred arguments, of which a member of an object is four. */
const MEMBERS_A_CALL = 24;

function concatenated(members: readonly string[]): string {
  if (members.length <= MEMBERS_A_CALL) return `concat(${members.join(", ")})`;
  const parts = Array.from({ length: Math.ceil(members.length / MEMBERS_A_CALL) }, (_, at) => members.slice(at * MEMBERS_A_CALL, (at + 1) * MEMBERS_A_CALL));
  return parts.map((part) => `concat(${part.join(", ")})`).join(" || ");
}

/** The text of an object at the top of a statement: joined, where a further object would copy all that lies below once more. */
export const textSql = (pairs: readonly Pair[], read: ReadSql): string => {
  const keyOf = ({ key, aliased }: Pair) => (aliased ? `to_json(${read.param("text", () => key, `alias:${key}`)})` : literal(`"${key}"`));
  const members = pairs.map((pair, at) => `${literal(at === 0 ? "{" : ",")}, ${keyOf(pair)}, ':', ${pair.quoted ? `to_json(${pair.value})` : pair.sure ? pair.value : `coalesce((${pair.value})::text, 'null')`}`);
  return read.letters.whole(members.length === 0 ? "'{}'" : concatenated([...members, "'}'"]));
};

/** The same of the one row a query finds; null where it finds none. */
export const textOfSql = (pairs: readonly Pair[], from: string, read: ReadSql): string => `(select ${textSql(pairs, read)} ${from})`;

/** Objects of many rows: an expression, the row it makes JSON of where it is one, and the joins that must stand after the rows for it to mean anything. */
export interface RowObject {
  value: string;
  record?: string;
  joins: string;
}

export const rowObject = (pairs: readonly Pair[], read: ReadSql, joins = ""): RowObject => {
  if (!nameable(pairs)) return { value: built(pairs, read), joins };
  const row = read.alias();
  return { value: `row_to_json(${row})`, record: row, joins: `${joins} cross join lateral (select ${columns(pairs, read)}) ${row}` };
};

/** What rows of an entity are shown as: a client's selection, or the carrier of ordinary execution. */
export interface Show {
  /** Objects of many rows. */
  rows(selection: Selection, alias: string, read: ReadSql): RowObject;
  /** The object of the one row a condition finds, null where it finds none. */
  one(selection: Selection, alias: string, condition: string, read: ReadSql): string;
}

/** A field's value as it leaves in an answer: the one definition of its format, for both ways of answering. */
export function valueSql(name: string, field: Field, alias: string, read: ReadSql): string {
  const raw = fieldSql(name, field, alias, read);
  return field.kind === "decimal" ? `${raw}::text` : field.kind === "geometry" ? geometrySql(raw, field, read) : raw;
}
