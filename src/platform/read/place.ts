import type { Grant } from "../actor.js";
import { placeTree, type Entity } from "../entity/entity.js";
import type { ReadSql, ValueSource } from "./read-sql.js";
import { uuidOf } from "./identity.js";

/**
 * Where rows lie, in SQL. The path is the truth for any place; for a county or a town a narrow column says the same,
 * and an index on it serves place, filter, order and page together, which no index on paths can.
 */

/** The planner expects one row in a thousand below any path, and would sort whole counties for it; of "<> 0" it expects nearly all, which beside a narrow column is so. */
const below = (alias: string, path: string) => `(${alias}.region_path <@ ${path})::int <> 0`;

/** Rows within the subtree of the place named by a filter. */
export function withinSql(target: Entity, shape: unknown, source: ValueSource, alias: string, read: ReadSql): string {
  const places = placeTree();
  const { table, tree } = places;
  read.looksAt(places);
  const place = read.param("uuid", (values) => uuidOf(source(values)));
  const narrow = tree.narrows[read.hints.levelOf(shape) ?? ""];
  if (!narrow || !placeColumnsOf(target).includes(narrow.column)) return below(alias, `(select p.${tree.path} from ${table} p where p.id = ${place})`);
  return `${alias}.${narrow.column} = ${narrow.of === "id" ? place : `(select p.${narrow.of} from ${table} p where p.id = ${place})`}`;
}

/** Rows within the areas of grants. `pick` gives the same grants for every actor of one shape. */
export function areasSql(target: Entity, alias: string, name: string, grants: readonly Grant[], pick: (actor: { grants: readonly Grant[] }) => readonly Grant[], read: ReadSql): string {
  const bound = (type: string, what: string, value: (grants: readonly Grant[]) => unknown) => read.param(type, ({ actor }) => value(pick(actor)), `${what}:${name}`);
  if (grants.length === 1) {
    // Equality keeps the order of an index that begins with the column; "any" of an array does not.
    const [grant] = grants as [Grant];
    const town = grant.townId && placeColumnsOf(target).includes("town_id") ? `${alias}.town_id = ${bound("uuid", "town", ([only]) => only!.townId)}` : undefined;
    if (town && grant.whole === "town") return town;
    // A parameter bound and not used has no type: the county is bound only where it is said.
    const county = !town && grant.countyCode ? `${alias}.county_code = ${bound("text", "county", ([only]) => only!.countyCode)}` : undefined;
    if (county && grant.whole === "county") return county;
    const narrow = town ?? county;
    const path = below(alias, bound("ltree", "path", ([only]) => only!.regionPath));
    return narrow ? `(${narrow} and ${path})` : path;
  }
  const paths = bound("ltree[]", "paths", (all) => all.map((grant) => grant.regionPath));
  const path = below(alias, `any(${paths})`);
  if (!grants.every((grant) => grant.countyCode)) return path;
  const counties = bound("text[]", "counties", (all) => [...new Set(all.map((grant) => grant.countyCode))]);
  return `(${alias}.county_code = any(${counties}) and ${path})`;
}

/** The node of the place tree at a level that a row lies in. */
export function ancestorSql(from: Entity, level: string, alias: string, read: ReadSql): string {
  const target = placeTree();
  const column = target.tree.counts[level]?.column;
  if (column && placeColumnsOf(from).includes(column)) return `${alias}.${column}`;
  const node = read.alias();
  return `(select ${node}.id from ${read.source(target, node)} where ${node}.${target.tree.path} @> ${alias}.region_path and ${node}.${target.tree.level} = '${level}')`;
}

/** Columns a placed row needs for any of these. */
export const placeColumnsOf = (entity: Entity): string[] => (entity.scope.kind === "placed" ? ["region_path", "county_code", ...(entity.appendOnly ? [] : ["town_id", "region_id"])] : []);
