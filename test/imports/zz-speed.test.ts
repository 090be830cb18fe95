import { expect, test } from "@jest/globals";
import { useDistrict } from "../support/district.js";
const district = useDistrict();
test("speed", async () => {
  const n = 2000;
  const dams = (from: number, tag: string) => Buffer.from("recordid,nidid,dam_name,state,county,longitude,latitude\n" + Array.from({ length: n }, (_, i) => `${from + i},A,坝${tag}${i},X,甲,106.6,29.7`).join("\n") + "\n");
  const forms = (tag: string) => Buffer.from("统计表,,,,,,,,,,\n序号,排查日期,隐患内容,隐患类型,隐患级别,责任单位,责任人,整改措施与要求,整改期限,复查日期,隐患状态\n,,,,,,,,,,\n" + Array.from({ length: n }, (_, i) => `${i + 1},2025-01-05,通道堵塞${tag}${i},消防、电气,一般事故隐患,示例单位,示例人,清理,2025-01-20,,开放`).join("\n") + "\n");
  const out: string[] = [];
  for (const [what, path, bytes] of [["dams new", "us-nid-dams?datum=WGS84&region=500112004000", dams(1, "")], ["dams same", "us-nid-dams?datum=WGS84&region=500112004000", dams(1, "")], ["dams changed", "us-nid-dams?datum=WGS84&region=500112004000", dams(1, "改")], ["form new", "site-hidden-dangers?region=500112004000", forms("")], ["form same", "site-hidden-dangers?region=500112004000", forms("")], ["form changed", "site-hidden-dangers?region=500112004000", forms("改")]] as const) {
    const began = performance.now();
    const { body } = await district.as("office").post(`/imports/${path}`, bytes);
    out.push(`${what}: ${Math.round(n / ((performance.now() - began) / 1000))} rows/s ${JSON.stringify({ c: body.rowsCreated, u: body.rowsUpdated, n: body.rowsUnchanged, r: body.rowsRejected, e: body.errors })}`);
  }
  process.stderr.write(out.join("\n") + "\n");
  expect(out).toHaveLength(6);
}, 300_000);
