import { newUuid } from "../../src/platform/write/identifier.js";
import type { Unit } from "../../src/platform/write/unit.js";
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

/** LEC and LS as data: closed lists of inputs, bands from the highest down (domain 2.1; 70 is moderate, a decision of ours). */
const METHODS = [
  ["LEC", "作业条件危险性评价法", "LEC", "2023", {
    inputs: { L: [10, 6, 3, 1, 0.5, 0.2, 0.1], E: [10, 6, 3, 2, 1, 0.5], C: [100, 40, 15, 7, 3, 1] },
    bands: [{ level: "MAJOR", from: 320, exclusive: true }, { level: "CONSIDERABLE", from: 160 }, { level: "MODERATE", from: 70 }, { level: "LOW", from: 0 }],
  }],
  ["LS", "风险矩阵法", "risk matrix", "2016", {
    inputs: { L: [1, 2, 3, 4, 5], S: [1, 2, 3, 4, 5] },
    bands: [{ level: "MAJOR", from: 20 }, { level: "CONSIDERABLE", from: 15 }, { level: "MODERATE", from: 9 }, { level: "LOW", from: 0 }],
  }],
] as const;

const list = (...names: string[]) => names.map((name, index) => [String(index + 1).padStart(2, "0"), name] as const);

/** Code lists by edition (domain 2.8, 3.3). Names only where a standard's numeric codes were not to be had. */
const CODE_LISTS: readonly (readonly [code: string, standard: string | null, edition: string, zh: string, en: string, validFrom: string | null, items: readonly (readonly [code: string, zh: string])[]])[] = [
  ["sector", null, "2026", "行业领域", "sector", null, [["HAZCHEM", "危险化学品"], ["FIREWORKS", "烟花爆竹"], ["NONCOAL_MINE", "非煤矿山"], ["COAL_MINE", "煤矿"], ["INDUSTRY_TRADE", "工贸"], ["CONSTRUCTION", "建设施工"], ["ROAD", "道路交通"], ["WATERWAY", "水上交通"], ["FIRE", "消防"], ["GAS", "燃气"], ["SPECIAL_EQUIPMENT", "特种设备"], ["CULTURE_TOURISM", "文旅"], ["EDUCATION", "教育"], ["HEALTH", "医疗卫生"], ["CIVIL_AFFAIRS", "民政养老"], ["COMMERCE", "商贸"], ["WATER", "水利"], ["AGRICULTURE", "农业农机"], ["POWER", "电力"], ["OTHER", "其他"]]],
  ["accidentType", "GB 6441", "1986", "企业职工伤亡事故分类", "classes of accident", "1987-02-01", list("物体打击", "车辆伤害", "机械伤害", "起重伤害", "触电", "淹溺", "灼烫", "火灾", "高处坠落", "坍塌", "冒顶片帮", "透水", "放炮", "火药爆炸", "瓦斯爆炸", "锅炉爆炸", "容器爆炸", "其他爆炸", "中毒和窒息", "其他伤害")],
  ["disasterType", null, "2026", "灾害类型", "type of disaster", null, list("地震", "滑坡", "崩塌", "泥石流", "地面塌陷", "山洪", "洪涝", "内涝", "干旱", "森林火灾", "暴雨", "大风", "雷电", "冰雹", "高温", "低温雨雪冰冻")],
  ["hazardFactor", "GB/T 13861", "2022", "危险和有害因素(上两层)", "hazard factors, top two layers", "2022-10-01", [["1", "人的因素"], ["11", "心理、生理性"], ["12", "行为性"], ["2", "物的因素"], ["21", "物理性"], ["22", "化学性"], ["23", "生物性"], ["3", "环境因素"], ["31", "室内作业场所环境"], ["32", "室外作业场地环境"], ["33", "地下(含水下)作业环境"], ["39", "其他作业环境"], ["4", "管理因素"], ["41", "组织机构"], ["42", "责任制"], ["43", "制度"], ["44", "投入"], ["45", "应急管理"], ["49", "其他管理因素"]]],
];

/** Loads what every register stands on; what is there already is left as it is. */
export async function loadReference(unit: Unit): Promise<void> {
  const has = async (text: string, ...values: unknown[]) => (await unit.query(text, values)).length > 0;
  for (const [code, zh, en, slots] of SCHEMES) {
    if (await has("select 1 from responsibility_schemes where code = $1", code)) continue;
    const scheme = newUuid();
    await unit.query("insert into responsibility_schemes (id, code, name_zh, name_en) values ($1, $2, $3, $4)", [scheme, code, zh, en]);
    for (const [index, [slot, slotZh, slotEn, duty]] of slots.entries())
      await unit.query("insert into responsibility_slots (id, scheme_id, code, name_zh, name_en, duty_text, position) values ($1, $2, $3, $4, $5, $6, $7)", [newUuid(), scheme, slot, slotZh, slotEn, duty, index + 1]);
  }
  for (const [code, zh, en, version, definition] of METHODS) {
    if (await has("select 1 from assessment_methods where code = $1", code)) continue;
    const method = newUuid();
    await unit.query("insert into assessment_methods (id, code, name_zh, name_en) values ($1, $2, $3, $4)", [method, code, zh, en]);
    await unit.query("insert into assessment_method_versions (id, method_id, version_code, definition, valid_from) values ($1, $2, $3, $4, '2008-02-01')", [newUuid(), method, version, JSON.stringify(definition)]);
  }
  for (const [code, standard, edition, zh, en, validFrom, items] of CODE_LISTS) {
    if (await has("select 1 from code_lists where code = $1 and edition = $2", code, edition)) continue;
    const listId = newUuid();
    await unit.query("insert into code_lists (id, code, standard, edition, name_zh, name_en, valid_from) values ($1, $2, $3, $4, $5, $6, $7)", [listId, code, standard, edition, zh, en, validFrom]);
    for (const [item, name] of items) await unit.query("insert into code_items (id, code_list_id, code, name_zh) values ($1, $2, $3, $4)", [newUuid(), listId, item, name]);
  }
  await loadReviewRoundRules(unit);
}
