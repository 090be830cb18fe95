import { actions, type Input } from "../platform/actions.js";
import { roleEnum } from "../platform/actor.js";
import { crs } from "../platform/crs.js";
import { allEntities } from "../platform/entity/entity.js";
import { given } from "../platform/entity/input-fields.js";
import { allReports } from "../platform/entity/report.js";
import { Fault } from "../platform/fault.js";
import type { TakenRow, Unit } from "../platform/write/unit.js";
import { CoordinatePolicy } from "./coordinate-policy.js";

const limits = {
  decimals: given.int("至多几位小数(度);空为不限", "decimals of a degree at most; none for no limit", { minimum: 0, maximum: 9 }),
  crs: given.oneOf(crs, "可用坐标系;空为不限", "systems it may be given in; none for any", { list: true }),
};

async function set(unit: Unit, input: Input): Promise<string> {
  const layer = input["layer"] as string;
  const known = [...allEntities(), ...allReports().map(({ row, name }) => ({ ...row, name }))].some(({ name, fields }) => name === layer && Object.values(fields).some(({ kind }) => kind === "geometry"));
  if (!known) throw new Fault("INVALID_INPUT", { field: "input.layer", rule: "有几何的实体或报表 / an entity or a report with a geometry" });
  return unit.add(CoordinatePolicy, input);
}

/** Who gets which coordinates. */
actions({
  "coordinatePolicy.set": {
    zh: "设定坐标给出规则", en: "set a policy on giving coordinates", on: CoordinatePolicy, creates: true, by: ["SECURITY_ADMIN", "SEED"],
    input: { layer: given.text("图层(实体名或报表名)", "layer: name of an entity or a report", { required: true, max: 100 }), audience: given.oneOf(roleEnum, "对象", "audience", { required: true }), ...limits },
    work: set,
  },
  "coordinatePolicy.change": {
    zh: "更改坐标给出规则", en: "change a policy on giving coordinates", on: CoordinatePolicy, by: ["SECURITY_ADMIN", "SEED"], input: limits,
    work: (unit: Unit, input: Input, row: TakenRow) => unit.change(CoordinatePolicy, row, input),
  },
});
