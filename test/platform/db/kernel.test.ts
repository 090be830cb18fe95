import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { pendingMigrations, migrate, revert } from "../../../src/platform/db/migrate.js";
import { freshDatabase, inUnit, useDatabase } from "../../support/database.js";

const database = useDatabase();
const query = async (sql: string, values: unknown[] = []) => (await database.engine.pool.query(sql, values)).rows as Record<string, unknown>[];
const insert = (id: string, values: { label?: string; phone?: string | null } = {}, unit: Parameters<typeof inUnit>[2] = {}) =>
  inUnit(database.engine, (client) => client.query("insert into notes (id, label, phone) values ($1, $2, $3)", [id, values.label ?? "first", values.phone ?? null]), unit);
const relabel = (id: string, label: string, unit: Parameters<typeof inUnit>[2] = {}) =>
  inUnit(database.engine, (client) => client.query("update notes set label = $2 where id = $1", [id, label]), unit);

beforeAll(async () => {
  await database.engine.pool.query(`
    create table notes (
      id uuid primary key, version integer not null default 1, recorded_from timestamptz not null,
      created_at timestamptz not null, created_by uuid, updated_at timestamptz not null, updated_by uuid,
      county_code text not null default '000000', source_system text, external_id text, unique (source_system, external_id),
      fid bigint generated always as identity unique, label text not null, phone text,
      spot geometry(Point, 4490), label_length integer generated always as (length(label)) stored);
    select track('notes', array['phone']);
  `);
});

describe("a write", () => {
  test("outside a unit is refused", async () => {
    await expect(query("insert into notes (id, label) values ($1, 'x')", [randomUUID()])).rejects.toMatchObject({ code: "55000" });
    await expect(query("insert into principals (id, kind, name) values ($1, 'CLIENT', 'x')", [randomUUID()])).rejects.toMatchObject({ code: "55000" });
  });

  test("cannot remove, empty or rename a row", async () => {
    const id = randomUUID();
    await insert(id);
    const attempt = (sql: string) => inUnit(database.engine, (client) => client.query(sql));
    await expect(attempt(`delete from notes where id = '${id}'`)).rejects.toMatchObject({ code: "55000" });
    await expect(attempt("truncate notes")).rejects.toMatchObject({ code: "55000" });
    await expect(attempt(`update notes set id = '${randomUUID()}' where id = '${id}'`)).rejects.toMatchObject({ code: "55000" });
  });

  test("is stamped by the database, whatever the caller says", async () => {
    const id = randomUUID();
    const actor = randomUUID();
    await inUnit(
      database.engine,
      (client) => client.query("insert into notes (id, label, version, created_at, recorded_from, updated_at) values ($1, 'x', 9, '2001-01-01', '2001-01-01', '2001-01-01')", [id]),
      { actor },
    );
    const [row] = await query("select version, created_by, updated_by, created_at > now() - interval '1 hour' as fresh, recorded_from = created_at as same from notes where id = $1", [id]);
    expect(row).toEqual({ version: 1, created_by: actor, updated_by: actor, fresh: true, same: true });
  });
});

describe("a placed row", () => {
  test("takes path, town and county from its region, and follows it when it moves", async () => {
    const [district, town, village, note] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
    await query(`
      create table spots (
        id uuid primary key, version integer not null default 1, recorded_from timestamptz not null,
        created_at timestamptz not null, created_by uuid, updated_at timestamptz not null, updated_by uuid,
        county_code text not null default '000000', region_id uuid not null references regions(id), region_path ltree not null, town_id uuid);
      select track('spots');
    `);
    await inUnit(database.engine, async (client) => {
      const region = (id: string, code: string, level: string, parent: string | null) =>
        client.query("insert into regions (id, code, name, level, parent_id) values ($1, $2, $2, $3, $4)", [id, code, level, parent]);
      await region(district, "500112000000", "DISTRICT", null);
      await region(town, "500112001000", "TOWN", district);
      await region(village, "500112001002", "VILLAGE", town);
      await client.query("insert into spots (id, region_id, region_path, county_code) values ($1, $2, 'somewhere.else', '999999')", [note, village]);
    });
    const where = () => query("select s.county_code, s.town_id, s.region_path = r.path as right_path from spots s join regions r on r.id = s.region_id where s.id = $1", [note]);
    expect(await where()).toEqual([{ county_code: "500112", town_id: town, right_path: true }]);
    await inUnit(database.engine, (client) => client.query("update spots set region_id = $2 where id = $1", [note, district]));
    expect(await where()).toEqual([{ county_code: "500112", town_id: null, right_path: true }]);
    expect(await query("select town_id from spots_history where id = $1", [note])).toEqual([{ town_id: town }]);
    await query("select untrack('spots')");
    await query("drop table spots");
  });
});

describe("history", () => {
  test("holds every earlier version in ranges that meet, also within one transaction", async () => {
    const id = randomUUID();
    await insert(id);
    await inUnit(database.engine, async (client) => {
      await client.query("update notes set label = 'second' where id = $1", [id]);
      await client.query("update notes set label = 'third' where id = $1", [id]);
    });
    const versions = await query(
      `select version, label, label_length, recorded_to > recorded_from as real, recorded_to = lead(recorded_from) over (order by version) as meets
       from (select version, label, label_length, recorded_from, recorded_to from notes_history where id = $1
             union all select version, label, label_length, recorded_from, 'infinity' from notes where id = $1) v order by version`,
      [id],
    );
    expect(versions).toEqual([
      { version: 1, label: "first", label_length: 5, real: true, meets: true },
      { version: 2, label: "second", label_length: 6, real: true, meets: true },
      { version: 3, label: "third", label_length: 5, real: true, meets: null },
    ]);
  });

  test("is append-only", async () => {
    await expect(query("update notes_history set label = 'forged'")).rejects.toMatchObject({ code: "55000" });
    await expect(query("delete from notes_history")).rejects.toMatchObject({ code: "55000" });
  });

  test("gains the columns a later migration adds", async () => {
    const id = randomUUID();
    await insert(id);
    await query("select add_tracked_column('notes', $1)", ["colour text not null default 'red'"]);
    await inUnit(database.engine, (client) => client.query("update notes set colour = 'blue' where id = $1", [id]));
    expect(await query("select colour from notes_history where id = $1", [id])).toEqual([{ colour: "red" }]);
    expect(await query("select before, after from change_events where entity_id = $1 and op = 'U'", [id])).toEqual([{ before: { colour: "red" }, after: { colour: "blue" } }]);
    await query("select drop_tracked_column('notes', 'colour')");
    await relabel(id, "second");
    expect(await query("select version from notes where id = $1", [id])).toEqual([{ version: 3 }]);
  });
});

describe("the change record", () => {
  test("names the unit and holds only what changed", async () => {
    const id = randomUUID();
    const unit = { action: "note.relabel", actor: randomUUID(), event: randomUUID(), request: "request-1" };
    await insert(id);
    await relabel(id, "second", unit);
    const [change] = await query("select action, actor_id, event_id, request_id, entity, op, version, county_code, before, after from change_events where entity_id = $1 and op = 'U'", [id]);
    expect(change).toEqual({
      action: unit.action, actor_id: unit.actor, event_id: unit.event, request_id: unit.request, entity: "notes", op: "U", version: 2, county_code: "000000",
      before: { label: "first", label_length: 5 }, after: { label: "second", label_length: 6 },
    });
  });

  test("never holds a personal value in clear", async () => {
    const id = randomUUID();
    await insert(id, { phone: "13800000000" });
    await inUnit(database.engine, (client) => client.query("update notes set phone = '13900000000' where id = $1", [id]));
    const changes = await query("select before, after from change_events where entity_id = $1 order by seq", [id]);
    expect(JSON.stringify(changes)).not.toMatch(/13[89]00000000/);
    const [first, second] = changes as [{ after: { phone: string } }, { before: { phone: string }; after: { phone: string } }];
    expect(first.after.phone).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(second.before.phone).toBe(first.after.phone);
    expect(second.after.phone).not.toBe(first.after.phone);
  });

  test("is append-only", async () => {
    for (const table of ["change_events", "audit_events"]) {
      await expect(query(`update ${table} set action = 'x'`)).rejects.toMatchObject({ code: "55000" });
      await expect(query(`delete from ${table}`)).rejects.toMatchObject({ code: "55000" });
      await expect(query(`truncate ${table}`)).rejects.toMatchObject({ code: "55000" });
    }
  });
});

describe("the clock of a unit", () => {
  const told = "2025-03-01T08:00:00+08:00";
  test("is the transaction's, unless the database tells a story", async () => {
    const id = randomUUID();
    await insert(id, {}, { clock: told });
    const at = (note: string) => query("select recorded_from = $2::timestamptz as told from notes where id = $1", [note, told]);
    expect(await at(id)).toEqual([{ told: false }]);
    await query("update system_settings set demo = true");
    const story = randomUUID();
    await insert(story, {}, { clock: told });
    expect(await at(story)).toEqual([{ told: true }]);
    await query("update system_settings set demo = false");
  });
});

test("migrations run up, down and up again", async () => {
  const other = await freshDatabase({ migrated: false });
  try {
    const ran = await migrate(other.engine);
    expect(ran.length).toBeGreaterThan(0);
    await revert(other.engine, ran.length);
    const { rows } = await other.engine.pool.query("select count(*)::int as left from pg_tables where schemaname = 'public' and tablename not in ('migrations', 'spatial_ref_sys')");
    expect(rows).toEqual([{ left: 0 }]);
    expect(await migrate(other.engine)).toEqual(ran);
    expect(await pendingMigrations(other.engine)).toEqual([]);
  } finally {
    await other.drop();
  }
}, 240_000);

test("numbers go on beyond six digits", async () => {
  await query("select setval('risk_numbers', 999998)");
  const made = await inUnit(database.engine, (client) => client.query("select next_code('R', 'risk_numbers', null) as code from generate_series(1, 2)"));
  expect((made.rows as { code: string }[]).map(({ code }) => code.split("-").at(-1))).toEqual(["999999", "1000000"]);
});
