import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, test } from "@jest/globals";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { assessed, RiskStage, type Made } from "../support/risk-stage.js";

const district = useDistrict();
const stage = new RiskStage(district);
const uuid = (id: string) => id.split("_")[1]!;
const UNTIL = "2098-02-17T00:00:00+08:00";
const BEFORE = "2098-02-16T23:59:59+08:00";
const STATE = "currentLevel effectiveLevel elevated effectiveColour levelColour";
const written = async () => (await district.database.engine.pool.query("select count(*)::int as n from change_events")).rows[0] as { n: number };

let grid: string;
beforeAll(async () => {
  grid = (await stage.do("gridRegister", { input: { region: district.regions["village"], code: "500112004001001", name: "示例网格", kind: "UNIT" } })).id;
  const site = (await district.as("office").ask("query($id:ID!){regulatedSubject(id:$id){id version}}", { id: district.sites[0] })).regulatedSubject as Made;
  await stage.do("subjectUpdate", { on: site, input: { grid } });
});

const risk = (id: string, at = "") => district.as("auditor").ask(`query($id:ID!)${at}{risk(id:$id){version ${STATE}}}`, { id });
const elevate = async (on: Made, toLevel: string, input: Record<string, unknown> = {}, kind = "IMMINENT_DISASTER") =>
  stage.do("riskElevate", { on, input: { decision: await stage.argued(on, { kind, decision: "ELEVATE", toLevel }), validTo: UNTIL, reason: "暴雨红色预警", ...input }, show: `${STATE} elevations(first:5){nodes{id version toLevel inForce round{kind}}}` });

test("an elevation holds from its beginning to its end and lapses without a write", async () => {
  const made = await stage.inForce("LOW");
  const elevated = await elevate(made, "CONSIDERABLE");
  expect(elevated).toMatchObject({ currentLevel: "LOW", effectiveLevel: "CONSIDERABLE", elevated: true, effectiveColour: "#F59A23", levelColour: "#1E6FFF", elevations: { nodes: [{ toLevel: "CONSIDERABLE", inForce: true, round: { kind: "IMMINENT_DISASTER" } }] } });
  const before = await written();
  for (const way of ["compiled", "plain"] as const) {
    const at = async (instant: string) => (await district.as("auditor", way).ask(`query($id:ID!)@asOf(effective:"${instant}"){risk(id:$id){version ${STATE}}}`, { id: made.id })).risk;
    expect(await at(BEFORE)).toMatchObject({ effectiveLevel: "CONSIDERABLE", elevated: true });
    expect(await at(UNTIL)).toMatchObject({ effectiveLevel: "LOW", elevated: false, version: (await at(BEFORE)).version });
  }
  expect(await written()).toEqual(before);
});

test("what was known then says what stood then", async () => {
  const made = await stage.inForce("LOW");
  await pause(5);
  const unknown = new Date().toISOString();
  await pause(5);
  const elevated = await elevate(made, "MAJOR");
  await pause(5);
  const known = new Date().toISOString();
  await pause(5);
  await stage.do("temporaryRiskElevationEnd", { on: elevated.elevations.nodes[0], input: { reason: "预警解除" } });
  const at = async (recorded: string) => (await risk(made.id, `@asOf(recorded:"${recorded}")`)).risk;
  expect(await at(unknown)).toMatchObject({ elevated: false, effectiveLevel: "LOW" });
  expect(await at(known)).toMatchObject({ elevated: true, effectiveLevel: "MAJOR" });
  expect((await risk(made.id)).risk).toMatchObject({ elevated: false, effectiveLevel: "LOW" });
  // Asked now of then, by what is known now; asked then of later, by what was known then.
  expect((await risk(made.id, `@asOf(effective:"${known}")`)).risk).toMatchObject({ elevated: true });
  expect((await risk(made.id, `@asOf(recorded:"${known}",effective:"${BEFORE}")`)).risk).toMatchObject({ elevated: true });
  expect((await risk(made.id, `@asOf(effective:"${BEFORE}")`)).risk).toMatchObject({ elevated: false });
});

test("it needs the decision of a round of an event, a key date or a disaster, above the level, once", async () => {
  const made = await stage.inForce("MODERATE");
  const input = { validTo: UNTIL, reason: "节点" };
  const decision = await stage.argued(made, { kind: "KEY_DATE", decision: "ELEVATE", toLevel: "CONSIDERABLE" });
  const expert = await stage.argued(made, { kind: "EXPERT_ARGUMENTATION", decision: "ELEVATE", toLevel: "CONSIDERABLE" });
  const other = await stage.inForce("LOW");
  expect(await stage.refused("riskElevate", { on: made, input: { ...input, decision: expert } })).toMatchObject({ code: "RULE_VIOLATED", rule: "elevation_needs_a_round" });
  expect(await stage.refused("riskElevate", { on: other, input: { ...input, decision } })).toMatchObject({ code: "INVALID_INPUT", field: "input.decision" });
  expect(await stage.refused("riskElevate", { on: made, input: { ...input, decision, validFrom: "2020-01-01T00:00:00+08:00" } })).toMatchObject({ field: "input.validFrom" });
  expect(await stage.refused("riskElevate", { by: "neighbour", on: made, input: { ...input, decision } })).toMatchObject({ code: "NOT_FOUND" });
  expect(await stage.refused("riskElevate", { by: "enterprise", on: made, input: { ...input, decision } })).toMatchObject({ code: "FORBIDDEN" });
  await stage.do("riskElevate", { on: made, input: { ...input, decision, validTo: "2098-01-01T00:00:00+08:00" } });
  // A second beside it, or on the same decision, is refused; a new round's may follow it.
  const event = await stage.argued(made, { kind: "MAJOR_EVENT", decision: "ELEVATE", toLevel: "MAJOR" });
  const extend = (validFrom: string) => ({ on: made, input: { ...input, decision: event, validFrom } });
  expect(await stage.refused("riskElevate", extend("2097-12-31T23:59:59+08:00"))).toMatchObject({ code: "RULE_VIOLATED", rule: "one_elevation_at_a_time" });
  expect(await stage.refused("riskElevate", { on: made, input: { ...input, decision, validFrom: "2098-01-01T00:00:00+08:00" } })).toMatchObject({ code: "DUPLICATE", rule: "elevation_by_decision" });
  await stage.do("riskElevate", extend("2098-01-01T00:00:00+08:00"));
  const at = async (instant: string) => (await risk(made.id, `@asOf(effective:"${instant}")`)).risk.effectiveLevel as string;
  expect([await at("2097-12-31T23:59:59+08:00"), await at("2098-01-01T00:00:00+08:00"), await at(UNTIL)]).toEqual(["CONSIDERABLE", "MAJOR", "MODERATE"]);

  const plainly = (text: string) => inUnit(district.database.engine, async (client) => void (await client.query(text, [uuid(made.id)])));
  const insert = (decided: string, from: string) => `insert into temporary_risk_elevations (id, risk_id, to_level, valid_from, valid_to, round_id, decision_id, reason) select gen_random_uuid(), $1, to_level, '${from}', '2099-01-01', round_id, id, 'x' from review_round_decisions where id = '${uuid(decided)}'`;
  await expect(plainly(insert(expert, "2098-06-01"))).rejects.toMatchObject({ constraint: "elevation_needs_a_round" });
  const lower = await stage.argued(made, { kind: "KEY_DATE", decision: "ELEVATE", toLevel: "MAJOR" });
  await expect(plainly(insert(lower, "2098-02-01"))).rejects.toMatchObject({ constraint: "one_elevation_at_a_time" });
  await expect(plainly("update temporary_risk_elevations set valid_to = '2099-01-01', end_reason = 'x' where risk_id = $1")).rejects.toMatchObject({ constraint: "elevation_only_ends" });
  await expect(plainly("update temporary_risk_elevations set valid_to = valid_to - interval '1 day' where risk_id = $1")).rejects.toMatchObject({ constraint: "elevation_only_ends" });
  await expect(plainly(`with decided as (select $1::uuid) update review_round_decisions set reason = 'x' where id = '${uuid(decision)}'`)).rejects.toMatchObject({ constraint: "review_round_is_open" });
});

test("a risk not controlled is not elevated, nor one to the level it has", async () => {
  const raise = async (on: Made, toLevel: string, kind = "KEY_DATE") => stage.refused("riskElevate", { on, input: { decision: await stage.argued(on, { kind, decision: "ELEVATE", toLevel }), validTo: UNTIL, reason: "节点" } });
  expect(await raise(await stage.assessedRisk("LOW"), "MAJOR")).toMatchObject({ code: "INVALID_TRANSITION" });
  const made = await stage.inForce("LOW");
  const decision = await stage.argued(made, { kind: "KEY_DATE", decision: "ELEVATE", toLevel: "MODERATE" });
  const reviewed = await stage.do("riskConcludeReview", { on: await stage.do("riskStartReview", { on: made, input: { trigger: "ROUND", reason: "x" } }), input: { ...assessed("CONSIDERABLE"), reason: "升级" } });
  expect(await stage.refused("riskElevate", { on: reviewed, input: { decision, validTo: UNTIL, reason: "节点" } })).toMatchObject({ rule: "elevation_raises" });
});

test("lists, counts, subject, grid and every region above tell the level in effect, and no other place does", async () => {
  const site = district.sites[1]!;
  const here = await stage.inForce("LOW", { subject: site });
  const CARRIERS = `query($site:ID!,$huixing:ID!,$yuanyang:ID!,$yubei:ID!,$city:ID!,$village:ID!,$other:ID!,$grid:ID!)AT{site:regulatedSubject(id:$site){overallLevel} town:region(id:$yuanyang){overallLevel} county:region(id:$yubei){overallLevel} city:region(id:$city){overallLevel} village:region(id:$village){overallLevel} huixing:region(id:$huixing){overallLevel} other:region(id:$other){overallLevel} grid(id:$grid){overallLevel}}`;
  const carriers = async (at = "") => {
    const { regions } = district;
    const ids = { site, grid, huixing: regions["huixing"], yuanyang: regions["yuanyang"], yubei: regions["yubei"], city: regions["city"], village: regions["village"], other: regions["jiulongpo"] };
    const [compiled, plain] = await Promise.all((["compiled", "plain"] as const).map((way) => district.as("auditor", way).ask(CARRIERS.replace("AT", at), ids)));
    expect(plain).toEqual(compiled);
    return Object.fromEntries(Object.entries(compiled as Record<string, { overallLevel: string } | null>).map(([name, value]) => [name, value?.overallLevel ?? null]));
  };
  const highest = async (where: string) => (await district.database.engine.pool.query(`select (array['MAJOR','CONSIDERABLE','MODERATE','LOW'])[min(least(level_rank(r.current_level), (select min(level_rank(e.to_level)) from temporary_risk_elevations e where e.risk_id = r.id and tstzrange(e.valid_from, e.valid_to) @> now())))] as level from risks r join subjects s on s.id = r.subject_id where r.status in ('IN_FORCE', 'REVIEWING') and ${where}`)).rows[0] as { level: string | null };
  expect(await carriers()).toMatchObject({ site: "LOW", town: "LOW", other: null });
  await pause(5);
  const before = new Date().toISOString();
  await pause(5);
  await elevate(here, "MAJOR", { validTo: "2097-01-01T00:00:00+08:00" }, "MAJOR_EVENT");
  const told = await carriers();
  expect(told).toMatchObject({ site: "MAJOR", town: "MAJOR", county: "MAJOR", city: "MAJOR", other: null });
  // The colour of a region is for the public too; of what makes it, nothing is.
  expect(await district.as("nobody").ask("query($id:ID!,$risk:ID!){region(id:$id){overallLevel risks(first:1){nodes{id}}} risk(id:$risk){id}}", { id: district.regions["yuanyang"], risk: here.id })).toEqual({ region: { overallLevel: "MAJOR", risks: { nodes: [] } }, risk: null });
  expect([told["huixing"], told["village"], told["grid"]]).toEqual(await Promise.all([`r.town_id = '${uuid(district.regions["huixing"]!)}'`, `r.region_id = '${uuid(district.regions["village"]!)}'`, `s.grid_id = '${uuid(grid)}'`].map(async (where) => (await highest(where)).level)));
  expect(await carriers(`@asOf(recorded:"${before}")`)).toMatchObject({ site: "LOW", town: "LOW", other: null });
  // Lapsed: as before, and nothing of the town's neighbour has changed.
  expect(await carriers('@asOf(effective:"2097-01-01T00:00:00+08:00")')).toMatchObject({ site: "LOW", town: "LOW" });
  const office = district.as("office");
  const { risks, riskCounts, regions } = await office.ask(`query($within:ID!){risks(first:9,filter:{elevated:{eq:true},effectiveLevel:{eq:MAJOR},within:$within}){nodes{id}} riskCounts(by:[EFFECTIVE_LEVEL,ELEVATED],filter:{within:$within}){count effectiveLevel elevated} regions(first:9,filter:{overallLevel:{eq:MAJOR},level:{eq:TOWN}}){nodes{code}}}`, { within: district.regions["yuanyang"] });
  expect(risks.nodes).toEqual([{ id: here.id }]);
  expect(riskCounts).toEqual([{ count: 1, effectiveLevel: "MAJOR", elevated: true }]);
  expect(regions.nodes).toContainEqual({ code: "500112007000" });
  // A map cut short keeps what is highest now.
  await stage.inForce("CONSIDERABLE", { subject: site });
  const first = async (at = "") => (await office.ask(`query($within:ID!)${at}{riskFeatures(first:1,filter:{within:$within})}`, { within: district.regions["yuanyang"] })).riskFeatures;
  expect(await first()).toMatchObject({ truncated: true, features: [{ id: here.id, properties: { currentLevel: "LOW", effectiveLevel: "MAJOR", elevated: true } }] });
  expect(await first('@asOf(effective:"2097-01-01T00:00:00+08:00")')).toMatchObject({ features: [{ properties: { effectiveLevel: "CONSIDERABLE", elevated: false } }] });
  // Controlled no longer, it counts no longer, elevated or not.
  await stage.do("riskRetire", { on: (await office.ask("query($id:ID!){risk(id:$id){id version}}", { id: here.id })).risk, input: { reason: "拆除" } });
  expect(await carriers()).toMatchObject({ site: "CONSIDERABLE", town: "CONSIDERABLE" });
});

test("the public is told no village's colour: by no value, no condition, at no instant", async () => {
  await stage.inForce("CONSIDERABLE");
  const at = new Date().toISOString();
  const { village, huixing } = district.regions;
  const query = (asOf: string) => `query($village:ID!,$huixing:ID!)${asOf}{
    village:region(id:$village){overallLevel} town:region(id:$huixing){overallLevel}
    told:regions(first:9,filter:{level:{eq:VILLAGE},overallLevel:{isNull:false}}){totalCount nodes{code}}
    not:regions(first:9,filter:{level:{eq:VILLAGE},not:{overallLevel:{eq:null}}}){totalCount}
    either:regions(first:9,filter:{level:{eq:VILLAGE},or:[{overallLevel:{in:[MAJOR,CONSIDERABLE]}},{overallLevel:{notIn:[MODERATE,LOW]},not:{overallLevel:{isNull:true}}}]}){totalCount}
    around:regions(first:9,filter:{code:{startsWith:"500112004"},parent:{overallLevel:{isNull:false}}}){nodes{code overallLevel}}}`;
  for (const asOf of ["", `@asOf(recorded:"${at}")`])
    for (const way of ["compiled", "plain"] as const) {
      const knows = await district.as("office", way).ask(query(asOf), { village, huixing });
      expect([knows.village.overallLevel !== null, knows.told.totalCount, knows.not.totalCount, knows.either.totalCount > 0]).toEqual([true, 1, 1, true]);
      for (const who of ["nobody", "system_admin"]) {
        const told = await district.as(who, way).ask(query(asOf), { village, huixing });
        expect([told.village.overallLevel, told.told, told.not.totalCount, told.either.totalCount]).toEqual([null, { totalCount: 0, nodes: [] }, 0, 0]);
        expect(told.town.overallLevel).toBe(knows.town.overallLevel);
        expect(told.around.nodes.filter(({ code }: { code: string }) => code === "500112004001")).toEqual([{ code: "500112004001", overallLevel: null }]);
      }
    }
  expect(await district.as("nobody").refused("{regionRiskMap(level:VILLAGE){code highest}}")).toMatchObject({ code: "FORBIDDEN" });
});
