import { randomUUID } from "node:crypto";
import { levelOf, type MethodDefinition } from "../../src/assessment-methods/definition.js";
import type { Actor } from "../../src/platform/actor.js";
import type { Engine } from "../../src/platform/db/engine.js";
import { actAs, type Call } from "../../src/platform/write/act.js";
import { newUuid } from "../../src/platform/write/identifier.js";
import type { Unit } from "../../src/platform/write/unit.js";
import { registerBodies, registerRegions, type BulkTown } from "./bulk-places.js";
import { expertRound } from "./bulk-rounds.js";
import { insertRows, updateRows } from "./bulk-rows.js";
import { day, Dice, END, inventedUscc, iso, SECTORS, START } from "./story.js";

const HOUR = 3_600_000;
const SUBJECTS_A_CHUNK = 50;
const RISKS_A_SUBJECT = 10;
const RISKS_A_CHUNK = SUBJECTS_A_CHUNK * RISKS_A_SUBJECT;
/** Above this many risks the bulk is a city of several districts. */
const DISTRICT_HOLDS = 100_000;
/** Invented credit codes of the bulk begin beyond those of the story. */
const FIRST_NUMBER = 1_000_000;

/** Identified, assessed, approved. */
const FIRST_VERSIONS = 3;
/** The most versions that fit between the chunk's beginning and the story's end. */
export const MOST_VERSIONS = 23;
/** Inputs of a low and of a moderate risk. */
const MOVES: readonly Record<string, number>[] = [{ L: 1, E: 3, C: 7 }, { L: 3, E: 3, C: 15 }];

const POINT = "=st_setsrid(st_makepoint(w.lon::float8, w.lat::float8), 4490)";

interface Ready {
  door: Engine;
  actor: Actor;
  towns: readonly BulkTown[];
  slots: Readonly<Record<string, { id: string; scheme: string }>>;
  method: MethodDefinition;
  methodVersion: string;
}

/**
 * Adds a district (or, above 100,000 risks, a city of four) of invented subjects, risks and hidden dangers to a demo database.
 * Each row comes into being by the same named steps as the story's, through the same triggers: it has its versions,
 * its change records and the action that made it. Only the statements are wide.
 * @param risks rounded up to whole chunks of 500.
 * @param versions at least so many of every risk, by reviews of all of them; unless given a third is reviewed once, one in fifty ten times.
 */
export async function seedBulk(engine: Engine, risks: number, progress: (done: number, total: number) => void, versions?: number): Promise<void> {
  const seeded = await engine.pool.query("select count(*)::int as begun, count(*) filter (where action = 'demo.bulkTold')::int as told from audit_events where action in ('demo.bulkBegun', 'demo.bulkTold')");
  if ((seeded.rows[0] as { begun: number }).begun > 0) throw new Error("该库已批量生成过;请换一个空库 / this database was filled in bulk before: use an empty one");
  const ready = await prepare(engine, risks > DISTRICT_HOLDS ? 4 : 1);
  const chunks = Math.ceil(risks / RISKS_A_CHUNK);
  let next = 0;
  let done = 0;
  const worker = async () => {
    while (next < chunks) {
      const chunk = next;
      next += 1;
      await new Chunk(ready, chunk, chunks, versions).tell();
      done += 1;
      progress(Math.min(done * RISKS_A_CHUNK, risks), risks);
    }
  };
  // Chunks share no row, so two connections may write at once; the embedded engine has one.
  await Promise.all(engine.kind === "postgresql" ? [worker(), worker()] : [worker()]);
  await actAs(engine, callOf(ready.actor), "demo.bulkTold", () => Promise.resolve(), iso(END));
  // So many updates leave a table several times its size: the present would cost more than it does where they took years.
  if (versions) await engine.pool.query("vacuum full risks").catch(() => undefined);
  await engine.pool.query("vacuum analyze").catch(() => engine.pool.query("analyze"));
}

const callOf = (actor: Actor): Call => ({ actor, requestId: randomUUID() });

async function prepare(door: Engine, districts: number): Promise<Ready> {
  const actor: Actor = { id: newUuid(START), kind: "SYSTEM", name: "批量初始化 / bulk seed", personId: null, grants: [] };
  const before = iso(START - 26 * 24 * HOUR);
  await actAs(door, callOf(actor), "demo.bulkBegun", () => Promise.resolve(), before);
  await actAs(door, callOf(actor), "region.load", (unit) => registerRegions(unit, districts), before);
  let towns: BulkTown[] = [];
  await actAs(door, callOf(actor), "organization.register", async (unit) => void (towns = await registerBodies(unit, districts)), before);
  const slots = Object.fromEntries(
    (await door.pool.query("select c.code || '.' || s.code as name, s.id, s.scheme_id as scheme from responsibility_slots s join responsibility_schemes c on c.id = s.scheme_id")).rows.map((row: { name: string; id: string; scheme: string }) => [row.name, row]),
  );
  const { rows } = await door.pool.query("select v.id, v.definition from assessment_method_versions v join assessment_methods m on m.id = v.method_id where m.code = 'LEC' and v.status = 'ACTIVATED' and v.valid_to is null");
  const [method] = rows as { id: string; definition: MethodDefinition }[];
  return { door, actor, towns, slots, method: method!.definition, methodVersion: method!.id };
}

interface BulkSubject {
  id: string;
  sector: (typeof SECTORS)[number];
  village: BulkTown["villages"][number];
  enterprise: string;
  principal: string;
  above: boolean;
  label: string;
  number: number;
  lon: number;
  lat: number;
}

interface BulkRisk {
  id: string;
  subject: BulkSubject;
  inputs: Record<string, number>;
  score: number | null;
  level: string;
}

/** Fifty subjects of one town with all that happens at them. */
class Chunk {
  private readonly dice: Dice;
  private readonly town: BulkTown;
  /** When the chunk's subjects are registered; what follows takes at most the rest of the story. */
  private readonly begins: number;

  constructor(
    private readonly ready: Ready,
    private readonly chunk: number,
    chunks: number,
    private readonly versions: number | undefined,
  ) {
    this.dice = new Dice(20_261_031 + chunk);
    this.town = ready.towns[chunk % ready.towns.length]!;
    this.begins = START + Math.floor(((END - START) * 0.6 * chunk) / chunks);
  }

  private step(action: string, hoursAfter: number, work: (unit: Unit, at: number) => Promise<void>): Promise<void> {
    const at = this.begins + hoursAfter * HOUR + this.dice.int(0, 3_599) * 1_000;
    return actAs(this.ready.door, callOf(this.ready.actor), action, (unit) => work(unit, at), iso(at));
  }

  async tell(): Promise<void> {
    const subjects = Array.from({ length: SUBJECTS_A_CHUNK }, (_, index) => this.subject(this.chunk * SUBJECTS_A_CHUNK + index + FIRST_NUMBER));
    await this.register(subjects);
    const risks = subjects.flatMap((subject) => Array.from({ length: RISKS_A_SUBJECT }, () => this.risk(subject)));
    await this.assess(risks);
    await (this.versions ? this.reviewAll(risks, Math.ceil((this.versions - FIRST_VERSIONS) / 2)) : this.review(risks));
    await this.hiddenDangers(risks.filter(() => this.dice.chance(0.3)));
  }

  private subject(number: number): BulkSubject {
    const { dice } = this;
    const sector = dice.pick(SECTORS);
    const village = dice.pick(this.town.villages);
    const spread = (degrees: number) => Math.round((degrees + (dice.next() - 0.5) * 0.008) * 1e6) / 1e6;
    return { id: newUuid(this.begins), sector, village, enterprise: newUuid(this.begins), principal: newUuid(this.begins), above: dice.chance(0.35), label: `演示${dice.pick(sector.names)}${number}号`, number, lon: spread(village.lon), lat: spread(village.lat) };
  }

  private async register(subjects: readonly BulkSubject[]): Promise<void> {
    const { town, ready, dice } = this;
    await this.step("enterprise.register", 0, (unit) =>
      insertRows(unit, "enterprises", { id: "uuid", region_id: "uuid", legal_name: "text", uscc: "text", size_class: "text", high_risk: "boolean", employees: "integer" }, subjects.map((subject) => ({ id: subject.enterprise, region_id: subject.village.id, legal_name: `${subject.label}有限公司(虚构)`, uscc: inventedUscc(subject.number), size_class: subject.above ? "ABOVE_DESIGNATED" : "BELOW_DESIGNATED", high_risk: subject.sector.code === "HAZCHEM", employees: subject.above ? dice.int(100, 900) : dice.int(5, 90) }))));
    await this.step("person.register", 1, (unit) =>
      insertRows(unit, "people", { id: "uuid", region_id: "uuid", name: "text", kind: "text", post: "text", enterprise_id: "uuid", duty_phone: "text", mobile: "text" }, subjects.map((subject) => ({ id: subject.principal, region_id: subject.village.id, name: `示例企业责任人·${subject.number}`, kind: "ENTERPRISE", post: "主要负责人", enterprise_id: subject.enterprise, duty_phone: "023-00000000", mobile: `10${String(subject.number).padStart(9, "0")}` }))));
    await this.step("subject.register", 2, (unit) =>
      insertRows(unit, "subjects", { id: "uuid", region_id: "uuid", code: "=next_code('JG', 'subject_numbers', w.region_id::uuid)", name: "text", kind: "text", enterprise_id: "uuid", sector: "text", address: "text", location: POINT, key_controlled: "boolean", supervision_class: "text" }, subjects.map((subject) => ({ id: subject.id, region_id: subject.village.id, name: subject.label, kind: subject.sector.code === "CONSTRUCTION" ? "CONSTRUCTION_PROJECT" : "ENTERPRISE_SITE", enterprise_id: subject.enterprise, sector: subject.sector.code, address: `${town.name}演示路${subject.number}号`, lon: subject.lon, lat: subject.lat, key_controlled: dice.chance(0.3), supervision_class: dice.pick(["A", "B", "C", "D"]) }))));
    await this.step("regulationRelation.set", 3, (unit, at) =>
      insertRows(unit, "regulation_relations", { id: "uuid", subject_id: "uuid", organization_id: "uuid", role: "text", level: "text", basis: "text", valid_from: "timestamptz" }, subjects.flatMap((subject) => {
        const department = town.district.departments.get(subject.sector.code)!.organization;
        const [lead, other] = subject.above ? [department, town.government] : [town.government, department];
        return [{ role: "LEAD", organization_id: lead, level: subject.above ? "DISTRICT" : "TOWN" }, { role: subject.above ? "COOPERATE" : "GUIDE", organization_id: other, level: subject.above ? "TOWN" : "DISTRICT" }].map((relation) => ({ ...relation, id: newUuid(at), subject_id: subject.id, basis: "规模规则 / by size", valid_from: iso(at) }));
      })));
    await this.step("subject.activate", 4, (unit) => updateRows(unit, "subjects", "status = 'ACTIVE'", subjects.map(({ id }) => id)));
    const appointed = ["SECTION_OFFICE", "COMMUNITY", "ENTERPRISE"] as const;
    await this.step("regulatorAssignment.appoint", 5, (unit, at) =>
      insertRows(unit, "regulator_assignments", { id: "uuid", subject_id: "uuid", scheme_id: "uuid", slot_id: "uuid", person_id: "uuid", status: "text", valid_from: "timestamptz", appointment_doc: "text", published: "boolean" }, subjects.flatMap((subject) =>
        appointed.map((name) => {
          const slot = ready.slots[`LEVEL_3.${name}`]!;
          const person = name === "ENTERPRISE" ? subject.principal : name === "COMMUNITY" ? town.district.departments.get(subject.sector.code)!.leader : town.regulator;
          return { id: newUuid(at), subject_id: subject.id, scheme_id: slot.scheme, slot_id: slot.id, person_id: person, status: "ACTIVE", valid_from: iso(at), appointment_doc: `批量演示任〔2025〕${subject.number}号`, published: true };
        }))));
  }

  private risk(subject: BulkSubject): BulkRisk {
    const { dice } = this;
    const inputs = { L: dice.pick([1, 3, 3, 6, 0.5]), E: dice.pick([6, 3, 3, 2]), C: dice.pick([7, 15, 15, 40, 3]) };
    return { id: newUuid(this.begins), subject, inputs, ...levelOf(this.ready.method, inputs) };
  }

  private async assess(risks: readonly BulkRisk[]): Promise<void> {
    const { dice } = this;
    const ids = risks.map(({ id }) => id);
    await this.step("risk.identify", 48, async (unit, at) => {
      await insertRows(unit, "risks", { id: "uuid", region_id: "uuid", code: "=next_code('R', 'risk_numbers', w.region_id::uuid)", name: "text", domain: "text", subject_id: "uuid", sector: "text", hazard_factor: "text", accident_type: "text", consequence: "text", origin_class: "text", key_attention: "boolean", location: POINT, status: "text" }, risks.map(({ id, subject }) => {
        const [name, accident, consequence] = dice.pick(subject.sector.risks);
        const offset = () => (dice.next() - 0.5) * 0.0008;
        return { id, region_id: subject.village.id, name, domain: "WORK_SAFETY", subject_id: subject.id, sector: subject.sector.code, hazard_factor: "21", accident_type: accident, consequence, origin_class: "TRADITIONAL", key_attention: dice.chance(0.1), lon: subject.lon + offset(), lat: subject.lat + offset(), status: "IDENTIFIED" };
      }));
      await insertRows(unit, "control_measures", { id: "uuid", risk_id: "uuid", kind: "text", description: "text", effective: "boolean" }, risks.map(({ id }) => ({ id: newUuid(at), risk_id: id, kind: dice.pick(["ENGINEERING", "MANAGEMENT", "HUMAN", "MATERIAL"]), description: "落实管控规程,每班检查", effective: true })));
    });
    await this.step("risk.assess", 72, async (unit, at) => {
      const assessments = await this.addAssessments(unit, risks, at);
      await insertRows(unit, "risk_level_changes", { id: "uuid", risk_id: "uuid", to_level: "text", changed_at: "timestamptz", reason: "text" }, risks.map(({ id, level }) => ({ id: newUuid(at), risk_id: id, to_level: level, changed_at: iso(at), reason: "初次评估" })));
      await unit.query("update risks r set status = 'ASSESSED', current_level = w.level, inherent_level = w.level, current_assessment_id = w.assessment from unnest($1::uuid[], $2::text[], $3::uuid[]) as w(id, level, assessment) where r.id = w.id", [ids, risks.map(({ level }) => level), assessments]);
    });
    await expertRound(this.ready.door, callOf(this.ready.actor), this.town, risks.filter(({ level }) => level === "MAJOR").map(({ id }) => id), this.begins + 96 * HOUR);
    await this.step("risk.approve", 120, async (unit, at) => {
      await unit.query("update risks r set status = 'IN_FORCE', responsible_person_id = w.person, emergency_plan_ref = '演示预案-01', next_review_due = $3 from unnest($1::uuid[], $2::uuid[]) as w(id, person) where r.id = w.id", [ids, risks.map(({ subject }) => subject.principal), day(at + 180 * 24 * HOUR)]);
    });
  }

  /** Gives the UUIDs of the assessments, in the order of the risks. */
  private async addAssessments(unit: Unit, risks: readonly BulkRisk[], at: number): Promise<string[]> {
    const rows = risks.map((risk) => ({ id: newUuid(at), risk_id: risk.id, method: "LEC", method_version_id: this.ready.methodVersion, inputs: risk.inputs, score: risk.score, computed_level: risk.level, stage: "CURRENT", assessed_at: iso(at) }));
    await insertRows(unit, "risk_assessments", { id: "uuid", risk_id: "uuid", method: "text", method_version_id: "uuid", inputs: "jsonb", score: "numeric", computed_level: "text", stage: "text", assessed_at: "timestamptz" }, rows);
    return rows.map(({ id }) => id);
  }

  /** A third of the risks are reviewed once, one in fifty ten times: some rows have a long past. */
  private async review(risks: readonly BulkRisk[]): Promise<void> {
    const often = risks.filter(() => this.dice.chance(0.02));
    const once = risks.filter((risk) => !often.includes(risk) && this.dice.chance(0.33));
    for (let round = 0; round < 10; round += 1) {
      const reviewed = round === 0 ? [...once, ...often] : often;
      const ids = reviewed.map(({ id }) => id);
      await this.step("risk.startReview", 600 + round * 300, (unit) => updateRows(unit, "risks", "status = 'REVIEWING', reassess_trigger = 'PERIODIC'", ids));
      await this.step("risk.concludeReview", 648 + round * 300, async (unit, at) => {
        const assessments = await this.addAssessments(unit, reviewed, at);
        await unit.query("update risks r set status = 'IN_FORCE', reassess_trigger = null, next_review_due = $3, current_assessment_id = w.assessment from unnest($1::uuid[], $2::uuid[]) as w(id, assessment) where r.id = w.id", [ids, assessments, day(at + 180 * 24 * HOUR)]);
      });
    }
  }

  /** Every risk is reviewed in every round; some move between the two lowest levels, which no round of lowering is needed for. */
  private async reviewAll(risks: readonly BulkRisk[], rounds: number): Promise<void> {
    const { dice, ready } = this;
    const other = new Map(MOVES.map((inputs) => [levelOf(ready.method, inputs).level, inputs]));
    const ids = risks.map(({ id }) => id);
    for (let round = 0; round < rounds; round += 1) {
      const rest = () => Math.floor(dice.next() * 200);
      await this.step("risk.startReview", 600 + round * 300 + rest(), (unit) => updateRows(unit, "risks", "status = 'REVIEWING', reassess_trigger = 'PERIODIC'", ids));
      await this.step("risk.concludeReview", 810 + round * 300 + Math.floor(rest() / 3), async (unit, at) => {
        const moved = risks.filter(({ level }) => other.has(level) && dice.chance(0.2)).map((risk) => ({ risk, from: risk.level }));
        for (const { risk, from } of moved) {
          const inputs = [...other].find(([level]) => level !== from)![1];
          Object.assign(risk, { inputs, ...levelOf(ready.method, inputs) });
        }
        const assessments = await this.addAssessments(unit, risks, at);
        await insertRows(unit, "risk_level_changes", { id: "uuid", risk_id: "uuid", from_level: "text", to_level: "text", changed_at: "timestamptz", reason: "text", reassess_trigger: "text", approved_by: "uuid" }, moved.map(({ risk, from }) => ({ id: newUuid(at), risk_id: risk.id, from_level: from, to_level: risk.level, changed_at: iso(at), reason: "复评 / review", reassess_trigger: "PERIODIC", approved_by: ready.actor.id })));
        await unit.query("update risks r set status = 'IN_FORCE', reassess_trigger = null, current_level = w.level, current_assessment_id = w.assessment, next_review_due = $4 from unnest($1::uuid[], $2::text[], $3::uuid[]) as w(id, level, assessment) where r.id = w.id", [ids, risks.map(({ level }) => level), assessments, day(at + 180 * 24 * HOUR)]);
      });
    }
  }

  private async hiddenDangers(at: readonly BulkRisk[]): Promise<void> {
    const { dice } = this;
    const found = at.map((risk) => ({ id: newUuid(this.begins), risk }));
    const reached = (share: number, among: typeof found) => among.filter(() => dice.chance(share));
    await this.step("hiddenDanger.register", 900, (unit, now) =>
      insertRows(unit, "hidden_dangers", { id: "uuid", region_id: "uuid", code: "=next_code('YH', 'hidden_danger_numbers', w.region_id::uuid)", title: "text", kind: "text", grade: "text", manage_type: "text", discovery_source: "text", discovered_at: "timestamptz", self_reported_at: "timestamptz", subject_id: "uuid", risk_id: "uuid", sector: "text", location: POINT, status: "text" }, found.map(({ id, risk: { subject, id: risk } }) => ({ id, region_id: subject.village.id, title: dice.pick(subject.sector.dangers), kind: "PHYSICAL", grade: "GENERAL", manage_type: "DEADLINE", discovery_source: "SELF_CHECK", discovered_at: iso(now), self_reported_at: iso(now), subject_id: subject.id, risk_id: risk, sector: subject.sector.code, lon: subject.lon, lat: subject.lat, status: "REGISTERED" }))));
    const assigned = reached(0.95, found);
    await this.step("hiddenDanger.assign", 930, async (unit, now) => {
      const deadline = day(now + 20 * 24 * HOUR);
      await insertRows(unit, "hazard_assignments", { id: "uuid", hidden_danger_id: "uuid", leg: "text", to_enterprise_id: "uuid", issued_at: "timestamptz", due_at: "date" }, assigned.map(({ id, risk }) => ({ id: newUuid(now), hidden_danger_id: id, leg: "RECTIFY", to_enterprise_id: risk.subject.enterprise, issued_at: iso(now), due_at: deadline })));
      await updateRows(unit, "hidden_dangers", "status = 'ASSIGNED', original_deadline = $2, effective_deadline = $2", assigned.map(({ id }) => id), deadline);
    });
    const taken = reached(0.9, assigned).map(({ id }) => id);
    await this.step("hiddenDanger.acceptTask", 960, async (unit, now) => {
      await unit.query("update hazard_assignments set received_at = $2 where hidden_danger_id = any($1)", [taken, iso(now)]);
      await updateRows(unit, "hidden_dangers", "status = 'RECTIFYING'", taken);
    });
    const fixed = reached(0.8, found.filter(({ id }) => taken.includes(id))).map(({ id }) => ({ id, attachment: newUuid(this.begins) }));
    const ids = fixed.map(({ id }) => id);
    await this.step("attachment.store", 1_200, (unit) =>
      insertRows(unit, "attachments", { id: "uuid", sha256: "text", media_type: "text", file_name: "text", size_bytes: "integer", status: "text" }, fixed.map(({ attachment }) => ({ id: attachment, sha256: Array.from({ length: 8 }, () => dice.int(0, 0xffffffff).toString(16).padStart(8, "0")).join(""), media_type: "image/jpeg", file_name: "整改后.jpg", size_bytes: 1, status: "STORED" }))));
    await this.step("hiddenDanger.reportRectified", 1_210, async (unit, now) => {
      await insertRows(unit, "hidden_danger_evidence", { id: "uuid", hidden_danger_id: "uuid", attachment_id: "uuid", phase: "text", taken_at: "timestamptz" }, fixed.map(({ id, attachment }) => ({ id: newUuid(now), hidden_danger_id: id, attachment_id: attachment, phase: "AFTER", taken_at: iso(now) })));
      await updateRows(unit, "hidden_dangers", "status = 'PENDING_ACCEPTANCE', rectified_at = $2", ids, iso(now));
    });
    await this.step("hiddenDanger.accept", 1_260, async (unit, now) => {
      await insertRows(unit, "acceptance_records", { id: "uuid", hidden_danger_id: "uuid", accepted_at: "timestamptz", result: "text", comment: "text" }, fixed.map(({ id }) => ({ id: newUuid(now), hidden_danger_id: id, accepted_at: iso(now), result: "PASS", comment: "现场复查合格" })));
      await unit.query("update hazard_assignments set closed_at = $2, result = 'PASS' where hidden_danger_id = any($1)", [ids, iso(now)]);
      await updateRows(unit, "hidden_dangers", "status = 'ACCEPTED', accepted_at = $2", ids, iso(now));
    });
    await this.step("hiddenDanger.writeOff", 1_280, (unit, now) => updateRows(unit, "hidden_dangers", "status = 'CLOSED', closed_at = $2, write_off_no = next_code('XH', 'write_off_numbers', region_id)", ids, iso(now)));
  }
}
