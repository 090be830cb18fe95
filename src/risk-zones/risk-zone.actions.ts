import { actions, type Input } from "../platform/actions.js";
import type { Role } from "../platform/actor.js";
import { given } from "../platform/entity/input-fields.js";
import { Fault } from "../platform/fault.js";
import { nextCode } from "../platform/write/code-number.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { Region } from "../regions/region.js";
import { RiskZone, zoneGrade } from "./risk-zone.js";

const KEEPERS: readonly Role[] = ["INTEGRATION_CLIENT", "COMMITTEE_OFFICE", "SEED"];

function register(unit: Unit, input: Input): Promise<string> {
  const { externalSystem, externalId, ...values } = input;
  return unit.register(RiskZone, { ...values, code: nextCode("QH", "risk_zone_numbers", input["region"] as string), source_system: externalSystem, external_id: externalId });
}

/** The row that takes a zone's place is registered before, so that what lay in the one is never for an instant in none. Faults: RULE_VIOLATED. */
async function supersede(unit: Unit, input: Input, row: TakenRow): Promise<string> {
  if (input["by"]) {
    const newer = unit.cited(RiskZone, input["by"]);
    if (newer["disasterType"] !== row["disasterType"] || newer["status"] !== "STANDING") throw new Fault("INVALID_INPUT", { field: "input.by", rule: "a standing zone of the same disaster type" });
  }
  return unit.move(RiskZone, row, { supersededBy: input["by"], supersededAt: unit.now, supersedeReason: input["reason"] });
}

/** 普查成果入库与替代. */
actions({
  "riskZone.register": {
    zh: "登记风险区划成果", en: "register a risk zone of the census", on: RiskZone, creates: true, to: "STANDING", by: KEEPERS,
    input: {
      region: given.id(() => Region, "所在区划", "region", { required: true }),
      name: given.text("名称", "name", { required: true, max: 200 }),
      disasterType: given.text("灾害类型代码", "code of the disaster type", { required: true, max: 50 }),
      grade: given.oneOf(zoneGrade, "区划等级", "grade", { required: true }),
      boundary: given.area("范围(面,CGCS2000)", "extent, in CGCS2000", { required: true }),
      censusBatch: given.text("普查批次", "batch of the census", { required: true, max: 100 }),
      censusSource: given.text("成果来源", "source of the result", { required: true, max: 200 }),
      surveyedAt: given.date("调查日期", "surveyed on", { required: true }),
      externalSystem: given.text("来源系统(与 externalId 同用)", "source system (with externalId)", { max: 100 }),
      externalId: given.text("来源系统中的主键", "key in the source system", { max: 200 }),
    },
    work: register,
  },
  "riskZone.supersede": {
    zh: "以新成果替代风险区划", en: "supersede a risk zone", on: RiskZone, from: ["STANDING"], to: "SUPERSEDED", by: KEEPERS,
    input: { by: given.id(() => RiskZone, "替代它的成果;撤销而无替代者为空", "what supersedes it; absent where nothing does"), reason: given.text("理由", "reason", { required: true, max: 1000 }) },
    work: supersede,
  },
});
