import { describe, expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";
import { workbook } from "../support/workbook.js";

const district = useDistrict();

/** A form as companies fill it in; a row is number, title, grade, state and what else is given. */
interface FormRow {
  number: number;
  title: string;
  day?: string;
  measure?: string;
  grade?: string;
  unit?: string;
  person?: string;
  deadline?: string;
  reviewed?: string;
  state?: string;
}
const form = (rows: readonly FormRow[], project = ""): Buffer =>
  Buffer.from(
    [
      "统计表,,,,,,,,,,",
      `序号,${project ? `项目名称：${project}` : ""},,,,,,,,,`,
      ",排查日期,隐患内容,隐患类型,隐患级别,责任单位,责任人,整改措施与要求,整改期限,复查日期,隐患状态",
      ...rows.map(({ number, title, day = "2026-07-01", measure = "清理", grade = "一般事故隐患", unit = "示例公司", person = "张三样", deadline = "2027-06-05", reviewed = "", state = "开放" }) => [number, day, title, "消防", grade, unit, person, measure, deadline, reviewed, state].join(",")),
    ].join("\n"),
  );
const HUIXING = "/imports/site-hidden-dangers?region=500112004000";
const YUANYANG = "/imports/site-hidden-dangers?region=500112007000";
const give = async (rows: readonly FormRow[], { by = "street", path = HUIXING, project = "" } = {}) => (await district.as(by).post(path, form(rows, project))).body;
const outcomes = (body: { rows: { outcome: string; problems: { code: string }[] }[] }) => body.rows.map(({ outcome, problems }) => problems[0]?.code ?? outcome);
const DANGER = "id version status title grade description origin quality closedAt writeOffNo effectiveDeadline responsibleOrgText region{code}";
const danger = async (id: string, by = "office") => (await district.as(by).ask(`query($id:ID!){hiddenDanger(id:$id){${DANGER}}}`, { id })).hiddenDanger;
const act = async (mutation: string, type: string | null, by: string, on: { id: string; version: number }, input: object = {}) =>
  (await district.as(by).ask(`mutation($k:String!,$id:ID!,$v:Int!${type ? `,$i:${type}` : ""}){${mutation}(idempotencyKey:$k,id:$id,expectedVersion:$v${type ? ",input:$i" : ""}){${DANGER}}}`, { k: district.key(), id: on.id, v: on.version, i: input }))[mutation];

describe("rows are written by actions and by their rules", () => {
  test("each row has its own audit event and change label, as a client's own act has", async () => {
    const body = await give([{ number: 1, title: "行动一" }, { number: 2, title: "行动二" }]);
    expect(outcomes(body)).toEqual(["CREATED", "CREATED"]);
    const { auditEvents } = await district.as("auditor").ask('{auditEvents(first:9,filter:{action:{eq:"hiddenDanger.registerExternal"}}){nodes{actorName outcome entityId}}}');
    expect(auditEvents.nodes).toHaveLength(2);
    for (const { id } of body.rows) {
      expect(auditEvents.nodes).toContainEqual({ actorName: "street", outcome: "SUCCESS", entityId: id.split("_")[1] });
      const { hiddenDanger } = await district.as("auditor").ask("query($id:ID!){hiddenDanger(id:$id){origin versions(first:3){nodes{version action changedBy}}}}", { id });
      expect(hiddenDanger).toEqual({ origin: "EXTERNAL", versions: { nodes: [{ version: 1, action: "hiddenDanger.registerExternal", changedBy: "street" }] } });
    }
  });

  test("what the action refuses the import refuses: length, unstorable letters, days to come, a major one without its clause", async () => {
    const body = await give([
      { number: 11, title: "长".repeat(201) },
      { number: 12, title: "明天的隐患", day: "2099-01-01" },
      { number: 13, title: "重大无条款", grade: "重大事故隐患" },
      { number: 14, title: "重大已闭环", grade: "重大事故隐患", state: "关闭", reviewed: "2026-07-05" },
    ]);
    expect(body.rows.map(({ outcome, problems }: { outcome: string; problems: { code: string; en: string }[] }) => problems[0]?.en ?? outcome)).toEqual(["input.title: at most 200 characters", "input.discoveredAt: not in the future", "input.criterionClause: inv_09_major_needs_clause", "CREATED"]);
    expect(body.rows[3].doubts).toEqual(["CLOSED_WITHOUT_EVIDENCE", "MAJOR_WITHOUT_CLAUSE"]);
    const { auditEvents } = await district.as("auditor").ask('{auditEvents(first:9,filter:{action:{eq:"hiddenDanger.registerExternal"},outcome:{eq:FAILURE}}){nodes{code}}}');
    expect(auditEvents.nodes.map(({ code }: { code: string }) => code).toSorted()).toEqual(["INVALID_INPUT", "INVALID_INPUT", "RULE_VIOLATED"]);
  });

  test("half a letter is not text, from a workbook as from a client", async () => {
    const text = (at: string, value: string) => `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`;
    const header = ["序号", "排查日期", "隐患内容", "隐患级别", "隐患状态"];
    const row = ["15", "2026-07-01", "_xD83D_半个字", "一般事故隐患", "开放"];
    const line = (at: number, cells: readonly string[]) => `<row r="${at}">${cells.map((value, index) => text(`${String.fromCharCode(65 + index)}${at}`, value)).join("")}</row>`;
    const { body } = await district.as("street").post(HUIXING, workbook(line(1, ["统计表"]) + line(2, header.slice(0, 1)) + line(3, header) + line(4, row)));
    expect(body.rows).toMatchObject([{ outcome: "REJECTED", problems: [{ code: "INVALID_INPUT", column: "title", en: expect.stringContaining("surrogate") }] }]);
  });

  test("keys that differ by a letter nobody sees, by width or by blanks are one", async () => {
    const dams = (...keys: string[]) => Buffer.from(`recordid,dam_name,county,longitude,latitude\n${keys.map((key) => `${key},示例坝,甲,106.6,29.7`).join("\n")}\n`);
    const path = "/imports/us-nid-dams?datum=WGS84&region=500112004000";
    const first = (await district.as("street").post(path, dams("K7", "K7\u200b", "Ｋ７", " K7 "))).body;
    expect(outcomes(first)).toEqual(["CREATED", "KEY_REPEATED", "KEY_REPEATED", "KEY_REPEATED"]);
    expect(outcomes((await district.as("street").post(path, dams("Ｋ７"))).body)).toEqual(["UNCHANGED"]);
  });

  test("regions are registered, renamed and bounded by their own office only, and the file is told row by row", async () => {
    const divisions = (name: string, code = "500112009000") => Buffer.from(`code12,parent_code12,name,level\n${code},500112000000,${name},street\n`);
    expect(outcomes((await district.as("stranger").post("/imports/divisions", divisions("外人街道"))).body)).toEqual(["FORBIDDEN"]);
    expect(outcomes((await district.as("office").post("/imports/divisions", divisions("示例街道"))).body)).toEqual(["CREATED"]);
    expect(outcomes((await district.as("stranger").post("/imports/divisions", divisions("被改名街道"))).body)).toEqual(["FORBIDDEN"]);
    expect(outcomes((await district.as("office").post("/imports/divisions", divisions("改名街道"))).body)).toEqual(["UPDATED"]);
    const ring = [[106.5, 29.6], [106.8, 29.6], [106.8, 29.8], [106.5, 29.6]];
    const boundary = Buffer.from(JSON.stringify({ type: "FeatureCollection", features: [{ type: "Feature", properties: { adcode_2023: "500112", adcode_in_source: "500112", name_in_source: "渝北区" }, geometry: { type: "Polygon", coordinates: [ring] } }] }));
    expect(outcomes((await district.as("stranger").post("/imports/counties-echarts", boundary)).body)).toEqual(["FORBIDDEN"]);
    expect(outcomes((await district.as("office").post("/imports/counties-echarts", boundary)).body)).toEqual(["UPDATED"]);
    expect(outcomes((await district.as("office").post("/imports/counties-echarts", boundary)).body)).toEqual(["UNCHANGED"]);
    const { region } = await district.as("auditor").ask("query($id:ID!){region(id:$id){name boundaryDatum boundaryQuality versions(first:1){nodes{action}}}}", { id: district.regions["yubei"] });
    expect(region).toEqual({ name: "yubei", boundaryDatum: "GCJ02", boundaryQuality: "UNCONFIRMED", versions: { nodes: [{ action: "region.setBoundary" }] } });
    // The actions themselves say the same.
    expect(await district.as("stranger").refused('mutation($k:String!,$i:RegionRegisterInput!){regionRegister(idempotencyKey:$k,input:$i){id}}', { k: district.key(), i: { code: "500112010000", name: "外人街道", level: "TOWN", parent: district.regions["yubei"] } })).toMatchObject({ code: "FORBIDDEN" });
  });

  test("a boundary set here is not replaced by a file", async () => {
    const { region } = await district.as("office").ask("query($id:ID!){region(id:$id){id version}}", { id: district.regions["yubei"] });
    const ring = (south: number) => [[106.5, south], [106.8, south], [106.8, 29.8], [106.5, 29.8], [106.5, south]];
    await district.as("office").ask("mutation($k:String!,$id:ID!,$v:Int!,$i:RegionSetBoundaryInput!){regionSetBoundary(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){id}}", { k: district.key(), id: region.id, v: region.version, i: { boundary: { type: "Polygon", coordinates: [ring(29.5)] }, datum: "CGCS2000", source: "本区测绘" } });
    const boundary = (south: number) => Buffer.from(JSON.stringify({ type: "FeatureCollection", features: [{ type: "Feature", properties: { adcode_2023: "500112", adcode_in_source: "500112", name_in_source: "渝北区" }, geometry: { type: "Polygon", coordinates: [ring(south)] } }] }));
    expect(outcomes((await district.as("office").post("/imports/counties-echarts", boundary(29.4))).body)).toEqual(["CONFLICT"]);
    expect((await district.as("auditor").ask("query($id:ID!){region(id:$id){boundarySource}}", { id: region.id })).region.boundarySource).toBe("本区测绘");
  });
});

describe("what was done here is never undone by a file", () => {
  const rows: FormRow[] = [{ number: 21, title: "配电箱门未上锁", unit: "甲公司" }, { number: 22, title: "通道堵塞", unit: "甲公司" }];

  test("the same file again changes nothing: after an update, an assignment, a write-off", async () => {
    const first = await give(rows);
    const [one] = first.rows.map(({ id }: { id: string }) => id);
    let now = await act("hiddenDangerUpdate", "HiddenDangerUpdateInput", "street", await danger(one), { title: "配电箱未上锁(复核)" });
    expect(outcomes(await give(rows))).toEqual(["UNCHANGED", "UNCHANGED"]);
    now = await act("hiddenDangerAssign", "HiddenDangerAssignInput!", "street", now, { deadline: "2027-06-05" });
    now = await act("hiddenDangerAcceptTask", "HiddenDangerAcceptTaskInput", "integrator", now);
    expect(outcomes(await give(rows))).toEqual(["UNCHANGED", "UNCHANGED"]);
    expect(await danger(one)).toEqual(now);
    expect(now).toMatchObject({ status: "RECTIFYING", title: "配电箱未上锁(复核)", version: 4 });
    // A file that closes it while the slip is open is told, whoever sends it.
    expect(outcomes(await give([{ ...rows[0]!, state: "关闭", reviewed: "2026-07-06" }], { by: "integrator" }))).toEqual(["CONFLICT"]);
    const evidence = await district.evidence("integrator", "after");
    now = await act("hiddenDangerReportRectified", "HiddenDangerReportRectifiedInput!", "integrator", now, { evidence: [evidence] });
    now = await act("hiddenDangerAccept", "HiddenDangerAcceptInput", "office", now);
    now = await act("hiddenDangerWriteOff", "HiddenDangerWriteOffInput", "office", now);
    expect(outcomes(await give(rows))).toEqual(["UNCHANGED", "UNCHANGED"]);
    expect(await danger(one)).toEqual(now);
    expect(now).toMatchObject({ status: "CLOSED", writeOffNo: expect.stringMatching(/^XH-/) });
  });

  test("what the file changes is written where the row still says what the file last brought, else told as a conflict", async () => {
    const row: FormRow = { number: 31, title: "护栏缺失", measure: "补装" };
    const id = (await give([row])).rows[0].id;
    expect(outcomes(await give([{ ...row, measure: "补装并警示" }]))).toEqual(["UPDATED"]);
    await act("hiddenDangerUpdate", "HiddenDangerUpdateInput", "street", await danger(id), { title: "护栏缺失(复核)" });
    // The title is ours now; the measure is still the file's.
    expect(outcomes(await give([{ ...row, measure: "整体更换" }]))).toEqual(["UPDATED"]);
    expect(await danger(id)).toMatchObject({ title: "护栏缺失(复核)", description: "整体更换" });
    const conflict = await give([{ ...row, measure: "整体更换", title: "护栏缺失二处" }]);
    expect(conflict.rows[0]).toMatchObject({ outcome: "REJECTED", id, problems: [{ code: "CONFLICT", changes: [{ field: "title", base: "护栏缺失", current: "护栏缺失(复核)", yours: "护栏缺失二处" }] }] });
    // State, grade and deadline are never the file's once anybody here has acted.
    expect((await give([{ ...row, measure: "整体更换", state: "关闭", reviewed: "2026-07-06" }])).rows[0]).toMatchObject({ outcome: "REJECTED", problems: [{ code: "RULE_VIOLATED", en: expect.stringContaining("acted_on_here") }] });
    expect(outcomes(await give([{ ...row, measure: "整体更换", grade: "重大事故隐患" }]))).toEqual(["RULE_VIOLATED"]);
    expect(outcomes(await give([{ ...row, measure: "整体更换", deadline: "2028-01-01" }]))).toEqual(["RULE_VIOLATED"]);
    expect(await danger(id)).toMatchObject({ status: "REGISTERED", grade: "GENERAL", effectiveDeadline: "2027-06-05", description: "整体更换" });
  });

  test("a loop nobody here touched follows its source, but not to major without a clause", async () => {
    const row: FormRow = { number: 41, title: "井盖缺失" };
    const id = (await give([row])).rows[0].id;
    expect(outcomes(await give([{ ...row, grade: "重大事故隐患" }]))).toEqual(["RULE_VIOLATED"]);
    expect(outcomes(await give([{ ...row, state: "关闭", reviewed: "2026-07-06" }]))).toEqual(["UPDATED"]);
    expect(await danger(id)).toMatchObject({ status: "CLOSED", grade: "GENERAL", quality: ["CLOSED_WITHOUT_EVIDENCE"] });
  });

  test("a subject that was activated and corrected here stays so", async () => {
    const dams = (name: string, county = "甲") => Buffer.from(`recordid,dam_name,county,longitude,latitude\n501,${name},${county},106.6,29.7\n`);
    const path = "/imports/us-nid-dams?datum=WGS84&region=500112004000";
    const id = (await district.as("office").post(path, dams("示例水坝"))).body.rows[0].id;
    const office = district.as("office");
    const { organizations } = await office.ask("{organizations(first:1){nodes{id}}}");
    await office.ask("mutation($k:String!,$i:RegulationRelationSetInput!){regulationRelationSet(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { subject: id, organization: organizations.nodes[0].id, role: "LEAD" } });
    await office.ask("mutation($k:String!,$id:ID!,$i:SubjectUpdateInput){subjectUpdate(idempotencyKey:$k,id:$id,expectedVersion:1,input:$i){id}}", { k: district.key(), id, i: { address: "更正后的地址", facility: { facilityKind: "RESERVOIR", managingUnit: organizations.nodes[0].id } } });
    await office.ask("mutation($k:String!,$id:ID!){subjectActivate(idempotencyKey:$k,id:$id,expectedVersion:2){id}}", { k: district.key(), id });
    const standing = async () => (await office.ask("query($id:ID!){regulatedSubject(id:$id){status address name version}}", { id })).regulatedSubject;
    expect(outcomes((await office.post(path, dams("示例水坝"))).body)).toEqual(["UNCHANGED"]);
    expect(await standing()).toEqual({ status: "ACTIVE", address: "更正后的地址", name: "示例水坝", version: 3 });
    expect(outcomes((await office.post(path, dams("示例大坝"))).body)).toEqual(["UPDATED"]);
    expect(await standing()).toEqual({ status: "ACTIVE", address: "更正后的地址", name: "示例大坝", version: 4 });
    expect(outcomes((await office.post(path, dams("示例大坝", "乙"))).body)).toEqual(["CONFLICT"]);
    // The row written meanwhile does not make the address here the file's.
    expect(await standing()).toMatchObject({ address: "更正后的地址" });
  });

  test("a row that came in before what files brought was kept is known by the version an import made", async () => {
    const row: FormRow = { number: 51, title: "旧导入的隐患" };
    const id = (await give([row])).rows[0].id;
    await act("hiddenDangerUpdate", "HiddenDangerUpdateInput", "street", await danger(id), { title: "旧导入(复核)" });
    const client = await district.database.engine.pool.connect();
    try {
      await client.query("begin");
      await client.query("select set_config('app.action', 'test', true)");
      await client.query("delete from imported_values where entity_id = $1", [id.split("_")[1]]);
      await client.query("commit");
    } finally {
      client.release();
    }
    expect(outcomes(await give([row]))).toEqual(["UNCHANGED"]);
    expect(outcomes(await give([{ ...row, title: "旧导入的隐患二" }]))).toEqual(["CONFLICT"]);
    expect(await danger(id)).toMatchObject({ title: "旧导入(复核)" });
  });
});

describe("keys, areas and moves", () => {
  test("another company's form with the same days and numbers is another form", async () => {
    const a = await give([{ number: 61, title: "甲公司隐患", unit: "甲公司" }], { project: "甲项目" });
    const b = await give([{ number: 61, title: "乙公司隐患", unit: "乙公司" }], { project: "乙项目" });
    const c = await give([{ number: 61, title: "丙公司隐患", unit: "丙公司" }], { by: "neighbour", path: YUANYANG, project: "甲项目" });
    expect([a, b, c].map(outcomes)).toEqual([["CREATED"], ["CREATED"], ["CREATED"]]);
    expect(await danger(a.rows[0].id)).toMatchObject({ title: "甲公司隐患", region: { code: "500112004000" } });
    // Where the forms say nothing of themselves, a row whose name and unit are both others is told and not written.
    const bare = await give([{ number: 62, title: "丁公司隐患", unit: "丁公司" }]);
    const other = await give([{ number: 62, title: "戊公司隐患", unit: "戊公司" }], { by: "integrator" });
    expect(outcomes(other)).toEqual(["OTHER_OBJECT"]);
    expect(await danger(bare.rows[0].id)).toMatchObject({ title: "丁公司隐患", version: 1 });
  });

  test("a file moves no row to where its sender may not act, and a key of another area tells nothing", async () => {
    const dams = (key: string) => Buffer.from(`recordid,dam_name,county,longitude,latitude\n${key},移动的坝,甲,106.6,29.7\n`);
    const at = (region: string) => `/imports/us-nid-dams?datum=WGS84&region=${region}`;
    const made = (await district.as("neighbour").post(at("500112007000"), dams("M1"))).body;
    expect(outcomes(made)).toEqual(["CREATED"]);
    expect(outcomes((await district.as("neighbour").post(at("500112004000"), dams("M1"))).body)).toEqual(["NOT_FOUND"]);
    expect(outcomes((await district.as("neighbour").post(at("500112007000"), dams("M1"))).body)).toEqual(["UNCHANGED"]);
    // Who may act at both ends moves it, by the action and its event.
    expect(outcomes((await district.as("integrator").post(at("500112004000"), dams("M1"))).body)).toEqual(["UPDATED"]);
    const { regulatedSubject } = await district.as("auditor").ask("query($id:ID!){regulatedSubject(id:$id){region{code} versions(first:1){nodes{action}}}}", { id: made.rows[0].id });
    expect(regulatedSubject).toEqual({ region: { code: "500112004000" }, versions: { nodes: [{ action: "subject.updateExternal" }] } });
  });

  test("a batch is read by who sent it and by whose area covers all its rows", async () => {
    const seen = async (by: string, id: string) => (await district.as(by).ask("query($id:ID!){importBatch(id:$id){rowsRead rows(first:5){nodes{line}}}}", { id })).importBatch !== null;
    const mine = (await give([{ number: 71, title: "批次一" }])).batch;
    const wide = (await district.as("integrator").post("/imports/us-nid-dams?datum=WGS84&region=500112007000", Buffer.from("recordid,dam_name,county,longitude,latitude\n901,批次坝,甲,106.6,29.7\n"))).body.batch;
    const empty = (await district.as("office").post("/imports/us-nid-dams?datum=WGS84&region=500112004000", Buffer.from("recordid,dam_name,county,longitude,latitude\n902,,甲,106.6,29.7\n"))).body.batch;
    const readers = ["street", "neighbour", "office", "auditor", "integrator", "gis", "stranger", "sector", "enterprise", "system_admin"];
    const who = async (id: string) => (await Promise.all(readers.map(async (by) => ((await seen(by, id)) ? by : null)))).filter(Boolean);
    expect(await who(mine)).toEqual(["street", "office", "auditor"]);
    expect(await who(wide)).toEqual(["neighbour", "office", "auditor", "integrator"]);
    // A ledger taken back is a batch like any other: its conflicts are told to nobody beside.
    const { bytes } = await district.as("street").get("/ledgers/hidden-dangers.csv");
    const ledger = (await district.as("street").post("/imports/ledgers", bytes)).body;
    expect(ledger.rowsRead).toBeGreaterThan(0);
    expect(await who(ledger.batch)).toEqual(["street", "office", "auditor"]);
    // A batch that touched no row lies where its sender acts.
    expect(await who(empty)).toEqual(["office", "auditor"]);
    for (const by of readers) {
      const { importBatches } = await district.as(by).ask("{importBatches(first:50){totalCount nodes{id}}}");
      const ids = importBatches.nodes.map(({ id }: { id: string }) => id);
      for (const id of [mine, wide, empty]) expect({ by, id, listed: ids.includes(id) }).toEqual({ by, id, listed: (await who(id)).includes(by) });
    }
  });
});
