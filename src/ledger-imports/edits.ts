import type { Cell } from "../imports/reading/cell.js";
import type { RowProblem } from "../imports/row.js";
import type { Actor } from "../platform/actor.js";
import { parseId } from "../platform/entity/entity.js";
import { Fault } from "../platform/fault.js";
import { listOf, pointOf, sameCell, truthOf, type CellKind } from "../platform/tabular/cells.js";
import type { CodeNames, LedgerColumn, LedgerRow, LedgerSheet } from "../ledgers/ledger.js";
import type { Planned } from "./ledger-import.service.js";
import type { LedgerRows, View } from "../ledgers/ledger.rows.js";

/** A row of a file: its marks, and its cells by the stable names of their columns. */
export interface FileRow {
  /** Name of the sheet of a workbook; empty for a CSV. */
  sheetOfFile: string;
  line: number;
  /** Columns the file has; one it lacks says nothing. */
  keys: ReadonlySet<string>;
  cells: ReadonlyMap<string, Cell>;
  sheet: LedgerSheet | undefined;
  id: string;
  version: string;
  asOf: string;
}

/** Instants the rows of one file may show: a file put together of several exports has several. */
const MOST_INSTANTS = 20;

/** A column some cell of which differs from what was exported. */
interface Edit {
  column: LedgerColumn;
  /** What the label's and the code's cell say; undefined where the cell says what was exported. */
  label: string | undefined;
  code: string | undefined;
}

/** Finds what a person changed in a file: its cells against the same rows read again, as of the instant the file shows. */
export class Edits {
  private readonly views = new Map<string, Promise<{ view: View; names: CodeNames }>>();
  private readonly seen = new Set<string>();

  constructor(
    private readonly rows: LedgerRows,
    private readonly actor: Actor,
  ) {}

  /** What each row asks for. */
  async plan(chunk: readonly FileRow[]): Promise<Planned[]> {
    const planned = new Map<FileRow, Planned>();
    const together = new Map<string, FileRow[]>();
    for (const row of chunk) {
      const problem = this.unknown(row);
      if (problem) planned.set(row, { row, deed: null, problems: [problem] });
      else {
        const key = `${row.sheet!.entity.name} ${row.sheet!.key} ${row.asOf}`;
        together.set(key, [...(together.get(key) ?? []), row]);
      }
    }
    for (const group of together.values()) for (const plan of await this.planTogether(group[0]!.sheet!, group[0]!.asOf, group)) planned.set(plan.row, plan);
    return chunk.map((row) => planned.get(row)!);
  }

  /** What is wrong with a row's marks. */
  private unknown({ sheet, id, version }: FileRow): RowProblem | undefined {
    if (!sheet) return { column: "ledger", code: "KEY_MISSING", zh: "本行没有台账标记:新增请用登记导入,不在台账中添行", en: "the row has no mark of a ledger: new objects are registered, not added to a ledger", suggestion: "删除该行 / remove the row" };
    if (!parseId(id) || !/^\d{1,9}$/.test(version)) return { column: "id", code: "KEY_MISSING", zh: "标识或版本列残缺", en: "id or version is not as exported", suggestion: "重新导出后修改 / export again" };
    if (this.seen.has(`${sheet.key} ${id}`)) return { column: "id", code: "KEY_REPEATED", zh: `标识 ${id} 在文件中重复`, en: `the id ${id} repeats within the file`, suggestion: "保留一行 / keep one row" };
    this.seen.add(`${sheet.key} ${id}`);
    return undefined;
  }

  private async planTogether(sheet: LedgerSheet, asOf: string, group: readonly FileRow[]): Promise<Planned[]> {
    const refused = (row: FileRow, ...problems: RowProblem[]): Planned => ({ row, deed: null, problems });
    let then: { view: View; names: CodeNames };
    try {
      then = await this.viewOf(asOf);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return group.map((row) => refused(row, { column: "asOf", code: error.code, zh: `时点列不是导出时的值:${asOf}`, en: `asOf is not as exported: ${asOf}`, suggestion: "重新导出后修改 / export again" }));
    }
    const ids = group.map(({ id }) => id);
    const exported = await this.rows.byId(sheet, ids, then.view);
    const edited = new Map<FileRow, readonly Edit[]>();
    for (const row of group) {
      const base = exported.get(row.id);
      if (base) edited.set(row, editsOf(row, sheet, base, then.names));
    }
    const touched = group.filter((row) => (edited.get(row)?.length ?? 0) > 0);
    const now = { view: { actor: this.actor, instant: await this.rows.instantOf(null, null) } };
    const standing = touched.length > 0 ? await this.rows.byId(sheet, touched.map(({ id }) => id), now.view) : new Map<string, LedgerRow>();
    const plans: Planned[] = [];
    for (const row of group) {
      const base = exported.get(row.id);
      const changes = edited.get(row);
      if (!base || !changes) {
        plans.push(refused(row, { column: "id", code: "NOT_FOUND", zh: "在您的范围内没有该对象", en: "no such object within your scope", suggestion: "核对标识;新增请用登记导入 / check the id; new objects are registered" }));
        continue;
      }
      if (changes.length === 0) {
        plans.push({ row, deed: null, problems: [] });
        continue;
      }
      plans.push(await this.planOne(sheet, row, changes, base, standing.get(row.id), then));
    }
    return plans;
  }

  private async planOne(sheet: LedgerSheet, row: FileRow, changes: readonly Edit[], base: LedgerRow, standing: LedgerRow | undefined, { view, names }: { view: View; names: CodeNames }): Promise<Planned> {
    const problems: RowProblem[] = [];
    const input: Record<string, unknown> = {};
    for (const edit of changes) {
      const read = await this.valueOf(sheet, edit, row, view, names);
      if ("problem" in read) problems.push(read.problem);
      else Object.assign(input, inputsOf(edit.column, read.value));
    }
    if (problems.length > 0 || !sheet.update) return { row, deed: null, problems };
    if (standing && (String(standing["version"]) !== row.version || String(base["version"]) !== row.version)) {
      // The same edit made before, by this file or otherwise, is no conflict.
      if (changes.every((edit) => saysThat(edit, standing, names))) return { row, deed: null, problems: [] };
      return { row, deed: null, problems: [conflict(sheet, row, changes, base, standing, names)] };
    }
    return { row, problems, deed: { name: sheet.update, id: row.id, expectedVersion: Number(row.version), input } };
  }

  private viewOf(asOf: string): Promise<{ view: View; names: CodeNames }> {
    const known = this.views.get(asOf);
    if (known) return known;
    if (this.views.size >= MOST_INSTANTS) return Promise.reject(new Fault("LIMIT_EXCEEDED", { limit: "instantsOfFile", maximum: MOST_INSTANTS }));
    const made = (async () => {
      const [recorded, effective] = asOf.split("/");
      const view: View = { actor: this.actor, instant: await this.rows.instantOf(recorded ?? "", effective ?? null) };
      return { view, names: await this.rows.codeNames(view) };
    })();
    this.views.set(asOf, made);
    return made;
  }

  /** The value an edited cell stands for, or what is wrong with it. */
  private async valueOf(sheet: LedgerSheet, { column, label, code }: Edit, row: FileRow, view: View, names: CodeNames): Promise<{ value: unknown } | { problem: RowProblem }> {
    const bad = (problem: string, zh: string, en: string, suggestion: string) => ({ problem: { column: column.zh, code: problem, zh: `“${column.zh}”${zh}`, en: `${column.en}: ${en}`, suggestion } });
    if (!sheet.update || !column.input) return bad("READ_ONLY_COLUMN", "由系统计算或属于其他对象,不能在本表修改", "computed, or of another object: not changed in this ledger", "恢复原值;由相应操作改变 / restore it; it changes by its own action");
    for (const key of [column.key, column.machine?.key]) {
      const kind = key === undefined ? undefined : row.cells.get(key)?.kind;
      if (kind === "formula" || kind === "error") return bad("FORMULA_CELL", "是公式或错误值", "a formula or an error", "粘贴为数值后重新导入 / paste as values and import again");
    }
    const texts = [label, code].filter((text) => text !== undefined);
    if (texts.some((text) => text === "")) {
      // Either cell emptied empties the field; the other may still say what was exported.
      if (texts.some((text) => text !== "")) return bad("CELLS_DISAGREE", "与其代码列不一致", "label and code disagree", "两列填同一值,或恢复其一 / make both say the same, or restore one");
      return column.required ? bad("REQUIRED", "不能为空", "is required", "补填 / fill it in") : { value: null };
    }
    // Several may bear one name: where both cells were edited the code says who, and its name must be the label.
    if (column.meaning.kind === "linked" && label !== undefined && code !== undefined) {
      const { target, shown } = column.meaning;
      const coded = (await this.read(column, code, true, view, names)) as string | undefined;
      if (coded === undefined) return bad("VALUE_UNKNOWN", `的值“${code.slice(0, 60)}”不可识别或不唯一`, `not known, or not unique: ${code.slice(0, 60)}`, knownValues(column, names));
      const bears = await this.rows.named(target(), shown, label, { actor: this.actor, instant: await this.rows.instantOf(null, null) }, coded);
      return bears.length === 1 ? { value: coded } : bad("CELLS_DISAGREE", "与其代码列不一致", "label and code disagree", "两列填同一值,或恢复其一 / make both say the same, or restore one");
    }
    const read = [...(label === undefined ? [] : [await this.read(column, label, false, view, names)]), ...(code === undefined ? [] : [await this.read(column, code, true, view, names)])];
    if (read.includes(undefined)) return bad("VALUE_UNKNOWN", `的值“${texts.join("”“").slice(0, 60)}”不可识别或不唯一`, `not known, or not unique: ${texts.join(", ").slice(0, 60)}`, knownValues(column, names));
    if (read.length === 2 && JSON.stringify(read[0]) !== JSON.stringify(read[1])) return bad("CELLS_DISAGREE", "与其代码列不一致", "label and code disagree", "两列填同一值,或恢复其一 / make both say the same, or restore one");
    return { value: read[0] };
  }

  /** A text read as what its column means; undefined where it means nothing, or more than one thing. */
  private async read({ meaning }: LedgerColumn, text: string, asCode: boolean, view: View, names: CodeNames): Promise<unknown> {
    switch (meaning.kind) {
      case "enum": {
        const { values, labels } = meaning.enumeration;
        return values.find((value) => value === text) ?? (asCode ? undefined : values.find((value) => labels[value]!.zh === text));
      }
      case "listed": {
        const list = names.get(meaning.list);
        if (list?.has(text)) return text;
        const named = [...(list ?? [])].filter(([, name]) => name === text);
        return !asCode && named.length === 1 ? named[0]![0] : undefined;
      }
      case "linked": {
        const target = meaning.target();
        if (meaning.by === "id" && asCode) return parseId(text)?.entity === target ? text : undefined;
        const found = await this.rows.named(target, asCode ? meaning.by : meaning.shown, text, { actor: this.actor, instant: await this.rows.instantOf(null, null) });
        return found.length === 1 ? found[0] : undefined;
      }
      case "boolean":
        return truthOf(text);
      case "point":
        return pointOf(text);
      case "textList":
        return listOf(text);
      default:
        return text;
    }
  }
}

/** What an edited cell gives to the action: its field, and the edition that is told with a code. */
function inputsOf({ input, meaning }: LedgerColumn, value: unknown): Record<string, unknown> {
  if (meaning.kind !== "listed" || !meaning.edition || typeof value !== "string") return { [input!]: value };
  const [code, edition] = value.split("@");
  return { [input!]: code, ...(edition ? { [meaning.edition]: edition } : {}) };
}

const kindOf = ({ meaning }: LedgerColumn): CellKind => (meaning.kind === "date" || meaning.kind === "dateTime" || meaning.kind === "number" ? meaning.kind : "text");

/** Columns of a row that differ from what was exported. */
function editsOf({ keys, cells }: FileRow, { columns }: LedgerSheet, base: LedgerRow, names: CodeNames): Edit[] {
  const told = (key: string | undefined, kind: CellKind, exported: string): string | undefined => {
    if (key === undefined || !keys.has(key)) return undefined;
    const cell = cells.get(key);
    const text = cell?.value ?? "";
    return cell?.kind !== "formula" && cell?.kind !== "error" && sameCell(kind, exported, text) ? undefined : text.replace(/\r\n?/g, "\n").trim();
  };
  return columns.flatMap((column) => {
    const label = told(column.key, kindOf(column), column.text(base, names));
    const code = told(column.machine?.key, "text", column.machine?.text(base) ?? "");
    return label === undefined && code === undefined ? [] : [{ column, label, code }];
  });
}

/** Whether a row as it stands already says what an edit asks for. */
const saysThat = ({ column, label, code }: Edit, standing: LedgerRow, names: CodeNames) =>
  (label === undefined || sameCell(kindOf(column), column.text(standing, names), label)) && (code === undefined || sameCell("text", column.machine!.text(standing), code));

/** The row changed since it was exported: what was exported, what stands, what the file says; nothing is written. */
function conflict({ columns }: LedgerSheet, { version }: FileRow, edits: readonly Edit[], base: LedgerRow, standing: LedgerRow, names: CodeNames): RowProblem {
  const changes = columns.flatMap((column) => {
    const [was, current] = [column.text(base, names), column.text(standing, names)];
    const edit = edits.find((candidate) => candidate.column === column);
    return was === current && !edit ? [] : [{ field: column.zh, base: was, current, ...(edit ? { yours: edit.label ?? edit.code } : {}) }];
  });
  return { code: "CONFLICT", zh: `该对象在导出(版本 ${version})后已被修改(现版本 ${String(standing["version"])})`, en: `the object changed since it was exported: version ${version}, now ${String(standing["version"])}`, suggestion: "按 changes 合并后重新导出再改 / merge by changes, export again", changes };
}

function knownValues({ meaning }: LedgerColumn, names: CodeNames): string {
  const known = meaning.kind === "enum" ? meaning.enumeration.values.map((value) => meaning.enumeration.labels[value]!.zh) : meaning.kind === "boolean" ? ["是", "否"] : meaning.kind === "listed" ? [...(names.get(meaning.list)?.values() ?? [])] : [];
  if (meaning.kind === "point") return "写作“经度, 纬度”(CGCS2000) / write lon, lat";
  return known.length > 0 ? `可用 / known: ${known.join(", ")}` : "核对名称,重名者填机读列 / check the name; where several bear it, fill the column for machines";
}
