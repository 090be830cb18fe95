import { allActions, mutationName, type Action } from "./actions.js";
import { describe, type Entity } from "./entity/entity.js";

/** The action tables as Markdown: who may do what, from which state to which, with a diagram per lifecycle. */
export function printActions(): string {
  const byEntity = new Map<Entity, [string, Action][]>();
  for (const entry of allActions()) byEntity.set(entry[1].on, [...(byEntity.get(entry[1].on) ?? []), entry]);
  const sections = [...byEntity].map(([entity, rows]) => {
    const lines = rows.map(([name, action]) => `| \`${name}\` | \`${mutationName(name)}\` | ${describe(action)} | ${action.from?.join(", ") ?? (action.creates ? "(new)" : "—")} | ${action.to ?? "—"} | ${action.by.join(", ")} | ${action.when?.rule ?? ""} |`);
    const moves = rows.flatMap(([name, action]) => (action.to ? (action.creates ? ["[*]"] : (action.from ?? [])).map((from) => `  ${from} --> ${action.to}: ${name.split(".")[1]}`) : []));
    const diagram = moves.length > 0 ? ["", "```mermaid", "stateDiagram-v2", ...moves, "```"] : [];
    return [`## ${describe(entity)}`, "", "| action | mutation | 含义 / meaning | from | to | by | when |", "|---|---|---|---|---|---|---|", ...lines, ...diagram, ""].join("\n");
  });
  return ["# 操作表 / Actions", "", ...sections].join("\n");
}
