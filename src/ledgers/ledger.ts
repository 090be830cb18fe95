import { columnOf, fieldsOf, relationsOf, type Description, type Entity, type Field } from "../platform/entity/entity.js";
import type { EnumType } from "../platform/entity/enumeration.js";
import type { PrintedColumn } from "../platform/tabular/tabular.js";

/** A row as a ledger's question answers it. */
export type LedgerRow = Readonly<Record<string, unknown>>;

/** Names of the codes of a list, at the instant of the ledger. */
export type CodeNames = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What an edited cell stands for: by this its text is read again. */
export type CellMeaning =
  | { kind: "text" | "textList" | "boolean" | "point" | "date" | "dateTime" | "number" | "lines" }
  | { kind: "enum"; enumeration: EnumType }
  /** `edition`: the input that takes the edition a code is of, where people and machines are told it with the code. */
  | { kind: "listed"; list: string; edition?: string }
  | { kind: "linked"; target: () => Entity; shown: string; by: string };

export interface LedgerColumn extends Description {
  key: string;
  width: number;
  /** What the question asks of a row. */
  select: string;
  meaning: CellMeaning;
  /** What people read. */
  text: (row: LedgerRow, names: CodeNames) => string;
  /** What machines read beside it, where people read a label: under `<key>.code` or `<key>.id`. */
  machine?: { key: string; text: (row: LedgerRow) => string };
  /** Field of the sheet's update action that an edited cell changes; others are computed or belong to another object. */
  input?: string;
  /** Whether an emptied cell is refused. */
  required?: boolean;
}

export interface LedgerSheet extends Description {
  key: string;
  /** What is listed, filtered and ordered by its code. */
  entity: Entity;
  /** Rows are those of this list of the entity, in the order given; of the entity itself unless given. */
  each?: { relation: string; select: string; order: (a: LedgerRow, b: LedgerRow) => number };
  /** Relation by which the ledger's filter reaches what this sheet lists. */
  through?: string;
  /** Rows that belong to the ledger at all, as a filter. */
  only?: Readonly<Record<string, unknown>>;
  /** Action by which edited cells are taken back. */
  update?: string;
  columns: readonly LedgerColumn[];
}

/** A ledger: declared once, shown as page, workbook and CSV, and read back. */
export interface Ledger extends Description {
  key: string;
  /** Entity whose filter input chooses rows. */
  filterOf: Entity;
  sheets: readonly LedgerSheet[];
}

/** What a sheet's rows are. */
export const rowEntity = ({ entity, each }: LedgerSheet): Entity => (each ? relationsOf(entity)[each.relation]!.target() : entity);

/** Marks every row carries in files: which ledger it is of, which object in which version, and the instant it shows. */
export const MARKS = ["ledger", "id", "version", "asOf"] as const;

interface More {
  zh?: string;
  en?: string;
  width?: number;
  input?: string;
}

function fieldAt(entity: Entity, path: string): { field: Field; on: Entity } {
  const steps = path.split(".");
  const last = steps.pop()!;
  const on = steps.reduce((at, step) => {
    const relation = relationsOf(at)[step];
    if (relation?.cardinality !== "one") throw new Error(`${at.name}.${step} is no link to one`);
    return relation.target();
  }, entity);
  const field = fieldsOf(on)[last];
  if (!field || field.from === "code") throw new Error(`${on.name}.${last} is no field a ledger shows`);
  if (field.clear && !field.clear.only) throw new Error(`${on.name}.${columnOf(last, field)} is not for ledgers: it is masked for some`);
  return { field, on };
}

const selectAt = (path: string) => path.split(".").reduceRight((inner, step) => (inner ? `${step} { ${inner} }` : step), "");
export const valueAt = (row: LedgerRow, path: string): unknown => path.split(".").reduce<unknown>((at, step) => (at as LedgerRow | null | undefined)?.[step], row);

const EAST = 8 * 3_600_000;
/** A moment as people write it, in Asia/Shanghai. */
export const momentText = (value: unknown) => (value ? new Date(Date.parse(String(value)) + EAST).toISOString().slice(0, 16).replace("T", " ") : "");

/** A value as people read it. */
export function shown(field: Pick<Field, "kind" | "enumeration">, value: unknown): string {
  if (value === null || value === undefined) return "";
  switch (field.kind) {
    case "enum":
      return field.enumeration!.labels[String(value)]?.zh ?? String(value);
    case "boolean":
      return value ? "是" : "否";
    case "dateTime":
      return momentText(value);
    case "textList":
      return (value as string[]).join("、");
    case "geometry":
      return (value as { coordinates: number[] }).coordinates.join(", ");
    default:
      return String(value);
  }
}

const MEANINGS = { text: "text", textList: "textList", boolean: "boolean", geometry: "point", date: "date", dateTime: "dateTime", int: "number", float: "number", decimal: "number" } as const;

/** A field of the row or of what it links to. Labels, values and kind are those of the field's own declaration. */
export function cell(entity: Entity, path: string, more: More = {}): LedgerColumn {
  const { field } = fieldAt(entity, path);
  const { zh = field.zh, en = field.en, width = 8, input } = more;
  const column = { key: path, zh, en, width, select: selectAt(path), text: (row: LedgerRow) => shown(field, valueAt(row, path)), input, required: !field.nullable };
  if (field.kind !== "enum") return { ...column, meaning: { kind: MEANINGS[field.kind as keyof typeof MEANINGS] ?? "text" } };
  return { ...column, meaning: { kind: "enum", enumeration: field.enumeration! }, machine: { key: `${path}.code`, text: (row) => String(valueAt(row, path) ?? "") } };
}

/** A code of a list in the code tables, shown by its name. */
export function listed(entity: Entity, path: string, list: string, more: More = {}): LedgerColumn {
  const code = (row: LedgerRow) => String(valueAt(row, path) ?? "");
  return { ...cell(entity, path, more), meaning: { kind: "listed", list }, text: (row, names) => names.get(list)?.get(code(row)) ?? code(row), machine: { key: `${path}.code`, text: code } };
}

/** A code as machines read it where its list stands in several editions: with the edition it is of. */
export const codeInEdition = (code: string, edition: unknown) => (code && edition ? `${code}@${String(edition)}` : code);
/** Name under which the codes of a list are known by all of its editions. */
export const inEditions = (list: string) => `${list}@`;

/**
 * A code of a list that stands in several editions side by side: the same code and the same name mean one thing in each, so
 * both are told with the edition, and are read back with it.
 */
export function listedInEdition(entity: Entity, path: string, edition: string, list: string, more: More = {}): LedgerColumn {
  const code = (row: LedgerRow) => codeInEdition(String(valueAt(row, path) ?? ""), valueAt(row, edition));
  const names = inEditions(list);
  return { ...cell(entity, path, more), select: `${selectAt(path)} ${selectAt(edition)}`, meaning: { kind: "listed", list: names, edition }, text: (row, known) => known.get(names)?.get(code(row)) ?? code(row), machine: { key: `${path}.code`, text: code } };
}

/** What the row links to: shown by one of its fields, known to machines by another. */
export function linked(entity: Entity, path: string, { shown: label, by }: { shown: string; by: string }, more: More = {}): LedgerColumn {
  const target = path.split(".").reduce((at, step) => relationsOf(at)[step]!.target(), entity);
  const relation = relationsOf(entity)[path];
  const { zh = relation?.zh ?? path, en = relation?.en ?? path, width = 8, input } = more;
  const { field } = fieldAt(target, label);
  return {
    key: path,
    zh,
    en,
    width,
    select: selectAt(`${path}.${label}`) + " " + selectAt(`${path}.${by}`),
    meaning: { kind: "linked", target: () => target, shown: label, by },
    text: (row) => shown(field, valueAt(row, `${path}.${label}`)),
    machine: { key: `${path}.${by}`, text: (row) => String(valueAt(row, `${path}.${by}`) ?? "") },
    input,
  };
}

/** Rows a cell may hold; a cell that leaves any out says so. */
const MOST_LINES = 50;
/** A cell of a workbook holds 32,767 characters. */
const MOST_CHARACTERS = 32_000;

/** Several rows that point back, one line each. */
export function lines(key: string, zh: string, en: string, width: number, { relation, select, line }: { relation: string; select: string; line: (row: LedgerRow) => string | null }): LedgerColumn {
  return {
    key,
    zh,
    en,
    width,
    select: `${relation}(first: ${MOST_LINES}) { nodes { ${select} } pageInfo { hasNextPage } }`,
    meaning: { kind: "lines" },
    text: (row) => {
      const page = row[relation] as { nodes: LedgerRow[]; pageInfo: { hasNextPage: boolean } };
      const all = page.nodes.flatMap((node) => line(node) ?? []).join("\n");
      const text = all.length > MOST_CHARACTERS ? all.slice(0, MOST_CHARACTERS) : all;
      return page.pageInfo.hasNextPage || text.length < all.length ? `${text}\n……(未列全 / not all)` : text;
    },
  };
}

/** How many rows point back. */
export const counted = (key: string, zh: string, en: string, relation: string): LedgerColumn => ({
  key,
  zh,
  en,
  width: 4,
  select: `${relation}(first: 1) { totalCount }`,
  meaning: { kind: "number" },
  text: (row) => String((row[relation] as { totalCount: number }).totalCount),
});

/** Labels a person chooses among, where the values are a closed list. */
function choicesOf({ meaning }: LedgerColumn, names: CodeNames): readonly string[] | undefined {
  if (meaning.kind === "enum") return meaning.enumeration.values.map((value) => meaning.enumeration.labels[value]!.zh);
  if (meaning.kind === "boolean") return ["是", "否"];
  if (meaning.kind === "listed") return [...(names.get(meaning.list)?.values() ?? [])];
  return undefined;
}

/** A sheet's columns as they stand in files: the running number, what people read, what machines read, the marks. */
export function printedColumns({ columns, update }: LedgerSheet, names: CodeNames): PrintedColumn[] {
  const people = columns.map((column): PrintedColumn => ({ ...describedBy(column), key: column.key, width: column.width, editable: Boolean(update && column.input), choices: choicesOf(column, names) }));
  const codes = columns.flatMap((column): PrintedColumn[] => (column.machine ? [{ ...describedBy(column), key: column.machine.key, width: 8, machine: true, editable: Boolean(update && column.input) }] : []));
  const marks = MARKS.map((key): PrintedColumn => ({ key, zh: key, en: key, width: 8, machine: true, numeric: key === "version" }));
  return [{ key: "seq", zh: "序号", en: "No.", width: 2.5, numeric: true }, ...people, ...codes, ...marks];
}

const describedBy = ({ zh, en }: Description): Description => ({ zh, en });

/** The name by which a row says which ledger it is of. */
export const sheetName = (ledger: Ledger, sheet: LedgerSheet) => (ledger.sheets.length > 1 ? `${ledger.key}.${sheet.key}` : ledger.key);

/** The instant as a row carries it: recorded, and effective where it differs. */
export const instantText = ({ recorded, effective }: { recorded: string; effective: string }) => (recorded === effective ? recorded : `${recorded}/${effective}`);

/** The texts of a row, for every printed column but the running number. */
export const texts = ({ columns }: LedgerSheet, row: LedgerRow, names: CodeNames, name: string, instant: { recorded: string; effective: string }): string[] => [
  ...columns.map((column) => column.text(row, names)),
  ...columns.flatMap(({ machine }) => (machine ? [machine.text(row)] : [])),
  name,
  String(row["id"]),
  String(row["version"]),
  instantText(instant),
];
