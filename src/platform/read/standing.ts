import type { Entity } from "../entity/entity.js";
import { columnsOf } from "./columns.js";
import { literal } from "./literal.js";
import { FEW } from "./recent.js";
import type { ReadSql, Reach } from "./read-sql.js";

/**
 * Where the rows of an entity come from as of an instant: the table for what still stands, its history for what has ended since.
 * An entity's rows are found the same whatever asks for them; how they are looked for decides the way, never the answer.
 */
export function sourceAsOf(target: Entity, alias: string, reach: Reach, read: ReadSql, narrow: (alias: string) => string): string {
  if (target.versionsOf) return `(${versionsThen(target, read)}) ${alias}`;
  const at = read.recorded();
  const late = lateSql(read);
  if (target.appendOnly) return `(select * from ${target.table} where ${target.appendOnly} <= ${at}${late ? ` and not xmin::text = any(${late.marks})` : ""}) ${alias}`;
  const columns = columnsOf(target).join(", ");
  const standing = `select ${columns}, 'infinity'::timestamptz as recorded_to from ${target.table}`;
  const ended = `select ${columns}, recorded_to from ${target.table}_history`;
  // Versions of the past that stood at the instant and no others, by their nodes in the tree of intervals (migration 0010).
  const left = () => `where standing_node = any(${read.nodes(true)}) and recorded_to > ${at}`;
  const right = () => `where standing_node = any(${read.nodes(false)}) and recorded_from <= ${at} and recorded_to > ${at}`;
  const restored = late ? ` union all select ${columns}, 'infinity'::timestamptz as recorded_to from ${late.restored(target)}` : "";
  const settled = late ? ` and ${late.settled("known")}` : "";
  if (reach === "set") {
    // Asked outside, of what still stands alone: a condition within would have its rows handed up one by one, and of the others it is known.
    const began = (sql: string, text: string) => sql.replace("select ", `select ${text} as began, `);
    const always = "'-infinity'::timestamptz";
    return `(select * from (${began(standing, "recorded_from")} union all ${began(ended, always)} ${left()} union all ${began(ended, always)} ${right()}${restored && restored.replace("select ", `select ${always} as began, `)}) known where began <= ${at}${settled}) ${alias}`;
  }
  // A row is never updated after it was recorded: the condition on updated_at is implied, and the one an ordered index can begin at.
  const known = `recorded_from <= ${at} and updated_at <= ${at} and recorded_to > ${at}${settled}`;
  // The conditions stand outside the union: only branches without any are merged in the order of their indexes.
  if (reach === "key") return `(select * from (${standing} union all ${ended}${restored}) known where ${known}) ${alias}`;
  // Where few of what stood then have ended since, they are fetched and sorted, for a walk would pass over all that had ended before;
  // where many have, a walk meets them soon. Which it is, is known of what was read a moment ago, or else the statement sees for itself: one of the two ways is never begun.
  const way = (sql: string, which: number) => sql.replace("select ", `select ${which} as way, `);
  const then = (of: string) => `(${ended} ${left()} union all ${ended} ${right()}) ${of} where ${narrow(of)}`;
  const some = read.alias();
  if (read.time === "lately") {
    // The few changes since tell which. Bounded above, too: a range is estimated as short, an open one as a third of all.
    const changed = `select distinct entity_id from change_events where at > ${at} and at <= 'infinity' and entity = ${literal(target.table)} offset 0`;
    const fetched = `select ${some}.* from (${changed}) changed join (${ended}) ${some} on ${some}.id = changed.entity_id where ${narrow(some)} and ${some}.recorded_from <= ${at} and ${some}.recorded_to > ${at} offset 0`;
    return `(select * from (${standing} union all select * from (${fetched}) fetched) known where ${known}) ${alias}`;
  }
  // Seen by each of them: counting so few is cheaper than handing the count on.
  const few = () => `(select count(*) <= ${FEW} from (select 1 from ${then(read.alias())} limit ${FEW + 1}) few)`;
  const ways = [way(standing, 0), way(ended, 1), `select * from (select 0 as way, ${some}.* from ${then(some)} and ${few()} offset 0) fetched`];
  return `(select * from (${ways.join(" union all ")}${restored && way(restored, 0)}) known where ${known} and (way = 0 or not ${few()})) ${alias}`;
}

const versionColumns = (target: Entity) => columnsOf(target).filter((column) => column !== "recorded_to").join(", ");

/** Every version there is; the one that stands has no end. */
export function versionsNow(target: Entity): string {
  const columns = versionColumns(target);
  return `select ${columns}, null::timestamptz as recorded_to from ${target.table} union all select ${columns}, recorded_to from ${target.table}_history`;
}

/** The versions known at the instant; an end recorded later was none yet. */
function versionsThen(target: Entity, read: ReadSql): string {
  const columns = versionColumns(target);
  const at = read.recorded();
  const late = lateSql(read);
  const settled = (of: string) => (late ? ` and ${late.settled(of)}` : "");
  const ended = `recorded_to <= ${at}${late ? ` and ${late.settled("h", 1)}` : ""}`;
  return `select ${columns}, null::timestamptz as recorded_to from ${target.table} t where recorded_from <= ${at}${settled("t")} union all select ${columns}, case when ${ended} then recorded_to end from ${target.table}_history h where recorded_from <= ${at}${settled("h")}`;
}

/**
 * What was under way at the instant and recorded as of it or before: the versions such transactions made are left out,
 * those they ended still stand. Read from the change records, which know the transaction of every version; a transaction
 * has its number before its clock is read, so that those under way are all that can be missing from what was visible.
 */
function lateSql(read: ReadSql) {
  if (read.time !== "unsettled") return undefined;
  const numbers = `${read.inFlight()}::xid8[]`;
  const made = `from change_events where xid = any(${numbers})`;
  return {
    /** The row was not made (or, with `next`, not ended) by one of them. */
    settled: (of: string, next = 0) => `(${of}.id, ${of}.version${next ? ` + ${next}` : ""}) not in (select entity_id, version ${made})`,
    /** Versions one of them ended and none of them made. */
    restored: (target: Entity) => `(select h.* from (select distinct entity_id, version ${made} offset 0) l join ${target.table}_history h on h.id = l.entity_id and h.version = l.version - 1) h`,
    /** Their numbers as rows carry them: without the epoch. */
    marks: `array(select (n::numeric % 4294967296)::text from unnest(${read.inFlight()}) n)`,
  };
}
