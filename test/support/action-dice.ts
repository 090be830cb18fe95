import { Dice } from "../../seeds/demo/story.js";
import { allActions, mutationName, type Action, type InputField } from "../../src/platform/actions.js";
import { globalId, type Entity } from "../../src/platform/entity/entity.js";
import type { District } from "./district.js";

/** Values of fields whose sense the declaration cannot tell: mostly sound ones, so that walks come far. */
const SENSIBLE: Readonly<Record<string, readonly unknown[]>> = {
  method: ["LEC", "LEC", "LEC", "LEC", "LS"],
  sector: ["INDUSTRY_TRADE", "INDUSTRY_TRADE", "GAS", "NOWHERE"],
  accidentType: ["03", "08", "18", "99"],
  hazardFactor: ["21", "12", "88"],
  disasterType: ["02", "06", "77"],
  uscc: ["11500228MB1958632Q", "91350100M000100Y43", "91350100M000100Y4Z", "1"],
  criterionClause: ["第七条第二项"],
  deadline: ["2099-06-30", "2020-01-01"],
  startedAt: ["2026-05-04T10:00:00+08:00", "2026-06-10T10:00:00+08:00", "2099-01-01T10:00:00+08:00"],
  endedAt: ["2026-06-10T11:30:00+08:00", "2026-06-11T11:30:00+08:00", "2026-05-04T10:00:00+08:00"],
};
const LISTS = { l: [0.5, 1, 3, 6, 10], e: [0.5, 2, 3, 6, 10], c: [1, 3, 7, 15, 40, 100] };

/** What became of a step. */
export interface Step {
  action: string;
  by: string;
  /** "done", or the code of the refusal. */
  outcome: string;
}

/** Walks through the actions in any order and from any role, by what their declarations say: a new action is walked without a word here. */
export class ActionDice {
  readonly dice: Dice;
  private evidence: string[] = [];

  constructor(
    private readonly district: District,
    seed: number,
    /** Characters by role. */
    private readonly characters: Readonly<Record<string, readonly string[]>>,
    /** Actions that are walked more often than others: names they begin with. */
    private readonly often: readonly string[],
  ) {
    this.dice = new Dice(seed);
  }

  async prepare(): Promise<void> {
    for (let index = 0; index < 6; index += 1) this.evidence.push(await this.district.evidence("office", `photo ${index}`));
  }

  async step(): Promise<Step> {
    const { dice } = this;
    const [name, action, row] = await this.chosen();
    const roles = dice.chance(0.9) ? action.by : Object.keys(this.characters);
    const able = roles.flatMap((role) => this.characters[role] ?? []);
    const by = dice.pick(able.length > 0 ? able : Object.values(this.characters).flat());
    const mutation = mutationName(name);
    const hasInput = Object.keys(action.input).length > 0;
    const declared = ["$k:String!", ...(action.creates ? [] : ["$id:ID!", "$v:Int!"]), ...(hasInput ? [`$i:${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`] : [])];
    const passed = ["idempotencyKey:$k", ...(action.creates ? [] : ["id:$id", "expectedVersion:$v"]), ...(hasInput ? ["input:$i"] : [])];
    const required = Object.values(action.input).some((field) => field.required);
    const text = `mutation(${declared.join(",")}${required ? "!" : ""}){${mutation}(${passed.join(",")}){id}}`;
    const stale = dice.chance(0.03) ? 1 : 0;
    const answer = await this.district.as(by).raw(text, { k: this.district.key(), id: row && globalId(action.on, row.id), v: row && row.version - stale, i: hasInput ? await this.input(action.input) : undefined });
    return { action: name, by, outcome: answer.errors ? String(answer.errors[0]!.extensions["code"]) : "done" };
  }

  /** Mostly something the row's state allows, sometimes anything. */
  private async chosen(): Promise<readonly [string, Action, { id: string; version: number } | undefined]> {
    const { dice } = this;
    const all = [...allActions()];
    const favoured = dice.chance(0.85) ? all.filter(([name]) => this.often.some((start) => name.startsWith(start))) : all;
    const creating = dice.chance(0.2);
    for (let tries = 0; tries < 20; tries += 1) {
      const [name, action] = dice.pick(favoured);
      if (Boolean(action.creates) !== creating && !(creating && tries > 10)) continue;
      if (action.creates) return [name, action, undefined];
      const row = await this.row(action.on, dice.chance(0.9) ? action.from : undefined);
      if (row) return [name, action, row];
    }
    const making = all.filter(([, action]) => action.creates);
    return [...dice.pick(making), undefined] as const;
  }

  private async row(entity: Entity, states?: readonly string[]): Promise<{ id: string; version: number } | undefined> {
    const { rows } = await this.district.database.engine.pool.query(`select id, version from ${entity.table} ${states ? "where status = any($1)" : ""} order by md5(id::text || $${states ? 2 : 1}) limit 1`, [...(states ? [states] : []), String(this.dice.next())]);
    return rows[0] as { id: string; version: number } | undefined;
  }

  private async input(fields: Readonly<Record<string, InputField>>): Promise<Record<string, unknown>> {
    const made: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(fields)) {
      // What is refused most often tells least: ties to other systems and stated results are given seldom.
      const share = field.required ? 1 : name.startsWith("external") || name.startsWith("stated") ? 0.03 : name.endsWith("Reason") && name.startsWith("direct") ? 0.1 : 0.4;
      if (!this.dice.chance(share)) continue;
      const one = async () => this.value(name, field);
      made[name] = field.list ? await Promise.all(Array.from({ length: this.dice.int(1, 2) }, one)) : await one();
    }
    return made;
  }

  private async value(name: string, field: InputField): Promise<unknown> {
    const { dice } = this;
    const known = SENSIBLE[name];
    if (known && field.kind !== "date") return dice.pick(known);
    if (name === "inputs") return this.json(name);
    switch (field.kind) {
      case "id": {
        const entity = field.of!();
        if (entity.name === "Attachment") return dice.pick(this.evidence);
        const row = dice.chance(0.97) ? await this.row(entity) : undefined;
        return globalId(entity, row?.id ?? "00000000-0000-4000-8000-000000000000");
      }
      case "enum":
        return dice.pick(field.enumeration!.values);
      case "object":
        return this.input(field.fields!);
      case "json":
        return this.json(name);
      case "boolean":
        return dice.chance(0.5);
      case "int":
        return dice.int(field.minimum ?? 0, Math.min(field.maximum ?? 100, 1_000));
      case "float":
        return name in LISTS ? dice.pick(LISTS[name as keyof typeof LISTS]) : dice.int(1, 5);
      case "decimal":
        return String(dice.int(0, 10_000) / 100);
      case "date":
        return dice.pick([...(known as string[] | undefined ?? []), day(dice.int(-40, 60)), day(dice.int(0, 90))]);
      case "dateTime":
        return `${day(dice.int(-20, 40))}T0${dice.int(0, 9)}:00:00+08:00`;
      case "geometry":
        return this.geometry(name);
      default:
        return field.pattern ? dice.pick([patterned(field.pattern, dice), "?"]) : dice.pick(["示例", "示例说明", "另一说明", "'; --"]);
    }
  }

  private json(name: string): unknown {
    const { dice } = this;
    if (name !== "inputs") return {};
    return dice.chance(0.85) ? { l: dice.pick(LISTS.l), e: dice.pick(LISTS.e), c: dice.pick(LISTS.c) } : { l: dice.int(1, 5), s: dice.int(1, 5) };
  }

  private geometry(name: string): unknown {
    const { dice } = this;
    const [lon, lat] = [106.58 + dice.next() * 0.08, 29.68 + dice.next() * 0.06];
    if (/boundary|polygon|zone|area/i.test(name)) return { type: "Polygon", coordinates: [[[lon, lat], [lon + 0.02, lat], [lon + 0.02, lat + 0.02], [lon, lat + 0.02], [lon, lat]]] };
    return { type: "Point", coordinates: dice.chance(0.92) ? [lon, lat] : dice.pick([[lat, lon], [0, 0], [-73.9, 40.7], [106.5, 91]]) };
  }
}

const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

/** A text of the digits and letters a simple pattern asks for. */
function patterned(pattern: RegExp, dice: Dice): string {
  for (const [shape, make] of [[/^\^\\d\{(\d+)\}\$$/, (count: number) => Array.from({ length: count }, () => dice.int(0, 9)).join("")]] as const) {
    const found = shape.exec(pattern.source);
    if (found) return make(Number(found[1]));
  }
  return "C";
}
