import { createHash } from "node:crypto";
import type { Pool, PoolClient } from "pg";
import { actingFor, allActions, mayAct, ruleHolds, type Action } from "../actions.js";
import { standingOf, type Actor } from "../actor.js";
import { parseId, type Entity } from "../entity/entity.js";
import { inOneWrite, statementOf, type Ready } from "../db/prepared.js";
import { Fault, faultFromDatabase } from "../fault.js";
import { log } from "../log.js";
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
      log.trouble("审计写入失败 / the audit of a refusal could not be written", failure, { requestId: call.requestId });
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
  "unit as materialized (select set_config('app.actor', $1, true), set_config('app.action', $2, true), set_config('app.request', $3, true), set_config('app.event', $4, true), set_config('app.clock', $5, true), set_config('app.place', $6, true), set_config('app.county', $7, true), set_config('app.began', case when pg_current_xact_id() is not null then clock_timestamp()::text end, true))";
function settingValues({ actor, requestId }: Call, name: string, event: string, clock?: string) {
  // What an act changes that lies nowhere itself is recorded where the actor stands.
  const standing = standingOf(actor);
  return [actor.id, name, requestId, event, clock ?? "", standing?.path ?? "", standing?.countyCode ?? ""];
}

async function begin(client: PoolClient, call: Call, name: string, event: string, clock?: string): Promise<string> {
  const opening = { text: `with ${SETTINGS} select to_json(app_clock()) as now from unit`, values: settingValues(call, name, event, clock) };
  const [, told] = await inOneWrite(client, () => [client.query("begin"), send(client, opening)]);
  return (told.rows[0] as { now: string }).now;
}

/** Begins and claims the key in one statement. A twin in flight is waited for on the unique index; then the claim finds its row. */
async function beginClaiming(client: PoolClient, call: Call, name: string, event: string, claim: { key: string; request: string }, clock?: string): Promise<{ now: string; claimed: boolean }> {
  const opening = {
    text: `with ${SETTINGS}, claim as (insert into idempotency_keys (principal_id, key_hash, request_hash, action, event_id, created_at) select $1::uuid, $8, $9, $2, $4::uuid, now() from unit on conflict (principal_id, key_hash) do nothing returning 1)
      select to_json(app_clock()) as now, exists (select from claim) as claimed from unit`,
    values: [...settingValues(call, name, event, clock), claim.key, claim.request],
  };
  const [, told] = await inOneWrite(client, () => [client.query("begin"), send(client, opening)]);
  return told.rows[0] as { now: string; claimed: boolean };
}

/** Permission is settled; now one transaction: claim the key, take the row, work, record, commit. */
async function perform(pool: Pool, call: Call, name: string, action: Action, args: ActionArguments, input: Record<string, unknown>, uuid: string | undefined, clock?: string, payload?: Payload): Promise<Done> {
  // A key past its time may be let go of just between the claim and the look for what it did: then it is claimed anew.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const done = await performOnce(pool, call, name, action, args, input, uuid, clock, payload);
    if (done) return done;
  }
  throw new Error(`an idempotency key of ${name} has no event`);
}

const performOnce = (pool: Pool, call: Call, name: string, action: Action, args: ActionArguments, input: Record<string, unknown>, uuid: string | undefined, clock?: string, payload?: Payload): Promise<Done | null> =>
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
    const unit = new Unit(actingFor(action, call.actor, input), name, action, now, client, event);
    const result = await workIn(unit, name, action, uuid, args.expectedVersion, input);
    const ended = await ending(client, eventStatement(call, name, event, "SUCCESS", null, action.on, result), payload?.(result, now));
    return { entity: action.on, uuid: result, effective: now, replayed: false, ...ended };
  });

/** The heart of an action: its row taken in the version that was read, state and rule checked, what its input names seen, the work done. Gives the UUID of the row. */
export async function workIn(unit: Unit, name: string, action: Action, uuid: string | undefined, expectedVersion: number | undefined, input: Record<string, unknown>): Promise<string> {
  if (unit.actor.grants.length === 0) throw new Fault("FORBIDDEN", { action: name, field: action.entitles?.field, rule: action.entitles?.rule });
  const row = action.creates ? null : await unit.take(action.on, uuid!, expectedVersion);
  if (row && action.from && !action.from.includes(String(row["status"]))) throw new Fault("INVALID_TRANSITION", { action: name, state: row["status"], from: action.from });
  if (row && !ruleHolds(action, row, unit.acting)) throw new Fault("FORBIDDEN", { action: name, rule: action.when?.rule });
  await unit.cite(action, input);
  return action.work(unit, input, row ?? { uuid: "", version: 0 });
}

/** What the key was used for is what its event says; it was recorded when the last row of the event was. Null where the key was let go of since. */
async function replay(client: PoolClient, call: Call, key: string, request: string, entity: Entity): Promise<Done | null> {
  const { rows } = await send(client, {
    text: `select k.request_hash, a.entity_id, to_json(a.at) as effective, to_json(greatest(a.at, (select max(c.at) from change_events c where c.event_id = k.event_id))) as recorded
      from idempotency_keys k join audit_events a on a.id = k.event_id where k.principal_id = $1 and k.key_hash = $2`,
    values: [call.actor.id, key],
  });
  const first = rows[0] as { request_hash: string; entity_id: string; effective: string; recorded: string } | undefined;
  if (!first) return null;
  if (first.request_hash !== request) throw new Fault("IDEMPOTENCY_KEY_REUSED", {});
  return { entity, uuid: first.entity_id, recorded: first.recorded, effective: first.effective, replayed: true };
}

/** Where a row lies: its own place, that of what it belongs to, or of a region the region itself. Null where rows of its kind lie nowhere. */
function placeSql({ scope, table, tree, relations }: Entity, id: string): string | null {
  if (tree) return `select county_code, ${tree.path} as region_path from ${table} where id = ${id}`;
  if (scope.kind === "placed") return `select county_code, region_path from ${table} where id = ${id}`;
  const parent = scope.kind === "through" ? relations[scope.relation] : undefined;
  return parent?.key ? placeSql(parent.target(), `(select ${parent.key} from ${table} where id = ${id})`) : null;
}

/** The audit event, placed where its object lies; without one, where its actor stands. Its time is the unit's own, made by the database. */
export function eventStatement(call: Call, name: string, event: string, outcome: string, code: string | null, entity: Entity | null, uuid: string | null): Sent {
  const place = entity && uuid ? placeSql(entity, "$11") : null;
  const from = place ? ` from (select 1) one left join lateral (${place}) e on true` : "";
  const recorded = entity?.scope.kind === "placed" && uuid ? `greatest(at, (select recorded_from from ${entity.table} where id = $11))` : "at";
  const standing = standingOf(call.actor);
  return {
    text: `insert into audit_events (id, actor_id, actor_kind, actor_name, roles, action, outcome, code, request_id, entity, entity_id, operation_name, document_hash, client_ip, county_code, region_path)
     select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::uuid, $12, $13, $14, ${place ? "coalesce(e.county_code, $15), coalesce(e.region_path, $16::ltree)" : "$15, $16::ltree"}${from}
     returning to_json(${recorded}) as recorded`,
    values: [event, call.actor.id, call.actor.kind, call.actor.name, call.actor.grants.map((grant) => grant.role), name, outcome, code, call.requestId, entity?.name ?? null, uuid, call.operationName ?? null, call.documentHash ?? null, call.clientIp ?? null, standing?.countyCode ?? "000000", standing?.path ?? null],
  };
}

/** How a refusal stands in the audit. */
export function refusalOf(fault: Error): { code: string; outcome: "DENIED" | "FAILURE" } {
  const code = fault instanceof Fault ? fault.code : "INTERNAL";
  return { code, outcome: code === "FORBIDDEN" || code === "UNAUTHENTICATED" || code === "NOT_FOUND" ? "DENIED" : "FAILURE" };
}

/** A refusal is audited after its transaction is gone. Nobody without a key makes the database write, and none is asked to that just failed. */
async function recordRefusal(pool: Pool, call: Call, name: string, fault: Error, clock?: string): Promise<void> {
  const { code, outcome } = refusalOf(fault);
  if (call.actor.kind === "PUBLIC") return log.warn("无密钥者的操作被拒绝,未入审计 / an action of a caller without a key was refused and is not in the audit", { action: name, code });
  if (fault instanceof Fault && (fault.code === "DATABASE_UNAVAILABLE" || fault.code === "STORAGE_FULL")) return;
  await transaction(pool, async (client) => {
    const event = newUuid();
    await begin(client, call, name, event, clock);
    return ending(client, eventStatement(call, name, event, outcome, code, null, null));
  });
}
