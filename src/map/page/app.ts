import { areasOf, boxAround, collectionOf, totalsOf, type Area } from "./areas.js";
import { Card } from "./card.js";
import { Drawing } from "./drawing.js";
import { button, byId, element } from "./elements.js";
import { FurtherLayers } from "./further.js";
import { Legend } from "./legend.js";
import { MapView, SWITCHES, type Met } from "./map-view.js";
import { ask, Refused } from "./service.js";
import { timeline } from "./timeline.js";
import { keyFromAddress, ViewState, type Place, type View } from "./view.js";
import { LEVELS } from "./words.js";

const INSIDE = "Inside($polygon: GeoJSON!) { insidePolygon(polygon: $polygon) { isTotal major considerable moderate low } }";
/** Further layers whose features are regulated subjects. */
const SUBJECTS = ["key-areas", "key-facilities", "construction-projects", "coverage"];
const RECORD = "Record { recordExtent { recordedFrom storyLastDay } }";

const state = new ViewState({ key: keyFromAddress(), asOf: null, path: [], hiddenLayers: new Set(["subjects"]) });
const map = new MapView(state.view);
const card = new Card(state);
const legend = new Legend(state);
let areas: Area[] = [];
let reading: AbortController | undefined;

const further = new FurtherLayers(map, state.view, tell);

const notice = byId("notice");
/** Says what went wrong, in the service's own words, until the next thing goes right. */
function tell(error: unknown): void {
  if (error instanceof DOMException && error.name === "AbortError") return;
  notice.textContent = error instanceof Refused ? error.message : `服务不可达 / the service cannot be reached: ${String(error)}`;
  notice.hidden = false;
}
const quiet = () => (notice.hidden = true);

async function showAreas(view: View, look: boolean): Promise<void> {
  reading?.abort();
  const asked = (reading = new AbortController());
  try {
    const found = await areasOf(view, asked.signal);
    if (asked.signal.aborted) return;
    areas = found;
    map.showAreas(collectionOf(areas));
    if (look) {
      const box = boxAround(areas.filter(({ total }) => total > 0).map(({ shape }) => shape)) ?? boxAround(areas.map(({ shape }) => shape));
      if (box) map.fit(box);
    }
    await showLegend();
    quiet();
  } catch (error) {
    if (!asked.signal.aborted) tell(error);
  }
}

async function showLegend(): Promise<void> {
  if (state.view.key) return legend.inView(map.box());
  legend.show(totalsOf(areas), "所示区划合计 / sum of the regions shown");
}

function showPath({ path, key, asOf }: View): void {
  const step = (place: Place | null, depth: number) => button(place?.name ?? "全部 / all", () => state.change({ path: path.slice(0, depth) }));
  byId("path").replaceChildren(step(null, 0), ...path.flatMap((place, at) => [" › ", step(place, at + 1)]));
  byId("place").textContent = [path.at(-1)?.name ?? "全部区划", asOf ? "历史" : "", key ? "" : Legend.publicWord(state.view)].filter(Boolean).join(" · ");
}

function showSwitches(): void {
  byId("layers").replaceChildren(
    ...SWITCHES.map(({ id, zh, en }) => {
      const box = element("input", { type: "checkbox", "data-layer": id });
      box.checked = !state.view.hiddenLayers.has(id);
      box.addEventListener("change", () => {
        const hidden = new Set(state.view.hiddenLayers);
        if (box.checked) hidden.delete(id);
        else hidden.add(id);
        state.change({ hiddenLayers: hidden });
      });
      return element("label", {}, box, `${zh} ${en}`);
    }),
  );
}

/** Shows what was met; false where there is nothing to show of it, and what lies beneath is looked at. */
function met({ layer, feature }: Met): boolean {
  if (drawing.active) return true;
  const property = (name: string) => String(feature.properties[name] ?? "");
  const single = feature.properties["code"] !== undefined;
  if (layer === "risks" || (layer === "risk-areas" && single)) void card.risk(property("code"));
  else if (layer === "hidden-dangers") void card.hiddenDanger(property("code"));
  else if (layer === "subjects" || (SUBJECTS.includes(layer) && single)) void card.subject(property("code"));
  else if (property("cell")) card.summary(`格 / cell ${property("cell")}`, Object.fromEntries(LEVELS.map((level) => [level, Number(feature.properties[`count_${level}`] ?? 0)])));
  else if (feature.properties["count"] !== undefined) {
    const [lon, lat] = (feature.geometry as GeoJSON.Point).coordinates as [number, number];
    map.map.easeTo({ center: [lon, lat], zoom: map.map.getZoom() + 2 });
  } else {
    const area = layer === "areas" && areas.find(({ id }) => id === property("id"));
    if (!area) return false;
    card.summary(area.name, area.counts);
    state.change({ path: [...state.view.path, { id: area.id, name: area.name, level: area.level }] });
  }
  return true;
}

const drawing = new Drawing(map.map, "drawing", (ring) => {
  byId("draw").textContent = "画多边形统计 / draw a polygon";
  if (!ring) return;
  ask<{ insidePolygon: { isTotal: boolean; major: number; considerable: number; moderate: number; low: number }[] }>(state.view, INSIDE, { polygon: { type: "Polygon", coordinates: [ring] } })
    .then(({ insidePolygon }) => {
      const sum = insidePolygon.find(({ isTotal }) => isTotal);
      card.summary("多边形内 / inside the polygon", Object.fromEntries(LEVELS.map((level) => [level, sum?.[level.toLowerCase() as "major"] ?? 0])));
      quiet();
    })
    .catch(tell);
});

byId("draw").addEventListener("click", () => {
  byId("draw").textContent = "逐点单击,双击结束,Esc 放弃 / click, double-click to end";
  drawing.begin();
});
byId("fold").addEventListener("click", () => {
  const folded = document.body.classList.toggle("folded");
  byId("fold").setAttribute("aria-expanded", String(!folded));
});
byId<HTMLFormElement>("identity").addEventListener("submit", (event) => {
  event.preventDefault();
  state.change({ key: byId<HTMLInputElement>("key").value.trim() || null });
});

state.onChange((view, before) => {
  map.apply(view);
  showPath(view);
  if (view.key !== before.key || view.asOf !== before.asOf) {
    card.hide();
    further.apply(view).catch(tell);
  }
  if (view.key !== before.key || view.asOf !== before.asOf || view.path !== before.path) void showAreas(view, view.path !== before.path || view.key !== before.key);
});
map.onClick(met);
map.map.on("moveend", () => void showLegend().catch(tell));
map.map.on("load", () => void Promise.all([showAreas(state.view, true), further.apply(state.view).catch(tell)]));
map.map.on("error", ({ error }) => tell(error));
showSwitches();
showPath(state.view);
ask<{ recordExtent: { recordedFrom: string | null; storyLastDay: string | null } }>(state.view, RECORD)
  .then(({ recordExtent }) => recordExtent.recordedFrom && timeline(state, { from: recordExtent.recordedFrom, to: recordExtent.storyLastDay && `${recordExtent.storyLastDay}T16:00:00Z` }))
  .catch(tell);
// For tests and for whoever inspects the page: the map as it stands.
Object.assign(globalThis, { riskMap: map.map });
