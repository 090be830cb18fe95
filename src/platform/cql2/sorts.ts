import { beyond, limits, operatorOf, placeOf, refusal, type Node, type Sort } from "./tree.js";

const SCALARS: ReadonlySet<Sort> = new Set(["boolean", "text", "number", "date", "timestamp", "any"]);
const ORDERED: ReadonlySet<Sort> = new Set(["text", "number", "date", "timestamp", "any"]);
const TEMPORAL: ReadonlySet<Sort> = new Set(["date", "timestamp", "interval", "any"]);

/** The sort of a property by its name; throws where there is none of that name. Unknown while only the text is read. */
export type SortOf = (name: string, node: Node) => Sort;

/** Refuses a tree that is no condition, or whose operators take what they cannot. */
export function checkSorts(tree: Node, sortOf: SortOf = () => "any"): void {
  const check = new SortCheck(sortOf);
  const sort = check.of(tree);
  if (sort !== "boolean") throw refusal(placeOf(tree), "a condition / 条件", sort === "any" ? "property" : sort);
}

class SortCheck {
  private leadingWildcards = 0;
  private depth = 0;

  constructor(private readonly sortOf: SortOf) {}

  of(node: Node): Sort {
    switch (node.kind) {
      case "op":
        return this.operation(node);
      case "property":
        return this.sortOf(node.name, node);
      case "interval":
        for (const end of node.args) {
          if (end.kind === "open") continue;
          this.mustBe(end, ["date", "timestamp"]);
        }
        return "interval";
      case "bbox":
        return "geometry";
      case "array":
        node.items.forEach((item) => this.of(item));
        return "array";
      case "open":
        throw refusal(placeOf(node), "a value / 值", "..");
      default:
        return node.kind;
    }
  }

  private mustBe(node: Node, wanted: readonly Sort[]): Sort {
    if (node.kind === "property" && wanted[0] === "boolean") throw refusal(placeOf(node), `a condition, as ${node.name} = TRUE / 条件`, node.name);
    const sort = this.of(node);
    if (sort !== "any" && !wanted.includes(sort)) throw refusal(placeOf(node), wanted.join(", "), node.kind === "property" ? `${node.name}: ${sort}` : sort);
    return sort;
  }

  private operation(node: Extract<Node, { kind: "op" }>): Sort {
    if ((this.depth += 1) > limits.filterDepth) throw beyond("filterDepth");
    const gives = this.operands(node);
    this.depth -= 1;
    return gives;
  }

  private operands(node: Extract<Node, { kind: "op" }>): Sort {
    const { op, args } = node;
    const { takes, gives, many, text } = operatorOf(op);
    if (many ? args.length < takes.length : args.length !== takes.length) throw refusal(placeOf(args[0] ?? node), `${text}: ${takes.length} arguments / 个参数`, String(args.length));
    if (op === "in") return this.membership(args as [Node, Node]);
    let first: Sort | undefined;
    args.forEach((argument, index) => {
      const wanted = takes[Math.min(index, takes.length - 1)]!;
      if (wanted === "same" || wanted === "ordered") first = this.comparable(argument, wanted === "same" ? SCALARS : ORDERED, first);
      else if (wanted === "temporal") this.mustBe(argument, [...TEMPORAL]);
      else if (wanted === "any") this.of(argument);
      else this.mustBe(argument, [wanted]);
    });
    if (op === "like") this.pattern(args[1]!);
    return gives;
  }

  private comparable(node: Node, among: ReadonlySet<Sort>, first: Sort | undefined): Sort {
    const sort = this.of(node);
    if (!among.has(sort)) throw refusal(placeOf(node), [...among].filter((some) => some !== "any").join(", "), sort);
    if (first !== undefined && first !== "any" && sort !== "any" && sort !== first) throw refusal(placeOf(node), HOW[first] ?? first, sort);
    return first === undefined || first === "any" ? sort : first;
  }

  private membership([value, list]: [Node, Node]): Sort {
    if (list.kind !== "array" || list.items.length === 0) throw refusal(placeOf(list), "IN (value, ...)");
    let first = this.comparable(value, SCALARS, undefined);
    for (const item of list.items) first = this.comparable(item, SCALARS, first);
    return "boolean";
  }

  /** A pattern is a literal, perhaps folded; % is any text, _ any character, \ takes what follows as it is. */
  private pattern(node: Node): void {
    let inner = node;
    while (inner.kind === "op" && (inner.op === "casei" || inner.op === "accenti")) inner = inner.args[0]!;
    if (inner.kind !== "text") throw refusal(placeOf(node), "a pattern in quotes / 引号内的模式");
    if (inner.value.length > limits.filterPattern) throw beyond("filterPattern");
    if (/(^|[^\\])(\\\\)*\\$/.test(inner.value)) throw refusal(placeOf(inner), "a character after the last \\ / 末尾的 \\ 后须有字符", inner.value);
    if (/^[%_]/.test(inner.value) && (this.leadingWildcards += 1) > limits.filterLeadingWildcards) throw beyond("filterLeadingWildcards");
  }
}

/** What one writes to get a value of a sort. */
const HOW: Partial<Record<Sort, string>> = { date: "DATE('YYYY-MM-DD')", timestamp: "TIMESTAMP('YYYY-MM-DDThh:mm:ssZ')", text: "text in single quotes / 单引号内的文字", number: "number", boolean: "TRUE / FALSE" };
