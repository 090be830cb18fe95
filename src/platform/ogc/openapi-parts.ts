export type Json = Record<string, unknown>;

export const ref = (kind: string, name: string) => ({ $ref: `#/components/${kind}/${name}` });
export const json = (schema: Json, type = "application/json") => ({ [type]: { schema } });
export const query = (name: string, description: string, schema: Json, more: Json = {}) => ({ name, in: "query", required: false, description, schema, style: "form", explode: false, ...more });
export const onlyJson = query("f", "编码 / encoding", { type: "string", enum: ["json"] });

const PROBLEMS = { "400": ref("responses", "InvalidParameter"), "401": ref("responses", "Unauthenticated"), "404": ref("responses", "NotFound"), "406": ref("responses", "NotAcceptable"), "500": ref("responses", "ServerError") };

export const operation = (operationId: string, summary: string, tag: string, given: readonly Json[], responses: Json) => ({ get: { operationId, summary, tags: [tag], parameters: given, responses: { ...responses, ...PROBLEMS } } });
export const ok = (description: string, content: Json, headers?: Json) => ({ "200": { description, content, ...(headers ? { headers } : {}) } });
export const links = { type: "array", items: ref("schemas", "Link") };
