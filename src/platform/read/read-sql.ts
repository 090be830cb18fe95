import { readingGrants, type Actor, type Grant } from "../actor.js";
import { relationsOf, type Entity } from "../entity/entity.js";
import { NO_HINTS, type Hints } from "./hints.js";
import { exactly, standingNodes } from "./intervals.js";
import { Letters } from "./letters.js";
import { areasSql } from "./place.js";
import { sourceAsOf, versionsNow } from "./standing.js";

/** The instant a whole operation is read at. `recorded` null means: as now recorded. */
export interface Instant {
  recorded: string | null;
  /** What was in force then; the clock of "overdue" and "current". ISO with offset. */
  effective: string;
  /** Transactions under way when the first page of a list was read: what they made is not part of what its cursors walk. */
  inFlight?: readonly string[];
}

/** What one request puts into a statement: never text, only values. */
export interface RequestValues {
  actor: Actor;
  instant: Instant;
  /** Coerced arguments by site, in the order the plan met them. */
  args: readonly Record<string, unknown>[];
  /** A unit's own reads: no policy on coordinates holds, since what is copied must be exact. */
  unlimited?: true;
}

/** How an instant shapes a statement: rows as now recorded; as recorded then, or lately, since when few have changed; or as recorded then without what was under way. */
export type TimeShape = "now" | "then" | "lately" | "unsettled";

/** Whether a statement's answer changes with the instant it is asked for: not, with each day, or with any moment. */
export type ClockUse = "none" | "day" | "instant";

/** A moment column: what the statement says of an instant changes as one of its values is passed. */
export interface Turn {
  table: string;
  column: string;
}

export function timeShape({ recorded, inFlight }: Instant, hints: Hints = NO_HINTS): TimeShape {
  if (recorded === null) return "now";
  if (inFlight?.length) return "unsettled";
  return hints.fewEndedSince(recorded) ? "lately" : "then";
}

/** How rows will be looked for: by a key; in the order of an index; or all that meet conditions, to be counted, sorted or drawn. */
export type Reach = "key" | "list" | "set";

export type ValueSource = (values: RequestValues) => unknown;

/** A statement ready to send; only values differ between its uses. */
export interface Statement {
  text: string;
  replan: boolean;
  bind: (values: RequestValues) => unknown[];
}

/**
 * Builds one statement: numbers parameters and knows, for every entity alike,
 * where its rows come from at the instant asked for and which of them the actor may see.
 */
export class ReadSql {
  readonly sources: ValueSource[] = [];
  private readonly known = new Map<string, string>();
  /** Shared with every view of the statement at another instant. */
  private readonly state = { aliases: 0, replan: false, clock: "none" as ClockUse, read: new Set<Entity>(), turns: new Map<string, Turn>(), gathered: new Map<string, { name: string; text: string }>() };
  /** Where this view's instant comes from; the operation's own unless it is a view at another. */
  private moment: { name: string; instant: (values: RequestValues) => Instant } = { name: "", instant: (values) => values.instant };

  constructor(
    readonly actor: Actor,
    readonly time: TimeShape,
    /** Arguments by site as they shape the statement; only their structure may be used, values come by `param`. */
    readonly shape: readonly Record<string, unknown>[] = [],
    readonly hints: Hints = NO_HINTS,
    /** Parameters of a statement this one becomes part of. */
    private readonly before = 0,
    /** Counts what is written, of this statement or of all that a request needs. */
    readonly letters = new Letters(),
  ) {}

  get asOf(): boolean {
    return this.time !== "now";
  }

  /** A parameter; sources given a name are bound once however often they are used. */
  param(type: string, source: ValueSource, name?: string): string {
    const key = name && `${name}::${type}`;
    const seen = key && this.known.get(key);
    this.letters.value();
    if (seen) return seen;
    this.sources.push(source);
    const text = `$${this.before + this.sources.length}::${type}`;
    if (key) this.known.set(key, text);
    return text;
  }

  alias(): string {
    this.letters.alias();
    this.state.aliases += 1;
    return `t${this.state.aliases}`;
  }

  /** The best plan depends on the values: set where a range, a pattern or a box is asked for. */
  get replan(): boolean {
    return this.state.replan;
  }

  set replan(needed: boolean) {
    this.state.replan = needed;
  }

  /** The same statement at another instant, which a report takes from its arguments: for comparing then with now. */
  at(name: string, instant: (values: RequestValues) => Instant, time: TimeShape = "then"): ReadSql {
    return Object.create(this, { moment: { value: { name, instant } }, time: { value: time } }) as ReadSql;
  }

  /** How finely the answer depends on the effective instant. */
  get clock(): ClockUse {
    return this.state.clock;
  }

  /** Entities whose rows the statement looks at so far. */
  get entities(): ReadonlySet<Entity> {
    return this.state.read;
  }

  /** Notes that rows of an entity are looked at other than by `source`. */
  looksAt(target: Entity): void {
    this.state.read.add(target.versionsOf ?? target);
  }

  /** Begins the notes of clock and entities anew: what was noted so far is known already. */
  forget(): void {
    this.state.clock = "none";
    this.state.read.clear();
    this.state.turns.clear();
  }

  /** The effective instant as timestamptz. */
  now(): string {
    this.state.clock = "instant";
    return this.effective();
  }

  /** The effective instant where it is compared with columns of moments and serves for nothing else: the answer stays until one of them is passed. */
  nowAgainst(table: string, columns: readonly string[]): string {
    for (const column of columns) this.state.turns.set(`${table}.${column}`, { table, column });
    return this.effective();
  }

  /** Columns whose moments, as they pass, change the answer. */
  get turns(): readonly Turn[] {
    return [...this.state.turns.values()];
  }

  /** The effective day in Asia/Shanghai. */
  today(): string {
    if (this.state.clock === "none") this.state.clock = "day";
    return `(${this.effective()} at time zone 'Asia/Shanghai')::date`;
  }

  private effective(): string {
    return this.param("timestamptz", (values) => this.moment.instant(values).effective, `effective${this.moment.name}`);
  }

  /** Transactions under way at the instant, whose work is not part of it. */
  inFlight(): string {
    return this.param("text[]", (values) => this.moment.instant(values).inFlight ?? [], `inFlight${this.moment.name}`);
  }

  recorded(): string {
    return this.param("timestamptz", (values) => exactly(this.moment.instant(values).recorded), `recorded${this.moment.name}`);
  }

  /** Nodes of the tree of intervals before the recorded instant, or not before it. */
  nodes(before: boolean): string {
    return this.param("integer[]", (values) => standingNodes(this.moment.instant(values).recorded, before), `${before ? "left" : "right"}${this.moment.name}`);
  }

  /**
   * The rows of an entity at the recorded instant, to stand after `from`; `reach` says how they will be looked for.
   * @param narrow of a list: conditions an index of what stood then begins with, among those that hold anyway.
   */
  source(target: Entity, alias: string, reach: Reach = "key", narrow: (alias: string) => string = () => "true"): string {
    this.looksAt(target);
    return this.letters.piece(() => (this.asOf ? sourceAsOf(target, alias, reach, this, narrow) : target.versionsOf ? `(${versionsNow(target)}) ${alias}` : `${target.table} ${alias}`));
  }

  /** The predicate under which the actor sees a row; the same wherever the entity appears. */
  scope(target: Entity, alias: string): string {
    const grants = readingGrants(this.actor, target.readers);
    if (target.scope.kind === "shared") {
      if (target.readers && grants.length === 0) return "false";
      return target.scope.public || this.actor.kind !== "PUBLIC" ? "true" : "false";
    }
    if (grants.length === 0) return "false";
    if (target.scope.kind === "through") {
      const relation = relationsOf(target)[target.scope.relation];
      if (!relation) throw new Error(`${target.name}: scope through unknown relation ${target.scope.relation}`);
      const parent = relation.target();
      const inner = this.alias();
      return `exists (select 1 from ${this.source(parent, inner)} where ${inner}.id = ${alias}.${relation.key} and ${this.scope(parent, inner)})`;
    }
    return this.placed(target, alias, grants);
  }

  private placed(target: Entity, alias: string, grants: readonly Grant[]): string {
    if (target.scope.kind !== "placed") throw new Error(`${target.name} has no place`);
    const { sector, subject, placeless } = target.scope;
    const readers = target.readers;
    const clauses: string[] = [];
    const byArea = (grant: Grant) => grant.regionPath !== null && !grant.subjectId && (!grant.sectors || !sector);
    const name = `${readers?.join() ?? ""}:${sector ?? ""}`;
    const areas = grants.filter(byArea);
    if (areas.length > 0) clauses.push(areasSql(target, alias, `area:${name}`, areas, (actor) => readingGrants(actor, readers).filter(byArea), this));
    if (sector) {
      // One clause a grant: two grants with different sectors must not lend each other their areas.
      grants.forEach((grant, index) => {
        if (grant.regionPath === null || grant.subjectId || !grant.sectors) return;
        const pick = (actor: Pick<Actor, "grants">) => [readingGrants(actor, readers)[index]!];
        const sectors = this.param("text[]", ({ actor }) => pick(actor)[0]!.sectors, `sectors${index}:${name}`);
        clauses.push(`(${alias}.${sector} = any(${sectors}) and ${areasSql(target, alias, `grant${index}:${name}`, [grant], pick, this)})`);
      });
    }
    if (subject && grants.some((grant) => grant.subjectId)) {
      const subjects = this.param("uuid[]", ({ actor }) => readingGrants(actor, readers).flatMap((grant) => grant.subjectId ?? []), `subjects:${readers?.join() ?? ""}`);
      clauses.push(`${alias}.${subject} = any(${subjects})`);
    }
    if (placeless && areas.length > 0) clauses.push(`${alias}.region_path is null`);
    if (clauses.length === 0) return "false";
    return clauses.length === 1 ? clauses[0]! : `(${clauses.join(" or ")})`;
  }

  /**
   * Rows that are read once for the whole statement, however many of its parts look at them: few, and the same for each.
   * Gives the name they stand under; they are those of this view's instant.
   */
  gathered(key: string, made: () => string): string {
    const at = `${key}@${this.moment.name}`;
    const known = this.state.gathered.get(at);
    if (known) return known.name;
    const name = `g${this.state.gathered.size + 1}`;
    this.state.gathered.set(at, { name, text: "" });
    const text = made();
    // One that is made of another stands behind it.
    this.state.gathered.delete(at);
    this.state.gathered.set(at, { name, text });
    return name;
  }

  /** A whole statement made of what this wrote. Fault: LIMIT_EXCEEDED for one too long to be planned. */
  finished(text: string): Statement {
    const gathered = [...this.state.gathered.values()].map((one) => `${one.name} as materialized (${one.text})`);
    const whole = gathered.length === 0 ? text : `with ${gathered.join(", ")} ${/^\s*with\s/.test(text) ? `(${text})` : text}`;
    const { sources } = this;
    return { text: this.letters.whole(whole), replan: this.replan, bind: (values) => sources.map((source) => source(values)) };
  }

  /** The parameter values of one request. */
  bind(values: RequestValues): unknown[] {
    if (this.state.gathered.size > 0) throw new Error("a statement with gathered rows is sent only as finished");
    return this.sources.map((source) => source(values));
  }
}

/**
 * What of an actor shapes a statement: kinds and number of grants, never their values.
 * Two actors of the same shape share one prepared statement.
 */
export function actorShape(actor: Actor): string {
  const known = shapes.get(actor);
  if (known) return known;
  const shape = shapeOfActor(actor);
  shapes.set(actor, shape);
  return shape;
}

const shapes = new WeakMap<Actor, string>();

function shapeOfActor(actor: Actor): string {
  return `${actor.kind === "PUBLIC" ? "P" : "K"}|${actor.grants
    .map((grant) => `${grant.role}${grant.regionPath !== null ? "r" : ""}${grant.countyCode ? "c" : ""}${grant.townId ? "t" : ""}${grant.whole?.[0]?.toUpperCase() ?? ""}${grant.sectors ? "s" : ""}${grant.subjectId ? "u" : ""}`)
    .join(",")}`;
}
