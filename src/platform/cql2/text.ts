import { checkSorts } from "./sorts.js";
import { tokensOf } from "./tokens.js";
import { checkShape, instantOf, isCalendarDay, isTimestamp, operators, refusal, type Node, type Op } from "./tree.js";
import { SHAPES, ShapeReader } from "./wkt.js";

/** Operators called by name, by their word in capitals. */
const CALLS = new Map(Object.entries(operators).flatMap(([op, { text, written }]) => (written === "call" ? [[text, op as Op]] : [])));
const COMPARISONS: ReadonlySet<string> = new Set(["=", "<>", "<", "<=", ">", ">="]);
const RESERVED: ReadonlySet<string> = new Set(["AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE", "DIV"]);
const LITERAL_CALLS: ReadonlySet<string> = new Set(["DATE", "TIMESTAMP", "INTERVAL", "BBOX", ...Object.keys(SHAPES)]);

/** Words that mean something by themselves, or before a parenthesis: as property names they stand in double quotes. */
export const isTaken = (name: string): boolean => {
  const word = name.toUpperCase();
  return RESERVED.has(word) || CALLS.has(word) || LITERAL_CALLS.has(word);
};

/**
 * Reads CQL2 text. The whole text must be one condition.
 * Faults: INVALID_INPUT with `at` (the character, from one) and what was expected there; LIMIT_EXCEEDED.
 */
export function readText(text: string): Node {
  const tree = new TextReader(tokensOf(text)).condition();
  checkSorts(tree);
  return tree;
}

class TextReader extends ShapeReader {
  condition(): Node {
    const made = this.either();
    if (this.token.kind !== "end") throw this.unexpected("AND, OR or the end / AND、OR 或结尾");
    return made;
  }

  private op(at: number, op: Op, args: Node[]): Node {
    return this.maker.node(at, { kind: "op", op, args });
  }

  private either(): Node {
    return this.maker.within(() => this.chain("OR", "or", () => this.chain("AND", "and", () => this.factor())));
  }

  private chain(word: string, op: Op, member: () => Node): Node {
    const { at } = this.token;
    const members = [member()];
    while (this.isWord(word)) {
      this.next += 1;
      members.push(member());
    }
    return members.length === 1 ? members[0]! : this.op(at, op, members);
  }

  private factor(): Node {
    const { at } = this.token;
    if (!this.isWord("NOT")) return this.predicate();
    this.next += 1;
    return this.op(at, "not", [this.maker.within(() => this.factor())]);
  }

  /** A comparison, or what stands for a condition by itself. */
  private predicate(): Node {
    const { at } = this.token;
    const left = this.sum();
    if (this.token.kind === "sign" && COMPARISONS.has(this.token.value)) {
      const op = this.take().value as Op;
      return this.op(at, op, [left, this.sum()]);
    }
    if (this.isWord("IS")) {
      this.next += 1;
      const negated = this.isWord("NOT");
      if (negated) this.next += 1;
      this.takeWord("NULL");
      const absent = this.op(at, "isNull", [left]);
      return negated ? this.op(at, "not", [absent]) : absent;
    }
    const negated = this.isWord("NOT");
    if (negated) this.next += 1;
    const made = this.range(at, left);
    if (!made && negated) throw this.unexpected("LIKE, BETWEEN or IN");
    return !made ? left : negated ? this.op(at, "not", [made]) : made;
  }

  private range(at: number, left: Node): Node | undefined {
    if (this.isWord("LIKE")) {
      this.next += 1;
      return this.op(at, "like", [left, this.primary()]);
    }
    if (this.isWord("BETWEEN")) {
      this.next += 1;
      const low = this.sum();
      this.takeWord("AND");
      return this.op(at, "between", [left, low, this.sum()]);
    }
    if (this.isWord("IN")) {
      this.next += 1;
      return this.op(at, "in", [left, this.array(() => this.sum(), 1)]);
    }
    return undefined;
  }

  private sum(): Node {
    return this.leftToRight(["+", "-"], () => this.leftToRight(["*", "/", "%", "DIV"], () => this.power()));
  }

  private leftToRight(signs: readonly string[], operand: () => Node): Node {
    const { at } = this.token;
    let made = operand();
    while (this.isSign(...signs) || this.isWord(...signs)) {
      const op = this.take().value.toLowerCase() as Op;
      made = this.op(at, op, [made, operand()]);
    }
    return made;
  }

  private power(): Node {
    const { at } = this.token;
    const base = this.signed();
    if (!this.isSign("^")) return base;
    this.next += 1;
    return this.op(at, "^", [base, this.signed()]);
  }

  private signed(): Node {
    const { at } = this.token;
    if (!this.isSign("-", "+")) return this.primary();
    const negative = this.take().value === "-";
    if (this.token.kind === "number") return this.number(negative ? -1 : 1, at);
    const operand = this.primary();
    return negative ? this.op(at, "*", [this.maker.node(at, { kind: "number", value: -1 }), operand]) : operand;
  }

  private primary(): Node {
    const { token } = this;
    const { at } = token;
    switch (token.kind) {
      case "number":
        return this.number(1, at);
      case "text":
        this.next += 1;
        return this.maker.node(at, { kind: "text", value: token.value });
      case "name":
        this.next += 1;
        return this.maker.node(at, { kind: "property", name: token.value });
      case "word":
        return this.word();
      default:
        if (!this.isSign("(")) throw this.unexpected("a property, a literal or a parenthesis / 属性、字面值或括号");
        this.next += 1;
        const inner = this.either();
        this.takeSign(")");
        return inner;
    }
  }

  private word(): Node {
    const { value, at } = this.token;
    const word = value.toUpperCase();
    if (word === "TRUE" || word === "FALSE") {
      this.next += 1;
      return this.maker.node(at, { kind: "boolean", value: word === "TRUE" });
    }
    if (RESERVED.has(word)) throw this.unexpected("a property, a literal or a parenthesis / 属性、字面值或括号");
    const called = this.tokens[this.next + 1]!;
    const opens = called.kind === "sign" && called.value === "(";
    if (SHAPES[word] && (opens || (called.kind === "word" && /^(Z|M|ZM|EMPTY)$/i.test(called.value)))) {
      const value = this.shape();
      checkShape(value, at);
      return this.maker.node(at, { kind: "geometry", value });
    }
    this.next += 1;
    if (!opens) return this.maker.node(at, { kind: "property", name: value });
    const op = CALLS.get(word);
    if (op) {
      const [argument] = operators[op].takes as readonly string[];
      const read = argument === "array" ? () => (this.isSign("(", "[") ? this.array(() => this.element(), 0) : this.primary()) : () => this.primary();
      const args = this.maker.within(() => this.array(read, 1)) as Extract<Node, { kind: "array" }>;
      return this.op(at, op, [...args.items]);
    }
    switch (word) {
      case "DATE":
      case "TIMESTAMP":
        return this.instant(word);
      case "INTERVAL":
        return this.interval(at);
      case "BBOX":
        return this.bbox(at);
      default:
        throw refusal(at, `one of the functions ${[...CALLS.keys()].join(", ")}`, value);
    }
  }

  /** A list in parentheses (or, as earlier drafts wrote arrays, in brackets). */
  private array(read: () => Node, least: number): Node {
    const { at } = this.token;
    const close = this.isSign("[") ? "]" : ")";
    if (close === ")") this.takeSign("(");
    else this.next += 1;
    const items: Node[] = [];
    if (least > 0 || !this.isSign(close)) {
      items.push(read());
      while (this.isSign(",")) {
        this.next += 1;
        items.push(read());
      }
    }
    this.takeSign(close);
    return this.maker.node(at, { kind: "array", items });
  }

  private element(): Node {
    return this.isSign("[") ? this.maker.within(() => this.array(() => this.element(), 0)) : this.sum();
  }

  private instant(word: "DATE" | "TIMESTAMP"): Node {
    const { at } = this.tokens[this.next - 1]!;
    this.takeSign("(");
    const { token } = this;
    const sound = token.kind === "text" && (word === "DATE" ? isCalendarDay(token.value) : isTimestamp(token.value));
    if (!sound) throw this.unexpected(word === "DATE" ? "'YYYY-MM-DD', a day that exists / 存在的日期" : "'YYYY-MM-DDThh:mm:ssZ', a moment that exists / 存在的时刻");
    this.next += 1;
    this.takeSign(")");
    return this.maker.node(at, word === "DATE" ? { kind: "date", value: token.value } : { kind: "timestamp", value: token.value });
  }

  private interval(at: number): Node {
    this.takeSign("(");
    const end = (): Node => {
      if (this.token.kind !== "text") return this.primary();
      const { value, at: from } = this.take();
      return instantOf(value, from, this.maker);
    };
    const start = end();
    this.takeSign(",");
    const args = [start, end()] as const;
    this.takeSign(")");
    return this.maker.node(at, { kind: "interval", args });
  }

  private plainNumber(): number {
    const { at } = this.token;
    const sign = this.isSign("-", "+") ? (this.take().value === "-" ? -1 : 1) : 1;
    return (this.number(sign, at) as Extract<Node, { kind: "number" }>).value;
  }

  private bbox(at: number): Node {
    const value: number[] = [];
    this.takeSign("(");
    do {
      if (value.length > 0) this.takeSign(",");
      value.push(this.plainNumber());
    } while (!this.isSign(")") && value.length < 6);
    this.takeSign(")");
    if (value.length !== 4 && value.length !== 6) throw refusal(at, "BBOX of four or six numbers / BBOX 须有四个或六个数");
    return this.maker.node(at, { kind: "bbox", value });
  }
}
