import type { Dice } from "../../seeds/demo/story.js";
import { operators, type Node, type Op, type Position, type Shape } from "../../src/platform/cql2/tree.js";

const TEXTS = ["", "a", "O'Brien", "50%", "\\", "\\%", "换\n行", "a\tb", "''", "😀", '"', "AND", "\u0007\b\v\f\r", "x' or '1'='1"];
const NAMES = ["name", "currentLevel", "subject.name", "and", "Date", "POINT", "eo:cloud_cover", "名称", "_x", "like", "s_within"];
const MOMENTS = ["2026-01-01T00:00:00Z", "1969-07-16T05:32:00.5Z", "2024-02-29T23:59:59+08:00"];

/** Throws trees of every kind of node, sound by their sorts. */
export class Cql2Dice {
  constructor(private readonly dice: Dice) {}

  condition(depth = 4): Node {
    const { dice } = this;
    const inner = () => this.condition(depth - 1);
    if (depth === 0) return this.comparison(0);
    return dice.pick([
      () => this.op(dice.pick(["and", "or"]), Array.from({ length: dice.int(2, 4) }, inner)),
      () => this.op("not", [inner()]),
      () => this.comparison(depth - 1),
      () => this.comparison(depth - 1),
      () => this.op("like", [this.text(depth - 1), dice.chance(0.3) ? this.op("casei", [this.pattern()]) : this.pattern()]),
      () => this.op("between", [this.number(depth - 1), this.number(depth - 1), this.number(depth - 1)]),
      () => this.op("in", [this.property(), { kind: "array", items: Array.from({ length: dice.int(1, 3) }, () => ({ kind: "text", value: dice.pick(TEXTS) })) }]),
      () => this.op("isNull", [dice.pick([this.property(), this.number(1), this.geometry()])]),
      () => this.op(this.called("s_"), [this.property(), this.geometry()]),
      () => this.op(this.called("t_"), [this.temporal(), this.temporal()]),
      () => this.op(this.called("a_"), [this.property(), { kind: "array", items: TEXTS.slice(0, dice.int(0, 3)).map((value): Node => ({ kind: "text", value })) }]),
      (): Node => ({ kind: "boolean", value: dice.chance(0.5) }),
    ])();
  }

  private op = (op: Op, args: Node[]): Node => ({ kind: "op", op, args });
  private called = (prefix: string) => this.dice.pick(Object.keys(operators).filter((op) => op.startsWith(prefix)) as Op[]);
  private property = (): Node => ({ kind: "property", name: this.dice.pick(NAMES) });
  private pattern = (): Node => ({ kind: "text", value: this.dice.pick(["a%", "\\%x", "_", "a''b", "\\\\"]) });

  private comparison(depth: number): Node {
    const op = this.dice.pick(["=", "<>", "<", "<=", ">", ">="] as const);
    return this.dice.pick([
      () => this.op(op, [this.property(), this.number(depth)]),
      () => this.op(op, [this.text(depth), this.text(depth)]),
      () => this.op(op, [this.property(), { kind: "date", value: "2026-06-30" }]),
      () => this.op(op, [{ kind: "timestamp", value: this.dice.pick(MOMENTS) }, this.property()]),
      () => this.op(this.dice.pick(["=", "<>"]), [this.property(), { kind: "boolean", value: true }]),
    ])();
  }

  private number(depth: number): Node {
    const { dice } = this;
    if (depth <= 0 || dice.chance(0.5)) return dice.chance(0.4) ? this.property() : { kind: "number", value: dice.pick([0, 1, -1, 2.5, -0.001, 1e21, 1e-7, 12345678901, dice.int(-1000, 1000)]) };
    return this.op(dice.pick(["+", "-", "*", "/", "%", "div", "^"]), [this.number(depth - 1), this.number(depth - 1)]);
  }

  private text(depth: number): Node {
    if (depth > 0 && this.dice.chance(0.3)) return this.op(this.dice.pick(["casei", "accenti"]), [this.text(depth - 1)]);
    return this.dice.chance(0.5) ? this.property() : { kind: "text", value: this.dice.pick(TEXTS) };
  }

  private temporal(): Node {
    const { dice } = this;
    const end = (): Node => dice.pick<Node>([{ kind: "open" }, { kind: "date", value: "0001-01-01" }, { kind: "timestamp", value: dice.pick(MOMENTS) }, this.property()]);
    return dice.pick<Node>([this.property(), { kind: "date", value: "2000-02-29" }, { kind: "timestamp", value: dice.pick(MOMENTS) }, { kind: "interval", args: [end(), end()] }]);
  }

  private geometry(): Node {
    const { dice } = this;
    const high = dice.chance(0.2);
    const position = (): Position => [dice.int(-180, 180), dice.int(-900, 900) / 10, ...(high ? [5] : [])];
    const line = () => [position(), position(), position()];
    const ring = () => {
      const first = position();
      return [first, position(), position(), first];
    };
    const plain = (): Shape => dice.pick<Shape>([{ type: "Point", coordinates: position() }, { type: "MultiPoint", coordinates: line() }, { type: "LineString", coordinates: line() }, { type: "MultiLineString", coordinates: [line(), line()] }, { type: "Polygon", coordinates: [ring(), ring()] }, { type: "MultiPolygon", coordinates: [[ring()], [ring(), ring()]] }]);
    return dice.pick<Node>([{ kind: "geometry", value: plain() }, { kind: "bbox", value: high ? [-1, 2, 0, 3, 4, 9] : [160.6, -55.95, -170, -25.89] }, { kind: "geometry", value: { type: "GeometryCollection", geometries: [plain(), plain()] } }]);
  }
}
