/** Cells of the tree of intervals: 2^26 microseconds (67 seconds) since 2000, as migration 0010 lays them out. */
const EPOCH_MICROS = 946_684_800_000_000n;
const CELL_BITS = 26n;
const HEIGHT = 27;
const LAST_CELL = (1n << BigInt(HEIGHT)) - 1n;

/** Microseconds since 1970 of a moment with offset and at most six digits of a second's fraction. */
function microsOf(moment: string): bigint {
  const fraction = /\.\d+/.exec(moment)?.[0] ?? "";
  return BigInt(Date.parse(moment.replace(fraction, ""))) * 1_000n + BigInt(fraction.slice(1).padEnd(6, "0"));
}

/** ISO 8601 in UTC, to the microsecond. */
export function momentText(micros: bigint): string {
  return `${new Date(Number(micros / 1_000n)).toISOString().slice(0, -5)}.${String(micros % 1_000_000n).padStart(6, "0")}Z`;
}

/** A moment as the database is asked for it: the microsecond the nodes are found for. */
export function exactly(moment: string | null): string | null {
  if (moment === null) return null;
  const micros = microsOf(moment);
  // Nothing was recorded before 1970.
  return micros < 0n ? moment : momentText(micros);
}

/**
 * The nodes between the root and an instant at which versions that stood then are kept: those that lie before it,
 * of which stood what ended after it, or those that do not, of which stood what began by then. As the text of an array.
 */
export function standingNodes(moment: string | null, before: boolean): string {
  if (moment === null) return "{}";
  const since = (microsOf(moment) - EPOCH_MICROS) >> CELL_BITS;
  const cell = Number(since < 1n ? 1n : since > LAST_CELL ? LAST_CELL : since);
  const nodes: number[] = [];
  for (let level = 0; level < HEIGHT; level += 1) {
    const width = 2 ** level;
    const node = Math.floor(cell / (2 * width)) * 2 * width + width;
    if (node < cell === before) nodes.push(node);
  }
  return `{${nodes.join()}}`;
}
