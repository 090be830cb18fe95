import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { Dice } from "../../seeds/demo/story.js";
import type { Role } from "../../src/platform/actor.js";
import { allActions, mutationName } from "../../src/platform/actions.js";
import { allEntities, entityNamed, globalId, type Entity } from "../../src/platform/entity/entity.js";
import { layersWithItems } from "../../src/layers/layer.js";
import { lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { ogcAs } from "../support/ogc.js";
import { populate } from "../support/population.js";
import { bareActions, ScopeOracle } from "../support/scope-oracle.js";

const SEED = Number(process.env["SCOPE_SEED"] ?? 7);
const ACTORS = lane === "postgresql" ? 12 : 4;
const ROLES: readonly Role[] = ["TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "COMMITTEE_OFFICE", "AUDITOR", "INTEGRATION_CLIENT", "GRID_WORKER", "ENTERPRISE_REPORTER", "DISTRICT_LEADER", "AUDIT_ADMIN"];
const PLACES = ["yubei", "huixing", "yuanyang", "village", "jiulongpo", "city"];

const district = useDistrict();
const dice = new Dice(SEED);
let oracle: ScopeOracle;
let actors: string[];
let settled: string;
let begun: string;

const rootEntities = () => allEntities().filter((entity) => entity.root !== false && !entity.versionsOf && !entity.report);
const within = (name: string, ...more: Parameters<typeof district.admit> extends [unknown, ...infer R] ? R : never) => district.admit(name, ...more);

beforeAll(async () => {
  const { moments } = await populate(district, lane === "postgresql" ? 18 : 6);
  begun = moments[1]!;
  await elsewhere();
  const grant = (): { role: Role; region: string | null; sectors?: string[]; subject?: string } => {
    const role = dice.pick(ROLES);
    if (role === "ENTERPRISE_REPORTER") return { role, region: null, subject: dice.pick(district.sites) };
    return { role, region: dice.pick(PLACES), ...(role === "SECTOR_REGULATOR" ? { sectors: [dice.pick(["INDUSTRY_TRADE", "GAS", "HAZCHEM"])] } : {}) };
  };
  actors = ["nobody", "street", "stranger", "integrator", "security_admin", "enterprise"];
  // The two that were found to lend: an auditor who is also of a street, a client system that is also of another.
  await within("street_and_auditor", "TOWN_REGULATOR", "huixing", { also: [{ role: "AUDITOR", region: "yubei" }] });
  await within("client_and_street", "INTEGRATION_CLIENT", "yubei", { also: [{ role: "TOWN_REGULATOR", region: "yuanyang" }] });
  actors.push("street_and_auditor", "client_and_street");
  for (let index = 0; index < ACTORS; index += 1) {
    const { role, region, ...limits } = grant();
    const also = Array.from({ length: dice.int(1, 2) }, grant);
    await within(`several${index}`, role, region, { ...limits, also });
    actors.push(`several${index}`);
  }
  // The database counts microseconds.
  await pause(5);
  settled = new Date().toISOString();
  oracle = await ScopeOracle.read(district.database.engine.pool);
}, 300_000);

/** Something in another district, told by its own office. */
async function elsewhere(): Promise<void> {
  const stranger = district.as("stranger");
  const made = async (mutation: string, input: object) => {
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
    return (await stranger.ask(`mutation($k:String!,$i:${type}!){${mutation}(idempotencyKey:$k,input:$i){id}}`, { k: district.key(), i: input }))[mutation].id as string;
  };
  const region = district.regions["jiulongpo"];
  await made("personRegister", { region, name: "别区人员", kind: "OFFICIAL", mobile: "10000009999", enforcementCertNo: "执法九" });
  const subject = await made("subjectRegister", { region, kind: "KEY_FACILITY", name: "别区设施", facility: { facilityKind: "RESERVOIR" }, sector: "GAS", location: { type: "Point", coordinates: [106.5, 29.5] } });
  await made("hiddenDangerRegister", { subject, title: "别区隐患", discoverySource: "OFFICIAL_INSPECTION", grade: "GENERAL" });
  await made("riskIdentify", { subject, name: "别区风险" });
}

async function listed(name: string, entity: Entity, way: "compiled" | "plain", asOf = ""): Promise<{ ids: string[]; total: number }> {
  const ids: string[] = [];
  let total = 0;
  for (let after: string | null = null; ; ) {
    const page: string = after === null ? "first: 100" : `first: 100, after: ${JSON.stringify(after)}`;
    const answer = await district.as(name, way).ask(`query ${asOf} { list: ${entity.plural}(${page}) { totalCount nodes { id } pageInfo { endCursor hasNextPage } } }`);
    ids.push(...answer.list.nodes.map(({ id }: { id: string }) => id));
    total = answer.list.totalCount;
    if (!answer.list.pageInfo.hasNextPage) return { ids: ids.toSorted(), total };
    after = answer.list.pageInfo.endCursor;
  }
}

describe("of actors with one, two and three grants", () => {
  test.each(["compiled", "plain"] as const)("every list and total is what one grant or another sees by itself (%s)", async (way) => {
    for (const name of actors)
      for (const entity of rootEntities()) {
        const expected = oracle.seen(name, entity);
        // Acts of this very test are recorded as it goes on.
        if (entity.appendOnly) continue;
        expect([name, entity.name, await listed(name, entity, way)]).toEqual([name, entity.name, { ids: expected, total: expected.length }]);
      }
  }, 300_000);

  test("the past is seen by the same grants", async () => {
    for (const name of actors)
      for (const entity of rootEntities()) {
        const expected = oracle.seen(name, entity);
        const then = await listed(name, entity, "compiled", `@asOf(recorded: ${JSON.stringify(settled)})`);
        expect([name, entity.name, then]).toEqual([name, entity.name, { ids: expected, total: expected.length }]);
      }
  }, 300_000);

  test("a hidden row is found by no id, no filter and no node", async () => {
    for (const name of actors)
      for (const entity of rootEntities()) {
        const hidden = oracle.rows(entity).filter((row) => !oracle.sees(name, entity, row)).slice(0, 5).map(({ id }) => globalId(entity, id));
        if (hidden.length === 0) continue;
        for (const way of ["compiled", "plain"] as const) {
          const nodes = hidden.map((id, at) => `n${at}: node(id: "${id}") { id }`).join(" ");
          const answer = await district.as(name, way).ask(`query ($ids: [ID!]) { ${nodes} list: ${entity.plural}(first: 10, filter: { id: { in: $ids } }) { totalCount nodes { id } } }`, { ids: hidden });
          const { list, ...found } = answer;
          expect([name, entity.name, list, Object.values(found)]).toEqual([name, entity.name, { totalCount: 0, nodes: [] }, hidden.map(() => null)]);
        }
      }
  }, 300_000);

  test("numbers of persons are told in clear by a grant of the line that covers the person or stands beneath, and by no other", async () => {
    const Person = entityNamed("Person")!;
    for (const name of actors)
      for (const way of ["compiled", "plain"] as const) {
        const told = new Map<string, unknown>();
        const answer = await district.as(name, way).ask("{ people(first: 100) { nodes { id mobile enforcementCertNo } } visits(first: 100) { nodes { participants(first: 50) { nodes { person { id mobile enforcementCertNo } } } } } hiddenDangers(first: 100) { nodes { discoveredBy { id mobile enforcementCertNo } } } }");
        for (const person of answer.people.nodes) told.set(person.id, person);
        for (const visit of answer.visits.nodes) for (const { person } of visit.participants.nodes) told.set(person.id, person);
        for (const { discoveredBy } of answer.hiddenDangers.nodes) if (discoveredBy) told.set(discoveredBy.id, discoveredBy);
        for (const row of oracle.rows(Person)) {
          const id = globalId(Person, row.id);
          if (!told.has(id)) continue;
          const clear = oracle.tellsPersonal(name, row);
          expect([name, told.get(id)]).toEqual([name, { id, mobile: clear ? row["mobile"] : null, enforcementCertNo: clear ? row["enforcement_cert_no"] : null }]);
        }
      }
  }, 300_000);

  test("who took part in a visit is told by one grant that sees both", async () => {
    const [Visit, Participant] = [entityNamed("Visit")!, entityNamed("VisitParticipant")!];
    for (const name of actors) {
      const { nodes } = (await district.as(name).ask("{ visits(first: 100) { nodes { id participants(first: 50) { nodes { id } } } } }")).visits;
      for (const visit of nodes) {
        const expected = oracle.rows(Participant).filter((row) => globalId(Visit, String(row["visit_id"])) === visit.id && oracle.sees(name, Participant, row)).map(({ id }) => globalId(Participant, id));
        expect([name, visit.participants.nodes.map(({ id }: { id: string }) => id).toSorted()]).toEqual([name, expected.toSorted()]);
      }
    }
  }, 300_000);

  test("by whom a row was changed is told by a grant of the line that covers it", async () => {
    const Subject = entityNamed("RegulatedSubject")!;
    for (const name of actors)
      for (const way of ["compiled", "plain"] as const) {
        const data = await district.as(name, way).ask(`{ regulatedSubjects(first: 100) { nodes { id versions(first: 1) { nodes { changedBy } } } } regulatedSubjectChanges(from: ${JSON.stringify(begun)}) { objectId changedBy } }`);
        const inLine = (id: string) => oracle.inLine(name, Subject, oracle.rows(Subject).find((row) => globalId(Subject, row.id) === id)!);
        for (const { id, versions } of data.regulatedSubjects.nodes) expect([name, id, versions.nodes[0]!.changedBy !== null]).toEqual([name, id, inLine(id)]);
        for (const { objectId, changedBy } of data.regulatedSubjectChanges) expect([name, objectId, changedBy !== null]).toEqual([name, objectId, inLine(objectId)]);
      }
  }, 300_000);

  test("who owes visits is told of subjects that a grant of the line covers", async () => {
    const [Subject, Assignment, Person] = ["RegulatedSubject", "RegulatorAssignment", "Person"].map((type) => entityNamed(type)!) as [Entity, Entity, Entity];
    for (const name of actors) {
      const reports = await district.as(name).ask('{ monthlyDuty(from: "2026-01-01", to: "2026-12-31") { person { id } } halfYearCoverage(from: "2026-01-01", to: "2026-12-31") { person { id } } halfYearCoverageSubjects(from: "2026-01-01", to: "2026-12-31") { person { id } subject { id } } }');
      const answerable = new Set(oracle.rows(Assignment).filter((row) => oracle.inLine(name, Subject, oracle.rows(Subject).find(({ id }) => id === row["subject_id"])!)).map((row) => globalId(Person, String(row["person_id"]))));
      for (const rows of Object.values(reports) as { person: { id: string } }[][]) for (const { person } of rows) expect([name, answerable.has(person.id)]).toEqual([name, true]);
    }
  }, 300_000);

  test("an act begins where one grant both covers the row and has a role that may, and allowedActions offers no other", async () => {
    const bare = bareActions();
    for (const name of actors)
      for (const [action, declared] of bare) {
        const rows = oracle.rows(declared.on);
        for (let attempt = 0; attempt < 3 && rows.length > 0; attempt += 1) {
          const row = dice.pick(rows);
          const mutation = mutationName(action);
          const input = Object.keys(declared.input).length > 0 ? ", input: {}" : "";
          const { code } = await district.as(name).refused(`mutation ($k: String!, $id: ID!) { ${mutation}(idempotencyKey: $k, id: $id, expectedVersion: 999999${input}) { id } }`, { k: district.key(), id: globalId(declared.on, row.id) });
          const expected = name === "nobody" ? "UNAUTHENTICATED" : oracle.begins(name, declared, row);
          expect([name, action, code]).toEqual([name, action, expected]);
        }
      }
    for (const name of actors.filter((actor) => actor !== "nobody"))
      for (const [list, type] of [["hiddenDangers", "HiddenDanger"], ["risks", "Risk"], ["visits", "Visit"], ["riskReviewRounds", "RiskReviewRound"]] as const) {
        const entity = entityNamed(type)!;
        for (const way of ["compiled", "plain"] as const)
          for (const { id, allowedActions } of (await district.as(name, way).ask(`{ ${list}(first: 60) { nodes { id allowedActions } } }`))[list].nodes) {
            const row = oracle.rows(entity).find((one) => globalId(entity, one.id) === id)!;
            for (const action of allowedActions as string[]) expect([name, action, oracle.begins(name, allActions().get(action)!, row)]).toEqual([name, action, "CONFLICT"]);
          }
      }
  }, 300_000);

  test("collections of features hold the same rows", async () => {
    for (const name of actors)
      for (const { id: collection, entity: of, rows, geometry } of layersWithItems()) {
        if (rows || geometry !== "location") continue;
        const entity = of();
        const { status, body } = await ogcAs(district, name).get(`/collections/${collection}/items`, { limit: "5000" });
        const told: string[] = status === 404 ? [] : body.features.map(({ id }: { id: string }) => id).toSorted();
        const placed = oracle.rows(entity).filter((row) => row["location"] !== null && oracle.sees(name, entity, row)).map(({ id }) => globalId(entity, id));
        expect([name, collection, told]).toEqual([name, collection, placed.toSorted()]);
      }
  }, 300_000);

  test("records of acts and of changes are read where they lie: neither refused acts nor changes of another district", async () => {
    for (const name of actors)
      for (const entity of [entityNamed("AuditEvent")!, entityNamed("ChangeEvent")!]) {
        const now = await ScopeOracle.read(district.database.engine.pool);
        const { ids } = await listed(name, entity, "compiled");
        const seen = new Set(now.seen(name, entity));
        expect([name, ids.filter((id) => !seen.has(id))]).toEqual([name, []]);
        // All that was there when the test began is read.
        expect([name, oracle.seen(name, entity).filter((id) => !ids.includes(id))]).toEqual([name, []]);
      }
  }, 300_000);
});
