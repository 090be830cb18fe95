import type { Actor } from "../../src/platform/actor.js";
import type { StorySubject } from "./seed.js";
import { Dice, START, TOWNS } from "./story.js";

/** What the rest of the story lends to this part of it. */
export interface Scene {
  seed: Actor;
  town: (index: number) => Actor;
  schedule: (at: number, run: (clock: string) => Promise<void>) => void;
  do: (actor: Actor, action: string, clock: string, args: { id?: string; input?: Record<string, unknown> }) => Promise<string>;
  region: (code: string) => string;
  villages: (town: number) => readonly string[];
  /** Bodies and persons of the story by the names it keeps them under. */
  known: (name: string) => string;
  slot: (name: string) => string;
  subjects: () => readonly StorySubject[];
}

const HOUR = 3_600_000;
const at = (day: number, hour = 9) => START + day * 24 * HOUR + (hour - 8) * HOUR;
const round = (degrees: number) => Math.round(degrees * 1e6) / 1e6;

const FACILITIES = [["RESERVOIR", "演示水库(示意)", "WATER"], ["DYKE", "演示堤防(示意)", "WATER"], ["BRIDGE", "演示大桥(示意)", "ROAD"], ["TUNNEL", "演示隧道(示意)", "ROAD"], ["SCHOOL", "演示中学(示意)", "EDUCATION"], ["HOSPITAL", "演示医院(示意)", "HEALTH"], ["CARE_HOME", "演示养老院(示意)", "CIVIL_AFFAIRS"], ["SHELTER", "演示避难场所(示意)", "OTHER"]] as const;
const AREAS = [
  ["GEO_HAZARD_POINT", "演示滑坡隐患点(示意)", "02", "坡体蠕动,雨季变形加快", "滑坡威胁坡脚住户"],
  ["FLASH_FLOOD_PRONE", "演示沟谷山洪易发区(示意)", "06", "沟谷汇流快", "山洪淹没沿沟住户"],
  ["URBAN_FLOOD", "演示下穿道易涝区(示意)", "08", "下穿道排水不足", "积水围困车辆人员"],
  ["SCENIC", "演示景区(示意)", "11", "暴雨期间游客聚集", "落石、溺水"],
  ["FOREST", "演示林区(示意)", "10", "林下可燃物堆积", "森林火灾"],
] as const;
const CARDS: readonly (readonly [kind: string, items: readonly string[] | null])[] = [
  ["RISK_LIST", null],
  ["DUTY_LIST", ["班前检查设备与防护", "发现隐患立即报告", "按规程作业"]],
  ["OPERATION_CARD", ["一、确认防护装置完好", "二、按步骤启动", "三、作业后断电清扫"]],
  ["EMERGENCY_CARD", ["一、停机断电", "二、呼救并拨打 120、119", "三、按预案先期处置"]],
];

/** Key facilities and areas, projects, census zones, natural hazards, classes of measures and post cards: a part of the demo's story with dice of its own. */
export function planChain(scene: Scene): void {
  const dice = new Dice(20_260_708);
  const near = (town: number) => [round(TOWNS[town]!.lon + (dice.next() - 0.5) * 0.04), round(TOWNS[town]!.lat + (dice.next() - 0.5) * 0.03)] as const;
  /** An uneven patch around a point: drawn to show, never a surveyed boundary. */
  const patch = ([lon, lat]: readonly [number, number], radius: number) => {
    const ring = Array.from({ length: 9 }, (_, index) => {
      const reach = radius * (0.75 + dice.next() * 0.5);
      return [round(lon + Math.cos((index / 9) * 2 * Math.PI) * reach), round(lat + Math.sin((index / 9) * 2 * Math.PI) * reach * 0.87)];
    });
    return { type: "Polygon", coordinates: [[...ring, ring[0]!]] };
  };
  const standing = async (clock: string, town: number, values: Record<string, unknown>) => {
    const id = await scene.do(scene.seed, "subject.register", clock, { input: { region: scene.region(dice.pick(scene.villages(town))), keyControlled: true, ...values } });
    await scene.do(scene.seed, "regulationRelation.set", clock, { input: { subject: id, organization: scene.known(TOWNS[town]!.code), role: "LEAD", level: "TOWN", basis: "属地管理 / by place" } });
    return scene.do(scene.seed, "subject.activate", clock, { id });
  };

  for (const [index, [facilityKind, name, sector]] of FACILITIES.entries())
    scene.schedule(at(2, 9 + index), async (clock) => {
      const town = index % TOWNS.length;
      await standing(clock, town, { kind: "KEY_FACILITY", name, sector, location: { type: "Point", coordinates: near(town) }, facility: { facilityKind, managingUnit: scene.known(TOWNS[town]!.code) } });
    });

  for (const [index, area] of AREAS.entries()) scene.schedule(at(3, 9 + index), (clock) => planArea(index, area, clock));

  async function planArea(index: number, [areaKind, name, disasterType, event, consequence]: (typeof AREAS)[number], clock: string): Promise<void> {
    const town = index % TOWNS.length;
    const point = areaKind === "GEO_HAZARD_POINT";
    const causedBy = point ? scene.subjects().find((subject) => subject.sector.code === "CONSTRUCTION")?.id : undefined;
    const boundary = patch(near(town), point ? 0.0015 : 0.006);
    const ring = boundary.coordinates[0]!;
    // A slide and a wood are areas, what runs down a gully is a line along it.
    const extent = areaKind === "FLASH_FLOOD_PRONE" ? { type: "LineString", coordinates: [ring[1], ring[0], ring[8], ring[6], ring[5]] } : point || areaKind === "FOREST" ? boundary : undefined;
    const subject = await standing(clock, town, {
      kind: "KEY_AREA", name, sector: areaKind === "SCENIC" ? "CULTURE_TOURISM" : "OTHER",
      area: { areaKind, boundary, managingUnit: scene.known(TOWNS[town]!.code), disasterType, threatenedHouseholds: dice.int(3, 40), threatenedPeople: dice.int(10, 160), ...(point ? { disposalType: "MONITORING", causedBy } : {}) },
    });
    const section = scene.known(`${TOWNS[town]!.code}.section`);
    if (areaKind === "FOREST")
      scene.schedule(at(75), async (then) => {
        const card = await scene.do(scene.town(town), "postCard.draft", then, { input: { subject, slot: scene.slot("FOREST_1_3.RANGER"), kind: "DUTY_LIST", items: ["每日巡护", "劝阻野外用火", "发现火情即报"] } });
        await scene.do(scene.town(town), "postCard.issue", then, { id: card });
      });
    const scenic = [{ kind: "MANAGEMENT", description: "暴雨、大风橙色以上预警关停", specialKind: "CLOSE_ON_EXTREME_WEATHER" }, { kind: "MANAGEMENT", description: "最大承载量管控", specialKind: "CAPACITY_LIMIT", capacity: 3_000 }];
    scene.schedule(at(60 + index), async (then) => {
      const regulator = scene.town(town);
      const id = await scene.do(regulator, "risk.identify", then, {
        input: { subject, name: event, domain: "NATURAL_DISASTER", disasterType, consequence, originClass: "HISTORICAL", hazardFactor: "39", extent, measures: [{ kind: "HUMAN", description: "汛期每日巡查,雨中加密", mode: "CHECK", checkContent: "裂缝、渗水、堵塞" }, { kind: "ENGINEERING", description: "警示牌与隔离设施" }, ...(areaKind === "SCENIC" ? scenic : [])] },
      });
      await scene.do(regulator, "risk.assess", then, { id, input: { current: { method: "LEC", inputs: { l: 3, e: 3, c: dice.pick([7, 15]) } }, reason: "初次评估" } });
      scene.schedule(at(66 + index), async (later) => void (await scene.do(regulator, "risk.approve", later, { id, input: { responsiblePerson: section, emergencyPlanRef: "演示防灾预案-01" } })));
      scene.schedule(at(80 + index), async (later) => void (await scene.do(regulator, "risk.reviewKeyAttention", later, { id, input: { keyAttention: true, reason: "汛期重点关注", reviewer: section } })));
    });
  }

  for (const [index, [disasterType, grade]] of ([["02", "HIGH"], ["02", "MEDIUM"], ["02", "LOW"], ["06", "MEDIUM_HIGH"], ["06", "MEDIUM_LOW"], ["06", "LOW"]] as const).entries())
    scene.schedule(at(4, 9 + index), async (clock) => {
      const town = index % TOWNS.length;
      const zone = (name: string, size: number, surveyedAt: string) => ({ input: { region: scene.region(TOWNS[town]!.code), name, disasterType, grade, boundary: patch([TOWNS[town]!.lon, TOWNS[town]!.lat], size), censusBatch: "演示普查批次", censusSource: "演示生成(示意)", surveyedAt } });
      const id = await scene.do(scene.seed, "riskZone.register", clock, zone(`${TOWNS[town]!.name}区划${index + 1}(示意)`, 0.012, "2022-06-30"));
      if (index !== 1) return;
      scene.schedule(at(300), async (then) => {
        const by = await scene.do(scene.seed, "riskZone.register", then, zone(`${TOWNS[town]!.name}区划${index + 1} 更新(示意)`, 0.016, "2026-02-20"));
        await scene.do(scene.seed, "riskZone.supersede", then, { id, input: { by, reason: "普查成果动态更新" } });
      });
    });

  scene.schedule(at(5), async (clock) => {
    for (const [index, subject] of scene.subjects().filter(({ sector }) => sector.code === "CONSTRUCTION").slice(0, 12).entries()) {
      await scene.do(scene.seed, "subject.update", clock, { id: subject.id, input: { project: { permitNo: `演示施工许可〔2025〕${index + 1}号`, ownerOrganization: scene.known(TOWNS[subject.town]!.code), stage: dice.pick(["FOUNDATION", "STRUCTURE", "FINISHING"]), plannedStart: "2025-03-01", plannedEnd: dice.pick(["2026-12-31", "2027-06-30"]) } } });
      await scene.do(scene.seed, "projectContractor.enter", clock, { input: { project: subject.id, enterprise: subject.enterprise, role: "GENERAL", enteredOn: "2025-03-01" } });
    }
  });

  scene.schedule(at(70), async (clock) => {
    const classes = [["1", "1-4", "液位报警联锁投用"], ["2", "2-2", "静设备定期检测"], ["3", "3-2", "操作记录每班填写"], ["4", "4-3", "消防设施月检"]] as const;
    for (const subject of scene.subjects().filter(({ sector }) => sector.code === "HAZCHEM"))
      for (const [index, id] of subject.risks.entries()) {
        const [class1, class2, description] = classes[index % classes.length]!;
        await scene.do(subject.reporter, "controlMeasure.add", clock, { id, input: { kind: class1 === "1" ? "ENGINEERING" : "MANAGEMENT", description, class1, class2, mode: class1 === "1" ? "AUTO" : "CHECK", responsibleLevel: "WORKSHOP", responsiblePerson: subject.principal, checkContent: `查${description}` } });
      }
  });

  scene.schedule(at(75), async (clock) => {
    for (const [index, subject] of scene.subjects().slice(0, 24).entries()) {
      const post = subject.sector.risks[0]![0].slice(0, 4) + "岗";
      for (const [kind, items] of CARDS) {
        const id = await scene.do(subject.reporter, "postCard.draft", clock, { input: { subject: subject.id, post, kind, ...(items ? { items } : { risks: subject.risks.slice(0, 2) }) } });
        await scene.do(subject.reporter, "postCard.issue", clock, { id });
        // Two thirds pass; of the rest the emergency card still waits.
        if (index % 3 === 2 && kind === "EMERGENCY_CARD") continue;
        await scene.do(scene.town(subject.town), "postCard.accept", clock, { id });
        if (index % 2 === 0) await scene.do(subject.reporter, "postCard.enterOnline", clock, { id });
      }
    }
  });
}
