import type { Pool } from "pg";
import { allEntities, parseId, placeTree } from "../entity/entity.js";
import type { Instant } from "./read-sql.js";

/** What choosing an access path may know beyond the request. A hint never changes an answer, only how it is found. */
export interface Hints {
  /** Level of a place by its global id, where known. */
  levelOf(placeId: unknown): string | undefined;
  /** Whether few versions have ended since the instant. */
  isRecent(instant: Instant): boolean;
}

export const NO_HINTS: Hints = { levelOf: () => undefined, isRecent: () => false };

/** An instant is recent while no table has ended more versions since: so many are quickly found by their end and sorted. */
const RECENT_VERSIONS = 4_000;
const REFRESH_MS = 30_000;
const REMEMBERED_PLACES = 100_000;

/** Learns levels of places (a place never changes its level) and how far back "recent" reaches; asks in the background, never in a request. */
export class LearnedHints implements Hints {
  private readonly levels = new Map<string, string>();
  private readonly asked = new Set<string>();
  private reachesBackTo = Number.POSITIVE_INFINITY;
  private refreshedAt = Number.NEGATIVE_INFINITY;
  private refreshing: Promise<void> | undefined;

  constructor(private readonly pool: Pool) {}

  levelOf(placeId: unknown): string | undefined {
    const uuid = parseId(String(placeId))?.uuid;
    if (!uuid) return undefined;
    const known = this.levels.get(uuid);
    if (known === undefined && !this.asked.has(uuid) && this.asked.size < 1_000) {
      this.asked.add(uuid);
      void this.learn(uuid).catch(() => undefined).finally(() => this.asked.delete(uuid));
    }
    return known;
  }

  isRecent(instant: Instant): boolean {
    if (instant.recorded === null) return true;
    if (Date.now() - this.refreshedAt > REFRESH_MS && !this.refreshing) {
      this.refreshing = this.refresh().catch(() => undefined).finally(() => (this.refreshing = undefined));
    }
    return Date.parse(instant.recorded) >= this.reachesBackTo;
  }

  /** Learns before the first request what would otherwise be learned by it. */
  async ready(): Promise<void> {
    const { table, tree } = placeTree();
    const { rows } = await this.pool.query(`select id, ${tree.level} as level from ${table} limit ${REMEMBERED_PLACES}`);
    for (const { id, level } of rows as { id: string; level: string }[]) this.levels.set(id, level);
    await this.refresh();
  }

  private async learn(uuid: string): Promise<void> {
    const { table, tree } = placeTree();
    const { rows } = await this.pool.query(`select ${tree.level} as level from ${table} where id = $1`, [uuid]);
    const [row] = rows as { level: string }[];
    if (this.levels.size > REMEMBERED_PLACES) this.levels.clear();
    if (row) this.levels.set(uuid, row.level);
  }

  private async refresh(): Promise<void> {
    const tables = [...new Set(allEntities().filter((entity) => !entity.appendOnly).map((entity) => entity.table))];
    const ends = tables.map((table) => `(select recorded_to from ${table}_history order by recorded_to desc offset ${RECENT_VERSIONS} limit 1)`);
    const { rows } = await this.pool.query(`select greatest(${ends.join(", ")}) as latest`);
    const latest = (rows[0] as { latest: Date | null }).latest;
    this.reachesBackTo = latest ? latest.getTime() + 1 : Number.NEGATIVE_INFINITY;
    this.refreshedAt = Date.now();
  }
}
