import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Stay } from "../platform/admission/gate.js";
import { Fault } from "../platform/fault.js";
import type { Exchange, Route } from "../platform/http/server.js";
import { csvOf } from "../platform/tabular/csv.js";
import { htmlOf, PAGE_POLICY } from "../platform/tabular/html.js";
import type { PrintedDocument, PrintedSheet } from "../platform/tabular/tabular.js";
import { xlsxOf } from "../platform/tabular/xlsx.js";
import { actAs, type Call, type WriteDoor } from "../platform/write/act.js";
import { Region } from "../regions/region.js";
import { momentText, printedColumns, sheetName, texts, type CodeNames, type Ledger, type LedgerSheet } from "./ledger.js";
import { filterFor, MOST_ROWS, type LedgerRows, type View } from "./ledger.rows.js";
import { LEDGERS } from "./three-ledgers.js";

/** Ledgers written at once; each keeps one page of rows in memory. Of one caller at most so many, so that nobody's slow reading holds them all. */
const MOST_AT_ONCE = 8;
const MOST_OF_ONE = 2;
const PARAMETERS = ["asOf", "effective", "within", "filter", "sheet"];
const TYPES = { html: "text/html; charset=utf-8", xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", csv: "text/csv; charset=utf-8" } as const;
type Format = keyof typeof TYPES;

/** What a ledger was asked for with. */
interface Asked {
  ledger: Ledger;
  sheets: readonly LedgerSheet[];
  filter: unknown;
  within: { id: string; name: string } | null;
  view: View;
}

/** GET /ledgers/{ledger}.{html|xlsx|csv}?asOf=&effective=&within=&filter=&sheet= */
export function ledgerRoute(rows: LedgerRows, door: WriteDoor, callFor: (exchange: Exchange) => Promise<Call>): Route {
  const written = new Map<string, number>();
  const get = async (exchange: Exchange) => {
    const call = await callFor(exchange);
    const format = exchange.matched[1] as Format;
    const { key } = exchange.stay.caller;
    const own = written.get(key) ?? 0;
    if (own >= MOST_OF_ONE) throw new Fault("RATE_LIMITED", { limit: "exports", maximum: MOST_OF_ONE, retryAfterSeconds: 5 });
    if ([...written.values()].reduce((sum, count) => sum + count, 0) >= MOST_AT_ONCE) throw new Fault("OVERLOADED", { maximum: MOST_AT_ONCE, retryAfterSeconds: 5 });
    written.set(key, own + 1);
    try {
      const asked = await askedOf(rows, exchange, call, format);
      const counts = await Promise.all(asked.sheets.map(async (sheet) => [sheet.key, await countOf(rows, asked, sheet, format)] as const));
      const document = printed(rows, asked, call.actor.name, await rows.codeNames(asked.view), format, exchange.stay);
      // Handing data out is an act that is kept; the public is given nothing single.
      if (call.actor.kind !== "PUBLIC") await actAs(door, { ...call, operationName: `${exchange.url.pathname}${exchange.url.search}`.slice(0, 500) }, "ledger.export", async () => undefined);
      const day = momentText(asked.view.instant.effective).slice(0, 10);
      const name = `${asked.ledger.zh}${asked.sheets.length < asked.ledger.sheets.length ? `-${asked.sheets[0]!.zh}` : ""}_${day}.${format}`;
      exchange.response.writeHead(200, {
        "content-type": TYPES[format],
        "content-disposition": `${format === "html" ? "inline" : "attachment"}; filename="${asked.ledger.key}.${format}"; filename*=UTF-8''${encodeURIComponent(name)}`,
        "x-ledger-rows": counts.map(([key, count]) => `${key}=${count}`).join(", "),
        "x-ledger-as-of": asked.view.instant.recorded,
        ...(format === "html" ? { "content-security-policy": PAGE_POLICY } : {}),
      });
      if (exchange.request.method === "HEAD") return void exchange.response.end();
      const body = format === "xlsx" ? xlsxOf(document) : Readable.from(format === "csv" ? csvOf(document.sheets[0]!) : htmlOf(document), { objectMode: false, highWaterMark: 256 * 1024 });
      // Who goes away before the end has had enough.
      await pipeline(body, exchange.response).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ERR_STREAM_PREMATURE_CLOSE" && error.code !== "ECONNRESET" && error.code !== "EPIPE") throw error;
      });
    } finally {
      const left = written.get(key)! - 1;
      if (left === 0) written.delete(key);
      else written.set(key, left);
    }
  };
  return { method: "GET", long: true, pattern: /^\/ledgers\/([a-z-]{1,40})\.(html|xlsx|csv)$/, handle: get };
}

async function askedOf(rows: LedgerRows, exchange: Exchange, call: Call, format: Format): Promise<Asked> {
  const ledger = LEDGERS.find(({ key }) => key === exchange.matched[0]);
  if (!ledger) throw new Fault("NOT_FOUND", { ledgers: LEDGERS.map(({ key }) => key) });
  const unknown = [...exchange.url.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown) throw new Fault("INVALID_INPUT", { field: unknown, rule: `one of ${PARAMETERS.join(", ")}` });
  const told = (name: string) => exchange.url.searchParams.get(name);
  const view: View = { actor: call.actor, instant: await rows.instantOf(told("asOf"), told("effective")) };
  const sheets = ledger.sheets.filter(({ key }) => told("sheet") === null || key === told("sheet"));
  if (sheets.length === 0) throw new Fault("INVALID_INPUT", { field: "sheet", rule: `one of ${ledger.sheets.map(({ key }) => key).join(", ")}` });
  const asked: Asked = { ledger, sheets: format === "csv" ? sheets.slice(0, 1) : sheets, filter: filterOf(told("filter")), within: await placeOf(rows, told("within"), view), view };
  for (const sheet of asked.sheets) rows.refuseCostly(sheet, filterFor(sheet, asked.filter, asked.within?.id ?? null));
  return asked;
}

function filterOf(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    const filter: unknown = JSON.parse(text);
    if (typeof filter === "object" && filter !== null && !Array.isArray(filter)) return filter;
  } catch {
    // Told below.
  }
  throw new Fault("INVALID_INPUT", { field: "filter", rule: "the filter input of the list, as a JSON object" });
}

/** A place by its id or its code of twelve digits. */
async function placeOf(rows: LedgerRows, told: string | null, { actor, instant }: View): Promise<Asked["within"]> {
  if (told === null) return null;
  const filter = /^\d{12}$/.test(told) ? { code: { eq: told } } : { id: { eq: told } };
  const data = await rows.questions.ask(`query ($filter: ${Region.name}Filter) { regions(first: 2, filter: $filter) { nodes { id name } } }`, { filter }, actor, instant);
  const [found, other] = (data["regions"] as { nodes: { id: string; name: string }[] }).nodes;
  if (!found || other) throw new Fault("INVALID_INPUT", { field: "within", rule: other ? "this code was given twice: the region's id" : "a region's id or its code of twelve digits" });
  return found;
}

const countOf = (rows: LedgerRows, { filter, within, view }: Asked, sheet: LedgerSheet, format: Format) =>
  rows.count(sheet, filterFor(sheet, filter, within?.id ?? null), view, format === "html" ? MOST_ROWS.page : MOST_ROWS.file);

/** The ledger as it is printed; rows are read as they are written, and the place at work is left while the client takes them. */
function printed(rows: LedgerRows, { ledger, sheets, filter, within, view }: Asked, unit: string, names: CodeNames, format: Format, stay: Stay): PrintedDocument {
  const { recorded, effective } = view.instant;
  const until = Date.parse(recorded) === Date.parse(effective) ? momentText(recorded) : `${momentText(recorded)}(所知) / ${momentText(effective)}(有效)`;
  const most = format === "html" ? MOST_ROWS.page : MOST_ROWS.file;
  const sheetOf = (sheet: LedgerSheet): PrintedSheet => ({
    zh: sheet.zh,
    en: sheet.en,
    columns: printedColumns(sheet, names),
    async *pages() {
      let seq = 0;
      for await (const page of rows.pages(sheet, filterFor(sheet, filter, within?.id ?? null), view)) {
        const told = page.map((row) => [String((seq += 1)), ...texts(sheet, row, names, sheetName(ledger, sheet), view.instant)]);
        stay.leave();
        yield told;
        await stay.back();
        if (seq > most) throw new Fault("LIMIT_EXCEEDED", { limit: "ledgerRows", maximum: most });
      }
    },
  });
  return {
    zh: ledger.zh,
    en: ledger.en,
    at: new Date(Date.parse(recorded)),
    facts: [
      { zh: "单位", en: "unit", value: unit },
      { zh: "区划", en: "region", value: within?.name ?? "本密钥可见范围 / all in scope" },
      { zh: "截至时间", en: "as of", value: until },
      ...(filter ? [{ zh: "筛选", en: "filter", value: JSON.stringify(filter).slice(0, 300) }] : []),
    ],
    signatures: [
      { zh: "编制", en: "compiled by" },
      { zh: "审核", en: "checked by" },
      { zh: "批准", en: "approved by" },
      { zh: "日期", en: "date" },
    ],
    sheets: sheets.map(sheetOf),
  };
}
