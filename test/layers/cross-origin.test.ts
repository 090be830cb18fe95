import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { startService, type Service } from "../../src/app.js";
import { BadSetting, readConfig } from "../../src/platform/config.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const services: Record<string, Service> = {};
beforeAll(async () => {
  const { database } = district;
  for (const [name, given] of [["none", undefined], ["all", "*"], ["some", "https://map.example,http://localhost:8080"]] as const) services[name] = await startService({ ...database.config, host: "127.0.0.1", port: 0, demo: false, poolSize: 4, deadlineMs: 8_000, compileReads: true, corsOrigins: given?.split(",") }, { ...database.engine, close: () => Promise.resolve() });
}, 60_000);
afterAll(() => Promise.all(Object.values(services).map((service) => service.close())).then(() => undefined));

const PATHS = ["/tiles/regions/5/25/13.mvt", "/tiles/regions.json", "/styles/regions.json", "/legends/regions.json", "/ogc/collections/regions/items", "/tiles/nothing.json", "/ogc/nothing"];
const ask = (name: string, path: string, origin: string, method = "GET") => fetch(`${services[name]!.url}${path}`, { method, headers: { origin } });

test.each(PATHS)("%s is read by pages of the origins allowed, and by no other", async (path) => {
  const allowed = async (name: string, origin: string) => (await ask(name, path, origin)).headers.get("access-control-allow-origin");
  expect(await allowed("none", "https://map.example")).toBeNull();
  expect(await allowed("all", "https://anyone.example")).toBe("*");
  expect(await allowed("some", "https://map.example")).toBe("https://map.example");
  expect(await allowed("some", "http://localhost:8080")).toBe("http://localhost:8080");
  expect(await allowed("some", "https://map.example.evil")).toBeNull();
  const { headers } = await ask("some", path, "https://stranger.example");
  expect(headers.get("vary")).toContain("Origin");
  expect((await ask("some", path, "https://map.example")).headers.get("access-control-expose-headers")).toMatch(/etag.*link.*content-crs/);
  const before = await ask("some", path, "https://map.example", "OPTIONS");
  expect([before.status, before.headers.get("access-control-allow-methods"), before.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS", "GET, HEAD, OPTIONS"]);
  expect(before.headers.get("access-control-allow-headers")).toContain("authorization");
  const refused = await ask("none", path, "https://map.example", "OPTIONS");
  expect([refused.status, refused.headers.get("access-control-allow-methods")]).toEqual([204, null]);
});

test("what varied before varies still, and what writes is of one origin", async () => {
  expect((await ask("some", PATHS[0]!, "https://map.example")).headers.get("vary")).toBe("accept-encoding, authorization, Origin");
  expect((await ask("all", "/schema.graphql", "https://map.example")).headers.get("access-control-allow-origin")).toBeNull();
  expect((await ask("all", "/graphql", "https://map.example", "OPTIONS")).status).toBe(405);
});

test("the setting is * or a list of origins", () => {
  expect(readConfig({ CORS_ORIGINS: "https://a.example,http://b.example:81" }).corsOrigins).toEqual(["https://a.example", "http://b.example:81"]);
  expect(readConfig({}).corsOrigins).toBeUndefined();
  for (const CORS_ORIGINS of ["a.example", "https://a.example/path", "https://a.example, https://b.example"]) expect(() => readConfig({ CORS_ORIGINS })).toThrow(BadSetting);
});
