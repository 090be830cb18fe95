import { allActions } from "../actions.js";
import type { Actor, Role } from "../actor.js";
import { placeTree, relationsOf, type Entity } from "../entity/entity.js";
import { Fault } from "../fault.js";
import type { Unit } from "./unit.js";

/** The areas acted for. */
const AREAS = "$2::text[]::ltree[]";

/** Who acts for the whole tree: for its root, or for everything; of several roots for one above county level. */
const forTheTree = () => {
  const { table, tree } = placeTree();
  return `(''::ltree = any(${AREAS}) or exists (select 1 from ${table} top where nlevel(top.${tree.path}) = 1 and top.${tree.path} = any(${AREAS})
    and (top.county_code = '000000' or not exists (select 1 from ${table} other where nlevel(other.${tree.path}) = 1 and other.id <> top.id))))`;
};
/** The condition under which a row all may read is for the areas given to change. */
function ownedSql(entity: Entity, alias: string, depth = 0): string {
  const owner = ownerOf(entity);
  const places = placeTree();
  if (owner === "itself") return `${alias}.${places.tree.path} <@ any(${AREAS})`;
  if (owner === "tree") return forTheTree();
  const relation = relationsOf(entity)[owner.relation];
  if (relation?.cardinality !== "one") throw new Error(`${entity.name}: owned by unknown relation ${owner.relation}`);
  const target = relation.target();
  const next = `o${depth}`;
  const theirs = `exists (select 1 from ${target.table} ${next} where ${next}.id = ${alias}.${relation.key} and ${ownedSql(target, next, depth + 1)})`;
  return target === places ? `case when ${alias}.${relation.key} is null then ${forTheTree()} else ${theirs} end` : theirs;
}

/** Whose rows of a shared entity are. Without a declaration nothing may be written: what all read is somebody's. */
function ownerOf(entity: Entity) {
  if (entity.scope.kind !== "shared" || !entity.scope.owner) throw new Error(`${entity.name} is shared and has no owner: nobody can write it`);
  return entity.scope.owner;
}

/** Roles that act on rows of an entity, or where none does, on those it goes with. */
function rolesOn(entity: Entity): readonly Role[] {
  const roles = [...allActions().values()].filter(({ on }) => on === entity).flatMap(({ by }) => by);
  const owner = ownerOf(entity);
  if (roles.length > 0 || owner === "itself" || owner === "tree") return roles;
  return rolesOn(relationsOf(entity)[owner.relation]!.target());
}

/** Areas an actor acts for in full, whatever the sector: by the roles of the action. */
const areasOf = (actor: Actor, roles: readonly Role[]) =>
  actor.grants.flatMap((grant) => (roles.includes(grant.role) && grant.regionPath !== null && !grant.subjectId && !grant.sectors ? [grant.regionPath] : []));

/** Holds a row all may read, as it now stands, to who acts for its owner. Faults: FORBIDDEN. */
export async function requireOwned(unit: Unit, entity: Entity, uuid: string): Promise<void> {
  const areas = areasOf(unit.actor, unit.action?.by ?? rolesOn(entity));
  const rows = await unit.query(`select 1 from ${entity.table} e where e.id = $1 and ${ownedSql(entity, "e")}`, [uuid, areas]);
  if (rows.length === 0) throw new Fault("FORBIDDEN", { action: unit.name, reason: "outside your area" });
}

/**
 * UUID of the place that what an actor makes belongs to where the input names none: the area acted for, or null for the whole tree.
 * Faults: INVALID_INPUT for who acts for several.
 */
export async function ownArea(unit: Unit, field: string): Promise<string | null> {
  const { table, tree } = placeTree();
  const areas = [...new Set(areasOf(unit.actor, unit.action?.by ?? []))];
  if (areas.includes("")) return null;
  if (areas.length > 1) throw new Fault("INVALID_INPUT", { field, rule: "whose it is: you act for several areas" });
  const [place] = await unit.query<{ id: string; top: boolean }>(`select id, nlevel(${tree.path}) = 1 as top from ${table} where ${tree.path} = $1::text::ltree`, [areas[0] ?? null]);
  return !place || place.top ? null : place.id;
}
