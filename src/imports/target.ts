import type { Entity } from "../platform/entity/entity.js";
import type { Datum } from "../platform/coordinates.js";
import type { Deed } from "../platform/write/act-each.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import type { RowProblem } from "./row.js";

/** What a row says once it is read in its surroundings. */
export interface Prepared {
  /** By the names of the actions' input, those of a kind beside the others; links as UUIDs. */
  values: Record<string, unknown>;
  doubts: readonly string[];
  problems: readonly RowProblem[];
}

export interface Surroundings {
  unit: Unit;
  /** Region rows fall in where the source names none. */
  defaultRegion: string | null;
  sourceSystem: string;
  datum: Datum | null;
}

/** What belongs to a row beside its own values: deeds to be done once it stands, and what forbids them. */
export interface Beside {
  deeds: readonly Deed[];
  problems: readonly RowProblem[];
}

/** An entity files can bring. Every row goes through the actions named here: who may import is who may act. */
export interface Target {
  entity: Entity;
  /** The action that makes a row, and the one that brings it up to date. */
  creates: string;
  updates: string;
  /** Fields a mapping may fill. */
  fields: ReadonlySet<string>;
  /** What a row is called and where it is: one of which both are others is another thing under the same key. */
  named?: string;
  placedBy?: readonly string[];
  /** Values that come of several fields of the file. */
  sources?: Readonly<Record<string, readonly string[]>>;
  /** Geometries are handed to the action in the datum of the source. */
  geometryAsGiven?: true;
  prepare: (values: Record<string, unknown>, around: Surroundings) => Promise<Prepared>;
  /** The values as the actions take them. */
  input: (values: Record<string, unknown>, kind: unknown) => Record<string, unknown>;
  /** A row another source brought that is the same thing; of it only what stands beside is written. */
  adopt?: (unit: Unit, values: Record<string, unknown>) => Promise<string | undefined>;
  beside?: (around: Surroundings, uuid: string, row: TakenRow | null, values: Record<string, unknown>, changed: (field: string) => boolean) => Promise<Beside>;
}

/** The region an import is for, among the fields of a row: it is part of what the file says. */
export const REGION_OF_IMPORT = "@region";

export const missing = (field: string, zh: string): RowProblem => ({ code: "REQUIRED", zh: `缺少${zh}`, en: `${field} is missing`, suggestion: "补填后重新导入 / fill it in and import again" });
