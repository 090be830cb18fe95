import { allActions } from "../platform/actions.js";
import { fieldsOf, globalId, relationsOf, type Entity } from "../platform/entity/entity.js";
import type { Fault } from "../platform/fault.js";
import { actWithin, auditRefusal, type Deed } from "../platform/write/act-each.js";
import type { Call } from "../platform/write/act.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import type { ImportRequest, RowReport } from "./import.service.js";
import { digestOf, versionOf, type KnownRow, type Taken } from "./known-rows.js";
import type { MappedRow, RowProblem } from "./row.js";
import { REGION_OF_IMPORT, type Prepared, type Surroundings, type Target } from "./target.js";

/** What became of a row, and what is to be kept of it. */
export interface RowOutcome {
  report: RowReport;
  taken?: Taken;
}

/** The surroundings of one row: the unit it is written in, who asks, what the file is, and which row its key means. */
export interface RowContext {
  unit: Unit;
  /** Rows of the chunk as they stood when it was begun; whoever changes one says so by the version read. */
  standing: ReadonlyMap<string, TakenRow>;
  call: Call;
  target: Target;
  request: ImportRequest;
  known: KnownRow | undefined;
}

/**
 * Takes one row of a file. A row nobody knows is made; of one that stands only that is written which the file changed since it
 * last came and which still says here what the file then brought. All else is told, and nothing of the row is written.
 */
export async function takeRow(context: RowContext, row: MappedRow): Promise<RowOutcome> {
  const { target, request, known, unit } = context;
  const told = { line: row.line, externalId: row.externalId, id: null as string | null, doubts: row.doubts };
  const rejected = (problems: readonly RowProblem[], id: string | null = null): RowOutcome => ({ report: { ...told, id, outcome: "REJECTED", problems } });
  const said = saidOf(target, request, row);
  const changed = known && changedFields(known, said);
  if (known && !known.ifSame && changed?.size === 0) return { report: { ...told, id: globalId(target.entity, known.uuid), outcome: "UNCHANGED", problems: [] } };
  const around: Surroundings = { unit, defaultRegion: request.defaultRegion, sourceSystem: request.sourceSystem, datum: request.datum };
  const prepared = await target.prepare(row.values, around);
  if (prepared.problems.length > 0) return rejected(prepared.problems);
  told.doubts = [...new Set([...row.doubts, ...prepared.doubts])];
  if (known && !(known.ifSame && (await isOther(context, known, prepared.values)))) return revise(context, row, prepared, told, said, changed ?? null);
  const adopted = await target.adopt?.(unit, row.values);
  if (adopted) return revise({ ...context, known: { uuid: adopted, place: null, digests: null, versions: null } }, row, { ...prepared, values: {} }, told, said, null);
  return create(context, row, prepared, told, said);
}

/** Whether a row known by a key that is not unique is called or lies otherwise than the file's. */
async function isOther({ unit, target }: RowContext, known: KnownRow, values: Readonly<Record<string, unknown>>): Promise<boolean> {
  const standing = await unit.see(target.entity, known.uuid);
  const fields = [target.named!, "region"];
  const bases = await basesOf(unit, target.entity, known, standing, fields);
  return fields.some((name) => !sameValue(target.entity, name, values[name], valueOf(target.entity, bases(name) ?? standing, name)));
}

type Told = Pick<RowReport, "line" | "externalId" | "id" | "doubts">;

/** The digests of what a file says of a row, and the versions in which that stands. */
const kept = (uuid: string, key: string, said: Readonly<Record<string, unknown>>, versions: Readonly<Record<string, number>>): Taken => ({
  uuid,
  key,
  digests: Object.fromEntries(Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [[name, digestOf(uuid, value)]]))),
  versions,
});

const allAt = (names: readonly string[], version: number) => Object.fromEntries(names.map((name) => [name, version]));

/** What a file says of a row, the region it is imported into included. */
export const saidOf = (target: Target, request: ImportRequest, row: MappedRow): Readonly<Record<string, unknown>> => (target.placedBy ? { ...row.values, [REGION_OF_IMPORT]: request.defaultRegion } : row.values);

/** Fields the file says otherwise than when it last came; an empty cell says nothing. Undefined where that was not kept. */
export function changedFields({ uuid, digests }: KnownRow, said: Readonly<Record<string, unknown>>): ReadonlySet<string> | undefined {
  if (!digests) return undefined;
  return new Set(Object.entries(said).flatMap(([name, value]) => (value === undefined || digests[name] === digestOf(uuid, value) ? [] : [name])));
}

async function create(context: RowContext, row: MappedRow, { values }: Prepared, told: Told, said: Readonly<Record<string, unknown>>): Promise<RowOutcome> {
  const { target, request, unit } = context;
  const input = { ...target.input(values, values["kind"]), ...doubtsFor(target.creates, told.doubts), externalSystem: request.sourceSystem, externalId: row.externalId };
  const done = await together(context, { name: target.creates, input }, async (uuid) => {
    const around: Surroundings = { unit, defaultRegion: request.defaultRegion, sourceSystem: request.sourceSystem, datum: request.datum };
    return (await target.beside?.(around, uuid, null, row.values, () => true))?.deeds ?? [];
  });
  if ("fault" in done) return { report: { ...told, outcome: "REJECTED", problems: [problemOf(done.fault)] } };
  const versions = { ...allAt(Object.keys(values), 1), ...(row.values["boundary"] ? { boundary: 2 } : {}) };
  return { report: { ...told, id: globalId(target.entity, done.uuid), outcome: "CREATED", problems: [] }, taken: kept(done.uuid, row.externalId!, said, versions) };
}

/** @param changed fields of the file that are other than last time; null where it is not known and values speak for themselves. */
async function revise(context: RowContext, row: MappedRow, { values }: Prepared, told: Told, said: Readonly<Record<string, unknown>>, changed: ReadonlySet<string> | null): Promise<RowOutcome> {
  const { target, request, unit } = context;
  const known = context.known!;
  const { uuid } = known;
  const { entity } = target;
  const id = globalId(entity, uuid);
  const standing = context.standing.get(uuid) ?? (await unit.see(entity, uuid));
  const compared = compare(target, standing, await basesOf(unit, entity, known, standing, Object.keys(values)), values, changed);
  const around: Surroundings = { unit, defaultRegion: request.defaultRegion, sourceSystem: request.sourceSystem, datum: request.datum };
  const more = await target.beside?.(around, uuid, standing, row.values, (field) => changed?.has(field) ?? true);
  const problems = [...compared.problems, ...(more?.problems ?? [])];
  if (problems.length > 0) return { report: { ...told, id, outcome: "REJECTED", problems } };
  const written = Object.keys(compared.values);
  const deeds: Deed[] = [
    ...(written.length > 0 ? [{ name: target.updates, id, expectedVersion: standing.version, input: { ...target.input(compared.values, standing["kind"]), ...doubtsFor(target.updates, told.doubts) } }] : []),
    ...(more?.deeds ?? []),
  ];
  const after = standing.version + (written.length > 0 ? 1 : 0);
  const versions = { ...(typeof known.versions === "number" ? allAt(Object.keys(values), known.versions) : {}), ...allAt(compared.agreed, standing.version), ...allAt(written, after), ...(more?.deeds.some(({ name }) => name === "region.setBoundary") ? { boundary: after + 1 } : {}) };
  const taken = kept(uuid, row.externalId!, said, versions);
  const [first, ...rest] = deeds;
  if (!first) return { report: { ...told, id, outcome: "UNCHANGED", problems: [] }, taken };
  const done = await together(context, first, async () => rest);
  if ("fault" in done) return { report: { ...told, id, outcome: "REJECTED", problems: [problemOf(done.fault)] } };
  return { report: { ...told, id, outcome: "UPDATED", problems: [] }, taken };
}

type Bases = (field: string) => TakenRow | null;

/** The row as it was when a file last wrote a field of it. */
async function basesOf(unit: Unit, entity: Entity, known: KnownRow, standing: TakenRow, fields: readonly string[]): Promise<Bases> {
  const rows = new Map<number, TakenRow | null>([[standing.version, standing]]);
  for (const field of fields) {
    const version = versionOf(known, field);
    if (version !== null && !rows.has(version)) rows.set(version, (await unit.was(entity, standing.uuid, version)) ?? null);
  }
  return (field) => rows.get(versionOf(known, field) ?? -1) ?? null;
}

/** Several deeds of one row stand together or not at all; the one that was refused leaves its event. */
async function together({ unit, call, target }: RowContext, first: Deed, rest: (uuid: string) => Promise<readonly Deed[]>): Promise<{ uuid: string } | { fault: Fault }> {
  if (!target.beside) {
    const done = await actWithin(unit, call, first);
    return done.fault ? { fault: done.fault } : { uuid: done.uuid };
  }
  await unit.steps("savepoint row");
  const done = await actWithin(unit, call, first);
  if (done.fault) {
    await unit.steps("release savepoint row");
    return { fault: done.fault };
  }
  for (const deed of await rest(done.uuid)) {
    const { fault } = await actWithin(unit, call, deed);
    if (!fault) continue;
    await unit.steps("rollback to savepoint row", "release savepoint row");
    await auditRefusal(unit, call, deed.name, fault);
    return { fault };
  }
  await unit.steps("release savepoint row");
  return { uuid: done.uuid };
}

const doubtsFor = (action: string, doubts: readonly string[]) => ("doubts" in allActions().get(action)!.input ? { doubts } : {});

interface Compared {
  /** What is to be written. */
  values: Record<string, unknown>;
  /** Fields that say already what the file says now. */
  agreed: readonly string[];
  problems: readonly RowProblem[];
}

/** The file now, the file before and the row as it stands, field by field. */
function compare(target: Target, standing: TakenRow, bases: Bases, values: Readonly<Record<string, unknown>>, changed: ReadonlySet<string> | null): Compared {
  const { entity, named, placedBy } = target;
  const written: Record<string, unknown> = {};
  const conflicts: NonNullable<RowProblem["changes"]>[number][] = [];
  const fixed: string[] = [];
  const agreed: string[] = [];
  const others = new Set<string>();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    const sources = target.sources?.[name];
    // Where a row lies is worked out of its surroundings, which may have changed without the file: without its word nothing moves.
    if (changed ? !(sources ?? [name]).some((source) => changed.has(source)) : sources) continue;
    const [before, now] = [valueOf(entity, bases(name), name), valueOf(entity, standing, name)];
    const alike = (a: unknown, b: unknown) => sameValue(entity, name, a, b);
    if (alike(value, now)) agreed.push(name);
    if (alike(value, before) || alike(value, now)) continue;
    if (before !== null) others.add(name);
    if (!updatable(target, name)) {
      if (changed) fixed.push(name);
    } else if (alike(now, before)) written[name] = value;
    else conflicts.push({ field: name, base: before, current: now, yours: value });
  }
  if (named && others.has(named) && placedBy?.some((name) => others.has(name)))
    return {
      values: {},
      agreed: [],
      problems: [{ code: "OTHER_OBJECT", zh: "同一主键下名称与所在都不同:似为另一对象,未写入", en: "name and place are both other than those known under this key: another thing, it seems; not written", suggestion: "核对主键;确为同一对象的,先改名称、再改所在 / check the key; if it is the same, change the name first, then the place", changes: [named, ...placedBy].map((name) => ({ field: name, base: valueOf(entity, bases(name), name), current: valueOf(entity, standing, name), yours: values[name] ?? null })) }],
    };
  return {
    values: written,
    agreed,
    problems: [
      ...(fixed.length > 0 ? [{ code: "FIELD_FIXED", zh: `登记后不由文件更改:${fixed.join("、")}`, en: `not changed by a file once registered: ${fixed.join(", ")}`, suggestion: "由相应操作更改 / change it by its own action" }] : []),
      ...(conflicts.length > 0 ? [{ code: "CONFLICT", zh: "该对象在上次导入后已在本系统改动", en: "the object was changed here since it was last imported", suggestion: "按 changes 核对后在本系统更新 / compare the changes and update it here", changes: conflicts }] : []),
    ],
  };
}

/** Whether the action that brings a row up to date takes a field, its own or that of a kind. */
function updatable({ updates }: Target, name: string): boolean {
  const { input } = allActions().get(updates)!;
  return name in input || Object.values(input).some((field) => field.fields && name in field.fields);
}

const valueOf = (entity: Entity, row: TakenRow | null, name: string): unknown => (row ? (name in relationsOf(entity) ? row[`key:${name}`] : row[name]) : null) ?? null;

/** Whether two values are the same, compared as they would leave in an answer. */
function sameValue(entity: Entity, name: string, left: unknown, right: unknown): boolean {
  const kind = fieldsOf(entity)[name]?.kind;
  const [a, b] = [left ?? null, right ?? null];
  if (a === null || b === null) return a === b;
  if (kind === "dateTime") return Date.parse(String(a)) === Date.parse(String(b));
  if (kind === "decimal" || kind === "float" || kind === "int") return Number(a) === Number(b);
  if (kind === "geometry") {
    const [one, other] = [a, b].map((place) => (place as { coordinates: unknown[] }).coordinates.flat(3) as number[]);
    return one!.length === other!.length && one!.every((part, index) => Math.abs(part - other![index]!) < 1e-7);
  }
  if (kind === "text") return String(a).normalize("NFC").trim() === String(b).normalize("NFC").trim();
  return JSON.stringify(a) === JSON.stringify(b);
}

/** A refusal as the report of a row tells it. */
export function problemOf(fault: Fault): RowProblem {
  const { rule, field, changes, remedy } = fault.extensions as { rule?: string; field?: string; changes?: RowProblem["changes"]; remedy?: { zh: string; en: string } };
  return { ...(field ? { column: field.replace(/^input\./, "") } : {}), code: fault.code, zh: fault.message, en: [field, rule].filter(Boolean).join(": ") || fault.code, ...(remedy ? { suggestion: `${remedy.zh} / ${remedy.en}` } : {}), ...(changes ? { changes } : {}) };
}
