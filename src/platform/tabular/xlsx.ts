import { Readable } from "node:stream";
import { ZipFile } from "yazl";
import type { PrintedColumn, PrintedDocument, PrintedSheet } from "./tabular.js";

/** Rows of a sheet: title, facts, stable names (hidden), header; the table begins below. */
const KEY_ROW = 3;
const HEADER_ROW = 4;
const LAST_ROW = 1_048_576;
/** Styles by their place in styles.xml. */
const STYLE = { text: 1, fixed: 2, header: 3, fixedHeader: 4, title: 5, facts: 6, number: 7 } as const;
const CHOICES = "选项";

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
// XML has no way to write these; the format has (ECMA-376, ST_Xstring): _x0007_, and _x005F_ before what looks like one.
// eslint-disable-next-line no-control-regex
const UNWRITABLE = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)/g;
const escaped = (text: string) =>
  text.replace(UNWRITABLE, (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`).replace(/[&<>"]/g, (character) => ENTITIES[character]!);

const letter = (index: number): string => (index >= 26 ? letter(Math.floor(index / 26) - 1) : "") + String.fromCharCode(65 + (index % 26));

/** A document as an XLSX workbook, written as its rows come: frozen header, choices, and all that printing on A4 needs. */
export function xlsxOf(document: PrintedDocument): Readable {
  const zip = new ZipFile();
  const options = { mtime: document.at };
  const add = (name: string, text: string) => zip.addBuffer(Buffer.from(XML + text), name, options);
  const choices = [...new Map(document.sheets.flatMap(({ columns }) => columns.flatMap((column) => (column.choices ? [[column.choices.join("\n"), column.choices] as const] : [])))).values()];
  const names = [...document.sheets.map(({ zh }) => zh), CHOICES];
  add("[Content_Types].xml", contentTypes(names.length));
  add("_rels/.rels", `<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`);
  add("xl/_rels/workbook.xml.rels", `<Relationships xmlns="${PACKAGE}/relationships">${names.map((_, index) => `<Relationship Id="rId${index + 1}" Type="${OFFICE}/worksheet" Target="worksheets/sheet${index + 1}.xml"/>`).join("")}<Relationship Id="rId${names.length + 1}" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`);
  add("xl/workbook.xml", workbook(document.sheets));
  add("xl/styles.xml", STYLES);
  document.sheets.forEach((sheet, index) => {
    const rows = Readable.from(sheetXml(document, sheet, choices), { objectMode: false, highWaterMark: 256 * 1024 });
    rows.on("error", (error) => (zip.outputStream as Readable).destroy(error));
    zip.addReadStream(rows, `xl/worksheets/sheet${index + 1}.xml`, options);
  });
  add(`xl/worksheets/sheet${names.length}.xml`, choicesXml(choices));
  zip.on("error", (error: Error) => (zip.outputStream as Readable).destroy(error));
  zip.end();
  return zip.outputStream as Readable;
}

const contentTypes = (sheets: number) =>
  `<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>${Array.from({ length: sheets }, (_, index) => `<Override PartName="/xl/worksheets/sheet${index + 1}.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>`).join("")}</Types>`;

function workbook(sheets: readonly PrintedSheet[]): string {
  const listed = sheets.map(({ zh }, index) => `<sheet name="${escaped(zh)}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`);
  const hidden = `<sheet name="${CHOICES}" sheetId="${sheets.length + 1}" state="hidden" r:id="rId${sheets.length + 1}"/>`;
  const titles = sheets.map(({ zh }, index) => `<definedName name="_xlnm.Print_Titles" localSheetId="${index}">'${escaped(zh)}'!$${HEADER_ROW}:$${HEADER_ROW}</definedName>`);
  return `<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><bookViews><workbookView/></bookViews><sheets>${listed.join("")}${hidden}</sheets><definedNames>${titles.join("")}</definedNames></workbook>`;
}

const FONT = '<name val="宋体"/><family val="3"/><charset val="134"/>';
const aligned = (more: string) => `<alignment vertical="top" wrapText="1"${more}/>`;
/** Everything a person may type into is text (format 49): a code keeps its zeros, and what begins with "=" stays what it is. */
const STYLES = `<styleSheet xmlns="${MAIN}"><fonts count="4"><font><sz val="10"/>${FONT}</font><font><b/><sz val="10"/>${FONT}</font><font><b/><sz val="16"/>${FONT}</font><font><sz val="10"/><color rgb="FF595959"/>${FONT}</font></fonts><fills count="4"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill patternType="solid"><fgColor rgb="FFDDEBF7"/></patternFill></fill><fill><patternFill patternType="solid"><fgColor rgb="FFEDEDED"/></patternFill></fill></fills><borders count="2"><border/><border><left style="thin"/><right style="thin"/><top style="thin"/><bottom style="thin"/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="8"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="49" fontId="0" fillId="0" borderId="1" xfId="0" applyNumberFormat="1" applyBorder="1" applyAlignment="1">${aligned("")}</xf><xf numFmtId="49" fontId="3" fillId="3" borderId="1" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">${aligned("")}</xf><xf numFmtId="49" fontId="1" fillId="2" borderId="1" xfId="0" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">${aligned(' horizontal="center"')}</xf><xf numFmtId="49" fontId="1" fillId="3" borderId="1" xfId="0" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">${aligned(' horizontal="center"')}</xf><xf numFmtId="0" fontId="2" fillId="0" borderId="0" xfId="0" applyFont="1" applyAlignment="1"><alignment horizontal="center" vertical="center"/></xf><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" applyAlignment="1"><alignment vertical="center"/></xf><xf numFmtId="0" fontId="3" fillId="3" borderId="1" xfId="0" applyFont="1" applyFill="1" applyBorder="1" applyAlignment="1">${aligned("")}</xf></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;

const cell = (column: number, row: number, style: number, text: string) => (text === "" ? `<c r="${letter(column)}${row}" s="${style}"/>` : `<c r="${letter(column)}${row}" s="${style}" t="inlineStr"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`);
const number = (column: number, row: number, text: string) => `<c r="${letter(column)}${row}" s="${STYLE.number}"><v>${text}</v></c>`;

/** Part of a page's header or footer; "&" is its own command there. */
const running = (text: string) => escaped(text.replaceAll("&", "&&"));

async function* sheetXml(document: PrintedDocument, { zh, columns, pages }: PrintedSheet, choices: readonly (readonly string[])[]): AsyncGenerator<string> {
  const shown = Math.max(1, columns.filter(({ machine }) => !machine).length);
  const facts = document.facts.map((fact) => `${fact.zh}:${fact.value}`);
  const signatures = document.signatures.map((signature) => `${signature.zh}:`);
  const widths = columns.map(({ width, machine }, index) => `<col min="${index + 1}" max="${index + 1}" width="${width * 2 + 1}" customWidth="1"${machine ? ' hidden="1"' : ""}/>`);
  const style = ({ editable, machine }: PrintedColumn) => (editable || machine ? STYLE.text : STYLE.fixed);
  const row = (at: number, cells: readonly string[], more = "") => `<row r="${at}"${more}>${cells.join("")}</row>`;
  yield `${XML}<worksheet xmlns="${MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr><sheetViews><sheetView workbookViewId="0"><pane ySplit="${HEADER_ROW}" topLeftCell="A${HEADER_ROW + 1}" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${widths.join("")}</cols><sheetData>`;
  yield row(1, [cell(0, 1, STYLE.title, document.sheets.length > 1 ? `${document.zh} · ${zh}` : document.zh)], ' ht="26" customHeight="1"');
  yield row(2, [cell(0, 2, STYLE.facts, [...facts, ...signatures.map((text) => `${text}________`)].join("    "))]);
  yield row(KEY_ROW, columns.map(({ key }, index) => cell(index, KEY_ROW, 0, key)), ' hidden="1"');
  yield row(HEADER_ROW, columns.map((column, index) => cell(index, HEADER_ROW, column.editable ? STYLE.header : STYLE.fixedHeader, column.machine ? column.key : `${column.zh}\n${column.en}`)));
  let at = HEADER_ROW;
  for await (const rows of pages()) {
    let text = "";
    for (const values of rows) {
      at += 1;
      const here = at;
      text += row(here, values.map((value, index) => (columns[index]!.numeric && /^\d{1,15}$/.test(value) ? number(index, here, value) : cell(index, here, style(columns[index]!), value))));
    }
    yield text;
  }
  const last = letter(columns.length - 1);
  const validations = columns.flatMap((column, index) => {
    const list = column.editable && column.choices ? choices.findIndex((known) => known.join("\n") === column.choices!.join("\n")) : -1;
    if (list < 0) return [];
    const [from, to] = [`${letter(index)}${HEADER_ROW + 1}`, `${letter(index)}${LAST_ROW}`];
    return [`<dataValidation type="list" allowBlank="1" showErrorMessage="1" errorTitle="${escaped(column.zh)}" error="请从列表中选择 / choose from the list" sqref="${from}:${to}"><formula1>${CHOICES}!$${letter(list)}$1:$${letter(list)}$${choices[list]!.length}</formula1></dataValidation>`];
  });
  yield `</sheetData><autoFilter ref="A${HEADER_ROW}:${last}${Math.max(at, HEADER_ROW + 1)}"/><mergeCells count="2"><mergeCell ref="A1:${letter(shown - 1)}1"/><mergeCell ref="A2:${letter(shown - 1)}2"/></mergeCells>`;
  if (validations.length > 0) yield `<dataValidations count="${validations.length}">${validations.join("")}</dataValidations>`;
  yield '<printOptions horizontalCentered="1"/><pageMargins left="0.4" right="0.4" top="0.7" bottom="0.7" header="0.3" footer="0.3"/><pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/>';
  // A running header holds 255 characters.
  yield `<headerFooter><oddHeader>&amp;L${running(facts.slice(0, 2).join("  ").slice(0, 90))}&amp;R${running((facts[2] ?? "").slice(0, 60))}</oddHeader><oddFooter>&amp;L${running(signatures.map((text) => `${text}__________`).join(" ").slice(0, 120))}&amp;R第 &amp;P 页 共 &amp;N 页</oddFooter></headerFooter></worksheet>`;
}

/** The hidden sheet drop-downs take their values from; a list written into a cell's own rule holds 255 characters only. */
function choicesXml(choices: readonly (readonly string[])[]): string {
  const rows = Array.from({ length: Math.max(0, ...choices.map((list) => list.length)) }, (_, index) => `<row r="${index + 1}">${choices.map((list, column) => (list[index] === undefined ? "" : cell(column, index + 1, 0, list[index]))).join("")}</row>`);
  return `<worksheet xmlns="${MAIN}"><sheetData>${rows.join("")}</sheetData></worksheet>`;
}
