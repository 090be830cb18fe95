import { allActions } from "../platform/actions.js";
import { globalId } from "../platform/entity/entity.js";
import { Region } from "../regions/region.js";
import { Subject } from "../subjects/subject.js";
import { liesOutside, regionAround, regionByCode } from "./places.js";
import { missing, REGION_OF_IMPORT, type Prepared, type Surroundings, type Target } from "./target.js";

/** What only subjects of a kind have: the object of the input it stands in. */
const DETAILS: Readonly<Record<string, string>> = { KEY_FACILITY: "facility", KEY_AREA: "area", CONSTRUCTION_PROJECT: "project" };

/** Links are told by ids of this system, which no file of another knows. */
const detailsOf = (kind: string) => Object.entries(allActions().get("subject.updateExternal")!.input[DETAILS[kind] ?? ""]?.fields ?? {}).flatMap(([name, field]) => (field.kind === "id" ? [] : [name]));

/** A subject lies where it says, else where its point does; `KEY_FACILITY` is the common kind of foreign registers. */
async function prepare(values: Record<string, unknown>, { unit, defaultRegion }: Surroundings): Promise<Prepared> {
  const { regionCode, ...rest } = values;
  const doubts: string[] = [];
  const [lon, lat] = (rest["location"] as { coordinates: [number, number] } | null | undefined)?.coordinates ?? [];
  const located = lon !== undefined && lat !== undefined;
  const abroad = located && (lon < 73 || lon > 136 || lat < 3 || lat > 54);
  if (!located) doubts.push("NO_LOCATION");
  else if (abroad) doubts.push("OUTSIDE_CHINA");
  const named = regionCode ? await regionByCode(unit, regionCode) : undefined;
  if (named?.former) doubts.push("FORMER_CODE");
  // A row that names no region lies where its point does: within the import's region the narrowest, without one anywhere.
  const around = regionCode || !located || abroad ? undefined : await regionAround(unit, lon, lat, defaultRegion);
  const region = regionCode ? (named?.id ?? null) : around && (around.below || defaultRegion === null) ? around.id : defaultRegion;
  const problems = rest["name"] ? [] : [missing("name", "名称")];
  if (!region)
    problems.push(
      regionCode || !located
        ? missing("region", "所在区划")
        : { code: "OUTSIDE_KNOWN_REGIONS", zh: `坐标 ${lon}, ${lat} 不在任何已知边界的区划内`, en: `${lon}, ${lat} lies within no region whose boundary is known`, suggestion: "写明区划代码,或先导入边界 / name the region, or import boundaries first" },
    );
  else if (located && !abroad && (await liesOutside(unit, region, lon, lat))) doubts.push("OUTSIDE_REGION");
  return { values: { kind: "KEY_FACILITY", ...rest, region }, doubts, problems };
}

export const subjectTarget: Target = {
  entity: Subject,
  creates: "subject.registerExternal",
  updates: "subject.updateExternal",
  get fields() {
    const { input } = allActions().get("subject.registerExternal")!;
    const own = Object.entries(input).flatMap(([name, field]) => (field.kind === "object" || field.kind === "id" || ["doubts", "externalSystem", "externalId"].includes(name) ? [] : [name]));
    return new Set(["regionCode", ...own, ...Object.keys(DETAILS).flatMap(detailsOf)]);
  },
  named: "name",
  placedBy: ["region", "location", "address"],
  sources: { region: ["regionCode", "location", REGION_OF_IMPORT] },
  prepare,
  input: ({ region, ...values }, kind) => {
    const own = detailsOf(String(kind));
    const of = (inside: boolean) => Object.fromEntries(Object.entries(values).filter(([name]) => own.includes(name) === inside));
    const details = of(true);
    return { ...of(false), ...(Object.keys(details).length > 0 ? { [DETAILS[String(kind)]!]: details } : {}), ...(region === undefined ? {} : { region: globalId(Region, region as string) }) };
  },
};
