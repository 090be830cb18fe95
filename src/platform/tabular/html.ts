import type { PrintedDocument, PrintedSheet } from "./tabular.js";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);

/** The page needs nothing from elsewhere, and says so to the browser. */
export const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE = `
  @page { size: A4 landscape; margin: 12mm 10mm 14mm; @bottom-right { content: "第 " counter(page) " 页 共 " counter(pages) " 页"; font-size: 9pt } }
  body { font: 10pt/1.45 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", SimSun, sans-serif; color: #000; margin: 1.5em }
  h1 { font-size: 16pt; text-align: center; margin: 0 0 .2em } h2 { font-size: 12pt; margin: 1.2em 0 .3em }
  .en { font-size: 8pt; font-weight: normal; color: #555 } .facts, .signatures { display: flex; flex-wrap: wrap; gap: .3em 2em; margin: .4em 0 }
  .signatures { margin-top: 1.5em; gap: 1em 3em } .signatures span { min-width: 11em }
  table { border-collapse: collapse; width: 100%; min-width: 120em; table-layout: fixed } thead { display: table-header-group } tr { break-inside: avoid }
  th, td { border: .5pt solid #444; padding: 2pt 3pt; text-align: left; vertical-align: top; white-space: pre-line; overflow-wrap: anywhere } th { background: #eee }
  @media print { body { margin: 0; font-size: 7.5pt } table { min-width: 0 } th .en { display: none } section + section { break-before: page } }
`;

/** A document as one page to be read or printed: no script, no font and no image from anywhere. */
export async function* htmlOf(document: PrintedDocument): AsyncGenerator<string> {
  yield `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>${escaped(document.zh)}</title><style>${STYLE}</style></head><body>`;
  yield `<h1>${escaped(document.zh)} <span class="en">${escaped(document.en)}</span></h1>`;
  yield `<div class="facts">${document.facts.map(({ zh, en, value }) => `<span>${escaped(zh)}:${escaped(value)} <span class="en">${escaped(en)}</span></span>`).join("")}</div>`;
  for (const sheet of document.sheets) yield* sectionOf(sheet, document.sheets.length > 1);
  yield `<div class="signatures">${document.signatures.map(({ zh, en }) => `<span>${escaped(zh)}: <span class="en">${escaped(en)}</span></span>`).join("")}</div></body></html>`;
}

async function* sectionOf({ zh, en, columns, pages }: PrintedSheet, titled: boolean): AsyncGenerator<string> {
  const shown = columns.flatMap(({ machine }, index) => (machine ? [] : [index]));
  const id = columns.findIndex(({ key }) => key === "id");
  const heads = shown.map((index) => `<th scope="col">${escaped(columns[index]!.zh)}<br><span class="en">${escaped(columns[index]!.en)}</span></th>`);
  const total = shown.reduce((sum, index) => sum + columns[index]!.width, 0);
  const widths = shown.map((index) => `<col style="width:${((columns[index]!.width * 100) / total).toFixed(2)}%">`);
  const title = titled ? `<h2>${escaped(zh)} <span class="en">${escaped(en)}</span></h2>` : "";
  yield `<section>${title}<table><colgroup>${widths.join("")}</colgroup><thead><tr>${heads.join("")}</tr></thead><tbody>`;
  for await (const rows of pages()) yield rows.map((row) => `<tr${id < 0 ? "" : ` id="${escaped(row[id]!)}"`}>${shown.map((index) => `<td>${escaped(row[index]!)}</td>`).join("")}</tr>\n`).join("");
  yield "</tbody></table></section>";
}
