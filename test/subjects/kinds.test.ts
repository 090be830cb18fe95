import { beforeAll, describe, expect, test } from "@jest/globals";
import { deedsIn, square, uuidOf, type Acted } from "../support/deeds.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const { done, refused, held, rows } = deedsIn(district);
let unit: string;

const register = (kind: string, more: Record<string, unknown>) => ({ input: { region: district.regions["huixing"], kind, name: `示例${kind}`, sector: "WATER", ...more } });

beforeAll(async () => {
  unit = (await done("organizationRegister", { input: { region: district.regions["yubei"], name: "示例管理处", kind: "GOV_DEPT" } })).id;
});

test("a facility, an area and a project are registered with what only they have, shown on their own types", async () => {
  const facility = await done("subjectRegister", register("KEY_FACILITY", { facility: { facilityKind: "RESERVOIR", managingUnit: unit } }));
  const induced = await done("subjectRegister", {
    ...register("KEY_AREA", { area: { areaKind: "GEO_HAZARD_POINT", boundary: square(106.6, 29.7, 0.01), managingUnit: unit, disasterType: "02", threatenedHouseholds: 12, threatenedPeople: 41, disposalType: "MONITORING", causedBy: district.sites[0] } }),
    read: "__typename ...on KeyArea{areaKind disposalType threatenedHouseholds threatenedPeople disasterType disasterTypeName boundary location managingUnit{name} causedBy{id}}",
  });
  expect(induced).toMatchObject({
    __typename: "KeyArea", areaKind: "GEO_HAZARD_POINT", disposalType: "MONITORING", threatenedHouseholds: 12, threatenedPeople: 41, disasterType: "02", disasterTypeName: "滑坡", boundary: square(106.6, 29.7, 0.01),
    // Without a point of its own an area is counted at one inside it.
    location: { type: "Point", coordinates: [106.605, 29.705] }, managingUnit: { name: "示例管理处" }, causedBy: { id: district.sites[0] },
  });
  const enterprise = (await district.as("office").ask("{enterprises(first:1){nodes{id}}}")).enterprises.nodes[0].id;
  const project = await done("subjectRegister", register("CONSTRUCTION_PROJECT", { sector: "CONSTRUCTION", project: { permitNo: "示例施工证001", ownerEnterprise: enterprise, stage: "FOUNDATION", plannedStart: "2026-01-01", plannedEnd: "2027-06-30" } }));
  const contractor = await done("projectContractorEnter", { input: { project: project.id, enterprise, role: "SUBCONTRACTOR", section: "一标段", enteredOn: "2026-02-01" } });
  expect(await refused("projectContractorEnter", { input: { project: project.id, enterprise, role: "SUBCONTRACTOR", section: "一标段" } })).toMatchObject({ code: "DUPLICATE", rule: "contractor_once" });
  expect(await refused("projectContractorEnter", { input: { project: facility.id, enterprise, role: "GENERAL" } })).toMatchObject({ code: "INVALID_INPUT", field: "input.project", kind: "KEY_FACILITY" });
  await done("projectContractorLeave", { on: contractor, input: { leftOn: "2026-03-01" } });
  for (const way of ["compiled", "plain"] as const) {
    const text = `{regulatedSubjects(first:10,orderBy:[{field:CODE,direction:ASC}],filter:{kind:{ne:ENTERPRISE_SITE}}){nodes{__typename name
      ...on KeyFacility{facilityKind managingUnit{name}} ...on KeyArea{areaKind} ...on ConstructionProject{permitNo stage plannedEnd ownerEnterprise{id} contractors(first:5){nodes{role section enteredOn leftOn enterprise{id}}}}}}}`;
    expect((await district.as("auditor", way).ask(text)).regulatedSubjects.nodes).toEqual([
      { __typename: "KeyFacility", name: "示例KEY_FACILITY", facilityKind: "RESERVOIR", managingUnit: { name: "示例管理处" } },
      { __typename: "KeyArea", name: "示例KEY_AREA", areaKind: "GEO_HAZARD_POINT" },
      { __typename: "ConstructionProject", name: "示例CONSTRUCTION_PROJECT", permitNo: "示例施工证001", stage: "FOUNDATION", plannedEnd: "2027-06-30", ownerEnterprise: { id: enterprise }, contractors: { nodes: [{ role: "SUBCONTRACTOR", section: "一标段", enteredOn: "2026-02-01", leftOn: "2026-03-01", enterprise: { id: enterprise } }] } },
    ]);
    // Fields of a kind filter, count and link like any other.
    const more = "query($u:ID!){a:regulatedSubjects(first:5,filter:{threatenedPeople:{gte:40},causedBy:{name:{startsWith:\"示例场所\"}}}){nodes{id}} b:regulatedSubjectCounts(by:[AREA_KIND],filter:{areaKind:{isNull:false}}){count areaKind} c:regulatedSubject(id:$u){inducedAreas(first:3){nodes{id}}} d:regulatedSubjects(first:5,filter:{contractors:{some:{role:{eq:SUBCONTRACTOR}}}}){totalCount}}";
    expect(await district.as("auditor", way).ask(more, { u: district.sites[0] })).toEqual({ a: { nodes: [{ id: induced.id }] }, b: [{ count: 1, areaKind: "GEO_HAZARD_POINT" }], c: { inducedAreas: { nodes: [{ id: induced.id }] } }, d: { totalCount: 1 } });
  }
});

test("what belongs to another kind is refused, at registration, at update and by the database", async () => {
  expect(await refused("subjectRegister", register("KEY_FACILITY", { area: { areaKind: "SCENIC" } }))).toMatchObject({ code: "INVALID_INPUT", field: "input.area", rule: "only of kind KEY_AREA", kind: "KEY_FACILITY" });
  const site = await done("subjectUpdate", { on: { id: district.sites[1]!, version: 2 }, input: { address: "示例路2号" } });
  expect(await refused("subjectUpdate", { on: site, input: { project: { stage: "HALTED" } } })).toMatchObject({ code: "INVALID_INPUT", field: "input.project", kind: "ENTERPRISE_SITE" });
  expect(await refused("subjectRegister", register("KEY_AREA", { area: { areaKind: "SCENIC", disposalType: "RELOCATION" } }))).toMatchObject({ code: "RULE_VIOLATED", rule: "disposal_of_hazard_points" });
  const id = uuidOf(site.id);
  await held("facility_fields_of_facilities", "update subjects set facility_kind = 'DYKE' where id = $1", [id]);
  await held("area_fields_of_areas", "update subjects set threatened_people = 3 where id = $1", [id]);
  await held("project_fields_of_projects", "update subjects set stage = 'HALTED' where id = $1", [id]);
  await held("managing_unit_of_facilities_and_areas", "update subjects set managing_unit_id = $2 where id = $1", [id, uuidOf(unit)]);
  await held("contractors_of_projects", "insert into project_contractors (id, subject_id, enterprise_id, role, entered_on) select gen_random_uuid(), id, enterprise_id, 'GENERAL', '2026-01-01' from subjects where id = $1", [id]);
  // Whom one does not see one does not blame.
  const far = (await rows("select id from subjects where name = '示例场所1'"))[0]!["id"] as string;
  expect(await refused("subjectRegister", { by: "street", ...register("KEY_AREA", { area: { areaKind: "GEO_HAZARD_POINT", causedBy: `RegulatedSubject_${far}` } }) })).toMatchObject({ code: "NOT_FOUND" });
});

describe("a key facility or area is confirmed only with its kind and its managing unit", () => {
  const led = async (more: Record<string, unknown>): Promise<Acted> => {
    const subject = await done("subjectRegister", register("KEY_AREA", more));
    await done("regulationRelationSet", { input: { subject: subject.id, organization: unit, role: "LEAD" } });
    return subject;
  };
  test("refused without, and done with", async () => {
    const bare = await led({});
    expect(await refused("subjectActivate", { on: bare })).toMatchObject({ code: "RULE_VIOLATED", rule: "key_subject_complete" });
    const told = await done("subjectUpdate", { on: bare, input: { area: { areaKind: "URBAN_FLOOD", managingUnit: unit } } });
    expect(await done("subjectActivate", { on: told, read: "status" })).toMatchObject({ status: "ACTIVE" });
  });
});

describe("an area that is none is refused with what is wrong, and where", () => {
  const area = (boundary: unknown) => refused("subjectRegister", register("KEY_AREA", { area: { areaKind: "FOREST", boundary } }));
  const polygon = (...rings: number[][][]) => ({ type: "Polygon", coordinates: rings });

  // What is no geometry at all is refused as it comes in; what is one, but no area of this country, by the action.
  test.each([
    ["a point", { type: "Point", coordinates: [106.6, 29.7] }, { code: "INVALID_INPUT", field: "input.area.boundary", rule: "Polygon, MultiPolygon", actual: "Point" }],
    ["a ring left open", polygon([[106.6, 29.7], [106.61, 29.7], [106.61, 29.71], [106.6, 29.71]]), { code: "BAD_USER_INPUT", at: "coordinates[0]", rule: expect.stringContaining("a ring is closed: its last position is its first") }],
    ["a ring of three", polygon([[106.6, 29.7], [106.61, 29.7], [106.6, 29.7]]), { code: "BAD_USER_INPUT", at: "coordinates[0]", rule: expect.stringContaining("a ring has at least four positions") }],
    ["latitude first", polygon([[29.7, 106.6], [29.7, 106.61], [29.71, 106.61], [29.7, 106.6]]), { code: "BAD_USER_INPUT", at: "coordinates[0][0]", rule: expect.stringContaining("longitude comes first") }],
    ["latitude first, where the world has such a place", polygon([[29.7, 88.6], [29.7, 88.61], [29.71, 88.61], [29.7, 88.6]]), { code: "INVALID_INPUT", field: "input.area.boundary.coordinates.0.0", rule: "lon 73 to 136, lat 3 to 54; is the order [lon, lat]?", actual: [29.7, 88.6] }],
    ["another country", polygon([[2.3, 48.8], [2.4, 48.8], [2.4, 48.9], [2.3, 48.8]]), { code: "INVALID_INPUT", field: "input.area.boundary.coordinates.0.0", rule: "lon 73 to 136, lat 3 to 54", actual: [2.3, 48.8] }],
    ["another country from the third position on", polygon([[106.6, 29.7], [106.61, 29.7], [2.4, 48.9], [106.6, 29.7]]), { code: "INVALID_INPUT", field: "input.area.boundary.coordinates.0.2", actual: [2.4, 48.9] }],
    ["text for a number", polygon([["106.6" as never, 29.7]]), { code: "BAD_USER_INPUT", at: "coordinates[0][0]", rule: expect.stringContaining("[lon, lat], two finite numbers") }],
    ["a height", polygon([[106.6, 29.7, 200]]), { code: "BAD_USER_INPUT", at: "coordinates[0][0]", rule: expect.stringContaining("[lon, lat], two finite numbers") }],
    ["no ring", { type: "Polygon", coordinates: [] }, { code: "BAD_USER_INPUT", at: "coordinates", rule: expect.stringContaining("an array that is not empty") }],
    ["a polygon in the place of several", { ...square(106.6, 29.7, 0.01), type: "MultiPolygon" }, { code: "BAD_USER_INPUT", at: "coordinates[0][0][0]", rule: expect.stringContaining("[lon, lat], two finite numbers") }],
    ["more positions than an area needs", polygon([...Array.from({ length: 5_001 }, (_, index) => [106.6 + index / 1e5, 29.7]), [106.6, 29.7]]), { code: "INVALID_INPUT", field: "input.area.boundary", rule: "at most 5000 positions", actual: 5_002 }],
  ])("%s", async (_, boundary, facts) => {
    expect(await area(boundary)).toMatchObject(facts);
  });

  test("rings that cross themselves, told by the place of the crossing", async () => {
    expect(await area(polygon([[106.6, 29.7], [106.62, 29.72], [106.62, 29.7], [106.6, 29.72], [106.6, 29.7]]))).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_23_boundary_sound", reason: "Self-intersection", at: [expect.closeTo(106.61, 6), expect.closeTo(29.71, 6)] });
    await held("inv_23_boundary_sound", "update subjects set boundary = st_geomfromtext('POLYGON((106.6 29.7,106.62 29.72,106.62 29.7,106.6 29.72,106.6 29.7))', 4490) where kind = 'KEY_AREA'");
    await held("inv_23_boundary_in_china", "update subjects set boundary = st_makeenvelope(29, 106, 30, 107, 4490) where kind = 'KEY_AREA'");
    await held("inv_23_boundary_in_china", "update subjects set boundary = st_setsrid(st_makepoint(106.6, 29.7), 4490) where kind = 'KEY_AREA'");
  });

  test("an area in the place of a point is refused as well", async () => {
    expect(await refused("subjectRegister", register("KEY_AREA", { location: square(106.6, 29.7, 0.01) }))).toMatchObject({ code: "INVALID_INPUT", field: "input.location", rule: "Point", actual: "Polygon" });
  });

  test("several polygons with a hole are an area", async () => {
    const hole = [[106.602, 29.702], [106.604, 29.702], [106.604, 29.704], [106.602, 29.702]];
    const several = { type: "MultiPolygon", coordinates: [[...square(106.6, 29.7, 0.01).coordinates, hole], square(106.25, 29.5, 0.125).coordinates] };
    expect(await done("subjectRegister", { ...register("KEY_AREA", { area: { areaKind: "FOREST", boundary: several } }), read: "...on KeyArea{boundary}" })).toMatchObject({ boundary: several });
  });
});
