/** The bytes of a file a request asks for, both ends included. */
export interface ByteRange {
  first: number;
  last: number;
}

/**
 * The range of a Range header (RFC 9110, 14.1): null where the whole is to be sent, "unsatisfiable" where it lies beyond the end.
 * Several ranges are answered by the whole, as the standard allows.
 */
export function byteRange(header: string | undefined, sizeBytes: number): ByteRange | "unsatisfiable" | null {
  const [, from, to] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "") ?? [];
  if (from === undefined || to === undefined || (from === "" && to === "")) return null;
  if (from === "") return Number(to) === 0 ? "unsatisfiable" : { first: Math.max(0, sizeBytes - Number(to)), last: sizeBytes - 1 };
  const first = Number(from);
  if (to !== "" && Number(to) < first) return null;
  if (first >= sizeBytes) return "unsatisfiable";
  return { first, last: to === "" ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1) };
}
