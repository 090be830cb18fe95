import { byId } from "./elements.js";
import type { ViewState } from "./view.js";
import { moment } from "./words.js";

const STEPS = 100;

/** The slider from the first recorded instant to now. Its right end is now, and stays now. */
export function timeline(state: ViewState, extent: { from: string; to: string | null }): void {
  const slider = byId<HTMLInputElement>("time");
  const shown = byId<HTMLOutputElement>("moment");
  const from = Date.parse(extent.from);
  const end = () => (extent.to ? Date.parse(extent.to) : Date.now());
  const instantAt = (step: number) => (step >= STEPS ? null : new Date(from + ((end() - from) * step) / STEPS).toISOString());
  const show = (asOf: string | null) => (shown.textContent = asOf ? `截至 ${moment(asOf)}` : "现在 / now");
  slider.max = String(STEPS);
  slider.value = String(STEPS);
  slider.addEventListener("input", () => show(instantAt(Number(slider.value))));
  slider.addEventListener("change", () => state.change({ asOf: instantAt(Number(slider.value)) }));
  byId("now").addEventListener("click", () => {
    slider.value = String(STEPS);
    state.change({ asOf: null });
  });
  state.onChange((view) => show(view.asOf));
  show(state.view.asOf);
}
