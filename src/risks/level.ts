import { Fault } from "../platform/fault.js";

/** A method of assessment as data: closed lists of inputs, a product, bands from the highest down. */
export interface MethodDefinition {
  inputs: Readonly<Record<string, readonly number[]>>;
  /** From the highest level down; a score belongs to the first band it reaches. */
  bands: readonly { level: string; from: number; exclusive?: boolean }[];
}

/** Score and level of inputs by a method definition. Faults: INVALID_INPUT where a value is not in its closed list. */
export function levelOf(definition: MethodDefinition, inputs: Readonly<Record<string, unknown>>): { score: number; level: string } {
  const extra = Object.keys(inputs).find((name) => !(name in definition.inputs));
  if (extra) throw new Fault("INVALID_INPUT", { field: `input.inputs.${extra}`, rule: `one of ${Object.keys(definition.inputs).join(", ")}` });
  let score = 1;
  for (const [name, allowed] of Object.entries(definition.inputs)) {
    const value = inputs[name];
    if (typeof value !== "number" || !allowed.includes(value)) throw new Fault("INVALID_INPUT", { field: `input.inputs.${name}`, rule: `one of ${allowed.join(", ")}`, actual: value ?? null });
    score *= value;
  }
  // Products of tenths carry binary dust: 0.1 x 3 must be 0.3.
  score = Math.round(score * 1e6) / 1e6;
  return { score, level: bandOf(definition, score) };
}

export function bandOf(definition: MethodDefinition, score: number): string {
  const band = definition.bands.find(({ from, exclusive }) => (exclusive ? score > from : score >= from));
  if (!band) throw new Error(`no band holds ${score}`);
  return band.level;
}
