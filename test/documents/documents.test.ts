import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { Kind, parse, validate, type OperationDefinitionNode } from "graphql";
import { Dice } from "../../seeds/demo/story.js";
import { Costs } from "../../src/platform/graphql/cost.js";
import { checkDocument } from "../../src/platform/graphql/limits.js";
import { makeSchema } from "../../src/platform/graphql/schema.js";
import { actAs } from "../../src/platform/write/act.js";
import { newUuid } from "../../src/platform/write/identifier.js";
import { lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { disturbances, gapOracle } from "../support/gap-oracle.js";
import { populate } from "../support/population.js";
import { assessed, RiskStage } from "../support/risk-stage.js";

const FOLDER = "schema/documents";
const district = useDistrict();
const ids = readdirSync(FOLDER).filter((name) => name.endsWith(".graphql")).map((name) => name.replace(".graphql", ""));
const textOf = (id: string) => readFileSync(`${FOLDER}/${id}.graphql`, "utf8");

/** Values of the population for what differs from one database to another: instants and numbers given by the register. */
const own: Record<string, unknown> = {};
const variablesOf = (id: string, given: Record<string, unknown> = {}) => {
  const stated = JSON.parse(readFileSync(`${FOLDER}/${id}.variables.json`, "utf8")) as Record<string, unknown>;
  return { ...stated, ...Object.fromEntries(Object.entries(own).filter(([name]) => name in stated)), ...given };
};

interface Change {
  kind: string;
  code: string;
  fromLevel: string | null;
  toLevel: string | null;
  changedFields: string[];
  lastAction: string | null;
}

interface Balance extends Record<"opening" | "appeared" | "raisedIn" | "loweredIn" | "raisedOut" | "loweredOut" | "gone" | "closing", number> {
  level: string;
  balanced: boolean;
}

interface Version {
  id: string;
  code: string;
  version: number;
  level: string | null;
  town: string;
  content: Record<string, unknown>;
  action: string;
}

const LEVELS = ["MAJOR", "CONSIDERABLE", "MODERATE", "LOW"];
const KINDS = ["RAISED", "LOWERED", "APPEARED", "GONE", "CHANGED"];
let moments: string[];
let beforeDisturbance: { at: string; gaps: unknown };

const query = async (text: string, values: unknown[] = []) => (await district.database.engine.pool.query(text, values)).rows as Record<string, never>[];

/** A unit that does to rows what no action does: what imports, lapses and old systems leave behind. */
const disturb = (...statements: string[]) =>
  actAs(district.database.engine, { actor: { id: newUuid(), kind: "SYSTEM", name: "test", personId: null, grants: [] }, requestId: randomUUID() }, "test.disturb", async (unit) => {
    for (const statement of statements) await unit.query(statement, []);
  });

const mark = async () => {
  await pause(5);
  const at = new Date().toISOString();
  await pause(5);
  return at;
};

/** Concludes reviews by assessments that raise, lower or confirm; retires some. */
async function review(): Promise<void> {
  const office = district.as("office");
  const deed = async (mutation: string, id: string, version: number, input: Record<string, unknown>) => {
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!`;
    return (await office.raw(`mutation($k:String!,$id:ID!,$v:Int!,$i:${type}){${mutation}(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){version}}`, { k: district.key(), id, v: version, i: input })).data?.[mutation] as { version: number } | undefined;
  };
  const { risks } = await office.ask("{risks(first:100,filter:{status:{in:[IN_FORCE,REVIEWING]}},orderBy:[{field:CODE,direction:ASC}]){nodes{id version status currentLevel}}}");
  const values = [{ l: 10, e: 10, c: 40 }, { l: 6, e: 6, c: 3 }, { l: 3, e: 6, c: 15 }];
  const lowest = { l: 0.1, e: 0.5, c: 1 };
  for (const [index, risk] of (risks.nodes as { id: string; version: number; status: string; currentLevel: string }[]).entries()) {
    if (index % 6 === 5) await deed("riskRetire", risk.id, risk.version, { reason: "设备拆除" });
    else {
      const begun = risk.status === "REVIEWING" ? risk : await deed("riskStartReview", risk.id, risk.version, { trigger: "PERIODIC", reason: "定期复评" });
      // The fifth stays under review: a change without a change of level. Only from moderate may a level be lowered without a round.
      if (begun && index % 5 !== 4) await deed("riskConcludeReview", risk.id, begun.version, { current: { method: "LEC", inputs: risk.currentLevel === "MODERATE" ? lowest : values[index % 3] }, reason: "复评" });
    }
  }
}

beforeAll(async () => {
  ({ moments } = await populate(district, lane === "postgresql" ? 16 : 8));
  // A small population may have assessed all it identified: gaps need risks that wait.
  const stage = new RiskStage(district);
  for (const name of ["示例待评估甲", "示例待评估乙"]) await stage.do("riskIdentify", { input: { subject: district.sites[0], name, accidentType: "03" } });
  await review();
  moments.push(await mark());
  const [risk] = await query("select code from risks where status = 'IN_FORCE' order by code limit 1");
  Object.assign(own, { code: risk!["code"], from: moments.at(-3), to: moments.at(-1) });
  const at = await mark();
  beforeDisturbance = { at, gaps: (await district.as("auditor").ask("{gaps{kind code detail}}")).gaps };
  await disturb(...disturbances);
  moments.push(await mark());
}, 240_000);

describe.each(ids)("document %s", (id) => {
  const document = parse(textOf(id));

  test("is one operation, valid, within every limit", async () => {
    expect(document.definitions.map(({ kind }) => kind)).toEqual([Kind.OPERATION_DEFINITION]);
    const schema = await makeSchema();
    expect(validate(schema, document)).toEqual([]);
    checkDocument(document);
    new Costs(schema).check(document.definitions[0] as OperationDefinitionNode, new Map(), variablesOf(id));
  });

  test.each(["auditor", "sector", "street"])("is answered to %s, the same both ways", async (name) => {
    const compiled = await district.as(name).ask(textOf(id), variablesOf(id));
    expect(await district.as(name, "plain").ask(textOf(id), variablesOf(id))).toEqual(compiled);
  });
});

/** Every controlled risk as recorded at an instant, by id. */
async function recordedAt(at: string, town?: string): Promise<Map<string, Version>> {
  const rows = await query(
    `select v.id, v.code, v.version, v.current_level as level, v.town_id as town, v.content, (select action from change_events e where e.entity = 'risks' and e.entity_id = v.id and e.version = v.version) as action,
       v.status in ('IN_FORCE', 'REVIEWING') and v.current_level is not null as controlled
     from (select id, code, version, current_level, town_id, status, recorded_from, timestamptz 'infinity' as recorded_to, to_jsonb(r) as content from risks r
       union all select id, code, version, current_level, town_id, status, recorded_from, recorded_to, to_jsonb(h) from risks_history h) v
     where v.recorded_from <= $1 and v.recorded_to > $1 and ($2::uuid is null or v.town_id = $2)`,
    [at, town ?? null],
  );
  return new Map((rows as unknown as (Version & { controlled: boolean })[]).map((row) => [row.id, { ...row, level: row.controlled ? row.level : null }]));
}

const KEPT = ["id", "version", "recorded_from", "recorded_to", "standing_node", "created_at", "created_by", "updated_at", "updated_by", "county_code", "region_path", "town_id", "fid", "source_system", "external_id", "retire_reason", "retire_decision_id"];
const camel = (column: string) => column.replace(/_id$/, "").replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** What changed, told from whole rows by plain comparison. */
function changesBetween(opening: Map<string, Version>, closing: Map<string, Version>): Change[] {
  const changes: Change[] = [];
  for (const id of new Set([...opening.keys(), ...closing.keys()])) {
    const [was, is] = [opening.get(id), closing.get(id)];
    const [fromLevel, toLevel] = [was?.level ?? null, is?.level ?? null];
    if (!fromLevel && !toLevel) continue;
    const changedFields = was && is ? Object.keys(is.content).filter((column) => !KEPT.includes(column) && JSON.stringify(was.content[column]) !== JSON.stringify(is.content[column])).map(camel).toSorted() : [];
    const rise = fromLevel && toLevel ? LEVELS.indexOf(fromLevel) - LEVELS.indexOf(toLevel) : 0;
    const kind = !fromLevel ? "APPEARED" : !toLevel ? "GONE" : rise > 0 ? "RAISED" : rise < 0 ? "LOWERED" : "CHANGED";
    if (kind === "CHANGED" && changedFields.length === 0) continue;
    changes.push({ kind, code: (is ?? was)!.code, fromLevel, toLevel, changedFields, lastAction: is?.action ?? null });
  }
  const place = ({ kind, toLevel, code }: Change) => `${kind === "RAISED" && toLevel === "MAJOR" ? 0 : 1}${KINDS.indexOf(kind)}${code}`;
  return changes.toSorted((one, other) => (place(one) < place(other) ? -1 : 1));
}

const changesSeen = async (name: string, given: Record<string, unknown>) =>
  ((await district.as(name).ask(textOf("M-06"), variablesOf("M-06", given))).riskChanges as Change[]).map(({ kind, code, fromLevel, toLevel, changedFields, lastAction }) => ({ kind, code, fromLevel, toLevel, changedFields: changedFields.toSorted(), lastAction }));

describe("M-06, what became of risks", () => {
  test("is what the tables and their histories say, for every two moments", async () => {
    const met = new Set<string>();
    for (const [index, from] of moments.entries())
      for (const to of moments.slice(index)) {
        const expected = changesBetween(await recordedAt(from), await recordedAt(to));
        expected.forEach(({ kind }) => met.add(kind));
        expect(await changesSeen("auditor", { from, to })).toEqual(expected);
      }
    expect([...met].toSorted()).toEqual(KINDS.toSorted());
  });

  test("a town's regulator is told of the town", async () => {
    const town = district.regions["huixing"]!.split("_")[1]!;
    const [from, to] = [moments.at(-4)!, moments.at(-1)!];
    const expected = changesBetween(await recordedAt(from, town), await recordedAt(to, town));
    expect(expected.length).toBeGreaterThan(0);
    expect(await changesSeen("street", { from, to })).toEqual(expected);
    expect(await changesSeen("stranger", { from, to })).toEqual([]);
  });

  test("an opening after the closing is refused", async () => {
    expect(await district.as("auditor").refused(textOf("M-06"), variablesOf("M-06", { from: moments.at(-1), to: moments.at(0) }))).toMatchObject({ code: "INVALID_INPUT" });
  });
});

describe("U-11, the balance of risks", () => {
  const DYNAMICS = "level opening appeared raisedIn loweredIn raisedOut loweredOut gone closing balanced";
  const FLOWS = ["opening", "appeared", "raisedIn", "loweredIn", "raisedOut", "loweredOut", "gone", "closing"] as const;

  test("is what the tables and their histories say", async () => {
    const [from, to] = [moments.at(-4)!, moments.at(-2)!];
    const [opening, closing] = [await recordedAt(from), await recordedAt(to)];
    const moves = [...new Set([...opening.keys(), ...closing.keys()])].map((id) => [opening.get(id)?.level ?? null, closing.get(id)?.level ?? null] as const);
    const count = (holds: (was: string | null, is: string | null) => boolean) => moves.filter(([was, is]) => holds(was, is)).length;
    const rank = (level: string | null) => LEVELS.indexOf(level ?? "");
    const expected = LEVELS.map((level): Balance => ({
      level,
      opening: count((was) => was === level),
      appeared: count((was, is) => was === null && is === level),
      raisedIn: count((was, is) => was !== null && is === level && rank(was) > rank(is)),
      loweredIn: count((was, is) => was !== null && is === level && rank(was) < rank(is)),
      raisedOut: count((was, is) => was === level && is !== null && rank(was) > rank(is)),
      loweredOut: count((was, is) => was === level && is !== null && rank(was) < rank(is)),
      gone: count((was, is) => was === level && is === null),
      closing: count((_, is) => is === level),
      balanced: true,
    }));
    const answer = await district.as("auditor").ask(textOf("U-11"), { from, to });
    expect(answer.riskDynamics).toEqual(expected);
    const matrix = answer.riskMoves as { fromLevel: string | null; toLevel: string | null; count: number }[];
    for (const cell of matrix) expect(cell.count).toBe(count((was, is) => was === cell.fromLevel && is === cell.toLevel));
    expect(matrix.reduce((sum, cell) => sum + cell.count, 0)).toBe(count((was, is) => was !== null || is !== null));
  });

  test("every risk lowered from major rests on an expert round, and none is left out", async () => {
    const stage = new RiskStage(district);
    const from = await mark();
    // The regions have boundaries here: a risk comes into force inside its own.
    const risk = await stage.do("riskStartReview", { on: await stage.inForce("MAJOR", { location: { type: "Point", coordinates: [106.6, 29.68] } }), input: { trigger: "NEW_PROCESS", reason: "工艺变更" } });
    const decision = await stage.argued(risk, { decision: "LOWER", toLevel: "LOW" });
    await stage.do("riskConcludeReview", { on: risk, input: { ...assessed("LOW"), decision, reason: "专家同意" } });
    const to = await mark();
    const expected = await query("select r.code, c.to_level, o.code as round from risk_level_changes c join risks r on r.id = c.risk_id join risk_review_rounds o on o.id = c.round_id where c.from_level = 'MAJOR' and c.changed_at >= $1 and c.changed_at < $2", [from, to]);
    const { lowered } = await district.as("auditor").ask(textOf("U-11"), { from, to });
    expect(expected).toHaveLength(1);
    expect(lowered).toMatchObject({ totalCount: 1, nodes: expected.map((row) => ({ code: row["code"], levelChanges: { nodes: [{ toLevel: row["to_level"], decision: { decision: "LOWER" }, round: { code: row["round"], kind: "EXPERT_ARGUMENTATION" } }] } })) });
  });

  test("balances between any two instants, for the county and every town, and the towns add up to the county", async () => {
    const dice = new Dice(20_261_031);
    const [first, last] = [Date.parse(moments[1]!), Date.parse(moments.at(-1)!)];
    const some = () => (dice.chance(0.1) ? moments[0]! : new Date(dice.int(first, last)).toISOString());
    const text = `query($from:DateTime!,$to:DateTime!,$one:ID!,$two:ID!){county:riskDynamics(from:$from,to:$to){${DYNAMICS}} one:riskDynamics(from:$from,to:$to,filter:{within:$one}){${DYNAMICS}} two:riskDynamics(from:$from,to:$to,filter:{within:$two}){${DYNAMICS}}}`;
    let moved = 0;
    for (let pair = 0; pair < 30; pair += 1) {
      const [from, to] = [some(), some()].toSorted();
      const answer: Record<"county" | "one" | "two", Balance[]> = await district.as("auditor").ask(text, { from, to, one: district.regions["huixing"], two: district.regions["yuanyang"] });
      for (const balance of Object.values(answer).flat()) {
        expect(balance.balanced).toBe(true);
        expect(balance.opening + balance.appeared + balance.raisedIn + balance.loweredIn - balance.raisedOut - balance.loweredOut - balance.gone).toBe(balance.closing);
      }
      for (const [index, county] of answer.county.entries()) {
        moved += county.appeared + county.raisedIn + county.loweredIn + county.gone;
        // No risk of the population changes its town: else it would be gone from one and new in the other.
        for (const flow of FLOWS) expect(answer.one[index]![flow] + answer.two[index]![flow]).toBe(county[flow]);
      }
    }
    expect(moved).toBeGreaterThan(0);
  });
});

describe("gaps", () => {
  interface Row {
    kind: string;
    code: string;
    town: { code: string } | null;
  }
  const seen = async (name: string, args = "first:5000") => (await district.as(name).ask(`{gaps(${args}){kind code town{code}}}`)).gaps as Row[];

  test("are what the tables say, each kind by its own statement", async () => {
    const rows = await seen("auditor");
    for (const [kind, text] of Object.entries(gapOracle)) {
      const expected = (await query(text)).map((row) => String(row["code"])).toSorted();
      expect({ kind, codes: rows.filter((row) => row.kind === kind).map((row) => row.code).toSorted() }).toEqual({ kind, codes: expected });
      expect({ kind, some: expected.length > 0 }).toEqual({ kind, some: true });
    }
    expect(new Set(rows.map((row) => row.kind))).toEqual(new Set(Object.keys(gapOracle)));
  });

  test("are told by kind, place and number", async () => {
    const all = await seen("auditor");
    expect(await seen("auditor", "kinds:[REVIEW_OVERDUE,SUBJECT_WITHOUT_LEAD]")).toEqual(all.filter(({ kind }) => kind === "REVIEW_OVERDUE" || kind === "SUBJECT_WITHOUT_LEAD"));
    expect(await seen("auditor", "kinds:[]")).toEqual([]);
    expect(await seen("auditor", "first:3")).toEqual(all.slice(0, 3));
    const town = all.filter((row) => row.town?.code === "500112004000");
    expect(await seen("auditor", 'within:{code:{eq:"500112004000"}}')).toEqual(town);
    expect(await seen("auditor", 'within:{code:{eq:"500107000000"}}')).toEqual([]);
    expect(town.length).toBeGreaterThan(0);
    for (const first of [0, 5_001]) expect(await district.as("auditor").refused(`{gaps(first:${first}){code}}`)).toMatchObject({ code: "INVALID_INPUT", field: "first" });
  });

  test("outside one's scope are not told, nor counted among neighbours' points", async () => {
    const mine = (await seen("street")).filter(({ kind }) => kind !== "POINT_DOUBLED");
    expect(mine).toEqual((await seen("auditor")).filter(({ kind, town }) => kind !== "POINT_DOUBLED" && town?.code === "500112004000"));
    expect((await seen("auditor")).filter(({ kind }) => kind === "POINT_DOUBLED").length).toBeGreaterThan(0);
    // The two subjects at one point lie in two towns: either town sees only its own.
    expect((await seen("street")).filter(({ kind }) => kind === "POINT_DOUBLED")).toEqual([]);
    expect(await seen("stranger")).toEqual([]);
    expect(await seen("nobody")).toEqual([]);
  });

  test("as of an instant are what they were", async () => {
    const auditor = district.as("auditor");
    expect((await auditor.ask(`query @asOf(recorded:"${beforeDisturbance.at}"){gaps{kind code detail}}`)).gaps).toEqual(beforeDisturbance.gaps);
    expect((await auditor.ask("{gaps{kind code detail}}")).gaps).not.toEqual(beforeDisturbance.gaps);
  });

  test("M-09 lists the subjects without a lead, and where they are", async () => {
    const { gaps } = await district.as("auditor").ask(textOf("M-09"), variablesOf("M-09"));
    const expected = await query("select s.code, s.name, 'RegulatedSubject_' || s.id as object_id, t.code as town from subjects s join regions t on t.id = s.town_id where s.code = any($1) order by s.code", [(await query(gapOracle.SUBJECT_WITHOUT_LEAD)).map((row) => row["code"])]);
    expect((gaps as { code: string; name: string; objectId: string; town: { code: string } }[]).map(({ code, name, objectId, town }) => ({ code, name, object_id: objectId, town: town.code }))).toEqual(expected);
  });
});

test("I-05, M-04 and M-01 tell what the tables hold", async () => {
  const auditor = district.as("auditor");
  const { enterprises } = await auditor.ask(textOf("I-05"), variablesOf("I-05"));
  const [site] = enterprises.nodes[0].sites.nodes;
  const [told] = await query("select e.legal_name, s.code, (select count(*)::int from hidden_dangers h where h.subject_id = s.id and h.status not in ('REJECTED', 'CLOSED', 'VOIDED')) as open from enterprises e join subjects s on s.enterprise_id = e.id where e.uscc = $1", [variablesOf("I-05")["uscc"]]);
  expect([enterprises.nodes[0].legalName, site.code, site.hiddenDangers.totalCount]).toEqual([told!["legal_name"], told!["code"], told!["open"]]);
  const { risks } = await auditor.ask(textOf("M-04"), variablesOf("M-04"));
  const [risk] = await query("select r.name, r.current_level, (select count(*)::int from control_measures m where m.risk_id = r.id) as measures, p.name as person from risks r join people p on p.id = r.responsible_person_id where r.code = $1", [own["code"]]);
  expect([risks.nodes[0].name, risks.nodes[0].currentLevel, risks.nodes[0].measures.nodes.length, risks.nodes[0].responsiblePerson.name]).toEqual([risk!["name"], risk!["current_level"], risk!["measures"], risk!["person"]]);
  const map = await auditor.ask(textOf("M-01"), variablesOf("M-01"));
  const [points] = await query("select count(*)::int as points from risks where location && st_makeenvelope(106.5, 29.6, 106.75, 29.8, 4490)");
  expect(map.riskFeatures.features.length).toBe(points!["points"]);
  expect((map.riskCounts as { count: number }[]).reduce((sum, group) => sum + group.count, 0)).toBe(points!["points"]);
});

// Last, since it moves a risk from one town to the other.
test("a risk that left one's scope is gone, and nothing is told of what became of it there", async () => {
  const town = district.regions["huixing"]!.split("_")[1];
  const [risk] = await query("select id, code, name, current_level from risks where status = 'IN_FORCE' and town_id = $1 and exists (select 1 from control_measures m where m.risk_id = risks.id and m.effective) order by code limit 1", [town]);
  const from = await mark();
  await disturb(`update risks set region_id = '${district.regions["yuanyang"]!.split("_")[1]}', name = '别处的名称' where id = '${risk!["id"]}'`);
  const to = await mark();
  const text = "query($from:DateTime!,$to:DateTime!){riskChanges(from:$from,to:$to){kind code name fromLevel toLevel changedFields lastAction changedAt risk{code} town{code}}}";
  for (const way of ["compiled", "plain"] as const) {
    expect((await district.as("street", way).ask(text, { from, to })).riskChanges).toEqual([{ kind: "GONE", code: risk!["code"], name: risk!["name"], fromLevel: risk!["current_level"], toLevel: null, changedFields: [], lastAction: null, changedAt: null, risk: null, town: { code: "500112004000" } }]);
    expect((await district.as("auditor", way).ask(text, { from, to })).riskChanges).toMatchObject([{ kind: "CHANGED", code: risk!["code"], name: "别处的名称", changedFields: ["name", "region"], lastAction: "test.disturb", risk: { code: risk!["code"] } }]);
    expect((await district.as("neighbour", way).ask(text, { from, to })).riskChanges).toMatchObject([{ kind: "APPEARED", code: risk!["code"], fromLevel: null, changedFields: [], town: { code: "500112007000" } }]);
  }
});

test("a report of more rows than an answer holds is refused, not cut", async () => {
  const { engine } = district.database;
  await expect(engine.pool.query("select case when count(*) > 1 then too_many_rows(1) end from generate_series(1, 2)")).rejects.toMatchObject({ code: "54000" });
  expect((await engine.pool.query("select case when count(*) > 2 then too_many_rows(2) end as told from generate_series(1, 2)")).rows).toEqual([{ told: null }]);
});

describe("M-02, towns by colour", () => {
  interface Town extends Record<"major" | "considerable" | "moderate" | "low" | "total", number> {
    code: string;
    highest: string | null;
  }
  const seen = async (name: string) => {
    const { towns, district: whole } = await district.as(name).ask(textOf("M-02"), variablesOf("M-02"));
    const told = towns.features.map(({ properties: { code, highest, major, considerable, moderate, low, total } }: { properties: Town }) => ({ code, highest, major, considerable, moderate, low, total }));
    return { towns: told.toSorted((one: Town, other: Town) => (one.code < other.code ? -1 : 1)) as Town[], whole: whole[0] };
  };
  const tables = (town: string | null) =>
    query(
      // 就高 counts what is in effect: a running elevation raises its risk (INV-08).
      `with r as (select id, region_path, status, case (select min(array_position(array['MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW'], l)) from unnest(array[risks.current_level] || array(select to_level from temporary_risk_elevations e where e.risk_id = risks.id and e.valid_from <= now() and e.valid_to > now())) l)
         when 1 then 'MAJOR' when 2 then 'CONSIDERABLE' when 3 then 'MODERATE' when 4 then 'LOW' end as current_level from risks)
       select t.code, case when count(r.id) filter (where r.current_level = 'MAJOR') > 0 then 'MAJOR' when count(r.id) filter (where r.current_level = 'CONSIDERABLE') > 0 then 'CONSIDERABLE' when count(r.id) filter (where r.current_level = 'MODERATE') > 0 then 'MODERATE' when count(r.id) > 0 then 'LOW' end as highest,
         ${LEVELS.map((level) => `count(r.id) filter (where r.current_level = '${level}')::integer as ${level.toLowerCase()}`).join(", ")}, count(r.id)::integer as total
       from regions t left join r on r.region_path <@ t.path and r.status in ('IN_FORCE', 'REVIEWING') and r.current_level is not null and ($1::text is null or t.code = $1)
       where t.level = 'TOWN' and t.code like '500112%' group by t.code order by t.code`,
      [town],
    );

  test("is what the tables say, to each as far as they see", async () => {
    const all = await seen("auditor");
    expect(all.towns).toEqual(await tables(null));
    expect(all.whole).toMatchObject({ code: "500112000000", total: all.towns.reduce((sum, { total }) => sum + total, 0) });
    expect((await seen("street")).towns).toEqual(await tables("500112004000"));
    expect((await seen("nobody")).towns).toEqual(all.towns);
  });
});

describe("M-03, a position in GCJ-02", () => {
  test("comes back within a metre, and says what it is stored in", async () => {
    const [risk] = await query("select code, st_x(location) as lon, st_y(location) as lat from risks where location is not null and in_china(location) order by code limit 1");
    const { coordinateSystems, risks, sent } = await district.as("auditor").ask(textOf("M-03"), variablesOf("M-03", { code: risk!["code"] }));
    expect(coordinateSystems.filter(({ stored }: { stored: boolean }) => stored)).toMatchObject([{ crs: "EPSG4490", epsg: 4490, shifted: false, unit: "degree" }]);
    expect(sent).toMatchObject({ storedCrs: "EPSG4490", storedCrsName: "CGCS2000, EPSG:4490", inChina: true });
    const metres = async (one: unknown, other: unknown) => Number((await query("select st_distance(st_geomfromgeojson($1)::geography, st_geomfromgeojson($2)::geography) as metres", [JSON.stringify(one), JSON.stringify(other)]))[0]!["metres"]);
    const stored = { type: "Point", coordinates: [risk!["lon"], risk!["lat"]] };
    const [{ stored: told, gcj02 }] = risks.nodes;
    expect(await metres(told, stored)).toBeLessThan(0.02);
    const shifted = await metres(gcj02, stored);
    expect(shifted).toBeGreaterThan(300);
    expect(shifted).toBeLessThan(700);
    // Sent back as GCJ-02 it is the point again.
    const back = await district.as("auditor").ask(textOf("M-03"), variablesOf("M-03", { code: risk!["code"], gcj02 }));
    expect(await metres(back.sent.stored, stored)).toBeLessThan(0.01);
    expect(await metres(back.sent.gcj02, gcj02)).toBeLessThan(0.01);
  });
});
