import { expect, test } from "@jest/globals";
import { gradeOfR } from "../../src/risk-objects/risk-object.js";
import { deedsIn, uuidOf } from "../support/deeds.js";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const { done, refused, held, rows } = deedsIn(district);
const installation = (more: Record<string, unknown>) => ({ by: "enterprise", input: { subject: district.sites[0], name: "示例罐区", type: "MAJOR_HAZARD_INSTALLATION", ...more }, read: "hazardInstallationGrade rValue" });

test("the grade of a major hazard installation follows from R, at the edges of GB 18218 and in the database alike", async () => {
  const edges = ["0", "9.99", "10", "49.999", "50", "99.99", "100", "250.5"];
  const grades = ["LEVEL_4", "LEVEL_4", "LEVEL_3", "LEVEL_3", "LEVEL_2", "LEVEL_2", "LEVEL_1", "LEVEL_1"];
  expect(edges.map(gradeOfR)).toEqual(grades);
  expect((await rows("select array_agg(installation_grade(r) order by r) as grades from unnest($1::numeric[]) r", [edges]))[0]!["grades"]).toEqual(grades);
  const object = await done("riskObjectRegister", installation({ rValue: "50" }));
  expect(object).toMatchObject({ hazardInstallationGrade: "LEVEL_2", rValue: "50" });
  expect(await done("riskObjectUpdate", { by: "enterprise", on: object, input: { rValue: "9.5" }, read: "hazardInstallationGrade" })).toMatchObject({ hazardInstallationGrade: "LEVEL_4" });
});

test("a stated grade that differs is refused; one that agrees, or stands without R, is taken", async () => {
  expect(await refused("riskObjectRegister", installation({ rValue: "12.5", hazardInstallationGrade: "LEVEL_2" }))).toMatchObject({ code: "LEVEL_DISAGREES", stated: "LEVEL_2", computed: "LEVEL_3", rValue: "12.5" });
  expect(await done("riskObjectRegister", installation({ rValue: "12.5", hazardInstallationGrade: "LEVEL_3" }))).toMatchObject({ hazardInstallationGrade: "LEVEL_3" });
  const unknown = await done("riskObjectRegister", installation({ hazardInstallationGrade: "LEVEL_1" }));
  expect(unknown).toMatchObject({ hazardInstallationGrade: "LEVEL_1", rValue: null });
  expect(await refused("riskObjectUpdate", { by: "enterprise", on: unknown, input: { hazardInstallationGrade: "LEVEL_1", rValue: "10" } })).toMatchObject({ code: "LEVEL_DISAGREES" });
  await held("grade_follows_r", "update risk_objects set r_value = 10 where id = $1", [uuidOf(unknown.id)]);
  expect(await refused("riskObjectRegister", { by: "enterprise", input: { subject: district.sites[0], name: "示例库房", type: "WAREHOUSE", hazardInstallationGrade: "LEVEL_4" } })).toMatchObject({ code: "RULE_VIOLATED", rule: "grade_of_installations_only" });
});

test("objects and units name who is liable, and are drawn where they are", async () => {
  const person = await done("personRegister", { input: { region: district.regions["village"], name: "示例责任人", kind: "ENTERPRISE", enterprise: district.enterprises[0] } });
  const object = await done("riskObjectRegister", installation({ liablePerson: person.id, location: { type: "Point", coordinates: [106.621, 29.701] } }));
  const unit = await done("riskUnitRegister", { by: "enterprise", input: { object: object.id, name: "示例单元", liablePerson: person.id }, read: "liablePerson{name} object{liablePerson{name} location}" });
  expect(unit).toMatchObject({ liablePerson: { name: "示例责任人" }, object: { liablePerson: { name: "示例责任人" }, location: { type: "Point", coordinates: [106.621, 29.701] } } });
  expect(await done("riskUnitUpdate", { by: "enterprise", on: unit, input: { department: "示例车间" }, read: "department name" })).toMatchObject({ department: "示例车间", name: "示例单元" });
  const { riskObjectFeatures } = await district.as("auditor").ask("{riskObjectFeatures(first:10,filter:{bbox:{west:106.62,south:29.7,east:106.63,north:29.71}})}");
  expect(riskObjectFeatures.features.map(({ id }: { id: string }) => id)).toEqual([object.id]);
  expect(await refused("riskObjectRegister", { by: "neighbour", input: { subject: district.sites[0], name: "示例", type: "PLACE" } })).toMatchObject({ code: "NOT_FOUND" });
});
