import pg from "pg";
import { Meter } from "./cpu.js";
import { conditionsOf, prepareDatabase } from "./database.js";
import { PAGE, type Inputs } from "./inputs.js";
import { list, nested, versions } from "./lists.js";
import { counts, features } from "./maps.js";
import { Measurer, type Round } from "./measure.js";
import type { Options } from "./options.js";
import { graphql, type Ask, type Question } from "./question.js";
import { cost, head, median, milliseconds, ratio, table } from "./report.js";
import { say } from "./say.js";
import { fetchData, startThis } from "./servers.js";
import { difference, pick, rows, tidy } from "./shape.js";

/** Instants of the past by the share of the versions recorded by then, and the name they are shown under. */
const INSTANTS = [
  { zh: "早", en: "early", share: 0.15 },
  { zh: "中", en: "middle", share: 0.5 },
  { zh: "近", en: "recent", share: 0.999 },
] as const;

interface Asked {
  id: string;
  zh: string;
  en: string;
  asks: readonly Ask[];
  begins: string;
}

const own = ({ id, zh, en, asks, begins }: Question): Asked => ({ id, zh, en, asks: asks.this, begins: begins.this });

/** The benchmark's lists, nested objects, single object and counts, and what is asked of them in one town, by one level, in number. */
function questions(inputs: Inputs): Asked[] {
  const county = `Region_${inputs.county.region}`;
  const towns = inputs.towns.map((town) => ({ place: `Region_${town}` }));
  const counted = (selection: string) => `query Counted($place: ID!) { riskCounts(by: [CURRENT_LEVEL, STATUS], filter: { within: $place${selection} }) { count currentLevel status } }`;
  // A town may have had none yet.
  const begins = '{"data":{"riskCounts":[';
  return [
    own(list(inputs)),
    own(nested(inputs)),
    own(versions(inputs)),
    { id: "Q3one", zh: "一条风险及其监管对象、措施、评估", en: "one risk by id with subject, measures, assessments", begins: '{"data":{"risk":{', asks: inputs.risks.map((id) => graphql("query One($id: ID!) { risk(id: $id) { code name currentLevel status updatedAt subject { name region { name } } measures(first: 5) { nodes { kind description } } assessments(first: 5) { nodes { score computedLevel } } } }", { id: `Risk_${id}` })) },
    own(counts(inputs)),
    { id: "Q4town", zh: "统计:一街镇按等级与状态", en: "counts of a town by level and state", begins, asks: towns.map((place) => graphql(counted(""), place)) },
    { id: "Q4level", zh: "统计:全区一个等级按状态", en: "counts of a county, one level only, by state", begins, asks: ["MODERATE", "LOW"].map((level) => graphql(counted(`, currentLevel: { eq: ${level} }`), { place: county })) },
    { id: "Q1total", zh: "清单与总数:一街镇", en: "list of a town with its total", begins: '{"data":{"risks":{', asks: towns.map((place) => graphql(`query Total($place: ID!) { risks(first: ${PAGE}, filter: { within: $place }) { totalCount nodes { id code name currentLevel } } }`, place)) },
    { id: "Q1some", zh: "清单:一街镇有失效措施的", en: "list of a town, those with a measure not effective", begins: '{"data":{"risks":{', asks: towns.map((place) => graphql(`query Some($place: ID!) { risks(first: ${PAGE}, filter: { within: $place, measures: { some: { effective: { eq: false } } } }) { nodes { id code name currentLevel } } }`, place)) },
    own(features(inputs)),
  ];
}

/** The same question as of an instant, on both clocks or on that of what was in force alone. */
const asOf = (question: Asked, at: string, clocks: readonly ("recorded" | "effective")[] = ["recorded", "effective"]): Asked => ({
  ...question,
  asks: question.asks.map((ask) => {
    const { query, variables } = JSON.parse(ask.body) as { query: string; variables: Record<string, unknown> };
    return { ...ask, body: JSON.stringify({ query: query.replace(/^query \w+\([^)]*\)/, (opening) => `${opening} @asOf(${clocks.map((clock) => `${clock}: "${at}"`).join(", ")})`), variables }) };
  }),
});

interface Past {
  /** The last instant anything of the questions was recorded at. */
  last: string;
  instants: readonly (typeof INSTANTS[number] & { at: string; standing: number })[];
  /** Risks that stood at the first of the instants, with a long past. */
  risks: readonly string[];
}

async function pastOf(url: string, county: string): Promise<Past> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: found } = await client.query(
      "select to_json(at) #>> '{}' as at from unnest((select percentile_disc($1::float8[]) within group (order by recorded_from) from risks_history where county_code = $2)) at order by at",
      [INSTANTS.map(({ share }) => share), county],
    );
    const standing = async (at: string) => {
      const { rows: [row] } = await client.query("select (select count(*) from risks where county_code = $2 and recorded_from <= $1)::int + (select count(*) from risks_history where county_code = $2 and recorded_from <= $1 and recorded_to > $1)::int as count", [at, county]);
      return (row as { count: number }).count;
    };
    const instants = [];
    for (const [index, instant] of INSTANTS.entries()) {
      const { at } = found[index] as { at: string };
      instants.push({ ...instant, at, standing: await standing(at) });
    }
    const { rows: early } = await client.query("select r.id from risks r where r.county_code = $2 and r.created_at <= $1 order by r.version desc, md5(r.id::text) limit 200", [instants[0]!.at, county]);
    const { rows: [newest] } = await client.query("select to_json(max(at)) #>> '{}' as at from change_events");
    return { last: (newest as { at: string }).at, instants, risks: (early as { id: string }[]).map(({ id }) => id) };
  } finally {
    await client.end();
  }
}

/** Asks the service alone, one request at a time: live and as of three instants in turn. A past that is not exact fails the run. */
export async function asOfInstants(url: string, { rounds, seconds, questions: chosen }: Options): Promise<{ text: string; figures: unknown }> {
  say("正在准备数据库", "preparing the database");
  const prepared = await prepareDatabase(url);
  const conditions = await conditionsOf(url);
  const past = await pastOf(url, prepared.inputs.county.code);
  const meter = await new Meter(url).open();
  try {
    const running = await startThis(url, prepared.dataDir, prepared.caller.key);
    const fetch = (ask: Ask) => fetchData(running, ask);
    const measurer = new Measurer(meter);
    const lines: string[][] = [];
    const figures: Record<string, Record<string, Round[]>> = {};
    for (const question of questions({ ...prepared.inputs, risks: past.risks }).filter(({ id }) => chosen.some((name) => id.startsWith(name)))) {
      await exact(question, past, fetch);
      const ways = [{ name: "live", question }, ...past.instants.map(({ en, at }) => ({ name: en, question: asOf(question, at) }))];
      const found = new Map<string, Round[]>(ways.map(({ name }) => [name, []]));
      for (let round = -1; round < rounds; round += 1)
        for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
          const { id, zh, en, asks, begins } = way.question;
          const load = { id, zh, en, asks: { limit: [], this: asks, postgraphile: [] }, answer: {} as never, begins: { limit: "", this: begins, postgraphile: "" } };
          const one = await measurer.round(running, load, { connections: 1, lead: round < 0 ? 0 : 0.5, seconds: round < 0 ? Math.min(1, seconds) : seconds });
          if (round >= 0) found.get(way.name)!.push(one);
        }
      const live = found.get("live")!;
      const shown = (name: string) => {
        const these = found.get(name)!;
        const relative = (value: (round: Round) => number) => (name === "live" ? "" : ` (×${ratio(these, live, value).toFixed(2)})`);
        return `${milliseconds(median(these.map((round) => round.p50)))}${relative((round) => round.p50)}; ${milliseconds(median(these.map(cost)))}${relative(cost)}; ${median(these.map((round) => round.kilobytes)).toFixed(1)}`.replaceAll("NaN", "?");
      };
      lines.push([`${question.id} ${question.zh} / ${question.en}`, ...ways.map(({ name }) => shown(name))]);
      figures[question.id] = Object.fromEntries(found);
      say(`${question.id}: ${lines.at(-1)!.slice(1).join(" | ")}`, "done");
    }
    const all = [
      ...conditions.machine,
      conditions.data,
      ...past.instants.map(({ zh, en, at, standing }) => `${zh} / ${en}: ${at},当时在册 ${standing} 条 / risks standing then`),
      `${rounds} 轮 × ${seconds} 秒,交错进行,取中位数 / rounds of ${seconds} s in turn, medians`,
    ];
    const text = [
      head(all),
      "### 回看的代价 / what the past costs",
      "单连接的中位时延(毫秒);每次请求的处理器时间(Node + PostgreSQL,毫秒);答案大小(KB);括号内为与现在之比,逐轮计算 / median latency at one connection (ms); processor time of a request (Node + PostgreSQL, ms); size of the answer (KB); in brackets relative to live, round by round:",
      table(["", "现在 / live", ...past.instants.map(({ zh, en }) => `${zh} / ${en}`)], lines),
    ].join("\n\n");
    return { text, figures: { conditions: all, questions: figures } };
  } finally {
    await meter.close();
    await prepared.close();
  }
}

/** As of the last instant the answer is today's, word for word; as of the others counts are those of the rows that stood. */
async function exact(question: Asked, { last, instants }: Past, fetch: (ask: Ask) => Promise<unknown>): Promise<void> {
  const tell = (what: string) => new Error(`${question.id}: 回看不准确 / the past is not exact: ${what}`);
  const [then, now] = [asOf(question, last), asOf(question, last, ["effective"])];
  for (const [index, ask] of then.asks.slice(0, 8).entries()) {
    const [one, other] = [tidy(withoutCursors(await fetch(ask))), tidy(withoutCursors(await fetch(now.asks[index]!)))];
    const found = difference(other, one);
    if (found) throw tell(`${ask.body.slice(0, 300)} ${found}`);
  }
  if (question.id !== "Q4") return;
  for (const { at, standing } of instants) {
    const counted = rows(await fetch(asOf(question, at).asks[0]!), "riskCounts").reduce<number>((sum, group) => sum + Number(pick(group, "count")), 0);
    if (counted !== standing) throw tell(`${at}: ${counted} ≠ ${standing}`);
  }
}

/** A cursor carries the instant it was given at. */
const withoutCursors = (value: unknown): unknown => JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key === "endCursor" ? null : inner)));
