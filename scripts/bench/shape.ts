/** Reading answers whose type is known to the question only, and bringing values to one form. */

export type Fields = Readonly<Record<string, unknown>>;

export const fields = (value: unknown): Fields => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`an object expected: ${JSON.stringify(value)?.slice(0, 200)}`);
  return value as Fields;
};
/** What stands at a path of keys; null where a link leads nowhere. */
export const pick = (value: unknown, ...path: readonly string[]): unknown => path.reduce((at: unknown, key) => (at === null ? null : fields(at)[key]), value);
export const rows = (value: unknown, ...path: readonly string[]): readonly unknown[] => {
  const found = pick(value, ...path);
  if (!Array.isArray(found)) throw new Error(`a list expected at ${path.join(".")}: ${JSON.stringify(value)?.slice(0, 200)}`);
  return found;
};

const MOMENT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(Z|[+-]\d{2}:\d{2})$/;

/** Keys in order, moments in microseconds of UTC: three servers may write the same moment in three ways. */
export function tidy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(tidy);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, tidy(inner)]));
  const [, second, fraction = "", offset] = (typeof value === "string" && MOMENT.exec(value)) || [];
  return second ? `${new Date(second + offset!).toISOString().slice(0, 19)}.${fraction.padEnd(6, "0")}Z` : value;
}

/** The first place where two tidied values differ, or null. */
export function difference(a: unknown, b: unknown, path = "data"): string | null {
  if (a === b) return null;
  if (typeof a === "object" && typeof b === "object" && a !== null && b !== null && Array.isArray(a) === Array.isArray(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = difference((a as Fields)[key], (b as Fields)[key], `${path}.${key}`);
      if (found) return found;
    }
    return null;
  }
  return `${path}: ${JSON.stringify(a)?.slice(0, 300)} ≠ ${JSON.stringify(b)?.slice(0, 300)}`;
}
