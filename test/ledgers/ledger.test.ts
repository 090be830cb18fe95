import { connect } from "node:net";
import { beforeAll, expect, test } from "@jest/globals";
import { csvOf, neutralised, restored } from "../../src/platform/tabular/csv.js";
import { sameCell } from "../../src/platform/tabular/cells.js";
import { xlsxOf } from "../../src/platform/tabular/xlsx.js";
import type { PrintedDocument, PrintedSheet } from "../../src/platform/tabular/tabular.js";
import { useDistrict } from "../support/district.js";
import { csvTable, ledger, partsOf, workbookTables } from "../support/ledger-file.js";
import { sheetsOf } from "../support/read-file.js";
import { populate } from "../support/population.js";

const district = useDistrict();
const SHEETS = ["basic.csv?sheet=subjects", "basic.csv?sheet=risks", "basic.csv?sheet=persons", "hidden-dangers.csv", "rectifications.csv"];
const with_ = (path: string, more: string) => `${path}${path.includes("?") ? "&" : "?"}${more}`;

const inTurn = async (name: string) => {
  const files: Buffer[] = [];
  for (const path of SHEETS) files.push(await ledger(district, name, path));
  return files;
};

beforeAll(async () => {
  await populate(district, 8);
  // More than a page of them, so that a ledger is walked.
  const register = "mutation($k:String!,$i:HiddenDangerRegisterInput!){hiddenDangerRegister(idempotencyKey:$k,input:$i){id}}";
  for (let index = 0; index < 230; index += 1) await district.as("integrator").ask(register, { k: district.key(), i: { subject: district.sites[index % 2], title: `成批隐患${index}`, discoverySource: "SELF_CHECK", grade: "GENERAL" } });
}, 300_000);

const listOf = async (name: string, list: string, filter = "") => {
  const codes: string[] = [];
  for (let after: string | null = null, more = true; more; ) {
    const data: Record<string, { nodes: { code: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } }> = await district.as(name).ask(`query($a:String){${list}(first:100,after:$a${filter},orderBy:[{field:CODE,direction:ASC}]){nodes{code} pageInfo{hasNextPage endCursor}}}`, { a: after });
    codes.push(...data[list]!.nodes.map(({ code }) => code));
    after = data[list]!.pageInfo.endCursor;
    more = data[list]!.pageInfo.hasNextPage;
  }
  return codes;
};

test("of one caller two are written at once, the third is asked to wait, and a place is free again afterwards", async () => {
  const path = "/ledgers/hidden-dangers.xlsx";
  const get = async () => {
    const response = await district.as("auditor").fetch(path);
    const body = Buffer.from(await response.arrayBuffer());
    return response.status === 200 ? { status: 200 } : { status: response.status, retryAfter: response.headers.get("retry-after"), ...(JSON.parse(body.toString()) as { errors: { extensions: Record<string, unknown> }[] }).errors[0]!.extensions };
  };
  const all = await Promise.all(Array.from({ length: 8 }, get));
  const refused = all.filter(({ status }) => status !== 200);
  expect(all.length - refused.length).toBeGreaterThanOrEqual(2);
  expect(refused.length).toBeGreaterThan(0);
  for (const told of refused) expect(told).toMatchObject({ status: 429, code: "RATE_LIMITED", limit: "exports", maximum: 2, retryAfter: "5" });
  expect([(await get()).status, (await get()).status]).toEqual([200, 200]);
});

test("each ledger holds what the list holds, in the order of codes, numbered from one", async () => {
  for (const [path, list, filter] of [["basic.csv?sheet=subjects", "regulatedSubjects", ""], ["basic.csv?sheet=risks", "risks", ""], ["hidden-dangers.csv", "hiddenDangers", ""], ["rectifications.csv", "hiddenDangers", ",filter:{status:{in:[ASSIGNED,RECTIFYING,PENDING_ACCEPTANCE,ACCEPTED,CLOSED,TRANSFERRED]}}"]] as const) {
    const { rows } = csvTable(await ledger(district, "office", path));
    const expected = await listOf("office", list, filter);
    expect(expected.length).toBeGreaterThan(5);
    expect(rows.map(({ code }) => code)).toEqual(expected);
    expect(rows.map(({ seq }) => seq)).toEqual(expected.map((_, index) => String(index + 1)));
  }
  expect((await listOf("office", "hiddenDangers")).length).toBeGreaterThan(200);
});

test("a line a person in office at the instant, with what is public of them and nothing else", async () => {
  const { rows } = csvTable(await ledger(district, "office", "basic.csv?sheet=persons"));
  const data = await district.as("office").ask("{regulatorAssignments(first:100,filter:{inForce:{eq:true}}){nodes{id}} people(first:100){nodes{mobile}}}");
  const inForce = data.regulatorAssignments.nodes as { id: string }[];
  expect(inForce.length).toBeGreaterThan(1);
  expect(rows.map(({ id }) => id).toSorted()).toEqual(inForce.map(({ id }) => id).toSorted());
  const all = (await inTurn("office")).join("");
  const mobiles = (data.people.nodes as { mobile: string | null }[]).flatMap(({ mobile }) => mobile ?? []);
  expect(mobiles.length).toBeGreaterThan(0);
  for (const mobile of mobiles) expect(all).not.toContain(mobile);
});

test("page, workbook and CSV of one instant say the same, cell by cell", async () => {
  const { recorded } = { recorded: csvTable(await ledger(district, "office", SHEETS[0]!)).rows[0]!["asOf"]! };
  for (const [key, sheets] of [["basic", ["subjects", "risks", "persons"]], ["hidden-dangers", [""]], ["rectifications", [""]]] as const) {
    const at = `asOf=${encodeURIComponent(recorded)}`;
    const workbook = await workbookTables(await ledger(district, "office", `${key}.xlsx?${at}`));
    const page = (await ledger(district, "office", `${key}.html?${at}`)).toString("utf8");
    const bodies = [...page.matchAll(/<tbody>([\s\S]*?)<\/tbody>/g)].map(([, body]) => [...body!.matchAll(/<tr id="([^"]+)">([\s\S]*?)<\/tr>\n/g)].map(([, id, cells]) => [id, ...[...cells!.matchAll(/<td>([\s\S]*?)<\/td>/g)].map(([, text]) => text!.replace(/&(amp|lt|gt|quot|#39);/g, (_, name: string) => ({ amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" })[name]!))]));
    expect(workbook).toHaveLength(sheets.length);
    expect(bodies).toHaveLength(sheets.length);
    for (const [index, sheet] of sheets.entries()) {
      const csv = csvTable(await ledger(district, "office", `${key}.csv?${at}${sheet && `&sheet=${sheet}`}`));
      const plain = csv.rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, text]) => [name, restored(text)])));
      expect(plain.length).toBeGreaterThan(0);
      expect(workbook[index]).toEqual({ keys: csv.keys, rows: plain });
      const people = csv.headers.flatMap((header, at) => (header.includes(" / ") ? [csv.keys[at]!] : []));
      expect(bodies[index]).toEqual(plain.map((row) => [row["id"], ...people.map((name) => row[name])]));
    }
  }
});

test("labels stand for people, codes beside them for machines", async () => {
  const { rows, headers } = csvTable(await ledger(district, "office", "hidden-dangers.csv"));
  expect(headers).toEqual(expect.arrayContaining(["序号 / seq", "级别 / grade", "grade.code", "region.code", "ledger", "id", "version", "asOf"]));
  for (const row of rows) {
    expect([["GENERAL", "一般事故隐患"], ["MAJOR", "重大事故隐患"], ["", ""]]).toContainEqual([row["grade.code"], row["grade"]]);
    expect(row).toMatchObject({ ledger: "hidden-dangers", id: expect.stringMatching(/^HiddenDanger_/), version: expect.stringMatching(/^\d+$/) });
  }
  const risks = csvTable(await ledger(district, "office", "basic.csv?sheet=risks")).rows;
  expect(risks.filter((row) => row["accidentType.code"] === "03@1986").map((row) => row["accidentType"])).toContain("机械伤害(1986 版)");
});

test("who sees nothing in lists is given an empty ledger; the public sees nothing single", async () => {
  for (const path of SHEETS) for (const name of ["nobody", "system_admin", "stranger"]) expect(csvTable(await ledger(district, name, path)).rows).toEqual([]);
  for (const name of ["street", "neighbour", "enterprise", "sector", "auditor"])
    expect(csvTable(await ledger(district, name, "hidden-dangers.csv")).rows.map(({ code }) => code)).toEqual(await listOf(name, "hiddenDangers"));
  const page = (await ledger(district, "nobody", "basic.html")).toString("utf8");
  expect(page).not.toMatch(/<tr id=/);
});

test("place and filter choose rows as they do in lists", async () => {
  const filter = { or: [{ grade: { eq: "MAJOR" } }, { subject: { name: { contains: "场所1" } } }] };
  const path = `hidden-dangers.csv?within=500112007000&filter=${encodeURIComponent(JSON.stringify(filter))}`;
  const { rows } = csvTable(await ledger(district, "office", path));
  const data = await district.as("office").ask("query($f:HiddenDangerFilter){hiddenDangers(first:100,filter:$f,orderBy:[{field:CODE,direction:ASC}]){nodes{code}}}", { f: { and: [filter, { within: district.regions["yuanyang"] }] } });
  expect(rows.length).toBeGreaterThan(1);
  expect(rows.slice(0, 100).map(({ code }) => code)).toEqual(data.hiddenDangers.nodes.map(({ code }: { code: string }) => code));
  expect(csvTable(await ledger(district, "office", path.replace("500112007000", district.regions["yuanyang"]!))).rows).toHaveLength(rows.length);
  // The filter of the basic ledger is the subject's, and reaches the risks and persons of those subjects.
  const subjects = encodeURIComponent(JSON.stringify({ name: { eq: "示例场所0" } }));
  const risks = csvTable(await ledger(district, "office", `basic.csv?sheet=risks&filter=${subjects}`)).rows;
  expect(risks.every((row) => row["subject.name"] === "示例场所0")).toBe(true);
  expect(risks.length).toBeGreaterThan(0);
});

test("what cannot be meant is refused, before anything is sent", async () => {
  const refused = async (path: string, name = "office") => {
    const { status, bytes } = await district.as(name).get(path);
    return { status, ...(JSON.parse(bytes.toString("utf8")) as { errors: { extensions: Record<string, unknown> }[] }).errors[0]!.extensions };
  };
  expect(await refused("/ledgers/nothing.csv")).toMatchObject({ status: 404, code: "NOT_FOUND" });
  expect(await refused("/ledgers/basic.csv?sheet=none")).toMatchObject({ status: 400, field: "sheet" });
  expect(await refused("/ledgers/basic.csv?first=5")).toMatchObject({ code: "INVALID_INPUT", field: "first" });
  expect(await refused("/ledgers/basic.csv?asOf=yesterday")).toMatchObject({ code: "INVALID_INPUT", field: "asOf" });
  expect(await refused("/ledgers/basic.csv?asOf=1999-01-01")).toMatchObject({ code: "AS_OF_BEFORE_HISTORY" });
  expect(await refused("/ledgers/basic.csv?within=500112999000")).toMatchObject({ field: "within" });
  expect(await refused("/ledgers/basic.csv?filter=%7B")).toMatchObject({ field: "filter" });
  expect(await refused(`/ledgers/basic.csv?filter=${encodeURIComponent('{"mobile":{"eq":"1"}}')}`)).toMatchObject({ code: "INVALID_INPUT" });
  expect(await refused("/ledgers/basic.csv?filter=%7B%7D&asOf=%E0%A4%A")).toMatchObject({ status: 400 });
  const deep = JSON.stringify({ or: Array.from({ length: 60 }, () => ({ risks: { some: { name: { contains: "x" } } }, hiddenDangers: { some: { title: { contains: "x" } } } })) });
  expect(await refused(`/ledgers/basic.csv?filter=${encodeURIComponent(deep)}`)).toMatchObject({ code: "TOO_COSTLY" });
});

test("as of an instant it is what was given out then", async () => {
  const before = await inTurn("auditor");
  const instants = before.map((bytes) => csvTable(bytes).rows[0]!["asOf"]!);
  const office = district.as("office");
  const { risks, hiddenDangers, regulatorAssignments, people } = await office.ask('{risks(first:3,filter:{status:{eq:IN_FORCE}}){nodes{id version}} hiddenDangers(first:4,filter:{status:{eq:REGISTERED}}){nodes{id version}} regulatorAssignments(first:1,filter:{inForce:{eq:true}}){nodes{id version}} people(first:1){nodes{name}}}');
  for (const { id, version } of risks.nodes) await office.ask('mutation($k:String!,$id:ID!,$v:Int!){riskUpdate(idempotencyKey:$k,id:$id,expectedVersion:$v,input:{name:"改过的名称"}){id}}', { k: district.key(), id, v: version });
  for (const { id, version } of hiddenDangers.nodes) await office.ask('mutation($k:String!,$id:ID!,$v:Int!){hiddenDangerAssign(idempotencyKey:$k,id:$id,expectedVersion:$v,input:{deadline:"2099-01-01"}){id}}', { k: district.key(), id, v: version });
  await office.ask("mutation($k:String!,$id:ID!,$v:Int!){regulatorAssignmentEnd(idempotencyKey:$k,id:$id,expectedVersion:$v){id}}", { k: district.key(), id: regulatorAssignments.nodes[0].id, v: regulatorAssignments.nodes[0].version });
  await office.ask("mutation($k:String!,$id:ID!,$v:Int!){subjectUpdate(idempotencyKey:$k,id:$id,expectedVersion:$v,input:{name:\"改名场所\"}){id}}", { k: district.key(), id: district.sites[0], v: (await office.ask("query($id:ID!){regulatedSubject(id:$id){version}}", { id: district.sites[0] })).regulatedSubject.version });
  expect(people.nodes).toHaveLength(1);
  for (const [index, path] of SHEETS.entries()) {
    const then = await ledger(district, "auditor", with_(path, `asOf=${encodeURIComponent(instants[index]!)}`));
    expect(then.toString("utf8")).toBe(before[index]!.toString("utf8"));
    const said = (bytes: Buffer) => csvTable(bytes).rows.map((row) => ({ ...row, asOf: "" }));
    expect(said(await ledger(district, "auditor", path))).not.toEqual(said(before[index]!));
  }
  // In force and overdue follow the effective instant, beside what was known.
  const later = csvTable(await ledger(district, "auditor", "rectifications.csv?effective=2099-06-30")).rows;
  expect(later.filter((row) => Number(row["overdueDays"]) > 0).length).toBeGreaterThan(3);
  expect(later.filter((row) => row["onTime"] === "否").length).toBeGreaterThan(3);
  expect(later[0]!["asOf"]).toMatch(/Z\/2099-06-30T23:59:59.999999\+08:00$/);
});

test("a rectification's line tells its slips, its evidence, and whether it was in time by both deadlines", async () => {
  const day = "2099-06-30";
  const { rows } = csvTable(await ledger(district, "office", `rectifications.csv?effective=${day}`));
  const verdicts = new Set<string>();
  for (const row of rows) {
    const { hiddenDanger } = await district.as("office").ask("query($id:ID!){hiddenDanger(id:$id){status rectifiedAt acceptedAt originalDeadline effectiveDeadline evidence(first:1){totalCount} assignments(first:9){nodes{leg toOrganization{name} closedAt}}}}", { id: row["id"] });
    const slips = hiddenDanger.assignments.nodes as { leg: string; toOrganization: { name: string } | null; closedAt: string | null }[];
    for (const [leg, key] of [["RECTIFY", "rectifyLeg"], ["OVERSEE", "overseeLeg"]] as const) {
      const lines = row[key] === "" ? [] : row[key]!.split("\n").filter((line) => line.includes("交办 "));
      expect(lines.length).toBe(slips.filter((slip) => slip.leg === leg).length);
      for (const slip of slips.filter((each) => each.leg === leg && each.toOrganization)) expect(restored(row[key]!)).toContain(slip.toOrganization!.name);
      expect(lines.filter((line) => line.includes("未办结")).length).toBe(slips.filter((slip) => slip.leg === leg && !slip.closedAt).length);
    }
    expect(row["evidenceCount"]).toBe(String(hiddenDanger.evidence.totalCount));
    for (const [key, deadline] of [["onTime", hiddenDanger.effectiveDeadline], ["onTimeByOriginalDeadline", hiddenDanger.originalDeadline]] as const) {
      const reported = hiddenDanger.rectifiedAt && new Date(Date.parse(hiddenDanger.rectifiedAt) + 8 * 3_600_000).toISOString().slice(0, 10);
      const passed = hiddenDanger.acceptedAt || hiddenDanger.status === "CLOSED";
      const verdict = !deadline ? "" : passed ? (reported ? (reported <= deadline ? "是" : "否") : "") : deadline < day && (!reported || reported > deadline) ? "否" : "";
      expect([row["code"], key, row[key]]).toEqual([row["code"], key, verdict]);
      verdicts.add(verdict);
    }
  }
  expect([...verdicts].toSorted()).toEqual(["", "否", "是"]);
});

test("clients that go away in the middle keep nobody waiting", async () => {
  for (let turn = 0; turn < 6; turn += 1) {
    const socket = connect(Number(new URL(district.service.url).port), "127.0.0.1");
    socket.write(`GET /ledgers/hidden-dangers.xlsx HTTP/1.1\r\nhost: x\r\nauthorization: ${district.as("office").authorization}\r\n\r\n`);
    await new Promise((resolve) => socket.once("data", resolve));
    socket.destroy();
  }
  let status = 0;
  for (let tries = 0; tries < 50 && status !== 200; tries += 1) {
    if (tries > 0) await new Promise((resolve) => setTimeout(resolve, 100));
    ({ status } = await district.as("office").get("/ledgers/hidden-dangers.csv"));
  }
  expect(status).toBe(200);
});

test("giving a ledger out is kept in the audit, with who took it", async () => {
  const count = async () => (await district.as("auditor").ask('{auditEvents(first:1,filter:{action:{eq:"ledger.export"}}){totalCount nodes{actorName outcome}}}')).auditEvents;
  const before = await count();
  await ledger(district, "street", "basic.xlsx");
  await ledger(district, "nobody", "basic.xlsx");
  expect(await count()).toMatchObject({ totalCount: before.totalCount + 1, nodes: [{ actorName: "street", outcome: "SUCCESS" }] });
});

test("the schema tells which ledgers there are, what stands in them and where", async () => {
  const query = "{ledgers{name filterOf csv columns updatable}}";
  const { ledgers } = await district.as("office").ask(query);
  expect(await district.as("office", "plain").ask(query)).toEqual({ ledgers });
  expect(ledgers.map(({ name }: { name: string }) => name)).toEqual(["basic.subjects", "basic.risks", "basic.persons", "hidden-dangers", "rectifications"]);
  for (const { csv, columns } of ledgers as { csv: string; columns: { key: string }[] }[]) expect(csvTable((await district.as("office").get(csv)).bytes).keys).toEqual(columns.map(({ key }) => key));
});

const HARD = ["=1+1", "+86", "-5", "@cmd", "'=x", "''quoted", "'plain", " =lead", "\t=tab", "=", "＝全角", "－负", "a,b\"c", "换\n行", "回\r\n车", "\r", "_x0041_ 与 \u0007", "\u0001", " 两边 ", "😀", "0012", "</t>&amp;<", "x".repeat(32_000)];
const sheetOf = (rows: string[][]): PrintedSheet => ({ zh: "表", en: "sheet", columns: [{ key: "a", zh: "甲", en: "A", width: 5, editable: true, choices: ["一", "二"] }, { key: "n", zh: "数", en: "N", width: 5, numeric: true }, { key: "id", zh: "id", en: "id", width: 5, machine: true }], pages: async function* () { yield rows; } });

test("no text is altered by a file, and none begins as a formula", async () => {
  for (const text of HARD) {
    expect(restored(neutralised(text))).toBe(text);
    expect(neutralised(text)).not.toMatch(/^\s*[=+\-@＝＋－＠]/);
    expect(neutralised(neutralised(text)) === neutralised(text)).toBe(!/^'*(\s*[=+\-@＝＋－＠]|[\t\r\n])/.test(text));
  }
  const rows = HARD.map((text, index) => [text, String(index), `x${index}`]);
  let csv = "";
  for await (const part of csvOf(sheetOf(rows))) csv += part;
  expect(csv.startsWith("\ufeff甲 / a,数 / n,id\r\n")).toBe(true);
  for (const { rows: read } of await sheetsOf(Buffer.from(csv))) expect(read.slice(1).map(({ cells }) => restored(cells.get("A")!.value))).toEqual(HARD);
});

test("a workbook keeps every character, prints with its title rows and offers choices", async () => {
  const document: PrintedDocument = { zh: "台账 & <一>", en: "ledger", at: new Date(0), facts: [{ zh: "单位", en: "unit", value: "甲&乙" }, { zh: "区划", en: "region", value: "丙" }, { zh: "截至时间", en: "as of", value: "2026-06-30 24:00" }], signatures: [{ zh: "编制", en: "compiled by" }], sheets: [sheetOf(HARD.map((text, index) => [text, String(index), `x${index}`]))] };
  const chunks: Buffer[] = [];
  for await (const chunk of xlsxOf(document)) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const again: Buffer[] = [];
  for await (const chunk of xlsxOf(document)) again.push(chunk as Buffer);
  expect(Buffer.concat(again).equals(bytes)).toBe(true);
  const parts = await partsOf(bytes);
  const sheet = parts.get("xl/worksheets/sheet1.xml")!;
  expect(parts.get("xl/workbook.xml")).toContain(`<definedName name="_xlnm.Print_Titles" localSheetId="0">'表'!$4:$4</definedName>`);
  expect(sheet).toContain('<pane ySplit="4" topLeftCell="A5" activePane="bottomLeft" state="frozen"/>');
  expect(sheet).toContain('<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>');
  expect(sheet).toContain("<oddHeader>&amp;L单位:甲&amp;&amp;乙  区划:丙&amp;R截至时间:2026-06-30 24:00</oddHeader>");
  expect(sheet).toContain("第 &amp;P 页 共 &amp;N 页");
  expect(sheet).toMatch(/<dataValidation type="list"[^>]* sqref="A5:A1048576"><formula1>选项!\$A\$1:\$A\$2<\/formula1>/);
  expect(sheet).toMatch(/<row r="3" hidden="1">/);
  expect(sheet).toMatch(/<col min="3" max="3" [^>]*hidden="1"\/>/);
  for (const { rows } of await sheetsOf(bytes)) {
    if (rows.length < 10) continue;
    expect(rows.filter(({ line }) => line > 4).map(({ cells }) => cells.get("A")!.value)).toEqual(HARD);
    expect(rows.find(({ line }) => line === 5)!.cells.get("B")).toMatchObject({ kind: "number", value: "0" });
  }
});

test("what a spreadsheet does to a text by itself is no change", () => {
  expect(sameCell("text", "03", "3")).toBe(true);
  expect(sameCell("text", "500112004000201", "5.00112E+14")).toBe(true);
  expect(sameCell("text", "500112004000201", "5.00113E+14")).toBe(false);
  expect(sameCell("date", "2026-06-05", "2026/6/5")).toBe(true);
  expect(sameCell("dateTime", "2026-06-05 08:05", "2026/6/5 8:05")).toBe(true);
  expect(sameCell("dateTime", "2026-06-05 08:05", "2026/6/5 8:06")).toBe(false);
  expect(sameCell("number", "12.50", "12.5")).toBe(true);
  expect(sameCell("text", "换\r\n行", "换\n行 ")).toBe(true);
  expect(sameCell("text", "03", "4")).toBe(false);
  expect(sameCell("text", "", "0")).toBe(false);
});
