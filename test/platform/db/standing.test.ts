import { randomUUID } from "node:crypto";
import { beforeAll, expect, test } from "@jest/globals";
import { Dice } from "../../../seeds/demo/story.js";
import { exactly, momentText, standingNodes } from "../../../src/platform/read/intervals.js";
import { inUnit, useDatabase } from "../../support/database.js";

const database = useDatabase();
const query = async (sql: string, values: unknown[] = []) => (await database.engine.pool.query(sql, values)).rows as Record<string, unknown>[];

const KEPT = `id uuid primary key, version integer not null default 1, recorded_from timestamptz not null,
  created_at timestamptz not null, created_by uuid, updated_at timestamptz not null, updated_by uuid, county_code text not null default '000000'`;
const CELL_MICROS = 2 ** 26;
const EPOCH_MICROS = 946_684_800_000_000;
/** Microseconds since 1970, near the edge of a cell of the tree or anywhere in it. */
const moment = (dice: Dice, cells: number) => EPOCH_MICROS + dice.int(11_900_000, 11_900_000 + cells) * CELL_MICROS + (dice.chance(0.6) ? dice.int(-2, 2) : dice.int(0, CELL_MICROS));
const TO_MOMENT = "timestamptz '1970-01-01 00:00:00+00' + %s * interval '1 microsecond'";
const at = (micros: string) => `(${TO_MOMENT.replace("%s", micros)})`;

const listed = (text: string) => JSON.parse(text.replace("{", "[").replace("}", "]")) as number[];
const nodes = (micros: number, before: boolean) => listed(standingNodes(momentText(BigInt(micros)), before));

beforeAll(async () => {
  await query(`create table notes (${KEPT}, label text not null, shade text); select track('notes'); select index_standing('notes', '{county_code}', '{label, shade}');`);
});

test.each([3, 40, 3_000, 20_000_000])("nodes and bounds find exactly the versions that stood at an instant, over %s cells", async (cells) => {
  const dice = new Dice(cells);
  const intervals = Array.from({ length: 2_500 }, () => {
    const from = moment(dice, cells);
    return [from, Math.max(from + 1, dice.chance(0.3) ? from + dice.int(1, 3) : moment(dice, cells))];
  });
  // Half of the instants are bounds themselves: from included, to excluded.
  const instants = Array.from({ length: 150 }, () => (dice.chance(0.5) ? dice.pick(dice.pick(intervals)) : moment(dice, cells)));
  const [row] = await query(
    `with v as materialized (select f, t, standing_node(f, t) as node from (select ${at("a.f")} as f, ${at("a.t")} as t from unnest($1::bigint[], $2::bigint[]) as a(f, t)) b),
       i as materialized (select ${at("m")} as at, l as left_nodes, r as right_nodes from json_to_recordset($3) as a(m bigint, l integer[], r integer[]))
     select count(*)::int as pairs, count(*) filter (where stood)::int as stood, count(*) filter (where stood is distinct from found)::int as wrong, max(ways)::int as most
     from (select f <= at and t > at as stood, on_left or on_right as found, on_left::int + on_right::int as ways from (select *, node = any(left_nodes) and t > at as on_left, node = any(right_nodes) and f <= at and t > at as on_right from i cross join v) w) c`,
    [intervals.map(([from]) => from), intervals.map(([, to]) => to), JSON.stringify(instants.map((m) => ({ m, l: nodes(m, true), r: nodes(m, false) })))],
  );
  expect(row).toMatchObject({ pairs: 375_000, wrong: 0, most: 1 });
  expect(row!["stood"]).toBeGreaterThan(cells > 3 ? 1_000 : 100);
});

test("an instant before and beyond all that can be recorded has its nodes too", async () => {
  expect(standingNodes("1969-01-01T00:00:00Z", true)).toBe("{}");
  expect(listed(standingNodes("9999-12-31T23:59:59Z", false))).toHaveLength(1);
  const far = ["2999-01-15T00:00:00Z", true] as const;
  const [row] = await query("select standing_node('2999-01-01', '2999-02-01') = any($1::integer[]) as far", [[...listed(standingNodes(...far)), ...listed(standingNodes(far[0], false))]]);
  expect(row).toEqual({ far: true });
});

test.each(["2026-05-30T00:45:46Z", "2026-05-30T00:45:46.2Z", "2026-05-30T08:45:46.200001+08:00", "2026-05-30T24:00:00-03:30", "1970-01-01T00:00:00.000001Z", "1969-12-31T23:59:59.999999Z", "0001-01-01T23:59:59.999999+08:00", "9999-12-31T23:59:59.999999Z"])("the instant %s is the same microsecond for the database and for the tree", async (moment) => {
  expect(await query("select $1::timestamptz = $2::timestamptz as same", [exactly(moment), moment])).toEqual([{ same: true }]);
});

test("every tracked table has the indexes that reads as of an instant use", async () => {
  const lacking = await query(`
    select t.name, k.keys from tracked_tables t
    cross join lateral (select '{}'::text[] as keys union all select array['county_code'] where exists (select from tracked_columns(t.name) c where c.name = 'region_path')) k
    where not exists (select from standing_indexes s where s.of_table = t.name and s.keys = k.keys)
      or to_regclass(standing_index_name(t.name || '_history', k.keys, 'ended')) is null or to_regclass(standing_index_name(t.name || '_history', k.keys, 'begun')) is null`);
  expect(lacking).toEqual([]);
});

test("lists and lookups of the past pass over what had ended by its end in the index", async () => {
  const without = await query(`
    select indexrelid::regclass::text as index from pg_index join tracked_tables t on indrelid = (t.name || '_history')::regclass
    where pg_get_indexdef(indexrelid) like '% USING btree (%' and not exists (select from pg_attribute a where a.attrelid = indexrelid and a.attname = 'recorded_to')`);
  expect(without).toEqual([]);
});

test("a column added later is kept in history, and one dropped takes no index with it", async () => {
  const id = randomUUID();
  await inUnit(database.engine, (client) => client.query("insert into notes (id, label, shade) values ($1, 'first', 'dark')", [id]));
  await query("select add_tracked_column('notes', 'colour text')");
  await inUnit(database.engine, (client) => client.query("update notes set label = 'second', colour = 'red' where id = $1", [id]));
  await query("select drop_tracked_column('notes', 'shade')");
  await inUnit(database.engine, (client) => client.query("update notes set label = 'third' where id = $1", [id]));
  expect(await query("select label, colour, standing_node = standing_node(recorded_from, recorded_to) as placed from notes_history where id = $1 order by version", [id])).toEqual([
    { label: "first", colour: null, placed: true },
    { label: "second", colour: "red", placed: true },
  ]);
  expect(await query("select keys, includes from standing_indexes where of_table = 'notes' order by keys")).toEqual([{ keys: [], includes: [] }, { keys: ["county_code"], includes: ["label"] }]);
  expect((await query("select pg_get_indexdef('notes_history_ended_county_code'::regclass) as made"))[0]!["made"]).toMatch(/\(county_code, standing_node, recorded_to\) INCLUDE \(label\)$/);
  await query("select untrack('notes')");
  expect(await query("select from standing_indexes where of_table = 'notes'")).toEqual([]);
});
