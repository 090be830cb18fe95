import { createHash } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import { allActions, mayAct, ruleHolds, type Action } from "../actions.js";
import type { Actor } from "../actor.js";
import { parseId, type Entity } from "../entity/entity.js";
import { inOneWrite, statementOf, type Ready } from "../db/prepared.js";
import { Fault, faultFromDatabase } from "../fault.js";
import { checkInput } from "./input.js";
import { newUuid } from "./identifier.js";
import { Unit } from "./unit.js";

/** What a call of an action carries besides its input. */
export interface Call {
  actor: Actor;
  requestId: string;
  clientIp?: string;
  operationName?: string;
  documentHash?: string;
}

export interface ActionArguments {
  /** Global id of the row acted on; absent when the action makes one. */
  id?: string;
  expectedVersion?: number;
  input?: Record<string, unknown>;
  idempotencyKey: string;
}

/** What an action did; a repeated key gives the first answer again, read at the same recorded instant. */
export interface Done {
  entity: Entity;
  uuid: string;
  /** When the last row of it was recorded. */
  recorded: string;
  /** The clock it was done by: what was in force then. */
  effective: string;
  replayed: boolean;
  /** What the answer asked for, where it was read along with the commit. */
  payload?: string;
}

/** The statement of the answer to a deed on a row, done at an instant. What it throws undoes the deed: an answer that cannot be given is no answer. */
export type Payload = (uuid: string, effective: string) => Ready;

export interface WriteDoor {
  pool: Pool;
  /** Waits until what was committed survives a loss of power, where the engine does not see to it. */
  durable(): Promise<void>;
}

const KEY = /^[\x21-\x7e]{8,200}$/;
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** Runs one action in one unit: permission, transaction, input, version, audit and idempotency in one place. */
export async function act(door: WriteDoor, call: Call, name: string, args: ActionArguments, clock?: string, payload?: Payload): Promise<Done> {
  const action = allActions().get(name);
  if (!action) throw new Error(`no action ${name}`);
  const target = args.id === undefined ? undefined : parseId(args.id);
  try {
    if (!mayAct(action, call.actor)) throw new Fault(call.actor.kind === "PUBLIC" ? "UNAUTHENTICATED" : "FORBIDDEN", { action: name });
    if (!KEY.test(args.idempotencyKey)) throw new Fault("INVALID_INPUT", { field: "idempotencyKey", rule: "8 to 200 printable ASCII characters" });
    const input = checkInput(action, args.input ?? {});
    if (!action.creates && target?.entity !== action.on) throw new Fault("NOT_FOUND", { entity: action.on.name });
    const done = await perform(door.pool, call, name, action, args, input, target?.uuid, clock, payload);
    await door.durable();
    return done;
  } catch (raw) {
    const fault = faultFromDatabase(raw);
    await recordRefusal(door.pool, call, name, fault, clock).catch((failure: unknown) => {
      process.stderr.write(`${JSON.stringify({ level: "error", message: "审计写入失败 / the audit of a refusal could not be written", requestId: call.requestId, cause: String(failure) })}\n`);
    });
    throw fault;
  }
}

/** Runs work no client can ask for (seeding, lapses, sealing) under its own name. */
export async function actAs(door: WriteDoor, call: Call, name: string, work: (unit: Unit) => Promise<unknown>, clock?: string): Promise<void> {
  await transaction(door.pool, async (client) => {
    const event = newUuid();
    const now = await begin(client, call, name, event, clock);
    await work(new Unit(call.actor, name, null, now, client, event));
    return ending(client, eventStatement(call, name, event, "SUCCESS", null, null, null));
  });
  await door.durable();
}

/** Runs work on a connection of its own; the work begins and ends the transaction, together with its first and last statement. */
async function transaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    return await work(client);
  } catch (error) {
    await client.query("rollback").catch((failure: Error) => (broken = failure));
    throw error;
  } finally {
    client.release(broken);
  }
}

interface Sent {
  text: string;
  values: readonly unknown[];
}

const send = (client: PoolClient, { text, values }: Sent) => client.query(statementOf(text, values));

/**
 * The last statement of a unit with its commit, and with what the answer asks for, in one round trip: where the first fails,
 * the second undoes. What is read along sees the commit; it may fail without undoing what stands, and is then read again.
 */
async function ending(client: PoolClient, last: Sent, reads?: Ready): Promise<{ recorded: string; payload?: string }> {
  const along = reads && !reads.replan ? reads : undefined;
  const [written, , payload] = await inOneWrite(client, () => [send(client, last), client.query("commit"), along ? send(client, along).then(({ rows }) => (rows[0] as { data: string }).data, () => undefined) : undefined]);
  return { recorded: (written.rows[0] as { recorded: string }).recorded, payload };
}

/** The settings every write of the unit is named by, and its clock, read when the transaction has its number (page_instant() counts on that order); a materialized row, so that they are made before anything reads it. */
const SETTINGS =
  "unit as materialized (select set_config('app.actor', $1, true), set_config('app.action', $2, true), set_config('app.request', $3, true), set_config('app.event', $4, true), set_config('app.clock', $5, true), set_config('app.began', case when pg_current_xact_id() is not null then clock_timestamp()::text end, true))";
const settingValues = (call: Call, name: string, event: string, clock?: string) => [call.actor.id, name, call.requestId, event, clock ?? ""];

async function begin(client: PoolClient, call: Call, name: string, event: string, clock?: string): Promise<string> {
  const opening = { text: `with ${SETTINGS} select to_json(app_clock()) as now from unit`, values: settingValues(call, name, event, clock) };
  const [, told] = await inOneWrite(client, () => [client.query("begin"), send(client, opening)]);
  return (told.rows[0] as { now: string }).now;
}

/** Begins and claims the key in one statement. A twin in flight is waited for on the unique index; then the claim finds its row. */
async function beginClaiming(client: PoolClient, call: Call, name: string, event: string, claim: { key: string; request: string }, clock?: string): Promise<{ now: string; claimed: boolean }> {
  const opening = {
    text: `with ${SETTINGS}, claim as (insert into idempotency_keys (principal_id, key_hash, request_hash, action, event_id, created_at) select $1::uuid, $6, $7, $2, $4::uuid, now() from unit on conflict (principal_id, key_hash) do nothing returning 1)
      select to_json(app_clock()) as now, exists (select from claim) as claimed from unit`,
    values: [...settingValues(call, name, event, clock), claim.key, claim.request],
  };
  const [, told] = await inOneWrite(client, () => [client.query("begin"), send(client, opening)]);
  return told.rows[0] as { now: string; claimed: boolean };
}

/** Permission is settled; now one transaction: claim the key, take the row, work, record, commit. */
const perform = (pool: Pool, call: Call, name: string, action: Action, args: ActionArguments, input: Record<string, unknown>, uuid: string | undefined, clock?: string, payload?: Payload): Promise<Done> =>
  transaction(pool, async (client) => {
    const event = newUuid();
    const request = sha256(JSON.stringify([name, args.id ?? null, args.expectedVersion ?? null, args.input ?? null]));
    const key = sha256(args.idempotencyKey);
    const { now, claimed } = await beginClaiming(client, call, name, event, { key, request }, clock);
    if (!claimed) {
      const first = await replay(client, call, key, request, action.on);
      await client.query("rollback");
      return first;
    }
    const unit = new Unit(call.actor, name, action, now, client, event);
    const result = await workIn(unit, name, action, uuid, args.expectedVersion, input);
    const ended = await ending(client, eventStatement(call, name, event, "SUCCESS", null, action.on, result), payload?.(result, now));
    return { entity: action.on, uuid: result, effective: now, replayed: false, ...ended };
  });

/** The heart of an action: its row taken in the version that was read, state and rule checked, what its input names seen, the work done. Gives the UUID of the row. */
export async function workIn(unit: Unit, name: string, action: Action, uuid: string | undefined, expectedVersion: number | undefined, input: Record<string, unknown>): Promise<string> {
  const row = action.creates ? null : await unit.take(action.on, uuid!, expectedVersion);
  if (row && action.from && !action.from.includes(String(row["status"]))) throw new Fault("INVALID_TRANSITION", { action: name, state: row["status"], from: action.from });
  if (row && !ruleHolds(action, row, unit.actor)) throw new Fault("FORBIDDEN", { action: name, rule: action.when?.rule });
  await unit.cite(action, input);
  return action.work(unit, input, row ?? { uuid: "", version: 0 });
}

/** What the key was used for is what its event says; it was recorded when the last row of the event was. */
async function replay(client: PoolClient, call: Call, key: string, request: string, entity: Entity): Promise<Done> {
  const { rows } = await send(client, {
    text: `select k.request_hash, a.entity_id, to_json(a.at) as effective, to_json(greatest(a.at, (select max(c.at) from change_events c where c.event_id = k.event_id))) as recorded
      from idempotency_keys k join audit_events a on a.id = k.event_id where k.principal_id = $1 and k.key_hash = $2`,
    values: [call.actor.id, key],
  });
  const first = rows[0] as { request_hash: string; entity_id: string; effective: string; recorded: string };
  if (first.request_hash !== request) throw new Fault("IDEMPOTENCY_KEY_REUSED", {});
  return { entity, uuid: first.entity_id, recorded: first.recorded, effective: first.effective, replayed: true };
}

/** The audit event, placed where its object lies. */
export function eventStatement(call: Call, name: string, event: string, outcome: string, code: string | null, entity: Entity | null, uuid: string | null): Sent {
  const placed = entity?.scope.kind === "placed" && uuid;
  const from = placed ? ` from (select 1) one left join ${entity.table} e on e.id = $11` : "";
  const recorded = placed ? `greatest(at, (select recorded_from from ${entity.table} where id = $11))` : "at";
  return {
    text: `insert into audit_events (id, at, actor_id, actor_kind, actor_name, roles, action, outcome, code, request_id, entity, entity_id, operation_name, document_hash, client_ip, county_code, region_path)
     select $1, app_clock(), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::uuid, $12, $13, $14, ${placed ? "coalesce(e.county_code, '000000'), e.region_path" : "'000000', null::ltree"}${from}
     returning to_json(${recorded}) as recorded`,
    values: [event, call.actor.id, call.actor.kind, call.actor.name, call.actor.grants.map((grant) => grant.role), name, outcome, code, call.requestId, entity?.name ?? null, uuid, call.operationName ?? null, call.documentHash ?? null, call.clientIp ?? null],
  };
}

/** How a refusal stands in the audit. */
export function refusalOf(fault: Error): { code: string; outcome: "DENIED" | "FAILURE" } {
  const code = fault instanceof Fault ? fault.code : "INTERNAL";
  return { code, outcome: code === "FORBIDDEN" || code === "UNAUTHENTICATED" || code === "NOT_FOUND" ? "DENIED" : "FAILURE" };
}

/** A refusal is audited after its transaction is gone. */
async function recordRefusal(pool: Pool, call: Call, name: string, fault: Error, clock?: string): Promise<void> {
  const { code, outcome } = refusalOf(fault);
  await transaction(pool, async (client) => {
    const event = newUuid();
    await begin(client, call, name, event, clock);
    return ending(client, eventStatement(call, name, event, outcome, code, null, null));
  });
}
