import { Fault } from "../platform/fault.js";

/** Levels from the highest down. */
export const LEVELS = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"] as const;

interface Named {
  code: string;
  nameZh: string;
  nameEn: string;
}

/** An input of a method: a closed list of values, each with what it means. Codes instead of numbers where a matrix has them. */
export interface MethodInput extends Named {
  values: readonly { value: number | string; zh: string; en: string }[];
}

/** The first band a score reaches holds it. */
export interface Band {
  level: string;
  /** In points of the method. */
  from: number;
  /** `from` itself belongs to the band below. */
  exclusive?: boolean;
}

/** MATRIX: rows are the values of the first input, columns those of the second; a cell is a score, or in every cell a level. */
export type Formula = { kind: "PRODUCT" | "SUM" } | { kind: "MATRIX"; cells: readonly (readonly (number | string)[])[] };

/** A version of a method of assessment as closed data. Numbers have at most four decimals and are not negative. */
export interface MethodDefinition {
  inputs: readonly MethodInput[];
  formula: Formula;
  /** From the highest down; none where the cells of a matrix are levels. */
  bands: readonly Band[];
  /** 直接判定重大: what makes a risk major whatever its score. */
  directMajorReasons: readonly { code: string; zh: string; en: string }[];
}

export interface Outcome {
  /** Null where the method gives a level and no score. */
  score: number | null;
  level: string;
}

/** At most four decimals: as whole ten-thousandths numbers add and multiply without binary dust. */
const DECIMALS = 4;
const whole = (number: number) => BigInt(Math.round(number * 10 ** DECIMALS));

/** A number of 10^-decimals, exactly. */
interface Exact {
  units: bigint;
  decimals: number;
}

const exactly = (number: number): Exact => ({ units: whole(number), decimals: DECIMALS });

function numberOf({ units, decimals }: Exact): number {
  const digits = units.toString().padStart(decimals + 1, "0");
  return Number(`${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`);
}

const bandHolding = (bands: readonly Band[], { units, decimals }: Exact) =>
  bands.find(({ from, exclusive }) => {
    const edge = whole(from) * 10n ** BigInt(decimals - DECIMALS);
    return exclusive ? units > edge : units >= edge;
  });

/** The level of a score of at most four decimals; undefined where no band holds it. */
export const bandOf = ({ bands }: Pick<MethodDefinition, "bands">, score: number): string | undefined => bandHolding(bands, exactly(score))?.level;

/** What a method says of one value of each of its inputs, given by their places; undefined where no band holds the score. */
export function outcomeAt({ inputs, formula, bands }: MethodDefinition, places: readonly number[]): { score: number | null; level: string | undefined } {
  let score: Exact;
  if (formula.kind === "MATRIX") {
    const cell = formula.cells[places[0]!]![places[1]!]!;
    if (typeof cell === "string") return { score: null, level: cell };
    score = exactly(cell);
  } else {
    const values = inputs.map(({ values }, at) => whole(Number(values[places[at]!]!.value)));
    score =
      formula.kind === "SUM"
        ? { units: values.reduce((sum, value) => sum + value, 0n), decimals: DECIMALS }
        : { units: values.reduce((product, value) => product * value, 1n), decimals: DECIMALS * values.length };
  }
  return { score: numberOf(score), level: bandHolding(bands, score)?.level };
}

/**
 * The places of values in the closed lists of a method.
 * @param at where the values stand in the client's input, to be named in a refusal.
 * Faults: INVALID_INPUT naming field, rule and what is allowed.
 */
export function placesOf({ inputs }: MethodDefinition, values: ReadonlyMap<string, unknown>, at: string): number[] {
  const known = inputs.map(({ code }) => code);
  const extra = [...values.keys()].find((code) => !known.includes(code));
  if (extra !== undefined) throw new Fault("INVALID_INPUT", { field: `${at}.${extra}`, rule: `one of ${known.join(", ")}`, allowed: inputs.map(({ code, nameZh, nameEn }) => ({ code, zh: nameZh, en: nameEn })) });
  return inputs.map(({ code, values: allowed }) => {
    const value = values.get(code) ?? null;
    const place = allowed.findIndex((one) => one.value === value);
    if (place < 0) throw new Fault("INVALID_INPUT", { field: `${at}.${code}`, rule: `one of ${allowed.map((one) => one.value).join(", ")}`, actual: value, allowed });
    return place;
  });
}

/** Score and level of inputs by a method definition. Faults: INVALID_INPUT where a value is not in its closed list. */
export function levelOf(definition: MethodDefinition, values: Readonly<Record<string, unknown>>): Outcome {
  const { score, level } = outcomeAt(definition, placesOf(definition, new Map(Object.entries(values)), "input.inputs"));
  if (level === undefined) throw new Error(`no band holds ${score}`);
  return { score, level };
}

/** Every combination of places, in the order of the lists. */
export function* combinations({ inputs }: Pick<MethodDefinition, "inputs">, places: readonly number[] = []): Generator<readonly number[]> {
  if (places.length === inputs.length) yield places;
  else for (let place = 0; place < inputs[places.length]!.values.length; place += 1) yield* combinations({ inputs }, [...places, place]);
}
