import { Fault } from "../fault.js";

/**
 * CQL2 (OGC 21-065): the one tree that text and JSON are read into and printed from.
 * `A AND B AND C` is one "and" of three; parentheses leave no trace but the nesting.
 */
export type Node =
  | { readonly kind: "op"; readonly op: Op; readonly args: readonly Node[] }
  | { readonly kind: "property"; readonly name: string }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  /** A day that exists, YYYY-MM-DD. */
  | { readonly kind: "date"; readonly value: string }
  /** A moment with its offset. */
  | { readonly kind: "timestamp"; readonly value: string }
  | { readonly kind: "interval"; readonly args: readonly [start: Node, end: Node] }
  /** The open end of an interval. */
  | { readonly kind: "open" }
  | { readonly kind: "geometry"; readonly value: Shape }
  /** Edges in the order of the filter's coordinate system; with heights, six numbers. */
  | { readonly kind: "bbox"; readonly value: readonly number[] }
  | { readonly kind: "array"; readonly items: readonly Node[] };

export type Position = readonly number[];
export type Shape =
  | { readonly type: "Point"; readonly coordinates: Position }
  | { readonly type: "MultiPoint" | "LineString"; readonly coordinates: readonly Position[] }
  | { readonly type: "MultiLineString" | "Polygon"; readonly coordinates: readonly (readonly Position[])[] }
  | { readonly type: "MultiPolygon"; readonly coordinates: readonly (readonly (readonly Position[])[])[] }
  | { readonly type: "GeometryCollection"; readonly geometries: readonly Shape[] };

/** What a node is the value of. "any" is a property whose kind is not known yet. */
export type Sort = "boolean" | "text" | "number" | "date" | "timestamp" | "interval" | "geometry" | "array" | "any";

/** How an operator is written, what it takes and what it gives. Arguments of sort "same" must be of one sort. */
interface Operator {
  /** The word or sign of the text encoding. */
  text: string;
  written: "between" | "before" | "call" | "like" | "range" | "list" | "null";
  takes: readonly (Sort | "same" | "ordered" | "temporal")[];
  gives: Sort;
  /** Takes its last argument any number of times. */
  many?: boolean;
}

const infix = (text: string, takes: Operator["takes"], gives: Sort, many = false): Operator => ({ text, written: "between", takes, gives, many });
const call = (text: string, takes: Operator["takes"], gives: Sort): Operator => ({ text, written: "call", takes, gives });
const spatial = (text: string) => call(text, ["geometry", "geometry"], "boolean");
const temporal = (text: string) => call(text, ["temporal", "temporal"], "boolean");
const ofArrays = (text: string) => call(text, ["array", "array"], "boolean");

/** Every operator by its name in CQL2 JSON. What is not here is refused. */
export const operators = {
  and: infix("AND", ["boolean", "boolean"], "boolean", true),
  or: infix("OR", ["boolean", "boolean"], "boolean", true),
  not: { text: "NOT", written: "before", takes: ["boolean"], gives: "boolean" },
  "=": infix("=", ["same", "same"], "boolean"),
  "<>": infix("<>", ["same", "same"], "boolean"),
  "<": infix("<", ["ordered", "ordered"], "boolean"),
  "<=": infix("<=", ["ordered", "ordered"], "boolean"),
  ">": infix(">", ["ordered", "ordered"], "boolean"),
  ">=": infix(">=", ["ordered", "ordered"], "boolean"),
  like: { text: "LIKE", written: "like", takes: ["text", "text"], gives: "boolean" },
  between: { text: "BETWEEN", written: "range", takes: ["number", "number", "number"], gives: "boolean" },
  in: { text: "IN", written: "list", takes: ["any", "array"], gives: "boolean" },
  isNull: { text: "IS NULL", written: "null", takes: ["any"], gives: "boolean" },
  "+": infix("+", ["number", "number"], "number"),
  "-": infix("-", ["number", "number"], "number"),
  "*": infix("*", ["number", "number"], "number"),
  "/": infix("/", ["number", "number"], "number"),
  "%": infix("%", ["number", "number"], "number"),
  div: infix("DIV", ["number", "number"], "number"),
  "^": infix("^", ["number", "number"], "number"),
  casei: call("CASEI", ["text"], "text"),
  accenti: call("ACCENTI", ["text"], "text"),
  s_intersects: spatial("S_INTERSECTS"),
  s_equals: spatial("S_EQUALS"),
  s_disjoint: spatial("S_DISJOINT"),
  s_touches: spatial("S_TOUCHES"),
  s_within: spatial("S_WITHIN"),
  s_overlaps: spatial("S_OVERLAPS"),
  s_crosses: spatial("S_CROSSES"),
  s_contains: spatial("S_CONTAINS"),
  t_after: temporal("T_AFTER"),
  t_before: temporal("T_BEFORE"),
  t_contains: temporal("T_CONTAINS"),
  t_disjoint: temporal("T_DISJOINT"),
  t_during: temporal("T_DURING"),
  t_equals: temporal("T_EQUALS"),
  t_finishedBy: temporal("T_FINISHEDBY"),
  t_finishes: temporal("T_FINISHES"),
  t_intersects: temporal("T_INTERSECTS"),
  t_meets: temporal("T_MEETS"),
  t_metBy: temporal("T_METBY"),
  t_overlappedBy: temporal("T_OVERLAPPEDBY"),
  t_overlaps: temporal("T_OVERLAPS"),
  t_startedBy: temporal("T_STARTEDBY"),
  t_starts: temporal("T_STARTS"),
  a_equals: ofArrays("A_EQUALS"),
  a_contains: ofArrays("A_CONTAINS"),
  a_containedBy: ofArrays("A_CONTAINEDBY"),
  a_overlaps: ofArrays("A_OVERLAPS"),
} as const satisfies Record<string, Operator>;

export type Op = keyof typeof operators;
export const operatorOf = (op: Op): Operator => operators[op];

/** Filters are open doors: what one may ask is bounded before anything is done with it. */
export const limits = {
  /** Characters. */
  filterText: 16_000,
  /** Operators within each other. */
  filterDepth: 24,
  /** Parentheses, calls and lists within each other, as they are written. */
  filterNesting: 100,
  filterTerms: 500,
  filterVertices: 2_000,
  /** LIKE patterns that begin with a wildcard: an index serves none of them well. */
  filterLeadingWildcards: 3,
  filterPattern: 200,
} as const;

export const beyond = (limit: keyof typeof limits): Fault => new Fault("LIMIT_EXCEEDED", { field: "filter", limit, maximum: limits[limit] });

/** Where a node stands: the character it begins at, counted from one, or the pointer of its JSON. */
export type Place = number | string;

/** A refusal that says where and what was expected. */
export const refusal = (at: Place | undefined, expected: string, found?: string): Fault =>
  new Fault("INVALID_INPUT", { field: "filter", ...(at === undefined ? {} : { at }), expected, ...(found === undefined ? {} : { found: found.slice(0, 60) }) });

const places = new WeakMap<Node, Place>();
export const placeOf = (node: Node): Place | undefined => places.get(node);

/** Makes nodes and counts what they cost; one for each filter read. */
export class Maker {
  private nodes = 0;
  private vertices = 0;
  private depth = 0;

  node<N extends Node>(at: Place, node: N): N {
    if ((this.nodes += 1) > limits.filterTerms) throw beyond("filterTerms");
    places.set(node, at);
    return node;
  }

  vertex(): void {
    if ((this.vertices += 1) > limits.filterVertices) throw beyond("filterVertices");
  }

  within<T>(read: () => T): T {
    if ((this.depth += 1) > limits.filterNesting) throw beyond("filterNesting");
    const made = read();
    this.depth -= 1;
    return made;
  }
}

/** A geometry that is one by its numbers: finite, lines of two, rings of four and closed. */
export function checkShape(shape: Shape, at: Place): void {
  const ring = (positions: readonly Position[]) => {
    const [first, last] = [positions[0], positions.at(-1)];
    if (positions.length < 4 || !first || !last || first.some((part, axis) => part !== last[axis])) throw refusal(at, "a ring of at least four positions that ends where it began / 闭合的环,至少四个点");
  };
  const line = (positions: readonly Position[]) => {
    if (positions.length < 2) throw refusal(at, "a line of at least two positions / 线至少两个点");
  };
  switch (shape.type) {
    case "LineString":
      return line(shape.coordinates);
    case "MultiLineString":
      return shape.coordinates.forEach(line);
    case "Polygon":
      return shape.coordinates.forEach(ring);
    case "MultiPolygon":
      return shape.coordinates.flat().forEach(ring);
    case "GeometryCollection":
      return shape.geometries.forEach((part) => checkShape(part, at));
    default:
  }
}

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const MOMENT = /^(\d{4}-\d{2}-\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/;

/** A calendar day that exists, of years 1 to 9999. */
export function isCalendarDay(text: string): boolean {
  const [, year, month, day] = DAY.exec(text) ?? [];
  if (!year || Number(year) === 0) return false;
  const made = new Date(0);
  made.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  return made.getUTCMonth() === Number(month) - 1 && made.getUTCDate() === Number(day);
}

export const isTimestamp = (text: string): boolean => {
  const day = MOMENT.exec(text)?.[1];
  return day !== undefined && isCalendarDay(day);
};

/** One end of an interval, or an instant, from its text: a day, a moment or "..". */
export function instantOf(text: string, at: Place, maker: Maker): Node {
  if (text === "..") return maker.node(at, { kind: "open" });
  if (isCalendarDay(text)) return maker.node(at, { kind: "date", value: text });
  if (isTimestamp(text)) return maker.node(at, { kind: "timestamp", value: text });
  throw refusal(at, "'YYYY-MM-DD', 'YYYY-MM-DDThh:mm:ssZ' or '..'", text);
}
