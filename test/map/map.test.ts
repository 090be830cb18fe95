/// <reference lib="dom" />
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { chromium, type Browser, type Page } from "playwright-core";
import { useDistrict } from "../support/district.js";
import { populate } from "../support/population.js";
import type { Service } from "../../src/app.js";

const CHROMIUM = process.env["CHROMIUM"] ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const district = useDistrict();

/** The map as the page holds it, as far as the tests look at it. */
interface Shown {
  loaded(): boolean;
  areTilesLoaded(): boolean;
  queryRenderedFeatures(options: { layers: string[] }): { properties: Record<string, unknown> }[];
  project(at: [number, number]): { x: number; y: number };
  jumpTo(to: { center: [number, number]; zoom: number }): void;
}
declare const riskMap: Shown;

// A machine without a browser tests everything else; where every lane must run, it must be there.
(CHROMIUM || process.env["REQUIRE_ALL_LANES"] === "1" ? describe : describe.skip)("the page of the map, in a browser", () => {
  let browser: Browser;
  let service: Service;
  let problems: string[];
  const pool = () => district.database.engine.pool;

  beforeAll(async () => {
    await populate(district, 8);
    execFileSync(process.execPath, ["scripts/page.mjs"]);
    // Started after the page is there: its files are read once.
    service = await district.start(district.database.engine, true);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"] });
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    await service?.close();
  });

  /** Opens the page; whatever the browser complains of, and every request to elsewhere, is a problem. */
  async function open(who: string, size = { width: 1280, height: 800 }): Promise<Page> {
    problems = [];
    const page = await browser.newPage({ viewport: size });
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("request", (request) => !/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== service.url && problems.push(`elsewhere: ${request.url()}`));
    page.on("response", (response) => response.status() >= 400 && problems.push(`${response.status()} ${response.url()}`));
    const key = district.headers(who)["authorization"]?.replace("Bearer ", "");
    await page.goto(`${service.url}/map${key ? `#key=${key}` : ""}`);
    await settled(page);
    return page;
  }

  async function settled(page: Page): Promise<void> {
    await page.waitForFunction(() => typeof riskMap !== "undefined" && riskMap.loaded() && riskMap.areTilesLoaded());
    await page.waitForTimeout(600);
    await page.waitForFunction(() => riskMap.loaded() && riskMap.areTilesLoaded());
  }

  const legend = (page: Page) => page.$$eval("#legend li", (items) => Object.fromEntries(items.map((item) => [item.getAttribute("data-level"), Number(item.querySelector("b")!.textContent)])));
  /** Counts of what is controlled within the county, by level in effect, as the tables have it. */
  async function counted(more = ""): Promise<Record<string, number>> {
    const { rows } = await pool().query(`select (array['MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW'])[least(array_position(array['MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW'], current_level),
        (select min(array_position(array['MAJOR', 'CONSIDERABLE', 'MODERATE', 'LOW'], e.to_level)) from temporary_risk_elevations e where e.risk_id = risks.id and e.valid_from <= now() and e.valid_to > now()))] as level, count(*)::int as n from risks where status in ('IN_FORCE', 'REVIEWING') and location is not null and county_code = '500112' ${more} group by 1`);
    return { MAJOR: 0, CONSIDERABLE: 0, MODERATE: 0, LOW: 0, ...Object.fromEntries((rows as { level: string; n: number }[]).map(({ level, n }) => [level, n])) };
  }

  test("with a key every risk under control is drawn or gathered, the legend counts what the tables hold, and nothing is fetched from elsewhere", async () => {
    const page = await open("office");
    await page.evaluate(() => riskMap.jumpTo({ center: [106.62, 29.7], zoom: 11 }));
    await settled(page);
    const expected = await counted();
    // What is elevated shows what it is raised to.
    expect((await pool().query("select from temporary_risk_elevations e join risks r on r.id = e.risk_id where e.valid_to > now() and e.to_level <> r.current_level and r.status in ('IN_FORCE', 'REVIEWING') and r.location is not null")).rows.length).toBeGreaterThan(0);
    await page.waitForFunction((total) => [...document.querySelectorAll("#legend b")].reduce((sum, item) => sum + Number(item.textContent), 0) === total, Object.values(expected).reduce((sum, n) => sum + n, 0));
    expect(await legend(page)).toEqual(expected);
    const drawn = await page.evaluate(() => riskMap.queryRenderedFeatures({ layers: ["risks", "risk-clusters"] }).filter(({ properties }) => !properties["copy"]).reduce((sum, { properties }) => sum + Number(properties["count"] ?? 1), 0));
    expect(drawn).toBe(Object.values(expected).reduce((sum, n) => sum + n, 0));
    expect(await page.evaluate(() => location.hash)).toBe("");
    expect(problems).toEqual([]);
    await page.close();
  });

  test("a risk that is clicked shows its measures, hidden dangers and persons", async () => {
    const { rows } = await pool().query("select code, name, st_x(location) as lon, st_y(location) as lat from risks r where status in ('IN_FORCE', 'REVIEWING') and location is not null and not exists (select from risks o where o.id <> r.id and st_dwithin(o.location, r.location, 0.002)) order by code limit 1");
    const [risk] = rows as { code: string; name: string; lon: number; lat: number }[];
    const page = await open("office");
    await page.evaluate(([lon, lat]) => riskMap.jumpTo({ center: [lon!, lat!], zoom: 16 }), [risk!.lon, risk!.lat]);
    await page.$$eval("#layers input", (boxes) => boxes.forEach((box) => box.getAttribute("data-layer") !== "risks" && (box as HTMLInputElement).checked && (box as HTMLInputElement).click()));
    await settled(page);
    const at = await page.evaluate(([lon, lat]) => riskMap.project([lon!, lat!]), [risk!.lon, risk!.lat]);
    await page.mouse.click(at.x, at.y);
    await page.waitForFunction((code) => document.getElementById("card")!.innerText.includes(code), risk!.code);
    const text = await page.innerText("#card");
    expect(text).toContain(risk!.name.replace(/\s+/g, " ").trim().slice(0, 4));
    for (const heading of ["管控措施", "未销号隐患", "责任人"]) expect(text).toContain(heading);
    expect(problems).toEqual([]);
    await page.close();
  });

  test("the slider shows what was known then", async () => {
    const page = await open("office");
    await page.evaluate(() => {
      const slider = document.getElementById("time") as HTMLInputElement;
      slider.value = "0";
      slider.dispatchEvent(new Event("change"));
    });
    await settled(page);
    await page.waitForFunction(() => [...document.querySelectorAll("#legend b")].every((item) => item.textContent === "0"));
    expect(await page.innerText("#moment")).toMatch(/^截至 \d{4}-\d\d-\d\d \d\d:\d\d$/);
    await page.click("#now");
    await page.waitForFunction(() => [...document.querySelectorAll("#legend b")].some((item) => item.textContent !== "0"));
    expect(problems).toEqual([]);
    await page.close();
  });

  test("a polygon that is drawn is summed up", async () => {
    const page = await open("office");
    await page.evaluate(() => riskMap.jumpTo({ center: [106.62, 29.7], zoom: 11 }));
    await settled(page);
    await page.click("#draw");
    for (const [x, y] of [[420, 120], [1100, 120], [1100, 700]] as const) await page.mouse.click(x, y);
    await page.mouse.dblclick(420, 700);
    await page.waitForFunction(() => document.getElementById("card")!.innerText.includes("多边形内"));
    const corners = await page.evaluate(() => {
      const map = riskMap as unknown as { unproject(at: [number, number]): { lng: number; lat: number } };
      return [[420, 120], [1100, 120], [1100, 700], [420, 700]].map(([x, y]) => map.unproject([x!, y!])).map(({ lng, lat }) => [lng, lat]);
    });
    const [west, north, east, south] = [corners[0]![0]!, corners[0]![1]!, corners[1]![0]!, corners[2]![1]!];
    const inside = await counted(`and st_x(location) between ${west} and ${east} and st_y(location) between ${south} and ${north}`);
    expect(await page.innerText("#card")).toContain(`${Object.values(inside).reduce((sum, n) => sum + n, 0)} 个风险`);
    expect(problems).toEqual([]);
    await page.close();
  });

  test("every further layer of the catalogue can be switched on: drawn by its style, told by its legend, with nothing asked of elsewhere", async () => {
    const page = await open("office");
    await page.evaluate(() => riskMap.jumpTo({ center: [106.62, 29.7], zoom: 11 }));
    await page.click("details summary");
    const ids = await page.$$eval("#further input", (boxes) => boxes.map((box) => box.getAttribute("data-layer")!));
    expect(ids).toEqual(["risk-areas", "risk-hexagons", "risk-squares", "key-areas", "key-facilities", "construction-projects", "coverage", "regions-weighted", "regions-counts", "coverage-regions", "risk-zones"]);
    const { rows } = await pool().query(`select (select count(*)::int from risks where status in ('IN_FORCE', 'REVIEWING') and location is not null) as "risk-hexagons",
      (select count(*)::int from subjects where status = 'ACTIVE' and location is not null) as coverage, (select count(*)::int from subjects where kind = 'KEY_AREA' and status <> 'CLOSED' and coalesce(boundary, location) is not null) as "key-areas"`);
    const due = rows[0] as Record<string, number>;
    for (const [id, count] of Object.entries(due)) {
      expect(count).toBeGreaterThan(0);
      await page.click(`#further input[data-layer="${id}"]`);
      await page.waitForSelector(`[data-legend="${id}"]`);
      await settled(page);
      expect(await page.$$eval(`[data-legend="${id}"] b`, (cells) => cells.reduce((sum, cell) => sum + Number(cell.textContent), 0))).toBe(count);
      const drawn = await page.evaluate((layer) => {
        const layers = (riskMap as unknown as { getStyle(): { layers: { id: string; source?: string; type: string }[] } }).getStyle().layers.filter(({ source, type }) => source === layer && ["fill", "circle", "symbol"].includes(type));
        return riskMap.queryRenderedFeatures({ layers: layers.map(({ id }) => id) }).length;
      }, id);
      expect([id, drawn > 0]).toEqual([id, true]);
    }
    const cells = await page.evaluate(() => Object.fromEntries(riskMap.queryRenderedFeatures({ layers: ["further:risk-hexagons"] }).filter(({ properties }) => !properties["copy"]).map(({ properties }) => [String(properties["cell"]), Number(properties["count"])])));
    expect(Object.values(cells).reduce((sum, count) => sum + count, 0)).toBe(due["risk-hexagons"]);
    if (process.env["PAGE_PICTURE"]) await page.screenshot({ path: process.env["PAGE_PICTURE"] });
    await page.click('#further input[data-layer="risk-hexagons"]');
    await page.waitForSelector('[data-legend="risk-hexagons"]', { state: "detached" });
    expect(problems).toEqual([]);
    await page.close();
  });

  test("without a key it shows the regions' colours and counts and no single risk, on a phone's screen too", async () => {
    const page = await open("nobody", { width: 390, height: 780 });
    expect(await page.innerText("#place")).toContain("公示");
    expect(await page.evaluate(() => riskMap.queryRenderedFeatures({ layers: ["risks", "risk-clusters", "hidden-dangers", "subjects"] }).length)).toBe(0);
    const { rows } = await pool().query("select count(*)::int as n from risks where status in ('IN_FORCE', 'REVIEWING') and current_level is not null");
    await page.waitForFunction((total) => [...document.querySelectorAll("#legend b")].reduce((sum, item) => sum + Number(item.textContent), 0) === total, (rows[0] as { n: number }).n);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    expect(problems).toEqual([]);
    await page.close();
  });
});
