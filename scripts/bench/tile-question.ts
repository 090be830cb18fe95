import { VectorTile } from "@mapbox/vector-tile";
import { PbfReader } from "pbf";
import type { Client } from "pg";
import type { Inputs } from "./inputs.js";
import { statement, UNIQUE, type Question } from "./question.js";

/** A tile of web Mercator, and how many risks lie in it. */
export interface Tile {
  z: number;
  x: number;
  y: number;
  points: number;
}

/** Tiles of a zoom by how near to a wanted number of points they come, the nearest first. */
export async function tilesNear(client: Client, county: string, z: number, wanted: number, most: number): Promise<Tile[]> {
  const { rows } = await client.query(
    `select x, y, count(*)::integer as points from (select floor((st_x(location) + 180) / 360 * 2 ^ $2)::integer as x, floor((0.5 - asinh(tan(radians(st_y(location)))) / (2 * pi())) * 2 ^ $2)::integer as y
     from risks where county_code = $1 and location is not null) t group by 1, 2 having count(*) <= $4 order by abs(count(*) - $3), 1, 2 limit 4`,
    [county, z, wanted, most],
  );
  return (rows as Omit<Tile, "z">[]).map((row) => ({ z, ...row }));
}

const WANTED = 4_500;
/** Below the number at which the service begins to gather, with room for the buffer. */
const MOST = 4_800;

/** At the first zooms of single points, whichever has the tile nearest to what is wanted; with its like. */
export async function questionTiles(client: Client, county: string): Promise<Tile[]> {
  const far = ([first]: readonly Tile[]) => (first ? Math.abs(first.points - WANTED) : Infinity);
  let best: Tile[] = [];
  for (const z of [12, 13, 14]) {
    const found = await tilesNear(client, county, z, WANTED, MOST);
    if (far(found) < far(best)) best = found;
  }
  return best.filter(({ points }) => points >= best[0]!.points * 0.8);
}

interface Shown {
  x: number;
  y: number;
  properties: Readonly<Record<string, unknown>>;
}

/** Features by their ids; which of them the neighbour counts is this service's own word. */
export function decoded(bytes: unknown): ReadonlyMap<number, Shown> {
  const layer = new VectorTile(new PbfReader(bytes as Uint8Array)).layers["risks"];
  const features = Array.from({ length: layer?.length ?? 0 }, (_, at) => layer!.feature(at));
  const found = new Map(features.map((feature): [number, Shown] => {
    const { copy: _copy, ...properties } = feature.properties;
    const { x, y } = feature.loadGeometry()[0]![0]!;
    return [feature.id!, { x, y, properties }];
  }));
  if (found.size < features.length) throw new Error("a feature is twice in a tile");
  return found;
}

/** PostGIS rounds to the nearest unit, the service down: a unit apart is the same place, and at the rim of the buffer one may have what the other has not. */
export function differ(limit: unknown, ours: unknown): string | null {
  const [a, b] = [limit, ours] as [ReadonlyMap<number, Shown>, ReadonlyMap<number, Shown>];
  const rim = ({ x, y }: Shown) => Math.min(x + 128, y + 128, 4096 + 128 - x, 4096 + 128 - y) <= 2;
  for (const [one, other] of [[a, b], [b, a]] as const)
    for (const [id, feature] of one) {
      const found = other.get(id);
      if (!found && !rim(feature)) return `${id}: ${JSON.stringify(feature)} ≠ nothing`;
      if (found && (Math.abs(found.x - feature.x) > 1 || Math.abs(found.y - feature.y) > 1 || JSON.stringify(Object.entries(found.properties).sort()) !== JSON.stringify(Object.entries(feature.properties).sort()))) return `${id}: ${JSON.stringify(feature)} ≠ ${JSON.stringify(found)}`;
    }
  return null;
}

/** A tile that is made anew: every request has a filter of its own that every row passes. */
export function tileQuestion({ tiles, county }: Inputs): Question | null {
  if (tiles.length === 0) return null;
  const filter = encodeURIComponent(JSON.stringify({ name: { ne: UNIQUE } }));
  const counted = tiles.map(({ points }) => points);
  return {
    id: "Q6",
    zh: `新做的矢量瓦片,第 ${tiles[0]!.z} 级,${Math.min(...counted)} 至 ${Math.max(...counted)} 个点`,
    en: `vector tile made anew, zoom ${tiles[0]!.z}, ${Math.min(...counted)} to ${Math.max(...counted)} points`,
    note: "Q6: 极限为手写的 ST_AsMVT;PostGraphile 没有瓦片 / the limit is ST_AsMVT by hand; PostGraphile has no tiles. 答案解码后比较,相差一个单位者为同一位置 / answers are compared decoded, a unit apart being the same place.",
    asks: {
      limit: tiles.map(({ z, x, y }) => statement("tile", z, x, y, county.code)),
      this: tiles.map(({ z, x, y }) => ({ method: "GET", path: `/tiles/risks/${z}/${x}/${y}.mvt?filter=${filter}`, body: "" })),
      postgraphile: [],
    },
    answer: { limit: decoded, this: decoded, postgraphile: decoded },
    differ,
    // The key of a layer.
    begins: { limit: "\u001a", this: "\u001a", postgraphile: "" },
    unique: true,
  };
}
