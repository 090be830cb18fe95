/** The demo's dice: seeded, so that the story is the same everywhere (mulberry32). */
export class Dice {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  int(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)]!;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }
}

/** First and last day of the story; the last is fixed, so that questions about it have one answer. */
export const FIRST_DAY = "2025-05-01";
export const LAST_DAY = "2026-10-31";
const DAY_MS = 86_400_000;
export const START = Date.parse(`${FIRST_DAY}T08:00:00+08:00`);
export const END = Date.parse(`${LAST_DAY}T18:00:00+08:00`);

export const TOWNS = [
  { code: "500112004000", name: "回兴街道", lon: 106.622, lat: 29.702 },
  { code: "500112002000", name: "双龙湖街道", lon: 106.641, lat: 29.722 },
  { code: "500112007000", name: "鸳鸯街道", lon: 106.578, lat: 29.678 },
] as const;

interface SectorProfile {
  code: string;
  department: string;
  share: number;
  names: readonly string[];
  risks: readonly (readonly [name: string, accident: string, consequence: string])[];
  dangers: readonly string[];
}

/** Invented trades with the risks and hidden dangers they are known for. */
export const SECTORS: readonly SectorProfile[] = [
  {
    code: "INDUSTRY_TRADE", department: "区经济信息委(演示)", share: 0.4, names: ["机械", "家具", "食品", "印务", "电器"],
    risks: [["冲压作业", "03", "机械伤害致残"], ["木粉尘车间", "18", "粉尘爆炸"], ["污水池有限空间", "19", "中毒和窒息"], ["液氨制冷机房", "19", "氨泄漏中毒"], ["叉车转运", "02", "车辆伤害"], ["配电室", "05", "触电"]],
    dangers: ["冲压机防护罩缺失", "除尘系统未按规程清灰", "有限空间未设警示标识", "安全出口堆放杂物", "配电箱未上锁且无漏保", "叉车作业区人车未分流"],
  },
  {
    code: "CONSTRUCTION", department: "区住房城乡建委(演示)", share: 0.2, names: ["商住楼", "市政道路", "厂房扩建"],
    risks: [["深基坑开挖", "10", "坍塌"], ["塔吊吊装", "04", "起重伤害"], ["外脚手架", "09", "高处坠落"], ["临时用电", "05", "触电"]],
    dangers: ["临边防护缺失", "脚手架连墙件不足", "基坑周边堆载超限", "特种作业人员证件过期", "三级配电未落实"],
  },
  {
    code: "GAS", department: "区城市管理局(演示)", share: 0.12, names: ["瓶装燃气站", "调压站", "餐饮"],
    risks: [["储瓶间", "17", "容器爆炸"], ["燃气管道穿越", "18", "泄漏爆炸"], ["后厨用气", "08", "火灾"]],
    dangers: ["未装可燃气体报警器", "软管老化超期", "气瓶与明火间距不足", "调压箱锈蚀"],
  },
  {
    code: "HAZCHEM", department: "区应急管理局(演示)", share: 0.1, names: ["加油站", "涂料经营", "化工试剂"],
    risks: [["油罐区", "18", "火灾爆炸"], ["卸油作业", "08", "火灾"], ["危化品仓库", "19", "中毒"]],
    dangers: ["静电接地失效", "危化品超量储存", "防爆电器选型不符", "泄漏检测仪未校验"],
  },
  {
    code: "FIRE", department: "区消防救援局(演示)", share: 0.18, names: ["商场", "宾馆", "物流仓储", "养老院"],
    risks: [["人员密集疏散", "08", "火灾伤亡"], ["电动车充电", "08", "火灾"], ["高层外保温", "08", "火灾蔓延"]],
    dangers: ["疏散通道被占用", "消火栓无水", "应急照明损坏", "电动自行车违规停放充电", "自动喷淋阀门关闭"],
  },
];

/** Working hours, so that nobody registers anything at three in the morning. */
export const atWork = (dice: Dice, day: number): number => START - 8 * 3_600_000 + day * DAY_MS + dice.int(8 * 60 + 30, 17 * 60 + 30) * 60_000 + dice.int(0, 59) * 1_000;

export const DAYS = Math.round((END - START) / DAY_MS);

export const iso = (at: number) => new Date(at + 8 * 3_600_000).toISOString().replace("Z", "+08:00");
export const day = (at: number) => iso(at).slice(0, 10);

/** A made-up credit code with a right check digit (GB 32100), registry 9, type 1, body numbers counted up. */
export function inventedUscc(number: number): string {
  const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  const body = String(10_000_000 + number);
  const organisation = [3, 7, 9, 10, 5, 8, 4, 2].reduce((sum, weight, index) => sum + weight * Number(body[index]), 0);
  const check = 11 - (organisation % 11);
  const start = `91500112${body}${check === 10 ? "X" : check === 11 ? "0" : check}`;
  let weight = 1;
  let sum = 0;
  for (const character of start) {
    sum += alphabet.indexOf(character) * weight;
    weight = (weight * 3) % 31;
  }
  return start + alphabet[(31 - (sum % 31)) % 31];
}
