import { allEntities, columnOf, fieldsOf, linksOf, relationsOf, type Entity } from "../entity/entity.js";
import { placeColumnsOf } from "./place.js";

const columnCache = new WeakMap<Entity, string[]>();

/** Every column of an entity's table that a read may name. */
export function columnsOf(target: Entity): string[] {
  const cached = columnCache.get(target);
  if (cached) return cached;
  if (target.versionsOf) {
    const made = [...new Set([...columnsOf(target.versionsOf), "recorded_to"])];
    columnCache.set(target, made);
    return made;
  }
  const columns = new Set<string>(["id"]);
  if (!target.appendOnly) columns.add("version").add("recorded_from").add("updated_at").add("created_at");
  for (const [name, field] of Object.entries(fieldsOf(target))) if (field.from === "column") columns.add(columnOf(name, field));
  for (const [, relation] of linksOf(target)) columns.add(relation.key);
  // A relation declared from the other end points at columns of this table.
  for (const other of allEntities())
    for (const relation of Object.values(relationsOf(other))) if (relation.cardinality === "many" && relation.key && relation.target() === target && !target.versionsOf) columns.add(relation.key);
  for (const column of placeColumnsOf(target)) columns.add(column);
  if (target.scope.kind === "placed") {
    if (target.scope.sector) columns.add(target.scope.sector);
    if (target.scope.subject) columns.add(target.scope.subject);
    if (target.scope.maker) columns.add("created_by");
  }
  if (target.scope.kind === "cited") columns.add("created_by");
  for (const extra of target.hiddenColumns ?? []) columns.add(extra);
  const made = [...columns];
  columnCache.set(target, made);
  return made;
}
