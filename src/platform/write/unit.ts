import type { PoolClient } from "pg";
import { actingOn, type Action, type Input } from "../actions.js";
import type { Acting, Actor } from "../actor.js";
import { columnOf, fieldsOf, globalId, relationsOf, type Entity } from "../entity/entity.js";
import { Fault } from "../fault.js";
import { statementOf } from "../db/prepared.js";
import { NO_HINTS } from "../read/hints.js";
import { actorShape, ReadSql, type RequestValues } from "../read/read-sql.js";
import { objectSql } from "../read/json.js";
import { carrierPairs } from "../read/statement.js";
import { citationsIn, citedKey, seeCited, seeRows, type CitedRows } from "./cited.js";
import { newUuid } from "./identifier.js";
import { requireOwned } from "./owner.js";

/** A row read inside a unit: field names, `key:<relation>` for links, values as in answers. */
export type TakenRow = Readonly<Record<string, unknown>> & { readonly uuid: string; readonly version: number };

/** Values to write, by field name, relation name (a UUID) or, for columns no field shows, column name. */
export type Values = Readonly<Record<string, unknown>>;

/** A value the database computes as it writes: text with `?` for each of its own values. */
export class Computed {
  constructor(
    readonly text: string,
    readonly values: readonly unknown[],
  ) {}
}

/**
 * One named transaction: the only thing that can write. Every statement in it carries actor, action and request,
 * which the database demands of every tracked row.
 */
export class Unit {
  private taken: TakenRow | undefined;
  private rows: CitedRows = new Map();

  constructor(
    /** Who acts: of an action with the grants whose role may do it, and by these alone is anything in the unit found, seen and placed. */
    readonly actor: Actor,
    readonly name: string,
    readonly action: Action | null,
    /** The transaction's clock, ISO with offset. */
    readonly now: string,
    private readonly client: PoolClient,
    /** UUID of its audit event. */
    private readonly event: string,
  ) {}

  /** The day of the clock in Asia/Shanghai. */
  get today(): string {
    return new Date(Date.parse(this.now) + 8 * 3_600_000).toISOString().slice(0, 10);
  }

  /** The actor as he stands towards the row acted on: with the grants that cover it. Rules that ask for a role ask him. */
  get acting(): Acting {
    if (!this.taken) throw new Error(`${this.name} has taken no row to act on`);
    return actingOn(this.actor, this.taken);
  }

  /**
   * The same transaction in the name of another action, its actor and its event, until this unit resumes or the savepoint before it is gone back to.
   * @param first statements without values that go out with it.
   */
  async under(name: string, action: Action, actor: Acting, event: string, ...first: readonly string[]): Promise<Unit> {
    const other = new Unit(actor, name, action, this.now, this.client, event);
    await other.resume(...first);
    return other;
  }

  /** Lets what follows be written in this unit's own name again; statements without values go out with it. */
  async resume(...first: readonly string[]): Promise<void> {
    // Both are of this service's own making; what is not so would have no business in a statement's text.
    for (const own of [this.name, this.event]) if (!/^[\w.-]+$/.test(own)) throw new Error(`no name of a unit: ${own}`);
    await this.steps(...first, `set local app.action = '${this.name}'`, `set local app.event = '${this.event}'`);
  }

  /** Statements without values, sent together: marks within the transaction. */
  async steps(...statements: readonly string[]): Promise<void> {
    await this.client.query(statements.join("; "));
  }

  /** A row for change, locked until the unit ends. Faults: NOT_FOUND (absent or out of scope), CONFLICT (stale version). */
  async take(entity: Entity, uuid: string, expectedVersion?: number): Promise<TakenRow> {
    const row = await this.find(entity, uuid, true);
    if (!row) throw new Fault("NOT_FOUND", { entity: entity.name });
    this.taken ??= row;
    if (expectedVersion !== undefined && row.version !== expectedVersion) {
      throw new Fault("CONFLICT", { id: globalId(entity, uuid), expectedVersion, currentVersion: row.version, changes: await this.difference(entity, uuid, expectedVersion) });
    }
    if (entity.scope.kind === "shared") await requireOwned(this, entity, uuid);
    return row;
  }

  /** Sees every row the action's input names, once and before anything is done. Faults: NOT_FOUND with the place in the input. */
  async cite(action: Action, input: Input): Promise<void> {
    this.rows = await seeCited(this.client, this.values(), citationsIn(action.input, input));
  }

  /** A row the input names, as it stood when the action began; a row this unit changes meanwhile is seen anew by `see`. */
  cited(entity: Entity, uuid: unknown): TakenRow {
    const row = this.rows.get(citedKey(entity, String(uuid)));
    if (!row) throw new Error(`${this.name} was given no ${entity.name} ${String(uuid)}`);
    return row;
  }

  /** A row as far as the actor sees it. */
  async see(entity: Entity, uuid: string): Promise<TakenRow> {
    const row = await this.find(entity, uuid, false);
    if (!row) throw new Fault("NOT_FOUND", { entity: entity.name });
    return row;
  }

  /** Rows a source brought, by their keys there, as far as the actor sees them: a key of another area tells nothing. */
  async keyed(entity: Entity, sourceSystem: string, keys: readonly string[]): Promise<{ id: string; externalId: string }[]> {
    const read = new ReadSql(this.actor, "now", [], NO_HINTS, 2);
    const text = `select e.id, e.external_id as "externalId" from ${entity.table} e where e.source_system = $1 and e.external_id = any($2::text[]) and ${read.scope(entity, "e")}`;
    return (await this.client.query(statementOf(text, [sourceSystem, keys, ...read.bind(this.values())]))).rows as { id: string; externalId: string }[];
  }

  /** Of some rows those the actor sees, with the path of the place they lie in. */
  async seen(entity: Entity, uuids: readonly string[]): Promise<{ id: string; place: string | null }[]> {
    const place = entity.tree ? `e.${entity.tree.path}::text` : entity.scope.kind === "placed" ? "e.region_path::text" : "null::text";
    const read = new ReadSql(this.actor, "now", [], NO_HINTS, 1);
    const text = `select e.id, ${place} as place from ${entity.table} e where e.id = any($1::uuid[]) and ${read.scope(entity, "e")}`;
    return (await this.client.query(statementOf(text, [uuids, ...read.bind(this.values())]))).rows as { id: string; place: string | null }[];
  }

  /** Rows as far as the actor sees them, by their UUID. */
  async seeAll(entity: Entity, uuids: readonly string[]): Promise<Map<string, TakenRow>> {
    return uuids.length === 0 ? new Map() : seeRows(this.client, this.values(), entity, uuids);
  }

  /** A version a row had before its present one. Scope is the caller's concern. */
  async was(entity: Entity, uuid: string, version: number): Promise<TakenRow | undefined> {
    const read = new ReadSql(this.actor, "now", [], NO_HINTS, 0, true);
    const text = `select ${objectSql(carrierPairs(entity, "e", read), read)} as row from ${entity.table}_history e where e.id = $${read.sources.length + 1} and e.version = $${read.sources.length + 2}`;
    return (await this.client.query({ text, values: [...read.bind(this.values()), uuid, version] })).rows[0]?.row as TakenRow | undefined;
  }

  private async find(entity: Entity, uuid: string, lock: boolean): Promise<TakenRow | undefined> {
    const { text, read } = finding(entity, this.actor, lock);
    return (await this.client.query(statementOf(text, [uuid, ...read.bind(this.values())]))).rows[0]?.row as TakenRow | undefined;
  }

  private values(): RequestValues {
    return { actor: this.actor, instant: { recorded: null, effective: this.now }, args: [], unlimited: true };
  }

  /** What has changed since a version, told as any answer is: a unit's own reads are exact, a refusal is not its own. */
  private async difference(entity: Entity, uuid: string, version: number) {
    const read = new ReadSql(this.actor, "now");
    const told = (from: string) => `(select ${objectSql(carrierPairs(entity, "e", read), read)} from ${from})`;
    const id = read.param("uuid", () => uuid);
    const text = `select ${told(`${entity.table}_history e where e.id = ${id} and e.version = ${read.param("integer", () => version)}`)} as base, ${told(`${entity.table} e where e.id = ${id}`)} as current`;
    const { base, current } = (await this.client.query({ text, values: read.bind({ ...this.values(), unlimited: undefined }) })).rows[0] as { base: TakenRow | null; current: TakenRow };
    if (!base) return [];
    return Object.keys(fieldsOf(entity))
      .filter((name) => name in base && JSON.stringify(base[name]) !== JSON.stringify(current[name]) && !["version", "updatedAt"].includes(name))
      .map((field) => ({ field, base: base[field], current: current[field] }));
  }

  /** Inserts a row; the unit's action sets the state it enters. Gives the UUID. What the action is there to make is made in sight only. Faults: FORBIDDEN for a row all may read that is another's. */
  async add(entity: Entity, values: Values, uuid: string = newUuid(Date.parse(this.now))): Promise<string> {
    if (this.action?.creates && this.action.on === entity && entity.scope.kind !== "shared") return this.register(entity, values, uuid);
    const { text, parameters } = this.insertion(entity, values, uuid);
    await this.client.query(statementOf(text, parameters));
    if (entity.scope.kind === "shared") await requireOwned(this, entity, uuid);
    return uuid;
  }

  /** Inserts a row where the actor may see it: who registers outside the scope registers nothing. Faults: NOT_FOUND. */
  async register(entity: Entity, values: Values, uuid: string = newUuid(Date.parse(this.now))): Promise<string> {
    const { text, parameters } = this.insertion(entity, values, uuid);
    const read = new ReadSql(this.actor, "now", [], NO_HINTS, parameters.length, true);
    const scoped = `with e as (${text} returning *) select 1 from e where ${read.scope(entity, "e")}`;
    const { rowCount } = await this.client.query(statementOf(scoped, [...parameters, ...read.bind(this.values())]));
    if (rowCount === 0) throw new Fault("NOT_FOUND", { entity: entity.name });
    if (entity.scope.kind === "shared") await requireOwned(this, entity, uuid);
    return uuid;
  }

  private insertion(entity: Entity, values: Values, uuid: string): { text: string; parameters: unknown[] } {
    const entered = this.action?.on === entity && this.action.to !== undefined && !("status" in values) ? { status: this.action.to } : {};
    const written = columnsFor(entity, { ...values, ...entered });
    const parameters: unknown[] = [uuid];
    const texts = written.map((column) => writeSql(column, parameters));
    return { text: `insert into ${entity.table} (${["id", ...written.map(({ column }) => column)].join(", ")}) values (${["$1", ...texts].join(", ")})`, parameters };
  }

  /** Takes a row through this unit's action: the state it leaves is checked, the one it enters is set. */
  async move(entity: Entity, row: TakenRow, values: Values = {}): Promise<string> {
    const { from, to } = this.action ?? {};
    if (from && !from.includes(String(row["status"]))) throw new Fault("INVALID_TRANSITION", { action: this.name, state: row["status"], from });
    return this.change(entity, row, to && this.action?.on === entity ? { ...values, status: to } : values);
  }

  /** Changes columns of a row taken in this unit. */
  async change(entity: Entity, row: TakenRow, values: Values): Promise<string> {
    const written = columnsFor(entity, values);
    if (written.length === 0) return row.uuid;
    const parameters: unknown[] = [row.uuid];
    const sets = written.map((column) => `${column.column} = ${writeSql(column, parameters)}`);
    await this.client.query(statementOf(`update ${entity.table} set ${sets.join(", ")} where id = $1`, parameters));
    return row.uuid;
  }

  /** A read no declaration offers, inside the unit. Scope is the caller's concern: give only keys already taken. */
  async query<T = Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.client.query(statementOf(text, values))).rows as T[];
  }
}

const findings = new WeakMap<Entity, Map<string, { text: string; read: ReadSql }>>();

/** The statement that finds a row as far as an actor sees it; the same for all actors of one shape. */
function finding(entity: Entity, actor: Actor, lock: boolean): { text: string; read: ReadSql } {
  const known = findings.get(entity) ?? new Map<string, { text: string; read: ReadSql }>();
  findings.set(entity, known);
  const key = `${lock}${actorShape(actor)}`;
  let made = known.get(key);
  if (!made) {
    const read = new ReadSql(actor, "now", [], NO_HINTS, 1, true);
    made = { read, text: `select ${objectSql(carrierPairs(entity, "e", read), read)} as row from ${entity.table} e where e.id = $1::uuid and ${read.scope(entity, "e")}${lock ? " for update of e" : ""}` };
    known.set(key, made);
  }
  return made;
}

interface Written {
  column: string;
  value: unknown;
  write: (parameter: string) => string;
}

const asIs = (parameter: string) => parameter;

/** SQL of a value to write; its parameters are added to those of the statement. */
function writeSql({ value, write }: Written, parameters: unknown[]): string {
  if (!(value instanceof Computed)) return write(`$${parameters.push(value)}`);
  let at = 0;
  return value.text.replaceAll("?", () => `$${parameters.push(value.values[at++])}`);
}

function columnsFor(entity: Entity, values: Values): Written[] {
  const fields = fieldsOf(entity);
  const relations = relationsOf(entity);
  return Object.entries(values).flatMap(([name, value]): Written[] => {
    if (value === undefined) return [];
    const field = fields[name];
    const relation = relations[name];
    if (field?.from === "column") {
      const column = columnOf(name, field);
      if (value instanceof Computed) return [{ column, value, write: asIs }];
      if (field.kind === "geometry") return [{ column, value: value === null ? null : JSON.stringify(value), write: (parameter) => `st_setsrid(st_geomfromgeojson(${parameter}), 4490)` }];
      if (field.kind === "json") return [{ column, value: value === null ? null : JSON.stringify(value), write: (parameter) => `${parameter}::jsonb` }];
      return [{ column, value, write: asIs }];
    }
    if (relation?.cardinality === "one") return [{ column: relation.key, value, write: asIs }];
    if (/^[a-z_]+$/.test(name)) return [{ column: name, value, write: asIs }];
    throw new Error(`${entity.name} has no column for ${name}`);
  });
}
