import { expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import type { Actor } from "../../src/platform/actor.js";
import { importRows } from "../../src/imports/import.service.js";
import type { MappedRow } from "../../src/imports/row.js";
import { actAs } from "../../src/platform/write/act.js";
import { deedsIn, uuidOf, type Acted } from "../support/deeds.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const { done, refused, held, rows } = deedsIn(district);
const by = "enterprise";
// The lists are the whole tree's: no district's office changes them.
const nation = "headquarters";
const CODES = "accidentType accidentTypeEdition accidentTypeName hazardFactor hazardFactorName disasterTypeName sectorName quality";
const about = (more: Record<string, unknown>) => ({ by, input: { subject: district.sites[0], name: "示例风险", ...more }, read: CODES });
const list = async (code: string, edition: string) => (await district.as("office").ask("query($c:String!,$e:String!){codeLists(first:1,filter:{code:{eq:$c},edition:{eq:$e}}){nodes{id version validFrom defaultFrom provisional}}}", { c: code, e: edition })).codeLists.nodes[0] as Acted;
const item = async (listId: string, code: string) => (await district.as("office").ask("query($l:ID!,$c:String!){codeItems(first:1,filter:{list:{id:{eq:$l}},code:{eq:$c}}){nodes{id version nameZh mappedTo(first:9){nodes{note to{code nameZh list{edition}}}}}}}", { l: listId, c: code })).codeItems.nodes[0] as Acted;

test("codes are named by the list of their day, and a lower layer by the layer the list holds", async () => {
  expect(await done("riskIdentify", about({ accidentType: "19", hazardFactor: "210801", disasterType: "06" }))).toMatchObject({ accidentType: "19", accidentTypeEdition: "1986", accidentTypeName: "中毒和窒息", hazardFactor: "210801", hazardFactorName: "物理性", disasterTypeName: "山洪", sectorName: "工贸", quality: [] });
});

test("a code no list of the day holds is refused, naming list, edition and code", async () => {
  expect(await refused("riskIdentify", about({ accidentType: "21" }))).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_24_code_valid", list: "accidentType", edition: "1986", stated: "21" });
  for (const [given, facts] of [
    [{ accidentType: "3" }, { list: "accidentType", edition: "1986" }],
    [{ accidentType: "03", accidentTypeEdition: "1999" }, { list: "accidentType", edition: "1999" }],
    [{ hazardFactor: "57" }, { list: "hazardFactor", edition: "2022" }],
    [{ hazardFactor: "2199999" }, { list: "hazardFactor" }],
    [{ hazardFactor: "21a" }, { list: "hazardFactor" }],
    [{ disasterType: "17" }, { list: "disasterType", edition: "2026" }],
    [{ sector: "INDUSTRY" }, { list: "sector", edition: "2026" }],
  ] as const)
    expect(await refused("riskIdentify", { ...about(given), by: "office" })).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_24_code_valid", stated: Object.values(given)[0], ...facts });
  expect(await refused("subjectRegister", { input: { region: district.regions["huixing"], kind: "ENTERPRISE_SITE", name: "示例", sector: "工贸" } })).toMatchObject({ rule: "inv_24_code_valid", list: "sector", stated: "工贸" });
  expect(await refused("hiddenDangerRegister", { input: { subject: district.sites[0], title: "示例", discoverySource: "SELF_CHECK", grade: "GENERAL", sector: "X" } })).toMatchObject({ rule: "inv_24_code_valid", list: "sector", stated: "X" });
  await held("inv_24_code_valid", "update risks set accident_type = '99'");
});

test("two editions of GB 6441 stand side by side: 1986 is meant until the switch date, which is data; 2025 is marked provisional and maps one to many", async () => {
  const [old, fresh] = [await list("accidentType", "1986"), await list("accidentType", "2025")];
  expect(fresh).toMatchObject({ provisional: true, defaultFrom: "2027-01-01", validFrom: "2026-07-01" });
  const mapped = (await item(old.id, "18"))["mappedTo"] as { nodes: { to: { code: string; nameZh: string } }[] };
  expect(mapped.nodes.length).toBeGreaterThan(3);
  expect(mapped.nodes.map(({ to }) => to)).toContainEqual({ code: "P-DUST-EXPLOSION", nameZh: "粉尘爆炸", list: { edition: "2025" } });
  // No code of ours looks like one of the standard's.
  expect(await rows("select i.code from code_items i join code_lists l on l.id = i.code_list_id where l.edition = '2025' and l.code = 'accidentType' and i.code !~ '^P-[A-Z-]+$'")).toEqual([]);

  const [{ now }] = (await rows("select (now() at time zone 'Asia/Shanghai')::date::text as now")) as [{ now: string }];
  const opened = await done("codeListRevise", { by: nation, on: fresh, input: { validFrom: "2026-01-01" } });
  const named = await done("riskIdentify", about({ accidentType: "P-DUST-EXPLOSION", accidentTypeEdition: "2025" }));
  expect(named).toMatchObject({ accidentTypeEdition: "2025", accidentTypeName: "粉尘爆炸" });
  expect(await refused("riskIdentify", about({ accidentType: "P-DUST-EXPLOSION" }))).toMatchObject({ rule: "inv_24_code_valid", edition: "1986" });
  const before = new Date().toISOString();
  const switched = await done("codeListRevise", { by: nation, on: opened, input: { defaultFrom: now } });
  expect(await done("riskIdentify", about({ accidentType: "P-LIFTING" }))).toMatchObject({ accidentTypeEdition: "2025", accidentTypeName: "起重致害" });
  expect(await refused("riskIdentify", about({ accidentType: "03" }))).toMatchObject({ rule: "inv_24_code_valid", edition: "2025" });
  expect(await done("riskIdentify", about({ accidentType: "03", accidentTypeEdition: "1986" }))).toMatchObject({ accidentTypeName: "机械伤害" });
  // What stood stays what it meant, and is never turned into the other edition by itself.
  expect(await rows("select count(*)::int as n from risks where accident_type_edition = '1986' and accident_type = '19'")).toEqual([{ n: 1 }]);
  // The list obeys as-of like everything else.
  const then = `query @asOf(recorded:"${before}"){codeLists(first:5,filter:{code:{eq:"accidentType"}},orderBy:[{field:CODE,direction:ASC}]){nodes{edition defaultFrom}}}`;
  for (const way of ["compiled", "plain"] as const) expect((await district.as("auditor", way).ask(then)).codeLists.nodes).toContainEqual({ edition: "2025", defaultFrom: "2027-01-01" });
  await done("codeListRevise", { by: nation, on: switched, input: { defaultFrom: "2027-01-01" } });
});

test("an item has a validity of its own, judged on the day of registration", async () => {
  const disasters = await list("disasterType", "2026");
  const drought = await item(disasters.id, "09");
  const held09 = await done("riskIdentify", about({ disasterType: "09" }));
  await done("codeItemRevise", { by: nation, on: drought, input: { validTo: "2020-01-01" } });
  expect(await refused("riskIdentify", about({ disasterType: "09" }))).toMatchObject({ rule: "inv_24_code_valid", list: "disasterType", stated: "09" });
  // A row that stands is judged anew only when its codes are touched.
  expect(await done("riskUpdate", { by, on: held09, input: { consequence: "示例后果" } })).toMatchObject({ version: 2 });
  const added = await done("codeItemAdd", { by: nation, input: { list: disasters.id, code: "30", nameZh: "示例灾种" } });
  expect(await done("riskIdentify", about({ disasterType: "30" }))).toMatchObject({ disasterTypeName: "示例灾种" });
  expect(await refused("codeItemMap", { by: nation, on: added, input: { to: drought.id } })).toMatchObject({ code: "INVALID_INPUT", field: "input.to" });
  for (const other of ["street", "office"]) expect(await refused("codeItemAdd", { by: other, input: { list: disasters.id, code: "31", nameZh: "示例" } })).toMatchObject({ code: "FORBIDDEN" });
});

test("what an import brings with a code no list holds waits with the doubt told, and comes into force only once it is mended", async () => {
  const office: Actor = { id: randomUUID(), kind: "SYSTEM", name: "import", personId: null, grants: [{ role: "IMPORT", regionPath: "", countyCode: null, sectors: null, subjectId: null }] };
  const call = { actor: office, requestId: randomUUID() };
  const door = { pool: district.database.engine.pool, durable: () => Promise.resolve() };
  const request = { mapping: "test", target: "subject", sourceSystem: "test", fileName: "x.csv", fileSha256: "0".repeat(64), datum: "WGS84" as const, mode: "VALID_ROWS" as const, defaultRegion: uuidOf(district.regions["huixing"]!) };
  async function* read(): AsyncGenerator<MappedRow> {
    yield* ["INDUSTRY_TRADE", "老系统行业"].map((sector, index): MappedRow => ({ line: index + 1, externalId: String(index), values: { name: `示例导入${index}`, kind: "ENTERPRISE_SITE", sector }, doubts: [], problems: [] }));
  }
  const report = await importRows(door, call, request, read());
  expect(report.rows.map(({ outcome, doubts }) => ({ outcome, doubts }))).toEqual([{ outcome: "CREATED", doubts: ["NO_LOCATION"] }, { outcome: "CREATED", doubts: ["NO_LOCATION", "CODE_NOT_VALID"] }]);
  const second = uuidOf(report.rows[1]!.id!);
  await held("inv_24_code_valid", "update subjects set status = 'ACTIVE' where id = $1", [second]);
  const again = await importRows(door, call, request, read());
  expect(again.rows.map(({ outcome }) => outcome)).toEqual(["UNCHANGED", "UNCHANGED"]);

  // A risk is held the same way: it may stand as identified, and goes no further.
  const risk = await done("riskIdentify", about({}));
  await actAs(door, call, "import.risk", (unit) => unit.query("update risks set accident_type = '旧码', quality = '{CODE_NOT_VALID}' where id = $1", [uuidOf(risk.id)]));
  const [{ version }] = (await rows("select version from risks where id = $1", [uuidOf(risk.id)])) as [{ version: number }];
  const current = { method: "LEC", inputs: { l: 1, e: 6, c: 7 } };
  expect(await refused("riskAssess", { by, on: { ...risk, version }, input: { current } })).toMatchObject({ rule: "inv_24_code_valid", list: "accidentType", stated: "旧码" });
  const mended = await done("riskUpdate", { by, on: { ...risk, version }, input: { accidentType: "08" }, read: "quality accidentTypeName" });
  expect(mended).toMatchObject({ quality: [], accidentTypeName: "火灾" });
  expect(await done("riskAssess", { by, on: mended, input: { current }, read: "status" })).toMatchObject({ status: "ASSESSED" });
  await held("inv_24_code_valid", "update risks set accident_type = '旧码', quality = '{CODE_NOT_VALID}' where id = $1", [uuidOf(risk.id)]);
});
