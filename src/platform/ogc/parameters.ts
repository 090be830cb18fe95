import { checkCost } from "../cql2/cost.js";
import { readJson } from "../cql2/json.js";
import { SORT_OF, type Queryable } from "../cql2/queryables.js";
import { checkAgainst } from "../cql2/sql.js";
import { readText } from "../cql2/text.js";
import { isCalendarDay, isTimestamp, type Node } from "../cql2/tree.js";
import { Fault } from "../fault.js";
import { boxOf, type Box } from "./box.js";
import type { Shown } from "./collection.js";
import { crsNamed, type Crs } from "./crs.js";

export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 5_000;

/** What `items` was asked for. */
export interface ItemsAsked {
  limit: number;
  cursor: string | null;
  asOf: string | null;
  box: Box | undefined;
  time: Span | undefined;
  crs: Crs;
  /** The conjunction of `filter` and of the parameters named as queryables. */
  filter: Node | undefined;
  filterCrs: Crs;
  properties: readonly string[];
  sortby: readonly { field: string; direction: "ASC" | "DESC" }[];
}

/** Instants, ISO with offset, both included; null where open. */
export interface Span {
  from: string | null;
  to: string | null;
}

/** Parameters of `items` beside those named as queryables. */
export const ITEMS_PARAMETERS = ["limit", "cursor", "bbox", "bbox-crs", "crs", "datetime", "filter", "filter-lang", "filter-crs", "properties", "sortby", "asOf", "f"] as const;

/** Each parameter at most once, and none that is not known. */
export function onlyKnown(given: URLSearchParams, known: Iterable<string>): void {
  const names = new Set(known);
  const met = new Set<string>();
  for (const name of given.keys()) {
    if (!names.has(name)) throw new Fault("INVALID_INPUT", { field: name.slice(0, 60), rule: `参数须为其一 / one of ${[...names].join(", ")}` });
    if (met.has(name)) throw new Fault("INVALID_INPUT", { field: name, rule: "参数只给一次 / a parameter is given once" });
    met.add(name);
  }
}

/** Names a collection's queryables may be asked for by as parameters: those of its own, without the geometry. */
export const parameterQueryables = (shown: Shown) => [...shown.queryables.values()].filter(({ name, kind }) => !name.includes(".") && kind !== "geometry" && kind !== "textList" && !(ITEMS_PARAMETERS as readonly string[]).includes(name));

export function itemsAsked(given: URLSearchParams, shown: Shown): ItemsAsked {
  const own = parameterQueryables(shown);
  onlyKnown(given, [...ITEMS_PARAMETERS, ...own.map(({ name }) => name)]);
  const bbox = given.get("bbox");
  const boxCrs = crsNamed("bbox-crs", given.get("bbox-crs"));
  const datetime = given.get("datetime");
  return {
    limit: limitOf(given.get("limit")),
    cursor: given.get("cursor"),
    asOf: given.get("asOf"),
    box: bbox === null ? undefined : boxOf("bbox", numbersOf("bbox", bbox), boxCrs),
    time: datetime === null ? undefined : spanOf(datetime),
    crs: crsNamed("crs", given.get("crs")),
    filter: filterOf(given, shown, own),
    filterCrs: crsNamed("filter-crs", given.get("filter-crs")),
    properties: propertiesOf(given.get("properties"), shown),
    sortby: sortOf(given.get("sortby"), shown),
  };
}

function limitOf(text: string | null): number {
  if (text === null) return DEFAULT_LIMIT;
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new Fault("INVALID_INPUT", { field: "limit", rule: `1 以上的整数,超过 ${MAX_LIMIT} 按 ${MAX_LIMIT} 计 / an integer from 1; more than ${MAX_LIMIT} counts as that` });
  return Math.min(Number(text), MAX_LIMIT);
}

function numbersOf(field: string, text: string): number[] {
  const parts = text.split(",");
  if (parts.length > 6 || !parts.every((part) => /^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*$/.test(part))) throw new Fault("INVALID_INPUT", { field, rule: "逗号分隔的四个或六个数 / four or six numbers with commas between" });
  return parts.map(Number);
}

/** A moment, a day, or two of them with a slash between; ".." or nothing leaves an end open. A day means all of it at +08:00. */
export function spanOf(text: string): Span {
  const wrong = () => new Fault("INVALID_INPUT", { field: "datetime", rule: "RFC 3339 时刻或日期,或 起/止,可用 .. 表示不限 / an RFC 3339 moment or day, or start/end with .. for open" });
  const ends = text.split("/");
  const end = (part: string, last: boolean): string | null => {
    if (ends.length === 2 && (part === "" || part === "..")) return null;
    if (isCalendarDay(part)) return last ? `${part}T23:59:59.999999+08:00` : `${part}T00:00:00+08:00`;
    // A plus sign not encoded arrives as a blank.
    const moment = part.replace(" ", "+");
    if (!isTimestamp(moment)) throw wrong();
    return moment;
  };
  if (ends.length > 2 || (ends.length === 2 && ends.every((part) => part === "" || part === ".."))) throw wrong();
  const from = end(ends[0]!, false);
  const to = end(ends.at(-1)!, true);
  if (from !== null && to !== null && Date.parse(from) > Date.parse(to)) throw wrong();
  return { from, to };
}

function filterOf(given: URLSearchParams, shown: Shown, own: ReturnType<typeof parameterQueryables>): Node | undefined {
  const language = given.get("filter-lang") ?? "cql2-text";
  if (language !== "cql2-text" && language !== "cql2-json") throw new Fault("INVALID_INPUT", { field: "filter-lang", rule: "cql2-text, cql2-json" });
  const text = given.get("filter");
  const stated = text === null ? [] : [language === "cql2-text" ? readText(text) : readJson(text)];
  const simple = own.flatMap((queryable): Node[] => {
    const value = given.get(queryable.name);
    return value === null ? [] : [{ kind: "op", op: "=", args: [{ kind: "property", name: queryable.name }, literalOf(queryable, value)] }];
  });
  const all = [...stated, ...simple];
  for (const each of all) checkAgainst(each, shown.queryables);
  const filter: Node | undefined = all.length < 2 ? all[0] : { kind: "op", op: "and", args: all };
  if (filter) checkCost(filter, shown.queryables);
  return filter;
}

function literalOf({ name, kind, enumeration }: Queryable, text: string): Node {
  const wrong = (rule: string) => new Fault("INVALID_INPUT", { field: name, rule });
  switch (SORT_OF[kind]) {
    case "number":
      if (!/^[+-]?(\d+(\.\d*)?|\.\d+)$/.test(text) || text.length > 30) throw wrong("a number / 数字");
      return { kind: "number", value: Number(text) };
    case "boolean":
      if (text !== "true" && text !== "false") throw wrong("true, false");
      return { kind: "boolean", value: text === "true" };
    case "date":
      if (!isCalendarDay(text)) throw wrong("YYYY-MM-DD");
      return { kind: "date", value: text };
    case "timestamp": {
      const moment = text.replace(" ", "+");
      if (!isTimestamp(moment)) throw wrong("YYYY-MM-DDThh:mm:ssZ");
      return { kind: "timestamp", value: moment };
    }
    default:
      if (enumeration && !enumeration.values.includes(text)) throw wrong(`one of ${enumeration.values.join(", ")}`);
      return { kind: "text", value: text };
  }
}

function propertiesOf(text: string | null, { properties }: Shown): readonly string[] {
  const offered = properties.map(([name]) => name);
  if (text === null) return offered;
  const wanted = text === "" ? [] : text.split(",");
  const unknown = wanted.find((name) => !offered.includes(name));
  if (unknown !== undefined) throw new Fault("INVALID_INPUT", { field: "properties", rule: `one of ${offered.join(", ")}`, actual: unknown.slice(0, 60) });
  return offered.filter((name) => wanted.includes(name));
}

function sortOf(text: string | null, { sortables }: Shown): ItemsAsked["sortby"] {
  if (text === null) return [];
  const wanted = text.split(",").map((each) => {
    // A plus sign not encoded arrives as a blank.
    const [, sign, field] = /^([-+ ]?)(\w+)$/.exec(each) ?? [];
    if (!field || !sortables.includes(field)) throw new Fault("INVALID_INPUT", { field: "sortby", rule: `+ 或 - 及其一 / + or - and one of ${sortables.join(", ")}`, actual: each.slice(0, 60) });
    return { field, direction: sign === "-" ? ("DESC" as const) : ("ASC" as const) };
  });
  if (new Set(wanted.map(({ field }) => field)).size < wanted.length) throw new Fault("INVALID_INPUT", { field: "sortby", rule: "each once / 各一次" });
  return wanted;
}
