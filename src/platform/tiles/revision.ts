import type { Pool } from "pg";
import { statementOf } from "../db/prepared.js";
import type { Frame } from "./matrix.js";

/** Levels of cells, from the whole square of degrees to 0.088 degrees; see tile_cells() in the migration. */
const DEEPEST = 12;

/** What a tile's content may change with. */
export interface Watched {
  /** Tables of its layers: changes within the frame count. */
  placed: readonly string[];
  /** Tables looked at by filters and computed properties: any change counts. */
  whole: readonly string[];
  frame: Frame;
}

/**
 * The sum of all changes of the watched rows that are visible now. Visible changes only ever become more, and a change
 * is visible together with its mark, whatever the order of commits: two equal sums mean the same rows. Touches no geometry.
 */
export async function revisionOf(pool: Pool, { placed, whole, frame }: Watched): Promise<{ revision: string; marks: number }> {
  const levels = Array.from({ length: DEEPEST + 1 }, (_, level) => level);
  const cell = (degrees: number, level: number) => Math.min(2 ** level - 1, Math.max(0, Math.floor((degrees / 360) * 2 ** level)));
  const text = `select (select epoch from system_settings) || '.' || coalesce(sum(changes), 0) as revision, count(*)::integer as marks from (
      select r.changes from unnest($1::smallint[], $2::integer[], $3::integer[], $4::integer[], $5::integer[]) c(level, west, east, north, south)
        join tile_revisions r on r.source = any($6::text[]) and r.level = c.level and r.x between c.west and c.east and r.y between c.north and c.south
      union all select changes from tile_revisions where source = any($7::text[])) seen`;
  const values = [
    levels,
    levels.map((level) => cell(frame.west + 180, level)),
    levels.map((level) => cell(frame.east + 180, level)),
    levels.map((level) => cell(90 - frame.north, level)),
    levels.map((level) => cell(90 - frame.south, level)),
    placed,
    whole,
  ];
  const { rows } = await pool.query(statementOf(text, values));
  return rows[0] as { revision: string; marks: number };
}

const INTERVAL_MS = 60_000;
/** Marks read for one tile beyond which they are added up at once. */
const MANY_MARKS = 2_000;
const PAUSE_MS = 5_000;

/** Adds up marks of the same cell, from time to time and when a read met many. A failure costs nothing but speed. */
export class Compaction {
  private readonly timer: NodeJS.Timeout;
  private lastAt = 0;
  private running: Promise<void> | undefined;

  constructor(private readonly pool: Pool) {
    this.timer = setInterval(() => this.run(), INTERVAL_MS).unref();
  }

  met(marks: number): void {
    if (marks > MANY_MARKS && Date.now() - this.lastAt > PAUSE_MS) this.run();
  }

  private run(): void {
    this.lastAt = Date.now();
    this.running ??= this.pool
      .query("select compact_tile_revisions()")
      .then(() => undefined, () => undefined)
      .finally(() => (this.running = undefined));
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }
}
