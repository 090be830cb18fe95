import { newUuid } from "../../src/platform/write/identifier.js";
import type { Unit } from "../../src/platform/write/unit.js";
import { loadDutyRules } from "./duty-rules.js";
import { METHODS } from "./methods.js";
import { loadReviewRoundRules } from "./review-rounds.js";

/** 三个责任人 is several schemes; the slots of each are data (domain 1 B17, C01, C08; local variants exist). */
const SCHEMES: readonly (readonly [code: string, zh: string, en: string, slots: readonly (readonly [code: string, zh: string, en: string, duty: string])[]])[] = [
  ["SAFETY_3", "安全生产三个责任人", "three responsible persons of work safety", [
    ["ADMIN_LEADER", "行政负责人", "administrative leader", "组织领导,每月至少检查指导一次"],
    ["SECTOR_LEADER", "行业监管部门负责人", "leader of the sector department", "行业监管,每月至少检查指导一次"],
    ["ENTERPRISE_PRINCIPAL", "企业(单位)责任人", "principal of the enterprise", "落实主体责任"],
  ]],
  ["LEVEL_3", "三级安全监管人", "safety regulators of three levels", [
    ["SECTION_OFFICE", "科室监管人", "section office", "街镇科室监管"],
    ["COMMUNITY", "社区监管人", "community", "社区巡查上报"],
    ["ENTERPRISE", "企业监管人", "enterprise", "企业自查自改"],
  ]],
  ["FLOOD_3", "防汛三个责任人", "three responsible persons of flood control", [
    ["ADMIN", "行政责任人", "administrative", "组织防汛"],
    ["TECHNICAL", "技术责任人", "technical", "技术指导"],
    ["PATROL", "巡查责任人", "patrol", "巡查值守"],
  ]],
  ["GEO_4", "地灾四重网格员", "four-fold grid workers of geology", [
    ["MONITOR", "群测群防员", "community monitor", "日常监测"],
    ["AREA_HEAD", "片区负责人", "area head", "片区统筹"],
    ["GEOLOGIST", "驻守地质队员", "stationed geologist", "技术支撑"],
    ["STATION", "地环站管理员", "geological station", "业务管理"],
  ]],
  ["FOREST_1_3", "森林防火一长三员", "one chief and three workers of forest fire", [
    ["CHIEF", "林长(网格长)", "forest chief", "总负责"],
    ["RANGER", "护林员", "ranger", "巡护"],
    ["PATROL", "巡查员", "patrol", "巡查"],
    ["PUBLICIST", "宣传员", "publicist", "宣传"],
  ]],
];

const list = (...names: string[]) => names.map((name, index) => [String(index + 1).padStart(2, "0"), name] as const);

/** Classes of GB 6441-2025 with the classes of 1986 they may come from: read off the names, to be held against the official table once it is out. */
const ACCIDENTS_2025: readonly (readonly [code: string, zh: string, from: readonly string[]])[] = [
  ["P-STRUCK", "物体打击", ["01"]], ["P-VEHICLE-ON-SITE", "厂场内车辆致害", ["02"]], ["P-VEHICLE-ROAD-RAIL", "道路轨道车辆致害", ["02"]], ["P-MACHINE", "机械致害", ["03"]], ["P-LIFTING", "起重致害", ["04"]],
  ["P-ELECTRIC", "触电", ["05"]], ["P-DROWNING", "淹溺", ["06"]], ["P-BURN", "灼烫", ["07"]], ["P-FIRE", "火灾", ["08"]], ["P-FALL-FROM-HEIGHT", "高处坠落", ["09"]], ["P-FALL", "跌落", ["09", "20"]],
  ["P-COLLAPSE", "坍塌", ["10", "11"]], ["P-WATER-INRUSH", "水害", ["12"]], ["P-VESSEL-EXPLOSION", "容器爆炸", ["16", "17"]], ["P-PIPE-EXPLOSION", "管道爆炸", ["17", "18"]], ["P-GAS-EXPLOSION", "可燃气体爆炸", ["15", "18"]],
  ["P-VAPOUR-EXPLOSION", "可燃液体蒸汽爆炸", ["18"]], ["P-DUST-EXPLOSION", "粉尘爆炸", ["18"]], ["P-CIVIL-EXPLOSIVES", "民爆物品爆炸", ["13", "14"]], ["P-FIREWORKS", "烟花爆竹爆炸", ["14"]], ["P-OTHER-SOLID-EXPLOSION", "其他可燃固体爆炸", ["18"]],
  ["P-MOLTEN-EXPLOSION", "高温熔融物爆炸", ["18"]], ["P-POISONING", "中毒", ["19"]], ["P-ASPHYXIA", "窒息", ["19"]], ["P-LANDSLIDE", "滑坡", ["10"]], ["P-LEAK", "泄漏", ["20"]], ["P-OTHER", "其他", ["20"]],
];

/** Schemes of natural hazards; the rest are of work safety. */
const NATURAL = new Set(["FLOOD_3", "GEO_4", "FOREST_1_3"]);

/** Code lists by edition (domain 2.8, 3.3). Names only where a standard's numeric codes were not to be had. */
const CODE_LISTS: readonly (readonly [code: string, standard: string | null, edition: string, zh: string, en: string, validFrom: string | null, items: readonly (readonly [code: string, zh: string])[], more?: { defaultFrom: string; provisional: boolean }])[] = [
  ["sector", null, "2026", "行业领域", "sector", null, [["HAZCHEM", "危险化学品"], ["FIREWORKS", "烟花爆竹"], ["NONCOAL_MINE", "非煤矿山"], ["COAL_MINE", "煤矿"], ["INDUSTRY_TRADE", "工贸"], ["CONSTRUCTION", "建设施工"], ["ROAD", "道路交通"], ["WATERWAY", "水上交通"], ["FIRE", "消防"], ["GAS", "燃气"], ["SPECIAL_EQUIPMENT", "特种设备"], ["CULTURE_TOURISM", "文旅"], ["EDUCATION", "教育"], ["HEALTH", "医疗卫生"], ["CIVIL_AFFAIRS", "民政养老"], ["COMMERCE", "商贸"], ["WATER", "水利"], ["AGRICULTURE", "农业农机"], ["POWER", "电力"], ["OTHER", "其他"]]],
  ["accidentType", "GB 6441", "1986", "企业职工伤亡事故分类", "classes of accident", "1987-02-01", list("物体打击", "车辆伤害", "机械伤害", "起重伤害", "触电", "淹溺", "灼烫", "火灾", "高处坠落", "坍塌", "冒顶片帮", "透水", "放炮", "火药爆炸", "瓦斯爆炸", "锅炉爆炸", "容器爆炸", "其他爆炸", "中毒和窒息", "其他伤害")],
  // GB 6441-2025: sources disagree on 2026-07-01 or 2027-01-01; from the earlier day it is taken where it is named, from the later it is what is meant. No official
  // numeric codes were to be had: the codes are this register's own, and say so. Names by one of two counts (27 or 29 classes).
  ["accidentType", "GB 6441", "2025", "生产安全事故分类与编码(暂定)", "classes of accident, provisional", "2026-07-01", ACCIDENTS_2025.map(([code, zh]) => [code, zh] as const), { defaultFrom: "2027-01-01", provisional: true }],
  ["measureClass", "双重预防机制数字化建设数据交换规范", "2022", "管控措施分类", "classes of control measures", null, [["1", "工程技术"], ["1-1", "工艺控制"], ["1-2", "关键设备/部件"], ["1-3", "安全附件"], ["1-4", "安全仪表"], ["1-5", "其他"], ["2", "维护保养"], ["2-1", "动设备"], ["2-2", "静设备"], ["2-3", "其他"], ["3", "操作行为"], ["3-1", "人员资质"], ["3-2", "操作记录"], ["3-3", "交接班"], ["3-4", "其他"], ["4", "应急措施"], ["4-1", "应急设施"], ["4-2", "个体防护"], ["4-3", "消防设施"], ["4-4", "应急预案"], ["4-5", "其他"]]],
  ["disasterType", null, "2026", "灾害类型", "type of disaster", null, list("地震", "滑坡", "崩塌", "泥石流", "地面塌陷", "山洪", "洪涝", "内涝", "干旱", "森林火灾", "暴雨", "大风", "雷电", "冰雹", "高温", "低温雨雪冰冻")],
  ["hazardFactor", "GB/T 13861", "2022", "危险和有害因素(上两层)", "hazard factors, top two layers", "2022-10-01", [["1", "人的因素"], ["11", "心理、生理性"], ["12", "行为性"], ["2", "物的因素"], ["21", "物理性"], ["22", "化学性"], ["23", "生物性"], ["3", "环境因素"], ["31", "室内作业场所环境"], ["32", "室外作业场地环境"], ["33", "地下(含水下)作业环境"], ["39", "其他作业环境"], ["4", "管理因素"], ["41", "组织机构"], ["42", "责任制"], ["43", "制度"], ["44", "投入"], ["45", "应急管理"], ["49", "其他管理因素"]]],
];

/** How precisely layers are given to whom, to begin with: to the public, boundaries to about a hundred metres. */
const POLICIES = [["Region", "PUBLIC", 3]] as const;

/** Loads what every register stands on; what is there already is left as it is. */
export async function loadReference(unit: Unit): Promise<void> {
  const has = async (text: string, ...values: unknown[]) => (await unit.query(text, values)).length > 0;
  for (const [code, zh, en, slots] of SCHEMES) {
    if (await has("select 1 from responsibility_schemes where code = $1", code)) continue;
    const scheme = newUuid();
    await unit.query("insert into responsibility_schemes (id, code, name_zh, name_en, domain) values ($1, $2, $3, $4, $5)", [scheme, code, zh, en, NATURAL.has(code) ? "NATURAL_DISASTER" : "WORK_SAFETY"]);
    for (const [index, [slot, slotZh, slotEn, duty]] of slots.entries())
      await unit.query("insert into responsibility_slots (id, scheme_id, code, name_zh, name_en, duty_text, position) values ($1, $2, $3, $4, $5, $6, $7)", [newUuid(), scheme, slot, slotZh, slotEn, duty, index + 1]);
  }
  for (const [code, zh, en, version, definition] of METHODS) {
    if (await has("select 1 from assessment_methods where code = $1", code)) continue;
    const method = newUuid();
    await unit.query("insert into assessment_methods (id, code, name_zh, name_en) values ($1, $2, $3, $4)", [method, code, zh, en]);
    if (definition) await unit.query("insert into assessment_method_versions (id, method_id, version_code, definition, status, valid_from) values ($1, $2, $3, $4, 'ACTIVATED', '2008-02-01')", [newUuid(), method, version, JSON.stringify(definition)]);
  }
  for (const [code, standard, edition, zh, en, validFrom, items, more] of CODE_LISTS) {
    if (await has("select 1 from code_lists where code = $1 and edition = $2", code, edition)) continue;
    const listId = newUuid();
    await unit.query("insert into code_lists (id, code, standard, edition, name_zh, name_en, valid_from, default_from, provisional) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", [listId, code, standard, edition, zh, en, validFrom, more?.defaultFrom ?? null, more?.provisional ?? false]);
    for (const [item, name] of items) await unit.query("insert into code_items (id, code_list_id, code, name_zh) values ($1, $2, $3, $4)", [newUuid(), listId, item, name]);
  }
  await loadDutyRules(unit);
  await loadReviewRoundRules(unit);
  for (const [layer, audience, decimals] of POLICIES) {
    if (await has("select 1 from coordinate_policies where layer = $1 and audience = $2", layer, audience)) continue;
    await unit.query("insert into coordinate_policies (id, layer, audience, decimals) values ($1, $2, $3, $4)", [newUuid(), layer, audience, decimals]);
  }
  if (await has("select 1 from code_mappings")) return;
  for (const [code, , from] of ACCIDENTS_2025)
    for (const old of from)
      await unit.query(
        "insert into code_mappings (id, from_item_id, to_item_id, note) select $1, f.id, t.id, '按名称对应,待官方对照表核定 / by name, to be held against the official table' from code_lists a join code_items f on f.code_list_id = a.id and f.code = $2, code_lists b join code_items t on t.code_list_id = b.id and t.code = $3 where a.code = 'accidentType' and a.edition = '1986' and b.code = 'accidentType' and b.edition = '2025'",
        [newUuid(), old, code],
      );
}
