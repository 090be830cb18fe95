import { fieldsOf, parseId } from "../entity/entity.js";
import { Fault } from "../fault.js";
import type { CheckedGeometry } from "../geometry.js";
import type { Action, Input, InputField } from "../actions.js";
import { checkArea } from "./area.js";

const LONGEST_TEXT = 500;
const LONGEST_LIST = 100;
const LONGEST_JSON = 2_000;
const DEEPEST_JSON = 8;
// PostgreSQL stores no U+0000; a lone surrogate is not text.
const UNSTORABLE = /\u0000|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

const STORABLE = "no U+0000 and no lone surrogate";

/** Checks what an action is given against its declaration; ids become UUIDs. Faults: INVALID_INPUT with the field and the rule. */
export function checkInput({ input: fields, on }: Pick<Action, "input" | "on">, input: Record<string, unknown>): Input {
  const checked = checkFields(fields, input, "input");
  const kept = fieldsOf(on);
  for (const [name, value] of Object.entries(checked))
    // An update may leave out what every row has, but not empty it.
    if (value === "" && kept[name] && !kept[name].nullable) throw new Fault("INVALID_INPUT", { field: `input.${name}`, rule: "not blank" });
  return checked;
}

function checkFields(fields: Readonly<Record<string, InputField>>, input: Record<string, unknown>, path: string): Input {
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
    case "json":
      return checkJson(field, value, at);
    case "id": {
      const parsed = parseId(String(value));
      if (!parsed || parsed.entity !== field.of?.()) throw new Fault("INVALID_INPUT", { field: at, rule: `an id of ${field.of?.().name ?? "?"}` });
      return parsed.uuid;
    }
    case "geometry": {
      const { type } = value as CheckedGeometry;
      if (field.shapes && !field.shapes.includes(type)) throw new Fault("INVALID_INPUT", { field: at, rule: field.shapes.join(", "), actual: type });
      return field.area ? checkArea(value as CheckedGeometry, at) : value;
    }
    case "enum": {
      const { values } = field.enumeration!;
      if (!values.includes(String(value))) throw new Fault("INVALID_INPUT", { field: at, rule: values.join(", ") });
      return value;
    }
    case "date":
      if (!isDay(String(value))) throw new Fault("INVALID_INPUT", { field: at, rule: "YYYY-MM-DD" });
      return value;
    case "dateTime":
      if (Number.isNaN(Date.parse(String(value)))) throw new Fault("INVALID_INPUT", { field: at, rule: "an instant with its offset" });
      return value;
    case "boolean":
      if (typeof value !== "boolean") throw new Fault("INVALID_INPUT", { field: at, rule: "true or false" });
      return value;
    case "object":
      return checkFields(field.fields!, value as Record<string, unknown>, at);
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

const isDay = (text: string) => /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;

/** An object as JSON can hold it: text that can be stored, numbers that are numbers, neither deep nor long. */
function checkJson({ max = LONGEST_JSON }: InputField, value: unknown, at: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Fault("INVALID_INPUT", { field: at, rule: "an object" });
  checkMember(value, at, 0);
  const length = JSON.stringify(value).length;
  if (length > max) throw new Fault("INVALID_INPUT", { field: at, rule: `at most ${max} characters of JSON`, actual: length });
  return value;
}

function checkMember(value: unknown, at: string, depth: number): void {
  if (depth > DEEPEST_JSON) throw new Fault("INVALID_INPUT", { field: at, rule: `at most ${DEEPEST_JSON} levels deep` });
  if (typeof value === "string" && UNSTORABLE.test(value)) throw new Fault("INVALID_INPUT", { field: at, rule: STORABLE });
  if (typeof value === "number" && !Number.isFinite(value)) throw new Fault("INVALID_INPUT", { field: at, rule: "a finite number" });
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (UNSTORABLE.test(key)) throw new Fault("INVALID_INPUT", { field: at, rule: STORABLE });
    checkMember(member, `${at}.${key}`, depth + 1);
  }
}

function checkText(field: InputField, text: string, at: string): string {
  const trimmed = text.normalize("NFC").trim();
  const max = field.max ?? LONGEST_TEXT;
  if (UNSTORABLE.test(text)) throw new Fault("INVALID_INPUT", { field: at, rule: STORABLE });
  if (trimmed.length > max) throw new Fault("INVALID_INPUT", { field: at, rule: `at most ${max} characters`, actual: trimmed.length });
  if (field.required && trimmed === "") throw new Fault("INVALID_INPUT", { field: at, rule: "not blank" });
  if (field.pattern && !field.pattern.test(trimmed)) throw new Fault("INVALID_INPUT", { field: at, rule: field.pattern.source });
  return trimmed;
}
