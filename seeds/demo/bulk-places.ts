import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { newUuid } from "../../src/platform/write/identifier.js";
import type { Unit } from "../../src/platform/write/unit.js";
import { SECTORS, START } from "./story.js";

/** A village or community of the bulk, with the town and district it lies in and a made-up middle (CGCS2000 degrees). */
export interface BulkVillage {
  id: string;
  code: string;
  lon: number;
  lat: number;
}

export interface BulkTown {
  id: string;
  code: string;
  name: string;
  district: BulkDistrict;
  villages: BulkVillage[];
  government: string;
  regulator: string;
}

export interface BulkDistrict {
  code: string;
  /** Sector code to the department that leads it and the person in charge. */
  departments: Map<string, { organization: string; leader: string }>;
  /** Three, as an expert round asks for. */
  experts: string[];
}

/** Districts of the reference file with the middle of their made-up points; the first is the demo's own. */
const DISTRICTS = [
  { code: "500112", parent: "500100000000", lon: 106.63, lat: 29.75 },
  { code: "500107", parent: "500100000000", lon: 106.48, lat: 29.5 },
  { code: "500155", parent: "500000000000", lon: 107.8, lat: 30.67 },
  { code: "310105", parent: "310100000000", lon: 121.38, lat: 31.21 },
] as const;

const ABOVE = [
  { code: "310000000000", parent: null, name: "上海市", level: "PROVINCE" },
  { code: "310100000000", parent: "310000000000", name: "上海市市辖区", level: "CITY" },
] as const;

interface Division {
  code12: string;
  parent_code12: string;
  name: string;
  level: string;
}

const LEVEL: Readonly<Record<string, string>> = { county: "DISTRICT", street: "TOWN", community: "VILLAGE" };

/** Registers the districts' regions that are not there yet. */
export async function registerRegions(unit: Unit, districts: number): Promise<void> {
  const file = join(dirname(fileURLToPath(import.meta.url)), "../reference/divisions_4districts_2023.csv");
  const rows = parse(await readFile(file.replace("/dist/", "/")), { columns: true, bom: true }) as Division[];
  const wanted = DISTRICTS.slice(0, districts);
  const above = districts === DISTRICTS.length ? ABOVE : [];
  const below = rows.filter((row) => wanted.some(({ code }) => row.code12.startsWith(code))).map((row) => ({
    code: row.code12,
    name: row.name,
    level: LEVEL[row.level]!,
    parent: row.level === "county" ? wanted.find(({ code }) => row.code12.startsWith(code))!.parent : row.parent_code12,
  }));
  // One level a statement: a region's path is made from the row above it.
  for (const level of ["PROVINCE", "CITY", "DISTRICT", "TOWN", "VILLAGE"]) {
    const rowsOfLevel = [...above, ...below].filter((region) => region.level === level).map((region) => ({ ...region, id: newUuid(START) }));
    await unit.query(
      `insert into regions (id, code, name, level, parent_id, valid_from, source_system, external_id)
       select w.id, w.code, w.name, w.level, p.id, '2023-06-30', 'stats.gov.cn', w.code
       from json_to_recordset($1) as w(id uuid, code text, name text, level text, parent text)
       left join regions p on p.code = w.parent and p.valid_to is null
       where not exists (select 1 from regions r where r.code = w.code)`,
      [JSON.stringify(rowsOfLevel)],
    );
  }
}

/** Departments of every district and the government of every town, with one invented person in charge each. */
export async function registerBodies(unit: Unit, districts: number): Promise<BulkTown[]> {
  const towns: BulkTown[] = [];
  for (const [at, { code, lon, lat }] of DISTRICTS.slice(0, districts).entries()) {
    const regions = await unit.query<{ id: string; code: string; name: string; level: string; parent_id: string }>("select id, code, name, level, parent_id from regions where county_code = $1 and valid_to is null order by code", [code]);
    const district = regions.find(({ level }) => level === "DISTRICT")!;
    const made: BulkDistrict = { code, departments: new Map(), experts: Array.from({ length: 3 }, () => newUuid(START)) };
    await unit.query("insert into people (id, region_id, name, kind, post) select w.id, $2, '示例专家·' || $3 || '·' || w.n, 'EXPERT', '高级工程师' from unnest($1::uuid[]) with ordinality as w(id, n)", [made.experts, district.id, code]);
    for (const sector of SECTORS) {
      const body = await bodyWithPerson(unit, district.id, sector.department.replace("(演示)", `(批量演示${at + 1})`), { kind: "GOV_DEPT", level: "DISTRICT", role: "SECTOR", sectors: [sector.code] }, `示例行业负责人·${code}·${sector.code}`);
      made.departments.set(sector.code, { organization: body.organization, leader: body.person });
    }
    for (const [index, town] of regions.filter(({ level }) => level === "TOWN").entries()) {
      const body = await bodyWithPerson(unit, town.id, `${town.name}政府(批量演示)`, { kind: "TOWN_GOV", level: "TOWN", role: "TERRITORIAL", sectors: [] }, `示例科室监管人·${town.code.slice(0, 9)}`);
      // Towns on a made-up square of six by six around the middle of the district, villages around their town.
      const middle = { lon: lon + ((index % 6) - 2.5) * 0.05, lat: lat + (Math.floor(index / 6) - 2.5) * 0.04 };
      const villages = regions.filter(({ parent_id: parent }) => parent === town.id).map((village, number) => ({
        id: village.id,
        code: village.code,
        lon: middle.lon + ((number % 5) - 2) * 0.009,
        lat: middle.lat + ((Math.floor(number / 5) % 5) - 2) * 0.007,
      }));
      await intoBoundary(unit, district.id, villages);
      if (villages.length > 0) towns.push({ id: town.id, code: town.code, name: town.name, district: made, villages, government: body.organization, regulator: body.person });
    }
  }
  return towns;
}

async function bodyWithPerson(unit: Unit, region: string, name: string, body: { kind: string; level: string; role: string; sectors: string[] }, person: string) {
  const ids = { organization: newUuid(START), person: newUuid(START) };
  await unit.query(
    "insert into organizations (id, region_id, name, kind, level, supervision_role, sectors, can_inspect) values ($1, $2, $3, $4, $5, $6, $7, true)",
    [ids.organization, region, name, body.kind, body.level, body.role, body.sectors],
  );
  await unit.query(
    "insert into people (id, region_id, name, kind, post, rank, organization_id, duty_phone, mobile) values ($1, $2, $3, 'OFFICIAL', '应急办科员', 'KE', $4, '023-00000000', '10000000000')",
    [ids.person, region, person, ids.organization],
  );
  return ids;
}

/** Room for what stands around a village, in degrees. */
const ROOM = 0.006;

/** Made-up places that fell outside the county's boundary, where one is known, go to the nearest place within. */
async function intoBoundary(unit: Unit, county: string, places: { lon: number; lat: number }[]): Promise<void> {
  const moved = await unit.query<{ at: string; lon: number; lat: number }>(
    `select p.at, st_x(p.place) as lon, st_y(p.place) as lat from (
       select t.ordinality as at, st_setsrid(st_makepoint((t.value->>0)::float8, (t.value->>1)::float8), 4490) as given, st_closestpoint(st_buffer(r.boundary, -${ROOM}), st_setsrid(st_makepoint((t.value->>0)::float8, (t.value->>1)::float8), 4490)) as place
       from regions r cross join json_array_elements($2::json) with ordinality t where r.id = $1 and r.boundary is not null) p
     where not st_equals(p.given, p.place)`,
    [county, JSON.stringify(places.map(({ lon, lat }) => [lon, lat]))],
  );
  for (const { at, lon, lat } of moved) Object.assign(places[Number(at) - 1]!, { lon, lat });
}
