import { COVERING, fieldsOf, keySql, linkSql, linksOf, parseId, type Entity } from "../entity/entity.js";
import { countsSql } from "./counts.js";
import { drawnSql } from "./drawing.js";
import { featuresSql } from "./features.js";
import { fieldSql } from "./filter.js";
import { uuidOf } from "./identity.js";
import { literal, objectOfSql, objectSql, rowObject, textSql, valueSql, type Pair, type Show } from "./json.js";
import { listSql } from "./list.js";
import { objectTypesOf } from "./meaning.js";
import type { ReadSql } from "./read-sql.js";
import { reportFeaturesSql, reportSql } from "./report.js";
import type { Item, Part } from "./tree.js";

/** The whole statement: one row, one column, the text of `data`. */
export const statementSql = (items: readonly Item[], read: ReadSql) => {
  const pairs = items.map(({ key, aliased, part }): Pair => ({ key, aliased, quoted: part.kind === "typename", sure: ["list", "counts", "features", "reportFeatures"].includes(part.kind), value: part.kind === "list" ? listSql(part, null, selected, read, "text") : part.kind === "features" ? featuresSql(part, read, "text") : partSql(part, "", read) }));
  return `select ${textSql(pairs, read)} as data`;
};

/**
 * Keys and values of a selection on an alias. Given a list of joins, what a row links to is joined beside it:
 * PostgreSQL then remembers the linked rows it has met, where it would look up a subquery's anew for every row.
 */
const pairsOf = (items: readonly Item[], alias: string, read: ReadSql, joins?: string[]): Pair[] =>
  items.map(({ key, aliased, part }) => ({ key, aliased, value: part.kind === "one" && joins ? joinedSql(part, alias, read, joins) : partSql(part, alias, read) }));

function joinedSql({ relation, selection }: Extract<Part, { kind: "one" }>, alias: string, read: ReadSql, joins: string[]): string {
  const target = relation.target();
  const inner = read.alias();
  const linked = read.alias();
  const object = selected.rows(selection, inner, read);
  const scope = relation.owned ? "" : ` and ${read.scope(target, inner)}`;
  joins.push(` left join lateral (select ${object.record ?? object.value} as object from ${read.source(target, inner)}${object.joins} where ${inner}.id = ${keySql(relation, alias)}${scope} limit 1) ${linked} on true`);
  return `${linked}.object`;
}

/** Rows as the client selected them; where an entity has variants, each by its own type's selection. */
const selected: Show = {
  rows({ items, variants, entity }, alias, read) {
    if (items) {
      const joins: string[] = [];
      const pairs = pairsOf(items, alias, read, joins);
      return rowObject(pairs, read, joins.join(""));
    }
    const branches = [...variants!].map(([variant, chosen]) => ({ variant, object: rowObject(pairsOf(chosen, alias, read), read) }));
    return {
      value: `case ${alias}.${entity.variants!.column} ${branches.map(({ variant, object }) => `when ${literal(variant)} then ${object.value}`).join(" ")} end`,
      joins: branches.map(({ object }) => object.joins).join(""),
    };
  },
  one(selection, alias, condition, read) {
    const from = `from ${read.source(selection.entity, alias)}`;
    if (selection.items) return objectOfSql(pairsOf(selection.items, alias, read), `${from} where ${condition}`, read);
    const { value, joins } = selected.rows(selection, alias, read);
    return `(select ${value} ${from}${joins} where ${condition})`;
  },
};

/** Rows as ordinary execution carries them. */
export const carried: Show = {
  rows: ({ entity }, alias, read) => rowObject(carrierPairs(entity, alias, read), read),
  one: ({ entity }, alias, condition, read) => objectOfSql(carrierPairs(entity, alias, read), `from ${read.source(entity, alias)} where ${condition}`, read),
};

function partSql(part: Part, alias: string, read: ReadSql): string {
  switch (part.kind) {
    case "typename":
      return `${literal(part.value)}::text`;
    case "variantName": {
      const names = [...objectTypesOf(part.entity)].map(([variant, name]) => `when ${literal(variant)} then ${literal(name)}`);
      return `case ${alias}.${part.entity.variants!.column} ${names.join(" ")} end`;
    }
    case "id":
      return `${literal(part.entity.prefix)} || ${alias}.id`;
    case "column":
      return valueSql(part.name, fieldsOf(part.entity)[part.name]!, alias, read);
    case "code": {
      // The mark's key is one no stored value can hold: PostgreSQL keeps no U+0000.
      const needed = part.field.needs.map((name): Pair => ({ key: name, aliased: false, value: valueSql(name, fieldsOf(part.entity)[name]!, alias, read) }));
      if (part.field.covering) needed.push({ key: COVERING, aliased: false, value: read.covering(part.entity, alias) });
      return `('{"\\u0000":${part.mark},"row":' || ${objectSql(needed, read)}::text || '}')::json`;
    }
    case "one": {
      const { relation } = part;
      const target = relation.target();
      const inner = read.alias();
      const scope = relation.owned ? "" : ` and ${read.scope(target, inner)}`;
      return selected.one(part.selection, inner, `${inner}.id = ${keySql(relation, alias)}${scope}`, read);
    }
    case "versionAt":
      return versionAtSql(part, `${alias}.id`, selected, read);
    case "single": {
      const inner = read.alias();
      const id = read.param("uuid", (values) => uuidOf(values.args[part.site]!["id"], part.entity));
      return selected.one(part.selection, inner, `${inner}.id = ${id} and ${read.scope(part.entity, inner)}`, read);
    }
    case "node": {
      const target = parseId(String(read.shape[part.site]!["id"]))?.entity;
      const selection = target && part.selections.get(target);
      if (!selection) return "null::json";
      return partSql({ kind: "single", entity: target, site: part.site, selection }, alias, read);
    }
    case "list":
      return listSql(part, part.relation ? (inner) => linkSql(part.relation!, alias, inner, read) : null, selected, read);
    case "counts":
      return countsSql(part, selected, read);
    case "drawn": {
      const field = fieldsOf(part.entity)[part.name]!;
      return drawnSql(fieldSql(part.name, field, alias, read), field, part.site, part.mark, read);
    }
    case "features":
      return featuresSql(part, read);
    case "reportFeatures":
      return reportFeaturesSql(part.report, part.site, part.mark, read);
    case "report":
      return reportSql(part.report, part.selection, part.site, selected, read);
  }
}

/** The version of a row that stood at the instant of a site's argument. */
export function versionAtSql({ site, selection }: Pick<Extract<Part, { kind: "versionAt" }>, "site" | "selection">, id: string, show: Show, read: ReadSql): string {
  const version = read.alias();
  const at = read.param("timestamptz", (values) => values.args[site]!["recorded"]);
  return show.one(selection, version, `${version}.id = ${id} and ${version}.recorded_from <= ${at} and (${version}.recorded_to is null or ${version}.recorded_to > ${at})`, read);
}
/** Under what key a row that has no id brings a geometry exact. */
export const exactKey = (name: string) => `exact:${name}`;

/** A row as ordinary execution carries it: every stored field it may show, keys of links, and the UUID; computed fields where named. */
export function carrierPairs(entity: Entity, alias: string, read: ReadSql, computedFields: readonly string[] = []): Pair[] {
  const pair = (key: string, value: string): Pair => ({ key, aliased: false, value });
  // A row of a report is no object of its own: what it computes stands in its query.
  const pairs = entity.report ? [] : [pair("uuid", `${alias}.id`)];
  if (entity.variants) pairs.push(pair("variant", `${alias}.${entity.variants.column}`));
  for (const [name, field] of Object.entries(fieldsOf(entity))) {
    // Versions share the id of their row, so nothing can be loaded for them afterwards.
    // A row that cannot be asked for again brings its geometry exact, for whatever it may be drawn as.
    if (field.kind === "geometry" && (entity.report || entity.versionsOf)) pairs.push(pair(exactKey(name), `encode(st_asewkb(${fieldSql(name, field, alias, read)}), 'hex')`));
    if (field.from === "column" || (field.from === "sql" && (entity.versionsOf || computedFields.includes(name)))) pairs.push(pair(name, valueSql(name, field, alias, read)));
  }
  for (const [name, relation] of linksOf(entity)) pairs.push(pair(`key:${name}`, read.plain ? `${alias}.${relation.key}` : keySql(relation, alias)));
  if (read.plain || Object.values(fieldsOf(entity)).some((field) => field.from === "code" && field.covering)) pairs.push(pair(COVERING, read.covering(entity, alias)));
  return pairs;
}
