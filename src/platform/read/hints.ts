import type { Pool } from "pg";
import { parseId, placeTree } from "../entity/entity.js";
import type { Instant } from "./read-sql.js";

/** What choosing an access path may know beyond the request. A hint never changes an answer, only how it is found. */
export interface Hints {
  /** Level of a place by its global id, where known. */
  levelOf(placeId: unknown): string | undefined;
  /** Whether little was recorded since the instant. */
  isRecent(instant: Instant): boolean;
}

export const NO_HINTS: Hints = { levelOf: () => undefined, isRecent: () => false };

/** An instant is recent while no more changes were recorded since: so many versions at most have ended, and are quickly sorted. */
const RECENT_CHANGES = 4_000;
const REFRESH_MS = 30_000;
const REMEMBERED_PLACES = 100_000;

/** Learns levels of places (a place never changes its level) and how far back "recent" reaches; asks in the background, never in a request. */
export class LearnedHints implements Hints {
  private readonly levels = new Map<string, string>();
  private readonly asked = new Set<string>();
  private reachesBackTo = Number.POSITIVE_INFINITY;
  private refreshedAt = Number.NEGATIVE_INFINITY;
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly recentChanges = RECENT_CHANGES,
  ) {}

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
    // Of the changes of all tables together: each that ended a version is one of them.
    const { rows } = await this.pool.query("select at as latest from change_events order by at desc, id desc offset $1 limit 1", [this.recentChanges]);
    const latest = (rows[0] as { latest: Date } | undefined)?.latest;
    this.reachesBackTo = latest ? latest.getTime() + 1 : Number.NEGATIVE_INFINITY;
    this.refreshedAt = Date.now();
  }
}
