import type { Pool } from "pg";
import type { Node, Shape } from "../cql2/tree.js";
import { placeOf, refusal } from "../cql2/tree.js";
import type { ToStored } from "../cql2/sql.js";
import { Fault } from "../fault.js";
import { boxOf, boxShape } from "./box.js";
import { mapPositions, ordered, toDegrees, type Crs } from "./crs.js";

type Spatial = Extract<Node, { kind: "geometry" | "bbox" }>;

function spatialOf(node: Node, found: Spatial[] = []): Spatial[] {
  if (node.kind === "geometry" || node.kind === "bbox") found.push(node);
  else if (node.kind === "op") node.args.forEach((argument) => spatialOf(argument, found));
  return found;
}

const isArea = (shape: Shape): boolean => shape.type.endsWith("Polygon") || (shape.type === "GeometryCollection" && shape.geometries.some(isArea));

/**
 * The geometries of a filter in stored degrees, put there by their vertices. What the database has to convert or to
 * find sound is asked in one statement beforehand, so that a crossed ring is told with its place and never half answered.
 */
export async function storedShapes(pool: Pool, tree: Node | undefined, crs: Crs): Promise<ToStored> {
  const nodes = tree ? spatialOf(tree) : [];
  const shapes = new Map<Node, Shape>(nodes.map((node) => [node, shapeOf(node, crs)]));
  const asked = nodes.filter((node) => crs.plane || (node.kind === "geometry" && isArea(shapes.get(node)!)));
  if (asked.length > 0) {
    const answers = await check(pool, asked.map((node) => shapes.get(node)!), crs);
    asked.forEach((node, index) => {
      const { shape, flaw } = answers[index]!;
      if (flaw !== null) throw refusal(placeOf(node), `a polygon without crossings / 不自交的面 (${flaw})`);
      shapes.set(node, shape);
    });
  }
  return (node) => shapes.get(node)!;
}

function shapeOf(node: Spatial, crs: Crs): Shape {
  if (node.kind === "bbox") return boxShape("filter", boxOf("filter", node.value, crs));
  return mapPositions(node.value, (position) => (crs.plane ? ordered("filter", position, crs) : toDegrees("filter", position, crs)));
}

async function check(pool: Pool, shapes: readonly Shape[], crs: Crs): Promise<{ shape: Shape; flaw: string | null }[]> {
  const made = `st_setsrid(st_geomfromgeojson(given.shape), ${crs.srid})`;
  const text = `select st_asgeojson(g, 15, 0)::json as shape, case when st_isvalid(g) then null else st_isvalidreason(g) end as flaw
    from unnest($1::text[]) with ordinality given(shape, n) cross join lateral (select ${crs.plane ? `st_transform(${made}, 4490)` : made} as g) made order by n`;
  try {
    return (await pool.query(text, [shapes.map((shape) => JSON.stringify(shape))])).rows as { shape: Shape; flaw: string | null }[];
  } catch (error) {
    // PostGIS has no code of its own for a geometry it cannot take.
    if ((error as { code?: string }).code === "XX000") throw new Fault("INVALID_INPUT", { field: "filter", rule: "几何须落在坐标系范围内 / geometries within the bounds of their system" });
    throw error;
  }
}
