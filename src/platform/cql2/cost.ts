import { computedCost, listedCost, MAX_COST, tooCostly, WEIGHTS } from "../read/weights.js";
import type { Queryables } from "./queryables.js";
import type { Node } from "./tree.js";

/** What a condition costs, on the scale of all questions: here nothing is computed once for several conditions. Fault: TOO_COSTLY. */
export function checkCost(tree: Node, queryables: Queryables): number {
  const cost = Math.ceil(costOf(tree, queryables));
  if (cost > MAX_COST) throw tooCostly(cost, [{ path: "filter", cost }]);
  return cost;
}

function costOf(node: Node, queryables: Queryables): number {
  switch (node.kind) {
    case "property": {
      const found = queryables.get(node.name);
      return (node.name.includes(".") ? WEIGHTS.relation : 0) + (found?.field ? computedCost(found.field) : 0);
    }
    case "op": {
      const own = node.op === "like" ? WEIGHTS.pattern : node.op.startsWith("s_") ? WEIGHTS.place : node.op === "and" || node.op === "or" || node.op === "not" ? 0 : WEIGHTS.condition;
      return own + node.args.reduce((sum, each) => sum + costOf(each, queryables), 0);
    }
    case "array":
      return listedCost(node.items.length) + node.items.reduce((sum, each) => sum + costOf(each, queryables), 0);
    case "interval":
      return node.args.reduce((sum, each) => sum + costOf(each, queryables), 0);
    default:
      return 0;
  }
}
