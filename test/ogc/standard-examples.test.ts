import { describe, expect, test } from "@jest/globals";
import { PUBLIC_ACTOR } from "../../src/platform/actor.js";
import { printJson, readJson } from "../../src/platform/cql2/json.js";
import { printText } from "../../src/platform/cql2/print.js";
import type { Queryables } from "../../src/platform/cql2/queryables.js";
import { checkAgainst, conditionSql } from "../../src/platform/cql2/sql.js";
import { readText } from "../../src/platform/cql2/text.js";
import type { Node } from "../../src/platform/cql2/tree.js";
import { Fault } from "../../src/platform/fault.js";
import { CRS84 } from "../../src/platform/ogc/crs.js";
import { storedShapes } from "../../src/platform/ogc/shapes.js";
import { ReadSql } from "../../src/platform/read/read-sql.js";
import { sampleColumns, sampleRows, standardExamples, type StandardExample } from "../support/cql2-standard.js";
import { useDistrict } from "../support/district.js";
import { ogcAs } from "../support/ogc.js";

const district = useDistrict();

const SQL_TYPES = { text: "text", float: "float8", boolean: "boolean", date: "date", dateTime: "timestamptz", textList: "text[]", geometry: "text" } as const;
const columns = Object.entries(sampleColumns);
const SAMPLE = `with given as (select * from json_to_recordset($sample$${JSON.stringify(sampleRows)}$sample$) r(${columns.map(([name, kind]) => `"${name}" ${SQL_TYPES[kind]}`).join(", ")})),
  sample as (select ${columns.map(([name, kind]) => (kind === "geometry" ? `st_geomfromtext("${name}", 4490) as "${name}"` : `"${name}"`)).join(", ")} from given)`;

const queryables = (kinds: StandardExample["kinds"] = {}): Queryables =>
  new Map(columns.map(([name, kind]) => [name, { name, zh: name, en: name, kind: kinds[name] ?? kind, nullable: true, sql: (alias: string) => `${alias}."${name}"${kinds[name] === "text" ? "::text" : ""}` }]));

const rowsBy = async (condition: string, values: readonly unknown[] = []) =>
  ((await district.database.engine.pool.query(`${SAMPLE} select id from sample s where ${condition} order by id`, [...values])).rows as { id: string }[]).map(({ id }) => id);

async function evaluated(tree: Node, { kinds }: StandardExample): Promise<string[]> {
  const names = queryables(kinds);
  checkAgainst(tree, names);
  const read = new ReadSql(PUBLIC_ACTOR, "now");
  const condition = conditionSql(tree, names, "s", read, await storedShapes(district.database.engine.pool, tree, CRS84));
  return rowsBy(condition, read.bind({ actor: PUBLIC_ACTOR, instant: { recorded: null, effective: new Date().toISOString() }, args: [] }));
}

async function refusal(act: () => unknown): Promise<Record<string, unknown>> {
  try {
    await act();
  } catch (error) {
    if (error instanceof Fault) return error.extensions;
    throw error;
  }
  throw new Error("not refused");
}

const named = standardExamples.map((example) => [example.files.join(", "), example] as const);
const read = named.filter(([, example]) => !("refusedWhenRead" in example.expect));

test("every example of the standard is here once", () => {
  const files = standardExamples.flatMap((example) => example.files);
  const numbered = Array.from({ length: 86 }, (_, at) => `example${String(at + 1).padStart(2, "0")}`).flatMap((name) => (name === "example05" || name === "example06" ? [`${name}a`, `${name}b`] : [name]));
  const clauses = ["6_01", "6_02a", "6_02b", "6_02c", "6_02d", "6_03", "7_01", "7_02", "7_03a", "7_03b", "7_04", "7_05", "7_07", "7_10", "7_12", "7_13", "7_15", "7_16", "7_17", "7_18", "7_19"].map((name) => `clause${name}`);
  const alternatives = [36, 38, 40, 42, 43, 44, 46, 49, 54, 55, 85].map((number) => `example${number}-alt01`);
  expect(files.toSorted()).toEqual([...clauses, ...numbered, ...alternatives].toSorted());
});

describe("read from text and from JSON it is one tree, and printed and read again the same", () => {
  test.each(read)("%s", (_files, { texts, json }) => {
    const tree = readJson(JSON.stringify(json));
    for (const text of texts) expect(readText(text)).toEqual(tree);
    expect(readText(printText(tree))).toEqual(tree);
    expect(readJson(JSON.stringify(printJson(tree)))).toEqual(tree);
  });
});

describe("it holds for the rows plain SQL finds", () => {
  test.each(read.filter(([, { expect: expected }]) => "sql" in expected))("%s", async (_files, example) => {
    const expected = await rowsBy((example.expect as { sql: string }).sql);
    for (const text of example.texts) expect(await evaluated(readText(text), example)).toEqual(expected);
    expect(await evaluated(readJson(JSON.stringify(example.json)), example)).toEqual(expected);
  });

  test("and nearly each for some and not for others", async () => {
    const alike: string[] = [];
    for (const [files, { expect: expected }] of named) {
      const found = "sql" in expected ? (await rowsBy(expected.sql)).length : undefined;
      if (found === 0 || found === sampleRows.length) alike.push(files);
    }
    // Literals against literals; and a moment is never as long as a day.
    expect(alike).toEqual(["clause7_16", "clause7_17", "example58"]);
  });
});

describe("what it cannot mean here is refused, saying why", () => {
  test.each(named.filter(([, { expect: expected }]) => "refusedAsFilter" in expected))("%s", async (_files, example) => {
    const why = new RegExp((example.expect as { refusedAsFilter: string }).refusedAsFilter);
    for (const tree of [...example.texts.map(readText), readJson(JSON.stringify(example.json))]) expect(await refusal(() => evaluated(tree, example))).toMatchObject({ code: "INVALID_INPUT", field: "filter", expected: expect.stringMatching(why) });
  });

  // Functions are a class of their own, which is not declared.
  test.each(named.filter(([, { expect: expected }]) => "refusedWhenRead" in expected))("%s, over HTTP", async (_files, { texts, json }) => {
    const ask = (parameters: Record<string, string>) => ogcAs(district, "office").get("/collections/risks/items", parameters);
    const told = { status: 400, type: "application/problem+json", body: { code: "INVALID_INPUT", field: "filter", title: expect.stringMatching(/ \/ /) } };
    expect(await ask({ filter: texts[0]! })).toMatchObject({ ...told, body: { ...told.body, at: expect.any(Number), expected: expect.stringContaining("one of the functions") } });
    expect(await ask({ filter: JSON.stringify(json), "filter-lang": "cql2-json" })).toMatchObject({ ...told, body: { ...told.body, at: expect.stringMatching(/\/op$/), expected: expect.stringContaining("one of") } });
    expect((await ogcAs(district, "office").get("/conformance")).body.conformsTo).not.toContain("http://www.opengis.net/spec/cql2/1.0/conf/functions");
  });
});
