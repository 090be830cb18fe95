/**
 * What one file may hold. An honest file of 64 MB and 200,000 rows stays below every one of these; each is counted while
 * the file is read, so that what goes beyond is refused when it is met and not when it is all in memory.
 */
export const BOUNDS = {
  fileBytes: 64 * 1024 * 1024,
  /** Entries of the zip, those included that are not read. */
  zipEntries: 10_000,
  /** Bytes of one part once unpacked, and of all parts that are read. */
  partBytes: 512 * 1024 * 1024,
  unpackedBytes: 640 * 1024 * 1024,
  /** Unpacked to packed, from a million bytes on: XML compresses well, zeros compress a thousandfold. */
  unpackedRatio: 150,
  xmlElements: 16_000_000,
  xmlDepth: 64,
  sharedStrings: 2_000_000,
  /** Rows a sheet has place for, those without a cell included, over all sheets. */
  rowElements: 1_048_576,
  /** Rows with something in them, over all sheets; features of GeoJSON. */
  rows: 200_000,
  columns: 1_000,
  cells: 5_000_000,
  cellLetters: 100_000,
  /** Letters of all cells together: a shared string counts as often as it is looked up. */
  letters: 100_000_000,
  /** Letters of a record of a CSV, its quotes included. */
  recordLetters: 1_000_000,
  /** Time of the processor the reading takes; time spent waiting for rows, where that cannot be told. */
  readingMs: 120_000,
  /** Heap of the thread that reads. */
  heapMegabytes: 640,
} as const;

export type Bound = keyof typeof BOUNDS;
