import type { Dice } from "../../seeds/demo/story.js";
import { printJson } from "../../src/platform/cql2/json.js";
import { printText } from "../../src/platform/cql2/print.js";
import type { Node, Op } from "../../src/platform/cql2/tree.js";

type Filter = Record<string, unknown>;
type Kind = "text" | "enum" | "boolean" | "date" | "dateTime" | "list";
interface Known {
  name: string;
  kind: Kind;
  values: readonly string[];
}

const NAMES = ["风险1", "隐患3", "场所2", "a1", "A", "%", "_", "险", "配电箱'未上锁'4", "含\"引号\"与\\反斜杠7"];
const LEVELS = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"];
const SECTORS = ["INDUSTRY_TRADE", "GAS", "HAZCHEM"];
const DAYS = ["2020-01-01", "2026-06-30", "2099-03-15", "2099-06-15"];
const MOMENTS = ["2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"];
const field = (name: string, kind: Kind, values: readonly string[]): Known => ({ name, kind, values });

const FIELDS = {
  risks: [field("name", "text", NAMES), field("currentLevel", "enum", LEVELS), field("inherentLevel", "enum", LEVELS), field("sector", "text", SECTORS), field("keyAttention", "boolean", []), field("status", "enum", ["IDENTIFIED", "ASSESSED", "IN_FORCE", "REVIEWING", "RETIRED"]), field("nextReviewDue", "date", DAYS), field("createdAt", "dateTime", MOMENTS), field("quality", "list", ["OUT_OF_DISTRICT"]), field("reviewOverdue", "boolean", [])],
  "hidden-dangers": [field("title", "text", NAMES), field("grade", "enum", ["GENERAL", "MAJOR"]), field("effectiveDeadline", "date", DAYS), field("closedAt", "dateTime", MOMENTS), field("open", "boolean", []), field("overdue", "boolean", []), field("sector", "text", SECTORS), field("manageType", "enum", ["ON_SPOT", "DEADLINE"]), field("quality", "list", ["EXTERNAL"])],
  subjects: [field("name", "text", NAMES), field("kind", "enum", ["ENTERPRISE_SITE", "KEY_FACILITY", "KEY_AREA"]), field("sector", "text", SECTORS), field("keyControlled", "boolean", []), field("supervisionClass", "enum", ["A", "B", "C"]), field("overallLevel", "enum", LEVELS), field("updatedAt", "dateTime", MOMENTS)],
} as const;
const LINKED = [field("subject.name", "text", NAMES), field("subject.supervisionClass", "enum", ["A", "B"]), field("region.level", "enum", ["TOWN", "VILLAGE"])];
/** A link and one of its fields, for the entities that have it. */
const LINKS = { risks: LINKED, "hidden-dangers": LINKED, subjects: [field("enterprise.legalName", "text", NAMES), field("enterprise.sizeClass", "enum", ["ABOVE_DESIGNATED", "BELOW_DESIGNATED"]), field("region.name", "text", ["社区1"])] } as const;

const op = (name: Op, ...args: Node[]): Node => ({ kind: "op", op: name, args });
const property = (name: string): Node => ({ kind: "property", name });
const absent = (name: string): Node => op("isNull", property(name));
const all = (members: Node[]): Node => (members.length === 1 ? members[0]! : members.length === 0 ? { kind: "boolean", value: true } : op("and", ...members));
const any = (members: Node[]): Node => (members.length === 1 ? members[0]! : members.length === 0 ? { kind: "boolean", value: false } : op("or", ...members));
const escaped = (text: string) => text.replace(/[\\%_]/g, (character) => `\\${character}`);

/** Conditions in both grammars. GraphQL's `not` is of two values, CQL2's of three: a negation is driven down to where absence can be told. */
export class FilterDice {
  constructor(private readonly dice: Dice) {}

  pick = <T>(from: readonly T[]): T => this.dice.pick([...from]);

  filter(collection: keyof typeof FIELDS): { graphql: Filter; text: string; json: unknown } {
    const graphql = this.made(collection, 2);
    const tree = this.translated(graphql, collection, true);
    return { graphql, text: printText(tree), json: printJson(tree) };
  }

  private made(collection: keyof typeof FIELDS, depth: number): Filter {
    const { dice } = this;
    const filter: Filter = {};
    for (let members = dice.int(1, 2); members > 0; members -= 1) {
      const known = this.pick(FIELDS[collection]);
      const choice = depth > 0 ? dice.int(0, 9) : 9;
      if (choice < 2) filter["and"] = Array.from({ length: dice.int(1, 2) }, () => this.made(collection, depth - 1));
      else if (choice < 4) filter["or"] = Array.from({ length: dice.int(0, 3) }, () => this.made(collection, depth - 1));
      else if (choice < 6) filter["not"] = this.made(collection, depth - 1);
      else if (choice < 7) {
        const linked = this.pick(LINKS[collection]);
        const [link, name] = linked.name.split(".") as [string, string];
        filter[link] = { [name]: this.positive(linked) };
      } else if (choice < 8) {
        const west = 106.55 + dice.int(0, 100) / 1000;
        const south = 29.65 + dice.int(0, 60) / 1000;
        filter["bbox"] = { west, south, east: west + 0.05, north: south + 0.05 };
      } else filter[known.name] = this.operators(known);
    }
    return filter;
  }

  /** Conditions no absent value satisfies: a link one may not see has none. */
  private positive(known: Known): Filter {
    return this.pick([() => ({ eq: this.pick(known.values) }), () => ({ in: known.values.slice(0, 2) }), () => ({ isNull: false })])();
  }

  private operators({ kind, values }: Known): Filter {
    const { dice } = this;
    const value = () => (kind === "boolean" ? dice.chance(0.5) : this.pick(values));
    if (kind === "list") return this.pick([{ has: values[0] }, { isEmpty: dice.chance(0.5) }]);
    const shared = [() => ({ eq: value() }), () => ({ ne: value() }), () => ({ in: [value(), value()] }), () => ({ notIn: [value()] }), () => ({ isNull: dice.chance(0.5) }), () => ({ eq: null })];
    const more = kind === "text" ? [() => ({ contains: this.pick(values) }), () => ({ startsWith: this.pick(values) })] : kind === "date" || kind === "dateTime" ? [() => ({ lt: value(), gte: value() }), () => ({ lte: value() }), () => ({ gt: value() })] : [];
    return this.pick<() => Filter>([...shared, ...more])();
  }

  private translated(filter: Filter, collection: keyof typeof FIELDS, wanted: boolean): Node {
    const members = Object.entries(filter).map(([key, value]): Node => {
      const inner = (each: unknown) => this.translated(each as Filter, collection, wanted);
      if (key === "and") return (wanted ? all : any)((value as unknown[]).map(inner));
      if (key === "or") return (wanted ? any : all)((value as unknown[]).map(inner));
      if (key === "not") return this.translated(value as Filter, collection, !wanted);
      if (key === "bbox") {
        const { west, south, east, north } = value as Record<string, number>;
        const inside = op("s_intersects", property("location"), { kind: "bbox", value: [west!, south!, east!, north!] });
        return wanted ? inside : op("not", inside);
      }
      const direct = FIELDS[collection].find(({ name }) => name === key);
      if (direct) return this.field(direct, value as Filter, wanted);
      const [[name, operators]] = Object.entries(value as Filter) as [[string, Filter]];
      return this.field(LINKS[collection].find((linked) => linked.name === `${key}.${name}`)!, operators, wanted);
    });
    // An empty "and" is everything, whatever stands around it.
    return (wanted ? all : any)(members);
  }

  private field({ name, kind }: Known, operators: Filter, wanted: boolean): Node {
    const literal = (value: unknown): Node => (typeof value === "boolean" ? { kind: "boolean", value } : kind === "date" ? { kind: "date", value: String(value) } : kind === "dateTime" ? { kind: "timestamp", value: String(value) } : { kind: "text", value: String(value) });
    const here = property(name);
    /** A condition no absent value satisfies. */
    const plain = (condition: Node): Node => (wanted ? condition : any([op("not", condition), absent(name)]));
    const isAbsent = (truth: boolean): Node => (truth === wanted ? absent(name) : op("not", absent(name)));
    const members = Object.entries(operators).map(([operator, value]): Node => {
      switch (operator) {
        case "eq":
          return value === null ? isAbsent(true) : plain(op("=", here, literal(value)));
        case "ne":
          return wanted ? any([op("<>", here, literal(value)), absent(name)]) : op("=", here, literal(value));
        case "in":
          return plain(op("in", here, { kind: "array", items: (value as unknown[]).map(literal) }));
        case "notIn": {
          const among = op("in", here, { kind: "array", items: (value as unknown[]).map(literal) });
          return wanted ? any([op("not", among), absent(name)]) : among;
        }
        case "isNull":
          return isAbsent(value as boolean);
        case "contains":
          return plain(op("like", op("casei", here), op("casei", { kind: "text", value: `%${escaped(String(value))}%` })));
        case "startsWith":
          return plain(op("like", here, { kind: "text", value: `${escaped(String(value))}%` }));
        case "has":
          return plain(op("a_contains", here, { kind: "array", items: [{ kind: "text", value: String(value) }] }));
        case "isEmpty": {
          const empty = op("a_equals", here, { kind: "array", items: [] });
          return plain(value ? empty : op("not", empty));
        }
        default:
          return plain(op(({ lt: "<", lte: "<=", gt: ">", gte: ">=" } as const)[operator as "lt"], here, literal(value)));
      }
    });
    return (wanted ? all : any)(members);
  }
}
