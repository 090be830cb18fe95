import { beforeAll, expect, jest, test } from "@jest/globals";
import { buildClientSchema, getIntrospectionQuery, isObjectType, TypeInfo, visit, visitWithTypeInfo, type GraphQLSchema, type IntrospectionQuery } from "graphql";
import pg from "pg";
import { Dice } from "../../seeds/demo/story.js";
import { bears, codesOf, cursorBeneath, difference, type Answer } from "../support/comparison.js";
import { lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { Harvest } from "../support/harvest.js";
import { populate } from "../support/population.js";
import { throwQuery, type Ground, type ThrownQuery } from "../support/query-dice.js";
import { reduced, type Asked } from "../support/reduction.js";

/** GENERATED_SEED=<seed of a failure> GENERATED_QUERIES=1 throws that query again. */
const SEED = Number(process.env["GENERATED_SEED"] ?? 1);
const QUERIES = Number(process.env["GENERATED_QUERIES"] ?? (lane === "postgresql" ? 10_000 : 300));
/** Told before the run gives up. */
const FAILURES = Number(process.env["GENERATED_FAILURES"] ?? 5);
const IN_FLIGHT = lane === "postgresql" ? 4 : 2;
/** Who sees much asks oftener; who sees little is asked whether it stays so. */
const ROLES = ["office", "office", "sector", "street", "street", "auditor", "auditor", "integrator", "gis", "enterprise", "enterprise", "neighbour", "stranger", "system_admin", "nobody"];
const SHOWN = 1_500;

const district = useDistrict();
let schema: GraphQLSchema;
let ground: Ground;
let typeNames: ReadonlySet<string>;
let begun: number;

beforeAll(async () => {
  const { moments } = await populate(district, lane === "postgresql" ? 24 : 8);
  schema = buildClientSchema((await district.as("office").ask(getIntrospectionQuery())) as IntrospectionQuery);
  typeNames = new Set(Object.keys(schema.getTypeMap()));
  const harvest = new Harvest(schema, moments);
  for (const role of ["office", "auditor"]) await harvest.gather((query) => district.as(role).ask(query));
  ground = { schema, harvest };
  begun = Date.now();
}, 180_000);

const tally = { asked: 0, tooLong: 0, bearing: 0, refused: 0, codes: new Map<string, number>(), roles: new Set<string>(), fields: new Set<string>(), failures: new Map<string, string>() };

const cut = (value: unknown) => {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length})` : text;
};

/** Asks both ways at once; where only time may have told them apart, again. */
async function bothWays(role: string, { text, variables }: Asked, patience = 6): Promise<{ compiled: Answer; plain: Answer; differs?: string }> {
  const [compiled, plain] = (await Promise.all((["compiled", "plain"] as const).map((way) => district.as(role, way).raw(text, variables)))) as [Answer, Answer];
  // One statement for all of a question may be too long where field by field little is there to be read: told, and rare.
  if (compiled.errors?.some(({ extensions }) => extensions?.["limit"] === "statement")) {
    tally.tooLong += 1;
    return { compiled, plain: compiled };
  }
  const differs = difference(compiled, plain, begun);
  if (differs === "timing" && patience > 0) return bothWays(role, { text, variables }, patience - 1);
  const broken = [compiled, plain].some((answer) => codesOf(answer).includes("INTERNAL"));
  return { compiled, plain, differs: differs ?? (broken ? "both broken" : undefined) };
}

async function ask(seed: number, role: string, query: ThrownQuery, variables: Record<string, unknown>): Promise<Answer> {
  const asked = { text: query.text, variables };
  const { plain, differs } = await bothWays(role, asked);
  tally.asked += 1;
  tally.roles.add(role);
  if (bears(plain.data, typeNames)) tally.bearing += 1;
  if (plain.errors) tally.refused += 1;
  for (const code of codesOf(plain)) tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
  if (differs) await tell(seed, role, asked, differs);
  else if (role === "nobody" && !plain.errors) {
    const [head, plainHead] = await heads(asked, seed % 2 === 0);
    if (head !== plainHead) tally.failures.set("heads", `seed ${seed}, ${role}: compiled ${head}, plain ${plainHead}\n${cut(asked.text)}`);
  }
  return plain;
}

/** Status and type of both answers; only the public's requests, which need no key, are seen whole here. */
const heads = ({ text, variables }: Asked, modern: boolean): Promise<string[]> =>
  Promise.all(
    [district.service, district.plain].map(async ({ url }) => {
      const accept = modern ? "application/graphql-response+json" : "application/json";
      const response = await fetch(`${url}/graphql`, { method: "POST", headers: { "content-type": "application/json", accept }, body: JSON.stringify({ query: text, variables }) });
      await response.arrayBuffer();
      return `${response.status} ${response.headers.get("content-type")}`;
    }),
  );

/** What failed, and the least of it that still fails; failures of one kind are told once. */
async function tell(seed: number, role: string, asked: Asked, differs: string): Promise<void> {
  const kind = async (query: Asked) => {
    const { compiled, plain, differs: how } = await bothWays(role, query);
    return how && JSON.stringify([how, codesOf(compiled), codesOf(plain)]);
  };
  const first = await kind(asked);
  // What differed once and no more hangs on what was asked before: the same document with other variables, say.
  const least = first ? await reduced(schema, asked, async (lesser) => (await kind(lesser)) === first) : asked;
  const { compiled, plain } = await bothWays(role, least);
  const told = [`seed ${seed}, ${role}: ${differs}${first ? "" : ", once only"}`, cut(least.text), `variables ${cut(least.variables)}`, `compiled  ${cut(compiled)}`, `plain     ${cut(plain)}`, `thrown as ${cut(asked.text)}`, `variables ${cut(asked.variables)}`];
  tally.failures.set(`${differs} ${least.text.replaceAll(/"[^"]*"|\d+/g, "")}`, told.join("\n"));
}

const thrown = (seed: number): { dice: Dice; odd: boolean; query: ThrownQuery } => {
  const dice = new Dice(seed * 7_919);
  const roots = Object.keys(schema.getQueryType()!.getFields());
  const odd = dice.chance(0.2);
  return { dice, odd, query: throwQuery(dice, ground, roots[seed % roots.length]!, odd) };
};

/** One document: asked as thrown, often again with other values or by another role, and from page to page where it has a cursor to follow. */
async function judge(seed: number): Promise<void> {
  const { dice, odd, query } = thrown(seed);
  const types = new TypeInfo(schema);
  visit(query.document, visitWithTypeInfo(types, { Field: (node) => void tally.fields.add(`${types.getParentType()?.name}.${node.name.value}`) }));
  const role = dice.pick(ROLES);
  const variables = query.variables.assigned(false, odd);
  let answer = await ask(seed, role, query, variables);
  for (let again = query.variables.count > 0 ? dice.pick([0, 0, 1, 2]) : 0; again > 0; again -= 1) await ask(seed, role, query, query.variables.assigned(true, odd));
  if (dice.chance(0.1)) await ask(seed, dice.pick(ROLES), query, variables);
  const { follow } = query;
  for (let page = 0; follow && page < 2; page += 1) {
    const cursor = cursorBeneath(answer.data, follow.path, follow.forward);
    if (!cursor) break;
    answer = await ask(seed, role, query, { ...variables, [follow.variable]: cursor });
  }
}

test(`${QUERIES} generated queries are answered alike by compiled and by ordinary execution`, async () => {
  let next = SEED;
  const end = SEED + QUERIES;
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < end && tally.failures.size < FAILURES) await judge(next++);
    }),
  );
  expect([...tally.failures.values()].join("\n\n")).toBe("");
  expect(tally.tooLong).toBeLessThanOrEqual(Math.max(10, tally.asked / 50));
}, 1_200_000);

/** Were everything left to ordinary execution, both ways would agree and nothing be tested. */
test("compiled reads answer generated queries with one statement", async () => {
  const sent = jest.spyOn(pg.Client.prototype, "query");
  const reads = () => (sent.mock.calls as unknown[][]).filter(([query]) => /^(select|with) (?!.*api_keys)/s.test(typeof query === "string" ? query : ((query as { text?: string }).text ?? ""))).length;
  const counts: number[] = [];
  for (let seed = SEED; counts.length < Math.min(QUERIES, 60); seed += 1) {
    const { dice, query } = thrown(seed);
    sent.mockClear();
    const { errors } = await district.as(dice.pick(ROLES)).raw(query.text, query.variables.assigned(false, false));
    if (!errors) counts.push(reads());
  }
  sent.mockRestore();
  // Now and then the service asks something for itself.
  expect(counts.filter((count) => count === 1).length / counts.length).toBeGreaterThan(0.9);
});

test("the generated queries were not vacuous", () => {
  // Few queries prove little, and a run that broke off proves nothing more than its failures.
  if (QUERIES < 200 || tally.failures.size > 0) return;
  expect(tally.bearing / tally.asked).toBeGreaterThan(0.5);
  expect(tally.refused / tally.asked).toBeGreaterThan(0.04);
  expect([...new Set(ROLES)].filter((role) => !tally.roles.has(role))).toEqual([]);
  expect(Object.keys(schema.getQueryType()!.getFields()).filter((root) => !tally.fields.has(`Query.${root}`))).toEqual([]);
  if (QUERIES < 5_000) return;
  expect([...tally.codes.keys()]).toEqual(expect.arrayContaining(["BAD_USER_INPUT", "CURSOR_MISMATCH", "INVALID_INPUT", "LIMIT_EXCEEDED", "PAGE_SIZE_REQUIRED"]));
  const shown = Object.values(schema.getTypeMap()).flatMap((type) => (isObjectType(type) && !type.name.startsWith("__") && type !== schema.getMutationType() ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : []));
  expect(shown.filter((field) => !tally.fields.has(field)).length).toBeLessThan(shown.length / 20);
});
