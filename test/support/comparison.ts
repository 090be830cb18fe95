/** An answer as a client reads it. */
export interface Answer {
  data?: unknown;
  errors?: readonly { message: string; path?: readonly (string | number)[]; extensions?: Record<string, unknown> }[];
  extensions?: unknown;
}

/** The service tells this many errors of one answer. */
const MAX_ERRORS = 5;

/** What two ways of reading must agree in: data with the order of its keys, and errors by code, path and facts. "timing": perhaps not for long. */
export function difference(one: Answer, other: Answer, begun: number): "data" | "errors" | "timing" | undefined {
  const [data, otherData] = [one, other].map((answer) => ("data" in answer ? JSON.stringify(answer.data, (_, value: unknown) => (typeof value === "string" ? timeless(value, begun) : value)) : "(none)"));
  if (data !== otherData) return "data";
  const [errors, otherErrors] = [one, other].map(told);
  if (errors!.join("\n") === otherErrors!.join("\n")) return undefined;
  const ended = isEnded(one, other);
  if ((ended || errors!.length === MAX_ERRORS) && errors!.some((error) => otherErrors!.includes(error))) return undefined;
  return ended ? "timing" : "errors";
}

/** A null that reached the root ended both executions: which of several refusals were met by then is a matter of time. */
const isEnded = (one: Answer, other: Answer) => (one.data ?? other.data ?? null) === null && [one, other].every(({ errors = [] }) => errors.length > 0);

const told = ({ errors = [] }: Answer) =>
  errors
    .map(({ message, path, extensions = {} }) => {
      const { requestId, ...facts } = extensions;
      void requestId;
      return JSON.stringify([message, path ?? null, facts]);
    })
    .toSorted();

/** A cursor made now carries the instant of its own reading; all else of it must be the same. */
const timeless = (text: string, begun: number) =>
  text.replace(/^1~([\w-]{10})~(\d{16})(?:\.\d+)*~/, (whole, spec: string, micros: string) => (Number(micros) / 1_000 >= begun ? `1~${spec}~now~` : whole));

export const codesOf = ({ errors = [] }: Answer) => errors.map(({ extensions }) => String(extensions?.["code"]));

/** Whether an answer says anything: a row, a number, a text that is not merely a type's name. */
export function bears(value: unknown, typeNames: ReadonlySet<string>): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === "object" && value !== null) return Object.values(value).some((inner) => bears(inner, typeNames));
  if (typeof value === "string") return value !== "" && !typeNames.has(value);
  return typeof value === "number" && value > 0;
}

/** The text beneath a path of an answer that is a cursor: of the last row where going forward, else of the first. */
export function cursorBeneath(data: unknown, path: readonly string[], forward: boolean): string | undefined {
  if (Array.isArray(data)) return data.map((item) => cursorBeneath(item, path, forward)).find((found) => found !== undefined);
  if (typeof data !== "object" || data === null) return undefined;
  const [key, ...rest] = path;
  if (key !== undefined) return cursorBeneath((data as Record<string, unknown>)[key], rest, forward);
  const page = (data as { pageInfo?: Record<string, unknown> }).pageInfo?.[forward ? "endCursor" : "startCursor"];
  return typeof page === "string" ? page : undefined;
}
