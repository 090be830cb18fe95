import type { ReadSql } from "../read/read-sql.js";
import { foldAccents, foldCase } from "./folding.js";
import { SORT_OF, type Queryable, type Queryables } from "./queryables.js";
import { checkSorts } from "./sorts.js";
import { placeOf, refusal, type Node, type Op, type Shape, type Sort } from "./tree.js";

/** Puts a geometry of the filter's coordinate system into the degrees rows are stored in, longitude first. */
export type ToStored = (node: Extract<Node, { kind: "geometry" | "bbox" }>) => Shape;

/** Refuses names that are no queryables, and operators that do not take what their properties are. */
export function checkAgainst(tree: Node, queryables: Queryables): void {
  checkSorts(tree, (name, node) => SORT_OF[known(name, node, queryables).kind]!);
}

function known(name: string, node: Node, queryables: Queryables): Queryable {
  const found = queryables.get(name);
  if (!found) throw refusal(placeOf(node), `one of ${[...queryables.keys()].join(", ")}`, name);
  return found;
}

/**
 * A checked condition as SQL on an alias: three-valued, as the standard has it, and every value a parameter.
 * The tree must have passed `checkAgainst` with the same queryables.
 */
export function conditionSql(tree: Node, queryables: Queryables, alias: string, read: ReadSql, toStored: ToStored): string {
  return new ConditionSql(queryables, alias, read, toStored).of(tree);
}

const SPATIAL: Partial<Record<Op, string>> = { s_intersects: "st_intersects", s_equals: "st_equals", s_touches: "st_touches", s_within: "st_within", s_overlaps: "st_overlaps", s_crosses: "st_crosses", s_contains: "st_contains" };
const ARRAYS: Partial<Record<Op, string>> = { a_contains: "@>", a_containedBy: "<@", a_overlaps: "&&" };

type End = () => string;

/** Allen's relations over the ends of two spans. Only the ends a relation names become SQL. */
const SPANS: Partial<Record<Op, (s: End, e: End, t: End, f: End) => string>> = {
  t_after: (s, _e, _t, f) => `${s()} > ${f()}`,
  t_before: (_s, e, t) => `${e()} < ${t()}`,
  t_contains: (s, e, t, f) => `${s()} < ${t()} and ${e()} > ${f()}`,
  t_disjoint: (s, e, t, f) => `(${e()} < ${t()} or ${s()} > ${f()})`,
  t_during: (s, e, t, f) => `${s()} > ${t()} and ${e()} < ${f()}`,
  t_equals: (s, e, t, f) => `${s()} = ${t()} and ${e()} = ${f()}`,
  t_finishedBy: (s, e, t, f) => `${s()} < ${t()} and ${e()} = ${f()}`,
  t_finishes: (s, e, t, f) => `${s()} > ${t()} and ${e()} = ${f()}`,
  t_intersects: (s, e, t, f) => `${s()} <= ${f()} and ${e()} >= ${t()}`,
  t_meets: (_s, e, t) => `${e()} = ${t()}`,
  t_metBy: (s, _e, _t, f) => `${s()} = ${f()}`,
  t_overlappedBy: (s, e, t, f) => `${s()} > ${t()} and ${s()} < ${f()} and ${e()} > ${f()}`,
  t_overlaps: (s, e, t, f) => `${s()} < ${t()} and ${e()} > ${t()} and ${e()} < ${f()}`,
  t_startedBy: (s, e, t, f) => `${s()} = ${t()} and ${e()} > ${f()}`,
  t_starts: (s, e, t, f) => `${s()} = ${t()} and ${e()} < ${f()}`,
};

/** Relations that only mean something where at least one side lasts. */
const OF_SPANS: ReadonlySet<Op> = new Set(["t_contains", "t_during", "t_finishedBy", "t_finishes", "t_meets", "t_metBy", "t_overlappedBy", "t_overlaps", "t_startedBy", "t_starts"]);

class ConditionSql {
  constructor(
    private readonly queryables: Queryables,
    private readonly alias: string,
    private readonly read: ReadSql,
    private readonly toStored: ToStored,
  ) {}

  of(node: Node): string {
    switch (node.kind) {
      case "op":
        return `(${this.operation(node.op, node.args)})`;
      case "property":
        return known(node.name, node, this.queryables).sql(this.alias, this.read);
      case "text":
        return this.read.param("text", () => node.value);
      case "number":
        return this.read.param("numeric", () => node.value);
      case "boolean":
        return this.read.param("boolean", () => node.value);
      case "date":
        return this.read.param("date", () => node.value);
      case "timestamp":
        return this.read.param("timestamptz", () => node.value);
      case "geometry":
      case "bbox":
        return `st_setsrid(st_geomfromgeojson(${this.read.param("text", () => JSON.stringify(this.toStored(node)))}), 4490)`;
      case "array":
        return this.texts(node);
      default:
        throw refusal(placeOf(node), "a value / 值");
    }
  }

  private operation(op: Op, args: readonly Node[]): string {
    const [first, second] = args as [Node, Node];
    switch (op) {
      case "and":
      case "or":
        return args.map((each) => this.of(each)).join(` ${op} `);
      case "not":
        return `not ${this.of(first)}`;
      case "=":
      case "<>":
      case "<":
      case "<=":
      case ">":
      case ">=":
        return this.comparison(op, first, second);
      case "like":
        return `${this.of(first)} like ${this.of(second)}`;
      case "between":
        return `${this.of(first)} between ${this.of(second)} and ${this.of(args[2]!)}`;
      case "in": {
        const { items } = second as Extract<Node, { kind: "array" }>;
        items.forEach((item) => this.checkValue(first, item));
        return `${this.of(first)} in (${items.map((item) => this.of(item)).join(", ")})`;
      }
      case "isNull":
        return `${this.of(first)} is null`;
      case "+":
      case "-":
      case "*":
        return `${this.double(first)} ${op} ${this.double(second)}`;
      case "/":
        return `${this.double(first)} / nullif(${this.double(second)}, 0)`;
      case "div":
        return `trunc(${this.double(first)} / nullif(${this.double(second)}, 0))`;
      case "%": {
        const [dividend, divisor] = [this.double(first), this.double(second)];
        return `${dividend} - ${divisor} * trunc(${dividend} / nullif(${divisor}, 0))`;
      }
      case "^":
        return `power(${this.double(first)}, ${this.double(second)})`;
      case "casei":
        return foldCase(this.of(first));
      case "accenti":
        return foldAccents(this.of(first));
      case "a_equals": {
        const [left, right] = [this.of(first), this.of(second)];
        return `${left} @> ${right} and ${left} <@ ${right}`;
      }
      case "s_disjoint":
        return `not st_intersects(${this.of(first)}, ${this.of(second)})`;
    }
    if (SPATIAL[op]) return this.spatial(SPATIAL[op], first, second);
    if (ARRAYS[op]) return `${this.of(first)} ${ARRAYS[op]} ${this.of(second)}`;
    return this.temporal(op, first, second);
  }

  /** Every relation but being apart holds only of geometries that meet: the box of the one finds the other by its index. */
  private spatial(relation: string, first: Node, second: Node): string {
    const [left, right] = [this.of(first), this.of(second)];
    const placeOfRows = (node: Node) => (node.kind === "property" ? known(node.name, node, this.queryables).place?.(this.alias, this.read) : undefined);
    const [of, by] = [placeOfRows(first), placeOfRows(second)];
    if (of) return of.meets(right, (at) => `${relation}(${at}, ${right})`);
    return by ? by.meets(left, (at) => `${relation}(${left}, ${at})`) : `${relation}(${left}, ${right})`;
  }

  private double = (node: Node) => `${this.of(node)}::double precision`;

  private comparison(op: Op, left: Node, right: Node): string {
    for (const [one, other] of [[left, right], [right, left]] as const) {
      this.checkValue(one, other);
      const closed = one.kind === "property" && known(one.name, one, this.queryables).enumeration;
      // Alphabetical order of the words would be taken for the order of what they mean.
      if (closed && op !== "=" && op !== "<>") throw refusal(placeOf(one), `=, <> or IN with ${closed.values.join(", ")}`, `${(one as { name: string }).name} ${op}`);
    }
    return `${this.of(left)} ${op} ${this.of(right)}`;
  }

  /** A value a closed list does not hold is refused: silently nothing would be found. */
  private checkValue(property: Node, value: Node): void {
    if (property.kind !== "property" || value.kind !== "text") return;
    const { enumeration } = known(property.name, property, this.queryables);
    if (enumeration && !enumeration.values.includes(value.value)) throw refusal(placeOf(value), `one of ${enumeration.values.join(", ")}`, value.value);
  }

  private texts(node: Extract<Node, { kind: "array" }>): string {
    const values = node.items.map((item) => {
      if (item.kind !== "text") throw refusal(placeOf(item), "text in quotes / 引号内的文字", item.kind);
      return item.value;
    });
    return this.read.param("text[]", () => values);
  }

  private temporal(op: Op, left: Node, right: Node): string {
    const sides = [left, right] as const;
    if (OF_SPANS.has(op) && sides.every((side) => side.kind !== "interval")) throw refusal(placeOf(right), "INTERVAL(...)", right.kind);
    // Days against days are compared as days; against moments a day lasts from its first to its last instant at +08:00.
    const days = sides.flatMap((side) => this.ends(side)).every((end) => end.kind === "open" || this.sortOf(end) === "date");
    const [s, e] = this.span(left, days);
    const [t, f] = this.span(right, days);
    return SPANS[op]!(s, e, t, f);
  }

  private ends(node: Node): readonly Node[] {
    return node.kind === "interval" ? node.args : [node, node];
  }

  private sortOf(node: Node): Sort {
    return node.kind === "property" ? SORT_OF[known(node.name, node, this.queryables).kind]! : (node.kind as Sort);
  }

  private span(node: Node, days: boolean): [start: End, end: End] {
    const [start, end] = this.ends(node) as [Node, Node];
    const cast = days ? "date" : "timestamptz";
    const bound = (side: Node, open: string, last: boolean): string => {
      if (side.kind === "open") return `'${open}'::${cast}`;
      const sql = this.of(side);
      if (days || this.sortOf(side) !== "date") return sql;
      return last ? `((${sql} + 1)::timestamp at time zone 'Asia/Shanghai' - interval '1 microsecond')` : `(${sql}::timestamp at time zone 'Asia/Shanghai')`;
    };
    return [() => bound(start, "-infinity", false), () => bound(end, "infinity", true)];
  }
}
