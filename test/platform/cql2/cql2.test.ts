import { describe, expect, test } from "@jest/globals";
import { Dice } from "../../../seeds/demo/story.js";
import { printJson, readJson } from "../../../src/platform/cql2/json.js";
import { printText } from "../../../src/platform/cql2/print.js";
import { readText } from "../../../src/platform/cql2/text.js";
import { limits, operators, type Node } from "../../../src/platform/cql2/tree.js";
import { Fault } from "../../../src/platform/fault.js";
import { Cql2Dice } from "../../support/cql2-dice.js";

const refused = (read: () => unknown): Record<string, unknown> => {
  try {
    read();
  } catch (error) {
    if (error instanceof Fault) return error.extensions;
    throw error;
  }
  throw new Error("not refused");
};
const name = { property: "name" };

describe("text and JSON are one tree", () => {
  test.each<[string, unknown]>([
    ["depth = 12.5", { op: "=", args: [{ property: "depth" }, 12.5] }],
    ["\"depth\"<>-3", { op: "<>", args: [{ property: "depth" }, -3] }],
    ["balance-150.0 > 0", { op: ">", args: [{ op: "-", args: [{ property: "balance" }, 150] }, 0] }],
    ["a+b*c^2 = 0", { op: "=", args: [{ op: "+", args: [{ property: "a" }, { op: "*", args: [{ property: "b" }, { op: "^", args: [{ property: "c" }, 2] }] }] }, 0] }],
    ["(a+b)*-c div 2 % 3 = 1", { op: "=", args: [{ op: "%", args: [{ op: "div", args: [{ op: "*", args: [{ op: "+", args: [{ property: "a" }, { property: "b" }] }, { op: "*", args: [-1, { property: "c" }] }] }, 2] }, 3] }, 1] }],
    ["a - b - c = 0", { op: "=", args: [{ op: "-", args: [{ op: "-", args: [{ property: "a" }, { property: "b" }] }, { property: "c" }] }, 0] }],
    ["a = 1 and b = 2 AND c = 3 Or not d = 4", { op: "or", args: [{ op: "and", args: [{ op: "=", args: [{ property: "a" }, 1] }, { op: "=", args: [{ property: "b" }, 2] }, { op: "=", args: [{ property: "c" }, 3] }] }, { op: "not", args: [{ op: "=", args: [{ property: "d" }, 4] }] }] }],
    ["a = 1 AND (b = 2 AND c = 3)", { op: "and", args: [{ op: "=", args: [{ property: "a" }, 1] }, { op: "and", args: [{ op: "=", args: [{ property: "b" }, 2] }, { op: "=", args: [{ property: "c" }, 3] }] }] }],
    ["name LIKE 'O''Bri%'", { op: "like", args: [name, "O'Bri%"] }],
    ["CASEI(name) LIKE CASEI('%站')", { op: "like", args: [{ op: "casei", args: [name] }, { op: "casei", args: ["%站"] }] }],
    ["ACCENTI(CASEI(name)) = accenti(casei('Chãvez'))", { op: "=", args: [{ op: "accenti", args: [{ op: "casei", args: [name] }] }, { op: "accenti", args: [{ op: "casei", args: ["Chãvez"] }] }] }],
    ["depth BETWEEN 100.0 and 150.5 AND name IS NOT NULL", { op: "and", args: [{ op: "between", args: [{ property: "depth" }, 100, 150.5] }, { op: "not", args: [{ op: "isNull", args: [name] }] }] }],
    ["name IN ('甲','乙') OR name NOT IN ('丙')", { op: "or", args: [{ op: "in", args: [name, ["甲", "乙"]] }, { op: "not", args: [{ op: "in", args: [name, ["丙"]] }] }] }],
    ["swim = TRUE OR false", { op: "or", args: [{ op: "=", args: [{ property: "swim" }, true] }, false] }],
    ["built >= DATE('1066-10-14') AND updated < TIMESTAMP('2023-01-02T03:04:05.678Z')", { op: "and", args: [{ op: ">=", args: [{ property: "built" }, { date: "1066-10-14" }] }, { op: "<", args: [{ property: "updated" }, { timestamp: "2023-01-02T03:04:05.678Z" }] }] }],
    ["T_DURING(INTERVAL(begins, ends), INTERVAL('..','2005-01-10T01:01:01.393216Z'))", { op: "t_during", args: [{ interval: [{ property: "begins" }, { property: "ends" }] }, { interval: ["..", "2005-01-10T01:01:01.393216Z"] }] }],
    ["t_overlappedby(INTERVAL('2005-01-10','..'), INTERVAL(begins, '2006-01-01'))", { op: "t_overlappedBy", args: [{ interval: ["2005-01-10", ".."] }, { interval: [{ property: "begins" }, "2006-01-01"] }] }],
    ["S_INTERSECTS(geom, BBOX(-118,33.8,-117.9,34))", { op: "s_intersects", args: [{ property: "geom" }, { bbox: [-118, 33.8, -117.9, 34] }] }],
    ["S_WITHIN(geom, POLYGON Z ((0 0 1, 10 0 1, 10 10 1, 0 0 1)))", { op: "s_within", args: [{ property: "geom" }, { type: "Polygon", coordinates: [[[0, 0, 1], [10, 0, 1], [10, 10, 1], [0, 0, 1]]] }] }],
    ["S_CROSSES(LINESTRING(1 2, -3e1 4), MULTIPOINT((1 2), (3 4)))", { op: "s_crosses", args: [{ type: "LineString", coordinates: [[1, 2], [-30, 4]] }, { type: "MultiPoint", coordinates: [[1, 2], [3, 4]] }] }],
    ["S_EQUALS(geom, GEOMETRYCOLLECTION(POINT(1 2), MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)))))", { op: "s_equals", args: [{ property: "geom" }, { type: "GeometryCollection", geometries: [{ type: "Point", coordinates: [1, 2] }, { type: "MultiPolygon", coordinates: [[[[0, 0], [1, 0], [1, 1], [0, 0]]]] }] }] }],
    ["A_CONTAINEDBY(layer:ids, ('layers-ca'))", { op: "a_containedBy", args: [{ property: "layer:ids" }, ["layers-ca"]] }],
    ["A_EQUALS(values, ())", { op: "a_equals", args: [{ property: "values" }, []] }],
    ["height > limit AND 风险.等级 = '红'", { op: "and", args: [{ op: ">", args: [{ property: "height" }, { property: "limit" }] }, { op: "=", args: [{ property: "风险.等级" }, "红"] }] }],
    ["\"date\" = DATE('2026-01-01')", { op: "=", args: [{ property: "date" }, { date: "2026-01-01" }] }],
  ])("%s", (text, json) => {
    const tree = readText(text);
    expect(readJson(JSON.stringify(json))).toEqual(tree);
    expect(printJson(tree)).toEqual(json);
    expect(readText(printText(tree))).toEqual(tree);
  });

  test("whatever is printed is read back as it was, in both", () => {
    const dice = new Cql2Dice(new Dice(20_260_731));
    const kinds = new Set<string>();
    for (let index = 0; index < 3_000; index += 1) {
      const tree = dice.condition();
      const text = printText(tree);
      try {
        expect(readText(text)).toEqual(tree);
        expect(readJson(JSON.stringify(printJson(tree)))).toEqual(tree);
      } catch (error) {
        throw new Error(`${text}: ${String(error)}`);
      }
      JSON.stringify(tree, (_key, value: unknown) => {
        const node = value as Node | null;
        if (node && typeof node === "object" && "kind" in node) kinds.add(node.kind === "op" ? node.op : node.kind);
        return value;
      });
    }
    expect(kinds.size).toBe(Object.keys(operators).length + 11);
  });

  test("escapes mean what the standard says, and wildcards may be escaped", () => {
    const value = (text: string) => ((readText(`name = ${text}`) as Extract<Node, { kind: "op" }>).args[1] as { value: string }).value;
    expect(value("'a''b'")).toBe("a'b");
    expect(value("'a\\'b'")).toBe("a'b");
    expect(value("'\\a\\b\\t\\n\\v\\f\\r'")).toBe("\u0007\b\t\n\v\f\r");
    expect(value("'50\\%'")).toBe("50\\%");
    expect(value("'\\\\'")).toBe("\\");
  });
});

describe("what is no condition is refused, with the place and what was expected", () => {
  test.each<[string, number]>([
    ["", 1],
    ["level = 1 garbage", 11],
    ["level = 1; drop table risks", 10],
    ["level = ", 9],
    ["level == 1", 8],
    ["(a = 1", 7],
    ["a = 1)", 6],
    ["a IN ()", 7],
    ["a IN (1, )", 10],
    ["name = 'open", 8],
    ["name = 'a\\q'", 10],
    ['"a b" = 1', 1],
    ["a BETWEEN 1 2", 13],
    ["a NOT 1", 7],
    ["a IS 1", 6],
    ["1 + 'a' = 2", 5],
    ["a = 1 AND b", 11],
    ["name", 1],
    ["12", 1],
    ["1 = 'a'", 5],
    ["a = DATE('2026-02-30')", 10],
    ["a = TIMESTAMP('2026-01-01')", 15],
    ["T_AFTER(a, INTERVAL('x','..'))", 21],
    ["BUFFER(geom, 10) = 1", 1],
    ["S_INTERSECTS(geom)", 14],
    ["S_INTERSECTS(geom, 'POINT(1 2)')", 20],
    ["S_INTERSECTS(geom, POLYGON((0 0, 1 0, 1 1)))", 20],
    ["S_INTERSECTS(geom, POINT(NaN 2))", 26],
    ["S_INTERSECTS(geom, POINT EMPTY)", 26],
    ["S_INTERSECTS(geom, POINT(1 2, 3 4))", 29],
    ["S_INTERSECTS(geom, POINT(1 2 3 4))", 32],
    ["S_INTERSECTS(geom, MULTIPOINT((1 2, 3 4)))", 35],
    ["S_INTERSECTS(geom, POINT(1 2), POINT(1 2))", 14],
    ["S_INTERSECTS(geom, BBOX(1,2,3))", 20],
    ["name LIKE other", 11],
    ["name LIKE 'a\\\\'", 11],
    ["a = 1e999", 5],
    ["a = 12abc", 7],
    ["a = ~1", 5],
    ["a AND = 1", 7],
    ["NOT", 4],
    ["casei(1) = 'a'", 7],
  ])("%s", (text, at) => {
    expect(refused(() => readText(text))).toMatchObject({ code: "INVALID_INPUT", field: "filter", at, expected: expect.any(String) });
  });

  test.each<[unknown, string | undefined]>([
    [{ op: "avg", args: [1] }, "/op"],
    [{ op: "=", args: [1] }, "/args/0"],
    [{ op: "=", args: [{ property: "a" }, null] }, "/args/1"],
    [{ op: "=", args: [{ property: "a", more: 1 }, 1] }, "/args/0/more"],
    [{ op: "and", args: [true, 1] }, "/args/1"],
    [{ op: "s_within", args: [{ property: "g" }, { type: "Circle", coordinates: [1, 2] }] }, "/args/1/type"],
    [{ op: "s_within", args: [{ property: "g" }, { type: "Point", coordinates: [1, "2"] }] }, "/args/1/coordinates"],
    [{ op: "t_after", args: [{ property: "t" }, { date: "2026-13-01" }] }, "/args/1/date"],
    [{ op: "in", args: [{ property: "a" }, "b"] }, "/args/1"],
    [{ property: "a" }, ""],
    [{ __proto__: null, op: "constructor", args: [] }, "/op"],
    ["text", ""],
  ])("%j", (json, at) => {
    expect(refused(() => readJson(JSON.stringify(json)))).toMatchObject({ code: "INVALID_INPUT", field: "filter", at });
  });
  test("broken JSON", () => expect(refused(() => readJson('{"op":'))).toMatchObject({ code: "INVALID_INPUT", field: "filter" }));
});

describe("what would cost too much is refused before it costs", () => {
  const deep = (depth: number) => `${"NOT ".repeat(depth)}a = 1`;
  test.each<[string, () => unknown, keyof typeof limits]>([
    ["fifty thousand characters", () => readText(`name = '${"x".repeat(50_000)}'`), "filterText"],
    ["fifty thousand characters of JSON", () => readJson(JSON.stringify({ op: "=", args: [{ property: "a" }, "x".repeat(50_000)] })), "filterText"],
    ["operators too deep", () => readText(deep(24)), "filterDepth"],
    ["parentheses too deep", () => readText(`${"(".repeat(7_000)}a = 1${")".repeat(7_000)}`), "filterNesting"],
    ["NOT without end", () => readText("NOT ".repeat(3_900)), "filterNesting"],
    ["JSON too deep", () => readJson(`${'{"op":"not","args":['.repeat(600)}true${"]}".repeat(600)}`), "filterNesting"],
    ["lists too deep", () => readJson(`${"[".repeat(7_000)}${"]".repeat(7_000)}`), "filterNesting"],
    ["too many terms", () => readText(`a IN (${Array.from({ length: 600 }, (_, index) => index).join(",")})`), "filterTerms"],
    ["too many vertices", () => readText(`S_WITHIN(g, MULTIPOINT(${Array.from({ length: 2_001 }, () => "1 2").join(",")}))`), "filterVertices"],
    ["a long pattern", () => readText(`a LIKE '${"a".repeat(201)}'`), "filterPattern"],
    ["many leading wildcards", () => readText(Array.from({ length: 4 }, () => "a LIKE '%x'").join(" OR ")), "filterLeadingWildcards"],
    ["a sum without end", () => readText(`${"a+".repeat(100)}a = 1`), "filterDepth"],
  ])("%s", (_name, read, limit) => {
    const began = performance.now();
    expect(refused(read)).toMatchObject({ code: "LIMIT_EXCEEDED", limit, maximum: limits[limit] });
    expect(performance.now() - began).toBeLessThan(200);
  });

  test("what lies just within is read", () => {
    expect(() => readText(deep(23))).not.toThrow();
    expect(() => readText(`${"(".repeat(98)}a = 1${")".repeat(98)}`)).not.toThrow();
  });

  test("nonsense is refused, and none of it hangs", () => {
    const dice = new Dice(20_260_801);
    const pieces = ["(", ")", "'", "\\", "a", " AND ", " OR ", "NOT ", "=", "<>", "1", ".", "e", "-", ",", "POLYGON", "((", "T_AFTER(", "INTERVAL(", "'..'", "DATE('2026-01-01')", " IN ", " LIKE ", "\u0000", "😀", '"', "[", "]", "^", "%", " BETWEEN ", " IS NULL"];
    const began = performance.now();
    for (let index = 0; index < 20_000; index += 1) {
      const text = Array.from({ length: dice.int(1, 50) }, () => dice.pick(pieces)).join("");
      try {
        const tree = readText(text);
        expect(readText(printText(tree))).toEqual(tree);
      } catch (error) {
        if (!(error instanceof Fault)) throw new Error(`${text}: ${String(error)}`, { cause: error });
      }
    }
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});
