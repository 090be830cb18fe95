import { Kind, valueFromASTUntyped, visit, type DocumentNode, type OperationDefinitionNode } from "graphql";
import { Fault } from "../fault.js";
import { isDay, isMoment } from "../graphql/scalars.js";
import { cursorInstant, readCursor } from "./page.js";
import type { Instant } from "./read-sql.js";

/** A moment with offset, or a day meaning its end at +08:00. */
export function momentOf(field: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  const text = String(value);
  if (isDay(text)) return `${text}T23:59:59.999999+08:00`;
  if (!isMoment(text)) throw new Fault("INVALID_INPUT", { field, rule: "ISO 8601 with offset, or a day" });
  return text;
}

/** Nothing known yet is not the same as nothing there: an auditor must not take the one for the other. */
export function withinHistory(recorded: string, began: string | null): void {
  if (began !== null && Date.parse(recorded) < Date.parse(began)) throw new Fault("AS_OF_BEFORE_HISTORY", { historyBegins: began });
}

/**
 * The recorded instant someone states; null where none is.
 * @param began when recorded history begins; null while there is none.
 */
export function recordedAt(field: string, value: unknown, began: string | null): string | null {
  const recorded = momentOf(field, value);
  if (recorded) withinHistory(recorded, began);
  return recorded;
}

/**
 * The one instant of an operation: what @asOf states; else the instant carried by its cursors
 * (a list walks one snapshot); else now. Variables are those of the request with their defaults.
 * @param began when recorded history begins; null while there is none.
 */
export function instantOf(operation: OperationDefinitionNode, variables: Record<string, unknown>, document: DocumentNode, now: () => string, began: string | null): Instant {
  const directive = operation.directives?.find((candidate) => candidate.name.value === "asOf");
  const stated = Object.fromEntries(directive?.arguments?.map((argument) => [argument.name.value, valueFromASTUntyped(argument.value, variables)]) ?? []);
  const recorded = recordedAt("@asOf(recorded:)", stated["recorded"], began);
  const effective = momentOf("@asOf(effective:)", stated["effective"]);
  if (recorded) return { recorded, effective: effective ?? recorded };
  const cursors = cursorsOf(variables, document);
  const instants = new Map(cursors.map(readCursor).map((cursor) => [cursor.instant, cursorInstant(cursor)]));
  if (instants.size > 1) throw new Fault("CURSOR_MISMATCH", { reason: "cursors of different instants in one operation" });
  const [carried] = instants.values();
  return carried ? { ...carried, effective: effective ?? carried.recorded } : { recorded: null, effective: effective ?? now() };
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
