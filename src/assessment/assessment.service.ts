import { placesOf, type MethodDefinition } from "../assessment-methods/definition.js";
import type { Input } from "../platform/actions.js";
import { given } from "../platform/entity/input-fields.js";
import { Fault } from "../platform/fault.js";
import { newUuid } from "../platform/write/identifier.js";
import type { Unit } from "../platform/write/unit.js";
import { riskLevel } from "../risks/risk.js";
import { RiskAssessment } from "./assessment.js";

/** One assessment as actions take it. */
export const assessmentInput = given.object(
  "RiskAssessmentInput",
  {
    method: given.text("方法代码,须有当日有效的版本", "code of a method that has a version in force today", { required: true, max: 20 }),
    inputs: given.json("取值,以取值项代码为键(不分大小写),须在方法版本的封闭取值表内,如 {l:3,e:6,c:15};直接判定重大者可不填", "values by code of the input, in whatever case, each within the closed list of the version: {l:3,e:6,c:15}; may be left out where directly judged"),
    directMajorReason: given.text("直接判定重大的情形代码,见方法版本", "code of the reason for direct major, as the version lists it", { max: 50 }),
    statedLevel: given.oneOf(riskLevel, "来源系统所报等级;与计算结果不一致即拒绝", "level stated by the source; refused where it differs from the computed one"),
    basis: given.text("依据", "basis", { max: 2000 }),
  },
  "一次评估",
  "one assessment",
  { required: true },
);

export interface Assessed {
  /** UUID of the assessment. */
  id: string;
  level: string;
}

interface InForce {
  id: string;
  version: string;
  definition: MethodDefinition;
  /** What the version says of the inputs; null where it says nothing. */
  score: string | null;
  level: string | null;
}

/** Input codes as the definition writes them; a value that is null was not given. */
function valuesIn(inputs: Readonly<Record<string, unknown>>, at: string): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [key, value] of Object.entries(inputs)) {
    if (value === null) continue;
    const code = key.toUpperCase();
    if (values.has(code)) throw new Fault("INVALID_INPUT", { field: `${at}.${key}`, rule: "not given twice" });
    values.set(code, value);
  }
  return values;
}

/** The version of a method in force on the day, with what it says of the inputs. Faults: INVALID_INPUT naming the methods that can assess. */
async function inForce(unit: Unit, method: string, values: ReadonlyMap<string, unknown>, at: string): Promise<InForce> {
  const [row] = await unit.query<InForce>(
    `select v.id, v.version_code as version, v.definition, o.score, o.level
     from assessment_methods m join assessment_method_versions v on v.method_id = m.id and v.status = 'ACTIVATED' and v.valid_from <= $2 and (v.valid_to is null or v.valid_to > $2)
     left join assessment_outcomes o on o.version_id = v.id and o.inputs = $3::jsonb where m.code = $1`,
    [method, unit.today, JSON.stringify(Object.fromEntries(values))],
  );
  if (row) return row;
  const known = await unit.query<{ code: string; assesses: boolean; name: string }>(
    `select code, name_zh || ' / ' || name_en as name, exists (select 1 from assessment_method_versions v where v.method_id = m.id and v.status = 'ACTIVATED' and v.valid_from <= $1 and (v.valid_to is null or v.valid_to > $1)) as assesses
     from assessment_methods m order by code`,
    [unit.today],
  );
  const named = known.find(({ code }) => code === method);
  throw new Fault("INVALID_INPUT", { field: `${at}.method`, rule: named ? "a method with a version in force today" : "the code of a method", actual: named?.name ?? method, allowed: known.filter(({ assesses }) => assesses).map(({ code }) => code) });
}

/** Records one assessment: the version in force says the level, and a stated level that differs is refused. */
export async function addAssessment(unit: Unit, risk: string, input: Input, stage: "INHERENT" | "CURRENT"): Promise<Assessed> {
  const at = `input.${stage.toLowerCase()}`;
  const method = input["method"] as string;
  const reason = input["directMajorReason"] as string | null | undefined;
  const values = valuesIn((input["inputs"] ?? {}) as Record<string, unknown>, `${at}.inputs`);
  const version = await inForce(unit, method, values, at);
  const { directMajorReasons } = version.definition;
  if (reason && !directMajorReasons.some(({ code }) => code === reason)) throw new Fault("INVALID_INPUT", { field: `${at}.directMajorReason`, rule: `one of ${directMajorReasons.map(({ code }) => code).join(", ")}`, actual: reason, allowed: directMajorReasons });
  if (version.level === null && (values.size > 0 || !reason)) {
    placesOf(version.definition, values, `${at}.inputs`);
    throw new Error(`version ${version.id} says nothing of inputs it knows`);
  }
  const level = reason ? "MAJOR" : version.level!;
  if (input["statedLevel"] && input["statedLevel"] !== level) throw new Fault("LEVEL_DISAGREES", { stated: input["statedLevel"], computed: level, score: version.score === null ? null : Number(version.score), method, methodVersion: version.version });
  const id = newUuid(Date.parse(unit.now));
  await unit.add(
    RiskAssessment,
    { risk, method, methodVersion: version.id, inputs: Object.fromEntries(values), score: version.score, computedLevel: level, directMajorReason: reason, stage, assessedAt: unit.now, basis: input["basis"] },
    id,
  );
  return { id, level };
}
