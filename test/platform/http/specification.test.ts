import { expect, test } from "@jest/globals";
import { serverAudits } from "graphql-http";
import { useDistrict } from "../../support/district.js";

const district = useDistrict();

// Without a key a caller is the public, who may ask what the audits ask. The simple-request guard stays on: a GET needs the header a browser would have to ask leave for.
const audits = serverAudits({
  url: () => `${district.service.url}/graphql`,
  fetchFn: (url: string, init: RequestInit = {}) => fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), "apollo-require-preflight": "true" } }),
});

test.each(audits.map((audit) => [audit.name, audit] as const))("GraphQL over HTTP: %s", async (_, audit) => {
  expect(await audit.fn()).toMatchObject({ status: "ok" });
});
