import { actions, type Input } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { Fault } from "../platform/fault.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { CodeItem, CodeList, CodeMapping } from "./code-list.js";

const KEEPERS: readonly Role[] = ["COMMITTEE_OFFICE", "SEED"];

const validity = {
  validFrom: given.date("启用日期", "valid from"),
  validTo: given.date("停用日期(不含)", "valid to, exclusive"),
};

async function map(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  const [ends] = await unit.query<{ same_standard: boolean; same_list: boolean }>(
    "select a.code = b.code as same_standard, a.id = b.id as same_list from code_items f join code_lists a on a.id = f.code_list_id, code_items t join code_lists b on b.id = t.code_list_id where f.id = $1 and t.id = $2",
    [row.uuid, input["to"]],
  );
  if (!ends?.same_standard || ends.same_list) throw new Fault("INVALID_INPUT", { field: "input.to", rule: "a code of another edition of the same list" });
  await unit.add(CodeMapping, { from: row.uuid, to: input["to"], note: input["note"] });
  return row.uuid;
}

/** 代码表维护 (domain 2.8, INV-24): when an edition holds and from when it is the one meant is data. */
actions({
  "codeList.revise": {
    zh: "更改代码表的有效期与切换日期", en: "change when an edition is valid and when it becomes the default", on: CodeList, by: KEEPERS,
    input: { ...validity, defaultFrom: given.date("切换日期", "switch date") },
    work: (unit, input, row) => unit.change(CodeList, row, input),
  },
  "codeItem.add": {
    zh: "增加代码项", en: "add a code", on: CodeItem, creates: true, by: KEEPERS,
    input: {
      list: given.id(() => CodeList, "代码表", "list", { required: true }),
      code: given.text("代码", "code", { required: true, max: 50 }),
      nameZh: given.text("名称", "name in Chinese", { required: true, max: 200 }),
      nameEn: given.text("英文名称", "name in English", { max: 200 }),
      ...validity,
    },
    work: (unit, input) => unit.add(CodeItem, input),
  },
  "codeItem.revise": {
    zh: "更改代码项的名称与有效期", en: "change the name of a code, and when it is valid", on: CodeItem, by: KEEPERS,
    input: { nameZh: given.text("名称", "name in Chinese", { max: 200 }), nameEn: given.text("英文名称", "name in English", { max: 200 }), ...validity },
    work: (unit, input, row) => unit.change(CodeItem, row, input),
  },
  "codeItem.map": {
    zh: "登记新旧版本代码对应", en: "record what a code may be in another edition", on: CodeItem, by: KEEPERS,
    input: { to: given.id(() => CodeItem, "对应的代码项(同一代码表的另一版本)", "code of another edition of the same list", { required: true }), note: given.text("说明(依据)", "note, with its ground", { max: 500 }) },
    work: map,
  },
});
