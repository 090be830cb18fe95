import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { importCall, type ImportReport } from "../../src/imports/import.service.js";
import { importFile } from "../../src/imports/import.file.js";
import { openImported } from "../../src/imports/spool.js";
import { shippedMapping } from "../../src/imports/mappings.js";
import { storedGeometry, type Geometry } from "../../src/platform/coordinates.js";
import { actAs, type WriteDoor } from "../../src/platform/write/act.js";
import { newUuid } from "../../src/platform/write/identifier.js";

const FILE = "cq_sh_counties_echarts49.geojson";
const path = () => join(dirname(fileURLToPath(import.meta.url)), FILE).replace("/dist/", "/");

/** What the counties of the file lie in. */
const ABOVE = [
  ["500000000000", "重庆市", "PROVINCE", null],
  ["500100000000", "重庆市市辖区", "CITY", "500000000000"],
  ["500200000000", "重庆市县", "CITY", "500000000000"],
  ["310000000000", "上海市", "PROVINCE", null],
  ["310100000000", "上海市市辖区", "CITY", "310000000000"],
] as const;

/** Registers the 54 counties of Chongqing and Shanghai with their boundaries; on those that stand already it sets the boundary. */
export async function loadCounties(door: WriteDoor): Promise<ImportReport> {
  const call = importCall("初始化 / seed");
  await actAs(door, call, "region.load", async (unit) => {
    for (const [code, name, level, parent] of ABOVE)
      await unit.query(
        `insert into regions (id, code, name, level, parent_id, source_system, external_id)
         select $1, $2, $3, $4, (select id from regions where code = $5 and valid_to is null), 'stats.gov.cn', $2
         where not exists (select 1 from regions where code = $2 and valid_to is null)`,
        [newUuid(), code, name, level, parent],
      );
  });
  return importFile(door, call, { mapping: await shippedMapping("counties-echarts"), fileName: FILE, datum: null, mode: "VALID_ROWS", regionCode: null }, openImported(path()));
}

export interface County {
  code: string;
  name: string;
  /** In CGCS2000. */
  boundary: Geometry;
}

/** Counties of the file by six-digit code, for a story that has its own clock. */
export async function readCounties(codes: readonly string[]): Promise<County[]> {
  const { features } = JSON.parse(await readFile(path(), "utf8")) as { features: { properties: { adcode_2023: string; name_in_source: string }; geometry: Geometry }[] };
  return features
    .filter(({ properties }) => codes.includes(properties.adcode_2023))
    .map(({ properties, geometry }) => ({ code: `${properties.adcode_2023}000000`, name: properties.name_in_source, boundary: storedGeometry(geometry, "GCJ02") }));
}
