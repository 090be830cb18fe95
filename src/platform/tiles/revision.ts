import type { Pool } from "pg";
import { statementOf } from "../db/prepared.js";
import { ALL_DIGITS } from "../read/drawing.js";
import type { Turn } from "../read/read-sql.js";
import type { Frame } from "./matrix.js";

/** Levels of cells, from the whole square of degrees to 0.088 degrees; see tile_cells() in the migration. */
const DEEPEST = 12;

/** Digits so few that marks are narrower than what they leave: which tiles are new would tell where a change was, so that all are. */
const WIDER_THAN_MARKS = 2;

/** What a tile's content may change with. */
export interface Watched {
  /** Tables of its layers: changes within the frame count. */
  placed: readonly string[];
  /** Tables looked at by filters and computed properties: any change counts. */
  whole: readonly string[];
  frame: Frame;
  /** Layers of policies on coordinates, one for each layer of the tile, the system asked for, and for whom. */
  policies: readonly string[];
  crs: string;
  audiences: readonly string[];
  /** Columns whose moments, as they pass, change what the tile shows. */
  turns: readonly Turn[];
}

export interface Revision {
  revision: string;
  marks: number;
  /** Decimals of a degree the caller is given, one for each layer. */
  digits: number[];
  /** The last moment that passed and changed what the tile shows. */
  turn: string | null;
}

/** Degrees by which a position made coarse may lie away from its own, and some. */
export const movedBy = (digits: number) => (digits < ALL_DIGITS ? 10 ** -digits : 0);

/** The last moment of all columns that has passed. */
export const turnSql = (turns: readonly Turn[]) =>
  turns.length === 0 ? "null::timestamptz" : `greatest(${turns.map(({ table, column }) => `(select max(${column}) from ${table} where ${column} <= clock_timestamp())`).join(", ")})`;

/**
 * The sum of all changes of the watched rows that are visible now. Visible changes only ever become more, and a change
 * is visible together with its mark, whatever the order of commits: two equal sums mean the same rows. Touches no geometry.
 */
export async function revisionOf(pool: Pool, { placed, whole, frame, policies, crs, audiences, turns }: Watched): Promise<Revision> {
  const levels = Array.from({ length: DEEPEST + 1 }, (_, level) => level);
  const cell = (degrees: string) => `greatest(0, least((1 << l.level) - 1, floor((${degrees}) / 360 * (1 << l.level))))::integer`;
  // What is drawn coarse may be stored beside the tile: changes there count as well.
  const text = `with given as materialized (select coalesce(array_agg(coordinate_digits(p.layer, $9, $10::text[]) order by p.at), '{}') as digits from unnest($8::text[]) with ordinality p(layer, at)),
    wide as (select case when min(d) < ${WIDER_THAN_MARKS} then 360 when min(d) < ${ALL_DIGITS} then power(10::float8, -min(d)) else 0 end as moved from given, unnest(digits) d),
    c as materialized (select l.level, ${cell("$2::float8 + 180 - moved")} as west, ${cell("$3::float8 + 180 + moved")} as east, ${cell("90 - $4::float8 - moved")} as north, ${cell("90 - $5::float8 + moved")} as south from unnest($1::smallint[]) l(level), wide)
    select (select digits from given) as digits, to_json(${turnSql(turns)}) #>> '{}' as turn, (select epoch from system_settings) || '.' || coalesce(sum(changes), 0) as revision, count(*)::integer as marks from (
      select r.changes from c join tile_revisions r on r.source = any($6::text[]) and r.level = c.level and r.x between c.west and c.east and r.y between c.north and c.south
      union all select changes from tile_revisions where source = any($7::text[])) seen`;
  const values = [
    levels,
    frame.west,
    frame.east,
    frame.north,
    frame.south,
    placed,
    whole,
    policies,
    crs,
    audiences,
  ];
  const { rows } = await pool.query(statementOf(text, values));
  return rows[0] as unknown as Revision;
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
