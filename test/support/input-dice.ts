import type { Action, InputField } from "../../src/platform/actions.js";
import type { Entity } from "../../src/platform/entity/entity.js";
import { globalId } from "../../src/platform/entity/entity.js";
import { inventedUscc, type Dice } from "../../seeds/demo/story.js";
import { seeded } from "./methods.js";

/** UUIDs that exist of an entity and fit an input of that name. */
export type Known = (entity: Entity, name: string) => Promise<readonly string[]>;

const DAY_MS = 86_400_000;
const SHARE = 0.4;
const TEXTS = ["示例", "含\"引号\"与\\反斜杠", "100%_通配", "换\n行", "😀", "A", "a"];
/** Where the field's form alone says too little: closed lists of numbers, numbers that must exist. */
const FORMS: Readonly<Record<string, (dice: Dice) => unknown>> = {
  AssessmentValuesInput: (dice) => ({ l: dice.pick([0.5, 1, 3, 6]), e: dice.pick([2, 3, 6]), c: dice.pick([3, 7, 15, 40]) }),
  method: () => "LEC",
  uscc: (dice) => inventedUscc(dice.int(2_000, 90_000)),
  employees: (dice) => dice.int(1, 900),
  sector: (dice) => dice.pick(["INDUSTRY_TRADE", "INDUSTRY_TRADE", "GAS", "HAZCHEM"]),
  sectors: (dice) => [dice.pick(["INDUSTRY_TRADE", "GAS"])],
  accidentType: (dice) => dice.pick(["03", "08", "18", "03", "08", "18", "03", "99"]),
  accidentTypeEdition: () => "1986",
  hazardFactor: (dice) => dice.pick(["21", "22", "21", "22", "21", "99"]),
  disasterType: (dice) => dice.pick(["01", "06"]),
  criterionClause: (dice) => `第${dice.int(1, 20)}条`,
  definition: () => seeded("LEC"),
  statedLevel: () => undefined,
  externalSystem: () => undefined,
  externalId: () => undefined,
};

type Thrown = Record<string, unknown>;
const day = (moment: number) => new Date(moment).toISOString().slice(0, 10);
/** First day of the quarter a moment is in, or of one before or after it. */
const quarterOf = (moment: number, aside: number) => {
  const at = new Date(moment);
  return day(Date.UTC(at.getUTCFullYear(), (Math.floor(at.getUTCMonth() / 3) + aside) * 3, 1));
};
const without = (input: Thrown, ...names: string[]) => names.forEach((name) => delete input[name]);
const DETAIL: Readonly<Record<string, string>> = { KEY_FACILITY: "facility", KEY_AREA: "area", CONSTRUCTION_PROJECT: "project" };
const onlyOfItsKind = (input: Thrown) => without(input, ...Object.values(DETAIL).filter((name) => name !== DETAIL[String(input["kind"])]));
const eitherPlace = (input: Thrown) => without(input, input["subject"] ? "region" : "subject");
const gradeOfInstallations = (input: Thrown) => input["type"] !== "MAJOR_HAZARD_INSTALLATION" && without(input, "hazardInstallationGrade", "rValue");
const toCome = (input: Thrown, dice: Dice, now: number) => Object.assign(input, { validFrom: undefined, validTo: new Date(now + dice.int(1, 30) * DAY_MS).toISOString() });

/** Where what is said in one place depends on another: thrown apart, hardly any of it would be taken. */
const AGREEMENTS: Readonly<Record<string, (input: Thrown, dice: Dice, now: number) => unknown>> = {
  "subject.register": onlyOfItsKind,
  "subject.update": onlyOfItsKind,
  "riskObject.register": gradeOfInstallations,
  "riskObject.update": (input) => without(input, "type", "hazardInstallationGrade", "rValue"),
  "hiddenDanger.report": eitherPlace,
  "hiddenDanger.register": eitherPlace,
  "risk.identify": (input) => input["domain"] !== "NATURAL_DISASTER" && without(input, "causedBy"),
  "risk.suspend": toCome,
  "riskUnit.stop": toCome,
  "visit.record": (input, dice, now) => Object.assign(input, { startedAt: new Date(now - dice.int(3, 900) * 3_600_000).toISOString(), endedAt: dice.chance(0.5) ? new Date(now - dice.int(0, 2) * 3_600_000).toISOString() : undefined }),
  "postCard.draft": (input, dice) => (input["slot"] && dice.chance(0.5) ? without(input, "post") : Object.assign(input, { post: `岗位${dice.int(1, 9_999)}`, slot: undefined })),
  "riskReviewRound.plan": (input, dice, now) => {
    const regular = ["MONTHLY_IDENTIFICATION", "QUARTERLY_CONSULTATION"].includes(String(input["kind"]));
    if (regular) return Object.assign(input, { periodFrom: quarterOf(now, dice.int(-4, 4)), periodTo: undefined });
    return Object.assign(input, { periodFrom: day(now - dice.int(0, 5) * DAY_MS), periodTo: day(now + dice.int(5, 60) * DAY_MS), occasion: "示例活动" });
  },
};

/** Throws inputs of actions from their declarations, so that a new action is played with no edit. */
export class InputDice {
  private count = 0;

  constructor(
    private readonly dice: Dice,
    private readonly known: Known,
  ) {}

  /** An input of an action, sound by type; what the action makes of it is its own affair. @param now the clock, in milliseconds. */
  async input(name: string, action: Action, now: number): Promise<Record<string, unknown>> {
    const made = await this.fields(action.input, now);
    // One of two places will do, and one there has to be.
    if (action.input["region"] && action.input["subject"] && !action.input["region"].required) made["subject"] ??= await this.one("subject", action.input["subject"], now);
    if (!this.dice.chance(0.06)) AGREEMENTS[name]?.(made, this.dice, now);
    return made;
  }

  private async fields(fields: Readonly<Record<string, InputField>>, now: number): Promise<Record<string, unknown>> {
    const made: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      if (!field.required && !this.dice.chance(SHARE)) continue;
      const value = await this.one(name, field, now);
      if (value !== undefined) made[name] = field.list && !Array.isArray(value) ? [value] : value;
    }
    return made;
  }

  private async one(name: string, field: InputField, now: number): Promise<unknown> {
    const { dice } = this;
    const form = FORMS[field.typeName ?? name];
    const said = form && field.kind !== "id" ? form(dice) : undefined;
    // What is left out where it may be is thrown by its form where it may not.
    if (said !== undefined || (form && field.kind !== "id" && !field.required)) return said;
    switch (field.kind) {
      case "id": {
        const entity = field.of!();
        const ids = await this.known(entity, name);
        return ids.length > 0 ? globalId(entity, dice.pick(ids)) : undefined;
      }
      case "object":
        return this.fields(field.fields!, now);
      case "enum":
        return dice.pick(field.enumeration!.values);
      case "boolean":
        return dice.chance(0.5);
      case "int":
        return dice.int(field.minimum ?? 0, Math.min(field.maximum ?? 1_000, 1_000));
      case "float":
        return dice.int(1, 40) / 4;
      case "decimal":
        return `${dice.int(1, 9_999)}.5`;
      case "date":
        return new Date(now + dice.int(-3, 60) * DAY_MS).toISOString().slice(0, 10);
      case "dateTime":
        return dice.chance(0.5) ? undefined : new Date(now + dice.int(-20, 10) * DAY_MS).toISOString();
      case "geometry": {
        const [lon, lat] = [106.55 + dice.int(0, 150_000) / 1e6, 29.65 + dice.int(0, 110_000) / 1e6];
        if (field.shapes?.includes("Point") ?? true) return { type: "Point", coordinates: [lon, lat] };
        // As wide as a county: what lies in the region stays inside the boundary it is given.
        const [west, south, east, north] = [lon - 0.4, lat - 0.4, lon + 0.4, lat + 0.4];
        return { type: "Polygon", coordinates: [[[west, south], [east, south], [east, north], [west, north], [west, south]]] };
      }
      case "text":
        return this.text(field);
      default:
        return undefined;
    }
  }

  /** A text of the pattern: a class of characters so many times, a choice of words; any text where there is none. */
  private text({ pattern, max = 500 }: InputField): string | undefined {
    this.count += 1;
    if (!pattern) return `${this.dice.pick(TEXTS)}${this.count}`.slice(0, max);
    const [, digits] = /^\^\\d\{(\d+)\}\$$/.exec(pattern.source) ?? [];
    if (digits) return String(10 ** (Number(digits) - 1) * 5 + this.count);
    const candidates = [`C${this.count}`, "C", "text/plain", `文件${this.count}.txt`, this.count.toString(16).padStart(64, "0"), `1000000${this.count}`.slice(0, 20)];
    return candidates.find((candidate) => pattern.test(candidate));
  }
}
