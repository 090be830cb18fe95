import { parse } from "csv-parse/sync";
import { fromBuffer, type Entry, type ZipFile } from "yauzl";
import { ZipFile as Writer } from "yazl";
import type { SheetRow } from "../../src/imports/reading/cell.js";
import type { District } from "./district.js";
import { sheetsOf } from "./read-file.js";

/** A sheet of an exported ledger, by the stable names of its columns, with cells that can be changed before it goes back. */
export interface LedgerTable {
  keys: string[];
  rows: Record<string, string>[];
}

const decoded = (bytes: Buffer) => bytes.toString("utf8").replace(/^\ufeff/, "");

/** A CSV as it stands, apostrophes included. */
export function csvTable(bytes: Buffer): LedgerTable & { headers: string[] } {
  const [headers, ...records] = parse(decoded(bytes)) as string[][];
  const keys = headers!.map((header) => header.split(" / ").at(-1)!);
  return { headers: headers!, keys, rows: records.map((record) => Object.fromEntries(keys.map((key, index) => [key, record[index]!]))) };
}

export function csvBytes({ keys, rows }: LedgerTable): Buffer {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  return Buffer.from([keys, ...rows.map((row) => keys.map((key) => row[key] ?? ""))].map((cells) => cells.map(quoted).join(",")).join("\n"));
}

/** The ledgers' sheets of a workbook: names stand in the third line, the table begins in the fifth. */
export async function workbookTables(bytes: Buffer): Promise<LedgerTable[]> {
  const tables: LedgerTable[] = [];
  for (const { rows } of await sheetsOf(bytes)) {
    const names = rows.find(({ line }) => line === 3);
    if (!names || ![...names.cells.values()].some(({ value }) => value === "asOf")) continue;
    const columns = [...names.cells].map(([column, { value }]) => [column, value] as const);
    const textOf = ({ cells }: SheetRow) => Object.fromEntries(columns.map(([column, key]) => [key, cells.get(column)?.value ?? ""]));
    tables.push({ keys: columns.map(([, key]) => key), rows: rows.filter(({ line }) => line > 4).map(textOf) });
  }
  return tables;
}

/** Fetches a ledger that must be given. */
export async function ledger(district: District, name: string, path: string): Promise<Buffer> {
  const { status, bytes } = await district.as(name).get(`/ledgers/${path}`);
  if (status !== 200) throw new Error(`${path} answered ${status}: ${bytes.toString("utf8").slice(0, 500)}`);
  return bytes;
}

/** The parts of a workbook, as text by name. */
export async function partsOf(bytes: Buffer): Promise<Map<string, string>> {
  const zip = await new Promise<ZipFile>((resolve, reject) => fromBuffer(bytes, { lazyEntries: false, autoClose: false }, (error, opened) => (error ? reject(error) : resolve(opened!))));
  const entries: Entry[] = [];
  await new Promise<void>((resolve) => zip.on("entry", (entry: Entry) => entries.push(entry)).on("end", resolve));
  const parts = new Map<string, string>();
  for (const entry of entries) {
    const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened!))));
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    parts.set(entry.fileName, Buffer.concat(chunks).toString("utf8"));
  }
  return parts;
}

/** A workbook with cells changed in place, as a spreadsheet would leave it: the rest of the file is untouched. */
export async function editedWorkbook(bytes: Buffer, changes: readonly { sheet: number; cell: string; text: string }[]): Promise<Buffer> {
  const made = new Writer();
  for (const [name, whole] of await partsOf(bytes)) {
    let text = whole;
    for (const { sheet, cell, text: value } of changes) {
      if (name !== `xl/worksheets/sheet${sheet}.xml`) continue;
      const at = new RegExp(`<c r="${cell}" s="(\\d)"(?:/>| t="inlineStr">.*?</c>|><v>.*?</v></c>)`, "s");
      if (!at.test(text)) throw new Error(`${cell} is not in sheet ${sheet}`);
      const written = value.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`).replace(/_(?=x[0-9A-F]{4}_)/g, "_x005F_");
      text = text.replace(at, (_, style: string) => (value === "" ? `<c r="${cell}" s="${style}"/>` : `<c r="${cell}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${written}</t></is></c>`));
    }
    made.addBuffer(Buffer.from(text), name);
  }
  made.end();
  const packed: Buffer[] = [];
  for await (const chunk of made.outputStream) packed.push(chunk as Buffer);
  return Buffer.concat(packed);
}

export const columnLetter = (index: number): string => (index >= 26 ? columnLetter(Math.floor(index / 26) - 1) : "") + String.fromCharCode(65 + (index % 26));
