import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "@jest/globals";
import { inUnit } from "../support/database.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const RATES = 'query($from:Date!,$to:Date!,$f:HiddenDangerFilter){onTimeRectification(from:$from,to:$to,by:TOWN,filter:$f){rank due onTime rate dueOriginal onTimeOriginal rateOriginal external region{code}}}';
const rates = async (from: string, to: string, filter?: object, by = "auditor") =>
  Object.fromEntries(((await district.as(by).ask(RATES, { from, to, f: filter })).onTimeRectification as { region: { code: string } }[]).map(({ region, ...row }) => [region.code.slice(6, 9), row]));

/** Hidden dangers of a month, as the loop would have left them: state, deadlines and when the report that passed came. */
async function loops(region: string, rows: readonly { status: string; due: string; original?: string; reported?: string; origin?: string }[]): Promise<void> {
  await inUnit(district.database.engine, async (client) => {
    for (const table of ["hidden_dangers"]) await client.query(`alter table ${table} disable trigger user; alter table ${table} enable trigger a_place; alter table ${table} enable trigger b_stamp`);
    for (const { status, due, original = due, reported, origin = "NATIVE" } of rows)
      await client.query(
        "insert into hidden_dangers (id, region_id, code, title, kind, grade, discovery_source, discovered_at, status, manage_type, origin, original_deadline, effective_deadline, rectified_at, accepted_at, category, void_reason, voided_at, closed_at, write_off_no) values ($1::uuid, $2, 'T-' || ($1::uuid)::text, '示例', 'PHYSICAL', 'GENERAL', 'SELF_CHECK', '2026-05-01', $3, 'DEADLINE', $4, $5, $6, $7, $8, '{}', case when $3::text = 'VOIDED' then '示例' end, case when $3::text = 'VOIDED' then '2026-06-26T00:00:00Z'::timestamptz end, case when $3::text = 'CLOSED' then '2026-06-26T00:00:00Z'::timestamptz end, case when $3::text = 'CLOSED' then 'XH-' || ($1::uuid)::text end)",
        [randomUUID(), region.split("_")[1], status, origin, original, due, reported ?? null, ["ACCEPTED", "CLOSED"].includes(status) ? "2026-06-25T00:00:00Z" : null],
      );
    await client.query("alter table hidden_dangers enable trigger user");
  });
}

beforeAll(async () => {
  const passed = (count: number, reported: string, more = {}) => Array.from({ length: count }, () => ({ status: "ACCEPTED", due: "2026-06-10", reported, ...more }));
  // Of ten due seven were reported in time; one of them failed and was reported again late: six. Three are still open.
  await loops(district.regions["huixing"]!, [...passed(6, "2026-06-10T23:59:59+08:00"), ...passed(1, "2026-06-20T09:00:00+08:00"), ...Array.from({ length: 3 }, () => ({ status: "RECTIFYING", due: "2026-06-10" }))]);
  // Others: void, elsewhere, another month, and one extended: late by its original deadline alone.
  await loops(district.regions["yuanyang"]!, [{ status: "VOIDED", due: "2026-06-10" }, ...passed(1, "2026-06-01T00:00:00Z", { origin: "EXTERNAL" }), ...passed(1, "2026-07-01T00:00:00Z", { due: "2026-07-15" }), { status: "CLOSED", due: "2026-06-30", original: "2026-06-05", reported: "2026-06-12T00:00:00Z" }]);
}, 180_000);

test("the rate is of what was due, by the report that passed: six of ten", async () => {
  expect((await rates("2026-06-01", "2026-06-29"))["004"]).toEqual({ rank: 1, due: 10, onTime: 6, rate: "60.00", dueOriginal: 10, onTimeOriginal: 6, rateOriginal: "60.00", external: 0 });
});

test("an extension helps the one rate and not the other; void is left out, elsewhere is told apart", async () => {
  const june = await rates("2026-06-01", "2026-06-30");
  expect(june["007"]).toEqual({ rank: 1, due: 1, onTime: 1, rate: "100.00", dueOriginal: 1, onTimeOriginal: 0, rateOriginal: "0.00", external: 1 });
  expect(june["004"]).toMatchObject({ rank: 2 });
});

test("where nothing was due there is no data, no hundred per cent and no rank", async () => {
  for (const row of Object.values(await rates("2026-01-01", "2026-01-31"))) expect(row).toEqual({ rank: null, due: 0, onTime: 0, rate: null, dueOriginal: 0, onTimeOriginal: 0, rateOriginal: null, external: 0 });
  expect((await rates("2026-06-01", "2026-06-30", { grade: { eq: "MAJOR" } }))["004"]).toMatchObject({ due: 0, rate: null, rank: null });
});

test("each sees the rates of what they see", async () => {
  const street = await rates("2026-06-01", "2026-06-30", undefined, "street");
  expect(street["004"]).toMatchObject({ due: 10 });
  expect(street["007"]).toMatchObject({ due: 0, rate: null });
});
