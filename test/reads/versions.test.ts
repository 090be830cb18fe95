import { beforeAll, describe, expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";

const district = useDistrict();

interface Version {
  version: number;
  name: string;
  action: string;
  recordedFrom: string;
  recordedTo: string | null;
}

const VERSION = "version name action recordedFrom recordedTo";
let versions: Version[];

beforeAll(async () => {
  const office = district.as("office");
  for (const [expectedVersion, name] of ["改名一", "改名二", "改名三"].entries())
    await office.ask("mutation($k:String!,$id:ID!,$v:Int!,$i:SubjectUpdateInput!){subjectUpdate(idempotencyKey:$k,id:$id,expectedVersion:$v,input:$i){id}}", { k: district.key(), id: district.sites[0], v: expectedVersion + 2, i: { name } });
  versions = (await office.ask(`query($id:ID!){regulatedSubject(id:$id){versions(first:10){nodes{${VERSION}}}}}`, { id: district.sites[0] })).regulatedSubject.versions.nodes.toReversed();
});

describe.each(["compiled", "plain"] as const)("the version that stood at an instant, by %s reads", (way) => {
  const at = async (recorded: string, asOf = "", name = "auditor") =>
    (await district.as(name, way).ask(`query($id:ID!,$at:DateTime!)${asOf && `@asOf(recorded:"${asOf}")`}{regulatedSubject(id:$id){versionAt(recorded:$at){${VERSION}}}}`, { id: district.sites[0], at: recorded })).regulatedSubject?.versionAt;

  test("stands from its recording on and until the next, which is none of its time", async () => {
    expect(versions.map(({ action }) => action)).toEqual(["subject.register", "subject.activate", "subject.update", "subject.update", "subject.update"]);
    for (const version of versions) expect(await at(version.recordedFrom)).toEqual(version);
    for (const [index, version] of versions.slice(0, -1).entries()) expect(await at(version.recordedTo!)).toEqual(versions[index + 1]);
    expect(await at(new Date(Date.now() + 60_000).toISOString())).toEqual(versions.at(-1));
  });

  test("is none before the first, and none for who does not see the object", async () => {
    expect(await at(new Date(Date.parse(versions[0]!.recordedFrom) - 60_000).toISOString())).toBeNull();
    expect(await at(versions[2]!.recordedFrom, "", "stranger")).toBeUndefined();
  });

  test("as of an instant nothing later is known: the version of then stood for good", async () => {
    const third = versions[2]!;
    const known = { ...third, recordedTo: null };
    expect(await at(versions[4]!.recordedFrom, third.recordedFrom)).toEqual(known);
    expect(await at(third.recordedFrom, third.recordedFrom)).toEqual(known);
    expect(await at(versions[1]!.recordedFrom, third.recordedFrom)).toEqual(versions[1]);
  });

  test("is asked for many objects at once", async () => {
    const { regulatedSubjects } = await district.as("office", way).ask(`query($at:DateTime!){regulatedSubjects(first:5,orderBy:[{field:CODE,direction:ASC}]){nodes{id versionAt(recorded:$at){version}}}}`, { at: versions[3]!.recordedFrom });
    expect(regulatedSubjects.nodes).toEqual([{ id: district.sites[0], versionAt: { version: 4 } }, { id: district.sites[1], versionAt: { version: 2 } }]);
  });
});
