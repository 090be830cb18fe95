import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import pg from "pg";
import { WebSocket } from "ws";
import type { Service } from "../../src/app.js";
import { openPrepared } from "../../src/open-prepared.js";
import { openEngine, type Engine } from "../../src/platform/db/engine.js";
import { migrate, NotMigrated } from "../../src/platform/db/migrate.js";
import { rolesSql, type Roles } from "../../src/platform/db/roles.js";
import { ActionDice } from "../support/action-dice.js";
import { freshDatabase, inUnit, lane } from "../support/database.js";
import { useDistrict } from "../support/district.js";
import { populate } from "../support/population.js";

const suffix = randomUUID().slice(0, 8);
const rolesOf = (name: string) => ({ owner: `${name}_owner_${suffix}`, runtime: `${name}_runtime_${suffix}` });
const under = (databaseUrl: string, role: string) => {
  const url = new URL(databaseUrl);
  url.username = role;
  url.password = suffix;
  return url.href;
};
/** The roles, with a password for servers that ask for one. */
const rolesMade = ({ owner, runtime }: Roles) => `${rolesSql({ owner, runtime })} alter role ${owner} password '${suffix}'; alter role ${runtime} password '${suffix}';`;
const asAdmin = async (sql: string, databaseUrl: string) => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};

/** Only PostgreSQL has roles worth the name: the embedded engine's one session may always become its superuser again. */
if (lane === "postgresql") {
  const dropRoles = ({ owner, runtime }: Roles) => asAdmin(`drop role if exists ${owner}; drop role if exists ${runtime};`, process.env["TEST_DATABASE_URL"]!);

  describe("the service under a role of its own", () => {
    const roles = rolesOf("register");
    const district = useDistrict();
    let engine: Engine;
    let service: Service;
    const rows = async (sql: string, values: unknown[] = []) => (await engine.pool.query(sql, values)).rows as Record<string, unknown>[];
    const attempt = (sql: string) => inUnit(engine, (client) => client.query(sql));

    beforeAll(async () => {
      const url = district.database.config.databaseUrl!;
      // Twice, as an administrator may: tables the superuser made are handed over.
      await asAdmin(rolesMade(roles), url);
      await asAdmin(rolesMade(roles), url);
      const owner = await openEngine({ databaseUrl: under(url, roles.owner), dataDir: "." });
      await migrate(owner);
      await owner.close();
      engine = await openPrepared({ host: "127.0.0.1", port: 0, dataDir: district.database.config.dataDir, databaseUrl: under(url, roles.runtime), demo: false, poolSize: 4, deadlineMs: 8_000, compileReads: true }, undefined, () => undefined);
      const own = district.service;
      service = district.service = await district.start(engine, true);
      await own.close();
      await populate(district, 4);
    }, 240_000);
    afterAll(async () => {
      await engine?.close();
    });
    afterAll(() => dropRoles(roles));

    test("does all it does: what fills a district, and any action in any order", async () => {
      const walk = new ActionDice(district, 20_261_130, { COMMITTEE_OFFICE: ["office"], SECTOR_REGULATOR: ["sector"], TOWN_REGULATOR: ["street"], INTEGRATION_CLIENT: ["integrator"], ENTERPRISE_REPORTER: ["enterprise"], SECURITY_ADMIN: ["security_admin"] }, ["risk", "controlMeasure", "review", "assessment", "subject", "stop", "temporary", "visit"]);
      await walk.prepare();
      for (let step = 0; step < 120; step += 1) expect((await walk.step()).outcome).not.toBe("INTERNAL");
      expect(await rows("select distinct action from audit_events where code = 'INTERNAL'")).toEqual([]);
      expect(await rows("select count(distinct session_user)::integer as n, session_user = $1 as own from pg_stat_activity where pid = pg_backend_pid() group by session_user", [roles.runtime])).toEqual([{ n: 1, own: true }]);
    }, 120_000);

    test("reads every list, now and as of an instant, reports, tiles, items and ledgers", async () => {
      const auditor = district.as("auditor");
      const { __schema } = await auditor.ask("{__schema{queryType{fields{name args{name type{kind}} type{ofType{name}}}}}}");
      const lists = (__schema.queryType.fields as { name: string; args: { name: string; type: { kind: string } }[]; type: { ofType?: { name?: string } } }[]).filter(({ type, args }) => type.ofType?.name?.endsWith("Connection") && args.every((arg) => arg.type.kind !== "NON_NULL")).map(({ name }) => name);
      expect(lists.length).toBeGreaterThan(20);
      for (const at of ["", `@asOf(recorded:"${new Date().toISOString()}")`]) for (const list of lists) await auditor.ask(`query ${at}{${list}(first:2){totalCount nodes{id}}}`);
      await auditor.ask(`{gaps{kind} riskFeatures(first:5) recordExtent{recordedFrom} nearby(point:{type:"Point",coordinates:[106.62,29.7]},metres:5000){code} gridRiskMap(cell:SQUARE,sizeMetres:500,bbox:{west:106,south:29,east:107,north:30}){cell} regionRiskMap(level:TOWN){code} riskChanges(from:"2026-01-01T00:00:00Z"){kind}}`).catch(async (error: Error) => {
        // A report that the history is too young for is a refusal, not a right that lacks.
        if (!error.message.includes("AS_OF_BEFORE_HISTORY")) throw error;
      });
      const statuses: Record<string, number> = {};
      for (const path of ["/tiles/risks/12/3261/1711.mvt", "/tiles/risks.json?versioned=true", "/ogc/collections/risks/items?limit=5", "/ogc/collections/subjects/items?limit=5", "/legends/risks.json", "/ledgers/hidden-dangers.csv", "/ledgers/basic.xlsx", "/readyz"]) statuses[path] = (await auditor.fetch(path)).status;
      expect(Object.values(statuses).filter((status) => status >= 300)).toEqual([]);
    }, 120_000);

    test("tells of changes, adds up marks and lets go of old keys", async () => {
      const socket = new WebSocket(`${service.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
      const heard = new Promise<string>((resolve, reject) => {
        socket.on("error", reject);
        socket.on("open", () => socket.send(JSON.stringify({ type: "connection_init", payload: { authorization: district.as("office").authorization } })));
        socket.on("message", (data) => {
          const message = JSON.parse(String(data)) as { type: string };
          if (message.type === "connection_ack") socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: "subscription{layerChanged{layer}}" } }));
          if (message.type === "next" || message.type === "error") resolve(message.type);
        });
      });
      const change = setInterval(() => void attempt("update subjects set name = name || 'x' where id = (select id from subjects where location is not null limit 1)").catch(() => undefined), 500);
      try {
        expect(await heard).toBe("next");
      } finally {
        clearInterval(change);
        socket.terminate();
      }
      expect(await rows("select compact_tile_revisions() >= 0 as done, purge_idempotency_keys('30 days', 10) as gone")).toEqual([{ done: true, gone: 0 }]);
    });

    test("an action's key sent again gives the first answer", async () => {
      const call = () => district.as("office").ask("mutation($k:String!,$i:OrganizationRegisterInput!){organizationRegister(idempotencyKey:$k,input:$i){id}}", { k: `again-${suffix}`, i: { region: district.regions["yubei"], name: "重复部门", kind: "GOV_DEPT" } });
      expect(await call()).toEqual(await call());
    });

    test("may do with every table what is declared, and nothing else", async () => {
      const granted = await rows(`
        select c.relname as name, concat_ws(',',
          case when has_table_privilege(c.oid, 'select') then 'read' when has_any_column_privilege(c.oid, 'select') then 'read some' end,
          case when has_table_privilege(c.oid, 'insert') then 'add' when has_any_column_privilege(c.oid, 'insert') then 'add some' end,
          case when has_table_privilege(c.oid, 'update') then 'change' when has_any_column_privilege(c.oid, 'update') then 'change some' end,
          case when has_table_privilege(c.oid, 'delete, truncate, references, trigger') then 'more' end) as may
        from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1`);
      const tracked = (await district.database.engine.pool.query("select name from tracked_tables")).rows.map(({ name }) => name as string);
      const declared: Record<string, string> = {
        ...Object.fromEntries(tracked.flatMap((name) => [[name, "read,add,change"], [`${name}_history`, "read"]])),
        ...Object.fromEntries(["duty_rules", "responsibility_schemes", "responsibility_slots", "review_round_rules", "review_round_quorums"].map((name) => [name, "read"])),
        ...Object.fromEntries(["acceptance_records", "code_mappings", "hidden_danger_evidence", "rectification_plans", "region_codes", "review_round_bases", "review_round_documents", "risk_assessments", "risk_evidence", "risk_level_changes", "visit_participants"].map((name) => [name, "read,add"])),
        audit_events: "read,add some",
        change_events: "read",
        idempotency_keys: "read,add",
        import_rows: "read,add",
        imported_values: "read,add,change",
        api_keys: "read,change some",
        principals: "read",
        grants: "read",
        assessment_outcomes: "read",
        tile_revisions: "read",
        migrations: "read",
        system_settings: "read some",
        tracked_tables: "",
        standing_indexes: "",
        runtime_rights: "",
      };
      expect(Object.fromEntries(granted.map(({ name, may }) => [name, may]))).toEqual(declared);
      expect(await rows("select column_name, privilege_type from information_schema.column_privileges where grantee = current_user and table_name = 'api_keys' and privilege_type <> 'SELECT'")).toEqual([{ column_name: "last_used_at", privilege_type: "UPDATE" }]);
      expect((await rows("select attname from pg_attribute where attrelid = 'audit_events'::regclass and attnum > 0 and not has_column_privilege('audit_events', attname, 'insert') order by 1")).map(({ attname }) => attname)).toEqual(["at", "xid"]);
      expect((await rows("select attname from pg_attribute where attrelid = 'system_settings'::regclass and attnum > 0 and not has_column_privilege('system_settings', attname, 'select')")).map(({ attname }) => attname)).toEqual(["redaction_key"]);
    });

    test("owns nothing, and cannot call what acts in the owner's name but for two chores", async () => {
      expect(await rows("select relname from pg_class where relowner = current_user::regrole union all select proname from pg_proc where proowner = current_user::regrole")).toEqual([]);
      const callable = await rows("select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace and has_function_privilege(oid, 'execute') order by 1");
      expect(callable.map(({ proname }) => proname).filter((name) => !String(name).startsWith("st_") && !String(name).startsWith("_"))).toEqual(["compact_tile_revisions", "purge_idempotency_keys"]);
      // Names within mean what they meant when it was made.
      expect(await rows("select proname from pg_proc where prosecdef and pronamespace = 'public'::regnamespace and proowner = $1::regrole and coalesce(array_to_string(proconfig, ';'), '') not like 'search_path=%pg_temp'", [roles.owner])).toEqual([]);
    });

    test.each([
      ["alter an audit event", "update audit_events set actor_name = 'x'"],
      ["remove audit events", "delete from audit_events"],
      ["empty the audit", "truncate audit_events"],
      ["date an audit event back", "insert into audit_events (id, at, action, outcome) values (gen_random_uuid(), '2020-01-01', 'x', 'SUCCESS')"],
      ["make a change event", "insert into change_events (action, entity, entity_id, op, version, county_code, at) values ('x', 'risks', gen_random_uuid(), 'U', 1, '000000', now())"],
      ["alter a change event", "update change_events set after = null"],
      ["remove change events", "delete from change_events"],
      ["make a version of the past", "insert into subjects_history (id) select id from subjects limit 1"],
      ["alter a version of the past", "update risks_history set name = 'x'"],
      ["remove versions of the past", "delete from hidden_dangers_history"],
      ["remove a row", "delete from risks"],
      ["empty a table", "truncate subjects cascade"],
      ["drop a trigger", "drop trigger z_record_change on risks"],
      ["disable a trigger", "alter table risks disable trigger z_record_change"],
      ["be a replica, for which no trigger fires", "set local session_replication_role = replica"],
      ["replace a function", "create or replace function append_only() returns trigger language plpgsql as $$ begin return null; end $$"],
      ["alter a function", "alter function record_change_risks() security invoker"],
      ["hang the recording of changes on a table of its own", "create temporary table t (id uuid); create trigger t after insert on t for each row execute function record_change_risks()"],
      ["make a table", "create table public.own (id uuid)"],
      ["make a schema", "create schema own"],
      ["make a function", "create function public.own() returns integer language sql as 'select 1'"],
      ["become the owner", `set local role ${roles.owner}`],
      ["track or untrack a table", "select untrack('risks')"],
      ["make itself a demo, where clocks are told", "update system_settings set demo = true"],
      ["read the salt of commitments", "select redaction_key from system_settings"],
      ["salt a guess", "select redacted('13800000000')"],
      ["widen its own rights", "update runtime_rights set updates = '{*}'"],
      ["be granted more", `select grant_runtime('${roles.runtime}')`],
      ["issue a key", "insert into api_keys (id, principal_id, prefix, secret_hash, label, expires_at) select gen_random_uuid(), id, 'x', '', 'x', now() from principals limit 1"],
      ["bring a key back", "update api_keys set revoked_at = null"],
      ["grant a role", "insert into grants (id, principal_id, role) select gen_random_uuid(), id, 'COMMITTEE_OFFICE' from principals limit 1"],
      ["set a number back", "select setval('risk_numbers', 1)"],
      ["let go of keys before their time", "select purge_idempotency_keys('1 day', 10)"],
      ["make outcomes of a method", "insert into assessment_outcomes select version_id, '{}', 1, 'LOW' from assessment_outcomes limit 1"],
    ])("cannot %s", async (_, sql) => {
      await expect(attempt(sql)).rejects.toMatchObject({ code: expect.stringMatching(/^(42501|22023)$/) });
    });

    test("cannot date what it records back: a unit's clock is that of its transaction", async () => {
      const [{ id }] = (await rows("select id from grids limit 1")) as [{ id: string }];
      await inUnit(engine, async (client) => {
        await client.query("select set_config('app.began', '2020-01-01T00:00:00Z', true), set_config('app.clock', '2020-01-01T00:00:00Z', true)");
        await client.query("update grids set name = name || 'x' where id = $1", [id]);
      });
      expect(await rows("select recorded_from > now() - interval '1 minute' as fresh from grids where id = $1", [id])).toEqual([{ fresh: true }]);
      await inUnit(engine, async (client) => {
        await client.query("select set_config('app.began', '2099-01-01T00:00:00Z', true)");
        await client.query("update grids set name = name || 'x' where id = $1", [id]);
      });
      expect(await rows("select recorded_from <= clock_timestamp() as past from grids where id = $1", [id])).toEqual([{ past: true }]);
    });

    test("is never given the rights where it is a superuser or a member of the owner", async () => {
      await expect(district.database.engine.pool.query("select grant_runtime('postgres')")).rejects.toMatchObject({ code: "42501" });
    });

    test("still names every write: who, which action, which request", async () => {
      await expect(engine.pool.query("update grids set name = 'x'")).rejects.toMatchObject({ code: "55000" });
      const [seen] = await rows("select count(*)::integer as n from change_events where action is null or entity_id is null");
      expect(seen).toEqual({ n: 0 });
    });
  });

  describe("a start", () => {
    test("under the service's role says what to run where migrations are missing, and runs them over the owner's connection where one is given", async () => {
      const roles = rolesOf("started");
      const { engine, config, drop } = await freshDatabase({ migrated: false });
      const url = config.databaseUrl!;
      try {
        await engine.pool.query(rolesMade(roles));
        const settings = { host: "127.0.0.1", port: 0, dataDir: config.dataDir, databaseUrl: under(url, roles.runtime), demo: false, poolSize: 2, deadlineMs: 8_000, compileReads: true };
        await expect(openPrepared(settings, undefined, () => undefined)).rejects.toThrow(NotMigrated);
        await expect(openPrepared(settings, undefined, () => undefined)).rejects.toThrow(/npm run migrate/);
        const told: string[] = [];
        const opened = await openPrepared({ ...settings, migrationDatabaseUrl: under(url, roles.owner) }, undefined, (zh) => void told.push(zh));
        expect(told.some((line) => line.startsWith("初始密钥"))).toBe(true);
        expect((await opened.pool.query("select current_user::text as name, (select count(*)::integer from code_lists) > 0 as filled")).rows).toEqual([{ name: roles.runtime, filled: true }]);
        await opened.close();
        // The next start needs the owner no more.
        await (await openPrepared(settings, undefined, () => undefined)).close();
      } finally {
        await drop();
        await dropRoles(roles);
      }
    }, 120_000);

    test("takes names of roles that are names, and two of them", () => {
      expect(() => rolesSql({ owner: "a; drop table x", runtime: "b" })).toThrow(/角色名/);
      expect(() => rolesSql({ owner: "same", runtime: "same" })).toThrow(/须不同/);
    });
  });
} else {
  test("the embedded engine has one session, which may always become its superuser again", () => expect(lane).toBe("embedded"));
}
