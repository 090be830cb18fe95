import { randomUUID } from "node:crypto";
import { Attachment } from "../../src/attachments/attachment.js";
import { allActions, mayAct, type Action } from "../../src/platform/actions.js";
import type { Actor } from "../../src/platform/actor.js";
import type { Engine } from "../../src/platform/db/engine.js";
import { fieldsOf, globalId, relationsOf, type Entity } from "../../src/platform/entity/entity.js";
import { Fault } from "../../src/platform/fault.js";
import { Region } from "../../src/regions/region.js";
import { Subject } from "../../src/subjects/subject.js";
import { act, actAs, type ActionArguments } from "../../src/platform/write/act.js";
import type { Dice } from "../../seeds/demo/story.js";
import { InputDice } from "./input-dice.js";

interface Played {
  name: string;
  actor: Actor;
  args: ActionArguments;
}

/** Actions that make what everything else stands on: enough of it is soon there. */
const FOUNDATIONS = /^(region|grid|organization|person|enterprise|subject)\.register$|^attachment\.prepare$/;
/** So many steps lay foundations mostly. */
const FIRST_STEPS = 60;
/** County of the actor who sees most. */
const COUNTY = "500112";
const MICROS_A_HOUR = 3_600_000_000n;

/**
 * A history thrown by dice over the action tables: any action of any feature, by whoever may and now and then by who may not,
 * on rows in a fitting state and now and then in another, with versions that are sometimes stale and keys that are sometimes repeated.
 * Its clock is a story's: the database must be marked as demo.
 */
export class RandomHistory {
  readonly done = new Map<string, number>();
  readonly refused = new Map<string, number>();
  private readonly inputs: InputDice;
  private readonly played: Played[] = [];
  private micros: bigint;

  constructor(
    private readonly engine: Engine,
    private readonly actors: readonly Actor[],
    private readonly dice: Dice,
    /** Milliseconds. */
    begins: number,
  ) {
    this.micros = BigInt(begins) * 1_000n;
    this.inputs = new InputDice(dice, (entity, name) => this.known(entity, name));
  }

  /** The clock in microseconds, ISO. */
  get clock(): string {
    return `${new Date(Number(this.micros / 1_000n)).toISOString().slice(0, 19)}.${String(this.micros % 1_000_000n).padStart(6, "0")}Z`;
  }

  /** Instant of the newest of what is recorded. */
  async recorded(): Promise<string> {
    await this.catchUp();
    return this.clock;
  }

  /** One call of an action, done or refused; most calls are hours after the one before, some a microsecond. */
  async step(): Promise<void> {
    const { dice } = this;
    await this.catchUp();
    this.micros += dice.chance(0.05) ? 1n : dice.chance(0.1) ? BigInt(dice.int(1, 70_000_000)) : (MICROS_A_HOUR * BigInt(dice.int(1, 600))) / 100n;
    if (dice.chance(0.04)) return this.store();
    const again = this.played.length > 0 && dice.chance(0.02) ? dice.pick(this.played) : undefined;
    const call = again ?? (await this.thrown());
    try {
      await act(this.engine, { actor: call.actor, requestId: randomUUID() }, call.name, call.args, this.clock);
      this.done.set(call.name, (this.done.get(call.name) ?? 0) + 1);
      this.played.push(call);
    } catch (error) {
      if (!(error instanceof Fault) || error.code === "INTERNAL") throw error;
      const what = `${error.code} ${call.name}`;
      this.refused.set(what, (this.refused.get(what) ?? 0) + 1);
    }
  }

  private async catchUp(): Promise<void> {
    const { rows } = await this.engine.pool.query("select ((extract(epoch from greatest((select max(at) from change_events), (select max(at) from audit_events)))) * 1000000)::bigint::text as last");
    const last = BigInt((rows[0] as { last: string }).last);
    if (last > this.micros) this.micros = last;
  }

  private async thrown(): Promise<Played> {
    const { dice } = this;
    const all = [...allActions()];
    const making = all.filter(([name, action]) => action.creates && !FOUNDATIONS.test(name));
    const founding = all.filter(([name]) => FOUNDATIONS.test(name));
    const taking = all.filter(([, action]) => !action.creates);
    const begins = this.played.length < FIRST_STEPS;
    for (;;) {
      const [name, action] = dice.pick(dice.chance(begins ? 0.7 : 0.06) ? founding : dice.chance(0.3) ? making : taking);
      // What ends a life is done seldom, or no life would be long.
      if (action.to && !taking.some(([, other]) => other.on === action.on && other.from?.includes(action.to!)) && !dice.chance(0.3)) continue;
      const row = action.creates ? undefined : await this.rowFor(action);
      if (!action.creates && !row) continue;
      const fitting = this.actors.filter((actor) => mayAct(action, actor));
      // What none of the actors may do is refused to one of them now and then.
      if (fitting.length === 0 && !dice.chance(0.1)) continue;
      // The first of the actors sees most; the others are often refused what they may not see.
      const actor = fitting.length === 0 || dice.chance(0.04) ? dice.pick(this.actors) : dice.chance(0.5) ? fitting[0]! : dice.pick(fitting);
      const input = await this.inputs.input(name, action, Number(this.micros / 1_000n));
      await this.agree(action.on, input);
      const target = row ? { id: globalId(action.on, row.id), expectedVersion: row.version + (dice.chance(0.97) ? 0 : dice.pick([-1, 1])) } : {};
      return { name, actor, args: { ...target, input, idempotencyKey: randomUUID() } };
    }
  }

  /** A row in a state the action leaves, mostly. */
  private async rowFor(action: Action): Promise<{ id: string; version: number } | undefined> {
    const { dice } = this;
    const fitting = action.from && fieldsOf(action.on)["status"] && dice.chance(0.97);
    const conditions = [...(fitting ? ["status = any($1)"] : []), ...this.near(action.on)];
    const { rows } = await this.engine.pool.query(`select id, version from ${action.on.table}${whereAll(conditions)} order by created_at desc, id limit 40`, fitting ? [action.from] : []);
    return rows.length > 0 ? dice.pick(rows as { id: string; version: number }[]) : undefined;
  }

  /** What names a row and its subject names the subject of that row, mostly: else hardly a call would be taken. */
  private async agree(on: Entity, input: Record<string, unknown>): Promise<void> {
    const subject = relationsOf(on)["subject"];
    if (!subject || this.dice.chance(0.05)) return;
    for (const [name, relation] of Object.entries(relationsOf(on))) {
      const given = input[name];
      if (name === "subject" || typeof given !== "string" || !relationsOf(relation.target())["subject"]) continue;
      const { rows } = await this.engine.pool.query(`select subject_id as id from ${relation.target().table} where id = $1`, [given.slice(given.indexOf("_") + 1)]);
      const [row] = rows as { id: string | null }[];
      if (row?.id) input["subject"] = globalId(subject.target(), row.id);
    }
  }

  /** Mostly what lies where most of the actors are: of the rest they see nothing, and are told so. */
  private near = (entity: Entity): string[] => ((entity.scope.kind === "placed" || entity === Region) && this.dice.chance(0.92) ? [`county_code = '${COUNTY}'`] : []);

  private async known(entity: Entity, name: string): Promise<readonly string[]> {
    const conditions = [...(entity === Attachment ? ["status = 'STORED'"] : []), ...(entity === Subject && name === "project" ? ["kind = 'CONSTRUCTION_PROJECT'"] : []), ...this.near(entity)];
    const { rows } = await this.engine.pool.query(`select id from ${entity.table}${whereAll(conditions)} order by created_at desc, id limit 60`);
    return (rows as { id: string }[]).map(({ id }) => id);
  }

  /** Bytes of prepared attachments arrive. */
  private async store(): Promise<void> {
    const seed: Actor = { id: randomUUID(), kind: "SYSTEM", name: "store", personId: null, grants: [] };
    await actAs(this.engine, { actor: seed, requestId: randomUUID() }, "attachment.store", (unit) => unit.query("update attachments set status = 'STORED' where status = 'PREPARED'"), this.clock);
  }
}

const whereAll = (conditions: readonly string[]) => (conditions.length > 0 ? ` where ${conditions.join(" and ")}` : "");
