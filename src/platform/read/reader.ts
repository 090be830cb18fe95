import DataLoader from "dataloader";
import type { Pool } from "pg";
import type { Actor } from "../actor.js";
import { MOST_LETTERS, sendRead } from "../db/prepared.js";
import { fieldsOf, linkSql, relationsOf, type Entity, type Relation, type Row } from "../entity/entity.js";
import type { Hints } from "./hints.js";
import { ReadSql, timeShape, type Instant } from "./read-sql.js";
import { uuidOf } from "./identity.js";
import { checkAnswer } from "./answer-size.js";
import { Letters } from "./letters.js";
import type { Report } from "../entity/report.js";
import { objectSql } from "./json.js";
import { drawnSql, shiftedGeometry } from "./drawing.js";
import { fieldSql } from "./filter.js";
import { reportFeaturesSql, reportSql } from "./report.js";
import { listSql } from "./list.js";
import { carried, carrierPairs, exactKey, versionAtSql } from "./statement.js";
import { countsSql } from "./counts.js";
import { featuresSql } from "./features.js";
import type { PageArguments } from "./page.js";
import type { ConnectionItem, Part, Selection } from "./tree.js";
import { weave, weaveText } from "./weave.js";

/** A page as ordinary execution carries it. */
export interface LoadedPage {
  edges: { cursor: string; node: Row }[];
  pageInfo: Record<string, unknown>;
  totalCount: number;
  totalCountIsExact: boolean;
}

/** How many of the longest statements one request may need. */
const STATEMENTS = 8;

const PAGE_INFO = ["hasNextPage", "hasPreviousPage", "startCursor", "endCursor"];
const plain = (key: string) => ({ key, aliased: false });

/**
 * Scoped reads for ordinary execution: fields that need code, and payloads of mutations.
 * Batched: one statement for all parents of a field with the same arguments. Made of the same SQL as compiled reads.
 */
export class Reader {
  private readonly loaders = new Map<string, DataLoader<string, unknown>>();
  /** All statements of one request together: its fields are read one by one, each with every column there is. */
  private readonly letters = new Letters(MOST_LETTERS * STATEMENTS);
  private bytes = 0;

  constructor(
    readonly actor: Actor,
    readonly instant: Instant,
    private readonly pool: Pool,
    private readonly hints: Hints,
  ) {}

  /** A row by UUID, null when absent or outside the actor's scope. */
  row(entity: Entity, uuid: string): Promise<Row | null> {
    return this.loader(`row:${entity.name}`, (keys) => this.rows(entity, keys, true)).load(uuid) as Promise<Row | null>;
  }

  /** A row by global id of a known entity. */
  byId(entity: Entity, id: unknown): Promise<Row | null> {
    const uuid = uuidOf(id, entity);
    return uuid ? this.row(entity, uuid) : Promise.resolve(null);
  }

  /** The row a to-one link points at. */
  async linked(entity: Entity, name: string, from: Row): Promise<Row | null> {
    const relation = relationsOf(entity)[name]!;
    const key = from[`key:${name}`] as string | null;
    if (!key) return null;
    const target = relation.target();
    const loader = this.loader(`one:${target.name}:${relation.owned ? "owned" : "scoped"}`, (keys) => this.rows(target, keys, !relation.owned));
    return loader.load(key) as Promise<Row | null>;
  }

  /** A computed field of a row, batched over rows. */
  computed(entity: Entity, name: string, from: Row): Promise<unknown> {
    return this.loader(`field:${entity.name}.${name}`, async (keys) => {
      const rows = await this.rows(entity, keys, false, [name]);
      return rows.map((row) => (row === null ? null : (row[name] ?? null)));
    }).load(from.uuid);
  }

  /** A geometry of a row as its arguments ask; as it is carried where they ask nothing. */
  async drawn(entity: Entity, name: string, from: Row, args: Record<string, unknown>): Promise<unknown> {
    const field = fieldsOf(entity)[name]!;
    if (Object.keys(args).length === 0) return name in from ? from[name] : this.computed(entity, name, from);
    const exact = exactKey(name) in from;
    const key = exact ? from[exactKey(name)] : from.uuid;
    if (key === null) return null;
    return this.loader(`drawn:${entity.name}.${name}:${exact}:${JSON.stringify(args)}`, async (keys) => {
      const read = this.sql([args]);
      const given = read.param(exact ? "text[]" : "uuid[]", () => keys);
      const made = exact
        ? `select k.key, ${drawnSql("k.geometry", field, 0, 0, read)} as value from (select key, st_geomfromewkb(decode(key, 'hex')) as geometry from unnest(${given}) as told(key)) k`
        : `select e.id as key, ${drawnSql(fieldSql(name, field, "e", read), field, 0, 0, read)} as value from ${read.source(entity, "e")} where e.id = any(${given})`;
      const rows = await this.send(made, read, [args]);
      const byKey = new Map(rows.map((row) => [row["key"] as string, weave(row["value"], [shiftedGeometry], this.actor)]));
      return keys.map((one) => byKey.get(one) ?? null);
    }).load(key as string);
  }

  /** A page of the rows that point back at a parent. */
  related(entity: Entity, name: string, from: Row, args: PageArguments): Promise<LoadedPage> {
    const relation = relationsOf(entity)[name]!;
    return this.loader(`many:${entity.name}.${name}:${JSON.stringify(args)}`, (keys) => this.pages(entity, relation, keys, args)).load(from.uuid) as Promise<LoadedPage>;
  }

  /** The version of a row that stood at an instant. */
  versionAt(versions: Entity, from: Row, args: Readonly<Record<string, unknown>>): Promise<Row | null> {
    return this.loader(`version:${versions.name}:${JSON.stringify(args)}`, (keys) => this.versionsAt(versions, keys, args)).load(from.uuid) as Promise<Row | null>;
  }

  /** A page of an entity's visible rows. */
  async list(entity: Entity, args: PageArguments): Promise<LoadedPage> {
    return this.single(args, (read) => listSql(listPart(entity, null), null, carried, read)) as Promise<LoadedPage>;
  }

  async counts(part: Extract<Part, { kind: "counts" }>, args: Record<string, unknown>): Promise<Record<string, unknown>[]> {
    return this.single(args, (read) => countsSql(part, carried, read)) as Promise<Record<string, unknown>[]>;
  }

  async features(entity: Entity, args: Record<string, unknown>): Promise<unknown> {
    return this.shifted(args, (read) => featuresSql({ kind: "features", entity, site: 0, mark: 0 }, read));
  }

  async reportFeatures(report: Report, args: Record<string, unknown>): Promise<unknown> {
    return this.shifted(args, (read) => reportFeaturesSql(report, 0, 0, read));
  }

  /** Rows of a report, or its one row. */
  async report(report: Report, args: Record<string, unknown>): Promise<unknown> {
    return this.single(args, (read) => reportSql(report, { entity: report.row, items: null, variants: null }, 0, carried, read));
  }

  private async single(args: object, build: (read: ReadSql) => string): Promise<unknown> {
    const text = await this.text(args, build);
    return text === null ? null : JSON.parse(text);
  }

  private async shifted(args: object, build: (read: ReadSql) => string): Promise<unknown> {
    const text = await this.text(args, build);
    return text === null ? null : JSON.parse(await weaveText(text, [shiftedGeometry], this.actor));
  }

  private async text(args: object, build: (read: ReadSql) => string): Promise<string | null> {
    const read = this.sql([args as Record<string, unknown>]);
    const [row] = await this.texts(`select ${build(read)} as value`, read, [args as Record<string, unknown>]);
    return row!["value"] as string | null;
  }

  private sql(shape: readonly Record<string, unknown>[] = []) {
    return new ReadSql(this.actor, timeShape(this.instant, this.hints), shape, this.hints, 0, false, new Letters(MOST_LETTERS, this.letters));
  }

  private async send(written: string, read: ReadSql, args: readonly Record<string, unknown>[]): Promise<Record<string, unknown>[]> {
    const rows = await this.texts(written, read, args);
    for (const row of rows) if (typeof row["value"] === "string") row["value"] = JSON.parse(row["value"]);
    return rows;
  }

  /** Rows whose JSON is text still; all of a request together are no more than one answer may be. */
  private async texts(written: string, read: ReadSql, args: readonly Record<string, unknown>[]): Promise<Record<string, unknown>[]> {
    const { text, replan, bind } = read.finished(written);
    const { rows } = await sendRead(this.pool, { text, values: bind({ actor: this.actor, instant: this.instant, args }), replan, unparsed: true });
    for (const { value } of rows) if (typeof value === "string") this.bytes += Buffer.byteLength(value);
    checkAnswer(this.bytes);
    return rows;
  }

  private async rows(entity: Entity, keys: readonly string[], scoped: boolean, computed: readonly string[] = []): Promise<(Row | null)[]> {
    const read = this.sql();
    const alias = read.alias();
    const ids = read.param("uuid[]", () => keys);
    const scope = scoped ? ` and ${read.scope(entity, alias)}` : "";
    const rows = await this.send(`select ${alias}.id as id, ${objectSql(carrierPairs(entity, alias, read, computed), read)} as value from ${read.source(entity, alias)} where ${alias}.id = any(${ids})${scope}`, read, []);
    const byId = new Map(rows.map((row) => [row["id"] as string, row["value"] as Row]));
    return keys.map((key) => byId.get(key) ?? null);
  }

  private async pages(entity: Entity, relation: Relation, keys: readonly string[], args: PageArguments): Promise<unknown[]> {
    const read = this.sql([args as Record<string, unknown>]);
    const ids = read.param("uuid[]", () => keys);
    const page = listSql(listPart(relation.target(), relation), (alias) => linkSql(relation, "parent", alias, read), carried, read);
    // What a row is decides what it matches; for a key its id is enough.
    const parents = relation.match ? `${read.source(entity, "parent")} where parent.id = any(${ids})` : `unnest(${ids}) as parent(id)`;
    const rows = await this.send(`select parent.id, ${page} as value from ${parents}`, read, [args as Record<string, unknown>]);
    const byId = new Map(rows.map((row) => [row["id"] as string, row["value"]]));
    return keys.map((key) => byId.get(key));
  }

  private async versionsAt(versions: Entity, keys: readonly string[], args: Readonly<Record<string, unknown>>): Promise<unknown[]> {
    const read = this.sql([args]);
    const ids = read.param("uuid[]", () => keys);
    const version = versionAtSql({ site: 0, selection: { entity: versions, items: null, variants: null } }, "parent.id", carried, read);
    const rows = await this.send(`select parent.id, ${version} as value from unnest(${ids}) as parent(id)`, read, [args]);
    const byId = new Map(rows.map((row) => [row["id"] as string, row["value"]]));
    return keys.map((key) => byId.get(key) ?? null);
  }

  private loader(name: string, batch: (keys: readonly string[]) => Promise<readonly unknown[]>): DataLoader<string, unknown> {
    let loader = this.loaders.get(name);
    if (!loader) this.loaders.set(name, (loader = new DataLoader(async (keys) => [...(await batch(keys))], { maxBatchSize: 1_000 })));
    return loader;
  }
}

function listPart(entity: Entity, relation: Relation | null): Extract<Part, { kind: "list" }> {
  const selection: Selection = { entity, items: null, variants: null };
  const connection: ConnectionItem[] = [
    { ...plain("edges"), part: { kind: "edges", items: [{ ...plain("cursor"), part: { kind: "cursor" } }, { ...plain("node"), part: { kind: "node", selection } }] } },
    { ...plain("pageInfo"), part: { kind: "pageInfo", items: PAGE_INFO.map((name) => ({ ...plain(name), name })) } },
    { ...plain("totalCount"), part: { kind: "totalCount" } },
    { ...plain("totalCountIsExact"), part: { kind: "totalCountIsExact" } },
  ];
  return { kind: "list", entity, relation, site: 0, connection };
}
