import type { Scene } from "./chain.js";
import type { StorySubject } from "./seed.js";
import { Dice, END, iso, SECTORS, TOWNS } from "./story.js";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const from = (day: string) => Date.parse(`${day}T00:00:00+08:00`);
/** The half-years of the story, the first from when its subjects are listed, the last as far as it goes. */
const HALF_YEARS = [[from("2025-05-10"), from("2025-07-01")], [from("2025-07-01"), from("2026-01-01")], [from("2026-01-01"), from("2026-07-01")], [from("2026-07-01"), END - DAY]] as const;
const PRESENT = "现场工作照(演示)";

/** Visits of the two official persons to what is listed, most of it and not all; some inspections and patrols: a part of the demo's story with dice of its own. */
export function planVisits(scene: Scene): void {
  const dice = new Dice(20_230_120);
  const within = (begins: number, ends: number) => begins + dice.int(0, Math.floor((ends - begins) / DAY) - 1) * DAY + dice.int(9 * 60, 16 * 60) * 60_000;
  /** A visit of two hours, recorded when it is over. */
  const visit = (subject: StorySubject, at: number, participants: () => readonly string[], more: Record<string, unknown> = {}) =>
    scene.schedule(at + 2 * HOUR, async (clock) => {
      const town = scene.town(subject.town);
      const id = await scene.do(town, "visit.record", clock, {
        input: { subject: subject.id, nature: "GUIDANCE", startedAt: iso(at), endedAt: iso(at + 2 * HOUR - 600_000), participants: participants(), findings: dice.chance(0.4) ? `${dice.pick(subject.sector.dangers)}(演示)` : undefined, ...(dice.chance(0.7) ? { checkInPoint: subject.location } : { presenceConfirmation: PRESENT }), ...more },
      });
      if (dice.chance(0.02)) scene.schedule(at + 3 * DAY, async (then) => void (await scene.do(town, "visit.withdraw", then, { id, input: { reason: "经核实为误登(演示)" } })));
    });

  scene.schedule(from("2025-05-09"), async (clock) => {
    for (const subject of scene.subjects().filter(({ keyControlled }) => keyControlled)) {
      const [town, sector] = [() => scene.known(`${TOWNS[subject.town]!.code}.leader`), () => scene.known(`${subject.sector.code}.leader`)];
      for (const [begins, ends] of HALF_YEARS) {
        const fate = dice.next();
        // One in ten is visited by neither, one in ten by the town's leader alone.
        if (fate < 0.1) continue;
        if (fate < 0.2) visit(subject, within(begins, ends), () => [town()]);
        else visit(subject, within(begins, ends), () => [town(), sector()], { nature: "JOINT" });
      }
    }
    const [factory] = scene.subjects();
    const { code } = SECTORS[0]!;
    const officers: string[] = [];
    for (const number of [1, 2]) officers.push(await scene.do(scene.seed, "person.register", clock, { input: { region: scene.region(TOWNS[0].code), name: `示例执法人员·${number}`, kind: "OFFICIAL", post: "执法人员", rank: "OTHER", organization: scene.known(code), dutyPhone: "023-00000000", enforcementCertNo: `演示执法${number}` } }));
    for (const [index, day] of ["2025-09-16", "2026-03-17", "2026-09-15"].entries())
      visit(factory!, from(day) + 10 * HOUR, () => officers, { nature: "ADMINISTRATIVE_INSPECTION", organization: scene.known(code), approvalNo: `演示检〔${day.slice(0, 4)}〕${index + 1}号`, entryCode: `DEMO-${day}`, itemCodes: ["YJ-01"], trigger: index === 1 ? "RANDOM" : "PLAN" });
    for (let month = 0; month < 17; month += 1) visit(factory!, within(Date.UTC(2025, 5 + month, 2) - 8 * HOUR, Date.UTC(2025, 5 + month, 26)), () => [scene.known(factory!.village)], { nature: "PATROL" });
  });
}
