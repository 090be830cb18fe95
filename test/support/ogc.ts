import type { District } from "./district.js";

// What a test asserts is the shape.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Body = any;

export interface OgcAnswer {
  status: number;
  type: string;
  headers: Headers;
  text: string;
  body: Body;
}

/** Asks the OGC routes as a character. */
export function ogcAs(district: District, name: string) {
  const get = async (path: string, parameters: Record<string, string> = {}, headers: Record<string, string> = {}, method = "GET"): Promise<OgcAnswer> => {
    const url = path.startsWith("http") ? new URL(path) : new URL(`${district.service.url}/ogc${path}`);
    for (const [key, value] of Object.entries(parameters)) url.searchParams.append(key, value);
    const response = await fetch(url, { method, headers: { ...district.headers(name), ...headers } });
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    return { status: response.status, type, headers: response.headers, text, body: /json(;|$)/.test(type) && text ? JSON.parse(text) : undefined };
  };
  /** Ids over all pages. */
  const ids = async (collection: string, parameters: Record<string, string> = {}): Promise<string[]> => {
    const met: string[] = [];
    let answer = await get(`/collections/${collection}/items`, { limit: "5000", ...parameters });
    for (;;) {
      if (answer.status !== 200) throw new Error(`${JSON.stringify(parameters)}: ${answer.text}`);
      met.push(...answer.body.features.map((feature: { id: string }) => feature.id));
      const next = answer.body.links.find((link: { rel: string }) => link.rel === "next");
      if (!next) return met;
      answer = await get(next.href);
    }
  };
  return { get, ids };
}
