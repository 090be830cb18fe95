import { entity } from "../platform/entity/entity.js";
import { enumeration } from "../platform/entity/enumeration.js";
import { date, int, one, oneOf, text, textList } from "../platform/entity/fields.js";
import { ResponsibilityScheme } from "../supervision/regulation.js";

const dutyKind = enumeration("DutyRuleKind", { zh: "履职规则类别", en: "kind of duty rule" }, {
  COUNT_PER_PERIOD: ["每期次数(按人)", "a number of visits in each period, per person"],
  COVERAGE: ["每期全覆盖(按监管对象)", "every listed subject in each period"],
});

const dutyPeriod = enumeration("DutyPeriod", { zh: "履职周期", en: "period of a duty" }, { MONTH: ["每月", "each calendar month"], HALF_YEAR: ["每半年", "1 January to 30 June, 1 July to 31 December"] });

/** 履职规则 (TR-06, TR-07): to how many visits, of which nature, the holders of which slots are obliged. Rows are data with the days they hold; a rule is never rewritten, another follows. */
export const DutyRule = entity({
  name: "DutyRule",
  zh: "履职规则",
  en: "duty rule",
  plural: "dutyRules",
  table: "duty_rules",
  scope: { kind: "shared", public: true, owner: "tree" },
  order: [["code", "asc"]],
  fields: {
    code: text("代码", "code", { filter: true, sort: true }),
    kind: oneOf(dutyKind, "类别", "kind", { filter: true }),
    period: oneOf(dutyPeriod, "周期", "period", { filter: true }),
    slots: textList("所约束席位的代码", "codes of the slots it binds"),
    natures: textList("可算履职的检查指导性质", "natures of visits that count"),
    minimum: int("每期(每对象)至少几次", "least number of visits in a period, or at each subject"),
    appointedByDay: int("按次数:当月此日(含)前到任且此日在任者负当月义务", "of a number: who was appointed on or before this day of the month, and holds a slot on it, owes the month", { nullable: true }),
    minimumDays: int("按覆盖:期内在册(未停产)不足此天数的对象不入基数", "of coverage: a subject listed, and not at a standstill, for fewer days of the period is no part of the base", { nullable: true }),
    toleranceMetres: int("签到点距监管对象至多多少米,否则须人工确认;为空则不查到场", "farthest check-in from the subject, beyond which presence is confirmed by hand; null where presence is not asked", { nullable: true }),
    closesAfterDays: int("期末后多少天内登记的记录才算数;为空则不关账", "days after the period within which a visit must have been recorded to count; null where periods stay open", { nullable: true }),
    basis: text("依据", "basis", { nullable: true }),
    validFrom: date("启用日期", "valid from", { filter: true }),
    validTo: date("停用日期(不含)", "valid to, exclusive", { nullable: true, filter: true }),
  },
  relations: { scheme: one(() => ResponsibilityScheme, "scheme_id", "责任人体系", "scheme", { owned: true }) },
});
