import { namedPerson } from "../people/named-person.js";
import { actions } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { Risk } from "../risks/risk.js";
import { controlLevel } from "./control-level.js";
import { ControlMeasure, measureKind, measureMode, specialMeasureKind } from "./control-measure.js";
import { addMeasure, changeMeasure, withdrawMeasure } from "./control-measure.service.js";

const BY: readonly Role[] = ["ENTERPRISE_REPORTER", "ENTERPRISE_PRINCIPAL", "TOWN_REGULATOR", "TOWN_LEADER", "SECTOR_REGULATOR", "SECTOR_LEADER", "COMMITTEE_OFFICE", "INTEGRATION_CLIENT"];

/** A measure as inputs give it. */
export const measure = {
  kind: given.oneOf(measureKind, "类别", "kind", { required: true }),
  description: given.text("内容", "what is done", { required: true, max: 4000 }),
  class1: given.text("管控措施分类 1:1 工程技术、2 维护保养、3 操作行为、4 应急措施", "class 1: 1 engineering, 2 maintenance, 3 operation, 4 emergency", { pattern: /^[1-4]$/ }),
  class2: given.text("管控措施分类 2,须属分类 1,如 1-1", "class 2, of its class 1, such as 1-1", { pattern: /^(1-[1-5]|2-[1-3]|3-[1-4]|4-[1-5])$/ }),
  class3: given.text("管控措施分类 3(自定)", "class 3, free", { max: 200 }),
  mode: given.oneOf(measureMode, "管控方式", "how it is watched"),
  responsibleLevel: given.oneOf(controlLevel, "责任层级", "level that answers for it"),
  responsiblePerson: namedPerson("责任人", "responsible person"),
  checkContent: given.text("隐患排查内容", "what a check looks at", { max: 4000 }),
  specialKind: given.oneOf(specialMeasureKind, "专项措施", "special kind"),
  capacity: given.int("最大承载量(人),仅 CAPACITY_LIMIT", "limit of capacity in people, of CAPACITY_LIMIT only", { minimum: 1, maximum: 10_000_000 }),
};

/** 管控措施的增、改、撤 (domain 2.5, A11, D23, D24). */
actions({
  "controlMeasure.add": {
    zh: "增加管控措施", en: "add a control measure", on: Risk, by: BY, from: ["IDENTIFIED", "ASSESSED", "IN_FORCE", "REVIEWING"], input: measure, work: addMeasure,
  },
  "controlMeasure.change": {
    zh: "更改管控措施", en: "change a control measure", on: ControlMeasure, by: BY,
    input: { ...measure, kind: { ...measure.kind, required: false }, description: { ...measure.description, required: false } }, work: changeMeasure,
  },
  "controlMeasure.withdraw": {
    zh: "撤销管控措施(留存可查)", en: "withdraw a control measure; it stays to be read", on: ControlMeasure, by: BY,
    input: { reason: given.text("理由", "reason", { required: true, max: 1000 }) }, work: withdrawMeasure,
  },
});
