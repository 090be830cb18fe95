/**
 * Settings of the sessions of the limit and of PostGraphile, as a careful operator would make them for this load:
 * data in memory (random pages cost as much as others), every core busy already (no parallel plans), short statements (no JIT).
 * The service makes its own.
 */
const SESSION = "-c timezone=Asia/Shanghai -c jit=off -c random_page_cost=1.1 -c max_parallel_workers_per_gather=0";

export const POSTGRAPHILE_SESSION = SESSION;
/** Its statements were chosen by their general plans; planning anew for every value costs up to as much as answering. */
export const LIMIT_SESSION = `${SESSION} -c plan_cache_mode=force_generic_plan`;

/**
 * Sent once on every new connection of both. The C library gives memory back to the system after each statement, only to
 * fault it in again with the next, until the process has once freed a large piece; without it a statement of the
 * limit costs a third more or less by the chance of what its backend did before.
 */
export const FIRST_STATEMENT = "select length(repeat('x', 4000000))";
