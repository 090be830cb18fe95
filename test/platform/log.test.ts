import { expect, test } from "@jest/globals";
import { Troubles, withoutSecrets } from "../../src/platform/log.js";

test("an outage of minutes is some lines: each kind is told whole a few times, then counted, and a kind more than there may be is one with the rest", () => {
  const lines: { level: string; line: Record<string, unknown>; message: string }[] = [];
  let now = 0;
  const troubles = new Troubles((level, line, message) => lines.push({ level, line, message }), () => now);
  const error = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  for (let n = 0; n < 60_000; n += 1) {
    now += 5;
    troubles.note("error", "数据库暂不可用 / away", error);
  }
  expect(lines.length).toBeLessThan(25);
  expect(Buffer.byteLength(JSON.stringify(lines))).toBeLessThan(40_000);
  const told = lines.filter(({ line }) => "cause" in line).length;
  const counted = lines.reduce((sum, { line }) => sum + Number(line["further"] ?? 0), 0);
  troubles.summarize(true);
  const rest = Number(lines.at(-1)!.line["further"] ?? 0);
  expect(told + counted + (counted + told === 60_000 ? 0 : rest)).toBe(60_000);
  lines.length = 0;
  for (let n = 0; n < 5_000; n += 1) troubles.note("warn", `kind ${n}`);
  expect(lines.length).toBeLessThanOrEqual(203);
});

test("no key, number of a person or stored value is kept", () => {
  const lines: Record<string, unknown>[] = [];
  const troubles = new Troubles((_, line) => lines.push(line));
  troubles.note("error", "x", Object.assign(new Error('invalid input syntax for type uuid: "13800138000 李四"'), { code: "22P02" }));
  troubles.note("error", "y", new Error("Bearer ytb_0123456789ab.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA of 13800138000, 11010519491231002X"));
  const kept = JSON.stringify(lines);
  for (const secret of ["李四", "13800138000", "ytb_0123", "AAAA", "11010519491231002"]) expect(kept).not.toContain(secret);
  expect(withoutSecrets("x".repeat(100_000)).length).toBeLessThan(5_000);
});
