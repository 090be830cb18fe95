/** In the order of the first round. */
export const SERVERS = ["limit", "this", "postgraphile"] as const;
export type Server = (typeof SERVERS)[number];

/** One request, ready to be sent. */
export interface Ask {
  /** POST unless given. */
  method?: "GET";
  path: string;
  body: string;
  headers?: Readonly<Record<string, string>>;
}

/** One question put to the three servers in their own languages. */
export interface Question {
  id: string;
  zh: string;
  en: string;
  /** By server; the i-th of each asks for the same thing. A server without such a thing is asked nothing. */
  asks: Readonly<Record<Server, readonly Ask[]>>;
  /** What stands in the answer's `data`, brought to one shape: equal for the three or the run fails. */
  answer: Readonly<Record<Server, (data: unknown) => unknown>>;
  /** The first difference between two answers, where the same may be said in two ways. */
  differ?: (limit: unknown, other: unknown) => string | null;
  /** How every good answer begins; checked on every response measured. */
  begins: Readonly<Record<Server, string>>;
  /** Each request must differ: UNIQUE in its path or body becomes a fresh UUID. */
  unique?: boolean;
  /** Of every good answer; 200 unless given. */
  status?: number;
  /** Further conditions to print. */
  note?: string;
}

/** Stands for a fresh UUID in questions whose every request differs. */
export const UNIQUE = "00000000-0000-4000-8000-000000000000";

/** Servers that have an answer. */
export const askedBy = ({ asks }: Question): Server[] => SERVERS.filter((server) => asks[server].length > 0);

/** A GraphQL request. */
export const graphql = (query: string, variables: Record<string, unknown>, headers?: Readonly<Record<string, string>>): Ask => ({
  path: "/graphql",
  body: JSON.stringify({ query: query.replace(/\s+/g, " ").trim(), variables }),
  ...(headers ? { headers } : {}),
});

/** A request to the limit: the statement's name and its parameters. */
export const statement = (name: string, ...values: readonly unknown[]): Ask => ({ path: `/${name}`, body: JSON.stringify(values) });
