import { enumeration } from "../platform/entity/enumeration.js";
import { decimal, int, one } from "../platform/entity/fields.js";
import { given } from "../platform/entity/input-fields.js";
import { report } from "../platform/entity/report.js";
import { Region } from "../regions/region.js";
import { HiddenDanger, onTimeBy } from "./hidden-danger.js";

const rankedBy = enumeration("RankedRegionLevel", { zh: "排名的区划层级", en: "level of region that is ranked" }, { DISTRICT: ["区县", "districts"], TOWN: ["街镇", "towns"] });
/** How a hidden danger finds its region of a level: by its own column, which an index serves. */
const JOINED: Readonly<Record<string, (danger: string, region: string) => string>> = {
  DISTRICT: (danger, region) => `${danger}.county_code = ${region}.county_code`,
  TOWN: (danger, region) => `${danger}.town_id = ${region}.id`,
};

/** A rate in per cent; of nothing due there is none: no data is not a hundred per cent. */
const rate = (done: string, due: string) => `round(100.0 * ${done} / nullif(${due}, 0), 2)`;

/** U-02, ONTIME_RECT_RATE 按期整改率 (domain 3.7): both usages of the deadline side by side, ranked (晾晒). */
report({
  name: "onTimeRectification",
  zh: "按期整改率:期限在期间内的隐患中,所报整改经验收通过且不晚于期限者所占百分比;按延期后期限与原期限两种口径,按区划排名;应改为零者为无数据,不排名;外部闭环另计,不入分母",
  en: "rates of rectification on time: of hidden dangers whose deadline lies in the period, those whose report that passed came by it, in per cent, by the deadline in force and by the original one, ranked by region; where nothing was due there is no rate and no rank; loops run elsewhere are counted apart",
  args: {
    from: given.date("期间首日", "first day of the period", { required: true }),
    to: given.date("期间末日(含)", "last day of the period, inclusive", { required: true }),
    by: given.oneOf(rankedBy, "排名的区划层级", "level of region that is ranked", { required: true }),
    within: { zh: "哪些区划", en: "which regions", filterOf: () => Region },
    filter: { zh: "哪些隐患", en: "which hidden dangers", filterOf: () => HiddenDanger },
  },
  shapes: ["by"],
  cost: 200,
  fields: {
    rank: int("名次(按延期后期限的比率,并列看应改数);无数据者为空", "dense rank by the rate on the deadline in force, ties by what was due; null without data", { nullable: true }),
    due: int("应改数(按延期后期限)", "due by the deadline in force"),
    onTime: int("按期数(按延期后期限)", "on time by the deadline in force"),
    rate: decimal("按期整改率,百分比;无数据为空", "rate in per cent; null without data", { nullable: true }),
    dueOriginal: int("应改数(按原期限)", "due by the original deadline"),
    onTimeOriginal: int("按期数(按原期限)", "on time by the original deadline"),
    rateOriginal: decimal("按期整改率(按原期限),百分比;无数据为空", "rate by the original deadline; null without data", { nullable: true }),
    external: int("期限在期间内而在外部闭环者,不入分母", "with a deadline in the period but run elsewhere; not part of what was due"),
  },
  relations: { region: one(() => Region, "region_id", "区划", "the region", { owned: true }) },
  sql: (asked, read) => {
    const [region, danger] = [read.alias(), read.alias()];
    const level = String(asked.choice("by"));
    const within = (deadline: string) => `d.${deadline} between ${asked.param("date", "from")} and ${asked.param("date", "to")}`;
    const counted = (condition: string) => `count(*) filter (where ${condition})::integer`;
    return `
      select case when x.rate is not null then dense_rank() over (order by x.rate desc nulls last, x.due desc)::integer end as rank, x.* from (
        select n.*, ${rate("n.on_time", "n.due")} as rate, ${rate("n.on_time_original", "n.due_original")} as rate_original from (
          select r.id as region_id, r.code,
            ${counted(`${within("effective_deadline")} and d.native`)} as due, ${counted(`${within("effective_deadline")} and d.native and d.on_time`)} as on_time,
            ${counted(`${within("original_deadline")} and d.native`)} as due_original, ${counted(`${within("original_deadline")} and d.native and d.on_time_original`)} as on_time_original,
            ${counted(`${within("effective_deadline")} and not d.native`)} as external
          from (select ${region}.* from ${read.source(Region, region, "set")} where ${region}.level = '${level}' and ${asked.filter("within", Region, region)}) r
          left join (
            select ${danger}.county_code, ${danger}.town_id, ${danger}.effective_deadline, ${danger}.original_deadline, ${danger}.origin = 'NATIVE' as native, ${onTimeBy("effective_deadline")(danger, read)} as on_time, ${onTimeBy("original_deadline")(danger, read)} as on_time_original
            from ${read.source(HiddenDanger, danger, "set")} where ${danger}.status not in ('REJECTED', 'VOIDED') and ${read.scope(HiddenDanger, danger)} and ${asked.filter("filter", HiddenDanger, danger)}) d on ${JOINED[level]!("d", "r")}
          group by r.id, r.code) n) x
      order by rank nulls last, x.code`;
  },
});
