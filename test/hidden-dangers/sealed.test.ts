import { beforeAll, describe, expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const SEALED = ["EMPLOYEE_REPORT", "PUBLIC_REPORT", "WHISTLEBLOWER"];
let reporter: string;
const dangers = new Map<string, string>();

beforeAll(async () => {
  const person = await district.as("office").ask("mutation($k:String!,$i:PersonRegisterInput!){personRegister(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { region: district.regions["village"], name: "示例举报人", kind: "ENTERPRISE", post: "电工" } });
  reporter = person.personRegister.id;
  for (const discoverySource of [...SEALED, "OFFICIAL_INSPECTION", "UPPER_ASSIGNED"]) {
    const made = await district.as("office").ask("mutation($k:String!,$i:HiddenDangerRegisterInput!){hiddenDangerRegister(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { subject: district.sites[0], title: `示例隐患 ${discoverySource}`, grade: "GENERAL", discoverySource, discoveredBy: reporter } });
    dangers.set(discoverySource, made.hiddenDangerRegister.id);
  }
}, 120_000);

describe("who reported a hidden danger", () => {
  test.each(["compiled", "plain"] as const)("is told to nobody, by no field, version, condition or report (%s)", async (way) => {
    for (const name of ["enterprise", "street", "office", "sector", "auditor", "integrator"])
      for (const source of SEALED) {
        const { hiddenDanger, byPerson } = await district.as(name, way).ask("query($id:ID!,$p:ID!){hiddenDanger(id:$id){discoveredBy{name} versions(first:5){nodes{discoveredBy{name}}}} byPerson:hiddenDangers(first:10,filter:{discoveredBy:{id:{eq:$p}}}){nodes{id}}}", { id: dangers.get(source), p: reporter });
        expect([name, source, hiddenDanger]).toEqual([name, source, { discoveredBy: null, versions: { nodes: [{ discoveredBy: null }] } }]);
        expect(byPerson.nodes.map(({ id }: { id: string }) => id)).not.toContain(dangers.get(source));
      }
    const changes = await district.as("auditor", way).text(`{ hiddenDangerChanges(from: "2026-01-01T00:00:00Z", filter: { id: { in: ${JSON.stringify(SEALED.map((source) => dangers.get(source)))} } }) { before after } }`);
    expect(changes).toContain("示例隐患 WHISTLEBLOWER");
    expect(changes).not.toContain(reporter);
    const records = await district.as("auditor", way).text('{ changeEvents(first: 100, filter: { entity: { eq: "hidden_dangers" } }) { nodes { before after } } }');
    expect(records).not.toContain(reporter.split("_")[1]!);
  });

  test("is told of what somebody came to see", async () => {
    const { hiddenDanger } = await district.as("street").ask("query($id:ID!){hiddenDanger(id:$id){discoveredBy{name}}}", { id: dangers.get("OFFICIAL_INSPECTION") });
    expect(hiddenDanger).toEqual({ discoveredBy: { name: "示例举报人" } });
  });
});

describe("that somebody told", () => {
  test.each(["compiled", "plain"] as const)("is not told to the enterprise: neither as a value nor by conditions, counts or the ledger (%s)", async (way) => {
    const enterprise = district.as("enterprise", way);
    const { hiddenDangers } = await enterprise.ask("{ hiddenDangers(first: 10) { nodes { id discoverySource } } }");
    const told = new Map(hiddenDangers.nodes.map(({ id, discoverySource }: { id: string; discoverySource: string | null }) => [id, discoverySource]));
    for (const source of [...SEALED, "UPPER_ASSIGNED"]) expect([source, told.get(dangers.get(source)!)]).toEqual([source, null]);
    expect(told.get(dangers.get("OFFICIAL_INSPECTION")!)).toBe("OFFICIAL_INSPECTION");
    for (const condition of ["{eq: WHISTLEBLOWER}", "{in: [EMPLOYEE_REPORT, PUBLIC_REPORT, WHISTLEBLOWER]}"])
      expect((await enterprise.ask(`{ hiddenDangers(first: 10, filter: { discoverySource: ${condition} }) { totalCount } }`)).hiddenDangers.totalCount).toBe(0);
    const { hiddenDangerCounts } = await enterprise.ask("{ hiddenDangerCounts(by: [DISCOVERY_SOURCE]) { discoverySource count } }");
    expect(hiddenDangerCounts.map(({ discoverySource }: { discoverySource: string | null }) => discoverySource).filter((source: string | null) => source !== null)).toEqual(["OFFICIAL_INSPECTION"]);
    expect((await district.as("street", way).ask("{ hiddenDangerCounts(by: [DISCOVERY_SOURCE]) { discoverySource } }")).hiddenDangerCounts).toHaveLength(5);
  });
});
