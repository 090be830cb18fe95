import type { Role } from "../actor.js";
import { columnOf, fieldsOf, keySql, linksOf, relationsOf, type Entity } from "../entity/entity.js";
import { enumeration } from "../entity/enumeration.js";
import { dateTime, json, one, oneOf, text, textList } from "../entity/fields.js";
import { given } from "../entity/input-fields.js";
import { report, type Given, type ReportArgument } from "../entity/report.js";
import { Fault } from "../fault.js";
import { fieldSql, mayBeTold } from "./field-sql.js";
import { literal, valueSql } from "./json.js";
import type { ReadSql } from "./read-sql.js";

/** Arguments of what compares two instants. */
export const period = (entity: () => Entity): Readonly<Record<string, ReportArgument>> => ({
  from: given.dateTime("期初时点", "opening instant", { required: true }),
  to: given.dateTime("期末时点;缺省为所取时点", "closing instant; the one asked for unless given"),
  filter: { zh: "范围", en: "which of them", filterOf: entity },
});

/** The statement at the opening and at the closing instant of a `period`; the closing unless given is the instant of the operation, with both its clocks. */
export function ends(asked: Given, read: ReadSql): Record<"from" | "to", ReadSql> {
  const at = (end: "from" | "to") =>
    asked.at(end, (args, { instant }) => {
      const from = args["from"] as string;
      const to = (args["to"] as string | null | undefined) ?? instant.recorded;
      if (to !== null && Date.parse(from) > Date.parse(to)) throw new Fault("INVALID_INPUT", { field: "from", rule: "not after to" });
      const moment = end === "from" ? from : to!;
      return { recorded: moment, effective: moment };
    });
  return { from: at("from"), to: asked.has("to") ? at("to") : read };
}

/** What a record says, by GraphQL name: stored fields and links, without the marks every write leaves. */
export const recordedFields = (entity: Entity): readonly (readonly [name: string, column: string])[] => [
  ...Object.entries(fieldsOf(entity)).flatMap(([name, field]) => (field.from === "column" && !["version", "createdAt", "updatedAt"].includes(name) ? [[name, columnOf(name, field)] as const] : [])),
  ...linksOf(entity).map(([name, relation]) => [name, relation.key] as const),
];

const changeKind = enumeration("ChangeKind", { zh: "变动类别", en: "kind of change between two instants" }, {
  APPEARED: ["新增(期末在范围内,期初不在)", "appeared: in the range at the closing, not at the opening"],
  GONE: ["移出(期初在范围内,期末不在)", "gone: in the range at the opening, not at the closing"],
  CHANGED: ["登记内容有变", "its recorded values differ"],
});

/**
 * Registers the report of what became of an entity's rows from one instant to another, field by field: `hiddenDangerChanges`.
 * @param seesActor roles that are told by whom, of the rows they see; others are told the action alone.
 */
export function reportChanges(entity: Entity, seesActor: readonly Role[]): void {
  report({
    name: `${entity.name[0]!.toLowerCase()}${entity.name.slice(1)}Changes`,
    zh: `两时点间${entity.zh}的变动:新增、移出、内容有变,逐项给出前后值;移出不是删除(登记从不删除),是不再符合范围或不再可见`,
    en: `what became of ${entity.en} from one instant to another, with the values before and after; gone is not removed (no record ever is) but no longer in the range or in sight`,
    args: period(() => entity),
    cost: 300,
    fields: {
      kind: oneOf(changeKind, "变动类别", "kind of change"),
      objectId: text("对象标识", "global id of the object", { column: "object_global_id" }),
      changedFields: textList("登记内容不同的项(GraphQL 名称);任一时点无登记或不可见则为空", "names of what differs; empty where either instant has no visible record"),
      before: json("期初的值:仅变动项;期末无登记或不可见则为全部;期初无则为空。链接为全局标识,脱敏项不列", "values at the opening: of what differs, of all where the closing has none; null where the opening has none. Links are global ids, masked values are left out", { nullable: true }),
      after: json("期末的值,同上", "values at the closing, likewise", { nullable: true }),
      action: text("期末版本由何操作形成;期末不可见则为空", "action that made the version standing at the closing; null where it is out of sight", { nullable: true }),
      changedBy: text("何人所为", "who did it", { nullable: true, clear: { to: seesActor } }),
      changedAt: dateTime("期末版本的记录时间;期末不可见则为空", "when the version standing at the closing was recorded; null where it is out of sight", { nullable: true }),
    },
    relations: { object: one(() => entity, "object_id", "对象(所取时点)", "the object, at the instant of the operation") },
    sql: (asked, read) => changesSql(entity, seesActor, asked, ends(asked, read)),
  });
}

function changesSql(entity: Entity, seesActor: readonly Role[], asked: Given, { from, to }: Record<"from" | "to", ReadSql>): string {
  // All in scope, not only what is asked for: what left the range is told by the record that stands for it.
  // Merged into what surrounds it, its condition would be planned anew for every mention: one by a region's level took gigabytes.
  const known = (end: ReadSql) => {
    const row = end.alias();
    return `select ${row}.*, coalesce(${asked.filter("filter", entity, row, end)}, false) as counted, ${end.clear(entity, row, { to: seesActor })} as actor_told from ${end.source(entity, row, "set")} where ${end.scope(entity, row)} offset 0`;
  };
  const compared = recordedFields(entity).filter(([name]) => mayBeTold(fieldsOf(entity)[name] ?? {}, to.actor));
  const values = compared.map(([name, column], place) => `(${place}, ${literal(name)}, ${recordedSql(entity, name, column, "o", from)} is distinct from ${recordedSql(entity, name, column, "c", to)}, ${shownSql(entity, name, "o", from)}, ${shownSql(entity, name, "c", to)})`);
  const both = "o.id is not null and c.id is not null";
  return `
    select case when o.counted is not true then 'APPEARED' when c.counted is not true then 'GONE' else 'CHANGED' end as kind, ${literal(entity.prefix)} || coalesce(c.id, o.id) as object_global_id, coalesce(c.id, o.id) as object_id,
      d.changed_fields, d.before, d.after, made.action, case when c.actor_told then made.changed_by end as changed_by, c.recorded_from as changed_at
    from (${known(from)}) o full join (${known(to)}) c on c.id = o.id
    cross join lateral (
      select case when ${both} then coalesce(array_agg(v.name order by v.place) filter (where v.differs), '{}') else '{}'::text[] end as changed_fields,
        case when o.id is not null then coalesce(json_object_agg(v.name, v.was order by v.place) filter (where v.differs or c.id is null), '{}') end as before,
        case when c.id is not null then coalesce(json_object_agg(v.name, v.stands order by v.place) filter (where v.differs or o.id is null), '{}') end as after
      from (values ${values.join(", ")}) v(place, name, differs, was, stands)) d
    left join lateral (
      select e.action, (select a.actor_name from audit_events a where a.id = e.event_id) as changed_by
      from change_events e where e.entity_id = c.id and e.entity = ${literal(entity.table)} and e.version = c.version limit 1) made on true
    where (o.counted or c.counted) and (o.version is distinct from c.version or o.counted is distinct from c.counted)
      and (o.counted is distinct from c.counted or cardinality(d.changed_fields) > 0)
    order by array_position(array[${changeKind.values.map((value) => `'${value}'`).join(",")}], case when o.counted is not true then 'APPEARED' when c.counted is not true then 'GONE' else 'CHANGED' end), c.recorded_from desc nulls last, coalesce(c.id, o.id)`;
}

/** What is compared: no more than is told, or a difference would tell it. */
function recordedSql(entity: Entity, name: string, column: string, alias: string, read: ReadSql): string {
  const field = fieldsOf(entity)[name];
  const relation = relationsOf(entity)[name];
  if (field?.clear) return fieldSql(name, field, alias, read);
  return relation?.key ? keySql(relation, alias) : `${alias}.${column}`;
}

/** A recorded value as it stands in answers; a link as the global id of what the caller sees. */
function shownSql(entity: Entity, name: string, alias: string, read: ReadSql): string {
  const field = fieldsOf(entity)[name];
  if (field) return `to_json(${valueSql(name, field, alias, read)})`;
  const relation = relationsOf(entity)[name]!;
  const target = relation.target();
  const linked = read.alias();
  return `to_json((select ${literal(target.prefix)} || ${linked}.id from ${read.source(target, linked)} where ${linked}.id = ${keySql(relation, alias)}${relation.owned ? "" : ` and ${read.scope(target, linked)}`} limit 1))`;
}
