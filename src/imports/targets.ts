import type { Role } from "../platform/actor.js";
import type { Entity } from "../platform/entity/entity.js";
import { nextCode } from "../platform/write/code-number.js";
import type { Unit, Values } from "../platform/write/unit.js";
import { HiddenDanger } from "../hidden-dangers/hidden-danger.js";
import { Subject } from "../subjects/subject.js";
import { missing, prepareSubject, regionByCode, regionTarget } from "./place-targets.js";

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
  /** What belongs to the row beside itself, written once it stands; tells whether anything was new. */
  beside?: (unit: Unit, uuid: string) => Promise<boolean>;
}

export interface Surroundings {
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
  /** A row another source brought that is the same thing, with what this source adds to it. */
  adopt?: (unit: Unit, values: Values) => Promise<{ uuid: string; values: Values } | undefined>;
  /** Values left to write on a row that stands, where equality is not that of an answer. */
  settle?: (unit: Unit, uuid: string, values: Values) => Promise<Values>;
  /** Values a row gets once, when it is made. */
  creating: (values: Values) => Values;
}

const WRITERS: readonly Role[] = ["INTEGRATION_CLIENT", "TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE", "IMPORT"];

export const targets: Readonly<Record<string, Target>> = {
  region: regionTarget,
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
      const region = regionCode ? ((await regionByCode(unit, regionCode))?.id ?? null) : defaultRegion;
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
