import { beforeAll, expect, test } from "@jest/globals";
import { buildClientSchema, getIntrospectionQuery, GraphQLSchema, Kind, parse, print, visit, type DirectiveNode, type DocumentNode, type IntrospectionQuery } from "graphql";
import { Dice } from "../../seeds/demo/story.js";
import type { Service } from "../../src/app.js";
import { lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { Harvest } from "../support/harvest.js";
import { throwQuery } from "../support/query-dice.js";
import { RandomHistory } from "../support/random-history.js";

/** REPLAY_SEED=<n> plays another history. */
const SEED = Number(process.env["REPLAY_SEED"] ?? 1);
const STEPS = Number(process.env["REPLAY_STEPS"] ?? (lane === "postgresql" ? 2_600 : 500));
const INSTANTS = lane === "postgresql" ? 104 : 20;
const THROWN_EACH = 10;
/** What is compared are answers, not how much one may ask: the public's questions come faster here than anybody's. */
const UNLIMITED = { ratePerKey: 0, ratePerPublic: 0 };
const ROLES = ["office", "street", "sector", "enterprise", "auditor", "integrator", "neighbour", "stranger", "nobody"];
const ACTING = ["office", "office", "office", "street", "sector", "enterprise", "integrator", "neighbour", "stranger", "auditor"];

/** What is asked at every instant: lists by several orders and filters, nested, counts, reports, single objects, features, the registers, versions. */
const ASKED = [
  "{risks(first:30){totalCount totalCountIsExact nodes{id code name status version updatedAt currentLevel reviewOverdue allowedActions subject{__typename name overallLevel hasLead region{name}} responsiblePerson{name mobile}}}}",
  "{a:risks(first:20,filter:{currentLevel:{in:[MAJOR,CONSIDERABLE]}},orderBy:[{field:NEXT_REVIEW_DUE,direction:ASC},{field:CODE,direction:DESC}]){totalCount nodes{code nextReviewDue}} b:risks(last:10,filter:{or:[{status:{eq:IN_FORCE}},{reviewOverdue:{eq:true}}],subject:{keyControlled:{eq:true}}}){nodes{code status}} c:risks(first:10,filter:{within:$town}){totalCount nodes{code}} d:risks(first:5,filter:{name:{contains:\"A\"}},orderBy:[{field:NAME,direction:ASC}]){nodes{name}}}",
  "{hiddenDangers(first:30,orderBy:[{field:EFFECTIVE_DEADLINE,direction:ASC}]){totalCount nodes{code status open overdue overdueDays allowedActions grade assignments(first:3){nodes{leg receivedAt closedAt}} plans(first:2){nodes{funds}} acceptances(first:2){nodes{result}} evidence(first:2){nodes{phase attachment{fileName status}}}}} late:hiddenDangers(first:1,filter:{overdue:{eq:true}}){totalCount}}",
  "{regulatedSubjects(first:15){totalCount nodes{code name kind overallLevel hasLead location currentRegulators(first:3){nodes{role inForce organization{name}}} currentAssignments(first:3){nodes{status inForce person{name mobile}}} risks(first:3){totalCount nodes{code assessments(first:2){nodes{score stage}} measures(first:2){nodes{kind}} levelChanges(first:3){nodes{fromLevel toLevel}}}} hiddenDangers(first:2,filter:{open:{eq:true}}){totalCount nodes{code}}}}}",
  "{riskCounts(by:[CURRENT_LEVEL,TOWN]){count currentLevel region{name code}} byStatus:riskCounts(by:[STATUS],filter:{within:$town}){count status} all:riskCounts(by:[]){count} some:riskCounts(by:[SECTOR],filter:{hiddenDangers:{some:{open:{eq:true}}}}){count sector}}",
  "{hiddenDangerCounts(by:[GRADE,OVERDUE]){count grade overdue} regulatedSubjectCounts(by:[VILLAGE,HAS_LEAD]){count hasLead region{name}} personCounts(by:[KIND]){count kind} regulatorAssignmentCounts(by:[STATUS]){count status} regionCounts(by:[LEVEL]){count level}}",
  "{riskDynamics(from:$from){level opening appeared raisedIn loweredIn raisedOut loweredOut gone closing balanced} riskMoves(from:$from,filter:{within:$town}){fromLevel toLevel count}}",
  "{riskChanges(from:$from){kind code name fromLevel toLevel changedFields lastAction changedAt risk{status} town{name}}}",
  "{regulatedSubjectChanges(from:$from){kind objectId changedFields before after action changedBy changedAt object{name}} hiddenDangerChanges(from:$from,filter:{within:$town}){kind objectId changedFields before after action changedBy} regulatorAssignmentChanges(from:$from){kind objectId changedFields before after} controlMeasureChanges(from:$from){kind after}}",
  "{gaps{kind objectId code name detail location subject{name} town{name}}}",
  "{risk(id:$risk){code status version versionAt(recorded:$from){version recordedFrom recordedTo action status currentLevel updatedAt subject{name}} versions(first:20){totalCount nodes{version recordedFrom recordedTo action status currentLevel name unit{name}}}} node(id:$danger){id __typename ...on HiddenDanger{code status versions(first:5){nodes{version recordedTo action}}}} regulatedSubject(id:$subject){name ...on EnterpriseSite{enterprise{legalName employees}} versions(first:5){nodes{version recordedTo name}}}}",
  "{riskFeatures(first:50) hiddenDangerFeatures(first:10,filter:{open:{eq:true}}) regulatedSubjectFeatures(first:5)}",
  "{auditEvents(first:30){totalCount nodes{at actorName action outcome code entity}} auditEventCounts(by:[ACTION,OUTCOME]){count action outcome} changeEvents(first:20,filter:{op:{eq:U}}){totalCount nodes{at action entity version before after}}}",
  "{people(first:20){totalCount nodes{name mobile kind enterprise{legalName} organization{name} assignments(first:2){nodes{status validTo}}}} organizations(first:20){nodes{name kind people(first:2){totalCount}}} grids(first:5){nodes{code}} regulatorAssignments(first:20){nodes{status validFrom validTo inForce slot{code} person{name} subject{name}}} regulationRelations(first:20,filter:{inForce:{eq:true}}){totalCount nodes{role validFrom validTo}} riskObjects(first:10){nodes{code units(first:3){nodes{name risks(first:2){nodes{code}}}}}}}",
];

const district = useDistrict();
let schema: GraphQLSchema;

beforeAll(async () => {
  const shown = buildClientSchema((await district.as("office").ask(getIntrospectionQuery())) as IntrospectionQuery).toConfig();
  // The instant is set here, not by the dice.
  schema = new GraphQLSchema({ ...shown, directives: shown.directives.filter(({ name }) => name !== "asOf") });
});

interface Question {
  role: string;
  document: DocumentNode;
  variables: Record<string, unknown>;
}

interface Remembered extends Question {
  recorded: string;
  effective: string;
  answer: string;
}

const text = (name: string, value: string) => ({ kind: Kind.ARGUMENT, name: { kind: Kind.NAME, value: name }, value: { kind: Kind.STRING, value } }) as const;

/** The document with the instant its operation is read at. */
const at = (document: DocumentNode, instant: Record<string, string>): string =>
  print(
    visit(document, {
      OperationDefinition: (node) => ({ ...node, directives: [{ kind: Kind.DIRECTIVE, name: { kind: Kind.NAME, value: "asOf" }, arguments: Object.entries(instant).map(([name, value]) => text(name, value)) } satisfies DirectiveNode] }),
    }),
  );

/** A cursor carries the instant of its reading, an error the number of its request: neither is part of what is told. */
function told(answer: string): string {
  const timeless = answer.replaceAll(/1~([\w-]{10})~[\d.]+~/g, "1~$1~~");
  const { errors, ...rest } = JSON.parse(timeless) as { errors?: { extensions: Record<string, unknown> }[] };
  return errors ? JSON.stringify({ ...rest, errors: errors.map(({ extensions, ...error }) => ({ ...error, extensions: { ...extensions, requestId: undefined } })) }) : timeless;
}

const ask = async (service: Service, { role, document, variables }: Question, instant: Record<string, string>) => told(await district.as(role, service).text(at(document, instant), variables));

const ordinal = (list: readonly string[], index: number) => list[index % list.length]!;
const variablesIn = (document: string, values: Record<string, unknown>) => Object.fromEntries(Object.entries(values).filter(([name]) => document.includes(`$${name}`)));
const TYPES: Readonly<Record<string, string>> = { from: "DateTime!" };
const asked = (document: string, values: Record<string, unknown>) => {
  const used = variablesIn(document, values);
  const declared = Object.keys(used).map((name) => `$${name}:${TYPES[name] ?? "ID!"}`);
  return { document: parse(declared.length > 0 ? `query(${declared.join(",")})${document}` : document), variables: used };
};

const tally = { steps: 0, remembered: [] as Remembered[], failures: [] as string[] };
let history: RandomHistory;

/** The questions of one instant: the known ones for some of the roles, thrown ones for others. */
async function questionsAt(index: number, dice: Dice, harvest: Harvest, from: string): Promise<Question[]> {
  const { engine } = district.database;
  const some = async (table: string, prefix: string) => {
    const { rows } = await engine.pool.query(`select id from ${table} order by version desc, created_at desc limit 12`);
    return rows.length > 0 ? `${prefix}_${dice.pick(rows as { id: string }[]).id}` : `${prefix}_00000000-0000-4000-8000-000000000000`;
  };
  const values = { town: dice.pick([district.regions["huixing"], district.regions["yuanyang"], district.regions["yubei"]]), from, risk: await some("risks", "Risk"), danger: await some("hidden_dangers", "HiddenDanger"), subject: await some("subjects", "RegulatedSubject") };
  const known = ASKED.flatMap((document, place) => [0, 1, 2].map((more) => ({ role: ordinal(ROLES, index + place + more * 4), ...asked(document, values) })));
  const roots = Object.keys(schema.getQueryType()!.getFields());
  const thrown: Question[] = [];
  while (thrown.length < THROWN_EACH) {
    const { document, text: written, variables } = throwQuery(dice, { schema, harvest }, dice.pick(roots), false);
    // A cursor has an instant of its own; the revision of a layer is that of its tiles now, whatever instant is asked.
    if (!/\b(after|before)\s*:|__type|\brevision\b/.test(written)) thrown.push({ role: dice.pick(ROLES), document, variables: variables.assigned(false, false) });
  }
  return [...known, ...thrown];
}

test("a random history is played through the actions, and live answers are remembered on the way", async () => {
  const { engine } = district.database;
  await engine.pool.query("update system_settings set demo = true");
  // Started anew: whether a database is a demo, and says so in its answers, is read once.
  const live = await district.start(engine, true, UNLIMITED);
  const dice = new Dice(SEED * 7_919);
  history = new RandomHistory(engine, await Promise.all(ACTING.map((name) => district.actor(name))), dice, Date.now() + 60_000);
  const moments: string[] = [await history.recorded()];
  let harvest = new Harvest(schema, moments);
  try {
    for (let index = 0; index < INSTANTS; index += 1) {
      for (const until = Math.round((STEPS * (index + 1)) / INSTANTS); tally.steps < until; tally.steps += 1) await history.step();
      const recorded = await history.recorded();
      if (index % 15 === 0) {
        harvest = new Harvest(schema, moments);
        for (const role of ["office", "auditor"]) await harvest.gather((query) => district.as(role).ask(query));
      }
      // In force then, earlier or later: the two clocks need not agree.
      const effective = dice.chance(0.5) ? recorded : new Date(Date.parse(recorded) + dice.int(-40, 40) * 86_400_000).toISOString();
      for (const question of await questionsAt(index, dice, harvest, dice.pick(moments))) tally.remembered.push({ ...question, recorded, effective, answer: await ask(live, question, { effective }) });
      moments.push(recorded);
    }
  } finally {
    await live.close();
  }
  expect(tally.remembered.length).toBeGreaterThan(INSTANTS * 40);
}, 900_000);

test("afterwards the same is answered as of each instant, to the letter", async () => {
  const { engine } = district.database;
  const services = [await district.start(engine, true, UNLIMITED), await district.start(engine, false, UNLIMITED)];
  const kinds = new Map<string, number>();
  let tooLong = 0;
  try {
    for (const [index, { recorded, effective, answer, ...question }] of tally.remembered.entries()) {
      const again = await ask(services[index % 9 === 0 ? 1 : 0]!, question, { recorded, effective });
      if (sameText(again, answer)) continue;
      // The past is told in more letters than what stands: a few questions near the limit are refused then, which is told, and rare.
      if (/"limit":"statement"/.test(again)) {
        tooLong += 1;
        continue;
      }
      const kind = print(question.document).replaceAll(/"[^"]*"/g, "");
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      if (tally.failures.length < 5 && kinds.get(kind) === 1) tally.failures.push(`${question.role} recorded ${recorded} effective ${effective}\n${print(question.document)}\nvariables ${JSON.stringify(question.variables)}\n${apart(answer, again)}`);
    }
  } finally {
    for (const service of services) await service.close();
  }
  expect(tally.failures.join("\n\n")).toBe("");
  expect(tooLong).toBeLessThanOrEqual(Math.max(3, tally.remembered.length / 100));
}, 900_000);

/** Ordinary execution writes no blanks around colons: texts that differ in those alone are the same JSON. */
const sameText = (one: string, other: string) => one === other || JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other));

const apart = (live: string, then: string) => {
  const [one, other] = [live, then].map((answer) => JSON.stringify(JSON.parse(answer))) as [string, string];
  const first = [...one].findIndex((letter, index) => letter !== other[index]);
  const from = Math.max(0, first - 200);
  return `live  …${one.slice(from, first + 300)}\nas of …${other.slice(from, first + 300)}`;
};

test("neither the history nor the questions were vacuous", () => {
  const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);
  expect(tally.steps).toBe(STEPS);
  expect(total(history.done) / STEPS).toBeGreaterThan(0.4);
  expect(total(history.refused) / STEPS).toBeGreaterThan(0.05);
  expect(history.done.size).toBeGreaterThan(lane === "postgresql" ? 28 : 18);
  expect([...history.refused.keys()].map((what) => what.split(" ")[0])).toEqual(expect.arrayContaining(["CONFLICT", "FORBIDDEN"]));
  const answers = tally.remembered.map(({ answer }) => answer);
  expect(answers.filter((answer) => answer.startsWith('{"errors"') || answer.includes('"errors":[')).length / answers.length).toBeLessThan(0.15);
  // The same question has many answers over the history.
  expect(new Set(answers).size / answers.length).toBeGreaterThan(0.3);
});
