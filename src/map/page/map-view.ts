import { type ExpressionSpecification, type GeoJSONSource, type LayerSpecification, type MapGeoJSONFeature, Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import { addIcons } from "./icons.js";
import { authorization } from "./service.js";
import type { View } from "./view.js";
import { LEVELS, LOOKS, UNRATED } from "./words.js";

/** Layers that can be switched, topmost first, with the map layers each is drawn by. */
export const SWITCHES = [
  { id: "risks", zh: "风险(四色)", en: "risks", drawnBy: ["risks", "risk-clusters"] },
  { id: "hidden-dangers", zh: "隐患", en: "hidden dangers", drawnBy: ["hidden-dangers", "hidden-danger-clusters"] },
  { id: "subjects", zh: "监管对象", en: "regulated subjects", drawnBy: ["subjects", "subject-clusters"] },
  { id: "areas", zh: "区划四色(就高)", en: "regions by highest level", drawnBy: ["areas", "area-lines", "area-names", "area-points"] },
] as const;

const colourOf = (property: string): ExpressionSpecification => ["match", ["get", property], ...LEVELS.flatMap((level) => [level, LOOKS[level].colour]), UNRATED] as unknown as ExpressionSpecification;
const EMPTY = { type: "FeatureCollection" as const, features: [] };
const TILED = ["risks", "hidden-dangers", "subjects"] as const;
/** What of a layer is drawn: risks under control, hidden dangers not yet written off. */
const FILTERS: Readonly<Record<string, unknown>> = { risks: { status: { in: ["IN_FORCE", "REVIEWING"] } }, "hidden-dangers": { open: { eq: true } } };
const single: ExpressionSpecification = ["!", ["has", "count"]];
const cluster: ExpressionSpecification = ["has", "count"];

/** Names are drawn from the viewer's own fonts: the style names no glyphs to fetch. */
function style(tiles: (layer: string) => string[]): StyleSpecification {
  const text = (field: ExpressionSpecification | string, size = 12) => ({ "text-field": field as string, "text-size": size, "text-font": ["sans-serif"] });
  const halo = { "text-color": "#1b1f24", "text-halo-color": "#ffffff", "text-halo-width": 1.6 };
  return {
    version: 8,
    sources: {
      areas: { type: "geojson", data: EMPTY },
      drawing: { type: "geojson", data: EMPTY },
      ...Object.fromEntries(TILED.map((layer) => [layer, { type: "vector" as const, tiles: tiles(layer), minzoom: 0, maxzoom: 16 }])),
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": "#eef1f4" } },
      { id: "areas", type: "fill", source: "areas", filter: ["!=", ["geometry-type"], "Point"], paint: { "fill-color": colourOf("highestLevel"), "fill-opacity": 0.28 } },
      { id: "area-lines", type: "line", source: "areas", filter: ["!=", ["geometry-type"], "Point"], paint: { "line-color": "#5b6673", "line-width": 1.2 } },
      { id: "area-points", type: "circle", source: "areas", filter: ["all", ["==", ["geometry-type"], "Point"], ["!", ["get", "isName"]]], paint: { "circle-radius": 20, "circle-color": colourOf("highestLevel"), "circle-opacity": 0.35, "circle-stroke-color": colourOf("highestLevel"), "circle-stroke-width": 2 } },
      { id: "area-names", type: "symbol", source: "areas", filter: ["get", "isName"], layout: { ...text(["concat", ["get", "name"], "\n", ["to-string", ["get", "total"]]], 13), "text-allow-overlap": false }, paint: halo },
      { id: "subject-clusters", type: "symbol", source: "subjects", "source-layer": "subjects", filter: cluster, layout: { "icon-image": "cluster-", ...text(["to-string", ["get", "count"]], 10) }, paint: halo },
      { id: "subjects", type: "symbol", source: "subjects", "source-layer": "subjects", filter: single, layout: { "icon-image": "subject", "icon-size": 0.7, "icon-allow-overlap": true }, paint: halo },
      { id: "hidden-danger-clusters", type: "symbol", source: "hidden-dangers", "source-layer": "hidden-dangers", filter: cluster, layout: { "icon-image": "danger-GENERAL", ...text(["to-string", ["get", "count"]], 11), "text-offset": [0, 1.4] }, paint: halo },
      { id: "hidden-dangers", type: "symbol", source: "hidden-dangers", "source-layer": "hidden-dangers", filter: single, layout: { "icon-image": ["concat", "danger-", ["get", "grade"]], "icon-size": 0.8, "icon-allow-overlap": true }, paint: halo },
      { id: "risk-clusters", type: "symbol", source: "risks", "source-layer": "risks", filter: cluster, layout: { "icon-image": ["concat", "cluster-", ["coalesce", ["get", "highestLevel"], ""]], "icon-size": ["interpolate", ["linear"], ["get", "count"], 2, 0.9, 200, 1.6], "icon-allow-overlap": true, "text-allow-overlap": true, ...text(["to-string", ["get", "count"]], 11) }, paint: halo },
      {
        id: "risks", type: "symbol", source: "risks", "source-layer": "risks", filter: single,
        // The highest on top: symbols with a greater key are drawn later.
        layout: { "icon-image": ["concat", "risk-", ["coalesce", ["get", "effectiveLevel"], ""]], "icon-size": ["interpolate", ["linear"], ["zoom"], 8, 0.45, 14, 1], "icon-allow-overlap": true, "symbol-sort-key": ["match", ["get", "effectiveLevel"], "MAJOR", 4, "CONSIDERABLE", 3, "MODERATE", 2, "LOW", 1, 0], ...text(["step", ["zoom"], "", 15, ["get", "name"]], 12), "text-offset": [0, 1.5], "text-optional": true },
        paint: halo,
      },
      { id: "drawn", type: "fill", source: "drawing", filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": "#0a5bb5", "fill-opacity": 0.12 } },
      { id: "drawn-line", type: "line", source: "drawing", paint: { "line-color": "#0a5bb5", "line-width": 2, "line-dasharray": [2, 1] } },
    ],
  };
}

/** What was met under a click. */
export interface Met {
  layer: string;
  feature: MapGeoJSONFeature;
}

/** The map itself; knows what is drawn and how, and asks nothing by itself but tiles. */
export class MapView {
  readonly map: MapLibre;
  /** Map layers of the catalogue's further layers, by whose they are; later ones lie on top. */
  private readonly further = new Map<string, string>();

  constructor(private view: View) {
    setWorkerUrl(new URL("/map/worker.js", location.href).href);
    this.map = new MapLibre({
      container: "map",
      style: style((layer) => this.tileAddresses(layer)),
      center: [106.63, 29.72],
      zoom: 9.5,
      maxZoom: 18,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      // Chinese names and figures alike from the viewer's own fonts.
      localIdeographFontFamily: "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif",
      transformRequest: (url) => (new URL(url).origin === location.origin && url.includes("/tiles/") ? { url, headers: authorization(this.view) } : { url }),
    });
    this.map.addControl(new NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new ScaleControl({ unit: "metric" }), "bottom-right");
    this.map.on("load", () => this.apply(this.view));
    this.map.once("style.load", () => addIcons(this.map));
  }

  private tileAddresses(layer: string): string[] {
    const asked = new URLSearchParams();
    if (this.view.asOf) asked.set("asOf", this.view.asOf);
    const filter = FILTERS[layer];
    if (filter) asked.set("filter", JSON.stringify(filter));
    const text = asked.toString();
    return [`${location.origin}/tiles/${layer}/{z}/{x}/{y}.mvt${text ? `?${text}` : ""}`];
  }

  /** Shows what the view says: instant, key, layers. */
  apply(view: View, again = false): void {
    const before = this.view;
    this.view = view;
    if (!this.map.getLayer("risks")) return;
    for (const { id, drawnBy } of SWITCHES) for (const layer of drawnBy) this.map.setLayoutProperty(layer, "visibility", view.hiddenLayers.has(id) || (!view.key && TILED.includes(id as never)) ? "none" : "visible");
    if (again || before.asOf !== view.asOf || before.key !== view.key) for (const layer of TILED) (this.map.getSource(layer) as unknown as { setTiles(addresses: string[]): void }).setTiles(this.tileAddresses(layer));
  }

  showAreas(areas: GeoJSON.FeatureCollection): void {
    this.map.getSource<GeoJSONSource>("areas")?.setData(areas);
  }

  /**
   * A layer of the catalogue by the service's style, beneath every symbol of the page's own. Its single symbols alone stand on top and
   * a little aside: a risk is at its subject unless placed, and of two at one place neither may hide the other.
   */
  addFurther(id: string, tiles: string, maxzoom: number, layers: readonly LayerSpecification[]): void {
    this.map.addSource(id, { type: "vector", tiles: [tiles], minzoom: 0, maxzoom });
    for (const layer of layers) {
      const aside = layer.type === "symbol" && layer.id === id;
      this.map.addLayer({ ...layer, id: `further:${layer.id}`, ...(aside ? { paint: { ...layer.paint, "text-translate": [11, -11] } } : {}) } as LayerSpecification, aside ? "drawn" : "subject-clusters");
      this.further.set(`further:${layer.id}`, id);
    }
  }

  removeFurther(id: string): void {
    for (const [layer, of] of this.further) {
      if (of !== id) continue;
      this.map.removeLayer(layer);
      this.further.delete(layer);
    }
    this.map.removeSource(id);
  }

  /** West, south, east, north of what is seen, within the world. */
  box(): { west: number; south: number; east: number; north: number } {
    const bounds = this.map.getBounds();
    const keep = (value: number, most: number) => Math.min(Math.max(value, -most), most);
    return { west: keep(bounds.getWest(), 180), south: keep(bounds.getSouth(), 90), east: keep(bounds.getEast(), 180), north: keep(bounds.getNorth(), 90) };
  }

  fit([west, south, east, north]: readonly [number, number, number, number]): void {
    this.map.fitBounds([[west, south], [east, north]], { padding: 60, maxZoom: 15, animate: !matchMedia("(prefers-reduced-motion: reduce)").matches });
  }

  onClick(met: (found: Met) => boolean): void {
    const order = [["risk-clusters", "cluster"], ["risks", "risks"], ["hidden-dangers", "hidden-dangers"], ["subjects", "subjects"], ["area-points", "areas"], ["areas", "areas"]] as const;
    this.map.on("click", (event) => {
      // Of what lies under the pointer: one's own symbols, then further layers from the topmost, then regions.
      const further = [...this.further].toReversed();
      for (const [layer, name] of [...order.slice(0, -2), ...further, ...order.slice(-2)]) {
        const [feature] = this.map.queryRenderedFeatures([[event.point.x - 4, event.point.y - 4], [event.point.x + 4, event.point.y + 4]], { layers: [layer] });
        if (feature && met({ layer: name, feature })) return;
      }
    });
    for (const [layer] of order) {
      this.map.on("mouseenter", layer, () => (this.map.getCanvas().style.cursor = "pointer"));
      this.map.on("mouseleave", layer, () => (this.map.getCanvas().style.cursor = ""));
    }
  }
}
