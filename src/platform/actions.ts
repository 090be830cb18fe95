import { withGrants, type Acting, type Actor, type Grant, type Role } from "./actor.js";
import { COVERING, type CodeField, type Description, type Entity, type FieldKind, type Row } from "./entity/entity.js";
import type { EnumType } from "./entity/enumeration.js";
import type { GeometryType } from "./geometry.js";
import type { ReadSql } from "./read/read-sql.js";
import type { TakenRow, Unit } from "./write/unit.js";

/** Rows beyond the caller's sight that an input may name all the same; the description is the reason, and clients are told it. */
export interface Elsewhere extends Description {
  /** The condition on a row. It follows from who the caller is, never from what the caller says. */
  admits: (alias: string, read: ReadSql) => string;
}

/** A field of an action's input; checked once, before the unit begins. */
export interface InputField extends Description {
  kind: FieldKind | "id" | "object" | "bbox";
  enumeration?: EnumType;
  /** kind id: the entity it must name, in a row within the caller's sight. The work receives the UUID. */
  of?: () => Entity;
  /** kind id: what may be named beyond that. */
  alsoFrom?: readonly Elsewhere[];
  /** kind object: its own fields. */
  fields?: Readonly<Record<string, InputField>>;
  /** Name of the GraphQL input type, for kind object. */
  typeName?: string;
  required?: boolean;
  list?: boolean;
  /** kind geometry: what it may be. */
  shapes?: readonly GeometryType[];
  /** Longest text in characters; 500 unless given. */
  max?: number;
  minimum?: number;
  maximum?: number;
  pattern?: RegExp;
  /** kind geometry: an area or a line that will be kept, instead of a point. */
  area?: boolean;
}

export type Input = Readonly<Record<string, unknown>>;

/**
 * The action is the atom: one row is the permission, the transition, the audit label,
 * the label in the change feed and (camel-cased) the mutation.
 */
export interface Action extends Description {
  /** The entity acted on and returned. */
  on: Entity;
  by: readonly Role[];
  /** States it may leave; an action without `from` that has `creates` begins a life. */
  from?: readonly string[];
  /** State it enters. */
  to?: string;
  /** Makes a new row instead of taking one. */
  creates?: boolean;
  /** A rule that needs the row: the fields it reads, and no others reach it; the actor comes with the grants that cover the row. Its name is told when it refuses. */
  when?: { rule: string; reads: readonly string[]; holds: (row: Readonly<Record<string, unknown>>, acting: Acting) => boolean };
  /** Which grants entitle to make this row, where the role alone does not say: no other counts towards where it may lie. Its rule is told where none does. */
  entitles?: { rule: string; field?: string; holds: (grant: Grant, input: Input) => boolean };
  input: Readonly<Record<string, InputField>>;
  /** What the action does inside its unit; gives the UUID of the row returned. */
  work: (unit: Unit, input: Input, row: TakenRow) => Promise<string>;
}

const table = new Map<string, Action>();

/** Registers a feature's actions. */
export function actions<const T extends Readonly<Record<`${string}.${string}`, Action>>>(rows: T): T {
  for (const [name, row] of Object.entries(rows)) {
    if (table.has(name)) throw new Error(`action ${name} is declared twice`);
    table.set(name, row as Action);
  }
  return rows;
}

export const allActions = (): ReadonlyMap<string, Action> => table;

/** `hiddenDanger.writeOff` -> `hiddenDangerWriteOff`. */
export const mutationName = (action: string) => action.replace(/\.(.)/g, (_, letter: string) => letter.toUpperCase());

/** Whether an action's rule holds for a row, which it sees no more of than it says it reads. */
export const ruleHolds = ({ when }: Action, row: Readonly<Record<string, unknown>>, acting: Acting) => !when || when.holds(Object.fromEntries(when.reads.map((name) => [name, row[name]])), acting);

const actors = new WeakMap<Action, WeakMap<Actor, Acting>>();

/** The actor with the grants whose role may do an action: what he does is found, seen and placed by these alone. */
export function actingBy(action: Action, actor: Actor): Acting {
  const known = actors.get(action) ?? new WeakMap<Actor, Acting>();
  actors.set(action, known);
  let made = known.get(actor);
  if (!made) known.set(actor, (made = withGrants(actor, ({ role }) => action.by.includes(role))));
  return made;
}

/** The same for the row about to be made from an input. */
export function actingFor(action: Action, actor: Actor, input: Input): Acting {
  const acting = actingBy(action, actor);
  return action.entitles ? withGrants(acting, (grant) => action.entitles!.holds(grant, input)) : acting;
}

/** Of an actor the grants that cover a row, as the statement that read it found. */
export function actingOn(actor: Actor, row: Row | Readonly<Record<string, unknown>>): Acting {
  const covering = row[COVERING] as readonly number[];
  if (covering.length < actor.grants.length) return { ...actor, grants: covering.map((at) => actor.grants[at]!), covers: true };
  let made = wholes.get(actor);
  if (!made) wholes.set(actor, (made = { ...actor, covers: true }));
  return made;
}

const wholes = new WeakMap<Actor, Acting>();

/** The field that shows which actions the actor may take on a row as it stands, so that no client makes the rules again. */
export const allowedActions = (entity: () => Entity): CodeField => ({
  from: "code",
  kind: "text",
  list: true,
  zh: "当前可执行的操作",
  en: "actions you may take now",
  // The actions of an entity are declared after it.
  get needs() {
    return [...new Set(["status", ...actionsOn(entity()).flatMap(([, action]) => action.when?.reads ?? [])])];
  },
  covering: true,
  compute: (row, actor) => {
    const here = actingOn(actor, row);
    return actionsOn(entity())
      .filter(([, action]) => mayAct(action, here))
      .filter(([, action]) => !action.from || action.from.includes(String(row["status"])))
      .filter(([, action]) => ruleHolds(action, row, actingBy(action, here)))
      .map(([name]) => name);
  },
});

const actionsOn = (entity: Entity) => [...table].filter(([, action]) => action.on === entity && !action.creates);

export const mayAct = (action: Action, actor: Actor) => !actor.readOnly && actor.grants.some((grant) => action.by.includes(grant.role));
