import { beforeAll, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { allActions } from "../../src/platform/actions.js";
import { allEntities, citationsOf } from "../../src/platform/entity/entity.js";
import { importCall } from "../../src/imports/import.service.js";
import { actAs } from "../../src/platform/write/act.js";
import { Region } from "../../src/regions/region.js";
import { deedsIn, square, uuidOf } from "../support/deeds.js";
import { useDistrict } from "../support/district.js";
import { seeded } from "../support/methods.js";

const district = useDistrict();
const { done, refused, rows } = deedsIn(district);
const OUTSIDE = { code: "FORBIDDEN", reason: "outside your area" };
const first = async (list: string, fields = "id version") => (await district.as("auditor").ask(`{${list}(first:1){nodes{${fields}}}}`))[list].nodes[0];
const region = async (name: string) => ({ id: district.regions[name]!, version: Number((await rows("select version from regions where id = $1", [uuidOf(district.regions[name]!)]))[0]!["version"]) });

describe("what all may read", () => {
  test("has an owner wherever an action changes it or makes it", () => {
    const acted = new Set([...allActions().values()].map(({ on }) => on));
    expect([...acted].filter(({ scope }) => scope.kind === "shared" && !scope.owner).map(({ name }) => name)).toEqual([]);
  });

  test("has an owner wherever it is the register's own and tracked", () => {
    expect(allEntities().filter((entity) => !entity.versionsOf && !entity.appendOnly && entity.scope.kind === "shared" && !entity.scope.owner).map(({ name }) => name)).toEqual([]);
  });
});

describe("regions", () => {
  const village = (parent: string, code: string) => ({ code, name: "示例社区", level: "VILLAGE", parent: district.regions[parent] });

  test("are registered below one's own area and nowhere else", async () => {
    expect(await done("regionRegister", { input: village("huixing", "500112004901") })).toMatchObject({ version: 1 });
    expect(await refused("regionRegister", { by: "stranger", input: village("huixing", "500112004902") })).toMatchObject(OUTSIDE);
    expect(await refused("regionRegister", { input: { code: "500108000000", name: "示例区", level: "DISTRICT", parent: district.regions["city"] } })).toMatchObject(OUTSIDE);
    expect(await refused("regionRegister", { by: "headquarters", input: { code: "990000000000", name: "示例省", level: "PROVINCE" } })).toMatchObject(OUTSIDE);
    expect(await rows("select 1 from regions where code in ('500112004902', '500108000000', '990000000000')")).toEqual([]);
  });

  test("have their boundary and former codes from their own office", async () => {
    const boundary = { boundary: square(106.5, 29.6, 0.2), datum: "CGCS2000", source: "示例" };
    const former = { code: "500229000000", name: "示例县", validTo: "2016-11-24" };
    expect(await refused("regionSetBoundary", { by: "stranger", on: await region("yubei"), input: boundary })).toMatchObject(OUTSIDE);
    for (const by of ["headquarters", "office"]) expect(await done("regionSetBoundary", { by, on: await region("yubei"), input: boundary })).toMatchObject({ id: district.regions["yubei"] });
    expect(await refused("regionAddFormerCode", { by: "stranger", on: await region("yubei"), input: former })).toMatchObject(OUTSIDE);
    expect(await done("regionAddFormerCode", { on: await region("yubei"), input: former })).toMatchObject({ id: district.regions["yubei"] });
  });

  test("are held to their owner in a unit without an action too", async () => {
    const stranger = await district.actor("stranger");
    const [{ id }] = (await rows("select id from regions where code = '500112000000'")) as [{ id: string }];
    const { engine } = district.database;
    await expect(actAs(engine, { actor: stranger, requestId: randomUUID() }, "import.region", (unit) => unit.take(Region, id))).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(actAs(engine, { actor: stranger, requestId: randomUUID() }, "import.region", (unit) => unit.add(Region, { code: "500112004903", name: "示例", level: "VILLAGE", parent: uuidOf(district.regions["huixing"]!) }))).rejects.toMatchObject({ code: "FORBIDDEN" });
    await actAs(engine, importCall("test"), "import.region", (unit) => unit.take(Region, id));
  });
});

describe("the nation's lists and methods", () => {
  test("are changed by who acts for the whole tree, and by no district's office", async () => {
    const list = await first("codeLists");
    const item = await first("codeItems");
    for (const by of ["office", "stranger"]) {
      expect(await refused("codeListRevise", { by, on: list, input: { validTo: "2030-01-01" } })).toMatchObject(OUTSIDE);
      expect(await refused("codeItemAdd", { by, input: { list: list.id, code: "Z1", nameZh: "示例" } })).toMatchObject(OUTSIDE);
      expect(await refused("codeItemRevise", { by, on: item, input: { nameZh: "被改名" } })).toMatchObject(OUTSIDE);
    }
    expect(await done("codeItemAdd", { by: "headquarters", input: { list: list.id, code: "Z1", nameZh: "示例" } })).toMatchObject({ version: 1 });
    expect(await rows("select count(*)::int as n from code_items where code = 'Z1'")).toEqual([{ n: 1 }]);
  });

  test("policies on coordinates are set for the whole tree by who secures the whole tree", async () => {
    await district.admit("security of yubei", "SECURITY_ADMIN", "yubei");
    const input = { layer: "Risk", audience: "EXPERT", decimals: 2 };
    expect(await refused("coordinatePolicySet", { by: "security of yubei", input })).toMatchObject(OUTSIDE);
    expect(await done("coordinatePolicySet", { by: "security_admin", input })).toMatchObject({ version: 1 });
  });

  test("a root below county level beside another root is not the top of the tree", async () => {
    const [{ id }] = (await rows("select gen_random_uuid() as id")) as [{ id: string }];
    await actAs(district.database.engine, importCall("test"), "region.load", (unit) => unit.query("insert into regions (id, code, name, level) values ($1, '310101000000', '示例区', 'DISTRICT')", [id]));
    await district.admit("office of a stray county", "COMMITTEE_OFFICE", null);
    await actAs(district.database.engine, importCall("test"), "grant.change", (unit) => unit.query("update grants set region_id = $1 where principal_id = (select id from principals where name = 'office of a stray county')", [id]));
    expect(await refused("codeListRevise", { by: "office of a stray county", on: await first("codeLists"), input: { validTo: "2030-01-01" } })).toMatchObject(OUTSIDE);
    expect(await done("codeListRevise", { by: "headquarters", on: await first("codeLists"), input: { validTo: null } })).toMatchObject({ id: (await first("codeLists")).id });
  });
});

describe("a method of assessment", () => {
  const names = { nameZh: "示例方法", nameEn: "example" };
  let methods: Record<string, { id: string; owner?: unknown }>;
  const drafted = (by: string, method: string) => ({ by, input: { method: methods[method]!.id, versionCode: `1-${by}`, definition: seeded("LEC") } });
  beforeAll(async () => {
    const ours = await done("assessmentMethodRegister", { input: { code: "OURS", ...names }, read: "owner{code}" });
    const all = await done("assessmentMethodRegister", { by: "headquarters", input: { code: "ALL", ...names }, read: "owner{code}" });
    methods = { ours, all };
  });

  test("belongs to the area its registrar acts for, or to the whole tree", () => {
    expect([methods["ours"]!.owner, methods["all"]!.owner]).toEqual([{ code: "500112000000" }, null]);
  });

  test("that a district registers is its own: another drafts and activates nothing of it", async () => {
    const version = await done("assessmentMethodVersionDraft", drafted("office", "ours"));
    expect(await refused("assessmentMethodVersionDraft", drafted("stranger", "ours"))).toMatchObject(OUTSIDE);
    const activation = { on: version, input: { validFrom: "2099-01-01" } };
    expect(await refused("assessmentMethodVersionActivate", { by: "stranger", ...activation })).toMatchObject(OUTSIDE);
    expect(await done("assessmentMethodVersionActivate", activation)).toMatchObject({ id: version.id });
  });

  test("of the whole tree is no district's to draft for", async () => {
    expect(await refused("assessmentMethodVersionDraft", drafted("office", "all"))).toMatchObject(OUTSIDE);
    expect(await done("assessmentMethodVersionDraft", drafted("headquarters", "all"))).toMatchObject({ version: 1 });
  });

  test("is not registered for another's area, nor for the whole tree by a district", async () => {
    expect(await refused("assessmentMethodRegister", { input: { code: "THEIRS", ...names, owner: district.regions["jiulongpo"] } })).toMatchObject(OUTSIDE);
    expect(await refused("assessmentMethodRegister", { input: { code: "THEIRS", ...names, owner: district.regions["city"] } })).toMatchObject(OUTSIDE);
    expect(await rows("select 1 from assessment_methods where code = 'THEIRS'")).toEqual([]);
  });
});

describe("keys of other systems", () => {
  const subject = (by: string, place: string, externalId: string) => ({ by, input: { region: district.regions[place], kind: "KEY_FACILITY", name: "示例设施", externalSystem: "示例平台", externalId } });

  test("are a county's own: another county meets none of them, and one's own are told as taken", async () => {
    expect(await done("subjectRegister", subject("office", "village", "K1"))).toMatchObject({ version: 1 });
    expect(await done("subjectRegister", subject("stranger", "jiulongpo", "K1"))).toMatchObject({ version: 1 });
    expect(await refused("subjectRegister", subject("office", "yuanyang", "K1"))).toMatchObject({ code: "DUPLICATE", rule: "subjects_external_key" });
  });

  test("are so in every table", async () => {
    const wrong = await rows(`
      select t.name from tracked_tables t where not exists (
        select 1 from pg_constraint c where c.conrelid = t.name::regclass and c.contype = 'u' and c.conname = t.name || '_external_key'
          and (select array_agg(a.attname::text order by a.attname) from unnest(c.conkey) k join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k) = array['county_code', 'external_id', 'source_system'])
        or exists (select 1 from pg_constraint c where c.conrelid = t.name::regclass and c.contype = 'u' and array_length(c.conkey, 1) = 2
          and (select array_agg(a.attname::text order by a.attname) from unnest(c.conkey) k join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k) = array['external_id', 'source_system'])`);
    expect(wrong).toEqual([]);
  });

  test("a grid's number in another county is no duplicate either", async () => {
    const grid = (by: string, place: string) => ({ by, input: { region: district.regions[place], code: "500112004001009", name: "示例网格", kind: "UNIT" } });
    expect(await done("gridRegister", grid("office", "village"))).toMatchObject({ version: 1 });
    expect(await done("gridRegister", grid("stranger", "jiulongpo"))).toMatchObject({ version: 1 });
    expect(await refused("gridRegister", grid("office", "village"))).toMatchObject({ code: "DUPLICATE", rule: "grids_code" });
  });
});

test("what is seen through its citations has an index on each, of the past too", async () => {
  const lacking: string[] = [];
  for (const entity of allEntities().filter(({ scope }) => scope.kind === "cited"))
    for (const [from, relation] of citationsOf(entity))
      for (const table of [from.table, `${from.table}_history`]) {
        const found = await rows("select 1 from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0] where i.indrelid = $1::regclass and a.attname = $2", [table, relation.key]);
        if (found.length === 0) lacking.push(`${table}.${relation.key}`);
      }
  expect(lacking).toEqual([]);
});
