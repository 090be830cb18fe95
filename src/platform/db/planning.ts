/** How sessions plan: many short statements at once over data that lies in memory or on flash. */
export const PLANNING = {
  /** Compiling a short statement costs more than it can save. */
  jit: "off",
  /** Planning a prepared statement for every value costs as much as answering it; what its values decide is planned anew (see sendRead). */
  plan_cache_mode: "force_generic_plan",
  random_page_cost: "1.1",
  /** Every core has a request of its own; a second process on one makes the others wait. */
  max_parallel_workers_per_gather: "0",
} as const;
