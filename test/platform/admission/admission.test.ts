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

/**
 * Callers at a gate of eight places: each has work of so many milliseconds, and so many requests under way at most; with
 * no most, all of them ask together every so often, whatever became of the last.
 */
async function simulated({ ms, everyMs, callers }: { ms: number; everyMs: number; callers: readonly (readonly [name: string, workMs: number, most: number])[] }) {
  const { now, pass } = clock();
  const gate = gateOf({ places: 8, now });
  const served = new Map<string, number>();
  const refused = new Map<string, number>();
  const waits: { at: number; ms: number }[] = [];
  const underWay = new Map<string, number>();
  const inside = new Set<{ name: string; until: number; stay: Stay }>();
  const began = now();
  const count = (of: Map<string, number>, name: string, by = 1) => of.set(name, (of.get(name) ?? 0) + by);
  const ask = (name: string, workMs: number) => {
    count(underWay, name);
    const at = now();
    const entered = (stay: Stay) => {
      waits.push({ at: at - began, ms: now() - at });
      inside.add({ name, until: now() + workMs, stay });
    };
    const no = () => {
      count(refused, name);
      count(underWay, name, -1);
    };
    if (gate.refuses(name, false)) return no();
    const entering = gate.enter(key(name));
    if (entering instanceof Stay) entered(entering);
    else entering.then(entered, no);
  };
  // A tenth of a second before the next comes together: openly asked, one after the other.
  let next = 0;
  let turn = 0;
  const open = callers.filter(([, , most]) => most === Infinity);
  for (let step = 0; now() - began < ms; step += 1) {
    if (step % 200 === 0) gate.tick();
    for (const one of inside) {
      if (one.until > now()) continue;
      inside.delete(one);
      count(served, one.name);
      count(underWay, one.name, -1);
      one.stay.leave();
    }
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    for (const [name, workMs, most] of callers) if (most < Infinity && (!name.startsWith("modest") || step % 500 === 0)) for (let under = underWay.get(name) ?? 0; under < most; under += 1) ask(name, workMs);
    for (; open.length > 0 && next <= now() - began; next += everyMs / 10) {
      const [name, workMs] = open[(turn += 1) % open.length]!;
      ask(name, workMs);
    }
    await Promise.resolve();
    await Promise.resolve();
    pass(0.5);
  }
  return { served, refused, waits };
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
    const waiting = await Promise.all(Array.from({ length: 30 }, () => asked(gate, key("a"))));
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

  test("shares time, not turns: who asks for a hundred milliseconds at a time gets no more of the places than who asks for two", async () => {
    const held = await simulated({ ms: 4_000, everyMs: 1, callers: [["heavy", 100, 8], ["light", 2, 30], ["other", 2, 30]] });
    const [heavy, light, other] = ["heavy", "light", "other"].map((name) => held.served.get(name)! * (name === "heavy" ? 100 : 2));
    expect(heavy! / light!).toBeLessThan(1.5);
    expect(light! / heavy!).toBeLessThan(1.5);
    expect(Math.abs(light! / other! - 1)).toBeLessThan(0.1);
  });

  test("refuses none of many who each wait for their answer before they ask again", async () => {
    const { refused, served } = await simulated({ ms: 3_000, everyMs: 1, callers: Array.from({ length: 100 }, (_, n) => [`k${n}`, 4, 1] as const) });
    expect(refused.size).toBe(0);
    expect(Math.max(...served.values()) / Math.min(...served.values())).toBeLessThan(1.2);
  });

  test("keeps the line short where twice as much is asked as can be done, serves as much as it can, and refuses nobody who asks little", async () => {
    const hogs = Array.from({ length: 10 }, (_, n) => [`k${n}`, 4, Infinity] as const);
    const { refused, served, waits } = await simulated({ ms: 6_000, everyMs: 2.5, callers: [...hogs, ["modest", 4, 1]] });
    expect(refused.get("modest")).toBeUndefined();
    const total = [...served.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(0.95 * (6_000 / 4) * 8);
    const late = waits.filter(({ at }) => at > 1_500).map(({ ms }) => ms).sort((a, b) => a - b);
    expect(late[Math.floor(late.length * 0.99)]).toBeLessThan(40);
  });

  test("lets a newcomer in after one of each other caller, however many of theirs wait", async () => {
    const { now, pass } = clock();
    const gate = gateOf({ places: 2, now });
    const held = [await asked(gate, key("a")), await asked(gate, key("b"))];
    const others = await Promise.all(Array.from({ length: 200 }, (_, n) => asked(gate, key(`k${n % 10}`))));
    pass(20);
    const newcomer = await asked(gate, key("newcomer"));
    for (let left = 0; newcomer.state !== "inside" && left < 50; left += 1) {
      pass(1);
      [...held, ...others].find(({ state, stay }) => state === "inside" && stay?.inside)!.stay!.leave();
      await Promise.resolve();
      await Promise.resolve();
    }
    expect(others.filter(({ state }) => state === "inside").length).toBeLessThanOrEqual(12);
  });

  test("lets others before long work that gives way, and back after its turn, or after two seconds whoever waits", async () => {
    const { now, pass } = clock();
    const gate = gateOf({ places: 1, queueMs: 10_000, now });
    const { stay } = await asked(gate, key("import"));
    await stay!.giveWay();
    expect(stay!.inside).toBe(true);
    pass(100);
    const other = await asked(gate, key("a"));
    let back = 0;
    const returning = stay!.giveWay().then(() => (back = now()));
    await Promise.resolve();
    await Promise.resolve();
    expect([other.state, back]).toEqual(["inside", 0]);
    other.stay!.leave();
    await returning;
    expect(stay!.inside).toBe(true);
    const all = await Promise.all(Array.from({ length: 60 }, (_, n) => asked(gate, key(`k${n % 3}`))));
    back = 0;
    const aside = stay!.giveWay().then(() => (back = now()));
    for (const began = now(); back === 0; ) {
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
      if (now() - began > 20_000) break;
      pass(100);
      all.find(({ state, stay: theirs }) => state === "inside" && theirs?.inside)?.stay!.leave();
      gate.tick();
    }
    await aside;
    expect(all.filter(({ state }) => state === "waiting").length).toBeGreaterThan(20);
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
