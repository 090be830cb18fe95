import { doTypesOverlap, GraphQLBoolean, GraphQLNonNull, GraphQLString, isInterfaceType, parse, validate, type DocumentNode, type GraphQLField, type GraphQLSchema } from "graphql";
import type { Dice } from "../../seeds/demo/story.js";
import { ArgumentDice, type Follow } from "./argument-dice.js";
import { isPlainLeaf, shownType, type Harvest, type Shown } from "./harvest.js";
import type { QueryVariables } from "./query-variables.js";

/** How much a document may still hold: the service refuses more than thirty aliases, directives or fragments. */
interface Budget {
  fields: number;
  aliases: number;
  directives: number;
  fragments: number;
}

/** Where in the answer a selection stands: levels it may still go down, and rows the lists above it may bring. */
interface Spot {
  depth: number;
  rows: number;
  path: readonly string[];
}

interface Fragment {
  name: string;
  on: Shown;
  depth: number;
  rows: number;
  text: string;
}

export interface ThrownQuery {
  text: string;
  document: DocumentNode;
  variables: QueryVariables;
  follow: Follow | undefined;
}

/** What documents are thrown over. */
export interface Ground {
  schema: GraphQLSchema;
  harvest: Harvest;
}

/** Response keys that mean something to JavaScript, to SQL or to this service's own names. */
const KEYS = ["constructor", "toString", "__proto__", "hasOwnProperty", "valueOf", "key", "uuid", "variant", "data", "errors", "nodes_", "t1", "count_", "_"];

/** A valid document whose first root field is the one named. Thrown again where fields that merge would conflict. */
export function throwQuery(dice: Dice, ground: Ground, root: string, odd: boolean): ThrownQuery {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const thrown = new QueryDice(dice, ground, odd).query(root);
    try {
      const document = parse(thrown.text);
      if (validate(ground.schema, document).length === 0) return { ...thrown, document };
    } catch {
      // A text that is no document is no query either.
    }
  }
  throw new Error(`no valid document for ${root}`);
}

/** Throws documents over a schema: every field, argument and input of it may come, whatever the schema holds. */
class QueryDice {
  private readonly args: ArgumentDice;
  private readonly left: Budget;
  private readonly fragments: Fragment[] = [];
  private readonly keys = [...KEYS];
  /** Arguments of fields without alias: the same wherever such a field stands, so that the two merge. */
  private readonly plain = new Map<string, { text: string; rows: number }>();
  private count = 0;

  constructor(
    private readonly dice: Dice,
    private readonly ground: Ground,
    /** Whether this document may be wrong in ways only its execution tells. */
    private readonly odd: boolean,
  ) {
    this.args = new ArgumentDice(dice, ground.schema, ground.harvest, odd);
    this.left = { fields: dice.pick([4, 8, 15, 15, 30, 30, 60, 120]), aliases: 26, directives: 24, fragments: 8 };
  }

  query(root: string): Omit<ThrownQuery, "document"> {
    const { dice } = this;
    const type = this.ground.schema.getQueryType()!;
    const spot: Spot = { depth: dice.pick([3, 4, 5, 5, 6, 6, 7, 7, 9, 11]), rows: 1, path: [] };
    const items = [this.field(type, type.getFields()[root]!, spot)];
    for (let more = dice.pick([0, 0, 1, 1, 2]); more > 0; more -= 1) items.push(this.field(type, dice.pick(Object.values(type.getFields())), spot));
    if (dice.chance(0.005)) items.push('__type(name:"Query"){kind name}');
    const selection = `{${this.arranged(type, items, spot).join(" ")}${this.odd && dice.chance(0.01) ? this.excess() : ""}}`;
    const asOf = this.asOf();
    const { variables, follow } = this.args;
    const head = asOf || variables.text() ? `query ${dice.chance(0.3) ? "Asked" : ""}${variables.text()}${asOf}` : "";
    return { text: [`${head}${selection}`, ...this.fragments.map(({ text }) => text)].join("\n"), variables, follow };
  }

  private selection(type: Shown, spot: Spot): string {
    return `{${this.arranged(type, this.items(type, spot), spot).join(" ")}}`;
  }

  private items(type: Shown, spot: Spot): string[] {
    const { dice } = this;
    const fields = Object.values(type.getFields());
    const leaves = fields.filter(isPlainLeaf);
    const others = fields.filter((field) => !isPlainLeaf(field));
    // More than fifty fields of one object are more than one call of SQL can take.
    if (leaves.length > 20 && dice.chance(0.02)) return [...leaves, ...Array.from({ length: this.left.aliases }, () => dice.pick(leaves))].map((field, at) => this.field(type, field, spot, at < leaves.length ? 0 : 1));
    const items: string[] = [];
    for (let count = dice.pick([1, 1, 2, 2, 3, 4, 6]); count > 0 && (items.length === 0 || this.left.fields > 0); count -= 1) {
      const deeper = spot.depth > 1 && others.length > 0 && this.left.fields > 0;
      if (deeper && (leaves.length === 0 || dice.chance(leaves.length < 4 ? 0.7 : 0.4))) items.push(this.field(type, dice.pick(others), spot));
      else if (leaves.length > 0 && !dice.chance(0.07)) items.push(this.field(type, dice.pick(leaves), spot));
      else items.push(`${this.alias(type, "__typename", 0.2)}__typename${this.directives()}`);
    }
    return items;
  }

  /** Some of the items go into fragments, come twice, or are joined by what only one of the possible types has. */
  private arranged(type: Shown, given: readonly string[], spot: Spot): string[] {
    const { dice } = this;
    const items = [...given];
    if (dice.chance(0.1)) items.push(dice.pick(items));
    if (dice.chance(0.12)) items.push(`...${dice.chance(0.5) ? `on ${this.sameType(type)}` : ""}${this.directives()}{${items.splice(dice.int(0, items.length - 1)).join(" ")}}`);
    if (isInterfaceType(type) && dice.chance(0.4)) {
      const one = dice.pick(this.ground.schema.getPossibleTypes(type));
      items.push(dice.chance(0.5) ? `...on ${one.name}${this.directives()}${this.selection(one, spot)}` : this.spread(one, spot));
    }
    if (dice.chance(0.12)) items.push(this.spread(type, spot));
    return items;
  }

  private sameType(type: Shown): string {
    return this.dice.pick([type.name, ...type.getInterfaces().map(({ name }) => name)]);
  }

  /** A named fragment: one that is there and fits, or a new one. */
  private spread(type: Shown, spot: Spot): string {
    const { dice } = this;
    const { schema } = this.ground;
    const fitting = this.fragments.filter((known) => doTypesOverlap(schema, known.on, type) && known.depth <= spot.depth && known.rows >= spot.rows);
    if (fitting.length > 0 && dice.chance(0.6)) return `...${dice.pick(fitting).name}${this.directives()}`;
    if (this.left.fragments === 0) return "__typename";
    this.left.fragments -= 1;
    this.count += 1;
    const name = `${dice.pick(["F", "on_", "query", "id"])}${this.count}`;
    const on = schema.getType(this.sameType(type)) as Shown;
    const text = `fragment ${name} on ${on.name}${this.selection(on, spot)}`;
    // Known only once it is whole, so that none spreads itself.
    this.fragments.push({ name, on, depth: spot.depth, rows: spot.rows, text });
    return `...${name}${this.directives()}`;
  }

  private field(type: Shown, field: GraphQLField<unknown, unknown>, spot: Spot, renamed?: number): string {
    this.left.fields -= 1;
    const memo = `${field.name}:${String(field.type)}`;
    const known = this.plain.get(memo);
    let alias = this.alias(type, field.name, renamed ?? (field.args.length === 0 ? 0.1 : known ? 0.6 : 0.25));
    if (field.args.length > 0 && !alias && known && known.rows < spot.rows) alias = this.alias(type, field.name, 1);
    const path = [...spot.path, alias ? alias.slice(0, -1) : field.name];
    const asked = !alias && known ? known : this.args.asked(field, { rows: spot.rows, path });
    if (!alias && field.args.length > 0) this.plain.set(memo, asked);
    const inner = shownType(field);
    const below = inner ? this.selection(inner, { depth: spot.depth - 1, rows: asked.rows, path }) : "";
    const cursors = this.args.follow?.path.join() === path.join() ? " pageInfo{startCursor endCursor}}" : "}";
    return `${alias}${field.name}${asked.text}${this.directives()}${below && below.slice(0, -1) + cursors}`;
  }

  private alias(type: Shown, name: string, share: number): string {
    const { dice } = this;
    if (this.left.aliases === 0 || !dice.chance(share)) return "";
    this.left.aliases -= 1;
    this.count += 1;
    if (this.keys.length > 0 && dice.chance(0.15)) return `${this.keys.splice(dice.int(0, this.keys.length - 1), 1)[0]}:`;
    // The name of another field is a fair alias; where it clashes the document is thrown again.
    if (dice.chance(0.1)) return `${dice.pick(Object.keys(type.getFields()))}:`;
    return `${name.slice(0, 3).replace(/^_+/, "n")}${this.count}:`;
  }

  /** Directives that mostly keep what they stand on. */
  private directives(): string {
    const { dice } = this;
    if (this.left.directives < 2 || !dice.chance(0.06)) return "";
    const one = (name: "skip" | "include") => {
      this.left.directives -= 1;
      const keep = (name === "include") === dice.chance(0.75);
      const { variables } = this.args;
      return `@${name}(if:${variables.room && dice.chance(0.5) ? variables.declare(new GraphQLNonNull(GraphQLBoolean), { type: "", field: "" }, "", keep) : keep})`;
    };
    return dice.chance(0.15) ? ` ${one("skip")} ${one("include")}` : ` ${one(dice.pick(["skip", "include"]))}`;
  }

  /** The instant the whole operation is read at, where the schema knows of it. */
  private asOf(): string {
    const { dice, ground } = this;
    const directive = ground.schema.getDirective("asOf");
    if (!directive || !dice.chance(0.2)) return "";
    const moment = () => {
      if (this.odd && dice.chance(0.4)) return dice.pick(["yesterday", "2026-02-30", "2026-13-01", "2025-01-01T00:00:00", "2025-01-01T00:00Z", "2025-01-01T00:00:00+16:30", "", "0001-01-01", "9999-12-31T23:59:59Z", "2025-06-30T24:00:00Z", null]);
      return dice.pick([...ground.harvest.moments, ...ground.harvest.moments, "2025-06-30", "2099-12-31", "2026-01-01T00:00:00.123456+08:00"]);
    };
    const names = dice.pick([["recorded"], ["recorded"], ["effective"], ["recorded", "effective"]]).filter((name) => directive.args.some((argument) => argument.name === name));
    return ` @asOf(${names.map((name) => `${name}:${this.args.printed(GraphQLString, { type: "", field: "" }, "", moment())}`).join(" ")})`;
  }

  /** More than a document may hold. */
  private excess(): string {
    const times = (count: number, part: (index: number) => string) => ` ${Array.from({ length: count }, (_, index) => part(index)).join(" ")}`;
    return this.dice.pick([times(31, (index) => `x${index}:__typename`), times(401, () => "__typename"), times(31, () => "__typename@skip(if:false)"), times(2_100, () => "__typename")]);
  }
}
