import type { Action, InputField } from "../../src/platform/actions.js";
import type { Entity } from "../../src/platform/entity/entity.js";
import { globalId } from "../../src/platform/entity/entity.js";
import { inventedUscc, type Dice } from "../../seeds/demo/story.js";

/** UUIDs that exist of an entity. */
export type Known = (entity: Entity) => Promise<readonly string[]>;

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
  accidentType: (dice) => dice.pick(["03", "08", "18", "99"]),
  hazardFactor: (dice) => dice.pick(["21", "22", "99"]),
  disasterType: (dice) => dice.pick(["01", "06"]),
  criterionClause: (dice) => `第${dice.int(1, 20)}条`,
  statedLevel: () => undefined,
  externalSystem: () => undefined,
  externalId: () => undefined,
};

/** Throws inputs of actions from their declarations, so that a new action is played with no edit. */
export class InputDice {
  private count = 0;

  constructor(
    private readonly dice: Dice,
    private readonly known: Known,
  ) {}

  /** An input of an action, sound by type; what the action makes of it is its own affair. @param now the clock, in milliseconds. */
  async input(action: Action, now: number): Promise<Record<string, unknown>> {
    return this.fields(action.input, now);
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
    if (form) return form(dice);
    switch (field.kind) {
      case "id": {
        const entity = field.of!();
        const ids = await this.known(entity);
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
      case "geometry":
        return { type: "Point", coordinates: [106.55 + dice.int(0, 150_000) / 1e6, 29.65 + dice.int(0, 110_000) / 1e6] };
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
    const candidates = ["C", "text/plain", `文件${this.count}.txt`, this.count.toString(16).padStart(64, "0"), `1000000${this.count}`.slice(0, 20)];
    return candidates.find((candidate) => pattern.test(candidate));
  }
}
