import { isOfPoints } from "../platform/tiles/map-layer.js";
import type { Layer } from "./layer.js";
import { appearances, outlineLooks, shapes, type Appearance, type Look, type Palette } from "./palette.js";

type Expression = readonly unknown[];
type StyleLayer = Record<string, unknown>;

/** Styles by their ids: each layer by itself, and those of the overview together, the topmost last. */
export const OVERVIEW = ["regions", "subjects", "hidden-dangers", "risks"] as const;

/** By a feature's value; the last look stands for every other. Values stand in lists: QGIS 3.22 reads no others. */
function byValue(property: string | undefined, looks: readonly Look[], value: (look: Look) => unknown): unknown {
  const other = value(looks.at(-1)!);
  const told = looks.filter((look) => look.value !== null);
  return property === undefined || told.length === 0 ? other : ["match", ["get", property], ...told.flatMap((look) => [[look.value], value(look)]), other];
}

const HALO = { "text-halo-color": "#FFFFFF", "text-halo-width": 1.4 };
const GATHERED: Expression = ["has", "count"];
const SINGLE: Expression = ["!", ["has", "count"]];

/**
 * A MapLibre style (version 8) of layers. It names neither glyphs nor sprites, so nothing is fetched from elsewhere:
 * MapLibre GL JS from 5.11 on writes its texts, the shapes of levels included, from the fonts of the viewer's system.
 */
export function mapStyle(id: string, layers: readonly Layer[], palette: Palette, tileset: (layer: Layer, shown: object | undefined) => string) {
  return {
    version: 8,
    name: id,
    metadata: { palette, fonts: "local; MapLibre GL JS 5.11 or newer" },
    sources: Object.fromEntries(layers.map((layer) => [layer.id, { type: "vector", url: tileset(layer, appearances[layer.id]?.shown) }])),
    layers: [{ id: "ground", type: "background", paint: { "background-color": "#EEF1F4" } }, ...layers.flatMap((layer) => (isOfPoints(layer) ? points(layer, appearances[layer.id]!, palette) : areas(layer, appearances[layer.id]!, palette)))],
  };
}

const text = (field: unknown, size: unknown) => ({ "text-field": field, "text-size": size, "text-font": ["sans-serif"] });

function points(layer: Layer, { property, looks, hollow, label }: Appearance, palette: Palette): StyleLayer[] {
  const from = { source: layer.id, "source-layer": layer.id };
  const colour = (name: string | undefined) => byValue(name, looks, (look) => look.colours[palette]);
  const shape = (filled: 0 | 1) => byValue(property, looks, (look) => shapes[look.shape][filled]);
  const rank = byValue(property, looks, (look) => looks.length - looks.indexOf(look));
  const size = byValue(property, looks, (look) => look.size);
  return [
    ...gathered(layer, looks, property, palette),
    { ...from, id: `${layer.id}-counts`, type: "symbol", filter: GATHERED, layout: { ...text(["to-string", ["get", "count"]], 11), "text-allow-overlap": true }, paint: { "text-color": "#1B1F24", ...HALO } },
    ...drawnApart(looks, property, hollow).map(({ name, filter, filled }) => ({
      ...from, id: `${layer.id}${name}`, type: "symbol", filter: ["all", SINGLE, ...filter],
      layout: { ...text(shape(filled), size), "text-allow-overlap": true, "text-ignore-placement": true, "symbol-sort-key": rank },
      paint: { "text-color": colour(property), "text-halo-color": "#1B1F24", "text-halo-width": 0.8 },
    })),
    {
      ...from, id: `${layer.id}-names`, type: "symbol", minzoom: 14, filter: SINGLE,
      layout: { ...text(property ? ["concat", ["get", label], "\n", byValue(property, looks, (look) => look.zh)] : ["get", label], 11), "text-offset": [0, 1.2], "text-anchor": "top", "text-optional": true, "symbol-sort-key": property ? ["-", 0, rank] : 0 },
      paint: { "text-color": "#1B1F24", ...HALO },
    },
  ];
}

/** A layer of circles for each look, the highest last and so on top: QGIS 3.22 gives a layer of circles one colour. */
function gathered(layer: Layer, looks: readonly Look[], property: string | undefined, palette: Palette): StyleLayer[] {
  const told = property === undefined ? [] : looks.flatMap(({ value }) => (value === null ? [] : [value]));
  const ofLook = ({ value }: Look): Expression => (value === null ? ["all", GATHERED, ...told.map((other) => ["!=", ["get", "highestLevel"], other])] : ["all", GATHERED, ["==", ["get", "highestLevel"], value]]);
  return looks.toReversed().map((look) => ({
    source: layer.id, "source-layer": layer.id, id: `${layer.id}-gathered${look.value === null ? "" : `-${look.value}`}`, type: "circle", filter: ofLook(look),
    paint: { "circle-color": look.colours[palette], "circle-opacity": 0.7, "circle-radius": ["interpolate", ["linear"], ["get", "count"], 2, 10, 100, 16, 10_000, 26], "circle-stroke-color": "#1B1F24", "circle-stroke-width": 1 },
  }));
}

/** Filled shapes, then hollow ones, each a layer, since QGIS 3.22 reads no conditions within a text; the highest look in layers above them, never beneath another. */
function drawnApart(looks: readonly Look[], property: string | undefined, hollow: string | undefined): { name: string; filter: Expression[]; filled: 0 | 1 }[] {
  const top = looks[0]!.value;
  const ranks = property === undefined || top === null ? [{ name: "", filter: [] }] : [{ name: "", filter: [["!=", ["get", property], top]] }, { name: `-${top}`, filter: [["==", ["get", property], top]] }];
  return ranks.flatMap(({ name, filter }) =>
    hollow === undefined ? [{ name, filter, filled: 0 as const }] : [{ name, filter: [...filter, ["!=", ["get", hollow], true]], filled: 0 as const }, { name: `${name}-hollow`, filter: [...filter, ["==", ["get", hollow], true]], filled: 1 as const }],
  );
}

function areas(layer: Layer, { property, looks, label, outline, figure }: Appearance, palette: Palette): StyleLayer[] {
  const from = { source: layer.id, "source-layer": layer.id };
  const area: Expression = ["==", ["geometry-type"], "Polygon"];
  const colour = byValue(property, looks, (look) => look.colours[palette]);
  const width = outline ? byValue(outline, outlineLooks, (look) => (look.value === null ? 0.8 : look.size / 6)) : byValue(property, looks, (look) => (look.value === null ? 0.8 : look.size / 9));
  const words = [["get", label], ...(figure ? [" ", ["to-string", ["get", figure]]] : []), "\n", byValue(property, looks, (look) => look.zh)];
  return [
    { ...from, id: layer.id, type: "fill", filter: area, paint: { "fill-color": colour, "fill-opacity": 0.3 } },
    { ...from, id: `${layer.id}-outlines`, type: "line", filter: area, paint: { "line-color": outline ? byValue(outline, outlineLooks, (look) => look.colours[palette]) : "#5B6673", "line-width": width } },
    { ...from, id: `${layer.id}-points`, type: "circle", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": colour, "circle-opacity": 0.35, "circle-radius": byValue(property, looks, (look) => look.size), "circle-stroke-color": outline ? byValue(outline, outlineLooks, (look) => look.colours[palette]) : "#5B6673", "circle-stroke-width": outline ? 2.5 : 1 } },
    ...(layer.kinds.includes("LineString") ? [{ ...from, id: `${layer.id}-lines`, type: "line", filter: ["==", ["geometry-type"], "LineString"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colour, "line-width": byValue(property, looks, (look) => look.size / 4) } }] : []),
    // A cell that reaches into the next tile is named in its own alone.
    { ...from, id: `${layer.id}-names`, type: "symbol", filter: ["!", ["has", "copy"]], layout: { ...text(["concat", ...words], 12), "text-optional": true }, paint: { "text-color": "#1B1F24", ...HALO } },
  ];
}
