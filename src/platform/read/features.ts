import { Fault } from "../fault.js";
import { MOST_POSITIONS } from "./answer-size.js";
import { fieldsOf, placeFieldOf, type Entity } from "../entity/entity.js";
import { drawnSql } from "./drawing.js";
import { fieldSql, filterSql } from "./filter.js";
import { literal, objectOfSql, rowObject, textOfSql, valueSql, type Pair } from "./json.js";
import type { ReadSql } from "./read-sql.js";
import type { Part } from "./tree.js";

/** Features a single collection may hold. */
export const MAX_FEATURES = 5_000;

/** Fields an entity shows as properties of its features: unmasked, stored, scalar. */
export const propertiesOf = (entity: Entity) =>
  Object.entries(fieldsOf(entity)).filter(([, field]) => field.from !== "code" && field.kind !== "geometry" && field.kind !== "json" && (!field.clear || field.clear.only !== undefined) && !field.besideFeatures && (field.filter || field.from === "sql"));

/**
 * One GeoJSON FeatureCollection (RFC 7946 order lon, lat; CGCS2000): the highest levels first,
 * so that a limit, of features or of all their positions, never drops a higher one for a lower; `truncated` says when one did apply.
 */
export function featuresSql(part: Extract<Part, { kind: "features" }>, read: ReadSql, as: "json" | "text" = "json"): string {
  const { entity, site } = part;
  const args = read.shape[site] as { filter?: unknown; first: number };
  if (args.first < 1 || args.first > MAX_FEATURES) throw new Fault("LIMIT_EXCEEDED", { limit: "features", minimum: 1, maximum: MAX_FEATURES, actual: args.first });
  const inner = read.alias();
  const outer = read.alias();
  const [geometryName, geometry] = placeFieldOf(entity);
  const limit = read.param("integer", (values) => values.args[site]!["first"]);
  const conditions = [`${fieldSql(geometryName, geometry, inner, read)} is not null`, read.scope(entity, inner), filterSql(entity, args.filter, (values) => values.args[site]!["filter"], inner, read)].filter((condition) => condition !== "true");
  const rank = entity.featureOrder ? `${entity.featureOrder(inner, read)}, ` : "";
  const found = `select * from ${read.source(entity, inner, "set")} where ${conditions.join(" and ")} order by ${rank}${inner}.id limit ${limit} + 1`;
  // The rows come in order, and are gone through as they come.
  const crowd = geometry.spread
    ? { rows: `select * from (select ${outer}.*, sum(st_npoints(${fieldSql(geometryName, geometry, outer, read)})) over (rows unbounded preceding) as positions, count(*) over () as fetched from (${found}) ${outer}) ${outer} where positions <= ${MOST_POSITIONS}`, truncated: ` or count(*) < max(${outer}.fetched)` }
    : { rows: found, truncated: "" };
  const rows = `(${crowd.rows}) ${outer}`;
  const pair = (key: string, value: string): Pair => ({ key, aliased: false, value });
  const properties = rowObject(propertiesOf(entity).map(([name, field]) => pair(name, valueSql(name, field, outer, read))), read);
  const feature = rowObject([pair("type", "'Feature'::text"), pair("id", `${literal(entity.prefix)} || ${outer}.id`), pair("geometry", drawnSql(fieldSql(geometryName, geometry, outer, read), geometry, site, part.mark, read)), pair("properties", properties.record ?? properties.value)], read);
  const collection = [
    { ...pair("type", "'FeatureCollection'::text"), quoted: true },
    // Rows arrive in order, and an aggregate takes them as they come.
    { ...pair("features", `coalesce(array_to_json((array_agg(${feature.record ?? feature.value}))[1:${limit}]), '[]'::json)`), sure: true },
    pair("truncated", `count(*) > ${limit}${crowd.truncated}`),
  ];
  return (as === "text" ? textOfSql : objectOfSql)(collection, `from ${rows}${properties.joins}${feature.joins}`, read);
}
