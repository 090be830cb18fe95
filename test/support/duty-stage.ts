import { randomUUID } from "node:crypto";
import { inventedUscc } from "../../seeds/demo/story.js";
import type { Actor } from "../../src/platform/actor.js";
import { globalId } from "../../src/platform/entity/entity.js";
import { act } from "../../src/platform/write/act.js";
import type { District } from "./district.js";

export interface VisitTold {
  /** Who records it; the office unless told. */
  by?: string;
  /** When it is recorded; five hours after it started unless told. */
  recorded?: string;
  [field: string]: unknown;
}

/** Terms of office and visits told through the actions, each at a clock of its own: the database is marked as demo. */
export class DutyStage {
  private count = 0;

  constructor(readonly district: District) {}

  async prepare(): Promise<void> {
    await this.district.database.engine.pool.query("update system_settings set demo = true");
  }

  /** An action at a clock; the row's global id. */
  async do(action: string, clock: string, input?: Record<string, unknown>, { by = "office", on }: { by?: string; on?: { id: string; version: number } } = {}): Promise<string> {
    const actor: Actor = await this.district.actor(by);
    const done = await act(this.district.database.engine, { actor, requestId: randomUUID() }, action, { idempotencyKey: this.district.key(), ...(on ? { id: on.id, expectedVersion: on.version } : {}), ...(input ? { input } : {}) }, clock);
    return globalId(done.entity, done.uuid);
  }

  person = (name: string, clock: string, more: Record<string, unknown> = {}) => this.do("person.register", clock, { region: this.district.regions["yubei"], name, kind: "OFFICIAL", ...more });

  /** A listed enterprise site, active. */
  async subject(clock: string, more: Record<string, unknown> = {}): Promise<string> {
    const { district } = this;
    const number = (this.count += 1);
    const region = (more["region"] as string | undefined) ?? district.regions["village"];
    const organization = await this.do("organization.register", clock, { region: district.regions["yubei"], name: `牵头部门${number}`, kind: "GOV_DEPT" });
    const enterprise = await this.do("enterprise.register", clock, { region, legalName: `挂牌企业${number}`, uscc: inventedUscc(7_000 + number), sizeClass: "ABOVE_DESIGNATED" });
    const subject = await this.do("subject.register", clock, { region, kind: "ENTERPRISE_SITE", name: `挂牌场所${String(number).padStart(2, "0")}`, sector: "INDUSTRY_TRADE", enterprise, keyControlled: true, location: { type: "Point", coordinates: [106.62, 29.7] }, ...more });
    await this.do("regulationRelation.set", clock, { subject, organization, role: "LEAD" });
    return this.do("subject.activate", clock, undefined, { on: { id: subject, version: 1 } });
  }

  /** Appoints from a day on; entered at the clock, which may be later. */
  appoint = (subject: string, slot: string, person: string, from: string, clock = from) => this.do("regulatorAssignment.appoint", clock, { subject, slot: this.district.slots[slot], person, validFrom: from, appointmentDoc: "示例任〔2027〕1号" });

  visit(subject: string, participants: readonly string[], startedAt: string, { by, recorded, ...more }: VisitTold = {}): Promise<string> {
    const clock = recorded ?? new Date(Date.parse(startedAt) + 5 * 3_600_000).toISOString();
    return this.do("visit.record", clock, { subject, participants, startedAt, nature: "GUIDANCE", presenceConfirmation: "现场工作照", ...more }, { by });
  }

  /** The rows of a report as a character sees them at an instant. */
  async rows(report: string, args: string, fields: string, at: string, by = "auditor", recorded?: string) {
    const asOf = `@asOf(effective:"${at}"${recorded ? `,recorded:"${recorded}"` : ""})`;
    const text = `query ${asOf}{${report}(${args}){${fields}}}`;
    const compiled = await this.district.as(by).ask(text);
    const plain = await this.district.as(by, "plain").ask(text);
    if (JSON.stringify(plain) !== JSON.stringify(compiled)) throw new Error(`the two ways of answering differ: ${JSON.stringify({ compiled, plain })}`);
    return compiled[report] as Record<string, unknown>[];
  }
}
