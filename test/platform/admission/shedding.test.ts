import { afterAll, describe, expect, test } from "@jest/globals";
import { setTimeout as pause } from "node:timers/promises";
import { Pace } from "../../../src/platform/admission/pace.js";
import { Shedding } from "../../../src/platform/admission/shedding.js";

const LAG_MS = 20;
const BUSY_MS = 120;
const pace = new Pace();
const shedding = new Shedding(LAG_MS, pace);
afterAll(() => shedding.stop());

/** One turn of the event loop in which many ask. @returns how many are let in. */
function asks(count: number, principal: string | undefined): number {
  let letIn = 0;
  for (let number = 0; number < count; number++) {
    shedding.count();
    if (principal) pace.note(principal);
    if (!shedding.refuses(principal)) letIn++;
  }
  return letIn;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Keeps the loop late for longer than it remembers. */
async function beLate(): Promise<void> {
  for (let round = 0; round < 6; round++) {
    const until = performance.now() + BUSY_MS;
    while (performance.now() < until);
    await pause(1);
  }
  await turn();
}

describe("what is refused while the event loop is late", () => {
  test("nothing, while it is not", async () => {
    await pause(200);
    expect(shedding.overloaded).toBe(false);
    expect(asks(500, undefined)).toBe(500);
  });

  test("strangers beyond a few of each turn", async () => {
    await beLate();
    expect(shedding.overloaded).toBe(true);
    expect(asks(500, undefined)).toBe(16);
    await turn();
    expect(asks(500, undefined)).toBe(16);
  });

  test("holders of keys beyond a share of each turn, so that something is always served", async () => {
    await beLate();
    asks(16, "hog");
    await turn();
    expect(asks(500, "hog")).toBe(64);
    await turn();
    expect(asks(500, "hog")).toBe(64);
  });

  test("nobody with a key who asks little, whatever others ask in the same turn", async () => {
    await beLate();
    asks(500, "hog");
    expect(asks(4, "modest")).toBe(4);
    expect(asks(1, "hog")).toBe(0);
    expect(asks(1, undefined)).toBe(0);
  });

  test("nobody, where it is switched off", async () => {
    const off = new Shedding(0, pace);
    await beLate();
    expect(off.refuses(undefined)).toBe(false);
    off.stop();
  });
});
