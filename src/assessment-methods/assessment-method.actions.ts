import { actions, type Input } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { Fault } from "../platform/fault.js";
import { ownArea } from "../platform/write/owner.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { Region } from "../regions/region.js";
import { AssessmentMethod, AssessmentMethodVersion } from "./assessment-method.js";
import { checkDefinition } from "./definition-check.js";

const BY: readonly Role[] = ["COMMITTEE_OFFICE", "SEED"];
/** A matrix of a hundred by a hundred cells with its labels. */
const LONGEST_DEFINITION = 200_000;

/** What an office registers is its own area's, unless it says whose: nobody changes by it how others assess. */
const register = async (unit: Unit, input: Input) =>
  unit.add(AssessmentMethod, { ...input, owner: input["owner"] ?? (await ownArea(unit, "input.owner")) });

/** Checks and stores a definition; the database enumerates what it can say. Nothing is assessed by a draft. */
async function draft(unit: Unit, input: Input): Promise<string> {
  const method = unit.cited(AssessmentMethod, input["method"]);
  const versionCode = input["versionCode"];
  const [known] = await unit.query("select 1 from assessment_method_versions where method_id = $1 and version_code = $2 and status <> 'WITHDRAWN'", [method.uuid, versionCode]);
  if (known) throw new Fault("DUPLICATE", { field: "input.versionCode", rule: "a code of its own among the versions of the method", actual: versionCode });
  return unit.add(AssessmentMethodVersion, { method: method.uuid, versionCode, definition: checkDefinition(input["definition"]) });
}

/** From a day on, assessments are made by this version; the one in force until then ends. What was assessed stays as it was. */
async function activate(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const from = input["validFrom"] as string;
  const method = row["key:method"];
  if (from < unit.today) throw new Fault("INVALID_INPUT", { field: "input.validFrom", rule: "not before today", today: unit.today });
  // Two activations of a method take turns, so that neither overlooks the other's period.
  await unit.query("select 1 from assessment_methods where id = $1 for update", [method]);
  const [standing] = await unit.query<{ taken: string | null; next: string | null }>(
    `select max(version_code) filter (where valid_from = $2) as taken, to_char(min(valid_from) filter (where valid_from > $2), 'YYYY-MM-DD') as next
     from assessment_method_versions where method_id = $1 and status = 'ACTIVATED'`,
    [method, from],
  );
  if (standing?.taken) throw new Fault("RULE_VIOLATED", { rule: "one_version_in_force", field: "input.validFrom", versionCode: standing.taken, validFrom: from });
  await unit.query("update assessment_method_versions set valid_to = $2 where method_id = $1 and status = 'ACTIVATED' and valid_from < $2 and (valid_to is null or valid_to > $2)", [method, from]);
  // One that is to begin later still begins on its day.
  return unit.move(AssessmentMethodVersion, row, { validFrom: from, validTo: standing?.next });
}

/** 评估方法及其版本的一生: methods and the life of their versions. */
actions({
  "assessmentMethod.register": {
    zh: "登记评估方法", en: "register a method of assessment", on: AssessmentMethod, creates: true, by: BY,
    input: {
      code: given.text("方法代码", "code of the method", { required: true, max: 20, pattern: /^[A-Z][A-Z0-9_]*$/ }),
      nameZh: given.text("名称", "name in Chinese", { required: true, max: 100 }),
      nameEn: given.text("英文名称", "name in English", { required: true, max: 200 }),
      owner: given.id(() => Region, "所属区划;缺省为本人管辖的区划", "place it belongs to; the area one acts for unless given"),
    },
    work: register,
  },
  "assessmentMethodVersion.draft": {
    zh: "起草方法版本", en: "draft a version of a method", on: AssessmentMethodVersion, creates: true, to: "DRAFT", by: BY,
    input: {
      method: given.id(() => AssessmentMethod, "评估方法", "method", { required: true }),
      versionCode: given.text("版本标识", "code of the version", { required: true, max: 50 }),
      definition: given.json(
        '定义,形如 AssessmentMethodVersion.definition:{inputs:[{code,nameZh,nameEn,values:[{value,zh,en}]}],formula:{kind:"PRODUCT"|"SUM"}或{kind:"MATRIX",cells:[[…]]}(首项为行、次项为列,单元格为得分或等级),bands:[{level,from,exclusive}] 自高至低,directMajorReasons:[{code,zh,en}]};数值至多四位小数,取值组合至多 20000 个,每个得分须落入区间',
        "definition, in the form of AssessmentMethodVersion.definition; of a matrix the first input gives the rows, the second the columns, and every cell a score or a level; bands from the highest down; numbers of at most four decimals, at most 20,000 combinations, every score in a band",
        { required: true, max: LONGEST_DEFINITION },
      ),
    },
    work: draft,
  },
  "assessmentMethodVersion.activate": {
    zh: "启用方法版本", en: "bring a version into force", on: AssessmentMethodVersion, from: ["DRAFT"], to: "ACTIVATED", by: BY,
    input: { validFrom: given.date("启用日期,不早于今日;此前有效的版本于前一日止", "first day in force, not before today; the version in force until then ends the day before", { required: true }) },
    work: activate,
  },
  "assessmentMethodVersion.withdraw": { zh: "撤回方法版本草案", en: "withdraw a draft", on: AssessmentMethodVersion, from: ["DRAFT"], to: "WITHDRAWN", by: BY, input: {}, work: (unit, _input, row) => unit.move(AssessmentMethodVersion, row) },
});
