import { randomUUID } from "node:crypto";
import { loadReference } from "../../seeds/reference/load.js";
import type { Actor } from "../platform/actor.js";
import { actAs, type WriteDoor } from "../platform/write/act.js";
import { newUuid } from "../platform/write/identifier.js";
import { newKey } from "./keys.js";

/** First start without the demo: reference data, and one key for the whole area, shown once. */
export async function bootstrap(door: WriteDoor, say: (zh: string, en: string) => void): Promise<void> {
  const system: Actor = { id: newUuid(), kind: "SYSTEM", name: "系统 / system", personId: null, grants: [] };
  await actAs(door, { actor: system, requestId: randomUUID() }, "reference.load", (unit) => loadReference(unit));
  const { rows } = await door.pool.query("select exists (select 1 from api_keys) as known");
  if ((rows[0] as { known: boolean }).known) return;
  const key = newKey();
  await actAs(door, { actor: system, requestId: randomUUID() }, "apiKey.bootstrap", async (unit) => {
    const country = newUuid();
    const principal = newUuid();
    // The root of the tree: every region an import brings lies below it.
    await unit.query("insert into regions (id, code, name, level) select $1, '000000000000', '全部区划', 'PROVINCE' where not exists (select 1 from regions)", [country]);
    await unit.query("insert into principals (id, kind, name) values ($1, 'PERSON', '综合监管(初始) / bootstrap')", [principal]);
    await unit.query("insert into grants (id, principal_id, role, region_id) select $1, $2, 'COMMITTEE_OFFICE', id from regions where parent_id is null order by code limit 1", [newUuid(), principal]);
    await unit.query("insert into api_keys (id, principal_id, prefix, secret_hash, label, expires_at) values ($1, $2, $3, $4, 'bootstrap', now() + interval '365 days')", [newUuid(), principal, key.prefix, key.secretHash]);
  });
  say(`初始密钥(只显示一次):${key.text}`, "bootstrap key, shown once");
}
