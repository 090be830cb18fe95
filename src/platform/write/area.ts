import { Fault } from "../fault.js";
import { verticesOf, type CheckedGeometry } from "../geometry.js";

/** Positions an area may have: as many as pass the body limit with room, and more than maps of a county need. */
const MOST_POSITIONS = 5_000;
/** China's range in CGCS2000 degrees. */
const RANGE = { west: 73, east: 136, south: 3, north: 54 };

/**
 * Holds an area that is to be kept to China's range and to a number of positions; its shape was checked as it came in, and
 * whether rings cross the database tells, with the place. Faults: INVALID_INPUT with field, rule and the position it concerns.
 */
export function checkArea(area: CheckedGeometry, field: string): CheckedGeometry {
  const positions = verticesOf(area);
  if (positions > MOST_POSITIONS) throw new Fault("INVALID_INPUT", { field, rule: `at most ${MOST_POSITIONS} positions`, actual: positions });
  holdToRange(area.coordinates, `${field}.coordinates`);
  return area;
}

function holdToRange(part: unknown, at: string): void {
  const inner = part as readonly unknown[];
  if (Array.isArray(inner[0])) return inner.forEach((member, index) => holdToRange(member, `${at}.${index}`));
  const [lon, lat] = inner as readonly [number, number];
  if (lon >= RANGE.west && lon <= RANGE.east && lat >= RANGE.south && lat <= RANGE.north) return;
  const swapped = lat >= RANGE.west && lat <= RANGE.east && lon >= RANGE.south && lon <= RANGE.north;
  throw new Fault("INVALID_INPUT", { field: at, rule: `lon ${RANGE.west} to ${RANGE.east}, lat ${RANGE.south} to ${RANGE.north}${swapped ? "; is the order [lon, lat]?" : ""}`, actual: [lon, lat] });
}
