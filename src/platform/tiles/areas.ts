import { boxSql, conditionSql, framed, numberColumn, placeSql, propertiesOf, rankSql, type Making } from "./rows.js";
import { MOST_FEATURES, type Features } from "./points.js";

/** Units around a tile that areas are drawn in as well, so that no outline shows along its edge. */
export const AREA_MARGIN = 64;

/** Areas cut to the tile, or the points that stand for them; one more than may be, the largest first. `geom` is in tile units. */
export function areas(making: Making): Features {
  const { layer, matrix, shifted, read } = making;
  const entity = layer.entity();
  const [row, cut] = [read.alias(), read.alias()];
  const source = read.source(entity, row);
  read.forget();
  const properties = propertiesOf(making);
  const place = placeSql(making, row);
  const drawn = `tile_shape(${place}, ${shifted}, ${matrix.mercator}, ${framed("scale", read)}, ${framed("left", read)}, ${framed("top", read)}, ${boxSql(read)}, ${AREA_MARGIN})`;
  // Cut once, before anything is computed for what turns out not to lie there: merged into the rest it would be cut for each mention.
  const rows = `select ${row}.${numberColumn(entity)} as id, ${cut}.geom, ${rankSql(making, row)} as rank, st_area(st_envelope(${place})) as size${properties.map((property) => `, ${property.sql(row)} as "${property.name}"`).join("")}
    from ${source} cross join lateral (select ${drawn} as geom offset 0) ${cut} where ${conditionSql(making, row)} and ${cut}.geom is not null
    order by rank, size desc, id limit ${MOST_FEATURES + 1}`;
  return { rows, properties };
}
