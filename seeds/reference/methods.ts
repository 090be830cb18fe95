import type { MethodDefinition } from "../../src/assessment-methods/definition.js";

type Values = readonly (readonly [value: number, zh: string, en: string])[];

const input = (code: string, nameZh: string, nameEn: string, values: Values) => ({ code, nameZh, nameEn, values: values.map(([value, zh, en]) => ({ value, zh, en })) });
const bands = (...edges: readonly (readonly [level: string, from: number, exclusive?: boolean])[]) => edges.map(([level, from, exclusive = false]) => ({ level, from, exclusive }));

/** 直接判定重大 (domain 2.1, after the DB37/T 2882 family). */
const directMajorReasons = [
  { code: "LAW_VIOLATED", zh: "违反法律法规强制性要求", en: "mandatory law or standard violated" },
  { code: "DEATH_CONDITION_PERSISTS", zh: "曾致死亡重伤且条件仍在", en: "death or serious injury happened and the condition persists" },
  { code: "MAJOR_HAZARD_INSTALLATION", zh: "构成重大危险源", en: "forms a major hazard installation" },
  { code: "OVER_TEN_PEOPLE", zh: "有中毒爆炸火灾危险场所作业 10 人以上", en: "more than ten people at a place of poisoning, explosion or fire danger" },
];

const EXPOSURE: Values = [[10, "连续暴露", "continuous"], [6, "每天工作时间内暴露", "daily during working hours"], [3, "每周一次或偶然暴露", "weekly or occasional"], [2, "每月一次暴露", "monthly"], [1, "每年几次暴露", "a few times a year"], [0.5, "非常罕见地暴露", "very rare"]];

/** D = L × E × C; 70 is moderate, a decision of ours: 160 and 320 cannot arise. */
const LEC: MethodDefinition = {
  inputs: [
    input("L", "可能性", "likelihood", [[10, "完全可以预料", "to be expected"], [6, "相当可能", "quite possible"], [3, "可能,但不经常", "possible but unusual"], [1, "可能性小,完全意外", "only remotely possible"], [0.5, "很不可能,可以设想", "conceivable but very unlikely"], [0.2, "极不可能", "extremely unlikely"], [0.1, "实际不可能", "practically impossible"]]),
    input("E", "暴露频次", "exposure", EXPOSURE),
    input("C", "后果", "consequence", [[100, "大灾难,许多人死亡", "catastrophe, many deaths"], [40, "灾难,数人死亡", "disaster, several deaths"], [15, "非常严重,一人死亡", "very serious, one death"], [7, "严重,重伤", "serious injury"], [3, "重大,致残", "disability"], [1, "引人注目,需要救护", "noticeable, first aid needed"]]),
  ],
  formula: { kind: "PRODUCT" },
  bands: bands(["MAJOR", 320, true], ["CONSIDERABLE", 160], ["MODERATE", 70], ["LOW", 0]),
  directMajorReasons,
};

/** R = L × S (DB37/T 2882-2016); 4-8 and 1-3 are both low. */
const LS: MethodDefinition = {
  inputs: [
    input("L", "可能性", "likelihood", [[1, "极不可能发生", "rare"], [2, "不太可能发生", "unlikely"], [3, "可能发生", "possible"], [4, "很可能发生", "likely"], [5, "几乎必然发生", "almost certain"]]),
    input("S", "严重性", "severity", [[1, "无伤亡", "no injury"], [2, "轻微受伤", "slight injury"], [3, "截肢、骨折、听力丧失、慢性病", "amputation, fracture, loss of hearing, chronic illness"], [4, "丧失劳动能力", "loss of working capacity"], [5, "死亡", "death"]]),
  ],
  formula: { kind: "PRODUCT" },
  bands: bands(["MAJOR", 20], ["CONSIDERABLE", 15], ["MODERATE", 9], ["LOW", 0]),
  directMajorReasons,
};

/** R = M × E × S; the fourth and fifth of its grades are both low, a decision of ours. */
const MES: MethodDefinition = {
  inputs: [
    input("M", "控制措施状态", "state of control measures", [[5, "无控制措施", "none"], [3, "有减轻后果的应急措施", "emergency measures that lessen the consequence"], [1, "有预防措施且有效", "preventive measures in effect"]]),
    input("E", "暴露频次", "exposure", EXPOSURE),
    input("S", "事故后果", "consequence", [[10, "多人死亡", "several deaths"], [8, "一人死亡或多人永久失能", "one death, or several people permanently disabled"], [4, "一人永久失能", "one person permanently disabled"], [2, "需医院治疗,缺工", "hospital treatment, absence from work"], [1, "轻微,仅需急救", "slight, first aid only"]]),
  ],
  formula: { kind: "PRODUCT" },
  bands: bands(["MAJOR", 180], ["CONSIDERABLE", 90], ["MODERATE", 50], ["LOW", 0]),
  directMajorReasons,
};

/** Methods the register knows; those without a version by name only, until the committee's office drafts one (domain 2.1). */
export const METHODS: readonly (readonly [code: string, zh: string, en: string, version?: string, definition?: MethodDefinition])[] = [
  ["LEC", "作业条件危险性评价法", "LEC", "2023", LEC],
  ["LS", "风险矩阵法", "risk matrix", "2016", LS],
  ["MES", "作业条件风险程度评价法", "MES", "通用", MES],
  ["LOPA", "保护层分析", "layer of protection analysis"],
  ["HAZOP", "危险与可操作性分析", "hazard and operability study"],
  ["JHA", "工作危害分析", "job hazard analysis"],
  ["SCL", "安全检查表法", "safety checklist"],
  ["EXPERT", "专家判断", "expert judgement"],
];
