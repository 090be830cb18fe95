import "../../src/features.js";
import { createHash, randomUUID } from "node:crypto";
import { afterAll, beforeAll } from "@jest/globals";
import type { GraphQLSchema } from "graphql";
import { startService, type Service } from "../../src/app.js";
import { Keys, newKey } from "../../src/auth/keys.js";
import type { Limits } from "../../src/platform/config.js";
import type { Actor, Role } from "../../src/platform/actor.js";
import { entityNamed, globalId } from "../../src/platform/entity/entity.js";
import type { Engine } from "../../src/platform/db/engine.js";
import { makeSchema } from "../../src/platform/graphql/schema.js";
import { actAs } from "../../src/platform/write/act.js";
import { newUuid } from "../../src/platform/write/identifier.js";
import { loadReference } from "../../seeds/reference/load.js";
import { inventedUscc } from "../../seeds/demo/story.js";
import { useDatabase, type TestDatabase } from "./database.js";

interface Answer {
  data?: Record<string, never> | null;
  errors?: { message: string; extensions: Record<string, unknown> }[];
  extensions?: Record<string, unknown>;
}

// Answers are read by path in assertions; their shape is what the test asserts.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Data = any;

export interface Character {
  /** The header its key is sent in. */
  authorization: string | undefined;
  ask(query: string, variables?: Record<string, unknown>): Promise<Data>;
  raw(query: string, variables?: Record<string, unknown>): Promise<Answer>;
  /** The answer as it is sent. */
  text(query: string, variables?: Record<string, unknown>): Promise<string>;
  /** The code of the first error. */
  refused(query: string, variables?: Record<string, unknown>): Promise<Record<string, unknown>>;
  /** A GET with its key and further headers. */
  fetch(path: string, headers?: Record<string, string>): Promise<Response>;
  put(path: string, bytes: string): Promise<number>;
  post(path: string, bytes: Buffer): Promise<{ status: number; body: Data }>;
  get(path: string): Promise<{ status: number; headers: Headers; bytes: Buffer }>;
}

/** What narrows a grant beside its region. */
interface Narrowing {
  sectors?: string[];
  subject?: string;
}

export interface District {
  database: TestDatabase;
  service: Service;
  plain: Service;
  regions: Record<string, string>;
  sites: string[];
  /** The enterprise of each site. */
  enterprises: string[];
  slots: Record<string, string>;
  /** Starts a further service over an engine, which stays open when the service closes. */
  start(engine: Engine, compileReads: boolean, limits?: Partial<Limits>): Promise<Service>;
  as(name: string, way?: "compiled" | "plain" | Service): Character;
  /** The character itself, for calls that do not pass by HTTP. */
  actor(name: string): Promise<Actor>;
  /** A stored attachment of the character's. */
  evidence(name: string, content: string): Promise<string>;
  key(): string;
  /** Gives a further character a key; a person of a known organisation where one is named. */
  admit(name: string, role: Role, region: string | null, more?: Narrowing & { scopes?: string[]; person?: string; also?: readonly (Narrowing & { role: Role; region: string | null })[] }): Promise<void>;
  /** Headers by which a character is known. */
  headers(name: string): Record<string, string>;
}

const REGIONS = [
  ["city", "500100000000", "CITY", null], ["yubei", "500112000000", "DISTRICT", "city"], ["huixing", "500112004000", "TOWN", "yubei"], ["village", "500112004001", "VILLAGE", "huixing"],
  ["yuanyang", "500112007000", "TOWN", "yubei"], ["jiulongpo", "500107000000", "DISTRICT", "city"],
] as const;

let schema: GraphQLSchema | undefined;

/** A small district told through the actions: two towns, two sites, and one key for each character. */
export function useDistrict(): District {
  const database = useDatabase();
  const district = { database, regions: {}, sites: [], enterprises: [], slots: {} } as unknown as District;
  const keys: Record<string, string> = {};
  beforeAll(async () => {
    const { engine } = database;
    const seed: Actor = { id: newUuid(), kind: "SYSTEM", name: "seed", personId: null, grants: [] };
    const call = { actor: seed, requestId: randomUUID() };
    await actAs(engine, call, "reference.load", (unit) => loadReference(unit));
    const uuids: Record<string, string> = {};
    const principal = async (name: string, role: Role, region: string | null, more: NonNullable<Parameters<District["admit"]>[3]> = {}) => {
      const key = newKey();
      await actAs(engine, call, "principal.register", async (unit) => {
        const id = newUuid();
        await unit.query("insert into principals (id, kind, name, person_id) values ($1, 'PERSON', $2, $3)", [id, name, more.person?.split("_")[1] ?? null]);
        for (const grant of [{ role, region, ...more }, ...(more.also ?? [])])
          await unit.query("insert into grants (id, principal_id, role, region_id, sectors, subject_id) values ($1, $2, $3, $4, $5, $6)", [newUuid(), id, grant.role, grant.region && uuids[grant.region], grant.sectors ?? null, grant.subject?.split("_").at(-1) ?? null]);
        await unit.query("insert into api_keys (id, principal_id, prefix, secret_hash, label, scopes, expires_at) values ($1, $2, $3, $4, 'test', $5, now() + interval '1 day')", [newUuid(), id, key.prefix, key.secretHash, more.scopes ?? []]);
      });
      keys[name] = key.text;
    };
    district.admit = principal;
    await actAs(engine, call, "region.load", async (unit) => {
      for (const [name, code, level, parent] of REGIONS) {
        uuids[name] = newUuid();
        await unit.query("insert into regions (id, code, name, level, parent_id) values ($1, $2, $3, $4, $5)", [uuids[name], code, name, level, parent && uuids[parent]]);
        district.regions[name] = globalId(entityNamed("Region")!, uuids[name]!);
      }
    });
    for (const { id, code } of (await engine.pool.query("select id, code from responsibility_slots")).rows as { id: string; code: string }[]) district.slots[code] = globalId(entityNamed("ResponsibilitySlot")!, id);
    await principal("office", "COMMITTEE_OFFICE", "yubei");
    // For the whole tree: what is the nation's no district changes.
    await principal("headquarters", "COMMITTEE_OFFICE", "city");
    await principal("sector", "SECTOR_REGULATOR", "yubei", { sectors: ["INDUSTRY_TRADE"] });
    await principal("street", "TOWN_REGULATOR", "huixing");
    await principal("neighbour", "TOWN_REGULATOR", "yuanyang");
    await principal("stranger", "COMMITTEE_OFFICE", "jiulongpo");
    await principal("integrator", "INTEGRATION_CLIENT", "yubei");
    await principal("gis", "INTEGRATION_CLIENT", "yubei", { scopes: ["read"] });
    await principal("auditor", "AUDITOR", "yubei");
    await principal("system_admin", "SYSTEM_ADMIN", "yubei");
    await principal("security_admin", "SECURITY_ADMIN", "city");
    schema ??= await makeSchema();
    district.start = (on, compileReads, limits) => startService({ limits, host: "127.0.0.1", port: 0, dataDir: database.config.dataDir, databaseUrl: undefined, demo: false, poolSize: 4, deadlineMs: 8_000, compileReads }, { ...on, close: () => Promise.resolve() }, schema);
    district.service = await district.start(engine, true);
    district.plain = await district.start(engine, false);
    const office = district.as("office");
    for (const [index, town] of (["village", "yuanyang"] as const).entries()) {
      const organization = await office.ask("mutation($k:String!,$i:OrganizationRegisterInput!){organizationRegister(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { region: district.regions["yubei"], name: `示例部门${index}`, kind: "GOV_DEPT", sectors: ["INDUSTRY_TRADE"] } });
      const enterprise = await office.ask("mutation($k:String!,$i:EnterpriseRegisterInput!){enterpriseRegister(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { region: district.regions[town], legalName: `示例企业${index}`, uscc: inventedUscc(index), sizeClass: "ABOVE_DESIGNATED" } });
      const site = await office.ask("mutation($k:String!,$i:SubjectRegisterInput!){subjectRegister(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { region: district.regions[town], kind: "ENTERPRISE_SITE", name: `示例场所${index}`, sector: "INDUSTRY_TRADE", enterprise: enterprise.enterpriseRegister.id, location: { type: "Point", coordinates: [106.62 + index / 100, 29.7] } } });
      await office.ask("mutation($k:String!,$i:RegulationRelationSetInput!){regulationRelationSet(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { subject: site.subjectRegister.id, organization: organization.organizationRegister.id, role: "LEAD" } });
      await office.ask("mutation($k:String!,$id:ID!){subjectActivate(idempotencyKey:$k,id:$id,expectedVersion:1){status}}", { k: district.key(), id: site.subjectRegister.id });
      district.sites.push(site.subjectRegister.id);
      district.enterprises.push(enterprise.enterpriseRegister.id);
    }
    await principal("enterprise", "ENTERPRISE_REPORTER", null, { subject: district.sites[0]!.split("_")[1] });
  }, 180_000);
  afterAll(async () => {
    await district.service?.close();
    await district.plain?.close();
  });
  let counted = 0;
  district.key = () => `test-key-${(counted += 1)}-${randomUUID()}`;
  district.headers = (name): Record<string, string> => (keys[name] ? { authorization: `Bearer ${keys[name]}` } : {});
  district.as = (name, way = "compiled") => {
    const url = () => (way === "plain" ? district.plain : way === "compiled" ? district.service : way).url;
    const authorization = district.headers(name);
    const text = async (query: string, variables: Record<string, unknown> = {}): Promise<string> => {
      const response = await fetch(`${url()}/graphql`, { method: "POST", headers: { "content-type": "application/json", ...authorization }, body: JSON.stringify({ query, variables }) });
      return response.text();
    };
    const raw = async (query: string, variables: Record<string, unknown> = {}) => JSON.parse(await text(query, variables)) as Answer;
    return {
      authorization: authorization["authorization"],
      raw,
      text,
      async ask(query, variables) {
        const answer = await raw(query, variables);
        if (answer.errors) throw new Error(JSON.stringify(answer.errors));
        return answer.data;
      },
      async refused(query, variables) {
        const answer = await raw(query, variables);
        if (answer.errors?.length !== 1) throw new Error(`one refusal expected: ${JSON.stringify(answer)}`);
        return answer.errors[0]!.extensions;
      },
      async fetch(path, headers = {}) {
        const once = () => fetch(`${url()}${path}`, { headers: { ...authorization, ...headers } });
        // An idle connection may be closed by the service just as it is used again: whoever only reads asks once more.
        return once().catch((error: { cause?: { code?: string } }) => (error.cause?.code === "ECONNRESET" ? once() : Promise.reject(error)));
      },
      put: async (path, bytes) => (await fetch(`${url()}${path}`, { method: "PUT", headers: authorization, body: bytes })).status,
      async post(path, bytes) {
        const response = await fetch(`${url()}${path}`, { method: "POST", headers: authorization, body: new Uint8Array(bytes) });
        return { status: response.status, body: await response.json() };
      },
      async get(path) {
        const response = await fetch(`${url()}${path}`, { headers: authorization });
        return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
      },
    };
  };
  district.actor = (name) => new Keys(database.engine.pool).actorOf(keys[name] && `Bearer ${keys[name]}`, "127.0.0.1");
  district.evidence = async (name, content) => {
    const made = await district.as(name).ask("mutation($k:String!,$i:AttachmentPrepareInput!){attachmentPrepare(idempotencyKey:$k,input:$i){id}}", {
      k: district.key(),
      i: { sha256: createHash("sha256").update(content).digest("hex"), mediaType: "text/plain", fileName: "after.txt", sizeBytes: Buffer.byteLength(content) },
    });
    const status = await district.as(name).put(`/files/${made.attachmentPrepare.id}`, content);
    if (status !== 204) throw new Error(`the upload answered ${status}`);
    return made.attachmentPrepare.id as string;
  };
  return district;
}
