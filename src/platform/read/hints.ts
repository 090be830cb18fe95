import type { Pool } from "pg";
import { parseId, placeTree } from "../entity/entity.js";
import { RecentChanges } from "./recent.js";

/** What choosing an access path may know beyond the request. A hint never changes an answer, only how it is found. */
export interface Hints {
  /** Level of a place by its global id, where known. */
  levelOf(placeId: unknown): string | undefined;
  /** Whether few versions of any entity are known to have ended since a recorded instant. */
  fewEndedSince(recorded: string): boolean;
}

export const NO_HINTS: Hints = { levelOf: () => undefined, fewEndedSince: () => false };

const REMEMBERED_PLACES = 100_000;

/** Learns levels of places (a place never changes its level) and since when little has changed; asks in the background, never in a request. */
export class LearnedHints implements Hints {
  private readonly levels = new Map<string, string>();
  private readonly asked = new Set<string>();
  private readonly changes: RecentChanges;

  constructor(private readonly pool: Pool) {
    this.changes = new RecentChanges(pool);
  }

  fewEndedSince(recorded: string): boolean {
    return this.changes.few(recorded);
  }

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

  /** Learns before the first request what would otherwise be learned by it. */
  async ready(): Promise<void> {
    const { table, tree } = placeTree();
    const { rows } = await this.pool.query(`select id, ${tree.level} as level from ${table} limit ${REMEMBERED_PLACES}`);
    for (const { id, level } of rows as { id: string; level: string }[]) this.levels.set(id, level);
  }

  private async learn(uuid: string): Promise<void> {
    const { table, tree } = placeTree();
    const { rows } = await this.pool.query(`select ${tree.level} as level from ${table} where id = $1`, [uuid]);
    const [row] = rows as { level: string }[];
    if (this.levels.size > REMEMBERED_PLACES) this.levels.clear();
    if (row) this.levels.set(uuid, row.level);
  }
}
