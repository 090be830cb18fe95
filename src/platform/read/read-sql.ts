import { readingGrants, type Actor, type Grant } from "../actor.js";
import { allEntities, columnOf, fieldsOf, linksOf, relationsOf, type Entity } from "../entity/entity.js";
import { NO_HINTS, type Hints } from "./hints.js";
import { areasSql, placeColumnsOf } from "./place.js";

/** The instant a whole operation is read at. `recorded` null means: as now recorded. */
export interface Instant {
  recorded: string | null;
  /** What was in force then; the clock of "overdue" and "current". ISO with offset. */
  effective: string;
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

/** How an instant shapes a statement: rows as now recorded, as recorded a little while ago, or longer ago. */
export type TimeShape = "now" | "recent" | "past";

/** Whether a statement's answer changes with the instant it is asked for: not, with each day, or with any moment. */
export type ClockUse = "none" | "day" | "instant";

export const timeShape = (instant: Instant, hints: Hints): TimeShape => (instant.recorded === null ? "now" : hints.isRecent(instant) ? "recent" : "past");

/** How rows will be looked for: by a key; in the order of an index; or all that meet conditions, to be counted, sorted or drawn. */
export type Reach = "key" | "list" | "set";

export type ValueSource = (values: RequestValues) => unknown;

/**
 * Builds one statement: numbers parameters and knows, for every entity alike,
 * where its rows come from at the instant asked for and which of them the actor may see.
 */
export class ReadSql {
  readonly sources: ValueSource[] = [];
  private readonly known = new Map<string, string>();
  /** Shared with every view of the statement at another instant. */
  private readonly state = { aliases: 0, replan: false, clock: "none" as ClockUse, read: new Set<Entity>() };
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
  ) {}

  get asOf(): boolean {
    return this.time !== "now";
  }

  /** A parameter; sources given a name are bound once however often they are used. */
  param(type: string, source: ValueSource, name?: string): string {
    const key = name && `${name}::${type}`;
    const seen = key && this.known.get(key);
    if (seen) return seen;
    this.sources.push(source);
    const text = `$${this.before + this.sources.length}::${type}`;
    if (key) this.known.set(key, text);
    return text;
  }

  alias(): string {
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
  at(name: string, instant: (values: RequestValues) => Instant, time: TimeShape = "past"): ReadSql {
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
  }

  /** The effective instant as timestamptz. */
  now(): string {
    this.state.clock = "instant";
    return this.effective();
  }

  /** The effective day in Asia/Shanghai. */
  today(): string {
    if (this.state.clock === "none") this.state.clock = "day";
    return `(${this.effective()} at time zone 'Asia/Shanghai')::date`;
  }

  private effective(): string {
    return this.param("timestamptz", (values) => this.moment.instant(values).effective, `effective${this.moment.name}`);
  }

  recorded(): string {
    return this.param("timestamptz", (values) => this.moment.instant(values).recorded, `recorded${this.moment.name}`);
  }

  /** The rows of an entity at the recorded instant, to stand after `from`; `reach` says how they will be looked for. */
  source(target: Entity, alias: string, reach: Reach = "key"): string {
    this.looksAt(target);
    if (target.versionsOf) return this.versions(target, alias);
    if (!this.asOf) return `${target.table} ${alias}`;
    const at = this.recorded();
    if (target.appendOnly) return `(select * from ${target.table} where ${target.appendOnly} <= ${at}) ${alias}`;
    const columns = columnsOf(target).join(", ");
    const standing = `select ${columns}, 'infinity'::timestamptz as recorded_to from ${target.table}`;
    const ended = `select ${columns}, recorded_to from ${target.table}_history`;
    // Versions of the past that stood at the instant and no others, by their nodes in the tree of intervals (migration 0010).
    const left = `where standing_node = any(standing_nodes(${at}, true)) and recorded_to > ${at}`;
    const right = `where standing_node = any(standing_nodes(${at}, false)) and recorded_from <= ${at} and recorded_to > ${at}`;
    if (reach === "set") {
      // Asked outside, of what still stands alone: a condition within would have its rows handed up one by one, and of the others it is known.
      const began = (sql: string, text: string) => sql.replace("select ", `select ${text} as began, `);
      const always = "'-infinity'::timestamptz";
      return `(select * from (${began(standing, "recorded_from")} union all ${began(ended, always)} ${left} union all ${began(ended, always)} ${right}) known where began <= ${at}) ${alias}`;
    }
    // A row is never updated after it was recorded: the condition on updated_at is implied, and the one an ordered index can begin at.
    const known = `recorded_from <= ${at} and updated_at <= ${at} and recorded_to > ${at}`;
    // Few of what stood at a recent instant have ended: they are fetched and sorted, not met on a walk through all that ended before.
    const past = reach === "list" && this.time === "recent" ? `select * from (${ended} ${left} union all ${ended} ${right} offset 0) ended` : ended;
    // The conditions stand outside the union: only branches without any are merged in the order of their indexes.
    return `(select * from (${standing} union all ${past}) known where ${known}) ${alias}`;
  }

  private versions(target: Entity, alias: string): string {
    const columns = columnsOf(target).filter((column) => column !== "recorded_to").join(", ");
    const standing = `select ${columns}, null::timestamptz as recorded_to from ${target.table}`;
    if (!this.asOf) return `(${standing} union all select ${columns}, recorded_to from ${target.table}_history) ${alias}`;
    const at = this.recorded();
    return `(${standing} where recorded_from <= ${at} union all select ${columns}, case when recorded_to <= ${at} then recorded_to end from ${target.table}_history where recorded_from <= ${at}) ${alias}`;
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

  /** The parameter values of one request. */
  bind(values: RequestValues): unknown[] {
    return this.sources.map((source) => source(values));
  }
}

const columnCache = new WeakMap<Entity, string[]>();

/** Every column of an entity's table that a read may name. */
export function columnsOf(target: Entity): string[] {
  const cached = columnCache.get(target);
  if (cached) return cached;
  if (target.versionsOf) {
    const made = [...new Set([...columnsOf(target.versionsOf), "recorded_to"])];
    columnCache.set(target, made);
    return made;
  }
  const columns = new Set<string>(["id"]);
  if (!target.appendOnly) columns.add("version").add("recorded_from").add("updated_at").add("created_at");
  for (const [name, field] of Object.entries(fieldsOf(target))) if (field.from === "column") columns.add(columnOf(name, field));
  for (const [, relation] of linksOf(target)) columns.add(relation.key);
  // A relation declared from the other end points at columns of this table.
  for (const other of allEntities())
    for (const relation of Object.values(relationsOf(other))) if (relation.cardinality === "many" && relation.key && relation.target() === target && !target.versionsOf) columns.add(relation.key);
  for (const column of placeColumnsOf(target)) columns.add(column);
  if (target.scope.kind === "placed") {
    if (target.scope.sector) columns.add(target.scope.sector);
    if (target.scope.subject) columns.add(target.scope.subject);
  }
  for (const extra of target.hiddenColumns ?? []) columns.add(extra);
  const made = [...columns];
  columnCache.set(target, made);
  return made;
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
