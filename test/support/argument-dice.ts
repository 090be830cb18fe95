import { getNamedType, GraphQLString, isInputObjectType, isListType, isNonNullType, type GraphQLArgument, type GraphQLField, type GraphQLInputType, type GraphQLSchema } from "graphql";
import type { Dice } from "../../seeds/demo/story.js";
import { nodeType, shownType, type Harvest, type Place } from "./harvest.js";
import { QueryVariables } from "./query-variables.js";
import { ValueDice } from "./value-dice.js";

/** Where in the answer a field stands, and the rows the lists above it may bring. */
interface Spot {
  rows: number;
  path: readonly string[];
}

/** A variable that takes the cursor found beneath a path of the answer: the next page, or the one before. */
export interface Follow {
  variable: string;
  path: readonly string[];
  forward: boolean;
}

const NOWHERE: Place = { type: "", field: "" };
/** The service refuses documents of more rows than about this. */
const ROWS = 120;

/** Throws arguments: of pages and filters as the schema names them, some parts of them as variables. */
export class ArgumentDice {
  readonly variables: QueryVariables;
  follow: Follow | undefined;
  private readonly values: ValueDice;

  constructor(
    private readonly dice: Dice,
    schema: GraphQLSchema,
    private readonly harvest: Harvest,
    private readonly odd: boolean,
  ) {
    this.values = new ValueDice(dice, schema, harvest, odd ? 0.15 : 0);
    this.variables = new QueryVariables(this.values, 20);
  }

  /** Arguments of a field, and the rows it may bring. */
  asked(field: GraphQLField<unknown, unknown>, spot: Spot): { text: string; rows: number } {
    const { dice } = this;
    const rows = nodeType(field);
    const parts: string[] = [];
    let size = 1;
    if (rows) {
      size = dice.pick([1, 2, 2, 3, 5, 10, 40].filter((some) => some * spot.rows <= ROWS).concat(1));
      parts.push(...this.page(field, spot, size));
    }
    const place: Place = { type: (rows ?? shownType(field))?.name ?? field.name, field: "" };
    for (const argument of field.args) {
      if (rows && ["first", "last", "after", "before"].includes(argument.name)) continue;
      if (!isNonNullType(argument.type) && !dice.chance(0.35)) continue;
      const at = isInputObjectType(getNamedType(argument.type)) ? place : { ...place, field: argument.name };
      const value = argument.name === "first" ? this.limit() : dice.chance(isNonNullType(argument.type) ? 0 : 0.04) ? null : this.values.json(argument.type, at, dice.pick([1, 2, 2, 3]));
      parts.push(`${argument.name}:${this.printed(argument.type, at, argument.name, value)}`);
    }
    if (this.odd && dice.chance(0.04)) this.deepen(field.args, parts);
    return { text: parts.length > 0 ? `(${parts.join(dice.pick([",", " ", "\n"]))})` : "", rows: spot.rows * size };
  }

  /** How many features: the bound itself, and beyond it. */
  private limit(): number {
    return this.odd && this.dice.chance(0.4) ? this.dice.pick([0, -1, 5_000, 5_001, 2_147_483_647]) : this.dice.pick([1, 2, 3, 10, 100, 500]);
  }

  private page(field: GraphQLField<unknown, unknown>, spot: Spot, size: number): string[] {
    const { dice } = this;
    const [forward, backward] = dice.chance(0.7) ? (["first", "last"] as const) : (["last", "first"] as const);
    const cursor = forward === "first" ? "after" : "before";
    const number = (name: string, value: number) => `${name}:${this.printed(field.args.find((argument) => argument.name === name)!.type, NOWHERE, name, value)}`;
    if (this.odd && dice.chance(0.35))
      return dice.pick([
        () => [],
        () => [number("first", 2), number("last", 2)],
        () => [number("first", dice.pick([0, -5, 101, 2_147_483_647]))],
        () => [number("last", dice.pick([0, -1, 100, 101]))],
        () => [number("first", 3), `before:${JSON.stringify(this.staleCursor())}`],
        () => [number(forward, size), `${cursor}:${this.printed(GraphQLString, NOWHERE, cursor, this.staleCursor())}`],
        () => [number(forward, size), `${cursor}:${this.printed(GraphQLString, NOWHERE, cursor, this.staleCursor())}`],
      ])();
    const page = [number(forward, size)];
    if (dice.chance(0.03)) page.push(`${backward}:null`);
    if (!this.follow && dice.chance(0.3)) {
      const variable = this.variables.later(GraphQLString);
      this.follow = { variable, path: spot.path, forward: forward === "first" };
      page.push(`${cursor}:$${variable}`);
    } else if (dice.chance(0.05)) page.push(`${cursor}:null`);
    return page;
  }

  /** A cursor of another list, or one this service never gave. */
  private staleCursor(): string {
    const { dice } = this;
    const stale = dice.pick(this.harvest.cursors) ?? "";
    const [, spec, micros, body] = stale.split("~");
    return dice.pick([stale, stale, stale, "", "nonsense", "1~x~1~W10=", `2~${spec}~${micros}~${body}`, `1~${spec}~${micros}~W251bGwsIngiXQ==`, `1~${spec}~0~${body}`, `1~${spec}~99999999999999999~${body}`]);
  }

  /** A filter deeper than the service takes. */
  private deepen(args: readonly GraphQLArgument[], parts: string[]): void {
    const filter = args.find((argument) => isInputObjectType(argument.type) && argument.type.getFields()["not"]);
    if (!filter || parts.some((part) => part.startsWith(`${filter.name}:`))) return;
    const levels = this.dice.int(4, 9);
    parts.push(`${filter.name}:${"{not:".repeat(levels)}{}${"}".repeat(levels)}`);
  }

  /** A value as text, some parts of it as variables. */
  printed(type: GraphQLInputType, place: Place, operator: string, value: unknown): string {
    const { dice } = this;
    if (this.variables.room && dice.chance(0.12) && (value !== null || !isNonNullType(type))) return this.variables.declare(type, place, operator, value);
    const inner = isNonNullType(type) ? (type.ofType as GraphQLInputType) : type;
    if (isListType(inner) && Array.isArray(value)) return `[${value.map((item) => this.printed(inner.ofType as GraphQLInputType, place, operator, item)).join(",")}]`;
    if (isInputObjectType(inner) && typeof value === "object" && value !== null)
      return `{${Object.entries(value).map(([key, part]) => `${key}:${this.printed(inner.getFields()[key]!.type, this.values.placeOf(inner, place, key), key, part)}`).join(" ")}}`;
    return this.values.literal(inner, value);
  }
}
