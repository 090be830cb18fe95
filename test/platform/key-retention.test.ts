import { expect, test } from "@jest/globals";
import { KEPT_DAYS, KeyRetention } from "../../src/platform/write/key-retention.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const query = async (sql: string, values: unknown[] = []) => (await district.database.engine.pool.query(sql, values)).rows as Record<string, unknown>[];
const register = (key: string) => district.as("office").ask("mutation($k:String!,$i:OrganizationRegisterInput!){organizationRegister(idempotencyKey:$k,input:$i){id}}", { k: key, i: { region: district.regions["yubei"], name: "示例部门", kind: "GOV_DEPT" } }).then(({ organizationRegister }) => organizationRegister.id as string);
/** Makes all keys of now so many days old. */
const age = (days: string) => query("update idempotency_keys set created_at = now() - $1::interval", [days]);
const sweep = async (batch?: number) => {
  const retention = new KeyRetention(district.database.engine.pool);
  try {
    return await retention.sweep(batch);
  } finally {
    await retention.stop();
  }
};

test("an idempotency key is kept for its time, whole, and what it was used for beyond it", async () => {
  const key = district.key();
  const first = await register(key);
  await age(`${KEPT_DAYS} days -1 minute`);
  expect(await sweep()).toBe(0);
  expect(await register(key)).toBe(first);
  await age(`${KEPT_DAYS} days 1 minute`);
  const { events } = (await query("select count(*)::integer as events from audit_events"))[0]!;
  expect(await sweep()).toBeGreaterThan(0);
  expect(await query("select 1 from idempotency_keys")).toEqual([]);
  expect(await query("select count(*)::integer as events from audit_events")).toEqual([{ events }]);
  // A new request by the stated rule.
  expect(await register(key)).not.toBe(first);
});

test("old keys go a batch at a time until none is left, and young ones stay", async () => {
  await query("insert into idempotency_keys (principal_id, key_hash, request_hash, action, created_at) select gen_random_uuid(), n::text, '', 'test', now() - (n % 2) * interval '31 days' from generate_series(1, 700) n");
  expect(await sweep(100)).toBe(350);
  expect(await query("select count(*)::integer as left, min(created_at) > now() - interval '1 day' as young from idempotency_keys where action = 'test'")).toEqual([{ left: 350, young: true }]);
});

test("the database lets go of nothing younger, whoever asks", async () => {
  await expect(query("select purge_idempotency_keys('29 days', 10)")).rejects.toMatchObject({ code: "22023" });
  await expect(query("select purge_idempotency_keys('-1 day', 10)")).rejects.toMatchObject({ code: "22023" });
});

test("a key let go of between its claim and the look for what it did is claimed anew, and the deed is done once", async () => {
  const key = district.key();
  const first = await register(key);
  await age(`${KEPT_DAYS + 1} days`);
  // Let go of while requests with the same key are under way: each is the first answer or, once, a new one.
  const [answers] = await Promise.all([Promise.all(Array.from({ length: 6 }, () => register(key))), sweep(1)]);
  expect(new Set(answers.filter((answer) => answer !== first)).size).toBeLessThanOrEqual(1);
});
