import { beforeAll, describe, expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const REGISTER = "mutation($k:String!,$i:HiddenDangerRegisterInput!){hiddenDangerRegister(idempotencyKey:$k,input:$i){id}}";
const own: string[] = [];
const foreign: string[] = [];

beforeAll(async () => {
  for (let index = 0; index < 7; index += 1) {
    const at = index % 2;
    const made = await district.as("integrator").ask(REGISTER, { k: district.key(), i: { subject: district.sites[at], title: `隐患${index}`, discoverySource: "SELF_CHECK", grade: "GENERAL", cause: index % 3 ? `原因${index}` : undefined } });
    (at ? foreign : own).push(made.hiddenDangerRegister.id);
  }
  const person = await district.as("office").ask("mutation($k:String!,$i:PersonRegisterInput!){personRegister(idempotencyKey:$k,input:$i){id mobile}}", { k: district.key(), i: { region: district.regions["village"], name: "示例人员", kind: "OFFICIAL", mobile: "10000000001" } });
  await district.as("office").ask("mutation($k:String!,$i:RegulatorAssignmentAppointInput!){regulatorAssignmentAppoint(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { subject: district.sites[0], slot: district.slots["SECTION_OFFICE"], person: person.personRegister.id, appointmentDoc: "示例〔2026〕1号" } });
});

const SEEN = `query($id:ID!){
  hiddenDanger(id:$id){title}
  hiddenDangers(first:100){totalCount nodes{id}}
  hiddenDangerCounts(by:[]){count}
  byStatus: hiddenDangerCounts(by:[STATUS]){count status}
  hiddenDangerFeatures(first:100)
  regulatedSubjects(first:10){nodes{id hiddenDangers(first:10){totalCount nodes{id}}}}
  through: regulatedSubjects(first:10, filter:{hiddenDangers:{some:{status:{eq:REGISTERED}}}}){totalCount}
}`;

describe.each(["compiled", "plain"] as const)("scope, by %s reads", (way) => {
  const seen = async (name: string, id: string) => {
    const data = await district.as(name, way).ask(SEEN, { id });
    const features = data.hiddenDangerFeatures.features.map((feature: { id: string }) => feature.id).sort();
    const nested = data.regulatedSubjects.nodes.flatMap((site: { hiddenDangers: { nodes: { id: string }[] } }) => site.hiddenDangers.nodes.map((node) => node.id)).sort();
    const listed = data.hiddenDangers.nodes.map((node: { id: string }) => node.id).sort();
    expect(features).toEqual(listed);
    expect(nested).toEqual(listed);
    expect(data.hiddenDangers.totalCount).toBe(listed.length);
    expect(data.hiddenDangerCounts[0].count).toBe(listed.length);
    expect(data.byStatus.reduce((sum: number, group: { count: number }) => sum + group.count, 0)).toBe(listed.length);
    expect(data.through.totalCount).toBe(data.regulatedSubjects.nodes.length);
    return { listed, single: data.hiddenDanger };
  };
  const expectations = { office: "both", sector: "both", auditor: "both", integrator: "both", street: "own", enterprise: "own", neighbour: "foreign", stranger: "none", system_admin: "none", nobody: "none" } as const;
  test.each(Object.entries(expectations))("%s sees %s", async (name, part) => {
    const expected = { both: [...own, ...foreign], own, foreign, none: [] as string[] }[part].toSorted();
    const { listed, single } = await seen(name, own[0]!);
    expect(listed).toEqual(expected);
    expect(single).toEqual(expected.includes(own[0]!) ? { title: "隐患0" } : null);
  });

  test("a mobile is masked for a client system, in lists and in nesting, and is no filter", async () => {
    const query = "{people(first:5){nodes{name mobile}} regulatedSubjects(first:5){nodes{currentAssignments(first:5){nodes{person{name mobile}}}}}}";
    expect(JSON.stringify(await district.as("street", way).ask(query))).toContain("10000000001");
    const masked = JSON.stringify(await district.as("integrator", way).ask(query));
    expect(masked).toContain("示例人员");
    expect(masked).not.toContain("10000000001");
    expect(await district.as("auditor", way).refused('{people(first:5,filter:{mobile:{eq:"10000000001"}}){totalCount}}')).toMatchObject({ code: "GRAPHQL_VALIDATION_FAILED" });
  });

  test("pages meet end to end, both ways, also over absent sort values", async () => {
    const walk = async (forward: boolean) => {
      const met: string[] = [];
      let cursor: string | null = null;
      for (let page = 0; page < 10; page += 1) {
        const data: { hiddenDangers: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string } } } = await district.as("office", way).ask(
          `query($c:String){hiddenDangers(${forward ? "first:2,after:$c" : "last:2,before:$c"},orderBy:[{field:EFFECTIVE_DEADLINE,direction:ASC},{field:CODE,direction:DESC}]){nodes{id} pageInfo{hasNextPage hasPreviousPage startCursor endCursor}}}`,
          { c: cursor },
        );
        const { nodes, pageInfo } = data.hiddenDangers;
        if (forward) met.push(...nodes.map((node) => node.id));
        else met.unshift(...nodes.map((node) => node.id));
        if (!(forward ? pageInfo.hasNextPage : pageInfo.hasPreviousPage)) return met;
        cursor = forward ? pageInfo.endCursor : pageInfo.startCursor;
      }
      throw new Error("the walk does not end");
    };
    const forward = await walk(true);
    expect(forward).toHaveLength(own.length + foreign.length);
    expect(new Set(forward).size).toBe(forward.length);
    expect(await walk(false)).toEqual(forward);
  });

  test("a page without a size, a cursor of another order and a forged cursor are refused", async () => {
    const office = district.as("office", way);
    expect(await office.refused("{risks{totalCount}}")).toMatchObject({ code: "PAGE_SIZE_REQUIRED" });
    const { hiddenDangers } = await office.ask("{hiddenDangers(first:1){pageInfo{endCursor}}}");
    expect(await office.refused(`{hiddenDangers(first:1,after:"${hiddenDangers.pageInfo.endCursor}",orderBy:[{field:CODE,direction:ASC}]){nodes{id}}}`)).toMatchObject({ code: "CURSOR_MISMATCH" });
    expect(await office.refused('{hiddenDangers(first:1,after:"1~x~1~W10="){nodes{id}}}')).toMatchObject({ code: "CURSOR_MISMATCH" });
    expect(await office.refused('{hiddenDangers(first:1,after:"nonsense"){nodes{id}}}')).toMatchObject({ code: "INVALID_INPUT" });
  });

  test("a list of the past within a region may be asked for its number alone", async () => {
    const at = new Date().toISOString();
    for (const [name, count] of [["huixing", own.length], ["yuanyang", foreign.length]] as const) {
      const text = `query($r:ID!)@asOf(recorded:"${at}"){hiddenDangers(first:3,filter:{within:$r}){totalCount totalCountIsExact}}`;
      expect((await district.as("auditor", way).ask(text, { r: district.regions[name] })).hiddenDangers).toEqual({ totalCount: count, totalCountIsExact: true });
    }
  });

  test("what was answered at an instant is answered again as of it", async () => {
    const query = "{hiddenDangers(first:50,orderBy:[{field:CODE,direction:ASC}]){totalCount nodes{code status version open subject{name hiddenDangers(first:20){totalCount}}}} hiddenDangerCounts(by:[STATUS,TOWN]){count status region{name}}}";
    const auditor = district.as("auditor", way);
    const [{ now }] = [{ now: new Date(Date.now() + 5).toISOString() }];
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = await auditor.ask(query);
    const extra = await district.as("integrator").ask(REGISTER, { k: district.key(), i: { subject: district.sites[1], title: "后来的隐患", discoverySource: "SELF_CHECK", grade: "GENERAL" } });
    await district.as("office").ask("mutation($k:String!,$id:ID!){hiddenDangerVoid(idempotencyKey:$k,id:$id,expectedVersion:1,input:{reason:\"测试\"}){status}}", { k: district.key(), id: extra.hiddenDangerRegister.id });
    expect(await auditor.ask(query)).not.toEqual(before);
    expect(await auditor.ask(query.replace("{", `query @asOf(recorded:"${now}") {`))).toEqual(before);
    // Later tests count what was there before this one.
    foreign.push(extra.hiddenDangerRegister.id);
  });
});

test("both ways of reading give the same answer", async () => {
  const queries = [
    "{a:hiddenDangers(first:3){...F pageInfo{hasNextPage}} b:hiddenDangers(last:2,filter:{or:[{title:{contains:\"隐患\"}},{grade:{in:[MAJOR]}}],not:{effectiveDeadline:{isNull:false}}}){...F}} fragment F on HiddenDangerConnection{totalCount edges{node{title t:__typename subject{__typename id ...on EnterpriseSite{keyControlled} hasLead enterprise{legalName uscc}}}}}",
    "query($x:Boolean=true){regulatedSubjects(first:5,orderBy:[{field:CODE,direction:ASC}]){nodes{code overallLevel region{name parent{name children(first:9){nodes{name}}}} location hiddenDangers(first:2,orderBy:[{field:CODE,direction:DESC}]) @include(if:$x){nodes{code overdueDays}} currentRegulators(first:5){nodes{role organization{name}}} risks(first:5) @skip(if:$x){totalCount}}}}",
    "{regionCounts(by:[LEVEL]){level count} responsibilitySchemes(first:10){nodes{code slots(first:9,orderBy:[{field:POSITION,direction:ASC}]){nodes{code nameZh}}}} codeLists(first:5){nodes{code edition items(first:3){totalCount nodes{code nameZh}}}}}",
    "{hiddenDangerCounts(by:[TOWN,GRADE]){count grade region{code name}} hiddenDangerFeatures(first:3)}",
  ];
  for (const name of ["office", "street", "enterprise", "auditor", "nobody"])
    for (const query of queries) expect(await district.as(name, "plain").ask(query)).toEqual(await district.as(name, "compiled").ask(query));
});
