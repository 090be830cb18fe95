import { expect, test } from "@jest/globals";
import { Callers } from "../../src/auth/callers.js";
import type { Keys } from "../../src/auth/keys.js";
import { Admission } from "../../src/platform/admission/admission.js";
import { PUBLIC_ACTOR, type Actor } from "../../src/platform/actor.js";
import { DEFAULT_LIMITS } from "../../src/platform/config.js";
import { Fault } from "../../src/platform/fault.js";

const GOOD: Actor = { ...PUBLIC_ACTOR, id: "somebody", kind: "CLIENT" };

/** Keys that count how often the database would be asked. */
function counted() {
  let asked = 0;
  const actorOf = async (authorization: string | undefined) => {
    asked += 1;
    await Promise.resolve();
    if (authorization !== "Bearer good") throw new Fault("UNAUTHENTICATED", {});
    return GOOD;
  };
  return { keys: { actorOf } as unknown as Keys, asked: () => asked };
}
const codeOf = (asking: Promise<Actor>) => asking.then(() => "known", (error: Fault) => error.code);

test("a key that is none is looked up once for all who send it, and whoever tries many is told to wait before the database is asked", async () => {
  const { keys, asked } = counted();
  const callers = new Callers(keys, new Admission({ ...DEFAULT_LIMITS, ratePerPublic: 100 }, 8));
  const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(callers.actorOf("Bearer bad", "192.0.2.1"))));
  expect(codes).toEqual(codes.map(() => "UNAUTHENTICATED"));
  expect(await codeOf(callers.actorOf("Bearer bad", "192.0.2.1"))).toBe("UNAUTHENTICATED");
  expect(asked()).toBe(1);
  const tries = await Promise.all(Array.from({ length: 200 }, (_, n) => codeOf(callers.actorOf(`Bearer bad${n}`, "192.0.2.1"))));
  expect(tries.filter((code) => code === "RATE_LIMITED").length).toBeGreaterThan(150);
  expect(asked()).toBeLessThan(50);
});

test("a key that was good goes on, whatever its neighbours try, until it is good no more", async () => {
  const { keys } = counted();
  const callers = new Callers(keys, new Admission({ ...DEFAULT_LIMITS, ratePerPublic: 10 }, 8));
  expect(callers.provenBefore("Bearer good")).toBeUndefined();
  expect(await callers.actorOf("Bearer good", "192.0.2.1")).toBe(GOOD);
  expect(callers.provenBefore("Bearer good")).toBe("somebody");
  for (let n = 0; n < 50; n += 1) await codeOf(callers.actorOf(`Bearer bad${n}`, "192.0.2.1"));
  expect(await callers.actorOf("Bearer good", "192.0.2.1")).toBe(GOOD);
});
