import { byId, element, symbol } from "./elements.js";
import { ask } from "./service.js";
import type { View, ViewState } from "./view.js";
import { LEVELS, LOOKS, type Level } from "./words.js";

interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}

const COUNTS = `Counts($bbox: BBoxInput!) { riskCounts(by: [EFFECTIVE_LEVEL], filter: { bbox: $bbox, status: { in: [IN_FORCE, REVIEWING] } }) { effectiveLevel count } }`;

/** The legend with the counts of what is in view, by level. Without a key the counts are those of the regions shown. */
export class Legend {
  private asked: AbortController | undefined;

  constructor(private readonly state: ViewState) {}

  async inView(box: Box): Promise<void> {
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    try {
      const { riskCounts } = await ask<{ riskCounts: { effectiveLevel: Level | null; count: number }[] }>(this.state.view, COUNTS, { bbox: box }, asked.signal);
      this.show(Object.fromEntries(riskCounts.map(({ effectiveLevel, count }) => [effectiveLevel ?? "", count])), "视窗内,管控中 / in view, under control");
    } catch (error) {
      if (!asked.signal.aborted) throw error;
    }
  }

  show(counts: Readonly<Record<string, number>>, scope: string): void {
    byId("legend").replaceChildren(...LEVELS.map((level) => element("li", { "data-level": level }, symbol(LOOKS[level].shape, LOOKS[level].colour), `${LOOKS[level].zh} ${LOOKS[level].en}`, element("b", {}, String(counts[level] ?? 0)))));
    byId("scope").textContent = scope;
  }

  /** Where the viewer has no key: what is shown is what the public may see. */
  static publicWord(view: View): string {
    return view.key ? "" : "未登录:仅公示内容(区划等级与数量)/ no key: what the public may see";
  }
}
