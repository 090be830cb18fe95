import { isOfRoot, readsBy, type Actor, type Role } from "../actor.js";
import { citationsOf, relationsOf, type Clear, type Entity } from "../entity/entity.js";
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
    /** A unit's own reads: its rules need every value in clear, and what it reads leaves only by way of an answer. */
    readonly plain = false,
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
    return this.within(target, alias, this.actor.grants.map((_, at) => at), true);
  }

  /** The predicate under which the actor sees a row by a grant of one of the roles. */
  scopeBy(target: Entity, alias: string, roles: readonly Role[]): string {
    return this.within(target, alias, this.actor.grants.flatMap(({ role }, at) => (roles.includes(role) ? [at] : [])));
  }

  /**
   * The predicate under which a value of a row is told in clear. Where every grant that sees rows of this kind has one of the
   * roles there is nothing to ask, but of rows seen beyond one's area, to which what lies above it belongs.
   */
  clear(target: Entity, alias: string, { to, above, only }: Clear): string {
    const about = only ? [`not (${only(alias)})`] : [];
    const grants = this.actor.grants.flatMap((grant, at) => (to.includes(grant.role) ? [at] : []));
    const readers = this.actor.grants.filter((grant) => readsBy(grant, target.readers));
    if (!above && readers.length > 0 && readers.every(({ role }) => to.includes(role))) return "true";
    const seen = grants.length > 0 ? this.scopeBy(target, alias, to) : "false";
    const upwards = above ? grants.filter((at) => this.actor.grants[at]!.regionPath !== null) : [];
    if (upwards.length > 0) about.push(`${alias}.region_path @> any(${this.paths(upwards)})`);
    const clauses = [...about, seen].filter((clause) => clause !== "false");
    if (clauses.includes("true")) return "true";
    return clauses.length > 0 ? `(${clauses.join(" or ")})` : "false";
  }

  /** The actor's grants that cover a row, by their places among them, as JSON. */
  covering(target: Entity, alias: string): string {
    const each = this.actor.grants.map((_, at) => [at, this.within(target, alias, [at])] as const).filter(([, covers]) => covers !== "false");
    if (each.every(([, covers]) => covers === "true")) return `'[${each.map(([at]) => at).join(",")}]'::json`;
    return `to_json(array_remove(array[${each.map(([at, covers]) => `case when ${covers} then ${at} end`).join(", ")}], null))`;
  }

  /** The paths of grants' areas, by their places among the actor's. */
  private paths(grants: readonly number[]): string {
    return this.param("ltree[]", ({ actor }) => grants.map((at) => actor.grants[at]!.regionPath), `paths:${grants.join()}`);
  }

  /** Rows covered by some of the actor's grants, named by their places among them; with `own`, those he made where their entity says so. */
  private within(target: Entity, alias: string, among: readonly number[], own = false): string {
    const { scope } = target;
    const grants = among.filter((at) => readsBy(this.actor.grants[at]!, target.readers));
    if (scope.kind === "shared") {
      if (target.versionsOf) return this.throughSql(target.versionsOf, alias, "id", among, own);
      if (target.readers && grants.length === 0) return "false";
      return scope.public || this.actor.kind !== "PUBLIC" ? "true" : "false";
    }
    if (grants.length === 0 && !(own && this.mayBeMaker(target))) return "false";
    if (scope.kind === "through") {
      const relation = relationsOf(target)[scope.relation];
      if (!relation?.key) throw new Error(`${target.name}: scope through unknown relation ${scope.relation}`);
      // Readers of the row are not those of what it belongs to: only by one and the same grant is it seen.
      return this.throughSql(relation.target(), alias, relation.key, grants, own);
    }
    if (scope.kind === "cited") return this.cited(target, alias, grants);
    return this.placed(target, alias, grants, own);
  }

  private throughSql(parent: Entity, alias: string, key: string, grants: readonly number[], own: boolean): string {
    const inner = this.alias();
    const seen = this.within(parent, inner, grants, own);
    return seen === "false" ? seen : `exists (select 1 from ${this.source(parent, inner)} where ${inner}.id = ${alias}.${key} and ${seen})`;
  }

  /** Rows one made, and those a row within sight cites: which relations cite them, the declarations say. */
  private cited(target: Entity, alias: string, grants: readonly number[]): string {
    const maker = this.param("uuid", ({ actor }) => actor.id, "actor");
    const citing = citationsOf(target).map(([from, relation]) => {
      const row = this.alias();
      return `exists (select 1 from ${this.source(from, row)} where ${row}.${relation.key} = ${alias}.id and ${this.within(from, row, grants)})`;
    });
    return `(${[`${alias}.created_by = ${maker}`, ...citing].join(" or ")})`;
  }

  /** Whether rows of an entity, or what they belong to, may be the actor's own making. */
  private mayBeMaker(target: Entity): boolean {
    if (this.actor.kind === "PUBLIC") return false;
    if (target.scope.kind === "through") return this.mayBeMaker(relationsOf(target)[target.scope.relation]!.target());
    return target.scope.kind === "placed" && target.scope.maker === true;
  }

  private placed(target: Entity, alias: string, grants: readonly number[], ownMaking: boolean): string {
    if (target.scope.kind !== "placed") throw new Error(`${target.name} has no place`);
    const { sector, subject, placeless } = target.scope;
    const held = (at: number) => this.actor.grants[at]!;
    const pick = (places: readonly number[]) => (actor: Pick<Actor, "grants">) => places.map((at) => actor.grants[at]!);
    const clauses: string[] = [];
    const areas = grants.filter((at) => held(at).regionPath !== null && !held(at).subjectId && (!held(at).sectors || !sector));
    if (areas.length > 0) clauses.push(areasSql(target, alias, `area:${areas.join()}`, areas.map(held), pick(areas), this));
    if (sector) {
      // One clause a grant: two grants with different sectors must not lend each other their areas.
      for (const at of grants) {
        if (held(at).regionPath === null || held(at).subjectId || !held(at).sectors) continue;
        const sectors = this.param("text[]", ({ actor }) => actor.grants[at]!.sectors, `sectors:${at}`);
        clauses.push(`(${alias}.${sector} = any(${sectors}) and ${areasSql(target, alias, `area:${at}`, [held(at)], pick([at]), this)})`);
      }
    }
    const own = subject ? grants.filter((at) => held(at).subjectId) : [];
    if (own.length > 0) {
      const subjects = this.param("uuid[]", ({ actor }) => own.map((at) => actor.grants[at]!.subjectId), `subjects:${own.join()}`);
      clauses.push(`${alias}.${subject} = any(${subjects})`);
    }
    if (ownMaking && this.mayBeMaker(target)) clauses.push(`${alias}.created_by = ${this.param("uuid", ({ actor }) => actor.id, "maker")}`);
    // What lies nowhere belongs to whoever answers for the whole tree, not to everybody.
    if (placeless && areas.some((at) => isOfRoot(held(at)))) clauses.push(`${alias}.region_path is null`);
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
    const whole = gathered.length === 0 ? text : `with ${gathered.join(", ")}${/^\s*with\s/.test(text) ? text.replace(/^\s*with\s/, ", ") : ` ${text}`}`;
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
    .map((grant) => `${grant.role}${grant.regionPath !== null ? "r" : ""}${isOfRoot(grant) ? "0" : ""}${grant.countyCode ? "c" : ""}${grant.townId ? "t" : ""}${grant.whole?.[0]?.toUpperCase() ?? ""}${grant.sectors ? "s" : ""}${grant.subjectId ? "u" : ""}`)
    .join(",")}|${coarseLayersOf(actor)?.join() ?? "?"}`;
}

/** Layers a policy keeps coarse from an actor; undefined where nobody has looked. The service itself is given everything. */
export const coarseLayersOf = (actor: Actor): readonly string[] | undefined => (actor.kind === "SYSTEM" ? [] : actor.coarseLayers);
