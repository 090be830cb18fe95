import { Fault } from "../platform/fault.js";
import { combinations, LEVELS, outcomeAt, type Band, type Formula, type MethodDefinition, type MethodInput } from "./definition.js";

const MAX_COMBINATIONS = 20_000;
const FORMULAS = ["PRODUCT", "SUM", "MATRIX"] as const;

type Fields = Readonly<Record<string, unknown>>;

/** Where a part of a definition stands, to be named in a refusal. */
class Place {
  constructor(
    private readonly path: string,
    readonly value: unknown,
  ) {}

  refuse(rule: string, facts: Fields = {}): never {
    throw new Fault("INVALID_INPUT", { field: this.path, rule, ...facts });
  }

  /** The parts of an object that has these and no others. */
  object<const K extends string>(required: readonly K[], optional: readonly K[] = []): Record<K, Place> {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.refuse("an object");
    const given = new Map(Object.entries(value as Fields));
    const known: readonly string[] = [...required, ...optional];
    for (const key of given.keys()) if (!known.includes(key)) new Place(`${this.path}.${key}`, null).refuse(`one of ${known.join(", ")}`);
    const parts = Object.fromEntries(known.map((key) => [key, new Place(`${this.path}.${key}`, given.get(key) ?? undefined)])) as Record<K, Place>;
    for (const key of required) if (parts[key].value === undefined) parts[key].refuse("required");
    return parts;
  }

  list(least: number, most: number): Place[] {
    const { value } = this;
    if (!Array.isArray(value) || value.length < least || value.length > most) this.refuse(`a list of ${least} to ${most}`, Array.isArray(value) ? { actual: value.length } : {});
    return (value as unknown[]).map((item, at) => new Place(`${this.path}.${at}`, item));
  }

  text(most: number): string {
    const text = typeof this.value === "string" ? this.value.normalize("NFC").trim() : "";
    if (text === "" || text.length > most) this.refuse(`text of 1 to ${most} characters`);
    return text;
  }

  code(most: number): string {
    const { value } = this;
    if (typeof value !== "string" || !/^[A-Z][A-Z0-9_]*$/.test(value) || value.length > most) this.refuse(`upper-case letters, digits and _, beginning with a letter, at most ${most}`);
    return value as string;
  }

  /** At most four decimals: then sums and products are exact in every engine. */
  number(): number {
    const { value } = this;
    if (typeof value !== "number" || !(value >= 0 && value <= 1_000_000) || !/^\d+(\.\d{1,4})?$/.test(String(value))) this.refuse("a number from 0 to 1000000 with at most four decimals");
    return value as number;
  }

  oneOf<const V extends string>(allowed: readonly V[]): V {
    if (!allowed.includes(this.value as V)) this.refuse(`one of ${allowed.join(", ")}`);
    return this.value as V;
  }
}

/** Refuses the second of two that are the same. */
function distinct<T>(items: readonly T[], key: (item: T) => unknown, places: readonly Place[]): readonly T[] {
  const seen = new Set<unknown>();
  items.forEach((item, at) => {
    if (seen.has(key(item))) places[at]!.refuse("not given twice", { actual: key(item) });
    seen.add(key(item));
  });
  return items;
}

function inputOf(place: Place, coded: boolean): MethodInput {
  const { code, nameZh, nameEn, values } = place.object(["code", "nameZh", "nameEn", "values"]);
  const listed = values.list(1, 100);
  const read = listed.map((one) => {
    const { value, zh, en } = one.object(["value", "zh", "en"]);
    return { value: coded && typeof value.value === "string" ? value.code(20) : value.number(), zh: zh.text(200), en: en.text(200) };
  });
  return { code: code.code(20), nameZh: nameZh.text(50), nameEn: nameEn.text(100), values: distinct(read, ({ value }) => value, listed) };
}

function cellsOf(place: Place, inputs: readonly MethodInput[], inputsAt: Place): Extract<Formula, { kind: "MATRIX" }>["cells"] {
  if (inputs.length !== 2) inputsAt.refuse("two inputs for a matrix: its rows and its columns", { actual: inputs.length });
  const [rows, columns] = inputs.map(({ values }) => values.length) as [number, number];
  const read = place.list(rows, rows).map((row) => row.list(columns, columns));
  const levels = typeof read[0]![0]!.value === "string";
  return read.map((row) => row.map((cell) => (levels ? cell.oneOf(LEVELS) : cell.number())));
}

/** From the highest down: each begins below the one above it and is not of a higher level. */
function bandsOf(place: Place, fewest: number): Band[] {
  const bands: Band[] = [];
  for (const one of place.list(fewest, fewest === 0 ? 0 : 20)) {
    const { level, from, exclusive } = one.object(["level", "from"], ["exclusive"]);
    if (exclusive.value !== undefined && typeof exclusive.value !== "boolean") exclusive.refuse("true or false");
    const band = { level: level.oneOf(LEVELS), from: from.number(), exclusive: exclusive.value === true };
    const above = bands.at(-1);
    if (above && band.from >= above.from) from.refuse("below that of the band above", { above: above.from, actual: band.from });
    if (above && LEVELS.indexOf(band.level) < (LEVELS as readonly string[]).indexOf(above.level)) level.refuse("not higher than that of the band above", { above: above.level, actual: band.level });
    bands.push(band);
  }
  return bands;
}

/**
 * A definition as a client gave it, in the one form it is stored in.
 * Faults: INVALID_INPUT naming the part, the rule and what is there: unknown parts and formulas, bands not strictly descending,
 * a matrix with holes, more than 20,000 combinations, a combination whose score no band holds.
 */
export function checkDefinition(given: unknown, at = "input.definition"): MethodDefinition {
  const parts = new Place(at, given).object(["inputs", "formula"], ["bands", "directMajorReasons"]);
  const { kind, cells } = parts.formula.object(["kind"], ["cells"]);
  const formulaKind = kind.oneOf(FORMULAS);
  const listed = parts.inputs.list(1, 8);
  const inputs = distinct(listed.map((one) => inputOf(one, formulaKind === "MATRIX")), ({ code }) => code, listed);
  const count = inputs.reduce((product, { values }) => product * values.length, 1);
  if (count > MAX_COMBINATIONS) parts.inputs.refuse(`at most ${MAX_COMBINATIONS} combinations of values`, { actual: count });
  if (formulaKind !== "MATRIX" && cells.value !== undefined) cells.refuse("only for MATRIX");
  const formula: Formula = formulaKind === "MATRIX" ? { kind: formulaKind, cells: cellsOf(cells, inputs, parts.inputs) } : { kind: formulaKind };
  const ofLevels = formula.kind === "MATRIX" && typeof formula.cells[0]![0] === "string";
  const bands = parts.bands.value === undefined && ofLevels ? [] : bandsOf(parts.bands, ofLevels ? 0 : 1);
  const reasons = parts.directMajorReasons.value === undefined ? [] : parts.directMajorReasons.list(0, 50);
  const read = reasons.map((one) => {
    const { code, zh, en } = one.object(["code", "zh", "en"]);
    return { code: code.code(50), zh: zh.text(200), en: en.text(200) };
  });
  const definition: MethodDefinition = { inputs, formula, bands, directMajorReasons: distinct(read, ({ code }) => code, reasons) };
  for (const places of combinations(definition)) {
    const { score, level } = outcomeAt(definition, places);
    if (level === undefined) parts.bands.refuse("every reachable score lies in a band", { score, inputs: Object.fromEntries(inputs.map((input, index) => [input.code, input.values[places[index]!]!.value])) });
  }
  return definition;
}
