import type { Pool } from "pg";
import { PUBLIC_ACTOR, type Actor } from "../actor.js";
import { statementOf } from "../db/prepared.js";
import type { Changes } from "../entity/stream.js";
import { Fault } from "../fault.js";
import { fieldSql } from "../read/filter.js";
import { literal } from "../read/literal.js";
import { ReadSql } from "../read/read-sql.js";
import { carriedBy, shownSql, type MapLayer } from "./map-layer.js";
import { turnSql } from "./revision.js";
import { fieldOf } from "./rows.js";

/** Whether there may be rows of a layer for the caller; a layer without is not there for him. */
export const showsTo = (actor: Actor, layer: MapLayer): boolean => shownSql(layer, "t", new ReadSql(actor, "now")) !== "false";

/** The revision of a layer now, as SQL: all changes of what its features show that are visible, the last moment that passed and changed them, and the day where they change with it. */
export function layerRevisionSql(layer: MapLayer): string {
  const read = new ReadSql(PUBLIC_ACTOR, "now");
  const entity = layer.entity();
  read.looksAt(entity);
  for (const name of [...carriedBy(layer), ...(layer.level ? [layer.level.field] : [])]) {
    const field = fieldOf(entity, name);
    if (field.from !== "code") fieldSql(name, field, "t", read);
  }
  layer.rows?.("t", read);
  for (const extra of Object.values(layer.extras ?? {})) extra.sql("t", read);
  const tables = [...new Set([...read.entities].map(({ table }) => literal(table)))].join(", ");
  const turn = read.turns.length > 0 ? ` || coalesce('.' || round(extract(epoch from ${turnSql(read.turns)}) * 1000), '')` : "";
  // What is overdue changes with the day.
  const day = read.clock === "none" ? "" : " || '.' || app_today()";
  return `((select epoch from system_settings) || '.' || (select coalesce(sum(changes), 0) from tile_revisions where source in (${tables}))${turn}${day})`;
}

export interface LayerChange {
  layer: string;
  revision: string;
  at: string;
}

const INTERVAL_MS = 1_000;

/** Tells of changes of layers: one look a second for all who listen, and none while nobody does. */
export class LayerChanges implements Changes {
  private readonly followers = new Set<Follower>();
  private readonly text: string;
  private timer: NodeJS.Timeout | undefined;
  private looking = false;
  private stopped = false;

  constructor(
    private readonly pool: Pool,
    private readonly layers: readonly MapLayer[],
  ) {
    this.text = layers.map((layer) => `select ${literal(layer.id)} as layer, ${layerRevisionSql(layer)} as revision`).join(" union all ");
  }

  /** Faults: NOT_FOUND for a layer there is not, or not for the caller. No names: all he may see. */
  async follow(names: readonly string[] | null, actorNow: () => Promise<Actor>): Promise<AsyncIterableIterator<Readonly<Record<string, unknown>>>> {
    const seenBy = async () => {
      const actor = await actorNow();
      return new Set(this.layers.filter((layer) => showsTo(actor, layer)).map(({ id }) => id));
    };
    const seen = await seenBy();
    for (const name of names ?? []) if (!seen.has(name)) throw new Fault("NOT_FOUND", { layer: name.slice(0, 100) });
    const follower = new Follower(new Set(names ?? this.layers.map(({ id }) => id)), seenBy, await this.revisions(), (gone) => this.leave(gone));
    if (this.stopped) follower.end();
    else this.followers.add(follower);
    this.schedule();
    return follower;
  }

  private async revisions(): Promise<Map<string, string>> {
    const { rows } = await this.pool.query(statementOf(this.text, []));
    return new Map((rows as { layer: string; revision: string }[]).map(({ layer, revision }) => [layer, revision]));
  }

  private schedule(): void {
    if (this.timer || this.looking || this.stopped || this.followers.size === 0) return;
    this.timer = setTimeout(() => void this.look(), INTERVAL_MS).unref();
  }

  private async look(): Promise<void> {
    // Who joins or leaves meanwhile starts no second round.
    this.timer = undefined;
    this.looking = true;
    try {
      const revisions = await this.revisions();
      await Promise.all([...this.followers].map((follower) => follower.told(revisions)));
    } catch {
      // A database that cannot be asked now is asked again.
    } finally {
      this.looking = false;
      this.schedule();
    }
  }

  private leave(follower: Follower): void {
    this.followers.delete(follower);
    if (this.followers.size > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  stop(): void {
    this.stopped = true;
    for (const follower of this.followers) follower.end();
  }
}

/** One who listens. Changes not yet fetched are held one for each layer, the latest: a slow client costs nothing. */
class Follower implements AsyncIterableIterator<Readonly<Record<string, unknown>>> {
  private readonly held = new Map<string, LayerChange>();
  private waiting: { resolve: (result: IteratorResult<Readonly<Record<string, unknown>>>) => void; reject: (error: unknown) => void } | undefined;
  private ended = false;
  private failure: unknown;

  constructor(
    private readonly names: ReadonlySet<string>,
    private readonly seenBy: () => Promise<ReadonlySet<string>>,
    private known: ReadonlyMap<string, string>,
    private readonly leave: (follower: Follower) => void,
  ) {}

  async told(revisions: ReadonlyMap<string, string>): Promise<void> {
    const changed = [...revisions].filter(([layer, revision]) => this.names.has(layer) && this.known.get(layer) !== revision);
    if (changed.length === 0 || this.ended) return;
    try {
      const seen = await this.seenBy();
      this.known = revisions;
      const at = new Date().toISOString();
      for (const [layer, revision] of changed) if (seen.has(layer)) this.held.set(layer, { layer, revision, at });
      this.deliver();
    } catch (error) {
      // A key no longer valid ends what it opened; a database that cannot be asked does not.
      if (error instanceof Fault && error.code === "UNAUTHENTICATED") this.end(error);
    }
  }

  private deliver(): void {
    const [first] = this.held;
    if (!first || !this.waiting) return;
    this.held.delete(first[0]);
    this.waiting.resolve({ done: false, value: { ...first[1] } });
    this.waiting = undefined;
  }

  next(): Promise<IteratorResult<Readonly<Record<string, unknown>>>> {
    if (this.ended) {
      const { failure } = this;
      this.failure = undefined;
      return failure ? Promise.reject(failure) : Promise.resolve({ done: true, value: undefined });
    }
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.deliver();
    });
  }

  end(failure?: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.leave(this);
    if (failure && this.waiting) this.waiting.reject(failure);
    else {
      this.failure = failure;
      this.waiting?.resolve({ done: true, value: undefined });
    }
    this.waiting = undefined;
  }

  return(): Promise<IteratorResult<Readonly<Record<string, unknown>>>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
