import type { Role } from "../platform/actor.js";
import type { Entity } from "../platform/entity/entity.js";
import { nextCode } from "../platform/write/code-number.js";
import type { Unit, Values } from "../platform/write/unit.js";
import { HiddenDanger } from "../hidden-dangers/hidden-danger.js";
import { Region } from "../regions/region.js";
import { Subject } from "../subjects/subject.js";

/** What is wrong with one row, told by place and remedy. */
export interface RowProblem {
  column?: string;
  code: string;
  zh: string;
  en: string;
  suggestion?: string;
  /** Of a conflict: what was read, what stands now, what the file says. */
  changes?: readonly { field: string; base: unknown; current: unknown; yours?: unknown }[];
}

export interface Prepared {
  values: Values;
  doubts: readonly string[];
  problems: readonly RowProblem[];
}

interface Surroundings {
  unit: Unit;
  /** Region rows fall in where the source names none. */
  defaultRegion: string | null;
}

/** An entity files can bring: who may, and what a row needs beyond its mapping. */
export interface Target {
  entity: Entity;
  by: readonly Role[];
  /** Rows carry a place of their own, so a region must be known. */
  placed: boolean;
  prepare: (values: Record<string, unknown>, around: Surroundings) => Promise<Prepared>;
  /** Values a row gets once, when it is made. */
  creating: (values: Values) => Values;
}

const WRITERS: readonly Role[] = ["INTEGRATION_CLIENT", "TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE", "IMPORT"];

const missing = (field: string, zh: string): RowProblem => ({ code: "REQUIRED", zh: `缺少${zh}`, en: `${field} is missing`, suggestion: "补填后重新导入 / fill it in and import again" });

async function regionByCode(unit: Unit, code: unknown): Promise<string | null> {
  const [row] = await unit.query<{ id: string }>("select id from regions where code = $1 and valid_to is null", [code]);
  return row?.id ?? null;
}

/** Subtypes of a subject come by kind; `keyFacility` is the common one for foreign registers. */
async function prepareSubject(values: Record<string, unknown>, { unit, defaultRegion }: Surroundings): Promise<Prepared> {
  const { regionCode, ...rest } = values;
  const region = regionCode ? await regionByCode(unit, regionCode) : defaultRegion;
  const doubts: string[] = [];
  const [lon, lat] = (rest["location"] as { coordinates: [number, number] } | null | undefined)?.coordinates ?? [];
  if (lon === undefined || lat === undefined) doubts.push("NO_LOCATION");
  else if (lon < 73 || lon > 136 || lat < 3 || lat > 54) doubts.push("OUTSIDE_CHINA");
  const problems = [...(rest["name"] ? [] : [missing("name", "名称")]), ...(region ? [] : [missing("region", "所在区划")])];
  return { values: { kind: "KEY_FACILITY", status: "UNCONFIRMED", ...rest, region }, doubts, problems };
}

export const targets: Readonly<Record<string, Target>> = {
  region: {
    entity: Region,
    by: ["COMMITTEE_OFFICE", "IMPORT"],
    placed: false,
    async prepare(values, { unit }) {
      const { parentCode, ...rest } = values;
      const parent = parentCode ? await regionByCode(unit, parentCode) : null;
      const problems = [...(rest["code"] ? [] : [missing("code", "代码")]), ...(rest["name"] ? [] : [missing("name", "名称")])];
      // The region above a county is not part of every source; the tree then begins here.
      const orphan = parentCode && !parent;
      if (orphan && rest["level"] !== "DISTRICT") problems.push({ code: "PARENT_UNKNOWN", zh: `上级区划 ${String(parentCode)} 不存在`, en: `no region ${String(parentCode)} above`, suggestion: "先导入上级区划 / import the regions above first" });
      return { values: { ...rest, parent }, doubts: orphan ? ["PARENT_UNKNOWN"] : [], problems };
    },
    creating: () => ({}),
  },
  subject: {
    entity: Subject,
    by: WRITERS,
    placed: true,
    prepare: prepareSubject,
    creating: (values) => ({ code: nextCode("JG", "subject_numbers", values["region"] as string) }),
  },
  hiddenDanger: {
    entity: HiddenDanger,
    by: WRITERS,
    placed: true,
    async prepare(values, { unit, defaultRegion }) {
      const { regionCode, ...rest } = values;
      const region = regionCode ? await regionByCode(unit, regionCode) : defaultRegion;
      const closed = rest["status"] === "CLOSED";
      const problems = [
        ...(rest["title"] ? [] : [missing("title", "隐患内容")]),
        ...(rest["discoveredAt"] ? [] : [missing("discoveredAt", "排查日期")]),
        ...(region ? [] : [missing("region", "所在区划")]),
      ];
      // A loop run elsewhere proves nothing here: it stands as external, and what it lacks is told.
      const doubts = closed ? ["CLOSED_WITHOUT_EVIDENCE"] : [];
      return { values: { kind: "PHYSICAL", discoverySource: "UPPER_ASSIGNED", manageType: "DEADLINE", ...rest, region, origin: "EXTERNAL" }, doubts, problems };
    },
    creating: (values) => ({ code: nextCode("YH", "hidden_danger_numbers", values["region"] as string) }),
  },
};
