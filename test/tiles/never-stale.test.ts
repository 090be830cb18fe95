import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Service } from "../../src/app.js";
import { inUnit, lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { counted, dice, fetchTile, owned, placeRisks, tileAt, type Fetched, type Position } from "../support/map-tiles.js";
import { startWatched } from "../support/watched.js";

/** FRESHNESS_SEED=<seed of a failure> walks the same way again; FRESHNESS_STEPS shortens it. */
const SEED = Number(process.env["FRESHNESS_SEED"] ?? 77);
const STEPS = Number(process.env["FRESHNESS_STEPS"] ?? (lane === "postgresql" ? 10_000 : 300));
/** Beyond it rows are moved instead of added, so that a late step costs what an early one does. */
const MOST_ROWS = 150;

const district = useDistrict();
const random = dice(SEED);
const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;

let service: Service;
let sent: string[];
beforeAll(async () => {
  await placeRisks(district.database.engine, district, [{ position: [106.62, 29.7] }]);
  ({ service, sent } = await startWatched(district));
});
afterAll(() => service.close());

const spot = (): Position => [106.4 + random() * 0.4, 29.5 + random() * 0.4];

interface Row {
  id: number;
  key: string;
  name: string;
  level: string;
  site: string;
  lon: number;
  lat: number;
}

const rowsNow = async (): Promise<Row[]> => (await district.database.engine.pool.query("select fid::integer as id, id as key, name, current_level as level, subject_id as site, st_x(location) as lon, st_y(location) as lat from risks where location is not null")).rows as Row[];

/** Which sites' risks each reader may see. */
const readers: Readonly<Record<string, () => readonly (string | undefined)[]>> = {
  office: () => district.sites.map((site) => site.split("_")[1]),
  auditor: () => district.sites.map((site) => site.split("_")[1]),
  street: () => [district.sites[0]!.split("_")[1]],
  neighbour: () => [district.sites[1]!.split("_")[1]],
  stranger: () => [],
  nobody: () => [],
};
const filters = [["", () => true], [`&filter=${encodeURIComponent('{"currentLevel":{"eq":"MAJOR"}}')}`, (row: Row) => row.level === "MAJOR"]] as const;

interface Look {
  reader: string;
  path: string;
  z: number;
  /** Asks the tileset for its version first, and the address with it but once if that may be held for a year. */
  versioned: boolean;
  /** What of some rows the reader must see there, as text. */
  due: (rows: readonly Row[]) => string;
}

function look(rows: readonly Row[]): Look {
  const reader = pick(Object.keys(readers));
  const z = pick([8, 12, 13, 14, 15]);
  const tms = random() < 0.8 ? "WebMercatorQuad" : "CGCS2000Quad";
  const target = random() < 0.7 && rows.length > 0 ? pick(rows) : undefined;
  const [x, y] = tileAt(tms, z, target ? [target.lon, target.lat] : spot());
  const [filter, passes] = random() < 0.8 ? filters[0] : filters[1];
  const due = (all: readonly Row[]) => {
    const sites = readers[reader]!();
    const seen = all.filter((row) => sites.includes(row.site) && passes(row) && tileAt(tms, z, [row.lon, row.lat]).join() === `${x},${y}`);
    return z < 12 ? String(seen.length) : seen.map(({ id, name, level }) => `${id} ${name} ${level}`).toSorted().join("\n");
  };
  return { reader, path: `risks/${z}/${x}/${y}.mvt?tms=${tms}${filter}`, z, versioned: random() < 0.25, due };
}

const said = (z: number, layers: Fetched["layers"]) => {
  const features = owned(layers["risks"]);
  return z < 12 ? String(counted(features)) : features.map(({ id, properties }) => `${id} ${String(properties["name"])} ${String(properties["currentLevel"])}`).toSorted().join("\n");
};

/** Looks at geometry, or takes a connection to. */
const GEOMETRY = /^connect$|\blocation\b|\bst_/;

test("through random writes by many hands no reader is ever given what is not so, nor what is not his, and a 304 looks at no geometry", async () => {
  const { engine } = district.database;
  const write = (text: string, values: unknown[] = []) => inUnit(engine, (client) => client.query(text, values));
  const held = new Map<string, Fetched>();
  const forYears = new Map<string, Fetched>();
  const wrong: unknown[] = [];
  const tally = { reads: 0, kept: 0, renewed: 0, away: 0, awayKept: 0, notAsked: 0 };

  /** As a browser does: what was given for a year is not asked for again. */
  const askVersioned = async (reader: string, path: string): Promise<Fetched> => {
    const as = district.as(reader, service);
    const { tiles } = (await (await as.fetch(`/tiles/risks.json?versioned=true&${path.split("?")[1]}`)).json()) as { tiles: string[] };
    const address = `${path}&v=${new URL(tiles[0]!).searchParams.get("v")}`;
    const stored = forYears.get(`${reader} ${address}`);
    if (stored) {
      tally.notAsked += 1;
      return stored;
    }
    const answer = await fetchTile(as, address);
    if (answer.headers.get("cache-control") === `${reader === "nobody" ? "public" : "private"}, max-age=31536000, immutable`) forYears.set(`${reader} ${address}`, answer);
    return answer;
  };

  /** Answers of several readers at once, each with what he holds. */
  const ask = async (looks: readonly Look[]) =>
    Promise.all(
      looks.map(async ({ reader, path, versioned }) => {
        if (versioned) return { status: 304, standing: await askVersioned(reader, path) };
        const key = `${reader} ${path}`;
        const old = held.get(key);
        const answer = await fetchTile(district.as(reader, service), path, old ? { "if-none-match": old.etag } : {});
        tally.reads += 1;
        if (answer.status === 304) tally.kept += 1;
        else if (old) tally.renewed += 1;
        const standing = answer.status === 304 ? old! : answer;
        held.set(key, standing);
        return { status: answer.status, standing };
      }),
    );

  // Readers come back to what they have seen; now and then one looks elsewhere, and what was seen longest ago is left.
  const known: Look[] = [];
  const again = () => {
    if (known.length > 0 && random() < 0.75) return pick(known);
    const fresh = look(rows);
    known.push(fresh);
    if (known.length > 60) known.shift();
    return fresh;
  };
  let rows = await rowsNow();
  for (let step = 0; step < STEPS; step += 1) {
    const choice = random();
    const [lon, lat] = spot();
    const one = rows.length > 0 ? pick(rows).key : undefined;
    const change = async (): Promise<unknown> => {
      if (!one || (choice < 0.3 && rows.length < MOST_ROWS)) return placeRisks(engine, district, [{ position: [lon, lat], level: pick(["MAJOR", "LOW", "MODERATE"]), site: pick([0, 1]), name: `步${step}` }]);
      if (choice < 0.5) return write("update risks set location = st_setsrid(st_makepoint($2, $3), 4490) where id = $1", [one, lon, lat]);
      if (choice < 0.55) return write("update risks set location = null where id = $1", [one]);
      if (choice < 0.75) return write("update risks set name = $2 where id = $1", [one, `改${step}`]);
      if (choice < 0.85) return write("update risks set name = right(name || '.', 20) where id = any($1)", [rows.slice(-5).map(({ key }) => key)]);
      if (choice < 0.9) return write("update people set post = $1", [`岗位${step}`]);
      if (choice < 0.93) return engine.pool.query("select compact_tile_revisions()");
      return undefined;
    };
    // Who asks while the write is under way may be told what was or what is; what he then holds is put to the test later.
    const early = random() < 0.3 ? [again()] : [];
    const [during] = await Promise.all([ask(early), change()]);
    const before = rows;
    rows = await rowsNow();
    early.forEach(({ z, due, ...asked }, at) => {
      const answered = said(z, during[at]!.standing.layers);
      if (answered !== due(before) && answered !== due(rows)) wrong.push({ step, ...asked, status: during[at]!.status, answered, either: [due(before), due(rows)] });
    });

    const looks = Array.from({ length: 3 }, again);
    sent.length = 0;
    const answers = await ask(looks);
    answers.forEach(({ status, standing }, at) => {
      const { z, due, ...asked } = looks[at]!;
      const answered = said(z, standing.layers);
      if (answered !== due(rows)) wrong.push({ step, ...asked, status, answered, due: due(rows) });
    });
    const made = answers.filter(({ status }, at) => status !== 304 || looks[at]!.versioned).length;
    const seen = sent.filter((text) => GEOMETRY.test(text)).length;
    if (seen > made) wrong.push({ step, statuses: answers.map(({ status }) => status), geometryStatements: sent.filter((text) => GEOMETRY.test(text)) });

    // Where nothing was ever changed nothing is new.
    if (step % 10 === 0) {
      const key = "risks/12/3300/1693.mvt";
      const old = held.get(key) ?? (await fetchTile(district.as("office", service), key));
      held.set(key, old);
      tally.away += 1;
      if ((await fetchTile(district.as("office", service), key, { "if-none-match": old.etag })).status === 304) tally.awayKept += 1;
    }
    if (wrong.length > 5) break;
  }
  expect({ seed: SEED, wrong }).toEqual({ seed: SEED, wrong: [] });
  expect(tally.awayKept).toBe(tally.away);
  expect(tally.reads).toBeGreaterThan(STEPS * 2);
  expect(tally.kept).toBeGreaterThan(STEPS / 10);
  expect(tally.renewed).toBeGreaterThan(STEPS / 10);
  expect(tally.notAsked).toBeGreaterThan(STEPS / 500);
}, 900_000);
