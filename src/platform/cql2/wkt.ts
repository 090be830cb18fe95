import type { Token } from "./tokens.js";
import { Maker, refusal, type Node, type Position, type Shape } from "./tree.js";

export const SHAPES: Readonly<Record<string, Shape["type"]>> = { POINT: "Point", LINESTRING: "LineString", POLYGON: "Polygon", MULTIPOINT: "MultiPoint", MULTILINESTRING: "MultiLineString", MULTIPOLYGON: "MultiPolygon", GEOMETRYCOLLECTION: "GeometryCollection" };

/** Walks over tokens, and reads the numbers and the well-known text among them. */
export class ShapeReader {
  protected next = 0;
  protected readonly maker = new Maker();

  constructor(protected readonly tokens: readonly Token[]) {}

  protected get token(): Token {
    return this.tokens[this.next]!;
  }

  protected unexpected(expected: string) {
    return refusal(this.token.at, expected, this.token.kind === "end" ? "end" : this.token.value);
  }

  protected isWord(...words: string[]): boolean {
    return this.token.kind === "word" && words.includes(this.token.value.toUpperCase());
  }

  protected isSign(...signs: string[]): boolean {
    return this.token.kind === "sign" && signs.includes(this.token.value);
  }

  protected take(): Token {
    const taken = this.token;
    this.next += 1;
    return taken;
  }

  protected takeWord(word: string): void {
    if (!this.isWord(word)) throw this.unexpected(word);
    this.next += 1;
  }

  protected takeSign(sign: string): void {
    if (!this.isSign(sign)) throw this.unexpected(`"${sign}"`);
    this.next += 1;
  }

  protected number(sign: number, at: number): Node {
    if (this.token.kind !== "number") throw this.unexpected("a number / 数字");
    const value = Number(this.token.value) * sign;
    if (!Number.isFinite(value)) throw this.unexpected("a number of a size a computer keeps / 可表示的数字");
    this.next += 1;
    // There is no negative zero in SQL, nor in JSON text.
    return this.maker.node(at, { kind: "number", value: value === 0 ? 0 : value });
  }

  /** Well-known text. Numbers of positions count as vertices, not as terms. */
  protected shape(): Shape {
    const type = SHAPES[this.take().value.toUpperCase()]!;
    if (this.isWord("Z")) this.next += 1;
    const list = <T>(read: () => T): T[] => {
      this.takeSign("(");
      const items = [read()];
      while (this.isSign(",")) {
        this.next += 1;
        items.push(read());
      }
      this.takeSign(")");
      return items;
    };
    const line = () => list(() => this.position());
    const alone = (): Position => {
      this.takeSign("(");
      const position = this.position();
      this.takeSign(")");
      return position;
    };
    switch (type) {
      case "Point":
        return { type, coordinates: alone() };
      case "LineString":
        return { type, coordinates: line() };
      case "MultiPoint":
        return { type, coordinates: list(() => (this.isSign("(") ? alone() : this.position())) };
      case "Polygon":
      case "MultiLineString":
        return { type, coordinates: list(line) };
      case "MultiPolygon":
        return { type, coordinates: list(() => list(line)) };
      case "GeometryCollection":
        return {
          type,
          geometries: list(() => {
            if (this.token.kind !== "word" || !SHAPES[this.token.value.toUpperCase()]) throw this.unexpected("a geometry / 几何");
            return this.maker.within(() => this.shape());
          }),
        };
    }
  }

  protected position(): Position {
    this.maker.vertex();
    const parts = [this.coordinate(), this.coordinate()];
    if (!this.isSign(",", ")")) parts.push(this.coordinate());
    return parts;
  }

  protected coordinate(): number {
    const sign = this.isSign("-", "+") ? (this.take().value === "-" ? -1 : 1) : 1;
    if (this.token.kind !== "number") throw this.unexpected("a coordinate / 坐标值");
    const value = Number(this.take().value) * sign;
    if (!Number.isFinite(value)) throw refusal(this.tokens[this.next - 1]!.at, "a coordinate / 坐标值");
    return value === 0 ? 0 : value;
  }
}
