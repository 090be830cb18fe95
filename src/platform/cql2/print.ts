import { isPlainWord } from "./tokens.js";
import { isTaken } from "./text.js";
import { operatorOf, type Node, type Op, type Position, type Shape } from "./tree.js";

const ESCAPED: Readonly<Record<string, string>> = { "'": "''", "\\": "\\\\", "\u0007": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r" };
const quoted = (text: string) => `'${text.replace(/['\\\u0007\b\t\n\v\f\r]/g, (character) => ESCAPED[character]!)}'`;

/** A condition as CQL2 text; what is read back is the same tree. */
export function printText(node: Node): string {
  switch (node.kind) {
    case "op":
      return operation(node.op, node.args);
    case "property":
      return isPlainWord(node.name) && !isTaken(node.name) ? node.name : `"${node.name}"`;
    case "text":
      return quoted(node.value);
    case "number":
      return String(node.value);
    case "boolean":
      return node.value ? "TRUE" : "FALSE";
    case "date":
      return `DATE('${node.value}')`;
    case "timestamp":
      return `TIMESTAMP('${node.value}')`;
    case "interval":
      return `INTERVAL(${node.args.map((end) => (end.kind === "open" ? "'..'" : end.kind === "property" ? printText(end) : `'${(end as { value: string }).value}'`)).join(", ")})`;
    case "open":
      return "'..'";
    case "geometry":
      return shapeText(node.value);
    case "bbox":
      return `BBOX(${node.value.join(", ")})`;
    case "array":
      return `(${node.items.map(printText).join(", ")})`;
  }
}

/** An operand: what is itself written with operators stands in parentheses. */
const operand = (node: Node): string => (node.kind === "op" && operatorOf(node.op).written !== "call" ? `(${printText(node)})` : printText(node));

function operation(op: Op, args: readonly Node[]): string {
  const { text, written } = operatorOf(op);
  const [first, ...rest] = args.map(operand) as [string, ...string[]];
  switch (written) {
    case "between":
      return [first, ...rest].join(` ${text} `);
    case "before":
      return `${text} ${first}`;
    case "call":
      return `${text}(${args.map(printText).join(", ")})`;
    case "like":
      return `${first} LIKE ${rest[0]}`;
    case "range":
      return `${first} BETWEEN ${rest[0]} AND ${rest[1]}`;
    case "list":
      return `${first} IN ${rest[0]}`;
    case "null":
      return `${first} IS NULL`;
  }
}

const isHigh = (coordinates: unknown): boolean => (Array.isArray(coordinates) && typeof coordinates[0] === "number" ? coordinates.length > 2 : Array.isArray(coordinates) && coordinates.some(isHigh));

/** A geometry as well-known text. */
export function shapeText(shape: Shape): string {
  const name = shape.type.toUpperCase();
  if (shape.type === "GeometryCollection") return `${name}(${shape.geometries.map(shapeText).join(", ")})`;
  const position = (parts: Position) => parts.join(" ");
  const nested = (value: unknown, depth: number): string => (depth === 0 ? position(value as Position) : `(${(value as unknown[]).map((inner) => nested(inner, depth - 1)).join(", ")})`);
  const z = isHigh(shape.coordinates) ? " Z " : "";
  const body = { Point: () => `(${position(shape.coordinates as Position)})`, MultiPoint: () => `(${(shape.coordinates as Position[]).map((each) => `(${position(each)})`).join(", ")})`, LineString: () => nested(shape.coordinates, 1), Polygon: () => nested(shape.coordinates, 2), MultiLineString: () => nested(shape.coordinates, 2), MultiPolygon: () => nested(shape.coordinates, 3) }[shape.type]();
  return `${name}${z}${body}`;
}
