import type { Client } from "pg";
import { questionTiles, type Tile } from "./tile-question.js";

export interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

/** What the questions are asked about, drawn from the data itself: the same for the three servers. */
export interface Inputs {
  /** The county with the most risks; the caller may see all of it and nothing else. */
  county: { code: string; region: string; risks: number };
  towns: readonly string[];
  /** Risks with the longest past. */
  risks: readonly string[];
  longest: number;
  boxes: readonly Box[];
  /** Points in the fullest and in the emptiest box. */
  points: { least: number; most: number };
  /** Tiles of single points, nearly as many as the service shows one by one. */
  tiles: readonly Tile[];
  subjects: readonly { id: string; region: string; sector: string | null }[];
  /** Sort keys after which the deep pages begin, by how many risks stand before them. */
  depths: readonly { after: number; time: string; id: string }[];
}

export const LEVELS = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"] as const;
export const PAGE = 50;
/** The service gives at most a hundred rows a page, so a walk to the two thousandth page of fifty takes a thousand. */
export const STRIDE = 100;
const DEEPEST = 1_000;
const DEPTHS = 100;
const POINTS = 2_000;
const BOXES = 12;
const PAST = 200;
const SUBJECTS = 200;

export async function findInputs(client: Client): Promise<Inputs> {
  const all = async <Row>(text: string, ...values: unknown[]) => (await client.query(text, values)).rows as Row[];
  const [largest] = await all<{ code: string; risks: number }>("select county_code as code, count(*)::int as risks from risks group by 1 order by 2 desc limit 1");
  if (!largest) throw new Error("该库没有风险数据:先运行 npm run seed / this database has no risks: run npm run seed first");
  const { code, risks: count } = largest;
  const [district] = await all<{ id: string }>("select id from regions where level = 'DISTRICT' and left(code, 6) = $1 and valid_to is null", code);
  if (!district) throw new Error(`no district ${code}`);
  const towns = await all<{ id: string }>("select town_id as id from risks where county_code = $1 and town_id is not null group by 1 order by count(*) desc, 1", code);
  const past = await all<{ id: string; version: number }>("select id, version from risks where county_code = $1 order by version desc, md5(id::text) limit $2", code, PAST);
  const subjects = await all<{ id: string; region: string; sector: string | null }>("select id, region_id as region, sector from subjects where county_code = $1 and status = 'ACTIVE' order by md5(id::text) limit $2", code, SUBJECTS);
  const boxes = await findBoxes(client, code, count);
  const deepest = Math.min(DEEPEST, Math.floor((count - PAGE) / STRIDE));
  const wanted = Array.from({ length: Math.min(DEPTHS, Math.ceil(deepest / 2)) }, (_, index) => (deepest - index) * STRIDE);
  const depths = await all<{ after: number; time: string; id: string }>(
    `select n::int as after, to_json(updated_at) #>> '{}' as time, id from (select updated_at, id, row_number() over (order by updated_at desc, id desc) as n from risks where county_code = $1) numbered where n = any($2)`,
    code,
    wanted,
  );
  return { county: { code, region: district.id, risks: count }, towns: towns.map(({ id }) => id), risks: past.map(({ id }) => id), longest: past[0]!.version, ...boxes, tiles: await questionTiles(client, code), subjects, depths };
}

/** Places with about two thousand points around them, found by halving; the whole county where it has fewer. */
async function findBoxes(client: Client, county: string, count: number): Promise<Pick<Inputs, "boxes" | "points">> {
  const around = (lon: number, lat: number, half: number): Box => {
    const [west, south, east, north] = [lon - half, lat - half * 0.8, lon + half, lat + half * 0.8].map((degrees) => Math.round(degrees * 1e6) / 1e6) as [number, number, number, number];
    return { west, south, east, north };
  };
  const within = async ({ west, south, east, north }: Box) =>
    ((await client.query("select count(*)::int as points from risks where county_code = $1 and st_intersects(location, st_makeenvelope($2, $3, $4, $5, 4490))", [county, west, south, east, north])).rows[0] as { points: number }).points;
  const middles = (await client.query("select st_x(location) as lon, st_y(location) as lat from risks where county_code = $1 and location is not null order by md5(id::text) limit $2", [county, BOXES])).rows as { lon: number; lat: number }[];
  const found: { box: Box; points: number }[] = [];
  for (const { lon, lat } of middles) {
    let [least, most] = [0, 2];
    if (count > POINTS) for (let step = 0; step < 24 && most - least > 1e-6; step += 1) {
      const middle = (least + most) / 2;
      if ((await within(around(lon, lat, middle))) > POINTS) most = middle;
      else least = middle;
    }
    const box = around(lon, lat, count > POINTS ? least : most);
    found.push({ box, points: await within(box) });
  }
  const points = found.map((place) => place.points);
  return { boxes: found.map(({ box }) => box), points: { least: Math.min(...points), most: Math.max(...points) } };
}
