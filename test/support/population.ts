import { setTimeout as pause } from "node:timers/promises";
import { Dice, inventedUscc } from "../../seeds/demo/story.js";
import type { District } from "./district.js";
import { convene } from "./rounds-population.js";

interface Deed {
  by?: string;
  /** The row acted on; absent where the deed makes one. */
  on?: Made;
  input?: Record<string, unknown>;
}

interface Made {
  id: string;
  version: number;
}

export interface Population {
  /** Instants between which the district changed, the first before anything of it was there. */
  moments: string[];
}

/** Texts that are hard on escaping, matching and ordering. */
const AWKWARD = ["配电箱'未上锁'", '含"引号"与\\反斜杠', "100%_通配", "换\n行", "😀 出口堆物", "Ärger – ñ", "a", "A", "隐患 {\"a\": [1]}", "--; drop"];
const SECTORS = ["INDUSTRY_TRADE", "GAS", "HAZCHEM", undefined];

/** Fills the district through its own actions: places, people, subjects, risks and hidden dangers in many states, with absent values among them. */
export async function populate(district: District, size = 24): Promise<Population> {
  const dice = new Dice(20_260_630);
  const moments = ["2020-01-01T00:00:00Z", new Date().toISOString()];
  const mark = async () => void (await pause(5), moments.push(new Date().toISOString()), await pause(5));
  const maybe = <T>(value: T, share = 0.5) => (dice.chance(share) ? value : undefined);
  const label = (text: string, index: number) => (dice.chance(0.3) ? `${dice.pick(AWKWARD)}${index}` : `${text}${index}`);
  const point = () => ({ type: "Point", coordinates: [106.55 + dice.int(0, 150_000) / 1e6, 29.65 + dice.int(0, 110_000) / 1e6] });

  async function deed(mutation: string, { by = "office", on, input }: Deed): Promise<Made> {
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
    const variables = `$k:String!${on ? ",$id:ID!,$v:Int!" : ""}${input ? `,$i:${type}!` : ""}`;
    const args = `idempotencyKey:$k${on ? ",id:$id,expectedVersion:$v" : ""}${input ? ",input:$i" : ""}`;
    const data = await district.as(by).ask(`mutation(${variables}){${mutation}(${args}){id version}}`, { k: district.key(), id: on?.id, v: on?.version, i: input });
    return data[mutation] as Made;
  }

  const villages: string[] = [];
  for (const [index, town] of (["huixing", "huixing", "yuanyang", "yuanyang"] as const).entries()) {
    const code = `${town === "huixing" ? "500112004" : "500112007"}${String(200 + index)}`;
    villages.push((await deed("regionRegister", { input: { code, name: label("社区", index), level: "VILLAGE", parent: district.regions[town], urbanClass: maybe("111"), validFrom: maybe("2023-06-30"), point: maybe(point()) } })).id);
  }
  const places = [...villages, district.regions["village"]!, district.regions["huixing"]!, district.regions["yuanyang"]!];
  const grids: Made[] = [];
  for (let index = 0; index < 5; index += 1) grids.push(await deed("gridRegister", { input: { region: places[index], code: `50011200400020${index}`, name: label("网格", index), kind: dice.pick(["UNIT", "SPECIAL"]) } }));
  const bodies: Made[] = [];
  for (const [index, kind] of ["GOV_DEPT", "GOV_DEPT", "TOWN_GOV", "TOWN_GOV", "COMMUNITY", "THIRD_PARTY"].entries())
    bodies.push(await deed("organizationRegister", { input: { region: index < 2 ? district.regions["yubei"] : dice.pick(places), name: label("单位", index), kind, level: maybe("TOWN"), supervisionRole: maybe("SECTOR"), sectors: maybe(["GAS", "HAZCHEM"]), canInspect: maybe(true), uscc: maybe(inventedUscc(500 + index)) } }));
  const people: Made[] = [];
  for (let index = 0; index < 14; index += 1)
    people.push(await deed("personRegister", { input: { region: dice.pick(places), name: label("人员", index), kind: dice.pick(["OFFICIAL", "GRID_WORKER", "ENTERPRISE", "EXPERT"]), post: maybe("科员"), rank: maybe(dice.pick(["TING", "CHU", "KE"])), organization: maybe(dice.pick(bodies).id), dutyPhone: maybe("023-00000000"), mobile: maybe(`1000000${String(index).padStart(4, "0")}`, 0.7), enforcementCertNo: maybe(`执法${index}`) } }));
  await mark();

  const subjects: Made[] = [];
  for (let index = 0; index < size; index += 1) {
    const region = dice.pick(places);
    const enterprise = await deed("enterpriseRegister", { input: { region, legalName: label("企业", index), uscc: maybe(inventedUscc(100 + index), 0.7), industrySection: maybe("C"), industryCode: maybe("3311"), sizeClass: maybe(dice.pick(["ABOVE_DESIGNATED", "BELOW_DESIGNATED"]), 0.8), stateOwned: maybe(dice.chance(0.5)), highRisk: maybe(dice.chance(0.5)), employees: maybe(dice.int(1, 900)) } });
    const kind = dice.pick(["ENTERPRISE_SITE", "ENTERPRISE_SITE", "KEY_FACILITY", "KEY_AREA", "CONSTRUCTION_PROJECT"]);
    const sector = dice.pick(SECTORS);
    let subject = await deed("subjectRegister", { input: { region, kind, enterprise: kind === "ENTERPRISE_SITE" ? enterprise.id : maybe(enterprise.id), name: label("场所", index), ...detailsOf(kind, bodies), sector, address: maybe("示例路1号"), location: maybe(point(), 0.8), keyControlled: maybe(true), supervisionClass: maybe(dice.pick(["A", "B", "C", "D"])), grid: maybe(dice.pick(grids).id) } });
    if (sector && dice.chance(0.8)) {
      await deed("regulationRelationSet", { input: { subject: subject.id, organization: dice.pick(bodies).id, role: "LEAD", level: maybe("DISTRICT"), overrideReason: "示例:突破规模规则", basis: maybe("示例依据") } });
      if (dice.chance(0.3)) await deed("regulationRelationSet", { input: { subject: subject.id, organization: dice.pick(bodies).id, role: "COOPERATE" } });
      if (dice.chance(0.3)) await deed("regulationRelationSet", { input: { subject: subject.id, organization: dice.pick(bodies).id, role: "LEAD", overrideReason: "示例:更换牵头部门" } });
      subject = await deed("subjectActivate", { on: subject });
    }
    if (dice.chance(0.3)) subject = await deed("subjectUpdate", { on: subject, input: { name: label("更名场所", index) } });
    const slots = Object.values(district.slots);
    const appointed: Made[] = [];
    for (let term = 0; term < dice.int(0, 2); term += 1) appointed.push(await deed("regulatorAssignmentAppoint", { input: { subject: subject.id, slot: slots[(index + term) % slots.length], person: people[(index + term) % people.length]!.id, appointmentDoc: `示例任〔2026〕${index}号`, published: maybe(true) } }));
    if (appointed[0] && dice.chance(0.5)) await deed("regulatorAssignmentEnd", { on: appointed[0] });
    subjects.push(subject);
  }
  subjects.push(...district.sites.map((id) => ({ id, version: 0 })));
  await mark();

  const objects: Made[] = [];
  for (let index = 0; index < size / 3; index += 1) objects.push(await deed("riskObjectRegister", { input: { subject: subjects[index]!.id, name: label("对象", index), ...(dice.chance(0.4) ? { type: "MAJOR_HAZARD_INSTALLATION", hazardInstallationGrade: "LEVEL_3", rValue: maybe("12.50"), location: maybe(point()) } : { type: dice.pick(["DEVICE", "PLACE", "AREA"]) }), department: maybe("安全科") } }));
  const units: (Made & { subject: number })[] = [];
  for (let index = 0; index < objects.length; index += 1) units.push({ ...(await deed("riskUnitRegister", { input: { object: objects[index]!.id, name: label("单元", index), department: maybe("生产科") } })), subject: index });

  const risks: (Made & { subject: string })[] = [];
  for (let index = 0; index < size * 2; index += 1) {
    const at = index % subjects.length;
    const unit = units.find((candidate) => candidate.subject === at);
    const subject = subjects[at]!.id;
    let risk = await deed("riskIdentify", { input: { subject, unit: unit && maybe(unit.id), name: label("风险", index), domain: maybe("NATURAL_DISASTER", 0.2), accidentType: maybe(dice.pick(["03", "08", "18"])), hazardFactor: maybe("21"), consequence: maybe("示例后果"), originClass: maybe(dice.pick(["TRADITIONAL", "NEW_BUSINESS"])), keyAttention: maybe(true), responsiblePerson: maybe(dice.pick(people).id), location: maybe(point(), 0.7), extent: extentOf(index), measures: [{ kind: dice.pick(["HUMAN", "MATERIAL", "ENGINEERING"]), description: label("措施", index), responsiblePerson: maybe(dice.pick(people).id), ...maybe({ class1: "1", class2: "1-4", mode: "CHECK", responsibleLevel: "TEAM" }, 0.3), ...maybe({ specialKind: "CAPACITY_LIMIT", capacity: 300 }, 0.2) }] } });
    risks.push({ ...risk, subject });
    const current = { method: "LEC", inputs: { l: dice.pick([0.5, 1, 3, 6]), e: dice.pick([2, 3, 6]), c: dice.pick([3, 7, 15, 40]) }, basis: maybe("示例") };
    if (dice.chance(0.2)) continue;
    risk = await deed("riskAssess", { on: risk, input: { current, inherent: maybe({ method: "LEC", inputs: { l: 6, e: 6, c: 40 } }, 0.4), reason: maybe("初次评估") } });
    if (dice.chance(0.1)) await deed("riskReturn", { on: risk, input: { reason: "补充" } });
    else if (dice.chance(0.85)) {
      risk = await deed("riskApprove", { on: risk, input: { responsiblePerson: dice.pick(people).id, emergencyPlanRef: "预案-01" } }).catch(() => risk);
      const then = dice.pick(["riskStartReview", "riskRetire", "", "", "", ""]);
      if (then) await deed(then, { on: risk, input: { reason: "设备拆除", ...(then === "riskStartReview" ? { trigger: dice.pick(["NEW_PROCESS", "PERIODIC"]) } : {}) } }).catch(() => risk);
    }
  }
  await convene(district);
  await mark();
  await zonesAndCards();
  await loops();
  await imports();
  await visits();
  await mark();
  return { moments };

  /** Some risks stretch: every fifth along a line, every fifth over an area. */
  function extentOf(index: number): object | undefined {
    const [west, south] = [106.56 + index / 1_000, 29.66 + index / 1_500];
    if (index % 5 === 0) return { type: "LineString", coordinates: [[west, south], [west + 0.01, south + 0.004], [west + 0.02, south]] };
    return index % 5 === 2 ? { type: "Polygon", coordinates: [[[west, south], [west + 0.006, south], [west + 0.003, south + 0.005], [west, south]]] } : undefined;
  }

  /** What only a subject of the kind has. */
  function detailsOf(kind: string, bodies: readonly Made[]): Record<string, unknown> {
    const managingUnit = dice.pick(bodies).id;
    if (kind === "KEY_FACILITY") return { facility: { facilityKind: dice.pick(["RESERVOIR", "SCHOOL", "SHELTER"]), managingUnit } };
    if (kind === "KEY_AREA") return { area: { areaKind: dice.pick(["GEO_HAZARD_POINT", "SCENIC"]), managingUnit, boundary: maybe(box(0.02)), disasterType: maybe("02"), threatenedHouseholds: maybe(dice.int(1, 40)), threatenedPeople: maybe(dice.int(1, 200)) } };
    return kind === "CONSTRUCTION_PROJECT" ? { project: { permitNo: maybe("示例证1号"), stage: maybe("STRUCTURE"), plannedStart: maybe("2026-01-01"), plannedEnd: maybe("2027-01-01"), ownerOrganization: maybe(dice.pick(bodies).id) } } : {};
  }

  function box(size: number): Record<string, unknown> {
    const [lon, lat] = point().coordinates as [number, number];
    return { type: "Polygon", coordinates: [[[lon, lat], [lon + size, lat], [lon + size, lat + size], [lon, lat + size], [lon, lat]]] };
  }

  /** Zones that overlap, some superseded; cards of posts that name risks. */
  async function zonesAndCards(): Promise<void> {
    for (let index = 0; index < size / 2; index += 1) {
      const zone = await deed("riskZoneRegister", { input: { region: dice.pick(places), name: label("区划", index), disasterType: dice.pick(["02", "06"]), grade: dice.pick(["HIGH", "MEDIUM", "LOW"]), boundary: box(dice.pick([0.01, 0.05])), censusBatch: "示例普查", censusSource: "示例", surveyedAt: "2022-06-30" } });
      if (dice.chance(0.2)) await deed("riskZoneSupersede", { on: zone, input: { reason: "示例更新" } });
    }
    for (let index = 0; index < size / 2; index += 1) {
      const { subject } = dice.pick(risks);
      const own = risks.filter((risk) => risk.subject === subject).map(({ id }) => id);
      let card = await deed("postCardDraft", { input: { subject, post: `岗位${index}`, kind: "RISK_LIST", risks: own } });
      if (dice.chance(0.6)) card = await deed("postCardIssue", { on: card });
      else await deed("postCardRevise", { on: card, input: { risks: own.slice(1), items: maybe(["一", "二"]) } });
    }
    await mark();
  }

  /** Hidden dangers, each led some steps along its loop. */
  async function loops(): Promise<void> {
    for (let index = 0; index < size * 3; index += 1) {
      const risk = dice.chance(0.4) ? dice.pick(risks) : undefined;
      const about = { subject: risk?.subject ?? maybe(dice.pick(subjects).id, 0.85), title: label("隐患", index), description: maybe("示例描述"), region: undefined as string | undefined, risk: risk?.id, kind: maybe("SYSTEMIC", 0.2), category: maybe(["电气", "消防"]), cause: maybe("示例原因"), discoverySource: dice.pick(["SELF_CHECK", "OFFICIAL_INSPECTION", "GRID_PATROL", "EXPERT", "WHISTLEBLOWER"]), discoveredBy: maybe(dice.pick(people).id), location: maybe(point(), 0.3) };
      if (!about.subject) about.region = dice.pick(places);
      if (dice.chance(0.2)) {
        const reported = await deed("hiddenDangerReport", { input: about });
        if (dice.chance(0.4)) await deed("hiddenDangerReject", { on: reported, input: { reason: "不属实" } });
        continue;
      }
      const major = dice.chance(0.15);
      const plan = maybe({ responsible: "主要负责人", measures: "停用整改", funds: "12000.50", deadline: "2099-06-30", emergencyPlan: "预案-01", goals: maybe("消除") }, major ? 1 : 0.2);
      let danger = await deed("hiddenDangerRegister", { input: { ...about, grade: major ? "MAJOR" : "GENERAL", criterionClause: major ? "第七条" : undefined, manageType: major ? undefined : maybe("ON_SPOT", 0.4) } });
      const steps = dice.int(0, 6);
      if (steps > 0) danger = await deed("hiddenDangerAssign", { on: danger, input: { deadline: `2099-0${dice.int(1, 9)}-15`, responsiblePerson: maybe(dice.pick(people).id), overseeOrganization: major ? bodies[0]!.id : maybe(dice.pick(bodies).id, 0.3), plan } });
      if (steps > 1) danger = await deed("hiddenDangerAcceptTask", { by: "integrator", on: danger });
      if (steps > 2) danger = await deed("hiddenDangerReportRectified", { by: "integrator", on: danger, input: { comment: maybe("已整改"), evidence: [await district.evidence("integrator", `after ${index}`)] } });
      if (steps > 3 && dice.chance(0.2)) await deed("hiddenDangerFailAcceptance", { on: danger, input: { reason: "不到位" } });
      else {
        if (steps > 3) danger = await deed("hiddenDangerAccept", { on: danger, input: { comment: maybe("合格") } });
        if (steps > 4) await deed("hiddenDangerWriteOff", { on: danger, input: {} });
        else if (dice.chance(0.15)) await deed("hiddenDangerVoid", { on: danger, input: { reason: "重复登记" } });
      }
      if (index % 20 === 10) await mark();
    }
  }

  /** Visits of every nature, with dice of their own: what the rest throws stays as it was. */
  async function visits(): Promise<void> {
    const own = new Dice(20_230_120);
    const body = await deed("organizationRegister", { input: { region: district.regions["yubei"], name: "示例执法主体", kind: "GOV_DEPT", canInspect: true } });
    const officers: string[] = [];
    for (const number of [1, 2]) officers.push((await deed("personRegister", { input: { region: district.regions["yubei"], name: `执法人员${number}`, kind: "OFFICIAL", enforcementCertNo: `执法${number}` } })).id);
    for (let index = 0; index < size * 2; index += 1) {
      const day = Date.parse("2026-11-10T09:00:00+08:00") - own.int(0, 300) * 86_400_000;
      const nature = own.pick(["GUIDANCE", "JOINT", "PATROL", "SPOT_CHECK", "ADMINISTRATIVE_INSPECTION"]);
      const leave = nature === "ADMINISTRATIVE_INSPECTION" ? { organization: body.id, approvalNo: `检〔2026〕${index}号`, entryCode: `码${index}`, itemCodes: ["YJ-01"] } : {};
      const visit = await deed("visitRecord", { input: { subject: own.pick(subjects).id, nature, startedAt: new Date(day).toISOString(), endedAt: own.chance(0.7) ? new Date(day + 3_600_000).toISOString() : undefined, participants: [...officers, own.pick(people).id], findings: own.chance(0.5) ? `${own.pick(AWKWARD)}${index}` : undefined, checkInPoint: own.chance(0.5) ? { type: "Point", coordinates: [106.62, 29.7] } : undefined, presenceConfirmation: own.chance(0.4) ? "工作照" : undefined, ...leave } });
      if (own.chance(0.15)) await deed("visitWithdraw", { on: visit, input: { reason: "误登" } });
    }
  }

  /** Files with rows taken and rows refused; loops run elsewhere, long overdue. */
  async function imports(): Promise<void> {
    const dams = "recordid,nidid,dam_name,state,county,longitude,latitude\n1,A,坝一,X,甲,106.6,29.7\n2,B,,X,乙,106.6,29.7\n3,C,坝三,X,丙,,\n";
    const list = "统计表,,,,,,,,,,\n序号,排查日期,隐患内容,隐患类型,隐患级别,责任单位,责任人,整改措施与要求,整改期限,复查日期,隐患状态\n,,,,,,,,,,\n1,2025-01-05,通道堵塞,消防、电气,一般事故隐患,示例单位,示例人,清理,2025-01-20,,开放\n2,2025-01-06,护栏缺失,安全,一般事故隐患,示例单位,示例人,补装,2025-01-25,2025-02-01,关闭\n3,2025-01-07,,安全,一般事故隐患,示例单位,示例人,补装,2025-01-25,,开放\n";
    for (const path of ["us-nid-dams?datum=WGS84&region=500112004000", "site-hidden-dangers?region=500112004000&file=统计表.csv"]) {
      const { status, body } = await district.as("office").post(`/imports/${path}`, Buffer.from(path.startsWith("us") ? dams : list));
      if (status !== 200 || body.rowsCreated === 0) throw new Error(`the import answered ${JSON.stringify(body)}`);
    }
  }
}
