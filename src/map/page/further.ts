import type { LayerSpecification, VectorSourceSpecification } from "maplibre-gl";
import { byId, element, symbol } from "./elements.js";
import type { MapView } from "./map-view.js";
import { ask, authorization } from "./service.js";
import type { View } from "./view.js";
import { SHAPES } from "./words.js";

interface Listed {
  layer: string;
  titleZh: string;
  titleEn: string;
  maxZoom: number;
  style: string;
  legend: string;
}
interface Style {
  sources: Record<string, VectorSourceSpecification>;
  layers: LayerSpecification[];
}
interface Counted {
  name: { zh: string; en: string };
  entries: { zh: string; en: string; colour: string; shape: keyof typeof SHAPES; count: number }[];
  total: number;
}

const CATALOGUE = "Layers { layers { layer titleZh titleEn maxZoom style legend } }";
/** Layers the page draws in its own way; regions by their highest level among them. */
const OWN: readonly string[] = ["risks", "hidden-dangers", "subjects", "regions"];

/** Every other layer of the catalogue, drawn by the service's own style and told by its legend: what comes later is here without a line. */
export class FurtherLayers {
  private listed: readonly Listed[] = [];
  private readonly on = new Set<string>();
  /** Search of each layer's tiles: its filter and instant, by which its legend counts too. */
  private readonly asked = new Map<string, string>();
  private round = 0;

  constructor(
    private readonly map: MapView,
    private view: View,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Reads what there is for this key at this instant, and draws anew what was switched on. */
  async apply(view: View): Promise<void> {
    this.view = view;
    const round = (this.round += 1);
    const { layers } = await ask<{ layers: Listed[] }>(view, CATALOGUE);
    if (round !== this.round) return;
    for (const id of this.asked.keys()) this.remove(id);
    this.listed = layers.filter(({ layer }) => !OWN.includes(layer));
    for (const id of this.on) if (!this.listed.some(({ layer }) => layer === id)) this.on.delete(id);
    this.showSwitches();
    await Promise.all([...this.on].map((id) => this.draw(id)));
    await this.showLegends();
  }

  private showSwitches(): void {
    byId("further").replaceChildren(
      ...this.listed.map(({ layer, titleZh, titleEn }) => {
        const box = element("input", { type: "checkbox", "data-layer": layer });
        box.checked = this.on.has(layer);
        box.addEventListener("change", () => this.toggle(layer, box.checked).catch(this.failed));
        return element("label", {}, box, `${titleZh} ${titleEn}`);
      }),
    );
  }

  private async toggle(id: string, on: boolean): Promise<void> {
    if (on) {
      this.on.add(id);
      await this.draw(id);
    } else {
      this.on.delete(id);
      this.remove(id);
    }
    await this.showLegends();
  }

  private async read<T>(path: string): Promise<T> {
    const response = await fetch(path, { headers: authorization(this.view) });
    if (!response.ok) throw new Error(`${response.status} ${path}`);
    return (await response.json()) as T;
  }

  private at(path: string): string {
    return this.view.asOf ? `${path}?asOf=${encodeURIComponent(this.view.asOf)}` : path;
  }

  private async draw(id: string): Promise<void> {
    const listed = this.listed.find(({ layer }) => layer === id);
    if (!listed) return;
    const round = this.round;
    const { sources, layers } = await this.read<Style>(this.at(listed.style));
    if (round !== this.round || !this.on.has(id) || this.asked.has(id)) return;
    const { search } = new URL(sources[id]!.url!);
    this.asked.set(id, search);
    this.map.addFurther(id, `${location.origin}/tiles/${id}/{z}/{x}/{y}.mvt${search}`, Math.min(listed.maxZoom, 16), layers.filter(({ type }) => type !== "background"));
  }

  private remove(id: string): void {
    if (this.asked.delete(id)) this.map.removeFurther(id);
  }

  /** What the symbols of each layer shown mean, and how many rows have each. */
  private async showLegends(): Promise<void> {
    const round = this.round;
    const shown = this.listed.filter(({ layer }) => this.asked.has(layer));
    const legends = await Promise.all(shown.map(async ({ layer, legend }) => [layer, await this.read<Counted>(`${legend}${this.asked.get(layer) ?? ""}`)] as const));
    if (round !== this.round) return;
    byId("further-legends").replaceChildren(
      ...legends.filter(([layer]) => this.asked.has(layer)).map(([layer, { name, entries, total }]) =>
        element("section", { "data-legend": layer }, element("h3", {}, `${name.zh} `, element("small", {}, name.en)), element("ul", { class: "legend" }, ...entries.map(({ zh, en, colour, shape, count }) => element("li", {}, symbol(SHAPES[shape], colour), `${zh} ${en}`, element("b", {}, String(count))))), element("p", { class: "note" }, `合计 / total ${total}`)),
      ),
    );
  }
}
