import { beforeAll, describe, expect, test } from "@jest/globals";
import { Dice } from "../../seeds/demo/story.js";
import { neutralised, restored } from "../../src/platform/tabular/csv.js";
import { useDistrict } from "../support/district.js";
import { columnLetter, csvBytes, csvTable, editedWorkbook, ledger, workbookTables, type LedgerTable } from "../support/ledger-file.js";
import { populate } from "../support/population.js";
import { RiskStage } from "../support/risk-stage.js";

const district = useDistrict();
beforeAll(async () => void (await populate(district, 10)), 300_000);

interface Report {
  rowsRead: number;
  rowsUpdated: number;
  rowsUnchanged: number;
  rowsRejected: number;
  batch: string | null;
  rows: { line: number; outcome: string; id: string | null; problems: { column?: string; code: string; changes?: { field: string; base: unknown; current: unknown; yours?: unknown }[] }[] }[];
}

const give = async (bytes: Buffer, name = "office", mode = "VALID_ROWS"): Promise<Report> => {
  const { status, body } = await district.as(name).post(`/imports/ledgers?mode=${mode}`, bytes);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body as Report;
};

/** Everything a client can read of the rows that ledgers take back, by id. */
async function standing(): Promise<Map<string, Record<string, unknown>>> {
  const found = new Map<string, Record<string, unknown>>();
  const fields = {
    regulatedSubjects: "id version code name kind sector address location keyControlled supervisionClass status quality region{id} grid{id} enterprise{id}",
    risks: "id version code name domain sector hazardFactor accidentType accidentTypeEdition disasterType consequence inherentLevel currentLevel controlLevel originClass keyAttention emergencyPlanRef location status nextReviewDue quality region{id} subject{id} unit{id} responsiblePerson{id}",
    hiddenDangers: "id version code title description kind grade criterionClause category discoverySource discoveredAt sector location cause manageType originalDeadline effectiveDeadline status quality region{id} subject{id} risk{id}",
  };
  for (const [list, selection] of Object.entries(fields))
    for (let after: string | null = null, more = true; more; ) {
      const data: Record<string, { nodes: Record<string, unknown>[]; pageInfo: { hasNextPage: boolean; endCursor: string } }> = await district.as("office").ask(`query($a:String){${list}(first:100,after:$a){nodes{${selection}} pageInfo{hasNextPage endCursor}}}`, { a: after });
      for (const node of data[list]!.nodes) found.set(String(node["id"]), node);
      after = data[list]!.pageInfo.endCursor;
      more = data[list]!.pageInfo.hasNextPage;
    }
  return found;
}

const FILES = ["basic.csv?sheet=subjects", "basic.csv?sheet=risks", "basic.csv?sheet=persons", "hidden-dangers.csv", "rectifications.csv", "basic.xlsx", "hidden-dangers.xlsx", "rectifications.xlsx"];

test.each(FILES)("%s, exported and given back, changes nothing", async (path) => {
  const before = await standing();
  const bytes = await ledger(district, "office", path);
  const rows = path.includes("xlsx") ? (await workbookTables(bytes)).reduce((sum, table) => sum + table.rows.length, 0) : csvTable(bytes).rows.length;
  expect(rows).toBeGreaterThan(0);
  const report = await give(bytes);
  expect(report.rows.filter(({ outcome }) => outcome !== "UNCHANGED")).toEqual([]);
  expect(report).toMatchObject({ rowsRead: rows, rowsUnchanged: rows, rowsUpdated: 0, rowsRejected: 0 });
  expect(await standing()).toEqual(before);
});

test("what a spreadsheet does to a CSV by itself is no change", async () => {
  const table = csvTable(await ledger(district, "office", "hidden-dangers.csv"));
  const rewritten = table.rows.map((row) => Object.fromEntries(Object.entries(row).map(([key, text]) => [key, /^\d{4}-\d\d-\d\d( \d\d:\d\d)?$/.test(text) ? text.replace(/-0?/g, "/").replace(/ 0/, " ") : /^0\d+$/.test(text) ? String(Number(text)) : text])));
  const report = await give(csvBytes({ keys: table.headers, rows: rewritten.map((row) => Object.fromEntries(table.headers.map((header, index) => [header, row[table.keys[index]!]!]))) }));
  expect(report).toMatchObject({ rowsUnchanged: table.rows.length, rowsRejected: 0 });
});

interface Value {
  text: string;
  code?: string;
  field: string;
  becomes: unknown;
  /** What changes with it. */
  along?: Record<string, unknown>;
}

const AWKWARD = ["=1+1", "@cmd", "-5", "'=x", '含"引号",逗号', "换\n行", "😀 出口", "_x0041_", "  "];

/** The same name in one edition and the other, a code that means two things, none. */
function accidentType(dice: Dice): Value {
  const [text, code, edition] = dice.pick([["触电(1986 版)", "05", "1986"], ["触电(2025 版)", "P-ELECTRIC", "2025"], ["窒息(2025 版)", "P-ASPHYXIA", "2025"], ["火灾(1986 版)", "08", "1986"]] as const);
  return dice.chance(0.2) ? { text: "", code: "", field: "accidentType", becomes: null, along: { accidentTypeEdition: null } } : { text, code: `${code}@${edition}`, field: "accidentType", becomes: code, along: { accidentTypeEdition: edition } };
}

/** Throws a value for an editable column: what the cell will say, and what the field then holds. */
function thrown(dice: Dice, key: string, index: number, people: readonly { id: string; name: string }[], regions: readonly { id: string; name: string; code: string }[]): Value {
  const free = (field: string): Value => {
    const text = `${dice.pick(AWKWARD)}${index}`;
    return { text, field, becomes: text.trim() };
  };
  const maybeNull = (made: Value): Value => (dice.chance(0.2) ? { ...made, text: "", code: made.code === undefined ? undefined : "", becomes: null } : made);
  switch (key) {
    case "location": {
      const coordinates = [(106_500_000 + dice.int(0, 99_999)) / 1e6, (29_600_000 + dice.int(0, 99_999)) / 1e6];
      return maybeNull({ text: coordinates.join(", "), field: "location", becomes: { type: "Point", coordinates } });
    }
    case "keyControlled":
      return dice.chance(0.5) ? { text: "是", field: key, becomes: true } : { text: "否", field: key, becomes: false };
    case "supervisionClass":
      return maybeNull({ text: "C 类", code: "C", field: key, becomes: "C" });
    case "sector":
      return maybeNull({ text: "燃气", code: "GAS", field: key, becomes: "GAS" });
    case "accidentType":
      return accidentType(dice);
    case "disasterType":
      return maybeNull({ text: "滑坡", code: "02", field: key, becomes: "02" });
    case "hazardFactor":
      return maybeNull({ text: "化学性", code: "22", field: key, becomes: "22" });
    case "category":
      return { text: "电气、新类", field: key, becomes: ["电气", "新类"] };
    case "responsiblePerson": {
      const { id, name } = dice.pick(people);
      return { text: name, code: id, field: "responsiblePerson", becomes: { id } };
    }
    case "region": {
      const { id, name, code } = dice.pick(regions);
      return { text: name, code, field: "region", becomes: { id } };
    }
    case "name":
    case "title":
      return free(key);
    default:
      return maybeNull(free(key));
  }
}

const EDITABLE: Readonly<Record<string, { ended: readonly string[]; columns: readonly string[] }>> = {
  "basic.subjects": { ended: ["CLOSED"], columns: ["name", "sector", "region", "address", "location", "keyControlled", "supervisionClass"] },
  "basic.risks": { ended: ["RETIRED"], columns: ["name", "hazardFactor", "accidentType", "disasterType", "consequence", "responsiblePerson", "location"] },
  "hidden-dangers": { ended: ["CLOSED", "REJECTED", "VOIDED"], columns: ["title", "description", "category", "location", "cause"] },
};

describe.each([1, 2, 3])("random edits, throw %i", (throwing) => {
  test.each(["basic.csv?sheet=subjects", "basic.csv?sheet=risks", "hidden-dangers.csv", "basic.xlsx", "hidden-dangers.xlsx"])("of %s change exactly those fields of those rows", async (path) => {
    const dice = new Dice(throwing * 7_919 + path.length);
    const before = await standing();
    const { people, regions } = await district.as("office").ask('{people(first:100){nodes{id name}} regions(first:100,filter:{level:{eq:VILLAGE},code:{startsWith:"500112"}}){nodes{id name code}}}');
    const workbook = path.includes("xlsx");
    const bytes = await ledger(district, "office", path);
    const tables: LedgerTable[] = workbook ? await workbookTables(bytes) : [csvTable(bytes)];
    const expected = new Map([...before].map(([id, row]) => [id, { ...row }]));
    const touched = new Set<string>();
    const cells: { sheet: number; cell: string; text: string }[] = [];
    for (const [sheet, { keys, rows }] of tables.entries())
      for (const [at, row] of rows.entries()) {
        const editable = EDITABLE[row["ledger"]!];
        if (!editable || editable.ended.includes(row["status.code"]!) || dice.chance(0.6)) continue;
        for (const key of new Set([dice.pick(editable.columns), dice.pick(editable.columns)])) {
          const made = thrown(dice, key, throwing * 1_000 + at, people.nodes, regions.nodes);
          // A label, its code, or both.
          // A name that several bear says nothing by itself.
          const bearers = key === "responsiblePerson" ? people.nodes.filter(({ name }: { name: string }) => name === made.text).length : 1;
          const way = made.code === undefined ? "label" : dice.pick(bearers > 1 ? ["code", "both"] : ["label", "code", "both"]);
          const codeKey = keys.find((candidate) => candidate === `${key}.code` || candidate === `${key}.id`);
          const write = (column: string, text: string) => {
            row[column] = workbook ? text : neutralised(text);
            cells.push({ sheet: sheet + 1, cell: `${columnLetter(keys.indexOf(column))}${at + 5}`, text });
          };
          if (way !== "code") write(key, made.text);
          if (way !== "label") write(codeKey!, made.code!);
          const was = expected.get(row["id"]!)!;
          // What says what stood is no edit.
          const becomes = { [made.field]: made.becomes, ...made.along };
          if (Object.entries(becomes).every(([field, value]) => JSON.stringify(was[field]) === JSON.stringify(value))) continue;
          Object.assign(was, becomes);
          touched.add(row["id"]!);
        }
      }
    for (const id of touched) expected.get(id)!["version"] = Number(expected.get(id)!["version"]) + 1;
    const edited = workbook ? await editedWorkbook(bytes, cells) : csvBytes({ keys: tables[0]!.keys, rows: tables[0]!.rows });
    const dry = await give(edited, "office", "DRY_RUN");
    expect(await standing()).toEqual(before);
    const report = await give(edited);
    expect({ rejected: report.rows.filter(({ outcome }) => outcome === "REJECTED") }).toEqual({ rejected: [] });
    expect(report.rows).toEqual(dry.rows);
    expect(new Set(report.rows.flatMap(({ outcome, id }) => (outcome === "UPDATED" ? [id] : [])))).toEqual(touched);
    expect(touched.size).toBeGreaterThan(2);
    expect(await standing()).toEqual(expected);
    // The same file again finds its edits made.
    const again = await give(edited);
    expect(again).toMatchObject({ rowsUpdated: 0, rowsRejected: 0, rowsUnchanged: report.rowsRead });
    expect(await standing()).toEqual(expected);
  });
});

const csv = (table: LedgerTable, rows = table.rows) => csvBytes({ keys: table.keys, rows });
const problemsOf = (report: Report) => report.rows.map(({ outcome, problems }) => problems[0]?.code ?? outcome);

test("a row changed meanwhile is a conflict with its differences; the others are taken", async () => {
  const table = csvTable(await ledger(district, "office", "basic.csv?sheet=risks"));
  const [first, second, third] = table.rows.filter((row) => row["status.code"] === "IDENTIFIED") as [Record<string, string>, Record<string, string>, Record<string, string>];
  await district.as("street").refused("mutation{riskUpdate(idempotencyKey:\"x-not-seen\",id:\"Risk_00000000-0000-4000-8000-000000000000\",expectedVersion:1,input:{name:\"x\"}){id}}");
  await district.as("office").ask('mutation($k:String!,$id:ID!,$v:Int!){riskUpdate(idempotencyKey:$k,id:$id,expectedVersion:$v,input:{consequence:"别人改的后果"}){version}}', { k: district.key(), id: first["id"], v: Number(first["version"]) });
  const was = restored(first["name"]!);
  first["name"] = "我改的名称";
  second["name"] = "另一行的名称";
  // Untouched rows that moved on are nobody's concern.
  await district.as("office").ask('mutation($k:String!,$id:ID!,$v:Int!){riskUpdate(idempotencyKey:$k,id:$id,expectedVersion:$v,input:{consequence:"别人改的另一后果"}){version}}', { k: district.key(), id: third["id"], v: Number(third["version"]) });
  const report = await give(csv(table, [first, second, third]));
  expect(problemsOf(report)).toEqual(["CONFLICT", "UPDATED", "UNCHANGED"]);
  expect(report.rows[0]!.problems[0]!.changes).toEqual(expect.arrayContaining([
    { field: "名称", base: was, current: was, yours: "我改的名称" },
    { field: "可能后果", base: restored(first["consequence"]!), current: "别人改的后果" },
  ]));
  const { risk } = await district.as("office").ask("query($id:ID!){risk(id:$id){name consequence}}", { id: first["id"] });
  expect(risk).toEqual({ name: was, consequence: "别人改的后果" });
  const kept = await district.as("office").ask("query($id:ID!){importBatch(id:$id){mapping rowsUpdated rowsUnchanged rowsRejected rows(first:9){nodes{outcome entityId problems}}}}", { id: report.batch });
  expect(kept.importBatch).toMatchObject({ mapping: "ledgers", rowsUpdated: 1, rowsUnchanged: 1, rowsRejected: 1 });
});

test("unknown ids, added rows, repeated rows, forged versions and rows out of sight are refused one by one", async () => {
  const table = csvTable(await ledger(district, "office", "basic.csv?sheet=subjects"));
  const [row] = table.rows as [Record<string, string>];
  const unknown = { ...row, id: "RegulatedSubject_00000000-0000-4000-8000-000000000000", name: "没有的场所" };
  const added = { name: "新添的一行" };
  const report = await give(csv(table, [unknown, added, { ...row, name: "正常修改" }, row, { ...table.rows[1]!, version: "99", name: "版本被改" }, { ...table.rows[2]!, asOf: "昨天" }]));
  expect(problemsOf(report)).toEqual(["NOT_FOUND", "KEY_MISSING", "UPDATED", "KEY_REPEATED", "CONFLICT", "INVALID_INPUT"]);
  const foreign = csvTable(await ledger(district, "neighbour", "basic.csv?sheet=subjects")).rows.at(0)!;
  const seen = await give(csv(table, [{ ...foreign, name: "越界修改" }]), "street");
  expect(problemsOf(seen)).toEqual(["NOT_FOUND"]);
});

test("a computed column cannot be changed and says so; nor can what belongs to another object", async () => {
  const before = await standing();
  const risks = csvTable(await ledger(district, "office", "basic.csv?sheet=risks"));
  const at = risks.rows.findIndex((row) => row["currentLevel.code"] === "LOW" || row["currentLevel.code"] === "MODERATE");
  for (const [key, text, zh] of [["currentLevel", "重大风险(红)", "现状风险等级"], ["currentLevel.code", "MAJOR", "现状风险等级"], ["status", "已消除", "状态"], ["subject.name", "别的场所", "监管对象"], ["measures", "", "管控措施"]] as const) {
    const report = await give(csv(risks, [{ ...risks.rows[at]!, [key]: text, name: "也改了名称" }]));
    expect(report.rows[0]).toMatchObject({ outcome: "REJECTED", problems: [{ code: "READ_ONLY_COLUMN", column: zh }] });
  }
  const loops = csvTable(await ledger(district, "office", "rectifications.csv"));
  expect(problemsOf(await give(csv(loops, [{ ...loops.rows[0]!, title: "改整改台账" }, loops.rows[1]!])))).toEqual(["READ_ONLY_COLUMN", "UNCHANGED"]);
  expect(await standing()).toEqual(before);
});

test("values that mean nothing, disagree or are lacking are told with their column and what is known", async () => {
  const table = csvTable(await ledger(district, "office", "basic.csv?sheet=subjects"));
  const row = table.rows.find((candidate) => candidate["supervisionClass.code"] !== "B" && candidate["supervisionClass.code"] !== "C")!;
  const tell = async (more: Record<string, string>) => (await give(csv(table, [{ ...row, ...more }]))).rows[0]!.problems[0];
  expect(await tell({ supervisionClass: "Z 类" })).toMatchObject({ code: "VALUE_UNKNOWN", column: "监管分类" });
  expect(await tell({ supervisionClass: "B 类", "supervisionClass.code": "C" })).toMatchObject({ code: "CELLS_DISAGREE" });
  expect(await tell({ name: "" })).toMatchObject({ code: "REQUIRED", column: "名称" });
  expect(await tell({ location: "在那边" })).toMatchObject({ code: "VALUE_UNKNOWN", column: expect.stringContaining("CGCS2000") });
  expect(await tell({ name: "=HYPERLINK(1)" })).toMatchObject({ code: "FORMULA_CELL" });
  expect(await tell({ region: "没有的社区" })).toMatchObject({ code: "VALUE_UNKNOWN" });
  expect(await tell({ name: "长".repeat(201) })).toMatchObject({ code: "INVALID_INPUT" });
});

test("edits are the ordinary actions: their roles, states and rules, each with its audit event", async () => {
  const table = csvTable(await ledger(district, "office", "hidden-dangers.csv"));
  const closed = table.rows.find((row) => row["status.code"] === "CLOSED" && row["origin.code"] === "NATIVE")!;
  const rectifying = table.rows.find((row) => row["status.code"] === "RECTIFYING")!;
  expect(problemsOf(await give(csv(table, [{ ...closed, title: "改已销号" }])))).toEqual(["INVALID_TRANSITION"]);
  expect(problemsOf(await give(csv(table, [{ ...rectifying, title: "对接系统改整改中" }]), "integrator"))).toEqual(["FORBIDDEN"]);
  expect(problemsOf(await give(csv(table, [{ ...rectifying, title: "办公室改整改中" }])))).toEqual(["UPDATED"]);
  const { auditEvents } = await district.as("auditor").ask('{auditEvents(first:3,filter:{action:{eq:"hiddenDanger.update"}}){nodes{actorName outcome code entityId}}}');
  expect(auditEvents.nodes.map(({ actorName, outcome, code }: Record<string, string>) => [actorName, outcome, code])).toEqual([["office", "SUCCESS", null], ["integrator", "DENIED", "FORBIDDEN"], ["office", "FAILURE", "INVALID_TRANSITION"]]);
  const versions = await district.as("auditor").ask("query($id:ID!){hiddenDanger(id:$id){versions(first:1){nodes{action}}}}", { id: rectifying["id"] });
  expect(versions.hiddenDanger.versions.nodes).toEqual([{ action: "hiddenDanger.update" }]);
  // Who may change nothing of the three may not import either.
  for (const name of ["auditor", "gis", "system_admin"]) expect((await district.as(name).post("/imports/ledgers", csv(table))).status).toBe(403);
  expect((await district.as("nobody").post("/imports/ledgers", csv(table))).status).toBe(401);
  expect((await district.as("office").post("/imports/ledgers", Buffer.from("a,b\n1,2\n"))).body.errors[0].extensions).toMatchObject({ code: "FILE_DAMAGED", reason: "COLUMNS_MISSING" });
});

test("where two persons bear one name the code says which; the name alone does not, and a name of another disagrees", async () => {
  const register = async (name: string): Promise<string> => (await district.as("office").ask("mutation($k:String!,$i:PersonRegisterInput!){personRegister(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { region: district.regions["village"], name, kind: "ENTERPRISE" } })).personRegister.id;
  const [one, other, third] = [await register("示例同名人"), await register("示例同名人"), await register("示例异名人")];
  const table = csvTable(await ledger(district, "office", "basic.csv?sheet=risks"));
  const [row] = table.rows.filter((candidate) => candidate["status.code"] === "IDENTIFIED") as [Record<string, string>];
  const edited = async (more: Record<string, string>) => (await give(csv(table, [{ ...row, ...more }]))).rows[0]!;
  expect((await edited({ responsiblePerson: "示例同名人" })).problems[0]).toMatchObject({ code: "VALUE_UNKNOWN", suggestion: expect.stringContaining("fill the column for machines") });
  expect((await edited({ responsiblePerson: "示例同名人", "responsiblePerson.id": third })).problems[0]).toMatchObject({ code: "CELLS_DISAGREE" });
  expect(await edited({ responsiblePerson: "示例同名人", "responsiblePerson.id": other })).toMatchObject({ outcome: "UPDATED" });
  const held = async () => (await district.as("office").ask("query($id:ID!){risk(id:$id){responsiblePerson{id}}}", { id: row["id"] })).risk.responsiblePerson.id as string;
  expect(await held()).toBe(other);
  // With the label as it stood, the code alone names the other of the two.
  const again = csvTable(await ledger(district, "office", "basic.csv?sheet=risks"));
  const same = again.rows.find(({ id }) => id === row["id"])!;
  expect(problemsOf(await give(csv(again, [{ ...same, "responsiblePerson.id": one }])))).toEqual(["UPDATED"]);
  expect(await held()).toBe(one);
});

test("a type of accident is told with its edition, and says nothing without", async () => {
  const table = csvTable(await ledger(district, "office", "basic.csv?sheet=risks"));
  const row = table.rows.find((candidate) => candidate["status.code"] === "IDENTIFIED" && !candidate["accidentType"]!.startsWith("触电"))!;
  const told = async (more: Record<string, string>) => {
    const [answer] = (await give(csv(table, [{ ...row, ...more }]), "office", "DRY_RUN")).rows;
    return answer!.problems[0]?.code ?? answer!.outcome;
  };
  expect(await told({ accidentType: "触电" })).toBe("VALUE_UNKNOWN");
  expect(await told({ accidentType: "触电(2025 版)" })).toBe("UPDATED");
  expect(await told({ accidentType: "触电(2025 版)", "accidentType.code": "05@1986" })).toBe("CELLS_DISAGREE");
  expect(await told({ accidentType: "触电(2025 版)", "accidentType.code": "P-ELECTRIC@2025" })).toBe("UPDATED");
  expect(await told({ "accidentType.code": "P-ELECTRIC@1986" })).toBe("VALUE_UNKNOWN");
});

test("a name made blank is refused, by the action and in a ledger", async () => {
  const { risks, regulatedSubjects } = await district.as("office").ask("{risks(first:1,filter:{status:{eq:IDENTIFIED}}){nodes{id version}} regulatedSubjects(first:1,filter:{status:{eq:ACTIVE}}){nodes{id version}}}");
  for (const [mutation, type, { id, version }] of [["riskUpdate", "RiskUpdateInput", risks.nodes[0]], ["subjectUpdate", "SubjectUpdateInput", regulatedSubjects.nodes[0]]] as const)
    for (const name of ["", "  ", "\u3000"])
      expect(await district.as("office").refused(`mutation($k:String!,$id:ID!,$v:Int!,$i:${type}!){${mutation}(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){id}}`, { k: district.key(), id, v: version, i: { name } })).toMatchObject({ code: "INVALID_INPUT", field: "input.name", rule: "not blank" });
});

test("all or nothing writes nothing where one row is refused", async () => {
  const before = await standing();
  const table = csvTable(await ledger(district, "office", "basic.csv?sheet=subjects"));
  const rows: Record<string, string>[] = [{ ...table.rows[3]!, name: "好的修改" }, { ...table.rows[4]!, name: "" }];
  const report = await give(csv(table, rows), "office", "ALL_OR_NOTHING");
  expect(report).toMatchObject({ batch: null, rowsUpdated: 0, rowsRejected: 1, rowsUnchanged: 1 });
  expect(await standing()).toEqual(before);
  expect(await give(csv(table, rows.slice(0, 1)), "office", "ALL_OR_NOTHING")).toMatchObject({ rowsUpdated: 1, batch: expect.stringMatching(/^ImportBatch_/) });
  expect((await standing()).get(rows[0]!["id"]!)).toMatchObject({ name: "好的修改" });
});

test("once approved, a major risk is described by regulators", async () => {
  // A major risk is approved on what experts decided in a round.
  const risk = await new RiskStage(district).inForce("MAJOR");
  const UPDATE = 'mutation($k:String!,$id:ID!,$v:Int!){riskUpdate(idempotencyKey:$k,id:$id,expectedVersion:$v,input:{name:"改名"}){name}}';
  expect(await district.as("integrator").refused(UPDATE, { k: district.key(), id: risk.id, v: risk.version })).toMatchObject({ code: "FORBIDDEN", rule: expect.stringContaining("regulators") });
  expect((await district.as("office").ask(UPDATE, { k: district.key(), id: risk.id, v: risk.version })).riskUpdate).toEqual({ name: "改名" });
});
