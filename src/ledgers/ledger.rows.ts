import type { GraphQLSchema } from "graphql";
import type { Pool } from "pg";
import { CodeItem, CodeList } from "../codes/code-list.js";
import type { Actor } from "../platform/actor.js";
import type { Entity } from "../platform/entity/entity.js";
import { Fault } from "../platform/fault.js";
import type { Hints } from "../platform/read/hints.js";
import { momentOf, withinHistory } from "../platform/read/instant.js";
import { MAX_PAGE } from "../platform/read/page.js";
import { Questions } from "../platform/read/questions.js";
import type { Instant } from "../platform/read/read-sql.js";
import { codeInEdition, inEditions, rowEntity, type CodeNames, type LedgerRow, type LedgerSheet } from "./ledger.js";

/** Rows a sheet may have in a file, and on a page; more are refused whole, never cut. */
export const MOST_ROWS = { file: 200_000, page: 10_000 } as const;
/** Rows of one list a parent may have where each is a row of its own. */
const MOST_EACH = 100;

/** Who reads a ledger, and as of when. */
export interface View {
  actor: Actor;
  instant: Instant & { recorded: string };
}

/** The rows of ledgers, read through the one door: its scope, its masks, its instant. */
export class LedgerRows {
  readonly questions: Questions;

  constructor(
    schema: GraphQLSchema,
    private readonly pool: Pool,
    hints: Hints,
    private readonly began: () => Promise<string | null>,
  ) {
    this.questions = new Questions(schema, pool, hints);
  }

  /**
   * The instant of a ledger: as asked for (a moment with offset, or a day meaning its end), else that of the database's clock.
   * A ledger without one is fixed to the present, so that all its pages show one state and the file can say which.
   */
  async instantOf(recorded: string | null, effective: string | null): Promise<View["instant"]> {
    const told = momentOf("asOf", recorded);
    if (told) withinHistory(told, await this.began());
    const at = told ?? (await this.now());
    return { recorded: at, effective: momentOf("effective", effective) ?? at };
  }

  private async now(): Promise<string> {
    const { rows } = await this.pool.query(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now`);
    return (rows[0] as { now: string }).now;
  }

  /** How many objects a sheet lists. Faults: LIMIT_EXCEEDED beyond `most`, and those of the filter. */
  async count({ entity }: LedgerSheet, filter: unknown, { actor, instant }: View, most: number): Promise<number> {
    const field = `${entity.name[0]!.toLowerCase()}${entity.name.slice(1)}Counts`;
    const data = await this.questions.ask(`query ($filter: ${entity.name}Filter) { ${field}(by: [], filter: $filter) { count } }`, { filter }, actor, instant);
    const [{ count }] = data[field] as [{ count: number }];
    if (count > most) throw new Fault("LIMIT_EXCEEDED", { limit: "ledgerRows", maximum: most, actual: count });
    return count;
  }

  /** Refuses a filter that would cost more than a client's question may: it is asked again for every page. Faults: TOO_COSTLY. */
  refuseCostly({ entity }: LedgerSheet, filter: unknown): void {
    this.questions.refuseCostly(questionOf(entity, "id"), { first: 1, filter });
  }

  /** The rows of a sheet in pages, in the order of their codes; the next page is read when it is asked for. */
  async *pages(sheet: LedgerSheet, filter: unknown, { actor, instant }: View): AsyncGenerator<LedgerRow[]> {
    const text = questionOf(sheet.entity, selectionOf(sheet));
    for (let after: string | null = null, more = true; more; ) {
      const data = await this.questions.ask(text, { first: MAX_PAGE, after, filter }, actor, instant);
      const page = data[sheet.entity.plural] as Page;
      yield sheet.each ? page.nodes.flatMap((node) => eachOf(sheet, node)) : page.nodes;
      after = page.pageInfo.endCursor;
      more = page.pageInfo.hasNextPage;
    }
  }

  /** Rows by their ids, as a sheet shows them. Ids out of sight are absent. */
  async byId(sheet: LedgerSheet, ids: readonly string[], { actor, instant }: View): Promise<Map<string, LedgerRow>> {
    const entity = rowEntity(sheet);
    const text = questionOf(entity, `id version ${ownSelection(sheet)}`, false);
    const found = new Map<string, LedgerRow>();
    for (let from = 0; from < ids.length; from += MAX_PAGE) {
      const data = await this.questions.ask(text, { first: MAX_PAGE, filter: { id: { in: ids.slice(from, from + MAX_PAGE) } } }, actor, instant);
      for (const row of (data[entity.plural] as Page).nodes) found.set(String(row["id"]), row);
    }
    return found;
  }

  /** Up to two ids of objects one of whose fields holds a text, or of the one given: enough to know it, or to know that it is not enough. */
  async named(entity: Entity, field: string, text: string, { actor, instant }: View, id?: string): Promise<string[]> {
    const filter = { [field]: { eq: text }, ...(id === undefined ? {} : { id: { eq: id } }) };
    const data = await this.questions.ask(`query ($filter: ${entity.name}Filter) { ${entity.plural}(first: 2, filter: $filter) { nodes { id } } }`, { filter }, actor, instant);
    return (data[entity.plural] as Page).nodes.map((node) => String(node["id"]));
  }

  /** The names of all codes; of several editions the later one speaks. Under `inEditions` each edition speaks for itself. */
  async codeNames({ actor, instant }: View): Promise<CodeNames> {
    const names = new Map<string, Map<string, string>>();
    const lists = `query ($after: String) { ${CodeList.plural}(first: ${MAX_PAGE}, after: $after, orderBy: [{ field: CODE, direction: ASC }]) { nodes { id code edition } pageInfo { hasNextPage endCursor } } }`;
    const items = `query ($after: String, $filter: ${CodeItem.name}Filter) { ${CodeItem.plural}(first: ${MAX_PAGE}, after: $after, filter: $filter, orderBy: [{ field: CODE, direction: ASC }]) { nodes { code nameZh } pageInfo { hasNextPage endCursor } } }`;
    const all: LedgerRow[] = [];
    for await (const page of this.walk(lists, CodeList.plural, {}, actor, instant)) all.push(...page);
    for (const list of all.toSorted((a, b) => (String(a["edition"]) < String(b["edition"]) ? -1 : 1))) {
      const known = names.get(String(list["code"])) ?? new Map<string, string>();
      const inEach = names.get(inEditions(String(list["code"]))) ?? new Map<string, string>();
      names.set(String(list["code"]), known).set(inEditions(String(list["code"])), inEach);
      for await (const page of this.walk(items, CodeItem.plural, { filter: { list: { id: { eq: list["id"] } } } }, actor, instant)) for (const item of page) {
        const [code, name] = [String(item["code"]), String(item["nameZh"])];
        known.set(code, name);
        inEach.set(codeInEdition(code, list["edition"]), list["edition"] ? `${name}(${String(list["edition"])} 版)` : name);
      }
    }
    return names;
  }

  private async *walk(text: string, plural: string, variables: Record<string, unknown>, actor: Actor, instant: Instant): AsyncGenerator<LedgerRow[]> {
    for (let after: string | null = null, more = true; more; ) {
      const page = (await this.questions.ask(text, { ...variables, after }, actor, instant))[plural] as Page;
      yield page.nodes;
      after = page.pageInfo.endCursor;
      more = page.pageInfo.hasNextPage;
    }
  }
}

interface Page {
  nodes: LedgerRow[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

const ownSelection = (sheet: LedgerSheet) => sheet.columns.map(({ select }) => select).join(" ");

function selectionOf(sheet: LedgerSheet): string {
  const own = `id version ${ownSelection(sheet)}`;
  return sheet.each ? `${sheet.each.relation}(first: ${MOST_EACH}) { nodes { ${own} ${sheet.each.select} } pageInfo { hasNextPage } }` : own;
}

/** The question of a page; the code is the order people read a ledger in. */
const questionOf = (entity: Entity, selection: string, byCode = true) =>
  `query ($first: Int!, $after: String, $filter: ${entity.name}Filter) { ${entity.plural}(first: $first, after: $after, filter: $filter${byCode ? `, orderBy: [{ field: CODE, direction: ASC }]` : ""}) { nodes { ${selection} } pageInfo { hasNextPage endCursor } } }`;

function eachOf({ each, entity }: LedgerSheet, node: LedgerRow): LedgerRow[] {
  const page = node[each!.relation] as Page;
  if (page.pageInfo.hasNextPage) throw new Fault("LIMIT_EXCEEDED", { limit: "ledgerRowsOfOne", maximum: MOST_EACH, of: entity.name });
  return page.nodes.toSorted(each!.order);
}

/** The filter a sheet is read with: what belongs to the ledger, what was asked for, and where. */
export function filterFor(sheet: LedgerSheet, asked: unknown, within: string | null): unknown {
  const parts: unknown[] = [];
  if (sheet.only) parts.push(sheet.only);
  if (asked) parts.push(sheet.through ? { [sheet.through]: asked } : asked);
  if (within) parts.push({ within });
  return parts.length === 0 ? undefined : parts.length === 1 ? parts[0] : { and: parts };
}
