import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import type { Actor } from "../../src/platform/actor.js";
import { actAs } from "../../src/platform/write/act.js";
import type { Unit } from "../../src/platform/write/unit.js";
import { lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const ids: string[] = [];

beforeAll(async () => {
  for (let index = 0; index < 9; index += 1) {
    const made = await district.as("integrator").ask("mutation($k:String!,$i:HiddenDangerRegisterInput!){hiddenDangerRegister(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { subject: district.sites[index % 2], title: `隐患${index}`, discoverySource: "SELF_CHECK", grade: "GENERAL" } });
    ids.push(made.hiddenDangerRegister.id.split("_")[1]);
  }
});

/** A unit that has done its work and waits to be let go. */
async function underWay(work: (unit: Unit) => Promise<unknown>): Promise<() => Promise<void>> {
  const actor: Actor = { id: randomUUID(), kind: "SYSTEM", name: "test", personId: null, grants: [] };
  let release = () => {};
  const gate = new Promise<void>((resolve) => (release = resolve));
  let worked = () => {};
  const done = new Promise<void>((resolve) => (worked = resolve));
  const unit = actAs(district.database.engine, { actor, requestId: randomUUID() }, "test.write", async (one) => {
    await work(one);
    worked();
    await gate;
  });
  await Promise.race([done, unit]);
  return async () => {
    release();
    await unit;
  };
}

interface Page {
  nodes: { id: string; title: string; version: number }[];
  totalCount: number;
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string; endCursor: string };
}

const retitle = (title: string, ...rows: string[]) => (unit: Unit) => unit.query("update hidden_dangers set title = $2 where id = any($1)", [rows, title]);
const titles = (nodes: Page["nodes"]) => nodes.map(({ title }) => title);
/** The embedded engine has one connection: nothing is under way beside a read. */
const races = lane === "postgresql" ? describe.each(["compiled", "plain"] as const) : describe.skip.each(["compiled", "plain"] as const);

races("pages meet end to end over a write that is under way while the first is read, by %s reads", (way) => {
  const office = () => district.as("office", way);
  const page = async (cursor: string | null, order = "", forward = true): Promise<Page> =>
    (await office().ask(`query($c:String){hiddenDangers(${forward ? "first:4,after:$c" : "last:4,before:$c"}${order}){totalCount nodes{id title version} pageInfo{hasNextPage hasPreviousPage startCursor endCursor}}}`, { c: cursor })).hiddenDangers;
  const rest = async (first: Page, order = "", forward = true): Promise<Page["nodes"]> => {
    const met = [...first.nodes];
    for (let at = first; forward ? at.pageInfo.hasNextPage : at.pageInfo.hasPreviousPage; ) {
      at = await page(forward ? at.pageInfo.endCursor : at.pageInfo.startCursor, order, forward);
      expect(at.totalCount).toBe(first.totalCount);
      if (forward) met.push(...at.nodes);
      else met.unshift(...at.nodes);
    }
    return met;
  };
  let before: Page["nodes"];
  beforeEach(async () => void (before = await rest(await page(null))));

  test("a row changed meanwhile is met once, as it was, wherever its new version stands", async () => {
    const last = before.at(-1)!;
    const commit = await underWay(retitle("已改", last.id.split("_")[1]!));
    const first = await page(null);
    await commit();
    expect(await rest(first)).toEqual(before);
    expect((await page(null)).nodes[0]).toMatchObject({ id: last.id, title: "已改" });
  });

  test("in every order, from both ends, with rows changed twice, by two writers, and again after the commit", async () => {
    for (const [order, forward] of [[",orderBy:[{field:CODE,direction:ASC}]", true], [",orderBy:[{field:UPDATED_AT,direction:ASC}]", true], ["", false]] as const) {
      const was = await rest(await page(null, order, forward), order, forward);
      const commits = [
        await underWay(async (unit) => [await retitle("一改", ids[0]!, ids[5]!)(unit), await retitle("二改", ids[0]!)(unit)]),
        await underWay(retitle("另改", ids[8]!)),
      ];
      const first = await page(null, order, forward);
      for (const commit of commits) await commit();
      await (await underWay(retitle("后改", ids[0]!, ids[3]!)))();
      expect(await rest(first, order, forward)).toEqual(was);
    }
  });

  test("a row made meanwhile is on no later page, in no count and in nothing nested", async () => {
    const query = "query($c:String){regulatedSubjects(first:1,after:$c,orderBy:[{field:CODE,direction:ASC}]){nodes{code hiddenDangers(first:30,orderBy:[{field:CODE,direction:ASC}]){totalCount nodes{title version versions(first:9){totalCount nodes{version recordedTo title}}}}} pageInfo{endCursor}} hiddenDangerCounts(by:[STATUS]){count status}}";
    const whole = (await office().ask(query.replace("first:1", "first:2"), {})) as { regulatedSubjects: { nodes: unknown[] }; hiddenDangerCounts: unknown };
    const commit = await underWay(async (unit) => {
      await retitle("已改", ids[1]!, ids[3]!)(unit);
      await unit.query("insert into hidden_dangers (id, region_id, code, title, kind, grade, manage_type, discovery_source, discovered_at, subject_id, sector, status) select gen_random_uuid(), region_id, code || 'x' || $2, '新', kind, grade, manage_type, discovery_source, discovered_at, subject_id, sector, 'REGISTERED' from hidden_dangers where id = $1", [ids[1], way]);
    });
    const first = await office().ask(query, {});
    await commit();
    const second = await office().ask(query, { c: first.regulatedSubjects.pageInfo.endCursor });
    expect([...first.regulatedSubjects.nodes, ...second.regulatedSubjects.nodes]).toEqual(whole.regulatedSubjects.nodes);
    expect(second.hiddenDangerCounts).toEqual(whole.hiddenDangerCounts);
  });

  test("registers that only grow show on later pages what the first page's snapshot held", async () => {
    const query = "query($c:String){auditEvents(first:3,after:$c){totalCount nodes{id action} pageInfo{endCursor}}}";
    const auditor = district.as("auditor", way);
    const { totalCount } = (await auditor.ask(query)).auditEvents;
    const actor: Actor = { id: randomUUID(), kind: "SYSTEM", name: "test", personId: null, grants: [] };
    const client = await district.database.engine.pool.connect();
    await client.query("begin");
    await client.query("insert into audit_events (id, at, actor_id, action, outcome) values ($1, clock_timestamp(), $2, 'test.under-way', 'SUCCESS')", [randomUUID(), actor.id]);
    const first = (await auditor.ask(query)).auditEvents;
    await client.query("commit");
    client.release();
    const second = (await auditor.ask(query, { c: first.pageInfo.endCursor })).auditEvents;
    expect([first.totalCount, second.totalCount]).toEqual([totalCount, totalCount]);
  });

  test("what the snapshot shows though its clock ran ahead of the reader's stays shown", async () => {
    const ahead = await underWay(async (unit) => {
      await unit.query("select set_config('app.began', (clock_timestamp() + interval '60 milliseconds')::text, true)");
      await retitle("快钟", ids[7]!)(unit);
    });
    await ahead();
    const first = await page(null);
    const later = await rest(first);
    expect(titles(later)).toContain("快钟");
    expect(later).toHaveLength(first.totalCount);
    await pause(80);
  });
});

test.each(["compiled", "plain"] as const)("a later page stays what it was while nothing, little and much changes behind it, by %s reads", async (way) => {
  const office = district.as("office", way);
  const page = async (cursor: string | null): Promise<Page> => (await office.ask("query($c:String){hiddenDangers(first:4,after:$c){totalCount nodes{id title version} pageInfo{endCursor}}}", { c: cursor })).hiddenDangers;
  const first = await page(null);
  const later = await page(first.pageInfo.endCursor);
  // More than one look at how much has changed since, whichever way each of them tells to take.
  for (const changes of [0, 1, 2, 15, 15, 1]) {
    for (let change = 0; change < changes; change += 1) await (await underWay(retitle(`改${change}`, ...ids)))();
    for (let again = 0; again < 3; again += 1) {
      expect(await page(first.pageInfo.endCursor)).toEqual(later);
      await pause(30);
    }
    await pause(1_000);
  }
});

test("a cursor with more of an instant than this service writes is refused", async () => {
  const { hiddenDangers } = await district.as("office").ask("{hiddenDangers(first:1){pageInfo{endCursor}}}");
  const [version, spec, instant, body] = hiddenDangers.pageInfo.endCursor.split("~");
  for (const forged of [`${instant}.`, `${instant}.x`, `${instant}..1`, `${instant};1`, `${instant}${".7".repeat(301)}`, `.${instant}`])
    expect(await district.as("office").refused("query($c:String){hiddenDangers(first:1,after:$c){nodes{id}}}", { c: [version, spec, forged, body].join("~") })).toMatchObject({ code: "INVALID_INPUT" });
  expect((await district.as("office").ask("query($c:String){hiddenDangers(first:1,after:$c){nodes{id}}}", { c: [version, spec, `${instant.split(".")[0]}.7.9`, body].join("~") })).hiddenDangers.nodes).toHaveLength(1);
});
