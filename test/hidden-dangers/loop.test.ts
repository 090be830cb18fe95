import { expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";

const district = useDistrict();
const REGISTER = "mutation($k:String!,$i:HiddenDangerRegisterInput!){hiddenDangerRegister(idempotencyKey:$k,input:$i){id code version status allowedActions}}";
const step = (name: string, input?: string) => `mutation($k:String!,$id:ID!,$v:Int!${input ? `,$i:${input}!` : ""}){${name}(idempotencyKey:$k,id:$id,expectedVersion:$v${input ? ",input:$i" : ""}){id status version writeOffNo}}`;
const ASSIGN = step("hiddenDangerAssign", "HiddenDangerAssignInput");
const TAKE = step("hiddenDangerAcceptTask");
const DONE = step("hiddenDangerReportRectified", "HiddenDangerReportRectifiedInput");
const PASS = step("hiddenDangerAccept");
const OFF = step("hiddenDangerWriteOff");

const register = async (more: Record<string, unknown> = {}) =>
  (await district.as("integrator").ask(REGISTER, { k: district.key(), i: { subject: district.sites[0], title: "配电箱未上锁", discoverySource: "SELF_CHECK", grade: "GENERAL", ...more } })).hiddenDangerRegister;
const assigned = async (id: string, v: number, more: Record<string, unknown> = {}) => (await district.as("street").ask(ASSIGN, { k: district.key(), id, v, i: { deadline: "2099-01-01", ...more } })).hiddenDangerAssign;

test("a hidden danger goes from registration to write-off, each step by who may take it", async () => {
  const made = await register();
  expect(made).toMatchObject({ status: "REGISTERED", version: 1 });
  expect(made.code).toMatch(/^YH-500112-\d{4}-\d{6}$/);
  expect((await assigned(made.id, 1)).status).toBe("ASSIGNED");
  await district.as("integrator").ask(TAKE, { k: district.key(), id: made.id, v: 2 });
  const evidence = await district.evidence("integrator", `after ${made.id}`);
  await district.as("integrator").ask(DONE, { k: district.key(), id: made.id, v: 3, i: { evidence: [evidence] } });
  expect(await district.as("enterprise").refused(PASS, { k: district.key(), id: made.id, v: 4 })).toMatchObject({ code: "FORBIDDEN" });
  expect(await district.as("neighbour").refused(PASS, { k: district.key(), id: made.id, v: 4 })).toMatchObject({ code: "NOT_FOUND" });
  await district.as("street").ask(PASS, { k: district.key(), id: made.id, v: 4 });
  const closed = (await district.as("street").ask(OFF, { k: district.key(), id: made.id, v: 5 })).hiddenDangerWriteOff;
  expect(closed).toMatchObject({ status: "CLOSED", version: 6 });
  expect(closed.writeOffNo).toMatch(/^XH-/);
  expect(await district.as("street").refused(OFF, { k: district.key(), id: made.id, v: 6 })).toMatchObject({ code: "INVALID_TRANSITION", state: "CLOSED" });
  const audit = await district.as("auditor").ask("query($f:AuditEventFilter){auditEvents(first:50,filter:$f,orderBy:[{field:AT,direction:ASC}]){nodes{action outcome}}}", { f: { entityId: { eq: made.id.split("_")[1] } } });
  expect(audit.auditEvents.nodes.map((event: { action: string }) => event.action)).toEqual(["register", "assign", "acceptTask", "reportRectified", "accept", "writeOff"].map((name) => `hiddenDanger.${name}`));
});

test("a stale version is told what changed since", async () => {
  const { id } = await register();
  await assigned(id, 1);
  const refusal = await district.as("integrator").refused(TAKE, { k: district.key(), id, v: 1 });
  expect(refusal).toMatchObject({ code: "CONFLICT", expectedVersion: 1, currentVersion: 2 });
  expect(refusal["changes"]).toContainEqual({ field: "status", base: "REGISTERED", current: "ASSIGNED" });
});

test("the same key gives the first answer again; with other content it is refused", async () => {
  const k = district.key();
  const i = { subject: district.sites[0], title: "应急照明损坏", discoverySource: "SELF_CHECK", grade: "GENERAL" };
  const first = await district.as("integrator").raw(REGISTER, { k, i });
  await assigned((first.data as { hiddenDangerRegister: { id: string } } | null | undefined)!.hiddenDangerRegister.id, 1);
  const again = await district.as("integrator").raw(REGISTER, { k, i });
  expect(again.data).toEqual(first.data);
  expect(again.extensions).toMatchObject({ idempotencyReplayed: true });
  expect(await district.as("integrator").refused(REGISTER, { k, i: { ...i, title: "另一条" } })).toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED" });
});

test("rectified without stored evidence is refused, and nothing is half done", async () => {
  const { id } = await register();
  await assigned(id, 1);
  await district.as("integrator").ask(TAKE, { k: district.key(), id, v: 2 });
  expect(await district.as("integrator").refused(DONE, { k: district.key(), id, v: 3, i: { evidence: [] } })).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_15_after_evidence" });
  const prepared = await district.as("integrator").ask("mutation($k:String!,$i:AttachmentPrepareInput!){attachmentPrepare(idempotencyKey:$k,input:$i){id}}", { k: district.key(), i: { sha256: "0".repeat(64), mediaType: "text/plain", fileName: "x.txt", sizeBytes: 1 } });
  expect(await district.as("integrator").refused(DONE, { k: district.key(), id, v: 3, i: { evidence: [prepared.attachmentPrepare.id] } })).toMatchObject({ code: "EVIDENCE_MISSING" });
  const stands = await district.as("street").ask("query($id:ID!){hiddenDanger(id:$id){status version evidence(first:5){nodes{phase}}}}", { id });
  expect(stands.hiddenDanger).toEqual({ status: "RECTIFYING", version: 3, evidence: { nodes: [] } });
});

test("a major hidden danger needs its clause, and five fixes before work starts", async () => {
  const i = { subject: district.sites[0], title: "除尘系统停用", discoverySource: "SELF_CHECK", grade: "MAJOR" };
  expect(await district.as("street").refused(REGISTER, { k: district.key(), i })).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_09_major_needs_clause" });
  const { id } = await register({ grade: "MAJOR", criterionClause: "第七条" });
  await assigned(id, 1);
  expect(await district.as("integrator").refused(TAKE, { k: district.key(), id, v: 2 })).toMatchObject({ code: "RULE_VIOLATED", rule: "inv_09_major_needs_five_fix" });
});

test("a key given for reading sees and does not act", async () => {
  expect((await district.as("gis").ask("{hiddenDangers(first:1){totalCount}}")).hiddenDangers.totalCount).toBeGreaterThan(0);
  expect(await district.as("gis").refused(REGISTER, { k: district.key(), i: { subject: district.sites[0], title: "不得登记", discoverySource: "SELF_CHECK", grade: "GENERAL" } })).toMatchObject({ code: "FORBIDDEN" });
});

test("who rectified does not accept", async () => {
  const { id } = await register();
  await assigned(id, 1);
  await district.as("integrator").ask(TAKE, { k: district.key(), id, v: 2 });
  const evidence = await district.evidence("integrator", `after ${id}`);
  await district.as("integrator").ask(DONE, { k: district.key(), id, v: 3, i: { evidence: [evidence] } });
  expect(await district.as("integrator").refused(PASS, { k: district.key(), id, v: 4 })).toMatchObject({ code: "FORBIDDEN" });
});

test("an answer that cannot be given is refused before anything is done", async () => {
  const k = district.key();
  const i = { subject: district.sites[0], title: "不应登记", discoverySource: "SELF_CHECK", grade: "GENERAL" };
  const mutation = (payload: string) => `mutation($k:String!,$i:HiddenDangerRegisterInput!){hiddenDangerRegister(idempotencyKey:$k,input:$i){${payload}}}`;
  const refusal = await district.as("street").raw(mutation("code evidence{nodes{phase}}"), { k, i });
  expect(refusal).toMatchObject({ data: null, errors: [{ path: ["hiddenDangerRegister"], extensions: { code: "PAGE_SIZE_REQUIRED" } }] });
  const { risks } = await district.as("street").ask("{risks(first:1){pageInfo{endCursor}}}");
  const foreign = await district.as("street").raw(mutation(`code evidence(first:1,after:${JSON.stringify(risks.pageInfo.endCursor ?? "eyJ2IjpbXX0=")}){nodes{phase}}`), { k, i });
  expect(foreign).toMatchObject({ data: null, errors: [{ path: ["hiddenDangerRegister"], extensions: { code: expect.stringMatching(/^(CURSOR_MISMATCH|INVALID_INPUT)$/) } }] });
  expect(await district.as("office").ask("query($f:HiddenDangerFilter){hiddenDangers(first:1,filter:$f){totalCount}}", { f: { title: { eq: i.title } } })).toEqual({ hiddenDangers: { totalCount: 0 } });
  // What an action gives is read like anything else: nested, aliased, with what only code computes.
  const given = await district.as("street").ask(mutation("n:code allowedActions subject{name risks(first:2){totalCount}} evidence(first:2){nodes{phase}}"), { k, i });
  expect(given.hiddenDangerRegister).toMatchObject({ n: expect.stringMatching(/^YH-/), allowedActions: expect.arrayContaining(["hiddenDanger.assign"]), subject: { name: "示例场所0", risks: { totalCount: 0 } }, evidence: { nodes: [] } });
});
