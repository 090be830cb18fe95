import type { Elsewhere } from "../actions.js";
import { readsBy, type Actor } from "../actor.js";
import { keySql, relationsOf, type Description, type Entity } from "../entity/entity.js";

/** Kinds of rows an input may name beyond its caller's sight. Each is a decision with a reason; what is named is then shown beside what names it. */

/** Of a place above one's own: graded supervision hands matters up, and bodies and officials above take part below. */
export const above = (what: Description, further: (alias: string) => string = () => "true"): Elsewhere => ({
  zh: `上级区划的${what.zh}`,
  en: `${what.en} of a place above one's own`,
  admits(alias, read) {
    const areasOf = (actor: Actor) => actor.grants.flatMap((grant) => (readsBy(grant) && grant.regionPath !== null && !grant.subjectId ? [grant.regionPath] : []));
    const areas = read.param("ltree[]", ({ actor }) => areasOf(actor), "areas");
    return `(${alias}.region_path @> any(${areas}) and ${further(alias)})`;
  },
});

/** Shown to the caller already by a row within sight, at the end of one of its links. */
export const shownBy = (from: () => Entity, link: string, reason: Description): Elsewhere => ({
  ...reason,
  admits(alias, read) {
    const relation = relationsOf(from())[link];
    if (relation?.cardinality !== "one") throw new Error(`${from().name} has no link ${link}`);
    const row = read.alias();
    return `exists (select 1 from ${read.source(from(), row)} where ${keySql(relation, row)} = ${alias}.id and ${read.scope(from(), row)})`;
  },
});
