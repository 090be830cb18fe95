import { describe, expect, test } from "@jest/globals";
import { Buckets } from "../../../src/platform/admission/buckets.js";
import { Gate, Stay, type Caller, type GateOptions } from "../../../src/platform/admission/gate.js";
import type { Fault } from "../../../src/platform/fault.js";

const key = (name: string): Caller => ({ key: name, public: false });
const stranger = (name: string): Caller => ({ key: name, public: true });

const gateOf = (options: Partial<GateOptions>) => new Gate({ places: 8, queueMs: 500, isModest: (name) => name.startsWith("modest"), ...options });

/** A clock that stands still until it is moved. */
function clock() {
  let at = 1_000;
  return { now: () => at, pass: (ms: number) => (at += ms) };
}

/** What became of asking for a place: had at once, waiting, or refused. */
async function asked(gate: Gate, caller: Caller) {
  const entering = gate.enter(caller);
  if (entering instanceof Stay) return { state: "inside", stay: entering };
  const held: { state: string; stay?: Stay; code?: string } = { state: "waiting" };
  entering.then(
    (stay) => Object.assign(held, { state: "inside", stay }),
    (error: Fault) => Object.assign(held, { state: "refused", code: error.code }),
  );
  await Promise.resolve();
  await Promise.resolve();
  return held;
}

describe("the gate", () => {
  test("gives no caller all places and the public at most half, so that another key is let in at once", async () => {
    const gate = gateOf({ places: 8 });
    const flood = await Promise.all(Array.from({ length: 30 }, (_, n) => asked(gate, stranger(`10.0.0.${n}`))));
    expect(flood.filter(({ state }) => state === "inside")).toHaveLength(4);
    expect((await asked(gate, key("a"))).state).toBe("inside");
    await Promise.all(Array.from({ length: 30 }, () => asked(gate, key("a"))));
    expect((await asked(gate, key("b"))).state).toBe("waiting");
    const alone = gateOf({ places: 8 });
    const one = await Promise.all(Array.from({ length: 30 }, () => asked(alone, key("a"))));
    expect(one.filter(({ state }) => state === "inside")).toHaveLength(6);
    expect((await asked(alone, key("b"))).state).toBe("inside");
  });

  test("lets those who wait in by turns of callers: who asked once comes before the second of who asked a hundred times", async () => {
    const gate = gateOf({ places: 2 });
    const held = await asked(gate, key("greedy"));
    const other = await asked(gate, key("other"));
    const greedy = await Promise.all(Array.from({ length: 100 }, () => asked(gate, key("greedy"))));
    const late = await asked(gate, key("late"));
    held.stay!.leave();
    await Promise.resolve();
    other.stay!.leave();
    await Promise.resolve();
    await Promise.resolve();
    expect(greedy.filter(({ state }) => state === "inside").length).toBe(1);
    expect(late.state).toBe("inside");
  });

  test("refuses at once whoever would wait too long, as his own excess where it is that, and sends away who has waited too long", async () => {
    const { now, pass } = clock();
    const gate = gateOf({ places: 4, now });
    const held = await Promise.all(Array.from({ length: 3 }, () => asked(gate, key("a"))));
    const waiting = await Promise.all(Array.from({ length: 20 }, () => asked(gate, key("a"))));
    // A place every hundred milliseconds.
    for (let round = 0; round < 12; round += 1) {
      pass(100);
      [...held, ...waiting].find(({ state, stay }) => state === "inside" && stay?.inside)!.stay!.leave();
      await Promise.resolve();
      await Promise.resolve();
    }
    expect(await asked(gate, key("a"))).toMatchObject({ state: "refused", code: "RATE_LIMITED" });
    pass(600);
    gate.tick();
    await Promise.resolve();
    await Promise.resolve();
    expect(waiting.every(({ state }) => state !== "waiting")).toBe(true);
    expect((await asked(gate, key("b"))).state).toBe("inside");
  });

  test("takes a place back for work begun, before those who have not begun, and never sends it away", async () => {
    const { now, pass } = clock();
    const gate = gateOf({ places: 1, queueMs: 100, now });
    const { stay } = await asked(gate, key("a"));
    stay!.leave();
    const second = await asked(gate, key("b"));
    const third = await asked(gate, key("a"));
    let back = false;
    const returning = stay!.back().then(() => (back = true));
    pass(10_000);
    gate.tick();
    await Promise.resolve();
    await Promise.resolve();
    expect([third.state, back]).toEqual(["refused", false]);
    second.stay!.leave();
    await returning;
    expect(stay!.inside).toBe(true);
    // Work that ended while its way back was waited for holds no place.
    stay!.leave();
    const fourth = await asked(gate, key("b"));
    const late = stay!.back();
    stay!.end();
    fourth.stay!.leave();
    await late;
    expect(stay!.inside).toBe(false);
    expect((await asked(gate, key("c"))).state).toBe("inside");
  });

  test("keeps its counts, whatever comes and goes: at the end every place is free again", async () => {
    let seed = 7;
    const dice = (sides: number) => (seed = (seed * 48_271) % 2_147_483_647) % sides;
    for (let round = 0; round < 40; round += 1) {
      const { now, pass } = clock();
      const gate = gateOf({ places: 1 + dice(9), queueMs: 50, now });
      const all: Awaited<ReturnType<typeof asked>>[] = [];
      let inside = 0;
      for (let step = 0; step < 200; step += 1) {
        const turn = dice(5);
        if (turn < 3) all.push(await asked(gate, turn === 0 ? stranger(`s${dice(4)}`) : key(`k${dice(3)}`)));
        else if (turn === 3) all.filter(({ stay }) => stay?.inside)[dice(4)]?.stay!.leave();
        else {
          pass(dice(40));
          gate.tick();
        }
        await Promise.resolve();
        inside = all.filter(({ state, stay }) => state === "inside" && stay!.inside).length;
        expect(inside).toBeLessThanOrEqual(9);
      }
      pass(1_000);
      gate.tick();
      for (let left = true; left; ) {
        await Promise.resolve();
        await Promise.resolve();
        const open = all.filter(({ state, stay }) => state === "inside" && stay!.inside);
        left = open.length > 0;
        for (const { stay } of open) stay!.leave();
      }
      expect(all.every(({ state }) => state !== "waiting")).toBe(true);
      gate.tick();
      const { inside: held, publicInside, waiting, lines } = gate as unknown as Record<string, number> & { lines: { all: Map<string, unknown> } };
      expect([held, publicInside, waiting, lines.all.size]).toEqual([0, 0, 0, 0]);
    }
  });
});

describe("token buckets", () => {
  test("allow a burst and then the rate, tell exactly how long to wait, and never more than both together", () => {
    const { now, pass } = clock();
    const buckets = new Buckets(100, 10, now);
    expect(Array.from({ length: 10 }, () => buckets.take("a", 100))).toEqual(Array.from({ length: 10 }, () => 0));
    const wait = buckets.take("a", 50);
    expect(wait).toBeCloseTo(500);
    pass(wait - 1);
    expect(buckets.take("a", 50)).toBeGreaterThan(0);
    pass(1.001);
    expect(buckets.take("a", 50)).toBe(0);
    expect(buckets.take("b", 1)).toBe(0);
    let taken = 1_050;
    for (let ms = 0; ms < 20_000; ms += 7) {
      pass(7);
      if (buckets.take("a", 13) === 0) taken += 13;
    }
    expect(taken).toBeLessThanOrEqual(1_000 + ((20_000 + 20 + 501) / 1_000) * 100);
    expect(taken).toBeGreaterThan(1_000 + 20_000 / 10 - 50);
  });

  test("hold the strangers they cannot tell apart in one, and forget what is full", () => {
    const { now, pass } = clock();
    const buckets = new Buckets(1, 10, now);
    for (let n = 0; n < 100_050; n += 1) buckets.take(`2001:db8:${n}`, 1);
    expect(buckets.take("one more", 10)).toBeGreaterThan(0);
    pass(60_000);
    buckets.tidy();
    expect(buckets.take("one more", 10)).toBe(0);
  });
});
