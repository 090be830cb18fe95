interface Schema {
  $ref?: string;
  type?: string | readonly string[];
  nullable?: boolean;
  enum?: readonly unknown[];
  required?: readonly string[];
  properties?: Record<string, Schema>;
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  format?: string;
  pattern?: string;
}

const FORMATS: Record<string, RegExp> = { date: /^\d{4}-\d{2}-\d{2}$/, "date-time": /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/, decimal: /^-?\d+(\.\d+)?$/ };

const typeOf = (value: unknown) => (value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value);

/** What a value violates of a schema as OpenAPI 3.0 and JSON Schema write them; empty where nothing. `root` resolves references. */
export function violations(value: unknown, schema: Schema, root: unknown, at = "$"): string[] {
  if (schema.$ref) {
    const target = schema.$ref.slice(2).split("/").reduce((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], root);
    return target ? violations(value, target as Schema, root, at) : [`${at}: ${schema.$ref} leads nowhere`];
  }
  if (value === null && schema.nullable) return [];
  const found: string[] = [];
  const types = schema.type === undefined ? [] : ([] as string[]).concat(schema.type);
  const actual = typeOf(value);
  if (types.length > 0 && !types.includes(actual) && !(actual === "integer" && types.includes("number"))) return [`${at}: ${actual} where ${types.join(" or ")} is expected`];
  if (schema.enum && !schema.enum.includes(value)) found.push(`${at}: ${JSON.stringify(value)} is none of ${schema.enum.join()}`);
  if (typeof value === "string" && schema.format && FORMATS[schema.format] && !FORMATS[schema.format]!.test(value)) found.push(`${at}: ${value} is no ${schema.format}`);
  if (typeof value === "number" && schema.minimum !== undefined && value < schema.minimum) found.push(`${at}: below ${schema.minimum}`);
  if (Array.isArray(value)) {
    if (value.length < (schema.minItems ?? 0) || value.length > (schema.maxItems ?? Infinity)) found.push(`${at}: ${value.length} items`);
    if (schema.items) found.push(...value.flatMap((item, index) => violations(item, schema.items!, root, `${at}[${index}]`)));
  } else if (typeof value === "object" && value !== null) {
    const object = value as Record<string, unknown>;
    for (const name of schema.required ?? []) if (!(name in object)) found.push(`${at}.${name}: missing`);
    for (const [name, inner] of Object.entries(object)) {
      const declared = schema.properties?.[name];
      if (declared) found.push(...violations(inner, declared, root, `${at}.${name}`));
      else if (schema.additionalProperties === false) found.push(`${at}.${name}: not declared`);
    }
  }
  return found;
}

/** Every reference in a document that leads nowhere. */
export function brokenReferences(document: unknown): string[] {
  const broken: string[] = [];
  JSON.stringify(document, (key, value: unknown) => {
    if (key === "$ref" && typeof value === "string" && value.startsWith("#/") && value.slice(2).split("/").reduce((inner: unknown, part) => (inner as Record<string, unknown> | undefined)?.[part], document) === undefined) broken.push(value);
    return value;
  });
  return broken;
}
