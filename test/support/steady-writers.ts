import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";
import { Dice } from "../../seeds/demo/story.js";
import type { District } from "./district.js";

/** A step that was answered: it stands, once, whatever happens afterwards. */
export interface Acknowledged {
  action: string;
  /** UUID of the row. */
  id: string;
  version: number;
}

interface Step {
  action: string;
  by: string;
  key: string;
  document: string;
  variables: Record<string, unknown>;
}

type Outcome = { kind: "done"; id: string; version: number } | { kind: "unknown" } | { kind: "wrong"; told: string };

const REGISTER = "mutation($k:String!,$i:HiddenDangerRegisterInput!){done:hiddenDangerRegister(idempotencyKey:$k,input:$i){id version}}";
const ASSIGN = "mutation($k:String!,$id:ID!,$v:Int!,$i:HiddenDangerAssignInput!){done:hiddenDangerAssign(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){id version}}";
const TAKE = "mutation($k:String!,$id:ID!,$v:Int!){done:hiddenDangerAcceptTask(idempotencyKey:$k,id:$id,expectedVersion:$v){id version}}";

/** How long a step whose outcome is unknown waits before it is sent again. */
const BETWEEN_MS = 50;
/** A service that does not answer at all would hold the writers for ever. */
const ANSWER_WITHIN_MS = 60_000;

/**
 * Clients of a service that may end at any moment: each takes one step after another, through HTTP, and sends a step
 * whose outcome it does not know again with the same key until it knows.
 */
export class SteadyWriters {
  readonly acknowledged: Acknowledged[] = [];
  /** Answers no client should get. */
  readonly wrong: string[] = [];
  /** Sendings that broke off, and steps that were repeated until they were known. */
  broken = 0;
  repeated = 0;
  private readonly dice: Dice;
  private url = "";
  private stopped = false;
  private readonly work: Promise<void>[];

  constructor(private readonly district: District, seed: number, writers: number) {
    this.dice = new Dice(seed);
    this.work = Array.from({ length: writers }, (_, number) => this.write(number));
  }

  /** Where the service is from now on. */
  at(url: string) {
    this.url = url;
  }

  /** Lets every writer come to know of its last step. */
  async finish(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.work);
  }

  private async write(number: number): Promise<void> {
    for (let loop = 0; !this.stopped; loop++) {
      const registered = await this.take({ action: "hiddenDanger.register", by: "integrator", key: randomUUID(), document: REGISTER, variables: { i: { subject: this.district.sites[0], title: `隐患 ${number}-${loop}`, discoverySource: "SELF_CHECK", grade: "GENERAL" } } });
      if (!registered) return;
      const { id } = registered;
      const assigned = this.stopped ? null : await this.take({ action: "hiddenDanger.assign", by: "street", key: randomUUID(), document: ASSIGN, variables: { id, v: 1, i: { deadline: "2099-01-01" } } });
      if (assigned && !this.stopped) await this.take({ action: "hiddenDanger.acceptTask", by: "integrator", key: randomUUID(), document: TAKE, variables: { id, v: 2 } });
    }
  }

  /** Until it is known. */
  private async take(step: Step): Promise<{ id: string; version: number } | null> {
    for (let sent = 0; ; sent++) {
      const twice = this.dice.chance(0.2);
      const outcomes = await Promise.all(twice ? [this.send(step), this.send(step)] : [this.send(step)]);
      const told = outcomes.find((outcome) => outcome.kind === "wrong");
      const [first, second] = outcomes.filter((outcome) => outcome.kind === "done");
      if (told || (second && (first!.id !== second.id || first!.version !== second.version))) {
        this.wrong.push(told ? `${step.action}: ${told.told}` : `${step.action}: two answers to one key`);
        return null;
      }
      if (first) {
        if (sent > 0) this.repeated += 1;
        this.acknowledged.push({ action: step.action, id: first.id.split("_")[1]!, version: first.version });
        return first;
      }
      this.broken += 1;
      await pause(BETWEEN_MS);
    }
  }

  private async send({ by, key, document, variables }: Step): Promise<Outcome> {
    if (!this.url) return { kind: "unknown" };
    try {
      const response = await fetch(`${this.url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json", ...this.district.headers(by) },
        body: JSON.stringify({ query: document, variables: { ...variables, k: key } }),
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const text = await response.text();
      const answer = JSON.parse(text) as { data?: { done: { id: string; version: number } | null } | null; errors?: { extensions: { code: string; retryable?: boolean } }[] };
      if (answer.data?.done) return { kind: "done", ...answer.data.done };
      const refused = answer.errors?.[0]?.extensions;
      if (response.status === 429 || response.status >= 500 || refused?.retryable || refused?.code === "INTERNAL") return { kind: "unknown" };
      return { kind: "wrong", told: text.slice(0, 500) };
    } catch {
      return { kind: "unknown" };
    }
  }
}

/** What is not as it was acknowledged, in the words of a query; empty where nothing was lost and nothing done twice. */
export async function lossesAndDoubles(pool: pg.Pool, acknowledged: readonly Acknowledged[]): Promise<Record<string, unknown[]>> {
  const found = async (text: string, values: unknown[] = []) => (await pool.query(text, values)).rows as unknown[];
  return {
    "acknowledged, and not there exactly once": await found(
      `select told.*, events, changes from jsonb_to_recordset($1::jsonb) as told(id uuid, action text, version integer),
         lateral (select count(*)::int as events from audit_events a where a.entity_id = told.id and a.action = told.action and a.outcome = 'SUCCESS') e,
         lateral (select count(*)::int as changes from change_events c where c.entity_id = told.id and c.version = told.version and c.action = told.action) c
       where events <> 1 or changes <> 1`,
      [JSON.stringify(acknowledged)],
    ),
    "registered without anybody's knowing": await found("select id from hidden_dangers where id <> all($1::uuid[])", [acknowledged.map(({ id }) => id)]),
    "versions with gaps or twice": await found("select entity_id from change_events where entity = 'HiddenDanger' group by entity_id having count(*) <> max(version) or count(distinct version) <> max(version)"),
    "rows that are not at their last version": await found("select id from hidden_dangers h where version <> (select max(version) from change_events c where c.entity_id = h.id)"),
    "versions of the past with gaps or twice": await found("select id from (select id, version from hidden_dangers union all select id, version from hidden_dangers_history) v group by id having count(*) <> max(version)"),
    "keys that share an event": await found("select event_id from idempotency_keys group by event_id having count(*) > 1"),
    "steps without their audit": await found("select seq from change_events c where entity = 'HiddenDanger' and not exists (select from audit_events a where a.id = c.event_id and a.outcome = 'SUCCESS')"),
  };
}

export const NOTHING: Record<string, unknown[]> = {
  "acknowledged, and not there exactly once": [],
  "registered without anybody's knowing": [],
  "versions with gaps or twice": [],
  "rows that are not at their last version": [],
  "versions of the past with gaps or twice": [],
  "keys that share an event": [],
  "steps without their audit": [],
};
