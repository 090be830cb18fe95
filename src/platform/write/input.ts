import { parseId } from "../entity/entity.js";
import { Fault } from "../fault.js";
import type { Input, InputField } from "../actions.js";

const LONGEST_TEXT = 500;
const LONGEST_LIST = 100;
// PostgreSQL stores no U+0000; a lone surrogate is not text.
const UNSTORABLE = /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** Checks an action's input against its declaration; ids become UUIDs. Faults: INVALID_INPUT with the field and the rule. */
export function checkInput(fields: Readonly<Record<string, InputField>>, input: Record<string, unknown>, path = "input"): Input {
  const checked: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = input[name];
    const at = `${path}.${name}`;
    if (value === undefined || value === null) {
      if (field.required) throw new Fault("INVALID_INPUT", { field: at, rule: "required" });
      if (value === null) checked[name] = null;
      continue;
    }
    if (field.list) {
      const list = value as unknown[];
      if (list.length > LONGEST_LIST) throw new Fault("INVALID_INPUT", { field: at, rule: `at most ${LONGEST_LIST} items` });
      checked[name] = list.map((item, index) => checkValue(field, item, `${at}.${index}`));
    } else checked[name] = checkValue(field, value, at);
  }
  return checked;
}

/** One value against its declaration. Faults: INVALID_INPUT with the place and the rule. */
export function checkValue(field: InputField, value: unknown, at: string): unknown {
  switch (field.kind) {
    case "text":
      return checkText(field, String(value), at);
    case "id": {
      const parsed = parseId(String(value));
      if (!parsed || parsed.entity !== field.of?.()) throw new Fault("INVALID_INPUT", { field: at, rule: `an id of ${field.of?.().name ?? "?"}` });
      return parsed.uuid;
    }
    case "object":
      return checkInput(field.fields!, value as Record<string, unknown>, at);
    case "int":
    case "float":
    case "decimal": {
      const number = Number(value);
      const { minimum = -1e15, maximum = 1e15 } = field;
      if (!Number.isFinite(number) || number < minimum || number > maximum) throw new Fault("INVALID_INPUT", { field: at, rule: `between ${minimum} and ${maximum}` });
      return value;
    }
    default:
      return value;
  }
}

function checkText(field: InputField, text: string, at: string): string {
  const trimmed = text.normalize("NFC").trim();
  const max = field.max ?? LONGEST_TEXT;
  if (UNSTORABLE.test(text)) throw new Fault("INVALID_INPUT", { field: at, rule: "no U+0000 and no lone surrogate" });
  if (trimmed.length > max) throw new Fault("INVALID_INPUT", { field: at, rule: `at most ${max} characters`, actual: trimmed.length });
  if (field.required && trimmed === "") throw new Fault("INVALID_INPUT", { field: at, rule: "not blank" });
  if (field.pattern && !field.pattern.test(trimmed)) throw new Fault("INVALID_INPUT", { field: at, rule: field.pattern.source });
  return trimmed;
}
