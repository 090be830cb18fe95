import type { Exchange } from "../http/server.js";
import { Fault } from "../fault.js";

/** An encoding of a resource: its name for `f`, its media type, and other types a client may ask for it by. */
export interface Encoding {
  f: string;
  type: string;
  also?: readonly string[];
}

export const JSON_TYPE = "application/json";
export const asJson: Encoding = { f: "json", type: JSON_TYPE };
export const asGeoJson: Encoding = { f: "geojson", type: "application/geo+json", also: [JSON_TYPE, "application/vnd.geo+json"] };
export const asSchema: Encoding = { f: "json", type: "application/schema+json", also: [JSON_TYPE] };
export const asOpenApi: Encoding = { f: "json", type: "application/vnd.oai.openapi+json;version=3.0", also: [JSON_TYPE, "application/openapi+json"] };
export const itemsEncodings: readonly Encoding[] = [asGeoJson, { f: "geojsonseq", type: "application/geo+json-seq" }, { f: "csv", type: "text/csv" }, { f: "fgb", type: "application/flatgeobuf", also: ["application/vnd.flatgeobuf"] }];

/** Encodings of the items of a collection: FlatGeobuf holds geometries of one dimension only. */
export const encodingsFor = (kinds: readonly string[]): readonly Encoding[] => (new Set(kinds.map((kind) => kind.replace("Multi", ""))).size === 1 ? itemsEncodings : itemsEncodings.filter(({ f }) => f !== "fgb"));

const bare = (type: string) => type.split(";")[0]!.trim().toLowerCase();

/** What to answer in: `f` if given, else the first the client accepts most. The first offered is the default. */
export function encodingOf(exchange: Exchange, offered: readonly Encoding[]): Encoding {
  const f = exchange.url.searchParams.get("f");
  if (f !== null) {
    // "json" is what clients write for any JSON there is.
    const found = offered.find((each) => each.f === f) ?? (f === "json" ? offered.find((each) => each.also?.includes(JSON_TYPE)) : undefined);
    if (!found) throw new Fault("INVALID_INPUT", { field: "f", rule: offered.map((each) => each.f).join(", ") });
    return found;
  }
  const accept = exchange.request.headers.accept;
  if (accept === undefined || accept.trim() === "") return offered[0]!;
  const ranges = accept.split(",").slice(0, 50).map((part) => {
    const [type = "", ...parameters] = part.split(";").map((each) => each.trim().toLowerCase());
    const quality = Number(/^q=([01](\.\d{0,3})?)$/.exec(parameters.find((each) => each.startsWith("q=")) ?? "q=1")?.[1] ?? 0);
    return { type, quality };
  });
  const qualityOf = (type: string): number => {
    const [group] = type.split("/");
    const best = ranges.filter((range) => range.type === type).concat(ranges.filter((range) => range.type === `${group}/*`), ranges.filter((range) => range.type === "*/*"))[0];
    return best?.quality ?? 0;
  };
  let found: { encoding: Encoding; quality: number } | undefined;
  for (const encoding of offered) {
    const quality = Math.max(...[encoding.type, ...(encoding.also ?? [])].map((type) => qualityOf(bare(type))));
    if (quality > (found?.quality ?? 0)) found = { encoding, quality };
  }
  if (!found) throw new Fault("NOT_ACCEPTABLE", { offered: offered.map((each) => each.type) });
  return found.encoding;
}

export interface Link {
  href: string;
  rel: string;
  type: string;
  title?: string;
  templated?: boolean;
}

export const linkHeader = (links: readonly Link[]) => links.map(({ href, rel, type }) => `<${href}>; rel="${rel}"; type="${type.replace(/"/g, "")}"`).join(", ");

export function send({ response }: Exchange, type: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}): void {
  const textual = type.startsWith("text/") || type === JSON_TYPE;
  response.writeHead(200, { "content-type": textual ? `${type}; charset=utf-8` : type, "content-length": Buffer.byteLength(body), vary: "Accept, Authorization", ...headers });
  response.end(body);
}

