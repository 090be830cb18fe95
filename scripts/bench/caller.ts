import { randomUUID } from "node:crypto";
import { newKey } from "../../src/auth/keys.js";
import type { Actor, Role } from "../../src/platform/actor.js";
import type { Engine } from "../../src/platform/db/engine.js";
import { actAs } from "../../src/platform/write/act.js";
import { newUuid } from "../../src/platform/write/identifier.js";
import type { Writer } from "./writes.js";

export interface Caller extends Writer {
  key: string;
  /** The key is good for this run only. */
  revoke(): Promise<void>;
}

/**
 * A principal of the benchmark's own: a client system that sees one county and no personal data, with a fresh key.
 * @param another tells principals apart where there are several.
 */
export async function makeCaller(engine: Engine, county: { code: string; region: string }, another = "", role: Role = "INTEGRATION_CLIENT"): Promise<Caller> {
  const name = `基准测试 ${county.code}${another} / benchmark`;
  const actor: Actor = { id: newUuid(), kind: "SYSTEM", name, personId: null, grants: [] };
  const call = () => ({ actor, requestId: randomUUID() });
  const key = newKey();
  let principal = ((await engine.pool.query("select id from principals where name = $1", [name])).rows[0] as { id: string } | undefined)?.id;
  await actAs(engine, call(), "bench.prepare", async (unit) => {
    if (!principal) {
      principal = newUuid();
      await unit.query("insert into principals (id, kind, name) values ($1, 'CLIENT', $2)", [principal, name]);
      await unit.query("insert into grants (id, principal_id, role, region_id) values ($1, $2, $3, $4)", [newUuid(), principal, role, county.region]);
    }
    await unit.query("insert into api_keys (id, principal_id, prefix, secret_hash, label, expires_at) values ($1, $2, $3, $4, 'bench', now() + interval '1 day')", [newUuid(), principal, key.prefix, key.secretHash]);
  });
  const revoke = () => actAs(engine, call(), "bench.end", async (unit) => void (await unit.query("update api_keys set revoked_at = now() where prefix = $1", [key.prefix])));
  return { principal: principal!, name, key: key.text, revoke };
}
