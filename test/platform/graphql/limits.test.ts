import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { getOperationAST, parse } from "graphql";
import { preparedLetters, preparedName } from "../../../src/platform/db/prepared.js";
import { makeSchema } from "../../../src/platform/graphql/schema.js";
import { Compiler } from "../../../src/platform/read/compile.js";
import { NO_HINTS } from "../../../src/platform/read/hints.js";
import { argumentsAt } from "../../../src/platform/read/tree.js";
import { openEngine } from "../../../src/platform/db/engine.js";
import { lane } from "../../support/database.js";
import { useDistrict } from "../../support/district.js";

const district = useDistrict();
const refused = (query: string, variables?: Record<string, unknown>) => district.as("office").refused(query, variables);

describe("what a question costs is known before it is sent", () => {
  const deep = (sizes: string) => `{regulatedSubjects(${sizes}){nodes{risks(first:100){nodes{hiddenDangers(first:100){nodes{code}}}}}}}`;

  test("a refusal says which part costs what", async () => {
    expect(await refused(deep("first:100"))).toMatchObject({
      code: "TOO_COSTLY", cost: 105_010, maximum: 2_000,
      breakdown: [
        { path: "regulatedSubjects.nodes.risks.nodes.hiddenDangers", cost: 100_000 },
        { path: "regulatedSubjects.nodes.risks.nodes.hiddenDangers.nodes.code", cost: 4_000 },
        { path: "regulatedSubjects.nodes.risks", cost: 1_000 },
        { path: "regulatedSubjects", cost: 10 },
      ],
    });
  });

  test("sizes count alike as literals, as variables, by default and inside fragments", async () => {
    const asked = { code: "TOO_COSTLY", cost: 105_010 };
    expect(await refused(deep("first:$n").replace("{", "query($n:Int){"), { n: 100 })).toMatchObject(asked);
    expect(await refused(deep("first:$n").replace("{", "query($n:Int=100){"))).toMatchObject(asked);
    expect(await refused(`{regulatedSubjects(first:100){...S}} fragment S on RegulatedSubjectConnection{nodes{... on RegulatedSubject{risks(first:100){nodes{hiddenDangers(first:100){nodes{code}}}}}}}`)).toMatchObject(asked);
  });

  test("many conditions on what is computed of much else are refused before anything is planned, as of an instant too", async () => {
    const many = (count: number) => ({ f: { or: Array.from({ length: count }, () => ({ region: { overallLevel: { eq: "MAJOR" } } })) } });
    for (const way of ["compiled", "plain"] as const)
      for (const asOf of ["", "@asOf(recorded:$at)"]) {
        const query = `query($f:RiskFilter${asOf && ",$at:String!"})${asOf}{risks(first:1,filter:$f){nodes{code}}}`;
        const at = asOf ? { at: new Date().toISOString() } : {};
        expect(await district.as("office", way).refused(query, { ...many(65), ...at })).toMatchObject({ code: "TOO_COSTLY" });
        expect((await district.as("office", way).ask(query, { ...many(2), ...at })).risks.nodes).toEqual([]);
      }
    const then = "query($f:RiskFilter,$at:String!)@asOf(recorded:$at){risks(first:1,filter:$f){nodes{code}}}";
    for (const way of ["compiled", "plain"] as const)
      expect(await district.as("office", way).refused(then, { ...many(25), at: new Date().toISOString() })).toMatchObject({ code: "LIMIT_EXCEEDED", limit: "statement", maximum: 80_000, longest: ["overallLevel"] });
  });

  test("what is refused for its length is not kept, however many ways it is said", async () => {
    const schema = await makeSchema();
    const compiler = new Compiler(schema, NO_HINTS);
    const actor = await district.actor("office");
    const document = parse("query($f:RiskFilter){risks(first:1,filter:$f){nodes{code}}}");
    const operation = getOperationAST(document)!;
    const instant = { recorded: new Date().toISOString(), effective: new Date().toISOString() };
    const build = (count: number) => {
      const variables = { f: { or: Array.from({ length: count }, (_, at) => ({ region: { overallLevel: { [at % 2 ? "eq" : "ne"]: "MAJOR" } } })) } };
      const tree = compiler.tree(document, operation, variables)!;
      return compiler.statement(tree, argumentsAt(tree.sites, variables), actor, instant);
    };
    build(1);
    const { statements } = compiler.remembered;
    for (let count = 30; count < 190; count += 4) {
      expect(() => build(count)).toThrow(/A limit is exceeded/);
      await turn();
    }
    expect(compiler.remembered.statements).toBe(statements);
    for (let at = 0; at < 300; at += 1) preparedName(`select ${at} /* ${"x".repeat(70_000)} */`);
    expect(preparedLetters()).toBeLessThanOrEqual(16_000_000);
  });

  test("conditions on one computed value are one computation, however many and however nested they are", async () => {
    const levels = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"];
    const or = Array.from({ length: 50 }, (_, at) => ({ and: [{ overallLevel: { [at % 2 ? "ne" : "eq"]: levels[at % 4] } }, { not: { or: [{ overallLevel: { isNull: at % 3 === 0 } }, { name: { contains: "?" } }] } }] }));
    const query = "query($f:RegionFilter){regions(first:50,filter:$f,orderBy:[{field:CODE,direction:ASC}]){totalCount nodes{code}}}";
    for (const asOf of ["", "@asOf(recorded:$at)"]) {
      const asked = query.replace(")", asOf ? ",$at:String!)" : ")").replace("){regions", `)${asOf}{regions`);
      const at = asOf ? { at: new Date().toISOString() } : {};
      const [compiled, plain] = await Promise.all((["compiled", "plain"] as const).map((way) => district.as("office", way).ask(asked, { f: { or: or.slice(0, 30) }, ...at })));
      expect(compiled).toEqual(plain);
      const further = { or: Array.from({ length: 201 }, () => ({ overallLevel: { eq: "LOW" } })) };
      expect(await refused(asked, { f: further, ...at })).toMatchObject({ code: "LIMIT_EXCEEDED", limit: "filterPredicates", maximum: 200 });
    }
  });

  test("what becomes of a condition weighs: patterns and long lists are looked through for each row", async () => {
    const patterns = { or: Array.from({ length: 190 }, (_, at) => ({ name: { contains: `q${at}` } })) };
    expect(await refused("query($f:RiskFilter){riskCounts(by:[],filter:$f){count}}", { f: patterns })).toMatchObject({ code: "TOO_COSTLY", breakdown: [{ path: "riskCounts(filter:)" }, { path: "riskCounts", cost: 100 }] });
    const listed = (values: number) => ({ f: { code: { notIn: Array.from({ length: values }, (_, at) => `c${at}`) } } });
    expect(await refused("query($f:RiskFilter){riskCounts(by:[],filter:$f){count}}", listed(501))).toMatchObject({ code: "LIMIT_EXCEEDED", limit: "listValues", maximum: 500, actual: 501 });
    expect((await district.as("office").ask("query($f:RiskFilter){riskCounts(by:[],filter:$f){count}}", listed(500))).riskCounts).toEqual([{ count: 0 }]);
    expect(await refused("query($v:[String!]){riskCounts(by:[],filter:{code:{in:$v}}){count}}", { v: listed(501).f.code.notIn })).toMatchObject({ code: "LIMIT_EXCEEDED", limit: "listValues" });
    for (const address of ["/tiles/risks.json", "/tiles/risks/12/3252/1704.mvt", "/legends/risks.json"]) {
      const answer = await district.as("office").fetch(`${address}?filter=${encodeURIComponent(JSON.stringify(patterns))}`);
      expect([address, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([address, 400, "TOO_COSTLY"]);
    }
  });

  test("thirty lists at once are one answer", async () => {
    const answer = await district.as("nobody").ask(`{${Array.from({ length: 30 }, (_, at) => `a${at}:regions(first:1){nodes{code}}`).join(" ")}}`);
    expect(Object.keys(answer)).toHaveLength(30);
    expect(new Set(Object.values(answer).map((one) => JSON.stringify(one))).size).toBe(1);
  });

  test("conditions on relations are weighed with the rows they are asked of", async () => {
    const filter = '{subject:{region:{name:{eq:"x"}},risks:{some:{subject:{name:{contains:"x"}}}}}}';
    expect(await refused(`{regulatedSubjects(first:100){nodes{hiddenDangers(first:5,filter:${filter}){nodes{code}}}}}`)).toMatchObject({ code: "TOO_COSTLY", breakdown: [{ path: "regulatedSubjects.nodes.hiddenDangers(filter:)" }, {}, {}, {}] });
  });
});

test("a document too deep, too wide or too large is refused with the limit it breaks", async () => {
  const deep = `{regions(first:1){nodes{${"parent{".repeat(11)}name${"}".repeat(11)}}}}`;
  expect(await refused(deep)).toMatchObject({ code: "LIMIT_EXCEEDED", limit: "depth", maximum: 12 });
  expect(await refused(`{regions(first:1){nodes{${Array.from({ length: 31 }, (_, at) => `a${at}:name`).join(" ")}}}}`)).toMatchObject({ code: "LIMIT_EXCEEDED", limit: "aliases", maximum: 30 });
  expect(await refused(`{${"regions(first:1){nodes{name code level urbanClass validFrom validTo point id}} ".repeat(60)}}`)).toMatchObject({ code: "LIMIT_EXCEEDED", limit: "fields", maximum: 400 });
  expect(await refused(`{regions(first:1){nodes{name}}} #${"x".repeat(20_000)}`)).toMatchObject({ code: "LIMIT_EXCEEDED", limit: "characters", maximum: 20_000 });
});

if (lane === "postgresql") {
  test("the deadline cancels the statement, and the service reads on", async () => {
    const hurried = await openEngine({ ...district.database.config, deadlineMs: 100, poolSize: 1 });
    const service = await district.start(hurried, true);
    const office = district.as("office", service);
    const locker = await district.database.engine.pool.connect();
    try {
      // Nothing makes a read slow as surely as a lock on its table.
      await locker.query("begin");
      await locker.query("lock table risks in access exclusive mode");
      const late = await office.raw("{risks(first:1){nodes{code}}}");
      expect(late.errors).toMatchObject([{ extensions: { code: "TIMEOUT", retryable: true, requestId: expect.any(String) } }]);
      expect(late.data ?? null).toBeNull();
    } finally {
      await locker.query("rollback");
      locker.release();
    }
    expect(await office.ask("{risks(first:1){nodes{code}}}")).toEqual({ risks: { nodes: [] } });
    await service.close();
    await hurried.close();
  });
}
