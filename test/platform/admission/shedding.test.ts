import { afterAll, describe, expect, test } from "@jest/globals";
import { setTimeout as pause } from "node:timers/promises";
import { Shedding } from "../../../src/platform/admission/shedding.js";

const LAG_MS = 20;
const BUSY_MS = 120;
const shedding = new Shedding(LAG_MS, (authorization) => authorization?.replace("Bearer ", ""));
afterAll(() => shedding.stop());

/** One turn of the event loop in which many ask. @returns how many are let in. */
function asks(count: number, authorization: string | undefined): number {
  let letIn = 0;
  for (let number = 0; number < count; number++) {
    shedding.count();
    if (!shedding.refuses(authorization)) letIn++;
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
    expect(asks(500, "Bearer hog")).toBe(64);
    await turn();
    expect(asks(500, "Bearer hog")).toBe(64);
  });

  test("nobody with a key who asks little, whatever others ask in the same turn", async () => {
    await beLate();
    asks(500, "Bearer hog");
    expect(asks(4, "Bearer modest")).toBe(4);
    expect(asks(1, "Bearer hog")).toBe(0);
    expect(asks(1, undefined)).toBe(0);
  });

  test("nobody, where it is switched off", async () => {
    const off = new Shedding(0, () => undefined);
    await beLate();
    expect(off.refuses(undefined)).toBe(false);
    off.stop();
  });
});
