import { expect, test } from "@jest/globals";
import { Dice } from "../../seeds/demo/story.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();

/** What a file says of one hidden danger; each field goes its own way. */
interface Said {
  title: string;
  measure: string;
  grade: "一般事故隐患" | "重大事故隐患";
  unit: string;
  deadline: string;
  state: "开放" | "关闭";
}
const NATIVE = { title: "title", measure: "description" } as const;
const FIELDS = "id version status title description grade responsibleOrgText effectiveDeadline closedAt writeOffNo region{id} versions(first:100){nodes{version action}}";

interface Standing extends Record<string, unknown> {
  id: string;
  version: number;
  versions: { nodes: { action: string }[] };
}

const form = (rows: readonly Said[]) =>
  Buffer.from(["统计表,,,,,,,,,,", "序号,项目名称：随机项目,,,,,,,,,", ",排查日期,隐患内容,隐患类型,隐患级别,责任单位,责任人,整改措施与要求,整改期限,复查日期,隐患状态", ...rows.map(({ title, measure, grade, unit, deadline, state }, index) => [index + 1, "2026-06-01", title, "消防", grade, unit, "张三样", measure, deadline, state === "关闭" ? "2026-06-20" : "", state].join(","))].join("\n"));

test("random files after random acts: nothing done here is undone, the same file twice changes nothing, and every row is told", async () => {
  const dice = new Dice(20_261_129);
  const by = ["street", "integrator", "office"];
  const post = async (rows: readonly Said[], who: string) => (await district.as(who).post("/imports/site-hidden-dangers?region=500112004000", form(rows))).body as { rowsRead: number; rows: { line: number; outcome: string; id: string | null; problems: { code: string }[] }[] };
  const standing = async (): Promise<Map<string, Standing>> => new Map((await district.as("office").ask(`{hiddenDangers(first:100){nodes{${FIELDS}}}}`)).hiddenDangers.nodes.map((row: Standing) => [row.id, row]));
  const act = async (mutation: string, type: string | null, who: string, on: Standing, input: object) =>
    district.as(who).raw(`mutation($k:String!,$id:ID!,$v:Int!${type ? `,$i:${type}` : ""}){${mutation}(idempotencyKey:$k,id:$id,expectedVersion:$v${type ? ",input:$i" : ""}){id}}`, { k: district.key(), id: on.id, v: on.version, i: input });
  let made = 0;
  const word = () => `词${(made += 1)}`;
  const rows: Said[] = Array.from({ length: 8 }, () => ({ title: word(), measure: word(), grade: "一般事故隐患", unit: word(), deadline: "2027-03-01", state: "开放" }));
  const first = await post(rows, "street");
  const ids = first.rows.map(({ id }) => id!);
  /** What was done here, by row and column: no file may say otherwise afterwards. */
  const ours = new Map(ids.map((id) => [id, new Map<string, unknown>()]));
  for (let round = 0; round < 14; round += 1) {
    // Some acts of people.
    for (const id of ids) {
      if (!dice.chance(0.35)) continue;
      const row = (await standing()).get(id)!;
      if (dice.chance(0.6) && row["status"] !== "CLOSED") {
        const name = dice.pick(["title", "measure"] as const);
        const value = `人工${word()}`;
        const answer = await act("hiddenDangerUpdate", "HiddenDangerUpdateInput", "office", row, { [NATIVE[name]]: value });
        if (!answer.errors) ours.get(id)!.set(NATIVE[name], value);
      } else if (row["status"] === "REGISTERED") await act("hiddenDangerAssign", "HiddenDangerAssignInput!", "office", row, { deadline: "2027-06-01" });
      else if (row["status"] === "ASSIGNED") await act("hiddenDangerAcceptTask", "HiddenDangerAcceptTaskInput", "integrator", row, {});
    }
    // The file goes on in its own world; or is sent again as it was.
    const changed = new Set<number>();
    if (dice.chance(0.75))
      rows.forEach((row, index) => {
        if (!dice.chance(0.4)) return;
        changed.add(index);
        const field = dice.pick(["title", "measure", "unit", "deadline", "state", "grade"] as const);
        if (field === "deadline") row.deadline = dice.pick(["2027-03-01", "2027-04-01", "2027-05-01"]);
        else if (field === "state") row.state = dice.pick(["开放", "关闭"]);
        else if (field === "grade") row.grade = dice.pick(["一般事故隐患", "重大事故隐患"]);
        else row[field] = word();
      });
    const before = await standing();
    const report = await post(rows, dice.pick(by));
    const after = await standing();
    expect(report.rowsRead).toBe(rows.length);
    expect(report.rows.map(({ line }) => line)).toEqual(rows.map((_, index) => index + 4));
    const wrong: unknown[] = [];
    const demand = (holds: boolean, ...what: unknown[]) => {
      if (!holds) wrong.push([round, ...what]);
    };
    for (const [index, id] of ids.entries()) {
      const [was, is, told] = [before.get(id)!, after.get(id)!, report.rows[index]!];
      // Told as it is: what is not updated did not move, whatever the file says.
      demand(["UPDATED", "UNCHANGED", "REJECTED"].includes(told.outcome), id, told.outcome);
      demand(is.version === was.version + (told.outcome === "UPDATED" ? 1 : 0), id, told.outcome, was.version, is.version);
      demand(told.outcome !== "REJECTED" || told.problems.length > 0, id, "rejected without a word");
      for (const [column, value] of ours.get(id)!) demand(is[column] === value, id, column, value, is[column]);
      const acted = was.versions.nodes.some(({ action }) => !action.endsWith("External"));
      if (acted) for (const column of ["status", "grade", "effectiveDeadline", "closedAt", "writeOffNo"]) demand(is[column] === was[column], id, column, was[column], is[column]);
    }
    expect(wrong).toEqual([]);
    // Whatever was taken is taken: the same file again writes nothing.
    const again = await post(rows, dice.pick(by));
    for (const [index, told] of again.rows.entries()) expect({ round, index, outcome: told.outcome }).toEqual({ round, index, outcome: report.rows[index]!.outcome === "REJECTED" ? "REJECTED" : "UNCHANGED" });
    expect([...(await standing()).values()].map(({ id, version }) => [id, version])).toEqual([...after.values()].map(({ id, version }) => [id, version]));
  }
  // The dice threw enough of both for the test to mean something.
  expect([...ours.values()].reduce((sum, columns) => sum + columns.size, 0)).toBeGreaterThan(5);
}, 180_000);
