import type { View } from "./view.js";

/** A refusal of the service, in its own words. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

interface Answer<T> {
  data?: T | null;
  errors?: { message: string; extensions?: { code?: string } }[];
}

export const authorization = (view: View): Record<string, string> => (view.key ? { authorization: `Bearer ${view.key}` } : {});

/**
 * Asks the service at the view's instant. `text` is the operation's declaration and body without its keyword:
 * `Legend($bbox: BBoxInput) { ... }`. Faults: Refused.
 */
export async function ask<T>(view: View, text: string, variables: Record<string, unknown> = {}, signal?: AbortSignal): Promise<T> {
  const opens = text.indexOf("{");
  const directive = view.asOf ? `@asOf(recorded: ${JSON.stringify(view.asOf)}, effective: ${JSON.stringify(view.asOf)}) ` : "";
  const query = `query ${text.slice(0, opens)}${directive}${text.slice(opens)}`;
  const response = await fetch("/graphql", { method: "POST", headers: { "content-type": "application/json", ...authorization(view) }, body: JSON.stringify({ query, variables }), signal });
  const answer = (await response.json()) as Answer<T>;
  const [error] = answer.errors ?? [];
  if (error) throw new Refused(error.message, error.extensions?.code ?? "INTERNAL");
  return answer.data!;
}
