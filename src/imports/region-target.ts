import { storedGeometry, type Geometry } from "../platform/coordinates.js";
import { globalId } from "../platform/entity/entity.js";
import type { Deed } from "../platform/write/act-each.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { Region } from "../regions/region.js";
import { regionByCode } from "./places.js";
import type { RowProblem } from "./row.js";
import { missing, type Beside, type Prepared, type Surroundings, type Target } from "./target.js";

async function prepare(values: Record<string, unknown>, { unit, datum }: Surroundings): Promise<Prepared> {
  const { parentCode, ...rest } = values;
  const parent = parentCode ? ((await regionByCode(unit, parentCode))?.id ?? null) : null;
  const problems = [...(rest["code"] ? [] : [missing("code", "代码")]), ...(rest["name"] ? [] : [missing("name", "名称")])];
  const doubts: string[] = [];
  // The region above a county is not part of every source; the tree then begins here.
  if (parentCode && !parent) {
    if (rest["level"] === "DISTRICT") doubts.push("PARENT_UNKNOWN");
    else problems.push({ code: "PARENT_UNKNOWN", zh: `上级区划 ${String(parentCode)} 不存在`, en: `no region ${String(parentCode)} above`, suggestion: "先导入上级区划 / import the regions above first" });
  }
  if (rest["boundary"] && !(await isValid(unit, storedGeometry(rest["boundary"] as Geometry, datum!)))) doubts.push("BOUNDARY_NOT_VALID");
  if (rest["formerCode"] && rest["formerCode"] !== rest["code"]) doubts.push("FORMER_CODE");
  // Boundary and former code stand beside a region's own values.
  const own = Object.fromEntries(Object.entries(rest).filter(([name]) => !/^(boundary|former)/.test(name)));
  return { values: { ...own, ...(parentCode === undefined ? {} : { parent }) }, doubts, problems };
}

const isValid = async (unit: Unit, boundary: Geometry) => (await unit.query<{ valid: boolean }>("select st_isvalid(st_geomfromgeojson($1)) as valid", [JSON.stringify(boundary)]))[0]!.valid;

/** What stands beside a region's own values: its boundary and the code it had before. */
async function beside({ unit, sourceSystem, datum }: Surroundings, uuid: string, row: TakenRow | null, values: Record<string, unknown>, changed: (field: string) => boolean): Promise<Beside> {
  const deeds: Deed[] = [];
  const problems: RowProblem[] = [];
  const id = globalId(Region, uuid);
  const { boundary, boundarySource, formerCode, code } = values;
  if (boundary && changed("boundary")) {
    const standing = row ? await standingBoundary(unit, uuid, storedGeometry(boundary as Geometry, datum!)) : undefined;
    const source = (boundarySource as string | undefined) ?? sourceSystem;
    if (standing && !standing.same && !standing.writable)
      problems.push({
        code: "CONFLICT", zh: "区划已有边界,且不是文件带来的原样", en: "the region has a boundary, and not as a file last brought it", suggestion: "由有权者以 region.setBoundary 更换 / let who may replace it by region.setBoundary",
        changes: [{ field: "boundary", base: null, current: row?.["boundarySource"] ?? null, yours: source }],
      });
    else if (!standing?.same) deeds.push({ name: "region.setBoundary", id, input: { boundary, datum, source } });
  }
  if (formerCode && formerCode !== code && (changed("formerCode") || !row) && !(await knowsCode(unit, uuid, formerCode)))
    deeds.push({ name: "region.addFormerCode", id, input: { code: formerCode, name: values["formerName"], validFrom: values["formerFrom"], validTo: values["formerTo"], basis: values["formerBasis"] } });
  return { deeds, problems };
}

/** The boundary that stands against the one of a file: the same positions; or to be replaced, where there is none or it is as some file last left it. */
async function standingBoundary(unit: Unit, uuid: string, told: Geometry): Promise<{ same: boolean; writable: boolean }> {
  const [row] = await unit.query<{ same: boolean; writable: boolean }>(
    `select coalesce(st_asbinary(r.boundary_given) = st_asbinary(st_multi(st_geomfromgeojson($2))), false) as same,
      r.boundary_given is null or exists (select from imported_values v cross join lateral (select (v.versions ->> 'boundary')::integer as version) b
        where v.entity_id = r.id and (b.version = r.version or exists (select from regions_history h where h.id = r.id and h.version = b.version and h.boundary_given is not distinct from r.boundary_given))) as writable
     from regions r where r.id = $1`,
    [uuid, JSON.stringify(told)],
  );
  return row!;
}

const knowsCode = async (unit: Unit, region: string, code: unknown) => (await unit.query("select from region_codes where region_id = $1 and code = $2", [region, code])).length > 0;

/** Regions, and boundaries for regions that stand already: a code in force is one region, whoever brought it. */
export const regionTarget: Target = {
  entity: Region,
  creates: "region.register",
  updates: "region.update",
  fields: new Set(["code", "name", "level", "parentCode", "urbanClass", "validFrom", "point", "boundary", "boundarySource", "formerCode", "formerName", "formerFrom", "formerTo", "formerBasis"]),
  sources: { parent: ["parentCode"] },
  geometryAsGiven: true,
  prepare,
  input: ({ parent, ...values }) => ({ ...values, ...(parent ? { parent: globalId(Region, parent as string) } : {}) }),
  async adopt(unit, values) {
    // A file without boundaries registers regions; where one stands under another key, the database says so.
    if (!values["boundary"]) return undefined;
    const found = await regionByCode(unit, values["code"]);
    return found && !found.former ? found.id : undefined;
  },
  beside,
};
