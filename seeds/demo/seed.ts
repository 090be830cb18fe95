import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { newKey } from "../../src/auth/keys.js";
import type { Actor, Grant, Role } from "../../src/platform/actor.js";
import { entityNamed, globalId } from "../../src/platform/entity/entity.js";
import { act, actAs, type Call, type WriteDoor } from "../../src/platform/write/act.js";
import { newUuid } from "../../src/platform/write/identifier.js";
import { readCounties } from "../reference/counties.js";
import { loadReference } from "../reference/load.js";
import { planChain, type Scene } from "./chain.js";
import { RoundsStory } from "./review-rounds.js";
import { atWork, day, DAYS, Dice, END, inventedUscc, iso, LAST_DAY, SECTORS, START, TOWNS } from "./story.js";
import { planVisits } from "./visits.js";

export const DEMO_PRINCIPALS = ["integrator", "gis", "auditor", "district_regulator", "street_regulator", "community_worker", "enterprise", "system_admin", "security_admin", "audit_admin"] as const;
export type DemoPrincipal = (typeof DEMO_PRINCIPALS)[number];

/** Counties of Chongqing around the demo's: their boundaries show where it ends. */
const NEIGHBOURS = ["500105", "500106", "500109", "500113", "500115", "500117"];
const SUBJECTS = 200;
const RISKS_EACH = 3;
const HIDDEN_DANGERS = 1_000;
const HOUR = 3_600_000;

interface Deed {
  at: number;
  order: number;
  run: (clock: string) => Promise<void>;
}

export interface StorySubject {
  id: string;
  enterprise: string;
  town: number;
  sector: (typeof SECTORS)[number];
  village: string;
  risks: string[];
  principal: string;
  reporter: Actor;
  keyControlled: boolean;
  location: Record<string, unknown>;
  /** Who acts for the body that leads it. */
  lead: Actor;
}

/** Whether the story stands in the database, told to its end. */
export async function isSeeded(pool: WriteDoor["pool"]): Promise<boolean> {
  const { rows } = await pool.query("select exists (select 1 from audit_events where action = 'demo.told') as told");
  return (rows[0] as { told: boolean }).told;
}

/** Tells the demo's story through the actions themselves, each at its own time, so that history, audit and feed are true. */
export async function seedDemo(engine: WriteDoor, progress: (done: number, total: number) => void): Promise<void> {
  const { rows } = await engine.pool.query("select exists (select 1 from audit_events) as begun");
  if ((rows[0] as { begun: boolean }).begun) throw new Error("演示数据未讲完:请删除数据目录后重新启动 / the demo was interrupted: remove the data directory and start again");
  // Flushing to disk once at the end is enough: an interrupted story is told anew from an empty directory.
  const door: WriteDoor = { pool: engine.pool, durable: () => Promise.resolve() };
  const teller = await new Storyteller(door).prepare();
  await teller.tell(progress);
  await teller.close();
  await engine.durable();
}

class Storyteller {
  private readonly dice = new Dice(20_260_630);
  private readonly deeds: Deed[] = [];
  private readonly regions = new Map<string, { uuid: string; path: string }>();
  private readonly villages = new Map<number, string[]>();
  private readonly actors = new Map<string, Actor>();
  private readonly slots = new Map<string, string>();
  private readonly organizations = new Map<string, string>();
  private readonly subjects: StorySubject[] = [];
  private readonly seed: Actor = { id: newUuid(START), kind: "SYSTEM", name: "初始化 / seed", personId: null, grants: [{ role: "SEED", regionPath: "", countyCode: null, sectors: null, subjectId: null }] };
  private keys = 0;
  private rounds!: RoundsStory;

  constructor(private readonly door: WriteDoor) {}

  async prepare(): Promise<this> {
    await this.door.pool.query("update system_settings set demo = true, story_last_day = $1", [LAST_DAY]);
    await actAs(this.door, this.call(this.seed), "reference.load", (unit) => loadReference(unit), iso(START - 30 * 24 * HOUR));
    await this.loadRegions();
    for (const { id, code, scheme } of (await this.door.pool.query("select s.id, s.code, c.code as scheme from responsibility_slots s join responsibility_schemes c on c.id = s.scheme_id")).rows as { id: string; code: string; scheme: string }[]) this.slots.set(`${scheme}.${code}`, id);
    await this.bodies();
    await this.convene();
    this.planSubjects();
    planChain(this.scene("chain", 1_000_000));
    planVisits(this.scene("visit", 2_000_000));
    return this;
  }

  /** For a further part of the story: keys and order of its own, so that what the rest counts stays as it was. */
  private scene(name: string, order: number): Scene {
    let deeds = 0;
    return {
      seed: this.seed,
      town: (index) => this.actors.get(`town:${index}`)!,
      schedule: (at, run) => this.later({ at, order: order + (deeds += 1), run }),
      do: async (actor, action, clock, args) => {
        const done = await act(this.door, this.call(actor), action, { ...args, idempotencyKey: `demo-${name}-${(deeds += 1)}` }, clock);
        return globalId(done.entity, done.uuid);
      },
      region: (code) => this.regionId(code),
      villages: (town) => this.villages.get(town)!,
      known: (name) => this.organizations.get(name)!,
      slot: (name) => globalId(entityNamed("ResponsibilitySlot")!, this.slots.get(name)!),
      subjects: () => this.subjects,
    };
  }

  async tell(progress: (done: number, total: number) => void): Promise<void> {
    let done = 0;
    // Deeds make further deeds (a hidden danger is assigned after it is registered): always the earliest next.
    const queue = new Queue(this.deeds);
    this.later = (deed) => queue.push(deed);
    for (let deed = queue.pop(); deed; deed = queue.pop()) {
      if (deed.at > END) continue;
      await deed.run(iso(deed.at));
      done += 1;
      if (done % 100 === 0) progress(done, done + queue.size);
    }
    progress(done, done);
  }

  /** Marks the end, so that an interrupted story is not taken for a whole one. */
  async close(): Promise<void> {
    await actAs(this.door, this.call(this.seed), "demo.told", () => Promise.resolve(), iso(END));
    await this.door.pool.query("analyze");
  }

  private later: (deed: Deed) => void = (deed) => void this.deeds.push(deed);

  private schedule(at: number, run: (clock: string) => Promise<void>): void {
    this.later({ at, order: (this.keys += 1), run });
  }

  private call(actor: Actor): Call {
    return { actor, requestId: randomUUID() };
  }

  private async do(actor: Actor, action: string, clock: string, args: { id?: string; input?: Record<string, unknown> }): Promise<string> {
    const done = await act(this.door, this.call(actor), action, { ...args, idempotencyKey: `demo-story-${(this.keys += 1)}` }, clock);
    return globalId(done.entity, done.uuid);
  }

  private async loadRegions(): Promise<void> {
    const file = join(dirname(fileURLToPath(import.meta.url)), "../reference/divisions_4districts_2023.csv");
    const source = file.includes("/dist/") ? file.replace("/dist/", "/") : file;
    const rows = parse(await readFile(source), { columns: true, bom: true }) as { code12: string; parent_code12: string; name: string; level: string }[];
    const LEVEL: Record<string, string> = { county: "DISTRICT", street: "TOWN", community: "VILLAGE" };
    const wanted = [
      { code: "500000000000", parent: "", name: "重庆市", level: "PROVINCE" },
      { code: "500100000000", parent: "500000000000", name: "重庆市市辖区", level: "CITY" },
      ...rows.filter((row) => row.code12.startsWith("500112")).map((row) => ({ code: row.code12, parent: row.parent_code12, name: row.name, level: LEVEL[row.level]! })),
    ];
    const counties = await readCounties(["500112", ...NEIGHBOURS]);
    wanted.push(...counties.filter(({ code }) => !wanted.some((known) => known.code === code)).map(({ code, name }) => ({ code, parent: "500100000000", name, level: "DISTRICT" })));
    await actAs(this.door, this.call(this.seed), "region.load", async (unit) => {
      for (const region of wanted) {
        const uuid = newUuid(START);
        const town = TOWNS.find(({ code }) => code === region.code);
        const [row] = await unit.query<{ path: string }>(
          "insert into regions (id, code, name, level, parent_id, valid_from, source_system, external_id, point) values ($1, $2, $3, $4, $5, '2023-06-30', 'stats.gov.cn', $2, case when $6::float8 is null then null else st_setsrid(st_makepoint($6, $7), 4490) end) returning path::text",
          [uuid, region.code, region.name, region.level, this.regions.get(region.parent)?.uuid ?? null, town?.lon ?? null, town?.lat ?? null],
        );
        this.regions.set(region.code, { uuid, path: row!.path });
      }
      for (const { code, boundary } of counties)
        await unit.query(
          "update regions set boundary_given = st_multi(st_setsrid(st_geomfromgeojson($2), 4490)), boundary_quality = 'UNCONFIRMED', boundary_datum = 'GCJ02', boundary_source = 'echarts 4.9.0(Apache-2.0),网格 1/1024 度,基准推定 / grid of 1/1024 degree, datum inferred' where id = $1",
          [this.regions.get(code)!.uuid, JSON.stringify(boundary)],
        );
    }, iso(START - 29 * 24 * HOUR));
    TOWNS.forEach((town, index) => this.villages.set(index, rows.filter((row) => row.parent_code12 === town.code).map((row) => row.code12)));
  }

  private regionId(code: string): string {
    return globalId(entityNamed("Region")!, this.regions.get(code)!.uuid);
  }

  /** Makes a principal with one grant; principals of the story are ordinary ones, only their keys are not given out. */
  private async principal(name: string, label: string, role: Role, code: string, limits: { sectors?: string[]; subject?: string; person?: string } = {}): Promise<Actor> {
    const region = this.regions.get(code)!;
    const grant: Grant = { role, regionPath: limits.subject ? null : region.path, countyCode: limits.subject ? null : "500112", sectors: limits.sectors ?? null, subjectId: limits.subject ?? null };
    const actor: Actor = { id: newUuid(START), kind: role === "INTEGRATION_CLIENT" ? "CLIENT" : "PERSON", name: label, personId: limits.person ?? null, grants: [grant] };
    await actAs(this.door, this.call(this.seed), "principal.register", async (unit) => {
      await unit.query("insert into principals (id, kind, name, person_id) values ($1, $2, $3, $4)", [actor.id, actor.kind, label, actor.personId]);
      await unit.query("insert into grants (id, principal_id, role, region_id, sectors, subject_id, valid_from, granted_by) values ($1, $2, $3, $4, $5, $6, $7, $8)", [newUuid(START), actor.id, role, limits.subject ? null : region.uuid, limits.sectors ?? null, limits.subject ?? null, iso(START - 28 * 24 * HOUR), this.seed.id]);
    }, iso(START - 28 * 24 * HOUR));
    this.actors.set(name, actor);
    return actor;
  }

  private async person(label: string, kind: string, code: string, clock: string, more: Record<string, unknown>): Promise<string> {
    const number = String((this.keys += 1)).padStart(5, "0");
    return this.do(this.seed, "person.register", clock, { input: { region: this.regionId(code), name: `示例${label}`, kind, dutyPhone: "023-00000000", mobile: `100000${number}`, ...more } });
  }

  private async bodies(): Promise<void> {
    const clock = iso(START - 27 * 24 * HOUR);
    const district = "500112000000";
    const uuidOf = (id: string) => id.slice(id.indexOf("_") + 1);
    for (const sector of SECTORS) {
      const id = await this.do(this.seed, "organization.register", clock, { input: { region: this.regionId(district), name: sector.department, kind: "GOV_DEPT", level: "DISTRICT", supervisionRole: "SECTOR", sectors: [sector.code], canInspect: true } });
      this.organizations.set(sector.code, id);
      const leader = await this.person(`行业负责人·${sector.code}`, "OFFICIAL", district, clock, { post: "分管副主任", rank: "CHU", organization: id });
      this.organizations.set(`${sector.code}.leader`, leader);
      await this.principal(`sector:${sector.code}`, `${sector.department}监管员`, "SECTOR_REGULATOR", district, { sectors: [sector.code], person: uuidOf(leader) });
    }
    for (const [index, town] of TOWNS.entries()) {
      const id = await this.do(this.seed, "organization.register", clock, { input: { region: this.regionId(town.code), name: `${town.name}办事处(演示)`, kind: "TOWN_GOV", level: "TOWN", supervisionRole: "TERRITORIAL" } });
      this.organizations.set(town.code, id);
      const leader = await this.person(`行政负责人·${town.name}`, "OFFICIAL", town.code, clock, { post: "办事处副主任", rank: "CHU", organization: id });
      const section = await this.person(`科室监管人·${town.name}`, "OFFICIAL", town.code, clock, { post: "应急办科员", rank: "KE", organization: id });
      this.organizations.set(`${town.code}.leader`, leader);
      this.organizations.set(`${town.code}.section`, section);
      await this.principal(`town:${index}`, `${town.name}监管员(演示)`, "TOWN_REGULATOR", town.code, { person: uuidOf(section) });
      for (const village of this.villages.get(index)!) this.organizations.set(village, await this.person(`社区监管人·${village.slice(6)}`, "GRID_WORKER", village, clock, { post: "社区网格员" }));
    }
    await this.principal("integrator", "企业安全平台(演示对接)", "INTEGRATION_CLIENT", district);
    await this.principal("gis", "地图前端(演示对接)", "INTEGRATION_CLIENT", district);
    await this.principal("auditor", "区督查室(演示)", "AUDITOR", district);
    await this.principal("community_worker", "回兴街道网格员(演示)", "GRID_WORKER", this.villages.get(0)![0]!);
    await this.principal("system_admin", "系统管理员(演示)", "SYSTEM_ADMIN", district);
    await this.principal("security_admin", "安全管理员(演示)", "SECURITY_ADMIN", district);
    await this.principal("audit_admin", "审计管理员(演示)", "AUDIT_ADMIN", district);
    this.actors.set("street_regulator", this.actors.get("town:0")!);
    this.actors.set("district_regulator", this.actors.get("sector:INDUSTRY_TRADE")!);
  }

  private async convene(): Promise<void> {
    this.rounds = new RoundsStory(
      {
        pool: this.door.pool,
        do: (actor, action, clock, args) => this.do(actor, action, clock, args),
        schedule: (at, run) => this.schedule(at, run),
        region: (code) => this.regionId(code),
        person: (label, kind, code, clock, more) => this.person(label, kind, code, clock, more),
        town: (index) => this.actors.get(`town:${index}`)!,
        organization: (code) => this.organizations.get(code)!,
      },
      await this.principal("office", "区安委办(演示)", "COMMITTEE_OFFICE", "500112000000"),
    );
    await this.rounds.prepare(iso(START - 27 * 24 * HOUR));
    this.rounds.plan();
  }

  private planSubjects(): void {
    const weights = SECTORS.map((sector) => sector.share);
    for (let number = 0; number < SUBJECTS; number += 1) {
      let draw = this.dice.next();
      const sector = SECTORS[weights.findIndex((weight) => (draw -= weight) < 0)] ?? SECTORS[0]!;
      // The first is the demo enterprise: a factory of 回兴街道.
      const first = number === 0;
      this.planSubject(number, first ? SECTORS[0]! : sector, first ? 0 : this.dice.chance(0.5) ? 0 : this.dice.int(1, 2));
    }
  }

  private planSubject(number: number, sector: (typeof SECTORS)[number], town: number): void {
    const { dice } = this;
    const village = dice.pick(this.villages.get(town)!);
    const place = TOWNS[town]!;
    const above = dice.chance(0.35);
    const label = `演示${dice.pick(sector.names)}${String(number + 1).padStart(3, "0")}号`;
    const location = { type: "Point", coordinates: [place.lon + (dice.next() - 0.5) * 0.04, place.lat + (dice.next() - 0.5) * 0.03].map((degrees) => Math.round(degrees * 1e6) / 1e6) };
    const begins = START + dice.int(0, 20) * HOUR;
    const uscc = inventedUscc(number);
    const employees = above ? dice.int(100, 900) : dice.int(5, 90);
    const keyControlled = dice.chance(0.3);
    this.schedule(begins, async (clock) => {
      const region = this.regionId(village);
      const enterprise = await this.do(this.seed, "enterprise.register", clock, { input: { region, legalName: `${label}有限公司(虚构)`, uscc, sizeClass: above ? "ABOVE_DESIGNATED" : "BELOW_DESIGNATED", highRisk: sector.code === "HAZCHEM", employees } });
      const principal = await this.person(`企业责任人·${number + 1}`, "ENTERPRISE", village, clock, { post: "主要负责人", enterprise });
      const id = await this.do(this.seed, "subject.register", clock, { input: { region, kind: sector.code === "CONSTRUCTION" ? "CONSTRUCTION_PROJECT" : "ENTERPRISE_SITE", enterprise, name: label, sector: sector.code, address: `${place.name}演示路${number + 1}号`, location, keyControlled, supervisionClass: dice.pick(["A", "B", "C", "D"]) } });
      const lead = above ? this.organizations.get(sector.code)! : this.organizations.get(place.code)!;
      await this.do(this.seed, "regulationRelation.set", clock, { input: { subject: id, organization: lead, role: "LEAD", level: above ? "DISTRICT" : "TOWN", basis: "规模规则 / by size" } });
      await this.do(this.seed, "regulationRelation.set", clock, { input: { subject: id, organization: above ? this.organizations.get(place.code)! : this.organizations.get(sector.code)!, role: above ? "COOPERATE" : "GUIDE", level: above ? "TOWN" : "DISTRICT" } });
      const uuid = id.slice(id.indexOf("_") + 1);
      const activated = await this.do(this.seed, "subject.activate", clock, { id });
      const appoint = (slot: string, person: string) => this.do(this.seed, "regulatorAssignment.appoint", clock, { input: { subject: activated, slot: globalId(entityNamed("ResponsibilitySlot")!, this.slots.get(slot)!), person, appointmentDoc: `演示任〔2025〕${number + 1}号`, published: true } });
      await appoint("LEVEL_3.SECTION_OFFICE", this.organizations.get(`${place.code}.section`)!);
      await appoint("LEVEL_3.COMMUNITY", this.organizations.get(village)!);
      await appoint("LEVEL_3.ENTERPRISE", principal);
      if (keyControlled) {
        await appoint("SAFETY_3.ADMIN_LEADER", this.organizations.get(`${place.code}.leader`)!);
        await appoint("SAFETY_3.SECTOR_LEADER", this.organizations.get(`${sector.code}.leader`)!);
        await appoint("SAFETY_3.ENTERPRISE_PRINCIPAL", principal);
      }
      const reporter: Actor = { ...(await this.principal(number === 0 ? "enterprise" : `enterprise:${number}`, `${label}填报员`, "ENTERPRISE_REPORTER", village, { subject: uuid })) };
      const leader = this.actors.get(above ? `sector:${sector.code}` : `town:${town}`)!;
      this.rounds.leads.set(uuid, leader);
      const subject: StorySubject = { id, enterprise, town, sector, village, risks: [], principal, reporter, keyControlled, location, lead: leader };
      this.subjects.push(subject);
      for (let index = 0; index < RISKS_EACH; index += 1) this.planRisk(subject, index);
      for (let index = 0; index < HIDDEN_DANGERS / SUBJECTS; index += 1) this.planHiddenDanger(subject);
    });
  }

  private planRisk(subject: StorySubject, index: number): void {
    const { dice } = this;
    const [name, accidentType, consequence] = subject.sector.risks[index % subject.sector.risks.length]!;
    const inputs = { l: dice.pick([1, 3, 3, 6, 0.5]), e: dice.pick([6, 3, 3, 2]), c: dice.pick([7, 15, 15, 40, 3]) };
    const kind = dice.pick(["ENGINEERING", "MANAGEMENT", "HUMAN", "MATERIAL"]);
    this.schedule(atWork(dice, dice.int(3, 40)), async (clock) => {
      const id = await this.do(subject.reporter, "risk.identify", clock, {
        input: { subject: subject.id, name, accidentType, consequence, hazardFactor: "21", originClass: "TRADITIONAL", responsiblePerson: undefined, measures: [{ kind, description: `落实${name}管控规程,每班检查` }] },
      });
      subject.risks.push(id);
      const at = Date.parse(clock);
      this.schedule(at + dice.int(2, 60) * HOUR, async (then) => {
        await this.do(subject.reporter, "risk.assess", then, { id, input: { current: { method: "LEC", inputs }, reason: "初次评估" } });
      });
      this.schedule(at + dice.int(80, 200) * HOUR, async (then) => {
        await this.rounds.approve(id, then, async (at) => void (await this.do(subject.lead, "risk.approve", at, { id, input: { responsiblePerson: subject.principal, emergencyPlanRef: "演示预案-01" } })));
      });
      if (dice.chance(0.12))
        this.schedule(atWork(dice, dice.int(120, 500)), async (then) => {
          await this.rounds.reviewed(subject.lead, id, then, { l: 6, e: 6, c: dice.pick([7, 15]) });
        });
    });
  }

  private planHiddenDanger(subject: StorySubject): void {
    const { dice } = this;
    const at = atWork(dice, dice.int(45, DAYS - 1));
    const title = dice.pick(subject.sector.dangers);
    const selfFound = dice.chance(0.45);
    const major = dice.chance(0.04);
    const town = this.actors.get(`town:${subject.town}`)!;
    const lead = this.actors.get(`sector:${subject.sector.code}`)!;
    const regulator = major ? lead : dice.chance(0.7) ? town : lead;
    this.schedule(at, async (clock) => {
      const id = await this.do(selfFound ? subject.reporter : regulator, "hiddenDanger.register", clock, {
        input: { subject: subject.id, risk: subject.risks.length > 0 && dice.chance(0.6) ? dice.pick(subject.risks) : undefined, title, description: `${title}(演示)`, discoverySource: selfFound ? "SELF_CHECK" : regulator === town ? "TOWN_SPOT_CHECK" : "OFFICIAL_INSPECTION", category: [dice.pick(["安全", "设备", "消防", "电气"])], grade: major ? "MAJOR" : "GENERAL", criterionClause: major ? "工贸判定标准(应急管理部令第10号)第七条" : undefined, manageType: "DEADLINE" },
      });
      const assigned = at + dice.int(1, 30) * HOUR;
      const allowed = dice.int(7, major ? 60 : 25);
      const taken = assigned + dice.int(2, 40) * HOUR;
      const took = dice.chance(0.84) ? dice.int(1, allowed) : allowed + dice.int(1, 30);
      const fixed = taken + took * 24 * HOUR;
      this.schedule(assigned, async (then) => {
        await this.do(regulator, "hiddenDanger.assign", then, { id, input: { deadline: day(assigned + allowed * 24 * HOUR), responsiblePerson: subject.principal, overseeOrganization: selfFound ? undefined : this.organizations.get(subject.sector.code), plan: major ? { responsible: "企业主要负责人", measures: `停用相关设备,整改${title}`, funds: String(dice.int(1, 50) * 10_000), deadline: day(assigned + allowed * 24 * HOUR), emergencyPlan: "演示预案-01" } : undefined } });
      });
      this.schedule(taken, async (then) => void (await this.do(subject.reporter, "hiddenDanger.acceptTask", then, { id })));
      if (dice.chance(0.05)) return;
      this.schedule(fixed, async (then) => {
        const evidence = await this.evidence(subject.reporter, then);
        await this.do(subject.reporter, "hiddenDanger.reportRectified", then, { id, input: { evidence: [evidence] } });
      });
      const checked = fixed + dice.int(20, 120) * HOUR;
      const fails = dice.chance(0.08);
      if (fails) {
        this.schedule(checked, async (then) => void (await this.do(regulator, "hiddenDanger.failAcceptance", then, { id, input: { reason: "整改不到位" } })));
        this.schedule(checked + 72 * HOUR, async (then) => {
          const evidence = await this.evidence(subject.reporter, then);
          await this.do(subject.reporter, "hiddenDanger.reportRectified", then, { id, input: { evidence: [evidence] } });
        });
      }
      const passed = checked + (fails ? 140 : 0) * HOUR;
      this.schedule(passed, async (then) => void (await this.do(regulator, "hiddenDanger.accept", then, { id, input: { comment: "现场复查合格" } })));
      this.schedule(passed + dice.int(1, 48) * HOUR, async (then) => void (await this.do(regulator, "hiddenDanger.writeOff", then, { id })));
    });
  }

  /** A prepared and stored attachment; the demo keeps hashes of invented pictures, not pictures. */
  private async evidence(actor: Actor, clock: string): Promise<string> {
    const sha256 = Array.from({ length: 8 }, () => Math.floor(this.dice.next() * 0xffffffff).toString(16).padStart(8, "0")).join("");
    const id = await this.do(actor, "attachment.prepare", clock, { input: { sha256, mediaType: "image/jpeg", fileName: "整改后.jpg", sizeBytes: 1, takenAt: iso(Date.parse(clock) - 60_000) } });
    await actAs(this.door, this.call(actor), "attachment.store", async (unit) => void (await unit.query("update attachments set status = 'STORED' where id = $1", [id.slice(id.indexOf("_") + 1)])), clock);
    return id;
  }
}

/** A heap by time, then by order of planning. */
class Queue {
  private readonly heap: Deed[] = [];

  constructor(deeds: readonly Deed[]) {
    for (const deed of deeds) this.push(deed);
  }

  get size(): number {
    return this.heap.length;
  }

  private before(a: Deed, b: Deed): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order);
  }

  push(deed: Deed): void {
    this.heap.push(deed);
    let at = this.heap.length - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.before(this.heap[at]!, this.heap[above]!)) return;
      [this.heap[at], this.heap[above]] = [this.heap[above]!, this.heap[at]!];
      at = above;
    }
  }

  pop(): Deed | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (!first || !last || this.heap.length === 0) return first;
    this.heap[0] = last;
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) if (child < this.heap.length && this.before(this.heap[child]!, this.heap[least]!)) least = child;
      if (least === at) return first;
      [this.heap[at], this.heap[least]] = [this.heap[least]!, this.heap[at]!];
      at = least;
    }
  }
}

/** Gives the demo's principals fresh random keys; the file that names them is the caller's to write. */
export async function issueDemoKeys(door: WriteDoor): Promise<Record<DemoPrincipal, string>> {
  const names: Record<DemoPrincipal, string> = {
    integrator: "企业安全平台(演示对接)", gis: "地图前端(演示对接)", auditor: "区督查室(演示)", district_regulator: `${SECTORS[0]!.department}监管员`, street_regulator: `${TOWNS[0].name}监管员(演示)`,
    community_worker: "回兴街道网格员(演示)", enterprise: "", system_admin: "系统管理员(演示)", security_admin: "安全管理员(演示)", audit_admin: "审计管理员(演示)",
  };
  const { rows } = await door.pool.query("select p.id, p.name, s.code from principals p left join grants g on g.principal_id = p.id left join subjects s on s.id = g.subject_id");
  const principals = rows as { id: string; name: string; code: string | null }[];
  const system: Actor = { id: newUuid(), kind: "SYSTEM", name: "演示初始化 / demo", personId: null, grants: [] };
  const issued = {} as Record<DemoPrincipal, string>;
  await actAs(door, { actor: system, requestId: randomUUID() }, "apiKey.issueDemo", async (unit) => {
    const label = "demo";
    await unit.query("update api_keys set revoked_at = now() where label = $1 and revoked_at is null", [label]);
    for (const name of DEMO_PRINCIPALS) {
      const found = name === "enterprise" ? principals.find(({ name: known }) => known.endsWith("001号填报员")) : principals.find(({ name: known }) => known === names[name]);
      if (!found) throw new Error(`the demo has no principal ${name}`);
      const key = newKey();
      await unit.query("insert into api_keys (id, principal_id, prefix, secret_hash, label, scopes, expires_at) values ($1, $2, $3, $4, $5, $6, now() + interval '180 days')", [newUuid(), found.id, key.prefix, key.secretHash, label, name === "gis" || name === "auditor" ? ["read"] : []]);
      issued[name] = key.text;
    }
  });
  return issued;
}
