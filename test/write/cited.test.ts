import { beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { Dice } from "../../seeds/demo/story.js";
import { allActions, mutationName, type Action, type InputField } from "../../src/platform/actions.js";
import type { Role } from "../../src/platform/actor.js";
import { globalId, type Entity } from "../../src/platform/entity/entity.js";
import { allReports } from "../../src/platform/entity/report.js";
import { deedsIn } from "../support/deeds.js";
import { useDistrict } from "../support/district.js";
import { InputDice } from "../support/input-dice.js";
import { OutOfSight, pastTriggers, withoutRules } from "../support/out-of-sight.js";
import { RiskStage } from "../support/risk-stage.js";

const district = useDistrict();
const { done, rows } = deedsIn(district);
const stage = new RiskStage(district);
const hidden = new OutOfSight(district);
const ENTERPRISE: ReadonlySet<Role> = new Set(["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL"]);
const SECTORAL: ReadonlySet<Role> = new Set(["SECTOR_REGULATOR", "SECTOR_LEADER"]);

/** A place in an input that takes an id. */
interface Place {
  path: readonly string[];
  field: InputField;
}

const placesIn = (fields: Readonly<Record<string, InputField>>): Place[] =>
  Object.entries(fields).flatMap(([name, field]) => {
    if (field.kind === "id") return [{ path: [name], field }];
    return field.kind === "object" ? placesIn(field.fields!).map((place) => ({ ...place, path: [name, ...place.path] })) : [];
  });

/** What an input needs and no more, the place included. */
const pruned = (fields: Readonly<Record<string, InputField>>, [head, ...rest]: readonly string[]): Record<string, InputField> =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([name, field]) => name === head || field.required)
      .map(([name, field]) => [name, { ...field, required: true, ...(field.kind === "object" ? { fields: pruned(field.fields!, name === head ? rest : []) } : {}) }]),
  );

function put(input: Record<string, unknown>, [head, ...rest]: readonly string[], value: string, fields: Readonly<Record<string, InputField>>): void {
  const field = fields[head!]!;
  if (rest.length === 0) input[head!] = field.list ? [value] : value;
  else for (const part of [input[head!]].flat()) put(part as Record<string, unknown>, rest, value, field.fields!);
}

const place = ({ path }: Place, fields: Readonly<Record<string, InputField>>): string => {
  const [head, ...rest] = path as [string, ...string[]];
  const field = fields[head]!;
  const here = `${head}${field.list ? ".0" : ""}`;
  return rest.length === 0 ? here : `${here}.${place({ path: rest, field }, field.fields!)}`;
};

let ofVillage: (entity: Entity) => Promise<string[]>;
const keys = new Map<string, Promise<string>>();
/** A character of a role with everything of the district, or of the city for what all may read, in sight. */
const character = (role: Role, on: Entity): Promise<string> => {
  const area = on.scope.kind === "shared" ? "city" : "yubei";
  const name = `${role} of ${area}`;
  const made = keys.get(name) ?? district.admit(name, role, ENTERPRISE.has(role) ? null : area, { ...(SECTORAL.has(role) ? { sectors: ["INDUSTRY_TRADE"] } : {}), ...(ENTERPRISE.has(role) ? { subject: district.sites[0] } : {}) }).then(() => name);
  keys.set(name, made);
  return made;
};

beforeAll(async () => {
  const region = district.regions["village"];
  const subject = district.sites[0]!;
  // One of everything an action takes or names; where one is lacking the sweep says so.
  await done("gridRegister", { input: { region, code: "500112004001001", name: "示例网格", kind: "UNIT" } });
  const person = await done("personRegister", { input: { region, name: "示例人员", kind: "OFFICIAL" } });
  await done("regulatorAssignmentAppoint", { input: { subject, slot: Object.values(district.slots)[0], person: person.id, appointmentDoc: "示例任〔2026〕1号" } });
  const object = await done("riskObjectRegister", { input: { subject, name: "示例对象", type: "DEVICE" } });
  const unit = await done("riskUnitRegister", { input: { object: object.id, name: "示例单元" } });
  await done("riskUnitStop", { on: unit, input: { kind: "MAINTENANCE", validTo: "2099-01-01T00:00:00+08:00", reason: "检修" } });
  const risk = await stage.inForce("LOW", { unit: unit.id });
  const round = await stage.held("MAJOR_EVENT", { sector: "INDUSTRY_TRADE" });
  await stage.do("riskReviewRoundDecide", { on: round, input: { risk: risk.id, decision: "KEEP", reason: "示例" } });
  await done("postCardDraft", { input: { subject, post: "示例岗位", kind: "RISK_LIST", risks: [risk.id] } });
  await done("riskZoneRegister", { input: { region, name: "示例区划", disasterType: "02", grade: "LOW", boundary: { type: "Polygon", coordinates: [[[106.6, 29.7], [106.61, 29.7], [106.61, 29.71], [106.6, 29.7]]] }, censusBatch: "示例", censusSource: "示例", surveyedAt: "2022-06-30" } });
  await done("hiddenDangerRegister", { input: { subject, title: "示例隐患", discoverySource: "SELF_CHECK", grade: "GENERAL", manageType: "ON_SPOT" } });
  await district.evidence("office", "示例佐证");
  await withoutRules(district);
  // Before anything hidden is there: all of these are in sight.
  const known = new Map<Entity, Promise<string[]>>();
  ofVillage = (entity) => {
    const ids = known.get(entity) ?? rows(`select id from ${entity.table} order by created_at desc limit 5`).then((found) => found.map(({ id }) => String(id)));
    known.set(entity, ids);
    return ids;
  };
  const entities = new Set([...allActions().values()].flatMap(({ on, input }) => [on, ...placesIn(input).map(({ field }) => field.of!())]));
  for (const entity of entities) await ofVillage(entity);
}, 180_000);

/** An input of an action with everything that is required, and nothing that is not. */
async function inputFor(action: Action): Promise<Record<string, unknown>> {
  const dice = new InputDice(new Dice(1), ofVillage);
  for (let tries = 0; tries < 50; tries += 1) {
    const input = await dice.input("", action, Date.now());
    if (Object.keys(action.input).every((name) => input[name] !== undefined)) return input;
  }
  throw new Error(`no input was thrown for ${action.en}`);
}

/** The row an action takes, brought into a state it may be taken from. */
async function rowFor({ on, from, creates, when }: Action): Promise<{ id: string; version: number } | undefined> {
  if (creates) return undefined;
  const [id] = await ofVillage(on);
  if (!id) throw new Error(`there is no ${on.name} to act on: make one in this test`);
  if (from) await pastTriggers(district, (client) => client.query(`update ${on.table} set status = $2 where id = $1`, [id, from[0]]));
  if (on.name === "HiddenDanger") await pastTriggers(district, (client) => client.query("update hidden_dangers set origin = $2 where id = $1", [id, when?.reads.includes("origin") ? "EXTERNAL" : "NATIVE"]));
  const [row] = await rows(`select version from ${on.table} where id = $1`, [id]);
  return { id: globalId(on, id), version: Number(row!["version"]) };
}

/** The refusal as it is sent, without what is its own alone, and the place it names. */
async function refusal(by: string, mutation: string, on: { id: string; version: number } | undefined, input: Record<string, unknown>) {
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  const [variables, args] = on ? [",$id:ID!,$v:Int!", ",id:$id,expectedVersion:$v"] : ["", ""];
  const document = `mutation($k:String!${variables},$i:${type}!){${mutation}(idempotencyKey:$k${args},input:$i){id}}`;
  const values = { k: district.key(), id: on?.id, v: on?.version, i: input };
  const once = () => district.as(by).text(document, values);
  // An idle connection may be closed just as it is used again; a refusal, and a key, are the same the second time.
  const text = await once().catch((error: { cause?: { code?: string } }) => (error.cause?.code === "ECONNRESET" ? once() : Promise.reject(error)));
  const { extensions } = (JSON.parse(text) as { errors?: { extensions: { requestId: string; field?: string; code: string } }[] }).errors?.[0] ?? { extensions: undefined };
  return { requestId: extensions?.requestId ?? "none", told: text.replaceAll(extensions?.requestId ?? " ", ""), named: extensions?.code === "NOT_FOUND" ? extensions.field : undefined };
}

const CASES = [...allActions()].flatMap(([name, action]) => placesIn(action.input).map((one) => ({ name, action, one, at: place(one, action.input) })));

test("inputs of actions name rows in many places", () => expect(CASES.length).toBeGreaterThan(50));

describe("an id out of sight and one of nothing are refused alike, with the place in the input, to every role that may act", () => {
  test.each(CASES)("$name: $at", async ({ name, action, one, at }) => {
    const entity = one.field.of!();
    const declared = { ...action, input: pruned(action.input, one.path) };
    const outOfSight = await hidden.of(entity);
    const on = await rowFor(action);
    const input = await inputFor(declared);
    const asked = await Promise.all(
      action.by.map(async (role) => {
        const by = await character(role, action.on);
        const answers: Awaited<ReturnType<typeof refusal>>[] = [];
        for (const uuid of [randomUUID(), ...(outOfSight ? [outOfSight] : [])]) {
          const own = structuredClone(input);
          put(own, one.path, globalId(entity, uuid), action.input);
          answers.push(await refusal(by, mutationName(name), on, own));
        }
        return { role, answers };
      }),
    );
    const events = await rows("select request_id, outcome, code from audit_events where request_id = any($1)", [asked.flatMap(({ answers }) => answers.map(({ requestId }) => requestId))]);
    const audited = new Map(events.map(({ request_id: id, ...event }) => [id, event]));
    for (const { role, answers } of asked) {
      const [absent, ...others] = answers.map(({ requestId, ...answer }) => ({ role, ...answer, event: audited.get(requestId) }));
      expect(absent!.told).toContain('"errors"');
      expect(absent!.event).toBeDefined();
      for (const other of others) expect(other).toEqual(absent);
    }
    expect({ at, reached: asked.some(({ answers }) => answers[0]!.named === `input.${at}`) }).toEqual({ at, reached: true });
  });
});

test("a report refuses a row out of sight and one that is not there alike, by every way of reading", async () => {
  let asked = 0;
  for (const report of allReports())
    for (const [name, argument] of Object.entries(report.args)) {
      if (argument.filterOf || argument.kind !== "id") continue;
      const entity = argument.of!();
      const outOfSight = await hidden.of(entity);
      const needed = Object.entries(report.args).filter(([other, declared]) => other !== name && declared.required && !declared.filterOf) as [string, InputField][];
      const given = await inputFor({ on: entity, input: Object.fromEntries(needed) } as unknown as Action);
      // Periods that are no longer than a day, whatever the dice say.
      const literal = Object.entries(given).map(([other, value]) => `${other}:${JSON.stringify(report.args[other]?.filterOf === undefined && (report.args[other] as InputField).kind === "date" ? "2026-06-01" : value)}`);
      const field = Object.keys(report.fields).find((candidate) => report.fields[candidate]!.kind !== "geometry");
      for (const who of ["office", "street", "enterprise", "auditor", "nobody"])
        for (const way of ["compiled", "plain"] as const) {
          const answers: string[] = [];
          for (const uuid of [randomUUID(), ...(outOfSight ? [outOfSight] : [])]) {
            const text = await district.as(who, way).text(`query($id:ID!){${report.name}(${[`${name}:$id`, ...literal].join(",")}){${field}}}`, { id: globalId(entity, uuid) });
            const answer = JSON.parse(text) as { errors?: { extensions: { requestId: string } }[] };
            answers.push(text.replaceAll(answer.errors?.[0]?.extensions.requestId ?? " ", ""));
            expect(answer).toMatchObject({ errors: [{ extensions: { code: "NOT_FOUND", entity: entity.name, field: name } }] });
          }
          expect(new Set(answers).size).toBe(1);
          asked += 1;
        }
    }
  expect(asked).toBeGreaterThan(0);
});

describe("what may be named beyond one's sight", () => {
  const people: Record<string, string> = {};
  beforeAll(async () => {
    for (const [name, region, kind, by] of [["official", "yubei", "OFFICIAL", "office"], ["worker", "yubei", "GRID_WORKER", "office"], ["neighbour", "yuanyang", "OFFICIAL", "office"], ["expert", "yubei", "EXPERT", "office"]] as const)
      people[name] = (await done("personRegister", { by, input: { region: district.regions[region], name: `示例${name}`, kind, mobile: "10000000001" } })).id;
    people["staff"] = (await done("personRegister", { input: { region: district.regions["village"], name: "示例员工", kind: "ENTERPRISE", enterprise: district.enterprises[0] } })).id;
    people["stranger"] = (await done("personRegister", { input: { region: district.regions["village"], name: "示例他人", kind: "ENTERPRISE" } })).id;
  });
  const found = (by: string, person: string) => ({ by, input: { subject: district.sites[0], title: "示例", discoverySource: "SELF_CHECK", discoveredBy: people[person] } });

  test("a street names an official of its district as who found it, and nobody else above, beside or afar", async () => {
    expect(await done("hiddenDangerReport", found("street", "official"))).toMatchObject({ version: 1 });
    for (const person of ["worker", "neighbour", "expert"]) expect(await stage.refused("hiddenDangerReport", found("street", person))).toMatchObject({ code: "NOT_FOUND", entity: "Person", field: "input.discoveredBy" });
  });

  test("an enterprise names its own people and no others", async () => {
    expect(await done("hiddenDangerReport", found("enterprise", "staff"))).toMatchObject({ version: 1 });
    for (const person of ["stranger", "official"]) expect(await stage.refused("hiddenDangerReport", found("enterprise", person))).toMatchObject({ code: "NOT_FOUND", field: "input.discoveredBy" });
    const object = await done("riskObjectRegister", { by: "enterprise", input: { subject: district.sites[0], name: "示例对象二", type: "DEVICE", liablePerson: people["staff"] } });
    expect(await stage.refused("riskObjectUpdate", { by: "enterprise", on: object, input: { liablePerson: people["stranger"] } })).toMatchObject({ code: "NOT_FOUND", field: "input.liablePerson" });
  });

  test("a street assigns a bureau of its district to oversee, and none of another district", async () => {
    const danger = await done("hiddenDangerRegister", { by: "street", input: { subject: district.sites[0], title: "示例", discoverySource: "GRID_PATROL", grade: "GENERAL", manageType: "DEADLINE" } });
    const bureau = await stage.department();
    const theirs = await done("organizationRegister", { by: "stranger", input: { region: district.regions["jiulongpo"], name: "示例外区部门", kind: "GOV_DEPT" } });
    const input = { deadline: "2099-01-01", overseeOrganization: theirs.id };
    expect(await stage.refused("hiddenDangerAssign", { by: "street", on: danger, input })).toMatchObject({ code: "NOT_FOUND", entity: "Organization", field: "input.overseeOrganization" });
    expect(await done("hiddenDangerAssign", { by: "street", on: danger, input: { ...input, overseeOrganization: bureau.id }, read: "assignments(first:2){nodes{toOrganization{name}}}" })).toMatchObject({ assignments: { nodes: expect.arrayContaining([{ toOrganization: null }, { toOrganization: { name: "示例牵头部门" } }]) } });
  });

  test("who is responsible for a subject within sight is named as having been there", async () => {
    const [{ person }] = (await rows("select person_id as person from regulator_assignments limit 1")) as [{ person: string }];
    const visit = (participant: string) => ({ by: "enterprise", input: { subject: district.sites[0], nature: "SELF_CHECK", startedAt: "2026-06-01T10:00:00+08:00", participants: [participant] } });
    expect(await done("visitRecord", visit(`Person_${person}`))).toMatchObject({ version: 1 });
    expect(await stage.refused("visitRecord", visit(people["neighbour"]!))).toMatchObject({ code: "NOT_FOUND", field: "input.participants.0" });
  });

  test("clients are told of each kind where the input is described", async () => {
    const { __type } = await district.as("office").ask('{__type(name:"HiddenDangerAssignInput"){inputFields{name description}}}');
    const of = (name: string) => (__type.inputFields as { name: string; description: string }[]).find((field) => field.name === name)!.description;
    expect(of("overseeOrganization")).toMatch(/上级区划的单位.*bodies of a place above one's own/);
  });
});
