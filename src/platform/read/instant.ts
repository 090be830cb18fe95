import { Kind, valueFromASTUntyped, visit, type DocumentNode, type OperationDefinitionNode } from "graphql";
import { Fault } from "../fault.js";
import { cursorInstant } from "./page.js";
import type { Instant } from "./read-sql.js";

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$/;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A moment with offset, or a day meaning its end at +08:00. */
function momentOf(name: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = String(value);
  if (DAY.test(text) && !Number.isNaN(Date.parse(text))) return `${text}T23:59:59.999999+08:00`;
  if (!ISO.test(text) || Number.isNaN(Date.parse(text))) throw new Fault("INVALID_INPUT", { field: `@asOf(${name}:)`, rule: "ISO 8601 with offset, or a day" });
  return text;
}

/**
 * The one instant of an operation: what @asOf states; else the instant carried by its cursors
 * (a list walks one snapshot); else now.
 */
export function instantOf(operation: OperationDefinitionNode, variables: Record<string, unknown>, document: DocumentNode, now: () => string): Instant {
  const directive = operation.directives?.find((candidate) => candidate.name.value === "asOf");
  const stated = Object.fromEntries(directive?.arguments?.map((argument) => [argument.name.value, valueFromASTUntyped(argument.value, variables)]) ?? []);
  const recorded = momentOf("recorded", stated["recorded"]);
  const effective = momentOf("effective", stated["effective"]);
  if (recorded) return { recorded, effective: effective ?? recorded };
  const cursors = cursorsOf(variables, document);
  const instants = new Set(cursors.map(cursorInstant));
  if (instants.size > 1) throw new Fault("CURSOR_MISMATCH", { reason: "cursors of different instants in one operation" });
  const [carried] = instants;
  return { recorded: carried ?? null, effective: effective ?? carried ?? now() };
}

const cursorPlaces = new WeakMap<DocumentNode, { variable?: string; text?: string }[]>();

/** Values of every after/before argument in the document. */
function cursorsOf(variables: Record<string, unknown>, document: DocumentNode): string[] {
  let places = cursorPlaces.get(document);
  if (!places) {
    const found: { variable?: string; text?: string }[] = [];
    visit(document, {
      Argument(node) {
        if (node.name.value !== "after" && node.name.value !== "before") return;
        if (node.value.kind === Kind.VARIABLE) found.push({ variable: node.value.name.value });
        else if (node.value.kind === Kind.STRING) found.push({ text: node.value.value });
      },
    });
    cursorPlaces.set(document, (places = found));
  }
  return places.flatMap(({ variable, text }) => {
    const value = variable === undefined ? text : variables[variable];
    return typeof value === "string" ? [value] : [];
  });
}
