/** In the order of the first round. */
export const SERVERS = ["limit", "this", "postgraphile"] as const;
export type Server = (typeof SERVERS)[number];

/** One request, ready to be sent by POST. */
export interface Ask {
  path: string;
  body: string;
  headers?: Readonly<Record<string, string>>;
}

/** One question put to the three servers in their own languages. */
export interface Question {
  id: string;
  zh: string;
  en: string;
  /** By server; the i-th of each asks for the same thing. */
  asks: Readonly<Record<Server, readonly Ask[]>>;
  /** What stands in the answer's `data`, brought to one shape: equal for the three or the run fails. */
  answer: Readonly<Record<Server, (data: unknown) => unknown>>;
  /** How every good answer begins; checked on every response measured. */
  begins: Readonly<Record<Server, string>>;
  /** Each request must differ: UNIQUE in its body becomes a fresh UUID. */
  unique?: boolean;
  /** Further conditions to print. */
  note?: string;
}

/** Stands for a fresh UUID in the bodies of questions whose every request differs. */
export const UNIQUE = "00000000-0000-4000-8000-000000000000";

/** A GraphQL request. */
export const graphql = (query: string, variables: Record<string, unknown>, headers?: Readonly<Record<string, string>>): Ask => ({
  path: "/graphql",
  body: JSON.stringify({ query: query.replace(/\s+/g, " ").trim(), variables }),
  ...(headers ? { headers } : {}),
});

/** A request to the limit: the statement's name and its parameters. */
export const statement = (name: string, ...values: readonly unknown[]): Ask => ({ path: `/${name}`, body: JSON.stringify(values) });
