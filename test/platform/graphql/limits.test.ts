import { describe, expect, test } from "@jest/globals";
import { openEngine } from "../../../src/platform/db/engine.js";
import { lane } from "../../support/database.js";
import { useDistrict } from "../../support/district.js";

const district = useDistrict();
const refused = (query: string, variables?: Record<string, unknown>) => district.as("office").refused(query, variables);

describe("what a question costs is known before it is sent", () => {
  const deep = (sizes: string) => `{regulatedSubjects(${sizes}){nodes{risks(first:100){nodes{hiddenDangers(first:100){nodes{code}}}}}}}`;

  test("a refusal says which part costs what", async () => {
    expect(await refused(deep("first:100"))).toMatchObject({
      code: "TOO_COSTLY", cost: 101_010, maximum: 2_000,
      breakdown: [
        { path: "regulatedSubjects.nodes.risks.nodes.hiddenDangers", cost: 100_000 },
        { path: "regulatedSubjects.nodes.risks", cost: 1_000 },
        { path: "regulatedSubjects", cost: 10 },
      ],
    });
  });

  test("sizes count alike as literals, as variables, by default and inside fragments", async () => {
    const asked = { code: "TOO_COSTLY", cost: 101_010 };
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
        expect(await district.as("office", way).refused(query, { ...many(asOf ? 25 : 60), ...at })).toMatchObject({ code: "LIMIT_EXCEEDED", limit: "statement", maximum: 500_000 });
        expect((await district.as("office", way).ask(query, { ...many(2), ...at })).risks.nodes).toEqual([]);
      }
  });

  test("conditions on relations are weighed with the rows they are asked of", async () => {
    const filter = '{subject:{region:{name:{eq:"x"}},risks:{some:{subject:{name:{contains:"x"}}}}}}';
    expect(await refused(`{regulatedSubjects(first:100){nodes{hiddenDangers(first:5,filter:${filter}){nodes{code}}}}}`)).toMatchObject({ code: "TOO_COSTLY", breakdown: [{ path: "regulatedSubjects.nodes.hiddenDangers(filter:)" }, {}, {}] });
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
