import { isNonNullType, type GraphQLInputType } from "graphql";
import type { Place } from "./harvest.js";
import { nullable, strict, type ValueDice } from "./value-dice.js";

interface Variable {
  name: string;
  type: GraphQLInputType;
  place: Place;
  operator: string;
  fallback: string;
  value: unknown;
}

const ABSENT = Symbol("absent");
const NAMES = ["v", "w", "filter", "first", "toString", "_"];

/** The variables of one document: declared while it is thrown, given values once for each time it is asked. */
export class QueryVariables {
  private readonly declared: Variable[] = [];

  constructor(
    private readonly values: ValueDice,
    private readonly limit: number,
  ) {}

  get count(): number {
    return this.declared.length;
  }

  get room(): boolean {
    return this.declared.length < this.limit;
  }

  /** Declares a variable for a place of a type; its own type may be stricter, or laxer with a default. */
  declare(position: GraphQLInputType, place: Place, operator: string, value: unknown): string {
    const { dice } = this.values;
    const name = `${dice.pick(NAMES)}${this.declared.length}`;
    const turn = dice.next();
    const sound = value === undefined || value === null ? this.values.json(strict(position), place, 1, operator) : value;
    if (turn < 0.25) this.declared.push({ name, type: nullable(position), place, operator, fallback: `=${this.values.literal(nullable(position), sound)}`, value });
    else this.declared.push({ name, type: turn < 0.4 && value !== null && value !== undefined ? strict(position) : position, place, operator, fallback: "", value });
    return `$${name}`;
  }

  /** A variable that is left out until a later asking gives it. */
  later(type: GraphQLInputType): string {
    const name = `later${this.declared.length}`;
    this.declared.push({ name, type, place: { type: "", field: "" }, operator: "", fallback: "", value: ABSENT });
    return name;
  }

  /** `($a:Int=3,$b:[ID!])`, or nothing. */
  text(): string {
    return this.declared.length === 0 ? "" : `(${this.declared.map(({ name, type, fallback }) => `$${name}:${String(type)}${fallback}`).join(",")})`;
  }

  /** Values as first thrown, or thrown anew: the same document with other values is another request of the same shape, or not. */
  assigned(anew: boolean, odd: boolean): Record<string, unknown> {
    const { dice } = this.values;
    const given: Record<string, unknown> = {};
    for (const { name, type, place, operator, fallback, value } of this.declared) {
      if (value === ABSENT) {
        if (dice.chance(0.3)) given[name] = null;
        continue;
      }
      const optional = !isNonNullType(type);
      if (optional && dice.chance(fallback ? 0.4 : 0.05)) continue;
      if (optional && dice.chance(odd ? 0.2 : fallback ? 0 : 0.04)) given[name] = null;
      else given[name] = anew ? this.values.json(type, place, 2, operator) : (value ?? null);
    }
    if (odd && this.declared.length > 0 && dice.chance(0.4)) {
      const { name, type } = dice.pick(this.declared);
      if (dice.chance(0.15)) delete given[name];
      else given[name] = this.values.mangled(type, given[name]);
    }
    if (dice.chance(0.03)) given["unasked"] = 1;
    return given;
  }
}
