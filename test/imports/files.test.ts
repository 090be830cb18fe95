import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import iconv from "iconv-lite";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const divisions = readFileSync("seeds/reference/divisions_4districts_2023.csv");
const summary = ({ rowsRead, rowsCreated, rowsUpdated, rowsUnchanged, rowsRejected }: Record<string, number>) => ({ rowsRead, rowsCreated, rowsUpdated, rowsUnchanged, rowsRejected });
const DAMS = "recordid,nidid,dam_name,state,county,longitude,latitude\n1,A,坝一,X,甲,106.6,29.7\n2,B,,X,乙,106.6,29.7\n3,C,坝三,X,丙,,\n3,C,坝三,X,丙,,\n4,D,=1+1,X,丁,106.6,29.7\n";
const town = "region=500112004000";

test("a dry run tells what an import would do and writes nothing; the import does it, and doing it again changes nothing", async () => {
  // The county above is known under another key already: its rows are told, and those below it find it.
  const office = district.as("office");
  const dry = await office.post("/imports/us-nid-dams?mode=DRY_RUN&datum=WGS84&" + town, Buffer.from(DAMS));
  expect(dry.status).toBe(200);
  expect(summary(dry.body)).toEqual({ rowsRead: 5, rowsCreated: 2, rowsUpdated: 0, rowsUnchanged: 0, rowsRejected: 3 });
  expect((await office.ask("{regulatedSubjects(first:1,filter:{kind:{eq:KEY_FACILITY}}){totalCount}}")).regulatedSubjects.totalCount).toBe(0);
  const done = await office.post("/imports/us-nid-dams?datum=WGS84&" + town, Buffer.from(DAMS));
  expect(summary(done.body)).toEqual(summary(dry.body));
  expect(done.body.rows.map((row: { outcome: string; problems: { code: string }[] }) => row.problems[0]?.code ?? row.outcome)).toEqual(["CREATED", "REQUIRED", "CREATED", "KEY_REPEATED", "FORMULA_CELL"]);
  expect(done.body.rows[2].doubts).toEqual(["NO_LOCATION"]);
  const again = await office.post("/imports/us-nid-dams?datum=WGS84&" + town, Buffer.from(DAMS));
  expect(summary(again.body)).toEqual({ rowsRead: 5, rowsCreated: 0, rowsUpdated: 0, rowsUnchanged: 2, rowsRejected: 3 });
  const kept = await office.ask("query($id:ID!){importBatch(id:$id){rowsRejected rows(first:10,filter:{outcome:{eq:REJECTED}}){nodes{line problems}}}}", { id: done.body.batch });
  expect(kept.importBatch.rowsRejected).toBe(3);
  expect(kept.importBatch.rows.nodes.map((row: { line: number }) => row.line)).toEqual([3, 5, 6]);
});

test("all or nothing writes nothing where one row is wrong", async () => {
  const answer = await district.as("office").post("/imports/us-nid-dams?mode=ALL_OR_NOTHING&datum=WGS84&" + town, Buffer.from(DAMS.replaceAll(/^(\d),/gm, "9$1,")));
  expect(answer.body).toMatchObject({ batch: null, rowsCreated: 0, rowsRejected: 3 });
  expect((await district.as("office").ask('{regulatedSubjects(first:1,filter:{name:{startsWith:"坝"}}){totalCount}}')).regulatedSubjects.totalCount).toBe(2);
});

test("a source in GCJ-02 is moved to CGCS2000; one that states no datum is refused", async () => {
  const office = district.as("office");
  expect((await office.post("/imports/us-nid-dams?" + town, Buffer.from(DAMS))).body.errors[0].extensions).toMatchObject({ code: "DATUM_MISSING" });
  await office.post("/imports/us-nid-dams?datum=GCJ02&" + town, Buffer.from("recordid,nidid,dam_name,state,county,longitude,latitude\n77,A,偏移坝,X,甲,106.6,29.7\n"));
  const { regulatedSubjects } = await office.ask('{regulatedSubjects(first:1,filter:{name:{eq:"偏移坝"}}){nodes{location}}}');
  const [lon, lat] = regulatedSubjects.nodes[0].location.coordinates;
  const metres = Math.hypot((106.6 - lon) * 96_500, (29.7 - lat) * 110_900);
  expect(metres).toBeGreaterThan(300);
  expect(metres).toBeLessThan(700);
});

test("rows outside the importer's area are told as not found, and the others are taken", async () => {
  const answer = await district.as("street").post("/imports/us-nid-dams?datum=WGS84&region=500112007000", Buffer.from("recordid,nidid,dam_name,state,county,longitude,latitude\n88,A,邻街坝,X,甲,106.6,29.7\n"));
  expect(answer.body.rows[0]).toMatchObject({ outcome: "REJECTED", problems: [{ code: "NOT_FOUND" }] });
  expect((await district.as("integrator").post("/imports/divisions", divisions)).status).toBe(403);
  expect((await district.as("nobody").post("/imports/divisions", divisions)).status).toBe(401);
});

test("damaged files are refused whole", async () => {
  const office = district.as("office");
  const reason = async (bytes: Buffer) => (await office.post("/imports/us-nid-dams?datum=WGS84&" + town, bytes)).body.errors[0].extensions;
  expect(await reason(Buffer.alloc(0))).toMatchObject({ code: "FILE_DAMAGED", reason: "EMPTY" });
  expect(await reason(Buffer.from([0xff, 0xfe, 0x00, 0x41, 0x80]))).toMatchObject({ code: "FILE_DAMAGED" });
  expect(await reason(Buffer.from('a,b\n"cut'))).toMatchObject({ code: "FILE_DAMAGED", reason: "CSV_BROKEN" });
  expect(await reason(Buffer.concat([Buffer.from("PK\u0003\u0004"), Buffer.alloc(3_000)]))).toMatchObject({ code: "FILE_DAMAGED", reason: "NOT_A_WORKBOOK" });
  expect(await reason(Buffer.alloc(1_000_000))).toMatchObject({ code: "FILE_DAMAGED", reason: "NOT_TEXT" });
});

test("GB18030 reads as UTF-8 does", async () => {
  const office = district.as("office");
  const rows = DAMS.replaceAll("坝", "库").replaceAll(/^(\d),/gm, "7$1,");
  const answer = await office.post("/imports/us-nid-dams?datum=WGS84&" + town, iconv.encode(rows, "gb18030"));
  expect(answer.body.rowsCreated).toBe(2);
  expect((await office.ask('{regulatedSubjects(first:1,filter:{name:{eq:"库一"}}){totalCount}}')).regulatedSubjects.totalCount).toBe(1);
});

const real = process.env["REAL_DATA_DIR"];
if (real && existsSync(real)) {
  test("the real form comes in whole, and again as it is changes nothing", async () => {
    const folder = join(real, "hazards_cn");
    const bytes = readFileSync(join(folder, readdirSync(folder).find((name) => name.endsWith(".xlsx"))!));
    const path = "/imports/site-hidden-dangers?region=500112004000";
    expect(summary((await district.as("office").post(path, bytes)).body)).toEqual({ rowsRead: 38, rowsCreated: 38, rowsUpdated: 0, rowsUnchanged: 0, rowsRejected: 0 });
    expect(summary((await district.as("integrator").post(path, bytes)).body)).toEqual({ rowsRead: 38, rowsCreated: 0, rowsUpdated: 0, rowsUnchanged: 38, rowsRejected: 0 });
  });
}
