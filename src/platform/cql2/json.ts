import { checkSorts } from "./sorts.js";
import { isPlainWord } from "./tokens.js";
import { beyond, checkShape, instantOf, isCalendarDay, isTimestamp, limits, Maker, operators, refusal, type Node, type Op, type Position, type Shape } from "./tree.js";

/**
 * Reads CQL2 JSON. Faults: INVALID_INPUT with `at` (the pointer of the member) and what was expected there; LIMIT_EXCEEDED.
 * @param text at most as long as a filter in text; nested no deeper.
 */
export function readJson(text: string): Node {
  if (text.length > limits.filterText) throw beyond("filterText");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refusal(undefined, "well-formed JSON / 合乎语法的 JSON");
  }
  const tree = new JsonReader().node(value, "");
  checkSorts(tree);
  return tree;
}

const NESTING = { Point: 0, MultiPoint: 1, LineString: 1, MultiLineString: 2, Polygon: 2, MultiPolygon: 3 } as const;

class JsonReader {
  private readonly maker = new Maker();

  node(value: unknown, at: string): Node {
    return this.maker.within(() => this.read(value, at));
  }

  private read(value: unknown, at: string): Node {
    switch (typeof value) {
      case "boolean":
        return this.maker.node(at, { kind: "boolean", value });
      case "string":
        return this.maker.node(at, { kind: "text", value });
      case "number":
        if (!Number.isFinite(value)) throw refusal(at, "a number of a size a computer keeps / 可表示的数字");
        return this.maker.node(at, { kind: "number", value: value === 0 ? 0 : value });
    }
    if (Array.isArray(value)) return this.maker.node(at, { kind: "array", items: value.map((item, index) => this.node(item, `${at}/${index}`)) });
    if (value === null) throw refusal(at, "a value / 值", "null");
    return this.object(value as Record<string, unknown>, at);
  }

  private object(value: Record<string, unknown>, at: string): Node {
    const only = (...names: string[]) => {
      const further = Object.keys(value).find((key) => !names.includes(key));
      if (further !== undefined) throw refusal(`${at}/${further}`, `only ${names.join(", ")}`, further);
    };
    if ("op" in value) {
      only("op", "args");
      return this.operation(value["op"], value["args"], at);
    }
    if ("property" in value) {
      only("property");
      const name = value["property"];
      if (typeof name !== "string" || !isPlainWord(name)) throw refusal(`${at}/property`, "a name of a property / 属性名");
      return this.maker.node(at, { kind: "property", name });
    }
    if ("date" in value || "timestamp" in value) {
      const kind = "date" in value ? "date" : "timestamp";
      only(kind);
      const text = value[kind];
      if (typeof text !== "string" || !(kind === "date" ? isCalendarDay(text) : isTimestamp(text))) throw refusal(`${at}/${kind}`, kind === "date" ? '"YYYY-MM-DD"' : '"YYYY-MM-DDThh:mm:ssZ"');
      return this.maker.node(at, { kind, value: text });
    }
    if ("interval" in value) {
      only("interval");
      const ends = value["interval"];
      if (!Array.isArray(ends) || ends.length !== 2) throw refusal(`${at}/interval`, "two ends / 两端");
      const [start, end] = ends.map((each, index) => (typeof each === "string" ? instantOf(each, `${at}/interval/${index}`, this.maker) : this.node(each, `${at}/interval/${index}`))) as [Node, Node];
      return this.maker.node(at, { kind: "interval", args: [start, end] });
    }
    if ("bbox" in value && !("type" in value)) {
      only("bbox");
      const edges = value["bbox"];
      if (!Array.isArray(edges) || (edges.length !== 4 && edges.length !== 6) || !edges.every((edge) => typeof edge === "number" && Number.isFinite(edge))) throw refusal(`${at}/bbox`, "four or six numbers / 四个或六个数");
      return this.maker.node(at, { kind: "bbox", value: edges as number[] });
    }
    if ("type" in value) {
      const shape = this.shape(value, at);
      checkShape(shape, at);
      return this.maker.node(at, { kind: "geometry", value: shape });
    }
    throw refusal(at, "op, property, date, timestamp, interval, bbox or a GeoJSON geometry / 或 GeoJSON 几何", Object.keys(value).join(", "));
  }

  private operation(op: unknown, args: unknown, at: string): Node {
    if (typeof op !== "string" || !Object.hasOwn(operators, op)) throw refusal(`${at}/op`, `one of ${Object.keys(operators).join(", ")}`, String(op));
    if (!Array.isArray(args)) throw refusal(`${at}/args`, "a list of arguments / 参数列表");
    return this.maker.node(at, { kind: "op", op: op as Op, args: args.map((argument, index) => this.node(argument, `${at}/args/${index}`)) });
  }

  private shape(value: Record<string, unknown>, at: string): Shape {
    const type = value["type"];
    if (type === "GeometryCollection") {
      const parts = value["geometries"];
      if (!Array.isArray(parts) || parts.length === 0) throw refusal(`${at}/geometries`, "geometries / 几何");
      return { type, geometries: parts.map((part, index) => this.maker.within(() => this.shape((part ?? {}) as Record<string, unknown>, `${at}/geometries/${index}`))) };
    }
    if (typeof type !== "string" || !Object.hasOwn(NESTING, type)) throw refusal(`${at}/type`, "a type of GeoJSON geometry / GeoJSON 几何类型", String(type));
    return { type, coordinates: this.positions(value["coordinates"], NESTING[type as keyof typeof NESTING], `${at}/coordinates`) } as Shape;
  }

  private positions(value: unknown, depth: number, at: string): unknown {
    if (!Array.isArray(value) || value.length === 0) throw refusal(at, "coordinates / 坐标");
    if (depth > 0) return value.map((inner, index) => this.positions(inner, depth - 1, `${at}/${index}`));
    this.maker.vertex();
    if (value.length < 2 || value.length > 3 || !value.every((part) => typeof part === "number" && Number.isFinite(part))) throw refusal(at, "two or three finite numbers / 两个或三个有限的数");
    return (value as number[]).map((part) => (part === 0 ? 0 : part)) satisfies Position;
  }
}

/** A condition as CQL2 JSON; what is read back is the same tree. */
export function printJson(node: Node): unknown {
  switch (node.kind) {
    case "op":
      return { op: node.op, args: node.args.map(printJson) };
    case "property":
      return { property: node.name };
    case "date":
      return { date: node.value };
    case "timestamp":
      return { timestamp: node.value };
    case "interval":
      return { interval: node.args.map((end) => (end.kind === "open" ? ".." : end.kind === "property" ? printJson(end) : (end as { value: string }).value)) };
    case "open":
      return "..";
    case "bbox":
      return { bbox: node.value };
    case "array":
      return node.items.map(printJson);
    default:
      return node.value;
  }
}
